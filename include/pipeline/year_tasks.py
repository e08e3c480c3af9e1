"""The tasks of a year: frozen in January, reviewed at half-time, achieved or not at its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from include.pipeline.access import authorise
from include.pipeline.ready import received_deliveries
from include.pipeline.registers import StandingRegister, standing_register
from include.pipeline.staged_rows import StagedRows, staged_rows
from include.quarters import Quarter
from include.reviews.loop import loop_of
from include.reviews.tasks import KEY, PlanCheck, by_unit, check_plan, plan_of, progress_of, unit_standing
from include.scoring.periods import PERIOD_PATTERN, ends
from include.site import Site
from include.warehouse import year as store
from include.warehouse.errors import WarehouseError
from include.warehouse.releases import ReleaseInput
from include.warehouse.store import lock, open_warehouse, reading, writing
from include.warehouse.year import Plan, ProgressReview

FEED = "yearly_tasks"
_SHOWN = 5

__all__ = [
    "PERIOD_PATTERN",
    "PlanPreview",
    "TaskProgress",
    "YearRefused",
    "freeze",
    "preview_plan",
    "progress",
    "record",
]


class YearRefused(WarehouseError):
    """What was asked of the year cannot be done; nothing was recorded."""


@dataclass(frozen=True)
class PlanPreview:
    """A January list as it would be frozen."""

    year: int
    tasks: pd.DataFrame
    """Columns of `include.reviews.tasks.PLAN_COLUMNS`."""
    names: pd.Series
    """Names of units, by code."""
    digest: str
    """What freezing is bound to."""
    check: PlanCheck
    sources: tuple[ReleaseInput, ...]
    standing: Plan | None
    """The plan that is frozen already."""

    @property
    def is_frozen(self) -> bool:
        """Whether exactly this list stands frozen."""
        return self.standing is not None and self.standing.plan_digest == self.digest


@dataclass(frozen=True)
class TaskProgress:
    """Where the tasks of a frozen plan stand in a period."""

    period: str
    plan: Plan
    tasks: pd.DataFrame
    """Columns of `include.reviews.tasks.progress_of`."""
    units: pd.DataFrame
    """Columns of `include.reviews.tasks.by_unit`, name and standing; the furthest behind first."""
    added: pd.DataFrame
    """Reported tasks that are not in the plan and count for nothing: unit_code, task_code, weight."""
    arrived: bool
    """Whether there is an accepted report for the period at all."""
    sources: tuple[ReleaseInput, ...]


def preview_plan(site: Site, jurisdiction: str, framework: str, year: int) -> PlanPreview:
    """Read the list of tasks that came with the first quarter of `year`; YearRefused where there is none."""
    engine = open_warehouse(site.warehouse_url)
    register = standing_register(engine, jurisdiction)
    quarter = Quarter(year, 1)
    _check_feed(site, quarter)
    with reading(engine) as connection:
        found = staged_rows(connection, site, jurisdiction, FEED, quarter, register)
        standing = store.latest_plan(connection, jurisdiction, year)
        before = store.latest_plan(connection, jurisdiction, year - 1)
        tasks_before = None if before is None else store.plan_tasks(connection, before.plan_id)
    if found.rows.empty:
        raise YearRefused(
            f"[{jurisdiction}] {quarter} 没有采用的年度重点任务清单,无可冻结;请先报送并运行 mingjing ingest {FEED}。",
            f"[{jurisdiction}] {quarter}: no accepted list of tasks, so nothing to freeze; send it and run "
            f"mingjing ingest {FEED}.",
        )
    rows = found.rows.rename(columns={"_unit": "unit_code"})
    tasks = plan_of(rows, loop_of(site, framework).year.progress)
    return PlanPreview(
        year,
        tasks,
        _names(register, quarter),
        store.plan_digest(tasks),
        check_plan(tasks, _scored(register, quarter), tasks_before),
        found.inputs,
        standing,
    )


def freeze(
    site: Site,
    jurisdiction: str,
    framework: str,
    year: int,
    *,
    digest: str,
    account: str,
    now: datetime,
    reason: str = "",
) -> Plan:
    """Freeze the tasks of a year as `preview_plan` showed them; doing it again changes nothing.

    Args:
        site: the site.
        jurisdiction: one of its areas.
        framework: whose loop says what line progress is held against.
        year: the year.
        digest: of the preview, or its first twelve characters or more.
        account: who freezes.
        now: the moment, with a zone.
        reason: needed where another list is frozen already.

    Raises:
        include.pipeline.access.NotAllowed: the account may not.
        YearRefused: the list is another one by now, the weights of a unit do not make 100, or a list is frozen and no
            reason is given.
    """
    role = authorise(site, account, "freeze_year", jurisdiction=jurisdiction)
    seen = preview_plan(site, jurisdiction, framework, year)
    if len(digest) < 12 or not seen.digest.startswith(digest):
        raise YearRefused(
            f"清单在您查看之后已有变化(现为 {seen.digest[:12]});请重新查看。",
            f"The list is no longer the one you saw (it is {seen.digest[:12]} now); look at it again.",
        )
    if len(seen.check.weights):
        wrong = [f"{unit}: {weight:g}" for unit, weight in seen.check.weights.items()]
        raise YearRefused(
            f"{len(wrong)} 个单位的权重合计不是 100:{wrong[:_SHOWN]};请更正清单后重新报送。",
            f"The weights of {len(wrong)} units do not make 100: {wrong[:_SHOWN]}; correct the list and send it again.",
        )
    sources = [{"name": one.name, "sha256": one.digest} for one in seen.sources]
    with writing(open_warehouse(site.warehouse_url)) as connection:
        lock(connection, "year_plan", jurisdiction, str(year))
        standing = store.latest_plan(connection, jurisdiction, year)
        if standing is not None and standing.plan_digest != seen.digest and not reason.strip():
            raise YearRefused(
                f"{year} 年任务已于 {standing.frozen_at:%Y-%m-%d} 冻结;确需调整的,请写明理由再冻结。",
                f"The tasks of {year} were frozen on {standing.frozen_at:%Y-%m-%d}; to freeze others, give a reason.",
            )
        return store.add_plan(
            connection,
            jurisdiction,
            year,
            seen.tasks,
            sources=sources,
            account=account,
            role=role,
            at=now,
            reason=reason.strip() if standing is not None else "",
        )


def is_plan_open(site: Site, jurisdiction: str, year: int) -> bool:
    """Whether a year's list of tasks has come and nobody has frozen it."""
    if not site.takes(FEED, Quarter(year, 1)):
        return False
    with reading(open_warehouse(site.warehouse_url)) as connection:
        if store.latest_plan(connection, jurisdiction, year) is not None:
            return False
        received = received_deliveries(connection, site, jurisdiction)
    return any(one.feed == FEED and one.accepted and one.quarter == Quarter(year, 1) for one in received)


