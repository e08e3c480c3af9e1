"""Tables of rectification for a terminal; colour is never alone, a word and a shape stand beside it."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pandas as pd
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from include.cli.tables import COLOURS
from include.documents.rectification_book import SHEETS, shown
from include.pipeline.follow_up import FollowUp

_STATES = {
    "open": ("整改中 open", ""),
    "refused": ("退回重改 refused", "yellow"),
    "paused": ("中止 paused", "dim"),
    "overdue": ("▲ 逾期 overdue", "bold red"),
    "referred": ("▲ 已移交 referred", "bold red"),
    "reported": ("待验收 reported", "cyan"),
    "verified": ("● 已销号 verified", "green"),
    "cancelled": ("已取消 cancelled", "dim"),
}
_CAUSES = {
    "released": "定稿 released",
    "escalated": "逾期升级 escalated",
    "held": "往期未销号 held",
    "relieved": "全部销号 relieved",
}


def item_table(frame: pd.DataFrame) -> Table:
    """One row per item: whose, what, how it stands, until when."""
    table = Table(title="整改事项 Items of rectification", show_lines=True)
    for header in ("号\nno", "单位\nunit", "问题\nproblem", "状态\nstate", "期限\ndue", "剩余\nleft"):
        table.add_column(
            header, overflow="fold", justify="right" if header.startswith(("号", "剩")) else "left"
        )
    for row in frame.to_dict("records"):
        word, style = _STATES[row["state"]]
        late = f"\n逾 late {row['late_days']}" if row["late_days"] else ""
        unsure = "\n暂定 provisional" if row["due_provisional"] else ""
        left = "—" if pd.isna(row["days_left"]) else str(int(row["days_left"]))
        table.add_row(
            str(row["item_id"]),
            escape(row["unit_name"]),
            f"{escape(row['problem_zh'])}\n[dim]{escape(row['required_action_zh'])}[/dim]",
            Text(word + late, style=style),
            row["due_on"] + unsure,
            left,
        )
    return table


def colour_table(frame: pd.DataFrame) -> Table:
    """The colours that stand, of units that are not green or whose colour differs from the released one."""
    table = Table(
        title="现时颜色 Standing colours", caption="定稿颜色不变。 The released colour never changes."
    )
    for header in ("单位 unit", "现时 now", "由来 because", "自 since", "定稿 released", "未销号 left"):
        table.add_column(header.replace(" ", "\n", 1), overflow="fold")
    for row in frame[(frame["colour"] != "green") | (frame["colour"] != frame["released_colour"])].to_dict(
        "records"
    ):
        word, style = COLOURS[row["colour"]]
        released = COLOURS.get(row["released_colour"], ("—", ""))[0]
        table.add_row(
            escape(row["unit_name"]),
            Text(word, style=style),
            _CAUSES[row["cause"]],
            row["since"],
            released,
            str(row["unresolved"]),
        )
    return table


def list_table(name: str, frame: pd.DataFrame) -> Table:
    """One of the four lists, with the columns of its sheet; `--json` has all of them."""
    sheet, columns = SHEETS[name]
    table = Table(title=sheet, caption=f"{len(frame)} 项 items", show_lines=True)
    for _, heading, _ in columns:
        table.add_column(heading, overflow="fold")
    for row in zip(*(shown(frame, column) for column, _, _ in columns), strict=True):
        table.add_row(*("—" if pd.isna(cell) or cell == "" else escape(_plain(cell)) for cell in row))
    return table


def _plain(cell: object) -> str:
    return f"{cell:g}" if isinstance(cell, float | Decimal) else str(cell)


def follow_up_figures(found: FollowUp) -> dict[str, Any]:
    """A day's follow-up for a program."""
    return asdict(found) | {"counts": found.counts}
