"""What made a unit's colour, with the figures, and how far each figure is from where it would not."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from include.scoring.model import Framework
from include.scoring.model_nodes import WarningRule
from include.scoring.moves import ScoreInputs
from include.scoring.result import ScoreResult
from include.scoring.rounding import BILLION
from include.scoring.tree import depths_of
from include.scoring.when import Comparison, Condition

_BAND = "_band"
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
    """Score, and return by unit what gives it a colour, the worst first."""
    framework = inputs.framework
    bands = tuple(
        WarningRule(code=f"{_BAND}{place}", on="index", when=band.when, colour=band.colour)
        for place, band in enumerate(framework.colours.bands, start=1)
    )
    # Bands are judged like warnings, so that their figures come from the same place; the result is scored without.
    judged = replace(inputs, framework=framework.altered(warnings=framework.warnings + bands)).score()
    own = ~judged.warnings["rule"].astype(str).str.startswith(_BAND)
    result = replace(
        judged,
        warnings=judged.warnings[own].reset_index(drop=True),
        framework_digest=framework.digest,
    )
    causes: dict[str, list[Cause]] = {}
    said = {(rule.colour, rule.when) for rule in framework.warnings if rule.on == "index"}
    twice = {band.code for band in bands if (band.colour, band.when) in said}
    rows: list[dict[str, Any]] = judged.warnings.to_dict("records")  # type: ignore[assignment]
    for row in rows:
        if row["colour"] != "green" and row["rule"] not in twice:
            causes.setdefault(row["unit"], []).append(_cause(row, framework, result))
    for found in causes.values():
        found.sort(key=lambda one: one.colour != "red")
    return result, causes


def _cause(row: dict[str, Any], framework: Framework, result: ScoreResult) -> Cause:
    rules = {rule.code: rule.when for rule in framework.warnings}
    vetoes = {one.code: one.when for one in framework.adjustments if one.when is not None}
    figures = json.loads(row["evidence"])
    figures.pop("when", None)
    kind = (
        "band"
        if row["rule"].startswith(_BAND)
        else "veto"
        if row["on"].startswith("adjustments.")
        else "warning"
    )
    code = row["rule"].removeprefix(_BAND) if kind == "band" else row["rule"]
    if kind == "band":
        when = framework.colours.bands[int(code) - 1].when
    else:
        when = (vetoes if kind == "veto" else rules)[code]
    gap = None if kind == "veto" else _gap(when, figures, row["on"], row["unit"], framework, result)
    return Cause(kind, code, row["colour"], row["on"], when, figures, gap)


def _gap(
    when: Condition,
    figures: dict[str, Any],
    target: str,
    unit: str,
    framework: Framework,
    result: ScoreResult,
) -> Gap | None:
    """The smallest of the gaps of its comparisons: a condition fails as soon as one of them does."""
    base, full = _scale(target, unit, result, framework)
    found = []
    for one in when.comparisons:
        figure = figures.get(str(one.term))
        if not isinstance(figure, int | float):
            continue
        lacking = _lacking(one, float(figure))
        if one.term.name == "value":
            found.append(Gap(one, figure, value=float(figure) + lacking))
        elif one.term.name == "quarters_below":
            found.append(Gap(one, figure, points=((one.term.argument or 0.0) - figures["rate"]) * base))
        elif one.term.name in _SCALES and lacking > 0:
            scale = {"rate": base, "points": 1.0}.get(
                one.term.name, 1.0 if target == "index" else base / full
            )
            found.append(Gap(one, figure, points=lacking * scale))
    return min(found, key=lambda gap: np.inf if gap.points is None else gap.points, default=None)


_SCALES = {"rate", "points", "change", "change_yoy"}


def _lacking(comparison: Comparison, figure: float) -> float:
    """What must be added to the figure for the comparison to fail; negative where it must fall."""
    to = comparison.operand - figure
    return {"<=": to + _NEXT, ">=": to - _NEXT}.get(comparison.operator, to)


def _scale(target: str, unit: str, result: ScoreResult, framework: Framework) -> tuple[float, float]:
    """Of a target: the points that its rate is a share of, and its full score."""
    kind, _, code = target.partition(".")
    if kind == "index":
        return result.full, result.full
    frame = result.group_attainable if kind == "groups" else result.attainable
    base = float(frame[code][unit])
    return base, _full(framework, kind, code) or base


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
