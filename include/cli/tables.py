"""Tables for a terminal; colour is never alone, a word and a shape stand beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from include.cli.steward_tables import contact_line, supplier_name
from include.pipeline.due import whom_to_call
from include.pipeline.ingest_report import IngestReport
from include.pipeline.readiness import Expected, Readiness
from include.pipeline.warning_list import WarningList
from include.site import Site

COLOURS = {
    "red": ("▲ 红 red", "bold red"),
    "yellow": ("◆ 黄 yellow", "yellow"),
    "green": ("● 绿 green", "green"),
}
_STATUS = {"complete": "齐 complete", "overdue": "逾期 overdue", "waiting": "待报 waiting"}
_MISSING = {"held": "扣留 held", "late": "逾期 late", "not_yet": "未到 not yet"}


def warning_table(found: WarningList, *, limit: int = 40) -> Table:
    """The units that are not green, the worst first, at most `limit` of them."""
    counts = found.counts()
    release = found.release
    missing = f" · 缺报 missing {', '.join(release.missing_feeds)}" if release.missing_feeds else ""
    table = Table(
        title=f"{release.jurisdiction} {release.period} 预警名单 Warning list · 第 {release.revision} 版 revision"
        f" · {found.status}",
        caption=f"红 red {counts['red']} · 黄 yellow {counts['yellow']} · 绿 green {counts['green']}"
        f" · 未评 not rated {counts['']}{missing}。预警是线索,不是结论。 A colour is a lead, not a finding.",
        show_lines=True,
    )
    figures = ("得分 score", "变化 change", "名次 rank")
    for header in ("单位 unit", *figures, "颜色 colour", "主要原因 leading reasons"):
        table.add_column(
            _over_two_lines(header), justify="right" if header in figures else "left", overflow="fold"
        )
    warned = found.units[found.units["colour"].isin(["red", "yellow"])].head(limit)
    for row in warned.to_dict("records"):
        word, style = COLOURS[row["colour"]]
        table.add_row(
            f"{escape(row['name'])}\n[dim]{escape(row['unit_code'])}[/dim]",
            _figure(row["published"]),
            _figure(row["change"], sign=True),
            "—" if pd.isna(row["rank"]) else f"{int(row['rank'])}/{row['peers']}",
            Text(word + ("" if pd.isna(row["certainty"]) else f"\n{row['certainty']:.0%}"), style=style),
            f"{escape(row['warnings'])}\n[dim]失分 lost: {escape(row['lost'])}[/dim]",
        )
    return table


def readiness_table(site: Site, jurisdiction: str, state: Readiness) -> Table:
    """What is missing for a quarter, until when, and whom to call."""
    table = Table(title=f"{jurisdiction} {state.quarter} {_STATUS[state.status]}")
    for header in ("数据源 feed", "报送单位 supplier", "期限 deadline", "状态 state", "联系 contact"):
        table.add_column(_over_two_lines(header), overflow="fold")
    for item in state.missing:
        contacts, name = whom_to_call(site, item.supplier), supplier_name(site, item.supplier)
        day = f"{item.deadline:%Y-%m-%d}"
        state_word = _MISSING[state_of(state, item)]
        table.add_row(item.feed, escape(name), day, state_word, escape(contact_line(contacts)))
    return table


def state_of(state: Readiness, item: Expected) -> str:
    """Why a delivery is missing: held, late or not yet due."""
    return "held" if item in state.held else "late" if item in state.overdue else "not_yet"


def ingest_table(reports: Iterable[IngestReport]) -> Table:
    """What became of the files of each feed and of their rows; feeds to which nothing came are left out."""
    table = Table(caption="没有新文件的数据源不列出。 Feeds to which nothing came are left out.")
    for header in ("数据源 feed", "采用 accepted", "扣留 held", "重复 again", "行 rows", "隔离 quarantined"):
        table.add_column(_over_two_lines(header), justify="left" if header.endswith("feed") else "right")
    for report in reports:
        names = ("accepted", "held", "duplicate", "rows_accepted", "rows_quarantined")
        if report.counts or report.held:
            table.add_row(report.feed, *(str(report.counts[name]) for name in names))
    return table


def as_figures(found: WarningList) -> dict[str, Any]:
    """The whole list for a program: every unit, the worst first; a figure that is not there is null."""
    release = found.release
    units = found.units.astype(object).where(found.units.notna(), None)
    return {
        "jurisdiction": release.jurisdiction,
        "framework": release.framework_code,
        "period": release.period,
        "revision": release.revision,
        "status": found.status,
        "missing_feeds": list(release.missing_feeds),
        "units": units.to_dict("records"),
    }


def _over_two_lines(header: str) -> str:
    """Chinese above English, so that a column is no wider than its figures need."""
    return header.replace(" ", "\n", 1)


def plain_table(frame: pd.DataFrame, *, title: str, limit: int = 60) -> Table:
    """Any frame as a table, figures to four places; the caption says by how many rows it was cut."""
    table = Table(
        title=title, caption=f"{len(frame)} 行 rows" + (f",前 first {limit}" if len(frame) > limit else "")
    )
    for column in frame.columns:
        table.add_column(
            str(column), justify="right" if frame[column].dtype.kind in "fi" else "left", overflow="fold"
        )
    for row in frame.head(limit).itertuples(index=False, name=None):
        table.add_row(*(_cell(cell) for cell in row))
    return table


def _cell(cell: object) -> str:
    if cell is None or cell != cell:
        return "—"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _figure(value: float, *, sign: bool = False) -> str:
    if pd.isna(value):
        return "—"
    return f"{value:+.2f}" if sign else f"{value:.2f}"
