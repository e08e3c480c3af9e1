"""Why an index moved: an exact split of a difference into four factors, by the Shapley mean over their coalitions.

Each factor can be as it was or as it is; the mean, over every order in which the four change, of what the index moves
when a factor changes is its part (Shapley, A Value for n-Person Games, 1953). Parts are whole billionths and add up to
the difference exactly: what rounding leaves over goes to the largest part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.scoring.losses import shares
from include.scoring.model import Framework
from include.scoring.model_nodes import Indicator
from include.scoring.model_rules import (
    Compared,
    DistanceToReference,
    DistanceToTarget,
    Goalpost,
    MinMax,
    ZScore,
)
from include.scoring.result import ScoreResult
from include.scoring.rounding import BILLION, billionths, round_places
from include.scoring.score import score
from include.scoring.states import State

FACTORS = ("performance", "late_data", "rule_change", "peers")
PERFORMANCE, LATE_DATA, RULE_CHANGE, PEERS = FACTORS
MOVE_STATES = ("value", "appeared", "disappeared", "not_rated_before", "not_rated_after", "not_rated")
REST = "rest"
"""The item that holds what no indicator and no adjustment carries: floor, ceiling, branches that are not linear."""

Whole = NDArray[np.int64]
_ESTIMATED_WEIGHTS = {"pca", "entropy", "critic"}
_MISSING = int(State.MISSING)
_ROUNDING = 10
"""Billionths that an item's share of the index may be off by."""
_NONE, _EVERY = (False,) * len(FACTORS), (True,) * len(FACTORS)


@dataclass(frozen=True)
class ScoreInputs:
    """The arguments of `score`, and what was published from them."""

    quarter: str
    framework: Framework
    values: pd.DataFrame
    states: pd.DataFrame
    counts: pd.DataFrame
    units: pd.DataFrame
    history: Mapping[str, ScoreResult] = field(default_factory=dict)
    index: pd.Series | None = None
    """The index as published, unrounded; None: as `score` gives it now."""
    published: pd.Series | None = None

    def score(self) -> ScoreResult:
        """Score them."""
        return score(
            self.values,
            self.framework,
            quarter=self.quarter,
            units=self.units,
            states=self.states,
            counts=self.counts,
            history=self.history,
        )


@dataclass(frozen=True)
class Moves:
    """A difference between two releases, split.

    `factors`: one row per unit and factor: unit, factor, points (of the unrounded index), published_points (at the
    places of the published index), state (one of MOVE_STATES; both points are missing unless it is `value`).
    `items`: unit, factor, kind (indicator, adjustment, rest), item, points; rows of zero are left out. Points add up to
    the difference over a unit's factors, and to the factor's over its items, exactly in billionths.
    """

    factors: pd.DataFrame
    items: pd.DataFrame


@dataclass(frozen=True)
class _Figures:
    """One coalition's figures in billionths, rows in the order of the units."""

    index: Whole
    rated: NDArray[np.bool_]
    items: Whole
    """Units × items; the last is the rest, so that a row adds up to the index."""


def split_moves(before: ScoreInputs, after: ScoreInputs, *, known: ScoreInputs | None = None) -> Moves:
    """Split what each unit's index moved from `before` to `after`.

    - performance: the unit's own data of the later period in place of the earlier one's as now known;
    - late_data: the earlier period's own data as now known (`known`) in place of what was published; of two revisions
      of one period, all of the unit's own data;
    - rule_change: the later framework (and program) in place of the earlier;
    - peers: the other units' data, where a rule, an imputation or a weight is estimated from them.

    A coalition in which a unit cannot be rated, though it is at both ends, counts as halfway: by the share of factors
    that have changed in it.

    Args:
        before: what was published first.
        after: what was published later.
        known: the earlier period as it is known now; `before` where nothing was corrected since.
    """
    split = _Split(before, after, known or before)
    coalitions = {chosen: split.figures(*chosen) for chosen in product((False, True), repeat=len(FACTORS))}
    none, every = coalitions[_NONE], coalitions[_EVERY]
    was, now = _rated(before, none, split.units), _rated(after, every, split.units)
    both = was & now
    _fill(coalitions, split.active, both)
    points = np.stack([_shapley(coalitions, place, "index") for place in range(len(FACTORS))])
    items = np.stack([_shapley(coalitions, place, "items") for place in range(len(FACTORS))])
    first, first_published = _ends(before, none, split.units)
    last, last_published = _ends(after, every, split.units)
    # Where the program gives other figures now than it published, its own change is one of the rules.
    points[FACTORS.index(RULE_CHANGE)] += (last - every.index) - (first - none.index)
    points = _added_up(points, last - first)
    items[:, :, -1] += points - items.sum(axis=2)
    _fold(items)
    places = max(before.framework.rounding.places, after.framework.rounding.places)
    step = 10 ** (9 - places)
    shown = _added_up(_divided(points, step) * step, last_published - first_published)
    return Moves(_factors(split.units, points, shown, _states(split, was, now)), _items(split, items, both))


