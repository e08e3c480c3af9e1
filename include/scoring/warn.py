"""Warnings: leads raised by declared conditions, each with the figures that raised it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from include.scoring.adjust import Adjusted
from include.scoring.model import Framework
from include.scoring.model_nodes import Adjustment, WarningRule
from include.scoring.result import WARNING_COLUMNS
from include.scoring.rounding import Floats
from include.scoring.states import STATE_NAMES
from include.scoring.terms import Level
from include.scoring.tree import Tree
from include.scoring.when import Term, holds

_ALWAYS = (Term("points"), Term("rate"))
_POINTS = "points"


def raise_warnings(
    framework: Framework, tree: Tree, levels: Mapping[str, Level], adjusted: Adjusted
) -> pd.DataFrame:
    """Return one row per raised warning and veto; `unit` holds places until `score` names the units."""
    raised = [_raised(rule, tree, levels) for rule in framework.warnings]
    raised += [
        _veto(one, row, adjusted) for row, one in enumerate(framework.adjustments) if one.kind == "veto"
    ]
    filled = [frame for frame in raised if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else no_warnings()


def raise_bands(framework: Framework, tree: Tree, levels: Mapping[str, Level]) -> pd.DataFrame:
    """Return one row per colour band that holds for a rated unit, like warnings; `rule` is the band's place from 1."""
    rated = ~np.isnan(levels["index"].points[0])
    bands = [
        _raised(WarningRule(code=str(place), on="index", when=band.when, colour=band.colour), tree, levels)
        for place, band in enumerate(framework.colours.bands, start=1)
    ]
    filled = [frame[rated[frame["unit"].to_numpy(dtype=np.intp)]] for frame in bands if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else no_warnings()


def no_warnings() -> pd.DataFrame:
    """No row, with the columns of warnings."""
    return pd.DataFrame({column: pd.Series(dtype=object) for column in WARNING_COLUMNS})


def figure_name(term: Term, on: str) -> str:
    """The name of a term among the figures that raised a warning: the points of the index are the index."""
    return "index" if on == "index" and term.name == _POINTS else str(term)


def _raised(rule: WarningRule, tree: Tree, levels: Mapping[str, Level]) -> pd.DataFrame:
    kind, _, _ = rule.on.partition(".")
    level, rows = levels[kind], rows_of(rule.on, tree)
    hit = holds(rule.when, lambda term: level.figure(term)[rows])
    row, unit = np.nonzero(hit)
    evidence = {
        figure_name(term, kind): _plain(term, level.figure(term)[rows][row, unit])
        for term in dict.fromkeys((*_ALWAYS, *rule.when.terms))
    }
    if level.raw is not None:
        # Of the index: before it is scaled to its full score and adjusted, so that it goes with `attainable`.
        evidence["raw_points"] = level.raw[rows][row, unit]
    evidence["attainable"] = level.attainable[rows][row, unit]
    evidence["when"] = np.full(len(row), _written(rule.when.comparisons, kind), dtype=object)
    names = np.array(
        ["index" if kind == "index" else f"{kind}.{level.codes[one]}" for one in rows], dtype=object
    )
    return _frame(unit, names[row], evidence, rule.code, rule.colour, rule.label.zh, rule.label.english)


def rows_of(on: str, tree: Tree) -> np.ndarray:
    """Return the places, among the codes of its level, of what a warning rule is on."""
    kind, _, name = on.partition(".")
    codes = {"index": ("index",), "groups": tree.groups, "indicators": tree.indicators}[kind]
    if not name:
        return np.arange(len(codes))
    if name in codes:
        return np.array([codes.index(name)])
    depth = int(name.removeprefix("depth"))
    return np.array([row for row, code in enumerate(codes) if tree.depths[code] == depth], dtype=np.intp)


def _plain(term: Term, figures: Floats) -> np.ndarray:
    return np.array(STATE_NAMES, dtype=object)[figures.astype(np.intp)] if term.name == "state" else figures


def _written(comparisons: tuple, on: str) -> str:  # type: ignore[type-arg]
    return " and ".join(f"{figure_name(one.term, on)} {one.operator} {_operand(one)}" for one in comparisons)


def _operand(comparison: object) -> str:
    operand = comparison.operand  # type: ignore[attr-defined]
    return STATE_NAMES[int(operand)] if comparison.term.name == "state" else f"{operand:g}"  # type: ignore[attr-defined]


def _veto(adjustment: Adjustment, row: int, adjusted: Adjusted) -> pd.DataFrame:
    unit = np.flatnonzero(adjusted.raised[row])
    evidence = {
        "value": adjusted.values[row, unit],
        "when": np.full(
            len(unit),
            _written(adjustment.when.comparisons, "adjustments") if adjustment.when else "",
            dtype=object,
        ),
    }
    colour = adjustment.effect.colour if adjustment.effect is not None else None
    names = np.full(len(unit), f"adjustments.{adjustment.code}", dtype=object)
    label = adjustment.label
    return _frame(unit, names, evidence, adjustment.code, colour or "yellow", label.zh, label.english)


def _frame(
    unit: np.ndarray,
    on: np.ndarray,
    evidence: Mapping[str, np.ndarray],
    rule: str,
    colour: str,
    zh: str,
    en: str,
) -> pd.DataFrame:
    # One JSON text per row, written by pandas in one go: no loop over units.
    lines = pd.DataFrame(evidence).to_json(
        orient="records", lines=True, double_precision=9, force_ascii=False
    )
    texts = lines.splitlines() if len(unit) else []
    return pd.DataFrame(
        {
            "unit": unit,
            "rule": rule,
            "on": on,
            "colour": colour,
            "title_zh": zh,
            "title_en": en,
            "evidence": np.array(texts, dtype=object),
        }
    )
