"""Explanations as tables and sentences for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from include.cli.tables import COLOURS
from include.documents.words import COLOUR_WORDS, condition_words, state_words
from include.pipeline.evidence import Evidence
from include.pipeline.explain import Explanation
from include.pipeline.moves import FACTOR_WORDS, STATE_WORDS, Move
from include.scoring.causes import Cause
from include.scoring.improve import Counted, Remedy, Step

_ALONE_SHOWN = 5
_LOSSES_SHOWN = 20
_ITEMS_SHOWN = 12
_ROWS_SHOWN = 60


def explanation_tables(found: Explanation) -> Iterator[RenderableType]:
    """The whole explanation: score, what gave the colour, what would turn it green, points lost, adjustments."""
    scores, release = found.scores, found.release
    word, style = COLOURS.get(scores["colour"], ("未评 not rated", ""))
    yield Text.assemble(
        f"{found.name} {found.unit} · {release.period} 第 {release.revision} 版 revision · {found.status} · "
        f"{release.framework_code}@{release.framework_version}\n指数 index {_figure(scores['published'])} / "
        f"{scores['full']:g} · 名次 rank {scores['rank'] or '—'}/{scores['peers']} · "
        f"变化 change {_signed(scores['change'])} · 可得分 attainable {_figure(scores['attainable'])} · ",
        (word, style),
    )
    if found.note:
        yield Text(found.note, style="yellow")
    if found.causes:
        yield _causes(found)
        yield Text(plan_words(found))
    yield _losses(found)
    if len(found.adjustments):
        yield _adjustments(found.adjustments)


def _causes(found: Explanation) -> Table:
    table = Table(
        title="为什么是这个颜色,怎样转绿 Why this colour, and what would turn it green",
        caption="改的只是做到的件数,从不是收到的件数。 Only what was done moves, never what came in.",
        show_lines=True,
    )
    for header in (
        "颜色\ncolour",
        "规则\nrule",
        "对象\non",
        "数字\nfigures",
        "差多少\nlacking",
        "单独做到其一即可\nany one of",
    ):
        table.add_column(header, overflow="fold")
    for remedy in found.improvement.remedies:
        cause = remedy.cause
        word, style = COLOURS[cause.colour]
        words = condition_words(cause.when)
        table.add_row(
            Text(word, style=style),
            escape(f"{_cause_title(cause, found)}\n{words.zh}\n{words.english}"),
            escape(found.titles.get(cause.target, cause.target)),
            escape("\n".join(f"{name} {_number(value)}" for name, value in cause.figures.items())),
            escape(_lacking(remedy)),
            escape(_alone(remedy, found)),
        )
    return table


def _cause_title(cause: Cause, found: Explanation) -> str:
    if cause.kind == "band":
        zh, en = COLOUR_WORDS[cause.colour]
        return f"{zh}色界限 band {en}"
    kind = "adjustments" if cause.kind == "veto" else "warnings"
    return found.titles.get(f"{kind}.{cause.code}", cause.code)


def _lacking(remedy: Remedy) -> str:
    cause = remedy.cause
    if cause.kind == "veto":
        return "认定的事实,本季不变 a confirmed fact: it stays for this quarter"
    if cause.gap is None:
        return "取决于同类名次 depends on the ranks of others"
    if cause.gap.value is not None:
        return f"计量值须到 value to reach {_number(cause.gap.value)}"
    return f"{cause.gap.points:.4g} 分 points(可得 available {remedy.available:.4g})"


def _alone(remedy: Remedy, found: Explanation) -> str:
    if remedy.cause.gap is None:
        return "—"
    if not remedy.alone:
        return "没有一项单独够,见下面的办法 no single one is enough: see the plan below"
    lines = [step_words(step, found) for step in remedy.alone[:_ALONE_SHOWN]]
    more = len(remedy.alone) - _ALONE_SHOWN
    return "\n".join(lines + ([f"……另 {more} 项 and {more} more"] if more > 0 else []))


def step_words(step: Step, found: Explanation) -> str:
    """Say one step in the measure's own terms: `按期答复 142/229 → 146/229 (+0.13)`."""
    title = found.titles[f"indicators.{step.indicator}"]
    now, needed = counted_words(step.now, step.now.numerator), counted_words(step.now, step.needed)
    return f"{title} {now} → {needed}(+{step.points:.3g} 分)"


def counted_words(counted: Counted, numerator: float) -> str:
    """Cases as cases, anything else as its value."""
    if counted.denominator is None:
        return _number(numerator)
    if counted.whole:
        return f"{numerator:.0f}/{counted.denominator:.0f}({counted.at(numerator):.1%})"
    return _number(counted.at(numerator))


def plan_words(found: Explanation) -> str:
    """Say the fewest steps that turn the unit green, or that there are none."""
    plan = found.improvement.plan
    if not plan:
        return (
            "没有能转绿的办法:有认定的事实,或取决于其他单位。 "
            "Nothing would turn it green: a confirmed fact stands, or it depends on other units."
        )
    zh, en = COLOUR_WORDS[found.improvement.colour]
    steps = "\n".join(f"  {place}. {step_words(step, found)}" for place, step in enumerate(plan, start=1))
    return (
        f"转绿的办法:下列 {len(plan)} 项一起做到,按引擎重算为{zh}色。 "
        f"A way to green: these {len(plan)} together; scored again, the unit is {en}.\n{steps}"
    )