def item_points(result: ScoreResult, framework: Framework) -> pd.DataFrame:
    """Points of the index that each indicator and adjustment carries: units × (kind, item).

    NaN where an item does not count, or stands under a branch that is not linear.
    """
    worth = result.points.where(result.attainable > 0) * shares(result, framework)
    return pd.concat([worth, result.adjustments], axis=1, keys=["indicator", "adjustment"])


def depends_on_peers(framework: Framework) -> bool:
    """Whether a unit's index depends on other units: estimated scales, ranks, imputation, outliers, weights."""
    missing = [framework.missing, *(one.missing for one in (*framework.indicators, *framework.groups))]
    weights = [framework.weights, *(group.weights for group in framework.groups)]
    return (
        any(is_estimated(one) for one in framework.indicators)
        or any(one is not None and one.kind in {"mean", "median"} for one in missing)
        or any(one is not None and one.kind in _ESTIMATED_WEIGHTS for one in weights)
    )


def is_estimated(indicator: Indicator) -> bool:
    """Whether what a value earns depends on other units' values."""
    rule = indicator.rule
    if indicator.treat is not None:
        return True
    if not isinstance(rule, Compared):
        return False
    if isinstance(rule, MinMax):
        return not (_fixed(rule.low) and _fixed(rule.high))
    if isinstance(rule, ZScore):
        return rule.mean is None or rule.sd is None
    if isinstance(rule, DistanceToTarget):
        return rule.base is None or not _fixed(rule.base)
    return not (
        isinstance(rule, DistanceToReference) and rule.form == "ratio" and not isinstance(rule.reference, str)
    )


def _fixed(post: Goalpost) -> bool:
    return post.fixed is not None


class _Split:
    """The coalitions of one pair of releases, each distinct one scored once."""

    def __init__(self, before: ScoreInputs, after: ScoreInputs, known: ScoreInputs) -> None:
        self.before, self.after, self.known = before, after, known
        self.same_period = before.quarter == after.quarter
        self.units = before.values.index.union(after.values.index).sort_values()
        self.by_peers = depends_on_peers(before.framework) or depends_on_peers(after.framework)
        self.frameworks = (before.framework, after.framework)
        indicators = [one.code for one in before.framework.indicators + after.framework.indicators]
        adjustments = [one.code for one in before.framework.adjustments + after.framework.adjustments]
        self.names = [
            *(("indicator", code) for code in dict.fromkeys(indicators)),
            *(("adjustment", code) for code in dict.fromkeys(adjustments)),
            (REST, ""),
        ]
        # In the order of FACTORS: which can differ at all.
        self.active = (
            not self.same_period,
            self.same_period or self.known is not before,
            before.framework.digest != after.framework.digest,
            self.by_peers,
        )
        self._scored: dict[tuple[int, int, str], _Figures] = {}

    def figures(self, performance: bool, late_data: bool, rule_change: bool, peers: bool) -> _Figures:
        if self.same_period:
            return self._at(self.after if late_data else self.before, rule_change, peers)
        if performance and not late_data and self.known is not self.before:
            # Once the later period's data are in, the earlier one's no longer count: what its correction moves, it
            # moves alike with them and without.
            parts = [self._at(one, rule_change, peers) for one in (self.after, self.known, self.before)]
            later, corrected, first = parts
            return _Figures(
                later.index - (corrected.index - first.index),
                later.rated & corrected.rated & first.rated,
                later.items - (corrected.items - first.items),
            )
        own = self.after if performance else self.known if late_data else self.before
        return self._at(own, rule_change, peers)

    def _at(self, own: ScoreInputs, rule_change: bool, peers: bool) -> _Figures:
        framework = self.frameworks[rule_change]
        others = (self.after if peers else self.before) if self.by_peers else own
        key = id(own), id(others), framework.digest
        if key not in self._scored:
            self._scored[key] = (
                self._figures(_under(own, framework), self.units)
                if own is others
                else self._one_by_one(own, others, framework)
            )
        return self._scored[key]

    def _one_by_one(self, own: ScoreInputs, others: ScoreInputs, framework: Framework) -> _Figures:
        """Each unit with its own data among the others' as they were, or are."""
        count = len(self.units)
        items = np.zeros((count, len(self.names)), dtype=np.int64)
        found = _Figures(np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool), items)
        for place, unit in enumerate(self.units):
            if unit in own.values.index:
                one = self._figures(_under(_with_unit(others, own, unit), framework), pd.Index([unit]))
                found.index[place], found.rated[place], items[place] = (
                    one.index[0],
                    one.rated[0],
                    one.items[0],
                )
        return found

    def _figures(self, inputs: ScoreInputs, units: pd.Index) -> _Figures:
        result = inputs.score()
        parts = item_points(result, inputs.framework)
        wide = parts.reindex(index=units, columns=pd.MultiIndex.from_tuples(self.names[:-1]))
        index = result.index.reindex(units).to_numpy(dtype=np.float64)
        rated, whole = ~np.isnan(index), _whole(index)
        items = np.where(rated[:, None], _whole(wide.to_numpy(dtype=np.float64)), 0)
        return _Figures(whole, rated, np.column_stack([items, whole - items.sum(axis=1)]))


