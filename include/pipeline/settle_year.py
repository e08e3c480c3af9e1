"""Settle the year of a framework and publish it: a release of period `2026` under `<framework>_year`.

Being a release, it is immutable and reproducible, is final only after two reviews, and stands in all views.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from sqlalchemy import Engine

from include.pipeline.access import authorise
from include.pipeline.certainty import worked_out
from include.pipeline.colour_reasons import colour_frames
from include.pipeline.figures import fact_frames, framework_content
from include.pipeline.inputs import code_digest
from include.pipeline.packs import Pack
from include.pipeline.registers import standing_register
from include.pipeline.review import open_review
from include.pipeline.state_reasons import Feeds, state_frame
from include.pipeline.year_figures import YearInputs, gather_year, measure_rows, year_key
from include.pipeline.year_tasks import FEED, YearRefused, progress_in
from include.quarters import Quarter
from include.reviews.loop import loop_path
from include.reviews.settlement import settle, settling_document
from include.scoring import ScoreResult
from include.scoring.moves import ScoreInputs
from include.site import Site
from include.warehouse import releases
from include.warehouse import year as tasks
from include.warehouse.releases import FrameworkContent, ReleaseDraft
from include.warehouse.store import kept_open, lock, reading, writing

MACHINE = "annual_report"
"""Who settles where no person asked for it."""


@dataclass(frozen=True)
class Settlement:
    """What became of a year, in keys and figures."""

    jurisdiction: str
    framework: str
    year: int
    outcome: str
    """created | unchanged | verified | dry_run"""
    missing: tuple[str, ...]
    """Quarters of the year that are not final."""
    units: pd.DataFrame
    """By unit: unit_code, name, peer_group, total, rank, rank_low, rank_high, band, grade, problems, is_listed (for a
    check-up), state, and the points of every line on 100; the best first, inside a band by code."""
    release_id: int = 0
    revision: int = 0
    review_id: int = 0
    """The review that waits for its two people; 0 where none does."""


def settle_year(
    site: Site,
    jurisdiction: str,
    framework: str,
    year: int,
    *,
    now: datetime,
    account: str = "",
    dry_run: bool = False,
    approved_by: str = "",
) -> Settlement:
    """Settle a year from its final quarters; the same inputs again change nothing.

    Args:
        site: the site.
        jurisdiction: one of its areas.
        framework: the framework whose year it is.
        year: the year.
        now: the moment, with a zone.
        account: who settles, and may not review it then; '' for the machine in January, as when it scores a quarter.
        dry_run: compute and tell, publish nothing; then the year need not be over.
        approved_by: who approved other figures from the same inputs under new code.

    Raises:
        include.pipeline.access.NotAllowed: the account may not settle here.
        YearRefused: the year is not over, has no final quarter, or its tasks were never frozen.
        include.warehouse.errors.WarehouseError: the release was refused; nothing was published.
    """
    role = authorise(site, account, "settle_year", jurisdiction=jurisdiction) if account else ""
    actor = account or MACHINE
    if not dry_run and now.astimezone(site.zone).date() <= Quarter(year, 4).end:
        raise YearRefused(
            f"{year} 年尚未结束,不能结算;可加 --dry-run 试算。",
            f"{year} is not over, so it cannot be settled; try it with --dry-run.",
        )
    with kept_open(site.warehouse_url) as engine:
        key = year_key(jurisdiction, framework, year)
        token = 0 if dry_run else releases.acquire_lease(engine, key, holder="settle_year", at=now)
        inputs = _gathered(engine, site, jurisdiction, framework, year)
        scored, result = settle(inputs.framework, inputs.settings, inputs.figures)
        run, frames = worked_out(scored)
        units = _units(inputs, result, frames.get("certainty_unit"))
        made = Settlement(jurisdiction, framework, year, "dry_run", inputs.missing, units)
        if dry_run:
            return made
        _record_tasks(engine, site, jurisdiction, framework, year, account=actor, role=role, now=now)
        draft = _draft(
            engine, site, inputs, scored, result, account=actor, now=now, token=token, by=approved_by
        )
        published = releases.publish(engine, draft)
        with writing(engine) as connection:
            releases.add_analyses(connection, published.release_id, jurisdiction, frames, made_at=now, **run)
            review_id = open_review(connection, key, now=now, actor=actor)
    outcome = "created" if published.created else "verified" if published.verified else "unchanged"
    return Settlement(
        jurisdiction, framework, year, outcome, inputs.missing, units, published.release_id, published.revision,
        review_id or 0,
    )  # fmt: skip


def _gathered(engine: Engine, site: Site, jurisdiction: str, framework: str, year: int) -> YearInputs:
    register = standing_register(engine, jurisdiction)
    with reading(engine) as connection:
        return gather_year(connection, site, jurisdiction, framework, year, register)


def _record_tasks(
    engine: Engine,
    site: Site,
    jurisdiction: str,
    framework: str,
    year: int,
    *,
    account: str,
    role: str,
    now: datetime,
) -> None:
    """Keep where every task stood, so that the item can be walked back to its tasks."""
    if not site.takes(FEED, Quarter(year, 4)):
        return
    register = standing_register(engine, jurisdiction)
    with writing(engine) as connection:
        lock(connection, "year_progress", jurisdiction, framework, str(year))
        found = progress_in(connection, site, jurisdiction, framework, str(year), register)
        tasks.add_progress(
            connection, found.plan, framework, str(year), found.tasks, account=account, role=role, at=now
        )


def _draft(
    engine: Engine,
    site: Site,
    inputs: YearInputs,
    scored: ScoreInputs,
    result: ScoreResult,
    *,
    account: str,
    now: datetime,
    token: int,
    by: str,
) -> ReleaseDraft:
    previous = inputs.figures.history.get(str(inputs.figures.year - 1))
    rows = measure_rows(inputs)
    facts = fact_frames(result, inputs.framework, measures=rows, values=scored.values, previous=previous)
    code = inputs.quarterly.framework.framework
    feeds = Feeds((), {one.partition(".")[0]: True for one in inputs.framework.measures})
    reasons = {
        **{
            name: _said(inputs, result, one)
            for name, one in colour_frames(result, inputs.framework, rows).items()
        },
        "fct_state_reason": state_frame(result, facts, scored, feeds, previous),
    }
    return ReleaseDraft(
        key=inputs.key,
        framework=_content(inputs, loop_path(site, code)),
        inputs=inputs.items,
        code_digest=code_digest("reviews"),
        facts=facts,
        reasons=reasons,
        measures=_meanings(inputs),
        created_at=now,
        actor=account,
        fencing_token=token,
        reason=_reason(engine, inputs),
        missing_feeds=tuple(f"{code}/{period}" for period in inputs.missing),
        approved_by=by,
    )


def _content(inputs: YearInputs, path: Path) -> FrameworkContent:
    """The framework that the settlement was scored by, spelled out: who replays it needs no loop.yaml."""
    content = framework_content(Pack(inputs.framework, (path,)))
    document = settling_document(inputs.quarterly.framework, inputs.settings, inputs.figures.year)
    return replace(content, yaml=yaml.safe_dump(document, allow_unicode=True, sort_keys=False))


def _said(inputs: YearInputs, result: ScoreResult, frame: pd.DataFrame) -> pd.DataFrame:
    """The reasons with a check-up in words of its own; nothing else colours a unit in a settlement."""
    settings, problems = inputs.settings.check_up, inputs.figures.problems
    listed = set(result.warnings["unit"])
    ranks = result.ranks
    for row in frame.index[frame["unit_code"].isin(listed)]:
        unit = frame.loc[row, "unit_code"]
        found = int(problems.get(unit, 0))
        share = f"{settings.last_share * 100:g}"
        frame.loc[row, "sentence_zh"] = (
            f"类内第 {ranks[unit]} 名,在末 {share} % 之列;全年确认预警 {found} 条,不少于 {settings.min_problems} 条。"
            f"{settings.advice.zh}"
        )
        frame.loc[row, "sentence_en"] = (
            f"Rank {ranks[unit]} among its peers, within the last {share} %; {found} warnings confirmed in the year, "
            f"{settings.min_problems} or more. {settings.advice.en or settings.advice.zh}"
        )
    return frame


def _reason(engine: Engine, inputs: YearInputs) -> str:
    """What changed since the standing revision; '' for a first one."""
    with reading(engine) as connection:
        standing = releases.current(connection, inputs.key)
        if standing is None:
            return ""
        before = releases.read_inputs(connection, standing.release_id)
    old = set(zip(before["kind"], before["name"], before["digest"], strict=True))
    changed = {(one.kind, one.name) for one in inputs.items if (one.kind, one.name, one.digest) not in old}
    return "; ".join(f"{kind} {name}" for kind, name in sorted(changed))


def _meanings(inputs: YearInputs) -> pd.DataFrame:
    """What the figures of a settlement mean, as `ReleaseDraft.measures` wants it."""
    said = {
        "quarters": ("该季定稿指数 ÷ 满分", "final index of the quarter ÷ full marks"),
        "tasks": (
            "已完成的冻结权重 ÷ 已报进度的冻结权重",
            "frozen weight achieved ÷ frozen weight with a progress",
        ),
        "measures": (
            "各定稿季度分子之和 ÷ 分母之和",
            "numerators ÷ denominators added up over the final quarters",
        ),
    }
    columns = {one.measure: one for one in inputs.framework.indicators}
    rows = []
    for item in inputs.settings.items:
        zh, en = said[item.source]
        more = f":{', '.join(item.measures)}" if item.measures else ""
        rows += [
            {
                "measure": column,
                "title_zh": columns[column].label.zh,
                "title_en": columns[column].label.english,
                "formula_zh": zh + more,
                "formula_en": en + more,
                "source": "loop.yaml [year]",
            }
            for column in inputs.framework.measures
            if column in columns and (column.startswith(f"{item.code}.") or column == f"year.{item.code}")
        ]
    return pd.DataFrame(rows)


def _units(inputs: YearInputs, result: ScoreResult, sure: pd.DataFrame | None) -> pd.DataFrame:
    units = inputs.figures.units
    listed = set(result.warnings["unit"])
    frame = pd.DataFrame(
        {
            "unit_code": result.index.index,
            "name": units["name"].reindex(result.index.index).to_numpy(),
            "peer_group": result.peer_groups.to_numpy(),
            "total": result.published.to_numpy(),
            "rank": result.ranks.array,
            "grade": result.grades.fillna("").to_numpy(),
            "problems": inputs.figures.problems.reindex(result.index.index).fillna(0).astype(int).to_numpy(),
            "is_listed": [unit in listed for unit in result.index.index],
            "state": np.where(result.index.notna(), "value", "not_rated"),
        }
    )
    for line in inputs.settings.lines:
        if line.code in result.group_rates:
            frame[line.code] = (result.group_rates[line.code] * 100).round(inputs.settings.places).to_numpy()
    bands = ["rank_low", "rank_high", "band"]
    if sure is None:
        frame = frame.assign(**dict.fromkeys(bands, np.nan))
    else:
        frame = frame.merge(sure[["unit_code", *bands]], on="unit_code", how="left")
    order = ["peer_group", "band" if sure is not None else "rank", "unit_code"]
    last = frame["total"].isna()
    return frame.assign(_last=last).sort_values(["_last", *order], ignore_index=True).drop(columns="_last")
