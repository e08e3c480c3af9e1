"""Why a unit has its colour and what would undo it, one plain sentence a reason, Chinese and English."""

from __future__ import annotations

from math import ceil

from include.documents.words import COLOUR_WORDS, condition_words, share_text
from include.scoring import Framework
from include.scoring.causes import Cause
from include.scoring.model_parts import Text
from include.scoring.reasons import Reason

_PLACES = 4
_NO_NUMBER = {
    "none_fact": (
        "这是认定的事实,本期不能以得分抵消。",
        "A confirmed fact stands: no points make up for it in this period.",
    ),
    "none_peers": (
        "取决于同类单位的名次,不能用一个数说清。",
        "It depends on the ranks of its peers: no one number says what is lacking.",
    ),
    "none_data": ("补报数据即可消除。", "It goes once the data come."),
    "see_rule": ("不能用一个数说清,请看规则。", "No one number says what is lacking: see the rule."),
}


def titles_of(framework: Framework) -> dict[str, Text]:
    """Titles by target (`index`, `groups.<code>` …), of warnings by `warnings.<code>`."""
    titles = {"index": Text(zh="指数", en="Index")}
    for kind in ("groups", "indicators", "adjustments", "warnings"):
        titles |= {f"{kind}.{one.code}": one.label for one in getattr(framework, kind)}
    return titles


def reason_words(reason: Reason, titles: dict[str, Text], full: float) -> Text:
    """Say why, and what would undo it: `指数 得分率 80.18%;得分率 < 82% 即黄色(总体偏低)。再得 …`."""
    cause = reason.cause
    target, rule, colour = titles[cause.target], _rule(cause, titles), COLOUR_WORDS[cause.colour]
    when, (seen_zh, seen_en) = condition_words(cause.when), _seen(reason)
    if reason.remedy in _NO_NUMBER:
        zh, en = _NO_NUMBER[reason.remedy]
    else:
        said = _remedy(reason, full)
        zh, en = f"{said[0]},即可消除。", f"Enough to undo it: {said[1]}."
    return Text(
        zh=f"{target.zh} {seen_zh}:{when.zh} 即{colour[0]}色({rule.zh})。{zh}",
        en=f"{target.english} {seen_en}: {colour[1]} where {when.english} ({rule.english}). {en}",
    )


def change_words(
    found: Reason | None, remedy: str, reasons: int, titles: dict[str, Text], full: float
) -> Text:
    """Say the smallest change to green; `found` is None where it is not one number, `remedy` says why."""
    if remedy == "several":
        return Text(
            zh=f"要转绿的不止一个数:{reasons} 条原因须逐条消除。",
            en=f"No one number turns it green: each of its {reasons} reasons must be undone.",
        )
    if found is None:
        zh, en = _NO_NUMBER[remedy]
        return Text(zh=zh, en=en)
    zh, en = _remedy(found, full)
    target, (seen_zh, seen_en) = titles[found.cause.target], _seen(found)
    return Text(
        zh=f"{target.zh} {seen_zh}。{zh},即转绿。",
        en=f"{target.english} {seen_en}. To green: {en}.",
    )


def otherwise_words(colour: str) -> Text:
    """Say that no band holds, which gives a colour too."""
    zh, en = COLOUR_WORDS[colour]
    return Text(zh=f"没有颜色界限成立,即{zh}色。", en=f"No colour band holds: {en}.")


def _rule(cause: Cause, titles: dict[str, Text]) -> Text:
    if cause.kind == "band":
        zh, en = COLOUR_WORDS[cause.colour]
        return Text(zh=f"{zh}色界限", en=f"band {en}")
    return titles[f"{'adjustments' if cause.kind == 'veto' else 'warnings'}.{cause.code}"]


def _seen(reason: Reason) -> tuple[str, str]:
    """The figures that raised it."""
    cause, counted = reason.cause, reason.counted
    if counted is not None and counted.denominator is not None:
        shown = f"{_number(counted.numerator)}/{_number(counted.denominator)}({_share(counted.value)})"
        return shown, shown
    figures = cause.figures
    if cause.target == "index":
        return (
            f"{_number(figures['index'])}(原始分 {_number(figures.get('raw_points'))}/可得 "
            f"{_number(figures.get('attainable'))})",
            f"{_number(figures['index'])} (raw points {_number(figures.get('raw_points'))} of "
            f"{_number(figures.get('attainable'))} attainable)",
        )
    if cause.gap is not None and cause.gap.value is None:
        shown = f"{_number(figures.get('points'))}/{_number(figures.get('attainable'))}({_share(figures.get('rate'))})"
        return shown, shown
    shown = _number(figures["value"]) if "value" in figures else str(figures.get("state", "—"))
    return shown, shown


def _remedy(reason: Reason, full: float) -> tuple[str, str]:
    """What must be reached."""
    if reason.remedy == "points":
        points, of_index = reason.points_lacking, reason.index_points_lacking
        raw = points if points is not None else of_index
        same = of_index is None or of_index == raw
        return (
            f"再得 {_up(raw)} 分{'' if same else f'(折合指数 {_up(of_index)}/{full:g} 分)'}",
            f"{_up(raw)} more points{'' if same else f' ({_up(of_index)} of the index of {full:g})'}",
        )
    counted, needed = reason.counted, reason.numerator_needed
    if counted is None or needed is None:
        value = _number(reason.value_needed)
        return f"计量值到 {value}", f"a value of {value}"
    below = "" if counted.denominator is None else f"/{_number(counted.denominator)}"
    more = ("增加", "more") if needed > counted.numerator else ("减少", "fewer")
    by = _number(abs(needed - counted.numerator))
    return (
        f"分子{more[0]} {by},到 {_number(needed)}{below}",
        f"{by} {more[1]} in the numerator, {_number(needed)}{below}",
    )


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.{_PLACES}f}".rstrip("0").rstrip(".")


def _share(value: float | None) -> str:
    return "—" if value is None else share_text(round(value, 6))


def _up(value: float | None) -> str:
    """At four places and not less: what is said must do."""
    if value is None:
        return "—"
    scale = 10**_PLACES
    return _number(ceil(round(value * scale, 5)) / scale)