def _under(inputs: ScoreInputs, framework: Framework) -> ScoreInputs:
    """The same data under a framework, in force or not; what it wants and was not measured then is missing.

    Warnings and grades are left out: they move no index.
    """
    lasting = framework.altered(effective_from=None, effective_to=None, warnings=(), grades=())
    wanted = [column for column in framework.measures if column not in inputs.values.columns]
    columns = [*inputs.values.columns, *wanted]
    kept = inputs.values.index
    if framework.peer_groups is not None:
        kept = kept[inputs.units["peer_group"].reindex(kept).isin(framework.peer_groups)]
    return replace(
        inputs,
        framework=lasting,
        values=inputs.values.reindex(index=kept, columns=columns),
        states=inputs.states.reindex(index=kept, columns=columns, fill_value=_MISSING),
        counts=inputs.counts.reindex(index=kept, columns=columns),
        units=inputs.units.reindex(kept),
    )


def _with_unit(others: ScoreInputs, own: ScoreInputs, unit: str) -> ScoreInputs:
    """The others' data with one unit's own in place of theirs for it; its past is its own too."""
    columns = others.values.columns.union(own.values.columns, sort=False)

    def mixed(theirs: pd.DataFrame, its: pd.DataFrame, absent: float = np.nan) -> pd.DataFrame:
        rest = theirs.drop(index=unit, errors="ignore").reindex(columns=columns, fill_value=absent)
        return pd.concat([rest, its.loc[[unit]].reindex(columns=columns, fill_value=absent)])

    attributes = own.units.columns.union(others.units.columns, sort=False)
    units = pd.concat([others.units.drop(index=unit, errors="ignore"), own.units.loc[[unit]]])
    return replace(
        own,
        values=mixed(others.values, own.values),
        states=mixed(others.states, own.states, _MISSING),
        counts=mixed(others.counts, own.counts),
        units=units.reindex(columns=attributes),
    )


def _whole(figures: NDArray[np.float64]) -> Whole:
    return np.nan_to_num(billionths(figures)).astype(np.int64)


def _fill(
    coalitions: Mapping[tuple[bool, ...], _Figures], active: tuple[bool, ...], both: NDArray[np.bool_]
) -> None:
    """Put units that a coalition cannot rate between the ends, by how many of the factors in play have changed."""
    none, every = coalitions[_NONE], coalitions[_EVERY]
    for chosen, one in coalitions.items():
        lacking = both & ~one.rated
        if lacking.any():
            changed = sum(is_chosen and counts for is_chosen, counts in zip(chosen, active, strict=True))
            for mine, low, high in (
                (one.index, none.index, every.index),
                (one.items, none.items, every.items),
            ):
                mine[lacking] = low[lacking] + (high - low)[lacking] * changed // sum(active)
            one.items[lacking, -1] += one.index[lacking] - one.items[lacking].sum(axis=1)


