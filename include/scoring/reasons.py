"""What would undo each cause of a colour, as numbers, and the smallest change to green where it is one number.

Nothing is scored again: points, shares and numerators follow from the result. `improve` finds the way indicator by
indicator; what is lacking here is what any way must bring.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from include.scoring.causes import Cause, below
from include.scoring.improve import Counted, numerator_needed
from include.scoring.model import Framework
from include.scoring.model_parts import COLOURS
from include.scoring.result import ScoreResult
from include.scoring.rounding import BILLION

Shares = tuple[pd.DataFrame, pd.DataFrame]
"""Points of the index for each point of an indicator, and of a group: units × codes."""
NO_NUMBER = ("none_fact", "none_peers", "none_data", "see_rule")
"""Remedies that no number says: a confirmed fact, the ranks of others, data that did not come, anything else."""
_STEP = 1e-12


@dataclass(frozen=True)
class Reason:
    """One cause with what would undo it; a number that does not apply is None."""

    cause: Cause
    remedy: str
    """points, cases, value, or one of NO_NUMBER."""
    points_lacking: float | None = None
    """Raw points of the target, before they are scaled by declared ÷ attainable."""
    index_points_lacking: float | None = None
    """The same in points of the index; None where the framework is not linear in the target."""
    counted: Counted | None = None
    numerator_needed: float | None = None

    @property
    def value_needed(self) -> float | None:
        """The value of the measure that would do."""
        if self.counted is not None and self.numerator_needed is not None:
            return self.counted.at(self.numerator_needed)
        return self.cause.gap.value if self.cause.gap is not None and self.remedy == "value" else None


def reasons_of(
    result: ScoreResult,
    framework: Framework,
    causes: Mapping[str, Sequence[Cause]],
    counted: Mapping[tuple[str, str], Counted],
    shares: Shares,
) -> dict[str, list[Reason]]:
    """Say by unit what would undo each of its causes.

    Args:
        result: the scores.
        framework: what they were scored by.
        causes: of `causes_of`.
        counted: numerator and denominator by unit and column of `values`, of the measures that causes are on.
        shares: of `shares_of_rows`.
    """
    indicators, groups = shares
    plain = [one.code for one in framework.adjustments if one.kind != "veto"]
    adjusted = result.adjustments[plain].sum(axis=1)
    columns = {one.code: one.measure or one.code for one in framework.indicators}

    def reason(unit: str, cause: Cause) -> Reason:
        kind, _, code = cause.target.partition(".")
        if cause.gap is None:
            return Reason(cause, _no_number(cause))
        if cause.gap.value is not None:
            own = counted.get((unit, columns[code]))
            needed = numerator_needed(cause, own, framework)
            if own is None or needed is None:
                return Reason(cause, "value")
            return Reason(cause, "cases", counted=own, numerator_needed=needed)
        lacking = cause.gap.points or 0.0
        if kind == "index":
            if _is_capped(float(result.index[unit]) + lacking, framework, causes[unit]):
                return Reason(cause, "none_fact")
            before = float(result.index[unit]) - float(adjusted[unit])
            return Reason(cause, "points", _raw_points(cause, before, lacking, result.full), lacking)
        share = _cell(groups if kind == "groups" else indicators, unit, code)
        return Reason(cause, "points", lacking, None if np.isnan(share) else _up(lacking * share))

    return {unit: [reason(unit, one) for one in found] for unit, found in causes.items()}


def smallest_change(
    unit: str, reasons: Sequence[Reason], result: ScoreResult, framework: Framework, shares: Shares
) -> Reason | None:
    """The one number that undoes every reason: of one target, or points within the narrowest of nested ones.

    None where there is no such number: a reason without one, several targets, or more points than there are.
    """
    remedies, targets = {one.remedy for one in reasons}, {one.cause.target for one in reasons}
    if not reasons or remedies & set(NO_NUMBER):
        return None
    if len(targets) == 1 and len(remedies) == 1:
        return _furthest(reasons)
    if remedies != {"points"}:
        return None
    return _within_the_narrowest(unit, reasons, result, framework, shares)


def band_colours(result: ScoreResult, framework: Framework) -> dict[str, str]:
    """What the bands alone give each unit; '' for a unit that is not rated."""
    held = {str(unit): worst(own) for unit, own in result.bands.groupby("unit")["colour"]}
    rated = zip(result.index.index.tolist(), result.index.notna().tolist(), strict=True)
    return {str(unit): held.get(unit, framework.colours.otherwise) if known else "" for unit, known in rated}


def worst(colours: Iterable[str]) -> str:
    """The worst of some colours; '' of none."""
    return max(colours, key=COLOURS.index, default="")


def _no_number(cause: Cause) -> str:
    if cause.kind == "veto":
        return "none_fact"
    names = {term.name for term in cause.when.terms}
    return "none_peers" if "rank_share" in names else "none_data" if "state" in names else "see_rule"


def _is_capped(wanted: float, framework: Framework, causes: Iterable[Cause]) -> bool:
    """Whether a veto that holds keeps the index below what is wanted."""
    held = {one.code for one in causes if one.kind == "veto"}
    effects = [one.effect for one in framework.adjustments if one.code in held and one.effect is not None]
    return any(one.index_at_most is not None and one.index_at_most < wanted for one in effects)


def _raw_points(cause: Cause, before: float, lacking: float, full: float) -> float | None:
    """The least whole billionths of raw points that raise the index, `before` adjustments, by what is lacking."""
    attainable, raw = cause.figures.get("attainable"), cause.figures.get("raw_points")
    if not attainable or raw is None:
        return None
    needed = -(-(_whole(before) + _whole(lacking)) * _whole(attainable) // _whole(full))
    return max(needed - _whole(raw), 0) / BILLION


def _cell(frame: pd.DataFrame, unit: str, code: str) -> float:
    return float(frame[code][unit])


def _whole(number: float) -> int:
    return round(number * BILLION)


def _up(number: float) -> float:
    """Whole billionths, not less but for what a double cannot hold."""
    return float(np.ceil(np.round(number * BILLION, 3)) / BILLION)


def _furthest(reasons: Sequence[Reason]) -> Reason | None:
    """Of reasons on one target, the one whose remedy is enough for all; None where they pull apart."""
    if reasons[0].remedy == "points":
        return max(reasons, key=lambda one: one.points_lacking or 0.0)
    moves = [(one.value_needed or 0.0) - (one.cause.gap.figure if one.cause.gap else 0.0) for one in reasons]
    if min(moves) < 0 < max(moves):
        return None
    return reasons[int(np.argmax(np.abs(moves)))]


def _within_the_narrowest(
    unit: str, reasons: Sequence[Reason], result: ScoreResult, framework: Framework, shares: Shares
) -> Reason | None:
    parts = {one.cause.target: below(framework, one.cause.target) for one in reasons}
    order = sorted(parts, key=lambda target: (len(parts[target]), target == "index"))
    nested = all(parts[inner] <= parts[outer] for inner, outer in pairwise(order))
    if not nested or any(one.index_points_lacking is None for one in reasons):
        return None
    kind, _, code = order[0].partition(".")
    indicators, groups = shares
    share = _cell(groups if kind == "groups" else indicators, unit, code)
    frames = (
        (result.group_attainable, result.group_points)
        if kind == "groups"
        else (result.attainable, result.points)
    )
    most = _cell(frames[0], unit, code) - _cell(frames[1], unit, code)
    whole = result.full / float(result.index_attainable[unit])
    needed = 0.0
    for one in reasons:
        # Where points are summed all the way, a point of the index's is a point of its groups'.
        same = one.cause.target == order[0] or abs(share - whole) < _STEP
        raw = one.points_lacking if same else _up((one.index_points_lacking or 0.0) / share)
        needed = max(needed, raw or 0.0)
    if needed > most:
        return None
    narrowest = next(one for one in reasons if one.cause.target == order[0])
    index_points = max(one.index_points_lacking or 0.0 for one in reasons)
    return Reason(narrowest.cause, "points", needed, index_points)
