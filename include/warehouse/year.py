"""Frozen plans of a year and reviews of their progress, as they are stored; never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, cast, select

from include.warehouse import audit, bulk
from include.warehouse.canonical import sha256_text, table_digest
from include.warehouse.tables import (
    AS_FLOAT,
    Figure,
    fct_task_progress,
    progress_review,
    year_plan,
    year_plan_task,
)

_OF_PLAN = {"plan_id": 0, "jurisdiction": ""}
_OF_PROGRESS = {"progress_id": 0, "jurisdiction": ""}


@dataclass(frozen=True)
class Plan:
    """One freeze of a year's tasks."""

    plan_id: int
    jurisdiction: str
    year: int
    revision: int
    plan_digest: str
    sources: tuple[dict[str, str], ...]
    reason: str
    frozen_at: datetime
    frozen_by: str
    role: str


@dataclass(frozen=True)
class ProgressReview:
    """One review of progress."""

    progress_id: int
    jurisdiction: str
    framework_code: str
    period: str
    plan_id: int
    revision: int
    digest: str
    recorded_at: datetime
    recorded_by: str


def plan_digest(tasks: pd.DataFrame) -> str:
    """Digest of a plan's tasks: weights, targets, milestones; whatever the order of rows."""
    return table_digest(bulk.prepare(year_plan_task, tasks, _OF_PLAN))


def progress_digest(plan: Plan, tasks: pd.DataFrame) -> str:
    """Digest of where the tasks of a plan stand."""
    rows = bulk.prepare(fct_task_progress, _stored(tasks), _OF_PROGRESS)
    return sha256_text(f"{plan.plan_digest}\n{table_digest(rows)}")


def latest_plan(connection: Connection, jurisdiction: str, year: int) -> Plan | None:
    """The plan of a year that counts, if it was frozen."""
    query = select(year_plan).where(year_plan.c.jurisdiction == jurisdiction, year_plan.c.year == year)
    row = connection.execute(query.order_by(year_plan.c.revision.desc()).limit(1)).first()
    return _plan(row) if row else None


def plan_tasks(connection: Connection, plan_id: int) -> pd.DataFrame:
    """The tasks of a plan: columns of year_plan_task without plan_id and jurisdiction, in order of the keys."""
    return _rows(connection, year_plan_task, year_plan_task.c.plan_id == plan_id, ("plan_id", "jurisdiction"))


def add_plan(
    connection: Connection,
    jurisdiction: str,
    year: int,
    tasks: pd.DataFrame,
    *,
    sources: list[dict[str, str]],
    account: str,
    role: str,
    at: datetime,
    reason: str = "",
) -> Plan:
    """Freeze `tasks` with their audit entry; the plan that stands is given back where it is the same."""
    before, digest = latest_plan(connection, jurisdiction, year), plan_digest(tasks)
    if before is not None and before.plan_digest == digest:
        return before
    made: dict[str, Any] = {
        "jurisdiction": jurisdiction,
        "year": year,
        "revision": before.revision + 1 if before else 1,
        "plan_digest": digest,
        "sources": sources,
        "reason": reason,
        "frozen_at": at,
        "frozen_by": account,
        "role": role,
    }
    plan_id = bulk.add(connection, year_plan, **made)
    constants = {"plan_id": plan_id, "jurisdiction": jurisdiction}
    bulk.insert(connection, year_plan_task, bulk.prepare(year_plan_task, tasks, constants))
    audit.append(
        connection,
        jurisdiction=jurisdiction,
        at=at,
        actor=account,
        role=role,
        action="year.freeze",
        subject=f"{jurisdiction}/year_plan/{year}/r{made['revision']}",
        before_digest=before.plan_digest if before else "",
        after_digest=digest,
        reason=reason,
        detail={"tasks": len(tasks), "units": int(tasks["unit_code"].nunique()), "sources": sources},
    )
    return Plan(plan_id=plan_id, **{**made, "sources": tuple(sources)})


def latest_progress(
    connection: Connection, jurisdiction: str, framework_code: str, period: str
) -> ProgressReview | None:
    """The review of progress of a period that counts, if there was one."""
    query = select(progress_review).where(
        progress_review.c.jurisdiction == jurisdiction,
        progress_review.c.framework_code == framework_code,
        progress_review.c.period == period,
    )
    row = connection.execute(query.order_by(progress_review.c.revision.desc()).limit(1)).first()
    return ProgressReview(**row._mapping) if row else None


def progress_tasks(connection: Connection, progress_id: int) -> pd.DataFrame:
    """The tasks of a review of progress: columns of fct_task_progress without keys of it, in order of the keys."""
    own = fct_task_progress.c.progress_id == progress_id
    return _rows(connection, fct_task_progress, own, ("progress_id", "jurisdiction"))


def add_progress(
    connection: Connection,
    plan: Plan,
    framework_code: str,
    period: str,
    tasks: pd.DataFrame,
    *,
    account: str,
    role: str,
    at: datetime,
) -> ProgressReview:
    """Record where the tasks stand, with an audit entry; what stands is given back where it is the same.

    `tasks` has the columns of `include.reviews.tasks.progress_of`.
    """
    before = latest_progress(connection, plan.jurisdiction, framework_code, period)
    digest = progress_digest(plan, tasks)
    if before is not None and before.digest == digest:
        return before
    made: dict[str, Any] = {
        "jurisdiction": plan.jurisdiction,
        "framework_code": framework_code,
        "period": period,
        "plan_id": plan.plan_id,
        "revision": before.revision + 1 if before else 1,
        "digest": digest,
        "recorded_at": at,
        "recorded_by": account,
    }
    progress_id = bulk.add(connection, progress_review, **made)
    constants = {"progress_id": progress_id, "jurisdiction": plan.jurisdiction}
    rows = bulk.prepare(fct_task_progress, _stored(tasks), constants)
    bulk.insert(connection, fct_task_progress, rows)
    counts = tasks["standing"].value_counts()
    audit.append(
        connection,
        jurisdiction=plan.jurisdiction,
        at=at,
        actor=account,
        role=role,
        action="year.progress",
        subject=f"{plan.jurisdiction}/{framework_code}/{period}/r{made['revision']}",
        before_digest=before.digest if before else "",
        after_digest=digest,
        detail={"plan_id": plan.plan_id, "tasks": len(tasks), "behind": int(counts.get("behind", 0))},
    )
    return ProgressReview(progress_id=progress_id, **made)


def _stored(tasks: pd.DataFrame) -> pd.DataFrame:
    kept = [one.name for one in fct_task_progress.columns if one.name in tasks.columns]
    return tasks[kept]


def _rows(connection: Connection, table: Any, where: Any, without: tuple[str, ...]) -> pd.DataFrame:
    shown = [column for column in table.columns if column.name not in without]
    figures = [column.name for column in shown if isinstance(column.type, Figure)]
    columns = [
        cast(column, AS_FLOAT).label(column.name) if column.name in figures else column for column in shown
    ]
    rows = connection.execute(select(*columns).where(where)).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=[column.name for column in shown])
    frame = frame.astype(dict.fromkeys(figures, "float64"))
    return frame.sort_values(["unit_code", "task_code"], ignore_index=True)


def _plan(row: Row[Any]) -> Plan:
    values = dict(row._mapping)
    return Plan(**{**values, "sources": tuple(values["sources"])})
