"""The kernel of the certainty analysis: one framework combined under many weights at once, (draws, units).

It does what `aggregate` does for one set of weights, without quantising on the way; with the declared weights
both give the same index (a test holds them together). What a matrix product cannot express – a rule, a missing
value – is done by the real engine beforehand: `Base` is its result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from include.scoring import scopes
from include.scoring.aggregate import Scored
from include.scoring.intake import Intake
from include.scoring.rounding import BILLION, Floats
from include.scoring.scopes import Ints, Scope
from include.scoring.states import State
from include.scoring.tree import Branch, Tree


@dataclass(frozen=True)
class Change:
    """A mean as a function before the weighted sum and its inverse after it."""

    before: Callable[[Floats], Floats]
    after: Callable[[Floats], Floats]
    sinks: bool
    """Whether one zero makes the mean zero."""


@dataclass(frozen=True)
class Base:
    """Indicator scores as one normalisation and one treatment of missing values leave them, from the engine."""

    tree: Tree
    scored: Scored
    min_attainable: float
    intake: Intake

    @cached_property
    def points(self) -> Floats:
        """Points of indicators, (indicators, units); 0 where there are none."""
        return np.nan_to_num(self.scored.points[: len(self.tree.indicators)])

    @cached_property
    def present(self) -> Floats:
        """1 where an indicator has points, else 0."""
        return (self.scored.attainable[: len(self.tree.indicators)] > 0).astype(np.float64)

    @cached_property
    def patterns(self) -> tuple[Floats, Ints]:
        """The distinct columns of `present`, and which of them each unit has: most units share one."""
        distinct, place = np.unique(self.present, axis=1, return_inverse=True)
        return distinct, place.ravel().astype(np.intp)


@dataclass(frozen=True)
class Combined:
    """Points and attainable points of rows of the tree, each (draws, units) or broadcasting to it."""

    points: dict[int, Floats]
    attainable: dict[int, Floats]
    index: Floats
    """Unadjusted index; NaN where a unit is not rated."""


def ratios(tree: Tree, factors: Floats) -> Floats:
    """New weight ÷ declared weight of every row of the tree: (draws, rows) from factors of the same shape.

    Under a group that sums, the points of its children still add up to its own; elsewhere weights are shared out
    among the children present anyway. A factor of 0 leaves a child out.
    """
    found = factors.copy()
    for branch in tree.branches:
        children = list(branch.children)
        # A group whose only child is left out is left out too.
        found[:, branch.row] *= found[:, children].any(axis=1)
        if branch.sums:
            full = tree.full[children]
            total = found[:, children] @ full
            scale = np.divide(full.sum(), total, out=np.zeros_like(total), where=total > 0)
            found[:, children] *= scale[:, None]
    return found


def combine_draws(
    base: Base,
    weights: Floats,
    *,
    means: Mapping[int, str] | None = None,
    drawn: Mapping[int, Floats] | None = None,
) -> Combined:
    """Combine the indicators up the tree under every draw.

    Args:
        base: the scores.
        weights: as `ratios` gives them, (draws, rows).
        means: depth of a group → mean, geometric or harmonic in place of the declared combination.
        drawn: row of an indicator → its points by draw, (draws, units), NaN as in `base`.
    """
    drawn = drawn or {}
    points: dict[int, Floats] = dict(drawn)
    attainable: dict[int, Floats] = {}
    for branch in base.tree.branches:
        kind = (means or {}).get(branch.depth)
        _branch(base, branch, weights, kind, points, attainable)
    root = base.tree.root
    reached, full = attainable[root.row], base.tree.full[root.row]
    rated = reached >= full * base.min_attainable - 1 / BILLION
    index = np.divide(
        points[root.row] * full, reached, out=np.full(points[root.row].shape, np.nan), where=rated
    )
    return Combined(points, attainable, index)


def _branch(
    base: Base,
    branch: Branch,
    weights: Floats,
    kind: str | None,
    points: dict[int, Floats],
    attainable: dict[int, Floats],
) -> None:
    tree, scored = base.tree, base.scored
    count = len(tree.indicators)
    rows = np.array(branch.children, dtype=np.intp)
    own = tree.full[rows] if branch.sums else scored.weights[branch.row]
    share = weights[:, rows] * own
    enough = scored.attainable[branch.row] > 0
    if branch.sums:
        change = _change(kind or "mean", branch.exponent)
        total, reached, sunk = _weighted(base, branch, rows, share, change, points, attainable)
        if change.before is not _same:
            total = reached * _mean_of(total, reached, sunk, change, 0.0)
        if not enough.all():
            total, reached = total * enough, reached * enough
        points[branch.row], attainable[branch.row] = total, reached
    else:
        if kind is None and branch.combine == "median":
            found = _median(base, branch, share, points, attainable)
        else:
            change = _change(kind or branch.combine, branch.exponent)
            total, reached, sunk = _weighted(base, branch, rows, share, change, points, attainable)
            found = _mean_of(total, reached, sunk, change, np.nan)
        there = np.isfinite(found) & enough
        scale = 1.0 if branch.scale is None or branch.points is None else branch.points / branch.scale
        points[branch.row] = np.where(there, found * scale, 0.0)
        attainable[branch.row] = np.where(there, branch.full, 0.0)
    if branch.depth > 0:
        _fill(base, branch, points, attainable)
    # Indicators drawn anew have done their part.
    for row in rows[rows < count]:
        points.pop(int(row), None)


def _weighted(
    base: Base,
    branch: Branch,
    rows: Ints,
    share: Floats,
    change: Change,
    points: dict[int, Floats],
    attainable: dict[int, Floats],
) -> tuple[Floats, Floats, NDArray[np.bool_] | None]:
    """The weighted sum of the children present, the weight present, and where a zero makes the mean zero.

    Children count as rates under a group that sums, so that the sum of unchanged ones is their points.
    """
    tree, before, sinks = base.tree, change.before, change.sinks
    count = len(tree.indicators)
    scale = tree.full[rows] if branch.sums else np.ones(len(rows))
    plain = np.array([row < count and row not in points for row in rows], dtype=bool)
    fixed = rows[plain]
    values = base.points[fixed] / scale[plain][:, None]
    zero = base.present[fixed] * (values <= 0) if sinks else None
    changed = before(np.where(values > 0, values, 1.0) if sinks else values)
    total = share[:, plain] @ (changed * base.present[fixed])
    patterns, place = base.patterns
    weight = share[:, plain] @ patterns[fixed]
    weight = weight if weight.shape[1] == 1 else weight[:, place]
    sunk = None if zero is None or not zero.any() else (share[:, plain] > 0).astype(float) @ zero > 0
    for column in np.flatnonzero(~plain):
        row = int(rows[column])
        if row < count:
            value, part = points[row] / scale[column], share[:, column, None] * base.present[row]
        elif branch.sums:
            reached = attainable[row]
            # The weight of a group is what of its points could be reached.
            part = share[:, column, None] * (reached / tree.full[row])
            if before is _same:
                total = total + share[:, column, None] / tree.full[row] * points[row]
                weight = weight + part
                continue
            value = np.divide(points[row], reached, out=np.zeros_like(points[row]), where=reached > 0)
        else:
            reached = attainable[row]
            enough = reached >= tree.full[row] * base.min_attainable - 1 / BILLION
            enough &= reached > 0
            part = share[:, column, None] * enough
            value = np.divide(
                points[row] * tree.full[row], reached, out=np.zeros_like(points[row]), where=enough
            )
        value = np.nan_to_num(value)
        if sinks:
            dead = (value <= 0) & (part > 0)
            sunk = dead if sunk is None else sunk | dead
            value = np.where(value > 0, value, 1.0)
        value = before(value)
        total, weight = total + part * value, weight + part
    return total, weight, sunk


def _mean_of(
    total: Floats, weight: Floats, sunk: NDArray[np.bool_] | None, change: Change, empty: float
) -> Floats:
    """The mean of the children present; `empty` where there is none."""
    there = np.broadcast_to(weight > 0, total.shape)
    found = change.after(np.divide(total, weight, out=np.ones_like(total), where=there))
    found = np.where(there, found, empty)
    return found if sunk is None else np.where(sunk & there, 0.0, found)


def _median(
    base: Base,
    branch: Branch,
    share: Floats,
    points: dict[int, Floats],
    attainable: dict[int, Floats],
) -> Floats:
    tree, count = base.tree, len(base.tree.indicators)
    stack = []
    for column, row in enumerate(branch.children):
        if row < count:
            value = points.get(row, base.points[row][None, :])
            there = base.present[row][None, :] > 0
        else:
            reached = attainable[row]
            there = (reached > 0) & (reached >= tree.full[row] * base.min_attainable - 1 / BILLION)
            value = np.divide(
                points[row] * tree.full[row], reached, out=np.zeros_like(points[row]), where=there
            )
        stack.append(np.where(there & (share[:, column, None] > 0), value, np.nan))
    ordered = np.sort(np.stack(np.broadcast_arrays(*stack)), axis=0)
    known = (~np.isnan(ordered)).sum(axis=0)
    places = np.stack([np.maximum(known - 1, 0) // 2, np.maximum(known, 1) // 2])
    places[1] = np.where(known % 2 == 1, places[0], places[1])
    middle = np.take_along_axis(ordered, places, axis=0).mean(axis=0)
    return np.where(known > 0, middle, np.nan)


def _fill(base: Base, branch: Branch, points: dict[int, Floats], attainable: dict[int, Floats]) -> None:
    """Give a missing group what its framework declares for it."""
    row, spec = branch.row, branch.missing
    scored = base.scored
    given = (scored.states[row] == State.IMPUTED) | (
        (scored.states[row] == State.MISSING) & (scored.attainable[row] > 0)
    )
    if not given.any():
        return
    reached = np.where(given, 0.0, attainable[row])
    rate = np.divide(points[row], reached, out=np.full(points[row].shape, np.nan), where=reached > 0)
    if spec.kind in {"mean", "median"}:
        scope = base.intake.scope(spec.within)
        found = (
            scopes.mean(rate, scope)
            if spec.kind == "mean"
            else scopes.percentile(rate, scope, np.full(len(rate), 50.0))
        )
        filler = np.broadcast_to(scope.spread(found), rate.shape)
    else:
        filler = np.broadcast_to(scored.points[row] / branch.full, rate.shape)
    points[row] = np.where(given, np.nan_to_num(filler) * branch.full, points[row])
    attainable[row] = np.where(given, branch.full, attainable[row])


def _same(values: Floats) -> Floats:
    return values


def _inverse(values: Floats) -> Floats:
    return np.divide(1.0, values, out=np.zeros_like(values), where=values != 0)


def _change(kind: str, exponent: float | None) -> Change:
    if kind == "geometric":
        return Change(np.log, np.exp, sinks=True)
    if kind == "harmonic":
        return Change(_inverse, _inverse, sinks=True)
    if kind == "power" and exponent is not None:
        power = exponent
        return Change(lambda x: x**power, lambda x: x ** (1 / power), sinks=power < 0)
    return Change(_same, _same, sinks=False)


def ranks_by_draw(index: Floats, scope: Scope) -> Floats:
    """Rank of each unit in its group under each draw, 1 the highest, ties the better rank; NaN stays NaN."""
    found = np.full(index.shape, np.nan)
    ordered = scope.order
    for start, size in zip(scope.starts, scope.sizes, strict=True):
        members = ordered[start : start + size]
        if not size:
            continue
        block = -index[:, members]
        order = np.argsort(block, axis=1, kind="stable")
        values = np.take_along_axis(block, order, axis=1)
        places = np.broadcast_to(np.arange(1, size + 1, dtype=np.float64), values.shape)
        new = np.ones(values.shape, dtype=bool)
        np.not_equal(values[:, 1:], values[:, :-1], out=new[:, 1:])
        if not new.all():
            places = np.maximum.accumulate(np.where(new, places, 0.0), axis=1)
        ranks = np.empty(values.shape)
        np.put_along_axis(ranks, order, places, axis=1)
        ranks[np.isnan(block)] = np.nan
        found[:, members] = ranks
    return found
