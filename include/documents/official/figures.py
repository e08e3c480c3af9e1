"""Figures as an official document prints them."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from include.documents.official.facts import RankBand, Term
from include.documents.official.small_cells import NOTHING

COLOURS = {"red": ("▲", "红色"), "yellow": ("◆", "黄色"), "green": ("●", "绿色"), "": ("○", "未评")}
"""A shape and a word: colour alone says nothing on a black-and-white printer."""
STATES = {
    "value": "",
    "imputed": "按规则填补",
    "missing": "数据缺失",
    "not_applicable": "不适用",
    "suppressed": "不公开",
    "not_rated": "未评",
}
STATUSES = {"provisional": "暂定", "final": "定稿"}
_QUARTERS = {"1": "一", "2": "二", "3": "三", "4": "四"}
_NUMERALS = "〇一二三四五六七八九"


def points(value: float | None, places: int = 2) -> str:
    """Points, half up: `80.02`; a dash where there are none."""
    if value is None or value != value:
        return NOTHING
    return str(Decimal(repr(round(value, 9))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def plain(value: float | None) -> str:
    """Points without trailing zeros, for full marks: `40`, `0.6`."""
    shown = points(value)
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def percent(rate: float | None) -> str:
    """A rate of 0-1: `74.8%`."""
    return NOTHING if rate is None or rate != rate else f"{points(rate * 100, 1)}%"


def colour_words(colour: str) -> str:
    """`◆ 黄色`."""
    return " ".join(COLOURS[colour])


def change_words(change: float | None) -> str:
    """`上升1.20分`, `下降0.35分`, `持平`; '' where there is nothing to compare with."""
    if change is None or change != change:
        return ""
    if points(abs(change)) == "0.00":
        return "持平"
    return f"{'上升' if change > 0 else '下降'}{points(abs(change))}分"


def period_words(period: str) -> str:
    """`2026年第三季度`, `2026年上半年`, `2026年度`."""
    year, rest = period[:4], period[4:]
    if rest.startswith("Q"):
        return f"{year}年第{_QUARTERS[rest[1]]}季度"
    return f"{year}年{'上' if rest == 'H1' else '下'}半年" if rest else f"{year}年度"


def date_words(day: date) -> str:
    """`2026年11月20日`."""
    return f"{day.year}年{day.month}月{day.day}日"


def term_words(term: Term) -> str:
    """The last day, marked where it may still move."""
    return date_words(term.on) + ("（暂定，以放假安排公布后为准）" if term.provisional else "")


def short_term(term: Term) -> str:
    """The last day for a column."""
    return date_words(term.on) + ("（暂定）" if term.provisional else "")


def rank_words(rank: RankBand) -> str:
    """`乡镇8个单位中第2至5位(第1并列组，组内5个单位不分先后)`."""
    if not rank.low:
        return "未评，不排名"
    where = f"{rank.peer_group}{rank.peers}个单位中第{rank.low}"
    where += f"至{rank.high}位" if rank.high != rank.low else "位"
    if rank.is_interval and rank.band_units > 1:
        where += f"（第{rank.band}并列组，组内{rank.band_units}个单位不分先后）"
    return where


def short_rank(rank: RankBand) -> str:
    """The interval alone, for a column."""
    if not rank.low:
        return NOTHING
    return f"{rank.low}" if rank.low == rank.high else f"{rank.low}—{rank.high}"


def numeral(number: int) -> str:
    """A Chinese number from 1 to 99, as headings count."""
    tens, ones = divmod(number, 10)
    head = "" if not tens else ("" if tens == 1 else _NUMERALS[tens]) + "十"
    return head + (_NUMERALS[ones] if ones or not tens else "")