def progress(site: Site, jurisdiction: str, framework: str, period: str) -> TaskProgress:
    """Hold the tasks reported for the end of `period` (`2027H1`, `2027Q3`, `2027`) against the frozen plan.

    Raises:
        YearRefused: the plan of the year is not frozen.
    """
    engine = open_warehouse(site.warehouse_url)
    register = standing_register(engine, jurisdiction)
    with reading(engine) as connection:
        return progress_in(connection, site, jurisdiction, framework, period, register)


def progress_in(
    connection: Connection,
    site: Site,
    jurisdiction: str,
    framework: str,
    period: str,
    register: StandingRegister,
) -> TaskProgress:
    """As `progress`, inside the caller's transaction."""
    quarter = Quarter(*ends(period))
    plan = store.latest_plan(connection, jurisdiction, quarter.year)
    if plan is None:
        raise YearRefused(
            f"[{jurisdiction}] {quarter.year} 年任务尚未冻结;请先运行 mingjing year freeze {quarter.year}。",
            f"[{jurisdiction}] The tasks of {quarter.year} are not frozen: mingjing year freeze {quarter.year}.",
        )
    settings = loop_of(site, framework).year.progress
    frozen = _successors(store.plan_tasks(connection, plan.plan_id), register, quarter)
    found = StagedRows(pd.DataFrame(), ())
    if site.takes(FEED, quarter):
        found = staged_rows(connection, site, jurisdiction, FEED, quarter, register)
    reported = _reported(found.rows)
    tasks = progress_of(frozen, reported, quarter.number, settings.tolerance_pct)
    units = by_unit(tasks)
    units.insert(1, "name", units["unit_code"].map(_names(register, quarter)).fillna(units["unit_code"]))
    units["standing"] = unit_standing(units, settings.tolerance_pct if quarter.number < 4 else 0.0)
    order = (units["progress_pct"] - units["planned_pct"]).rename("gap")
    units = units.assign(gap=order).sort_values(["gap", "unit_code"], ignore_index=True).drop(columns="gap")
    named = frozen.set_index(KEY).index
    added = reported[~reported.set_index(KEY).index.isin(named)]
    return TaskProgress(
        period,
        plan,
        tasks,
        units,
        added[[*KEY, "weight"]].reset_index(drop=True),
        not found.rows.empty,
        found.inputs,
    )


