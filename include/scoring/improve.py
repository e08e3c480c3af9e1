"""What would turn a unit green: on each indicator the least that does, found with the engine's own rules.

Only the numerator moves, never the denominator: a unit improves by doing more of what came to it, not by having less
come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from include.scoring.causes import Cause, below
from include.scoring.losses import shares_of_rows
from include.scoring.model import Framework
from include.scoring.model_nodes import Colours, Indicator, Ranking
from include.scoring.model_rules import Ladder
from include.scoring.moves import ScoreInputs, is_estimated
from include.scoring.result import ScoreResult
from include.scoring.rounding import BILLION, Floats
from include.scoring.score import score

_STEPS = 64
"""Trials between a value and its best; again between the two trials around what is wanted: 1/4096 of the way."""
_ROUNDS = 2
_SLACK = 2e-9
"""Points that quantising on the way up may take."""
_DECIMALS = 4


@dataclass(frozen=True)
class Counted:
    """A measure of one unit; `denominator` is None for a count or an amount."""

    numerator: float
    denominator: float | None

    @property
    def whole(self) -> bool:
        """Whether cases are counted, so that only whole numbers make sense."""
        return self.numerator.is_integer() and (self.denominator is None or self.denominator.is_integer())

    @property
    def value(self) -> float:
        """The measure's value."""
        return self.numerator if self.denominator is None else self.numerator / self.denominator

    def at(self, numerator: float) -> float:
        """The value with another numerator."""
        return numerator if self.denominator is None else numerator / self.denominator


@dataclass(frozen=True)
class Step:
    """One indicator brought to where it must be."""

    indicator: str
    points: float
    """Points of the indicator that it would gain."""
    available: float
    """Points that it lost, hence the most it could gain."""
    now: Counted
    needed: float
    """The numerator that does it."""

    @property
    def value_needed(self) -> float:
        """The value that does it."""
        return self.now.at(self.needed)


@dataclass(frozen=True)
class Remedy:
    """How one cause could be undone."""

    cause: Cause
    alone: tuple[Step, ...]
    """Indicators that would do it by themselves, the one with the least of its lost points to regain first."""
    available: float
    """Points on the target that its indicators lost and could regain."""


@dataclass(frozen=True)
class Improvement:
    """What would turn a unit green."""

    remedies: tuple[Remedy, ...]
    plan: tuple[Step, ...]
    """The fewest indicators that together undo every cause, each as far as needed; empty where that cannot be."""
    colour: str
    """The colour of the unit with the plan carried out, scored by the engine among all units; '' without a plan."""


def improve(
    inputs: ScoreInputs,
    result: ScoreResult,
    unit: str,
    causes: Sequence[Cause],
    measured: Mapping[str, Counted],
) -> Improvement:
    """Find what would turn `unit` green.

    Args:
        inputs: what was scored.
        result: what came of it.
        unit: the unit.
        causes: its causes, from `with_causes`.
        measured: numerator and denominator by column of `values`, of this unit.
    """
    search = _Search(inputs, result, unit, measured)
    remedies = tuple(search.remedy(cause) for cause in causes)
    plan = search.plan(causes)
    colour = search.colour(plan) if plan else ""
    return Improvement(remedies, tuple(plan.values()), colour)


