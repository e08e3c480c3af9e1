"""What made a unit's colour, with the figures, and how far each figure is from where it would not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from include.scoring.model import Framework
from include.scoring.moves import ScoreInputs
from include.scoring.result import ScoreResult
from include.scoring.rounding import BILLION
from include.scoring.tree import depths_of
from include.scoring.warn import figure_name
from include.scoring.when import Comparison, Condition

_NEXT = 1 / BILLION


@dataclass(frozen=True)
class Gap:
    """What is lacking for a condition not to hold: so many points on its target, or a value of its measure."""

    comparison: Comparison
    figure: float
    points: float | None = None
    """Points lacking on the target; None where the value itself is lacking, or the ranks of others decide."""
    value: float | None = None
    """The value of the indicator's measure that would do."""


@dataclass(frozen=True)
class Cause:
    """One warning, band or veto that gives a unit a colour worse than green."""

    kind: str
    """warning, band or veto"""
    code: str
    colour: str
    target: str
    """index, groups.<code>, indicators.<code> or adjustments.<code>"""
    when: Condition
    figures: dict[str, Any]
    """The figures that raised it, by term."""
    gap: Gap | None
    """The easiest of its comparisons to undo; None for a veto, and where only the ranks of others decide."""


def with_causes(inputs: ScoreInputs) -> tuple[ScoreResult, dict[str, list[Cause]]]:
    """Score, and return by unit what gives it a colour, the worst first; a band that a warning repeats is left out."""
    result = inputs.score()
    said = {(rule.colour, rule.when) for rule in inputs.framework.warnings if rule.on == "index"}
    causes = {
        unit: [one for one in found if one.kind != "band" or (one.colour, one.when) not in said]
        for unit, found in causes_of(result, inputs.framework).items()
    }
    return result, causes


def causes_of(result: ScoreResult, framework: Framework) -> dict[str, list[Cause]]:
    """Every warning, veto and band that gives a unit a colour worse than green, by unit, the worst first."""
    whens = {("warning", rule.code): rule.when for rule in framework.warnings}
    whens |= {("veto", one.code): one.when for one in framework.adjustments if one.when is not None}
    whens |= {("band", str(place)): one.when for place, one in enumerate(framework.colours.bands, start=1)}
    causes: dict[str, list[Cause]] = {}
    for frame, kind in ((result.warnings, "warning"), (result.bands, "band")):
        rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
        for row in rows:
            if row["colour"] != "green":
                of_kind = "veto" if row["on"].startswith("adjustments.") else kind
                cause = _cause(row, of_kind, whens[of_kind, row["rule"]], framework, result)
                causes.setdefault(row["unit"], []).append(cause)
    for found in causes.values():
        found.sort(key=lambda one: one.colour != "red")
    return causes


def _cause(
    row: dict[str, Any], kind: str, when: Condition, framework: Framework, result: ScoreResult
) -> Cause:
    figures = json.loads(row["evidence"])
    figures.pop("when", None)
    gap = None if kind == "veto" else _gap(when, figures, row["on"], row["unit"], framework, result)
    return Cause(kind, row["rule"], row["colour"], row["on"], when, figures, gap)


def _gap(
    when: Condition,
    figures: dict[str, Any],
    target: str,
    unit: str,
    framework: Framework,
    result: ScoreResult,
) -> Gap | None:
    """The smallest of the gaps of its comparisons: a condition fails as soon as one of them does."""
    points, base, full = _scale(target, unit, result, framework)
    found = []
    for one in when.comparisons:
        name = one.term.name
        figure = figures.get(figure_name(one.term, target))
        if not isinstance(figure, int | float):
            continue
        if name == "value":
            found.append(Gap(one, figure, value=float(figure) + _lacking(one, float(figure))))
        elif name == "quarters_below":
            found.append(Gap(one, figure, points=_to_rate(one.term.argument or 0.0, points, base)))
        elif name in _SCALES and (lacking := _lacking(one, float(figure))) > 0:
            if name == "rate":
                lacking = _to_rate(float(figure) + lacking, points, base)
            elif name != "points" and target != "index":
                lacking = lacking * base / full
            found.append(Gap(one, figure, points=_no_less(lacking)))
    return min(found, key=lambda gap: np.inf if gap.points is None else gap.points, default=None)


_SCALES = {"rate", "points", "change", "change_yoy"}


def _lacking(comparison: Comparison, figure: float) -> float:
    """What must be added to the figure for the comparison to fail; negative where it must fall."""
    to = comparison.operand - figure
    return {"<=": to + _NEXT, ">=": to - _NEXT}.get(comparison.operator, to)


def _to_rate(rate: float, points: float, base: float) -> float:
    """The least whole billionths of a point by which a rate, a share of `base`, is reached."""
    needed = -(-round(rate * BILLION) * round(base * BILLION) // BILLION)
    return (needed - round(points * BILLION)) / BILLION


def _no_less(points: float) -> float:
    """Whole billionths, not less than `points` but for what a double cannot hold."""
    return float(np.ceil(np.round(points * BILLION, 3)) / BILLION)


def _scale(target: str, unit: str, result: ScoreResult, framework: Framework) -> tuple[float, float, float]:
    """Of a target: its points, the points that its rate is a share of, and its full score."""
    kind, _, code = target.partition(".")
    if kind == "index":
        return float(result.index[unit]), result.full, result.full
    groups = kind == "groups"
    points = float((result.group_points if groups else result.points)[code][unit])
    base = float((result.group_attainable if groups else result.attainable)[code][unit])
    return points, base, _full(framework, kind, code) or base


def _full(framework: Framework, kind: str, code: str) -> float | None:
    nodes = framework.groups if kind == "groups" else framework.indicators
    return next((node.points for node in nodes if node.code == code), None)


def below(framework: Framework, target: str) -> set[str]:
    """Codes of the indicators that a target is made of."""
    kind, _, code = target.partition(".")
    if kind == "indicators":
        return {code}
    if kind == "index":
        return {one.code for one in framework.indicators}
    under = {code}
    for _ in depths_of(framework):
        under |= {group.code for group in framework.groups if group.parent in under}
    return {one.code for one in framework.indicators if one.group in under}