def _shapley(coalitions: Mapping[tuple[bool, ...], _Figures], place: int, what: str) -> Whole:
    """The mean of what a factor moves over all orders, rounded to billionths."""
    count = len(FACTORS)
    total: Whole = np.zeros_like(getattr(coalitions[_NONE], what))
    for chosen, one in coalitions.items():
        if not chosen[place]:
            added = tuple(True if other == place else is_in for other, is_in in enumerate(chosen))
            orders = factorial(sum(chosen)) * factorial(count - sum(chosen) - 1)
            total += orders * (getattr(coalitions[added], what) - getattr(one, what))
    return _divided(total, factorial(count))


def _divided(whole: Whole, by: int) -> Whole:
    """To the nearest whole number, halves away from zero."""
    return np.sign(whole) * ((2 * np.abs(whole) + by) // (2 * by))


def _added_up(parts: Whole, total: Whole) -> Whole:
    """Parts (factors, units) with what they lack to the total put on the largest, the first of equals."""
    largest = np.argmax(np.abs(parts), axis=0)
    found = parts.copy()
    found[largest, np.arange(parts.shape[1])] += total - parts.sum(axis=0)
    return found


def _fold(items: Whole) -> None:
    """Put a rest that is no more than rounding on the factor's largest item."""
    largest = np.argmax(np.abs(items), axis=2)[:, :, None]
    rest = np.where(np.abs(items[:, :, -1]) <= _ROUNDING * items.shape[2], items[:, :, -1], 0)
    np.put_along_axis(items, largest, np.take_along_axis(items, largest, axis=2) + rest[:, :, None], axis=2)
    items[:, :, -1] -= rest


def _ends(inputs: ScoreInputs, figures: _Figures, units: pd.Index) -> tuple[Whole, Whole]:
    """Index and published index in billionths: as published where that is known, else as scored now."""
    index, published = inputs.index, inputs.published
    places, mode = inputs.framework.rounding.places, inputs.framework.rounding.mode
    scored = np.where(figures.rated, figures.index / BILLION, np.nan)
    return (
        _whole(scored if index is None else index.reindex(units).to_numpy(dtype=np.float64)),
        _whole(
            round_places(scored, places=places, mode=mode)
            if published is None
            else published.reindex(units).to_numpy(dtype=np.float64)
        ),
    )


def _rated(inputs: ScoreInputs, figures: _Figures, units: pd.Index) -> NDArray[np.bool_]:
    if inputs.index is None:
        return figures.rated
    return figures.rated & inputs.index.reindex(units).notna().to_numpy()


def _states(split: _Split, was: NDArray[np.bool_], now: NDArray[np.bool_]) -> NDArray[np.object_]:
    conditions = {
        "appeared": ~split.units.isin(split.before.values.index),
        "disappeared": ~split.units.isin(split.after.values.index),
        "not_rated": ~was & ~now,
        "not_rated_before": ~was,
        "not_rated_after": ~now,
    }
    return np.select(list(conditions.values()), list(conditions), "value").astype(object)


def _factors(units: pd.Index, points: Whole, published: Whole, states: NDArray[np.object_]) -> pd.DataFrame:
    known = np.tile(states == "value", len(FACTORS))
    return pd.DataFrame(
        {
            "unit": np.tile(units.to_numpy(), len(FACTORS)),
            "factor": np.repeat(np.array(FACTORS, dtype=object), len(units)),
            "points": np.where(known, points.ravel() / BILLION, np.nan),
            "published_points": np.where(known, published.ravel() / BILLION, np.nan),
            "state": np.tile(states, len(FACTORS)),
        }
    ).sort_values("unit", kind="stable", ignore_index=True)


def _items(split: _Split, items: Whole, both: NDArray[np.bool_]) -> pd.DataFrame:
    factor, unit, item = np.nonzero(np.where(both[None, :, None], items, 0))
    kinds, codes = (np.array(part, dtype=object) for part in zip(*split.names, strict=True))
    return pd.DataFrame(
        {
            "unit": split.units.to_numpy()[unit],
            "factor": np.array(FACTORS, dtype=object)[factor],
            "kind": kinds[item],
            "item": codes[item],
            "points": items[factor, unit, item] / BILLION,
        }
    ).sort_values("unit", kind="stable", ignore_index=True)