class _Search:
    def __init__(
        self, inputs: ScoreInputs, result: ScoreResult, unit: str, measured: Mapping[str, Counted]
    ) -> None:
        self.inputs, self.result, self.unit, self.measured = inputs, result, unit, measured
        self.framework: Framework = inputs.framework
        indicators, groups = shares_of_rows(result, self.framework)
        self.worth, self.group_worth = _row(indicators, unit), _row(groups, unit)
        self.points, self.attainable = _row(result.points, unit), _row(result.attainable, unit)
        peers = result.peer_groups == result.peer_groups[unit]
        # No further, at first, than the best of the peers is already: what nobody reaches is no plan.
        best = result.points[peers].max()
        self.reached = {code: min(float(best[code]), most) for code, most in self.attainable.items()}
        self.column = {one.code: one.measure or one.code for one in self.framework.indicators}
        self.movable = {one.code: one for one in self.framework.indicators if self._movable(one)}

    def _movable(self, indicator: Indicator) -> bool:
        """Lost points, with a rule that looks at nobody else, on a measure whose numerator is known."""
        code = indicator.code
        counted = self.measured.get(self.column[code])
        return (
            counted is not None
            and counted.denominator != 0
            and self.attainable[code] > 0
            and self.attainable[code] - self.points[code] > 1e-9
            and not isinstance(indicator.rule, Ladder)
            and indicator.denominate_by is None
            and not is_estimated(indicator)
        )

    def remedy(self, cause: Cause) -> Remedy:
        """The single indicators that would undo a cause."""
        if cause.gap is None:
            return Remedy(cause, (), 0.0)
        if cause.gap.value is not None:
            step = self._to_value(cause)
            return Remedy(cause, () if step is None else (step,), 0.0)
        worth = self._worth(cause.target)
        lost = {code: self.attainable[code] - self.points[code] for code in worth}
        wanted = {
            code: self.points[code] + (cause.gap.points or 0.0) / worth[code] + _SLACK
            for code in worth
            if lost[code] * worth[code] >= (cause.gap.points or 0.0)
        }
        steps = sorted(self._steps(wanted).values(), key=lambda step: step.points / step.available)
        return Remedy(cause, tuple(steps), sum(lost[code] * worth[code] for code in worth))

    def plan(self, causes: Sequence[Cause]) -> dict[str, Step]:
        """Undo the causes one after the other: values first, then the narrowest targets."""
        steps: dict[str, Step] = {}
        order = sorted(
            causes,
            key=lambda one: (
                one.gap is None or one.gap.value is None,
                len(below(self.framework, one.target)),
            ),
        )
        for cause in order:
            if cause.gap is None:
                return {}
            if cause.gap.value is not None:
                step = self._to_value(cause)
                if step is None:
                    return {}
                kept = steps.get(step.indicator)
                if kept is None or step.points > kept.points:
                    steps[step.indicator] = step
            elif not self._close(cause, steps):
                return {}
        return steps

    def _close(self, cause: Cause, steps: dict[str, Step]) -> bool:
        worth = self._worth(cause.target)
        gained = {code: step.points for code, step in steps.items()}
        within = below(self.framework, cause.target)
        gap = (cause.gap.points or 0.0) if cause.gap else 0.0
        gap -= sum(
            self._worth_of(code, cause.target) * points for code, points in gained.items() if code in within
        )
        limits: Mapping[str, float] = self.reached
        while gap > _SLACK:
            left = {
                code: (limits[code] - self.points[code] - gained.get(code, 0.0)) * worth[code]
                for code in worth
            }
            if sum(max(most, 0.0) for most in left.values()) < gap and limits is self.reached:
                limits = self.attainable
                continue
            enough = [code for code, most in left.items() if most >= gap]
            if enough:
                # Of those that can close it, the one with the least of its own to regain.
                code = min(enough, key=lambda one: gap / left[one])
                target = self.points[code] + gained.get(code, 0.0) + gap / worth[code] + _SLACK
            else:
                code = max(left, key=lambda one: left[one], default="")
                if not code or left[code] <= _SLACK:
                    return False
                target = limits[code] - _SLACK
            found = self._steps({code: float(target)})
            if code not in found:
                del worth[code]
                continue
            gap -= (found[code].points - gained.get(code, 0.0)) * worth[code]
            gained[code] = found[code].points
            steps[code] = found[code]
        return True

    def _worth(self, target: str) -> dict[str, float]:
        """Points of the target for each point of its movable indicators."""
        codes = [code for code in self.movable if code in below(self.framework, target)]
        worth = {code: self._worth_of(code, target) for code in codes}
        return {code: one for code, one in worth.items() if one > 0}

    def _worth_of(self, code: str, target: str) -> float:
        kind, _, name = target.partition(".")
        of_target = (
            1.0 if kind == "index" else self.group_worth[name] if kind == "groups" else self.worth[code]
        )
        return float(self.worth[code] / of_target) if of_target > 0 else float("nan")

    def _to_value(self, cause: Cause) -> Step | None:
        """The numerator that brings an indicator's value to where its warning is not raised."""
        code = cause.target.partition(".")[2]
        counted = self.measured.get(self.column[code])
        needed = numerator_needed(cause, counted, self.framework)
        if counted is None or needed is None:
            return None
        points = self._earned({code: np.array([needed])})[code][0] - self.points[code]
        return Step(code, float(points), float(self.attainable[code] - self.points[code]), counted, needed)

    def _steps(self, wanted: Mapping[str, float]) -> dict[str, Step]:
        """For each indicator the numerator nearest to its own that earns the points wanted."""
        best: dict[str, tuple[float, float]] = {}
        for rising in (True, False):
            codes = [code for code in wanted if code not in best]
            ends = {code: self._end(code, rising=rising) for code in codes}
            ranges = {code: (self._now(code).numerator, end) for code, end in ends.items() if end is not None}
            for _ in range(_ROUNDS):
                trials = {code: self._trials(code, *limits, rising=rising) for code, limits in ranges.items()}
                earned = self._earned(trials) if trials else {}
                ranges = {}
                for code, points in earned.items():
                    reached = np.flatnonzero(points >= wanted[code] - _SLACK)
                    if reached.size:
                        first = int(reached[0])
                        best[code] = float(trials[code][first]), float(points[first])
                        if first:
                            ranges[code] = float(trials[code][first - 1]), float(trials[code][first])
        return {
            code: Step(
                code,
                points - float(self.points[code]),
                float(self.attainable[code] - self.points[code]),
                self._now(code),
                needed,
            )
            for code, (needed, points) in best.items()
        }

    def _now(self, code: str) -> Counted:
        return self.measured[self.column[code]]

    def _end(self, code: str, *, rising: bool) -> float | None:
        """The furthest numerator worth trying: where the rule changes last, and no more cases than there are."""
        counted, numbers = self._now(code), _numbers(self.movable[code])
        scale = counted.denominator or 1.0
        furthest = max(numbers) * scale if rising else min(numbers) * scale
        if (
            counted.whole
            and counted.denominator is not None
            and 0 <= counted.numerator <= counted.denominator
        ):
            furthest = float(np.clip(furthest, 0.0, counted.denominator))
        beyond = furthest > counted.numerator if rising else furthest < counted.numerator
        return furthest if beyond else None

    def _trials(self, code: str, start: float, end: float, *, rising: bool) -> Floats:
        whole = self._now(code).whole
        line = np.linspace(start, end, _STEPS + 1)[1:]
        return np.unique([_outward(one, rising=rising, whole=whole) for one in line])[:: 1 if rising else -1]

    def _earned(self, trials: Mapping[str, Floats]) -> dict[str, Floats]:
        """Points of each indicator at each numerator, scored by the engine, each trial as a unit."""
        longest = max(len(one) for one in trials.values())
        codes = list(trials)
        chosen = [one for one in self.framework.indicators if one.code in trials]
        alone = {"group": None, "applies_to": None, "min_denominator": None}
        flat = self.framework.altered(
            indicators=tuple(one.model_copy(update=alone) for one in chosen),
            **dict.fromkeys(("groups", "adjustments", "warnings", "grades"), ()),
            **dict.fromkeys(("points", "combine", "weights", "min_present", "peer_groups")),
            **dict.fromkeys(("effective_from", "effective_to")),
            rank=Ranking(),
            colours=Colours(),
        )
        columns: dict[str, Floats] = {}
        for code in codes:
            padded = np.pad(trials[code], (0, longest - len(trials[code])), mode="edge")
            columns[self.column[code]] = padded / (self._now(code).denominator or 1.0)
        # Two indicators of one measure share a column: scored apart.
        if len(columns) < len(codes):
            return {code: self._earned({code: trials[code]})[code] for code in codes}
        earned = score(pd.DataFrame(columns), flat).points
        return {code: earned[code].to_numpy()[: len(trials[code])] for code in codes}

    def colour(self, plan: Mapping[str, Step]) -> str:
        """Score everybody again with the plan carried out."""
        values = self.inputs.values.copy()
        for code, step in plan.items():
            values.loc[self.unit, self.column[code]] = step.value_needed
        found = replace(self.inputs, values=values).score().colours[self.unit]
        return str(found or "")


