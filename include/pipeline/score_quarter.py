"""Score one quarter of one jurisdiction and publish it: measures → matrix → scores → one release per framework."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine

from include.clocks import working_days
from include.engine.duckdb_engine import open_engine
from include.measures.matrix import STATES, to_matrix
from include.measures.run import ReadFeed, run_measures
from include.pipeline.catalogue import packs_of
from include.pipeline.certainty import analyse_release
from include.pipeline.figures import (
    fact_frames,
    framework_content,
    looks_at_past_indicators,
    measure_meanings,
    read_history,
)
from include.pipeline.inputs import QuarterInputs, calendar_span, code_digest, gather_inputs
from include.pipeline.moves import record_moves
from include.pipeline.objections import record_effects, upheld_words
from include.pipeline.packs import Pack
from include.pipeline.readiness import expected_deliveries, judge_readiness
from include.pipeline.ready import ready_quarters, received_deliveries
from include.pipeline.reasons import reason_frames
from include.pipeline.registers import StandingRegister, standing_register
from include.quarters import Quarter
from include.scoring import ScoreResult
from include.scoring.moves import ScoreInputs
from include.site import Site
from include.warehouse import releases
from include.warehouse.releases import ReleaseDraft, ReleaseKey
from include.warehouse.store import kept_open, reading

_NOT_APPLICABLE = STATES.index("not_applicable")


class NothingReceived(ValueError):
    """Nothing was accepted for a quarter, so there is nothing to score; nothing was published."""

    def __init__(self, jurisdiction: str, quarter: Quarter) -> None:
        super().__init__(
            f"[{jurisdiction}] {quarter} 没有采用任何报送,无可评分。 "
            f"[{jurisdiction}] {quarter}: no delivery was accepted, so there is nothing to score."
        )


@dataclass
class ScoreReport:
    """What became of one framework's quarter, in keys and counts."""

    jurisdiction: str
    framework: str
    quarter: str
    release_id: int = 0
    revision: int = 0
    outcome: str = ""
    """created | unchanged | verified | dry_run"""
    analyses: str = ""
    """written | known | failed: what became of its certainty; '' where nothing was published"""
    missing: tuple[str, ...] = ()
    """Feeds of which some supplier's delivery is missing."""
    counts: Counter[str] = field(default_factory=Counter)
    """units, red, yellow, green, not_rated, warnings, unmapped…"""

    @property
    def sentence(self) -> str:
        """The report as one line for a person."""
        counts = self.counts
        revision = f"第 {self.revision} 版 revision " if self.revision else ""
        missing = f",缺 missing {', '.join(self.missing)}" if self.missing else ""
        return (
            f"{self.jurisdiction} {self.framework} {self.quarter} {revision}({self.outcome}): "
            f"{counts['units']} 个单位 units,红 red {counts['red']},黄 yellow {counts['yellow']},"
            f"绿 green {counts['green']},未评 not rated {counts['not_rated']}{missing}"
        )


def score_quarter(
    site: Site,
    jurisdiction: str,
    quarter: Quarter,
    *,
    now: datetime,
    dry_run: bool = False,
    approved_by: str = "",
    actor: str = "score_quarter",
) -> list[ScoreReport]:
    """Score `quarter` under every framework in force and publish one release each.

    Args:
        site: the site.
        jurisdiction: one of its jurisdictions.
        quarter: any quarter for which something was received.
        now: the moment of publishing, with a time zone.
        dry_run: compute and report, publish nothing.
        approved_by: who approved other figures from the same inputs under new code.
        actor: who made the list, where a person asked for it; that person may not review it.

    Raises:
        NothingReceived: no delivery was accepted for the quarter.
        include.config.ConfigError, include.scoring.FrameworkError: configuration is wrong.
        include.warehouse.errors.WarehouseError: the release was refused; nothing was published.
    """
    with kept_open(site.warehouse_url) as engine:
        register = standing_register(engine, jurisdiction)
        return [
            _score(
                engine,
                site,
                jurisdiction,
                pack,
                quarter,
                register,
                now=now,
                dry_run=dry_run,
                approved_by=approved_by,
                actor=actor,
            )
            for pack in packs_of(site, quarter)
        ]


def score_ready(site: Site, *, now: datetime) -> list[ScoreReport]:
    """Score every ready quarter, oldest first, until none is ready.

    A revision changes the inputs of the quarters that look back at it, so they become ready in turn.

    Raises:
        RuntimeError: a quarter is still ready after it was scored, which would never end.
    """
    reports: list[ScoreReport] = []
    seen: set[tuple[str, Quarter, str]] = set()
    while ready := ready_quarters(site, now=now):
        item = ready[0]
        mark = (item.jurisdiction, item.quarter, item.digest)
        if mark in seen:
            raise RuntimeError(
                f"{item.jurisdiction}.{item.quarter} is ready again with the inputs just scored"
            )
        seen.add(mark)
        reports += score_quarter(site, item.jurisdiction, item.quarter, now=now)
    return reports