def record(
    site: Site, jurisdiction: str, framework: str, period: str, *, account: str, now: datetime
) -> ProgressReview:
    """Record the review of a period's progress, so that it stands in the warehouse; again: nothing changes.

    Raises:
        include.pipeline.access.NotAllowed: the account may not.
        YearRefused: the plan is not frozen, or nothing was reported for the period.
    """
    role = authorise(site, account, "review_year", jurisdiction=jurisdiction)
    seen = progress(site, jurisdiction, framework, period)
    if not seen.arrived:
        raise YearRefused(
            f"[{jurisdiction}] {period} 没有采用的任务进度报送,无可记录。",
            f"[{jurisdiction}] {period}: no accepted report of progress, so nothing to record.",
        )
    with writing(open_warehouse(site.warehouse_url)) as connection:
        lock(connection, "year_progress", jurisdiction, framework, period)
        return store.add_progress(
            connection, seen.plan, framework, period, seen.tasks, account=account, role=role, at=now
        )


def _check_feed(site: Site, quarter: Quarter) -> None:
    if not site.takes(FEED, quarter):
        raise YearRefused(
            f"站点在 {quarter} 没有数据源 [{FEED}];请在 site.yaml 的 feeds 中列入。",
            f"The site does not take the feed [{FEED}] in {quarter}; list it under feeds of site.yaml.",
        )


def _reported(rows: pd.DataFrame) -> pd.DataFrame:
    if rows.empty:
        blank = {"weight": float, "progress_pct": float, "target": object, "done_on": object}
        return pd.DataFrame({name: pd.Series(dtype=blank.get(name, object)) for name in (*KEY, *blank)})
    found = rows.rename(columns={"_unit": "unit_code"})
    days = pd.to_datetime(found["done_on"]).dt.strftime("%Y-%m-%d").fillna("")
    found = found.assign(done_on=days)[[*KEY, "weight", "target", "progress_pct", "done_on"]]
    return found.drop_duplicates(KEY, keep="last")


def _successors(plan: pd.DataFrame, register: StandingRegister, quarter: Quarter) -> pd.DataFrame:
    """The plan with the tasks of units that have been merged since at the unit that stands for them."""
    now = plan["unit_code"].replace(register.successors(quarter.end))
    moved = plan.assign(unit_code=now)
    others = {name: "first" for name in moved.columns if name not in (*KEY, "weight")}
    return moved.groupby(KEY, as_index=False, sort=True).agg({"weight": "sum", **others})[plan.columns]


def _scored(register: StandingRegister, quarter: Quarter) -> list[str]:
    units = register.register.on(quarter.end)
    return list(units[units["peer_group"].fillna("") != ""].index)


def _names(register: StandingRegister, quarter: Quarter) -> pd.Series:
    return register.register.on(quarter.end)["name"]