def numerator_needed(cause: Cause, counted: Counted | None, framework: Framework) -> float | None:
    """The numerator nearest to its own that brings an indicator's measure to where its warning is not raised.

    None where the cause is not one of a measure's value, or the value is not numerator ÷ denominator.
    """
    if counted is None or cause.gap is None or cause.gap.value is None or counted.denominator == 0:
        return None
    code = cause.target.partition(".")[2]
    if any(one.code == code and one.denominate_by is not None for one in framework.indicators):
        return None
    rising = cause.gap.value > counted.value
    exact = cause.gap.value * (counted.denominator or 1.0)
    return _outward(exact, rising=rising, whole=counted.whole)


def _row(frame: pd.DataFrame, unit: str) -> dict[str, float]:
    return dict(
        zip(map(str, frame.columns), frame.loc[unit].to_numpy(dtype=np.float64).tolist(), strict=True)
    )


def _outward(number: float, *, rising: bool, whole: bool) -> float:
    """Round away from where it came from, so that what was reached stays reached."""
    scale = 1.0 if whole else 10.0**_DECIMALS
    rounded = np.round(number * scale * BILLION) / BILLION
    return float((np.ceil(rounded) if rising else np.floor(rounded)) / scale)


def _numbers(indicator: Indicator) -> list[float]:
    """The values at which a rule that looks at nobody else changes."""
    rule: Any = indicator.rule
    shown = rule.model_dump(exclude_none=True)
    names = ("full_at", "zero_at", "target", "beyond", "short_of", "out_of")
    numbers = [float(shown[name]) for name in names if name in shown]
    numbers += [
        float(one["fixed"]) for name in ("low", "high", "base") if "fixed" in (one := shown.get(name) or {})
    ]
    if rule.kind == "bands":
        numbers += [band.threshold for band in rule.bands]
        # A threshold that must be passed, not reached.
        numbers += [
            band.threshold + (1 if band.rising else -1) * 10.0**-_DECIMALS
            for band in rule.bands
            if band.strict
        ]
    elif rule.kind == "per_event":
        start = rule.short_of if rule.short_of is not None else rule.beyond or 0.0
        most = (rule.cap or indicator.points or 1.0) / (rule.gain or rule.lose or 1.0) * rule.step
        numbers += [start, start + (-most if rule.short_of is not None else most)]
    elif rule.kind == "zscore":
        numbers += [rule.mean - 5 * rule.sd, rule.mean + 5 * rule.sd]
    elif rule.kind == "given":
        numbers += [0.0, rule.out_of or indicator.points or 1.0]
    return numbers