def quarter_matrix(
    inputs: QuarterInputs, register: StandingRegister
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Run all measures of a quarter.

    Returns:
        (measures, values, states, counts, units): the long frame of `run_measures`, the three wide frames that
        `score` takes, and the scored units (index unit_code). Measures of feeds that the site does not have are not
        applicable.
    """
    quarter = inputs.quarter
    every_unit = register.register.on(quarter.end)
    scored = every_unit[every_unit["peer_group"].fillna("") != ""]
    days = working_days(inputs.calendar, *calendar_span(quarter)).rename(columns={"date": "day"})
    reads = {name: ReadFeed(feed.contract, feed.parts) for name, feed in inputs.feeds.items()}
    successors = register.successors(quarter.end)
    with open_engine() as connection:
        frames = [
            run_measures(
                connection,
                definition=feed.definition,
                contract=feed.contract,
                parts=feed.parts,
                quarter=quarter,
                units=scored.reset_index(),
                working_days=days,
                arrived=feed.arrived,
                reads=reads,
                successors=successors,
                identities=inputs.persons,
            )
            for feed in inputs.feeds.values()
        ]
    measures = pd.concat(frames, ignore_index=True)
    values, states, counts = to_matrix(measures)
    wanted = [column for column in inputs.pack.framework.measures if column not in values.columns]
    absent = [column for column in wanted if column.partition(".")[0] in inputs.absent_feeds]
    values = values.reindex(columns=[*values.columns, *wanted])
    states = states.reindex(columns=values.columns, fill_value=STATES.index("missing"))
    states[absent] = _NOT_APPLICABLE
    return measures, values, states, counts.reindex(columns=values.columns), scored


def _score(
    engine: Engine,
    site: Site,
    jurisdiction: str,
    pack: Pack,
    quarter: Quarter,
    register: StandingRegister,
    *,
    now: datetime,
    dry_run: bool,
    approved_by: str,
    actor: str,
) -> ScoreReport:
    key = ReleaseKey(jurisdiction, pack.framework.framework, str(quarter))
    token = 0 if dry_run else releases.acquire_lease(engine, key, holder="score_quarter", at=now)
    with reading(engine) as connection:
        inputs = gather_inputs(
            connection, site, jurisdiction, pack, quarter, register_digest=register.digest_on(quarter.end)
        )
        looked_at = looks_at_past_indicators(pack.framework)
        history = read_history(connection, inputs.priors, pack.framework, with_indicators=looked_at)
        received = received_deliveries(connection, site, jurisdiction)
    if not any(item.accepted and item.quarter == quarter for item in received):
        raise NothingReceived(jurisdiction, quarter)
    contracts = [feed.contract for feed in inputs.feeds.values()]
    state = judge_readiness(quarter, expected_deliveries(site, contracts, quarter), received, now=now)
    measures, values, states, counts, units = quarter_matrix(inputs, register)
    scored = ScoreInputs(str(quarter), pack.framework, values, states, counts, units, history)
    result = scored.score()
    report = _report(jurisdiction, str(quarter), result, state.missing_feeds)
    if dry_run:
        report.outcome = "dry_run"
    else:
        previous = history.get(str(quarter.shift(-1)))
        facts = fact_frames(result, pack.framework, measures=measures, values=values, previous=previous)
        draft = ReleaseDraft(
            key=key,
            framework=framework_content(pack),
            inputs=inputs.items,
            code_digest=code_digest(),
            facts=facts,
            reasons=reason_frames(result, facts, scored, measures, inputs, previous),
            measures=measure_meanings(feed.definition for feed in inputs.feeds.values()),
            created_at=now,
            actor=actor,
            fencing_token=token,
            reason=_reason(engine, key, inputs),
            missing_feeds=state.missing_feeds,
            approved_by=approved_by,
        )
        published = releases.publish(engine, draft)
        published_scores = replace(scored, index=result.index, published=result.published)
        record_moves(engine, published.release_id, published_scores)
        report.release_id, report.revision = published.release_id, published.revision
        if published.created:
            record_effects(engine, key, published.release_id, at=now)
        report.outcome = "created" if published.created else "verified" if published.verified else "unchanged"
        report.analyses = analyse_release(
            engine, site, inputs, register, scored, published.release_id, now=now
        )
    return report


def _report(jurisdiction: str, quarter: str, result: ScoreResult, missing: tuple[str, ...]) -> ScoreReport:
    colours = result.colours.fillna("").value_counts()
    counts = Counter({colour: int(colours.get(colour, 0)) for colour in ("red", "yellow", "green")})
    counts["units"] = len(result.index)
    counts["not_rated"] = len(result.index) - counts["red"] - counts["yellow"] - counts["green"]
    counts["warnings"] = len(result.warnings)
    return ScoreReport(jurisdiction, result.framework, quarter, missing=missing, counts=counts)


def _reason(engine: Engine, key: ReleaseKey, inputs: QuarterInputs) -> str:
    """Say what changed since the standing revision, by kind of input; '' for a first one."""
    with reading(engine) as connection:
        standing = releases.current(connection, key)
        if standing is None:
            return ""
        before = releases.read_inputs(connection, standing.release_id)
    old = set(zip(before["kind"], before["name"], before["digest"], strict=True))
    changed = sorted(
        {(item.kind, item.name) for item in inputs.items if (item.kind, item.name, item.digest) not in old}
    )
    gone = sorted({(kind, name) for kind, name, _ in old} - {(item.kind, item.name) for item in inputs.items})
    words = [f"{kind} {name}" for kind, name in changed] + [f"withdrawn {kind} {name}" for kind, name in gone]
    return "; ".join(words + upheld_words(engine, key))
