"""A small county with a year of tasks: made quarter by quarter, as its files come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from include.quarters import Quarter
from tests.pipeline.small_site import UNITS, SmallSite

ACCOUNTS = {
    "lead": {"roles": ["leader"]},
    "first": {"roles": ["first_reviewer"]},
    "second": {"roles": ["second_reviewer"]},
    "runner": {"roles": ["ops"]},
}
HEAD = "task_code,unit,as_of,decision,task,weight,target,milestone_q2_pct,progress_pct,done_on"
PLAN = {
    # unit: (task, weight, target, milestone of the second quarter)
    "东坡镇": [("T1", 60, "建成", ""), ("T2", 40, "十处", "30")],
    "西沟乡": [("T1", 100, "建成", "")],
    "县水利局": [("T3", 50, "五次", ""), ("T4", 50, "三项", "")],
}
"""县林业局 has no task."""


def after(quarter: Quarter, days: int = 25) -> datetime:
    """A moment some days after a quarter's end, past every deadline of the small site."""
    end = quarter.end
    return datetime(end.year, end.month, end.day, 12, tzinfo=UTC) + timedelta(days=days)


def year_site(folder: Path, *feeds: str, **settings: Any) -> SmallSite:
    """A small site that takes `feeds` and the tasks of the year from 2026Q1 on."""
    taken = {feed: {} for feed in feeds or ("cases",)}
    taken["yearly_tasks"] = {"suppliers": ["office"], "first_quarter": "2026Q1"}
    return SmallSite.make(
        folder, *(feeds or ("cases",)), settings={"feeds": taken, "accounts": ACCOUNTS} | settings
    )


def tasks(
    quarter: Quarter,
    progress: dict[tuple[str, str], Any],
    *,
    done: tuple[tuple[str, str], ...] = (),
    weights: dict[tuple[str, str], float] | None = None,
    without: tuple[tuple[str, str], ...] = (),
    more: str = "",
) -> str:
    """A file of all tasks at a quarter's end; `progress` by (unit, task), 0 where it is not named."""
    lines = [HEAD]
    for unit, own in PLAN.items():
        for code, weight, target, milestone in own:
            key = (unit, code)
            if key in without:
                continue
            day = quarter.end.isoformat()
            said = progress.get(key, 0)
            given = (weights or {}).get(key, weight)
            finished = day if key in done else ""
            lines.append(
                f"{code},{unit},{day},决策一,任务{code},{given},{target},{milestone},{said},{finished}"
            )
    return "\n".join(lines) + "\n" + more


def report(small: SmallSite, quarter: Quarter, content: str, *, name: str = "") -> None:
    """Send a file of tasks, after those sent before, and take it in."""
    sent = len(list(small.inbox("yearly_tasks").iterdir()))
    at = after(quarter, 5) + timedelta(minutes=sent)
    small.send("yearly_tasks", name or f"tasks_{quarter}.csv", content, at=at)
    small.ingest("yearly_tasks", now=after(quarter, 6))


def names() -> dict[str, str]:
    """Unit name → code."""
    return {name: code for code, name in UNITS.items()}
