"""Why scores moved between two releases: written when a release is made, and split on request for any two."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine

from include.pipeline.figures import takes_from_before
from include.pipeline.framework_rules import rule_frames
from include.pipeline.replay import inputs_of, read_framework, read_measures, read_scored_units
from include.quarters import Quarter
from include.scoring import ScoringError
from include.scoring.moves import Moves, ScoreInputs, split_moves
from include.warehouse import moves as store
from include.warehouse import releases
from include.warehouse.errors import UnknownRelease
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.store import lock, reading, writing

_log = logging.getLogger(__name__)
_STORED = {"unit": "unit_code"}


def record_moves(engine: Engine, release_id: int, scored: ScoreInputs) -> None:
    """Store why the scores of a release differ from those before it, and its framework's rules in words.

    Compared are the previous quarter's current release and the release's own previous revision, where there are any.
    Written right after publishing, in one transaction; what is stored already is left as it is, so that a run that was
    interrupted between the two is made whole by the next one.

    Args:
        engine: the warehouse.
        release_id: the release.
        scored: what it was scored from, with the index as published.
    """
    if not takes_from_before(scored.framework):
        scored = replace(scored, history={})
    with reading(engine) as connection:
        release = releases.get(connection, release_id)
        pending = [
            earlier
            for earlier in _earlier(connection, release)
            if not store.has_moves(connection, release_id, earlier.release_id)
        ]
        read = {release_id: scored}
        found = []
        for earlier in pending:
            try:
                found.append((earlier, _split(connection, earlier, release, read)))
            except ScoringError as error:
                # One version's rules may not stand the other's data; the release itself is none the worse.
                _log.warning("%s: no split against release %s: %s", release.key, earlier.release_id, error)
    with writing(engine) as connection:
        lock(connection, "moves", release.jurisdiction, release.framework_code, release.period)
        store.write_rules(connection, release.framework_key, rule_frames(scored.framework))
        for earlier, moves in found:
            store.write_moves(
                connection,
                release,
                earlier,
                factors=moves.factors.rename(columns=_STORED),
                items=moves.items.rename(columns=_STORED),
            )


def moves_between(connection: Connection, earlier: Release, later: Release) -> Moves:
    """The split between any two releases of one framework: as stored, else computed now.

    Of two periods, `earlier` counts as published and its period's current release as what is known now.
    """
    if store.has_moves(connection, later.release_id, earlier.release_id):
        back = {new: old for old, new in _STORED.items()}
        factors, items = store.read_moves(connection, later.release_id, earlier.release_id)
        return Moves(factors.rename(columns=back), items.rename(columns=back))
    return _split(connection, earlier, later, {})


FACTOR_WORDS = {
    "performance": ("本期表现", "performance"),
    "late_data": ("迟报更正", "late or corrected data"),
    "rule_change": ("规则变化", "rule change"),
    "peers": ("同类变化", "peers' change"),
}
STATE_WORDS = {
    "appeared": (
        "前次不在参评单位中,没有可比的分",
        "It was not scored the first time: there is nothing to compare",
    ),
    "disappeared": ("本次已不在参评单位中", "It is no longer scored"),
    "not_rated_before": ("前次未评,没有可比的分", "It was not rated the first time"),
    "not_rated_after": ("本次未评,没有可比的分", "It is not rated this time"),
    "not_rated": ("两次均未评", "It was not rated either time"),
}


@dataclass(frozen=True)
class Move:
    """Why one unit's score moved."""

    earlier: Release
    later: Release
    unit: str
    name: str
    published: tuple[float, float]
    """What was published at either end; NaN where nothing was."""
    places: int
    state: str
    factors: pd.DataFrame
    """factor, points, published_points."""
    items: pd.DataFrame
    """factor, kind, item, title, points; what moved most first."""


def move_of(connection: Connection, earlier: Release, later: Release, unit: str) -> Move:
    """Why the score of a unit (code or name) moved between two releases; UnknownRelease where neither scores it."""
    moves = moves_between(connection, earlier, later)
    names = pd.concat([read_scored_units(connection, one)["name"] for one in (later, earlier)])
    code = unit if unit in set(moves.factors["unit"]) else next(iter(names.index[names == unit]), "")
    own = moves.factors[moves.factors["unit"] == code]
    if own.empty:
        raise UnknownRelease(
            f"[{earlier.key}] 与 [{later.key}] 都没有参评单位 [{unit}]。",
            f"Neither [{earlier.key}] nor [{later.key}] scores a unit [{unit}].",
        )
    frameworks = [read_framework(connection, one.framework_key) for one in (earlier, later)]
    titles = {item.code: item.label.zh for one in frameworks for item in one.indicators}
    titles |= {extra.code: extra.label.zh for one in frameworks for extra in one.adjustments}
    items = moves.items[moves.items["unit"] == code].drop(columns="unit")
    items = items.assign(title=items["item"].map(titles).fillna("其余 rest"))
    order = items["points"].abs().sort_values(ascending=False, kind="stable").index
    order_of_factors = own["factor"].map(list(FACTOR_WORDS).index).sort_values().index
    return Move(
        earlier=earlier,
        later=later,
        unit=code,
        name=str(names[~names.index.duplicated()].get(code, code)),
        published=(_published(connection, earlier, code), _published(connection, later, code)),
        places=max(one.rounding.places for one in frameworks),
        state=str(own["state"].iloc[0]),
        factors=own.loc[order_of_factors, ["factor", "points", "published_points"]].reset_index(drop=True),
        items=items.loc[order, ["factor", "kind", "item", "title", "points"]].reset_index(drop=True),
    )


def move_records(move: Move) -> dict[str, Any]:
    """The move as plain data for a program."""
    known = move.state == "value"
    return {
        "jurisdiction": move.later.jurisdiction,
        "framework": move.later.framework_code,
        "unit": move.unit,
        "name": move.name,
        "from": {"period": move.earlier.period, "revision": move.earlier.revision},
        "to": {"period": move.later.period, "revision": move.later.revision},
        "published": [None if one != one else one for one in move.published],
        "state": move.state,
        "factors": move.factors.to_dict("records") if known else [],
        "items": move.items.to_dict("records") if known else [],
    }


def _published(connection: Connection, release: Release, unit: str) -> float:
    scores = releases.read_facts(connection, release.release_id, "fct_unit_score").set_index("unit_code")
    return float(scores["published"].get(unit, np.nan))


def _earlier(connection: Connection, release: Release) -> list[Release]:
    before = str(Quarter.parse(release.period).shift(-1))
    previous = releases.current(connection, ReleaseKey(release.jurisdiction, release.framework_code, before))
    own = [one for one in releases.revisions(connection, release.key) if one.revision < release.revision]
    return [one for one in (previous, *own[-1:]) if one is not None]


def _split(connection: Connection, earlier: Release, later: Release, read: dict[int, ScoreInputs]) -> Moves:
    def inputs(release: Release) -> ScoreInputs:
        if release.release_id not in read:
            same = later.release_id in read and release.framework_key == later.framework_key
            framework = (
                read[later.release_id].framework
                if same
                else read_framework(connection, release.framework_key)
            )
            measures = read_measures(connection, release.release_id)
            read[release.release_id] = inputs_of(connection, release, framework, measures, with_history=False)
        return read[release.release_id]

    known = None
    if earlier.period != later.period:
        current = releases.current(connection, earlier.key)
        if current is not None and current.release_id != earlier.release_id:
            known = inputs(current)
    return split_moves(inputs(earlier), inputs(later), known=known)
