"""The settlement of a year as a framework like any other: declared in loop.yaml, scored by the same arithmetic. Pure.

Its indicators are the index of each final quarter, the tasks achieved and the measures pooled over the year; its groups
are the lines. Missing is not zero, ranks come before rounding and what is attainable counts as in any quarter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from include.config import Words
from include.reviews.year import SUFFIX, Item, Year
from include.scoring import Framework, ScoreResult
from include.scoring.model_parts import Text
from include.scoring.moves import ScoreInputs
from include.scoring.rounding import quantise

CHECK_UP = "check_up"
QUARTERS = ("q1", "q2", "q3", "q4")
_PROBLEMS = f"year.{CHECK_UP}"
_STATES = ("value", "missing", "not_applicable")


@dataclass(frozen=True)
class Figures:
    """One figure of every unit, as a numerator over a denominator.

    `frame`: index unit_code; numerator, denominator (NaN where there is no value), n, state (value, missing,
    not_applicable).
    """

    frame: pd.DataFrame

    @property
    def rate(self) -> pd.Series:
        """Numerator over denominator, quantised; NaN where there is no value."""
        return pd.Series(
            quantise((self.frame["numerator"] / self.frame["denominator"]).to_numpy(dtype=np.float64)),
            index=self.frame.index,
        )


@dataclass(frozen=True)
class YearFigures:
    """All that a settlement is made from, but the problems that decide on a check-up."""

    year: int
    units: pd.DataFrame
    """By unit_code, those that stand at the end of the year: peer_group and attributes."""
    figures: Mapping[str, Figures]
    """By column of `columns_of`."""
    problems: pd.Series
    """Confirmed warnings of the year by unit; 0 where a unit has none."""
    history: Mapping[str, ScoreResult]
    """Settlements of earlier years."""


def columns_of(item: Item) -> tuple[str, ...]:
    """The columns that an item is made from: four for the quarters, else one."""
    if item.source == "quarters":
        return tuple(f"{item.code}.{name}" for name in QUARTERS)
    return (f"year.{item.code}",)


def year_framework(quarterly: Framework, settings: Year, year: int) -> Framework:
    """The framework that settles a year; FrameworkError where `year:` of loop.yaml says what cannot be."""
    return Framework.from_dict(
        settling_document(quarterly, settings, year), file=f"loop.yaml [year] ({quarterly.framework})"
    )


def settle(framework: Framework, settings: Year, made: YearFigures) -> tuple[ScoreInputs, ScoreResult]:
    """Score the year; who is ranked last with many problems stands among its warnings as `check_up`.

    Returns:
        What was scored, and the result.
    """
    columns = [column for item in settings.items for column in columns_of(item)]
    index = made.units.index
    values = pd.DataFrame({name: made.figures[name].rate.reindex(index) for name in columns}, index=index)
    states = pd.DataFrame(
        {
            name: made.figures[name].frame["state"].reindex(index).fillna("not_applicable").map(_STATES.index)
            for name in columns
        },
        index=index,
    ).astype(np.int8)
    counts = pd.DataFrame(
        {name: made.figures[name].frame["n"].reindex(index).astype(float) for name in columns}, index=index
    )

    def scored(problems: pd.Series) -> ScoreInputs:
        return ScoreInputs(
            str(made.year),
            framework,
            values.assign(**{_PROBLEMS: problems}),
            states.assign(**{_PROBLEMS: np.int8(0)}),
            counts.assign(**{_PROBLEMS: np.nan}),
            made.units,
            made.history,
        )

    # Who is last is known only once all are ranked; being on the list moves no figure.
    first = scored(pd.Series(0.0, index=index)).score()
    listed = last_ranked(first, settings.check_up.last_share)
    problems = made.problems.reindex(index).fillna(0.0).astype(float)
    inputs = scored(problems.where(listed, 0.0))
    return inputs, inputs.score()


def last_ranked(result: ScoreResult, share: float) -> pd.Series:
    """Whether a unit is among the last `share` of the ranked units of its peer group, rounded up; ties with it too."""
    frame = pd.DataFrame({"rank": result.ranks.astype("Float64"), "peers": result.peer_groups})
    found = pd.Series(False, index=frame.index)
    for _, group in frame.dropna(subset=["rank"]).groupby("peers", dropna=False):
        ranks = group["rank"].astype(float)
        least = ranks.sort_values().iloc[-math.ceil(round(len(ranks) * share, 9))]
        found[ranks.index[ranks >= least]] = True
    return found


def settling_document(quarterly: Framework, settings: Year, year: int) -> dict[str, Any]:
    """The framework that settles a year, as plain data."""
    groups: list[dict[str, Any]] = []
    indicators: list[dict[str, Any]] = []
    for line in settings.lines:
        own = [item for item in settings.items if item.line == line.code]
        if own:
            points = sum(item.points for item in own)
            groups.append(
                {"code": line.code, "points": points, "combine": "sum", "title": _title(line.title)}
            )
    for item in settings.items:
        rule = {"kind": "rate", "full_at": float(item.full_at), "zero_at": float(item.zero_at)}
        common = {"rule": rule, "source": "loop.yaml [year]"}
        if item.source != "quarters":
            indicators.append(
                {
                    "code": item.code,
                    "group": item.line,
                    "points": float(item.points),
                    "title": _title(item.title),
                }
                | {"measure": columns_of(item)[0]}
                | common
            )
            continue
        groups.append(
            {
                "code": item.code,
                "parent": item.line,
                "points": float(item.points),
                "title": _title(item.title),
            }
            | {"combine": "mean", "min_present": settings.quarters.at_least, "missing": "not_rated"}
        )
        for number, column in enumerate(columns_of(item), 1):
            weight = settings.quarters.weights.get(f"Q{number}", 1.0)  # type: ignore[call-overload]
            title = {"zh": f"{year} 年第{'一二三四'[number - 1]}季度指数", "en": f"Index of {year}Q{number}"}
            indicators.append(
                {
                    "code": f"{item.code}_q{number}",
                    "group": item.code,
                    "weight": float(weight),
                    "title": title,
                }
                | {"measure": column, "missing": "skip"}
                | common
            )
    document: dict[str, Any] = {
        "framework": quarterly.framework + SUFFIX,
        "version": quarterly.version,
        "effective_from": str(year),
        "title": {
            "zh": f"{_label(quarterly).zh}·{settings.title.zh}",
            "en": f"{_label(quarterly).english}: {settings.title.en or settings.title.zh}",
        },
        "points": float(settings.points),
        "min_attainable": float(settings.min_attainable),
        "missing": "not_rated",
        "rounding": {"places": settings.places, "mode": settings.rounding},
        "groups": groups,
        "indicators": indicators,
        "adjustments": [
            {
                "code": CHECK_UP,
                "kind": "veto",
                "title": {"zh": "政治体检", "en": "Check-up"},
                "note": _title(settings.check_up.advice),
                "measure": _PROBLEMS,
                "when": f"value >= {settings.check_up.min_problems}",
                "effect": {"colour": "yellow"},
            }
        ],
        "grades": [
            {"code": one.code}
            | ({"title": _title(one.title)} if one.title else {})
            | ({"when": one.when} if one.when else {})
            for one in settings.grades
        ],
    }
    if quarterly.peer_groups:
        document["peer_groups"] = list(quarterly.peer_groups)
    if settings.certainty is not None:
        document["certainty"] = settings.certainty.model_dump()
    return document


def _label(framework: Framework) -> Text:
    return framework.title or Text(zh=framework.framework)


def _title(words: Words) -> dict[str, str]:
    return {"zh": words.zh} | ({"en": words.en} if words.en else {})
