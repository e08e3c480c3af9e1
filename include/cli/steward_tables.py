"""Tables for stewards at a terminal: names to decide, deliveries due, scorecards of suppliers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from include.pipeline.aliases import UnknownNames
from include.pipeline.due import DueDelivery
from include.site import Contact, Site

_TIMELINESS = {
    "in_time": "按时 in time",
    "late": "迟报 late",
    "not_received": "未收到 not received",
    "no_deadline": "无期限 no deadline",
}
_FIX = {"none": "—", "fixed": "已改正 fixed", "open": "未改正 open"}


def unknown_names_table(found: UnknownNames) -> Table:
    """One row per unknown name and unit that may be meant, the name of most rows first."""
    table = Table(
        title=f"{found.jurisdiction} 名录中没有的名称 {len(found.names)} 个 names unknown to the register",
        caption="相近不等于相同,须由管理员决定。 A likeness is no identity: a steward decides.\n"
        "mingjing aliases approve 名称 单位代码 --by … --reason …",
    )
    headers = ("名称 name", "行 rows", "数据源 feeds", "最接近 nearest", "相似% likeness", "差别 difference")
    _columns(table, headers, right=("行 rows", "相似% likeness"))
    for name in found.names:
        shown = name.name if name.whole else f"{name.name} (不完整 cut)"
        first = (escape(shown), str(name.rows), escape(", ".join(name.feeds)))
        for place, near in enumerate(name.nearest):
            table.add_row(
                *(first if place == 0 else ("", "", "")),
                escape(f"{near.name} ({near.unit_code})"),
                f"{near.likeness_pct:.1f}",
                escape(near.difference_zh),
            )
        if not name.nearest:
            table.add_row(*first, "—", "", "")
    return table


def due_table(site: Site, found: list[DueDelivery]) -> Table:
    """What is not in: the soonest deadline first, with whom to call."""
    late = sum(one.days_left < 0 for one in found)
    table = Table(title=f"将到期 due {len(found) - late} · 已逾期 late {late}")
    _columns(
        table,
        (
            "季度 quarter",
            "数据源 feed",
            "报送单位 supplier",
            "期限 deadline",
            "还有几天 days left",
            "联系 contact",
        ),
        right=("还有几天 days left",),
    )
    for one in found:
        state = f"{one.days_left}" + (" 逾期 late" if one.days_left < 0 else "")
        table.add_row(
            f"{one.jurisdiction} {one.expected.quarter}",
            one.expected.feed,
            escape(supplier_name(site, one.expected.supplier)),
            f"{one.expected.deadline:%Y-%m-%d}",
            state + (" 扣留 held" if one.held else ""),
            escape(contact_line(one.contacts)),
        )
    return table


def supplier_table(site: Site, rows: list[dict[str, Any]]) -> Table:
    """The scorecard per supplier and quarter."""
    table = Table(title="报送单位计分卡 Suppliers", caption="天数均为日历天。 Days are calendar days.")
    figures = {
        "due": "应报 due",
        "in_time": "按时 in time",
        "late": "迟报 late",
        "not_received": "未收到 not received",
        "received_pct": "完整% received",
        "filled_pct": "填报% filled",
        "fault_pct": "差错% faults",
        "revisions": "更正 revisions",
        "open_rows": "未改行 open rows",
        "days_to_fix_max": "改正天数 days to fix",
    }
    _columns(table, ("季度 quarter", "报送单位 supplier", *figures.values()), right=figures.values())
    for row in rows:
        who = escape(supplier_name(site, row["supplier"]))
        table.add_row(
            f"{row['jurisdiction']} {row['quarter']}", who, *(_figure(row[name]) for name in figures)
        )
    return table


def supplier_feed_table(site: Site, rows: list[dict[str, Any]], *, now: datetime) -> Table:
    """The scorecard per supplier, feed and quarter; what is not in and not late yet at `now` says so."""
    table = Table(title="分数据源 By feed")
    figures = {
        "days_late": "迟报天数 days late",
        "deliveries": "份数 files",
        "data_rows": "行 rows",
        "fault_pct": "差错% faults",
        "revisions": "更正 revisions",
        "days_to_fix": "改正天数 days to fix",
    }
    words = ("季度 quarter", "报送单位 supplier", "数据源 feed", "及时 timeliness")
    _columns(table, (*words, *figures.values(), "改正 fix"), right=figures.values())
    for row in rows:
        table.add_row(
            f"{row['jurisdiction']} {row['quarter']}",
            escape(supplier_name(site, row["supplier"])),
            row["feed"],
            _timeliness(row, now),
            *(_figure(row[name]) for name in figures),
            _FIX[row["fix"]],
        )
    return table


def _timeliness(row: dict[str, Any], now: datetime) -> str:
    waiting = row["timeliness"] == "not_received" and _moment(row["deadline_at"]) >= now
    return "未到期 not due yet" if waiting else _TIMELINESS[row["timeliness"]]


def _moment(value: Any) -> datetime:
    """A moment of a view: PostgreSQL gives one with its zone, SQLite the text of one in UTC."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def supplier_name(site: Site, code: str) -> str:
    """A supplier as people call it; its code where site.yaml does not describe it."""
    known = site.settings.suppliers.get(code)
    return known.name.zh if known else code


def contact_line(contacts: Iterable[Contact]) -> str:
    """Whom to call: role, telephone and mail of each."""
    return (
        "、".join(" ".join(part for part in (one.role, one.phone, one.mail) if part) for one in contacts)
        or "—"
    )


def _columns(table: Table, headers: Iterable[str], *, right: Collection[str]) -> None:
    for header in headers:
        table.add_column(
            header.replace(" ", "\n", 1), justify="right" if header in right else "left", overflow="fold"
        )


def _figure(value: Any) -> str:
    return "—" if value is None else f"{float(value):g}"
