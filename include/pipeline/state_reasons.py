"""Why a figure is not there: of every indicator, group, index and change without a value, as far as is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.measures.matrix import STATES
from include.scoring import Framework, ScoreResult
from include.scoring.model_nodes import Indicator
from include.scoring.moves import ScoreInputs
from include.scoring.prepare import rungs

_COLUMNS = ("unit_code", "level", "code", "state", "reason", "figure", "minimum")
_MISSING = STATES.index("missing")


@dataclass(frozen=True)
class Feeds:
    """What came for a quarter."""

    absent: Collection[str]
    """Feeds that the county does not have."""
    arrived: Mapping[str, bool]
    """Of the others, whether they were delivered for the quarter."""


def state_frame(
    result: ScoreResult,
    facts: Mapping[str, pd.DataFrame],
    scored: ScoreInputs,
    feeds: Feeds,
    previous: ScoreResult | None,
) -> pd.DataFrame:
    """Lay out the frame `fct_state_reason`.

    Args:
        result: the scores.
        facts: the same as `fact_frames` lays them out.
        scored: what they were made from.
        feeds: what came for the quarter.
        previous: the quarter before, that changes are measured from; None where there is none.
    """
    parts = [
        _of_indicators(_states(result, facts["fct_indicator_score"]), result, scored, feeds),
        _of_groups(_states(result, facts["fct_group_score"]), result, scored.framework),
        _of_index(result, scored.framework),
        _of_changes(result, previous),
    ]
    filled = [one for one in parts if len(one)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(_COLUMNS))


def _states(result: ScoreResult, rows: pd.DataFrame) -> NDArray[np.object_]:
    """Units × codes: rows stand by unit, then by code."""
    return rows["state"].to_numpy(dtype=object).reshape(len(result.index), -1)


def _of_indicators(
    states: NDArray[np.object_], result: ScoreResult, scored: ScoreInputs, feeds: Feeds
) -> pd.DataFrame:
    indicators, units = scored.framework.indicators, result.index.index
    columns = [next(iter(rungs(one)), one.measure or one.code) for one in indicators]
    given, counts = (frame[columns].reindex(units).to_numpy() for frame in (scored.states, scored.counts))
    floor = np.array([one.min_denominator or np.nan for one in indicators])
    names = [column.partition(".")[0] for column in columns]
    came = np.array([feeds.arrived.get(name, True) for name in names])
    gone, lacking = states == "not_applicable", np.isin(states, ("missing", "not_rated", "imputed"))
    reasons = {
        "suppressed": states == "suppressed",
        "other_peer_group": gone & _outside(indicators, scored.units, units),
        "feed_not_used": gone & np.array([name in feeds.absent for name in names]),
        "nothing_to_judge": gone,
        "feed_not_received": lacking & ~came,
        "too_few_cases": (states == "not_rated") & (counts < floor),
        "no_figure": given == _MISSING,
    }
    said = np.select(list(reasons.values()), list(reasons), "rule_cannot_score")
    unit, place = np.nonzero(states != "value")
    few = said[unit, place] == "too_few_cases"
    return _frame(
        units[unit],
        "indicator",
        np.array([one.code for one in indicators], dtype=object)[place],
        states[unit, place],
        said[unit, place],
        figure=np.where(few, counts[unit, place], np.nan),
        minimum=np.where(few, floor[place], np.nan),
    )


def _outside(indicators: Sequence[Indicator], units: pd.DataFrame, codes: pd.Index) -> NDArray[np.bool_]:
    """Where an indicator does not apply to the unit's peer group."""
    found = np.zeros((len(codes), len(indicators)), dtype=bool)
    limited = [place for place, one in enumerate(indicators) if one.applies_to is not None]
    for place in limited:
        found[:, place] = ~units["peer_group"].reindex(codes).isin(indicators[place].applies_to or ())
    return found


def _of_groups(states: NDArray[np.object_], result: ScoreResult, framework: Framework) -> pd.DataFrame:
    unit, place = np.nonzero(states != "value")
    if not len(unit):
        return pd.DataFrame()
    codes = list(result.group_points.columns)
    parents = {one.code: one.group for one in framework.indicators}
    parents |= {one.code: one.parent for one in framework.groups}
    above = [parents[code] for code in (*result.points.columns, *codes)]
    attainable = np.hstack([result.attainable.to_numpy(), result.group_attainable.to_numpy()])
    under = np.array([[parent == code for code in codes] for parent in above], dtype=np.int64)
    some = (attainable > 0).astype(np.int64) @ under > 0
    reasons = np.where(some[unit, place], "too_few_children", "no_child")
    shown = np.array(codes, dtype=object)[place]
    return _frame(result.index.index[unit], "group", shown, states[unit, place], reasons)


def _of_index(result: ScoreResult, framework: Framework) -> pd.DataFrame:
    out = result.index.isna().to_numpy()
    share = (result.index_attainable / result.full).round(9).to_numpy(dtype=np.float64)[out]
    short = (share > 0) & (share < framework.min_attainable)
    return _frame(
        result.index.index[out],
        "index",
        "",
        np.full(len(share), "not_rated", dtype=object),
        np.where(short, "too_little_attainable", np.where(share > 0, "too_few_children", "no_child")),
        figure=np.where(short, share, np.nan),
        minimum=np.where(short, framework.min_attainable, np.nan),
    )


def _of_changes(result: ScoreResult, previous: ScoreResult | None) -> pd.DataFrame:
    units, rated = result.index.index, result.index.notna().to_numpy()
    was = pd.Series(dtype=float) if previous is None else previous.published
    before = was.reindex(units).notna().to_numpy()
    reasons = np.select(
        [~rated, np.full(len(units), previous is None), ~units.isin(was.index)],
        ["not_rated_now", "no_earlier_release", "not_scored_before"],
        "not_rated_before",
    )
    out = ~(rated & before)
    shown = np.full(int(out.sum()), "none", dtype=object)
    return _frame(units[out], "change", "", shown, reasons[out])


def _frame(
    units: pd.Index,
    level: str,
    code: str | NDArray[np.object_],
    states: NDArray[np.object_],
    reasons: NDArray[np.str_],
    *,
    figure: NDArray[np.float64] | float = np.nan,
    minimum: NDArray[np.float64] | float = np.nan,
) -> pd.DataFrame:
    columns = (units.to_numpy(), level, code, states, reasons, figure, minimum)
    return pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True)))