def _losses(found: Explanation) -> Table:
    frame = found.indicators
    lost, out = frame[frame["lost"] > 0], frame[frame["lost"].isna()]
    cut = f",前 first {_LOSSES_SHOWN}" if len(lost) > _LOSSES_SHOWN else ""
    table = Table(
        title="失分,由多到少 Points lost, the largest first",
        caption=f"{len(lost)} 项失分 indicators lost points{cut};另有 {len(out)} 项未计入,不是失分 {len(out)} were not "
        "counted, which is no loss",
    )
    left = {"指标\nindicator", "分子/分母\nnum/den", "规则\nrule"}
    headers = (
        "失分\nlost",
        "折指数\nof index",
        "得分\npoints",
        "指标\nindicator",
        "分子/分母\nnum/den",
        "值\nvalue",
    )
    for header in (*headers, "同类中位\npeers", "上季\nlast", "规则\nrule"):
        table.add_column(header, justify="left" if header in left else "right", overflow="fold")
    for row in pd.concat([lost.head(_LOSSES_SHOWN), out]).to_dict("records"):
        counted = row["lost"] == row["lost"]
        table.add_row(
            f"{row['lost']:.3f}" if counted else state_words(row["state"]).zh,
            _figure(row["index_lost"], places=3),
            f"{_figure(row['points'])}/{_figure(row['attainable'])}" if counted else "—",
            f"{escape(row['title'])}\n[dim]{escape(row['indicator'])}[/dim]",
            _fraction(row["numerator"], row["denominator"], row["n"]),
            _number(row["value"]),
            _number(row["peer_median"]),
            _number(row["last_value"]),
            escape(row["rule_zh"]),
        )
    return table


def _adjustments(frame: pd.DataFrame) -> Table:
    table = Table(title="加分、减分、否决 Bonuses, deductions, vetoes")
    for header in ("项目\nitem", "值\nvalue", "加减分\npoints", "规则\nrule"):
        table.add_column(header, overflow="fold")
    for row in frame.to_dict("records"):
        table.add_row(
            escape(row["title"]), _number(row["value"]), _signed(row["points"]), escape(row["rule_zh"])
        )
    return table


def row_table(found: Evidence) -> Table:
    """The rows behind a measure with their addresses; every row stays in `--json`."""
    rows = found.rows
    totals = " · ".join(
        f"{key or found.measure}: {float(sums['numerator']):g}/{float(sums['denominator']):g}"
        for key in rows["key"].unique()
        for sums in [found.totals(key)]
    )
    cut = f",前 first {_ROWS_SHOWN}" if len(rows) > _ROWS_SHOWN else ""
    files = rows.drop_duplicates("sha256")[["file_name", "sha256"]].itertuples(index=False)
    listed = "\n".join(f"{name}  sha256 {sha256[:12]}" for name, sha256 in files)
    table = Table(
        title=f"{found.measure} 背后的行 rows behind\n{escape(listed)}",
        caption=f"{len(rows)} 行 rows{cut} · {totals}",
    )
    cells = list(rows.columns)[list(rows.columns).index("quarter") + 1 :]
    for header in ("文件\nfile", "表\nsheet", "行\nrow", "分子\nnum", "分母\nden", *cells):
        table.add_column(header, overflow="fold")
    for row in rows.head(_ROWS_SHOWN).to_dict("records"):
        table.add_row(
            str(row["sha256"])[:8],
            escape(row["sheet"]),
            str(row["row"]),
            "●" if row["in_numerator"] else "",
            "●" if row["in_denominator"] else "",
            *(escape(_cell(row[name])) for name in cells),
        )
    return table


def move_tables(move: Move) -> Iterator[RenderableType]:
    """Why a score moved: the four factors, then what carries them."""
    first, last = move.earlier, move.later
    title = (
        f"{move.name} {move.unit}: {first.period} 第 {first.revision} 版 {_figure(move.published[0])} → "
        f"{last.period} 第 {last.revision} 版 {_figure(move.published[1])}"
    )
    if move.state != "value":
        zh, en = STATE_WORDS[move.state]
        yield Text(f"{title}\n{zh}。 {en}.", style="yellow")
        return
    table = Table(
        title=title,
        caption=f"合计 total {move.published[1] - move.published[0]:+.{move.places}f},四项之和恰等于此。 "
        "The four parts add up to it exactly.",
    )
    for header in ("因素 factor", "分 points", "未取整 unrounded"):
        table.add_column(header, justify="left" if header.endswith("factor") else "right")
    for row in move.factors.to_dict("records"):
        words = " ".join(FACTOR_WORDS[row["factor"]])
        table.add_row(words, f"{row['published_points']:+.{move.places}f}", f"{row['points']:+.9f}")
    yield table
    if len(move.items):
        items = Table(title="由哪些指标承载 What carries it", caption=f"{len(move.items)} 项 items")
        for header in ("因素 factor", "项目 item", "分 points"):
            items.add_column(header, overflow="fold")
        for row in move.items.head(_ITEMS_SHOWN).to_dict("records"):
            items.add_row(
                " ".join(FACTOR_WORDS[row["factor"]]), escape(row["title"]), f"{row['points']:+.4f}"
            )
        yield items


def _fraction(numerator: float, denominator: float, n: float) -> str:
    if numerator != numerator:
        return "—"
    below = "" if denominator != denominator else f"/{_number(denominator)}"
    return f"{_number(numerator)}{below}" + ("" if denominator == n else f"\n[dim]n={_number(n)}[/dim]")


def _number(value: object) -> str:
    if value is None or value != value:
        return "—"
    if isinstance(value, float | int):
        if float(value).is_integer():
            return f"{value:.0f}"
        return f"{value:.2f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def _figure(value: float | None, *, places: int = 2) -> str:
    return "—" if value is None or value != value else f"{value:.{places}f}"


def _signed(value: float | None) -> str:
    return "—" if value is None or value != value else f"{value:+.2f}"


def _cell(value: object) -> str:
    if value is None or value != value:
        return ""
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)
