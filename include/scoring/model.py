"""Framework 指标体系: groups, indicators, weights, rules and colours, read from YAML."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError

from include.scoring.errors import FrameworkError, ScoringError
from include.scoring.loader import read_yaml
from include.scoring.mistakes import from_pydantic, not_a_mapping
from include.scoring.model_certainty import Certainty
from include.scoring.model_check import check
from include.scoring.model_nodes import (
    Adjustment,
    Colours,
    Combine,
    CommonProblems,
    Grade,
    Group,
    IndexLimits,
    Indicator,
    MinPresent,
    Ranking,
    Rounding,
    ShortWeights,
    WarningRule,
)
from include.scoring.model_parts import Code, Model, Period, Positive, Title
from include.scoring.model_rules import Ladder, Missing, ShortMissing
from include.scoring.periods import ends, starts


class Framework(Model):
    """A system of indicators; see docs/reference/scoring.md for every key."""

    framework: Code
    version: str
    effective_from: Period | None = None
    effective_to: Period | None = None
    title: Title | None = None
    note: Title | None = None
    source: str | None = None
    points: Positive | None = None
    """Full score of the index."""
    combine: Combine | None = None
    """How the topmost groups make the index; sum where they have points, else mean."""
    exponent: float | None = None
    weights: ShortWeights | None = None
    min_present: MinPresent | None = None
    min_attainable: Annotated[float, Field(ge=0, le=1)] = 0.6
    """Least share of the declared points that must be attainable for a unit to be rated."""
    missing: ShortMissing = Missing(kind="skip")
    """For indicators and groups that say nothing themselves."""
    rounding: Rounding = Rounding()
    rank: Ranking = Ranking()
    peer_groups: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    groups: tuple[Group, ...] = ()
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1)]
    adjustments: tuple[Adjustment, ...] = ()
    index: IndexLimits = IndexLimits()
    colours: Colours = Colours()
    grades: tuple[Grade, ...] = ()
    warnings: tuple[WarningRule, ...] = ()
    common_problems: CommonProblems = CommonProblems()
    certainty: Certainty | None = None
    """What the certainty of colours and ranks is worked out from; nothing is where it is not given."""

    @classmethod
    def from_yaml(cls, path: str | Path) -> Self:
        """Read one framework; raise FrameworkError naming file, path, found and allowed for every mistake."""
        file = Path(path)
        return cls.from_dict(read_yaml(file), file=file.name)

    @classmethod
    def from_dict(cls, data: Any, *, file: str = "framework") -> Self:
        """Build a framework from plain data; `file` names the source in errors. Raise FrameworkError."""
        if not isinstance(data, Mapping):
            raise FrameworkError((not_a_mapping(data, file),))
        try:
            framework = cls.model_validate(_tuples(data))
        except ValidationError as error:
            raise FrameworkError(from_pydantic(error, data, file, cls.model_json_schema())) from None
        mistakes = check(framework, file)
        if mistakes:
            raise FrameworkError(mistakes)
        return framework

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Columns that `values` must have, `code|key` ones included, in order of first use."""
        columns: list[str] = []
        for indicator in self.indicators:
            base = indicator.measure or indicator.code
            if isinstance(indicator.rule, Ladder):
                columns += [f"{base}|{key}" for key in indicator.rule.rungs]
            else:
                columns.append(base)
        for adjustment in self.adjustments:
            columns += adjustment.columns
        return tuple(dict.fromkeys(columns))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the framework's content, whatever its file's layout and comments."""
        content = self.model_dump(mode="json", by_alias=True)
        if self.certainty is None:
            # A framework that says nothing about certainty keeps the digest that it had before there was any.
            del content["certainty"]
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def altered(self, **parts: Any) -> Self:
        """Return the framework with some parts replaced, unchecked: for scoring what could be, never for publishing."""
        copy = self.model_copy(update=parts)
        for name in ("measures", "digest"):
            copy.__dict__.pop(name, None)
        return copy

    def covers(self, quarter: str) -> bool:
        """Tell whether the framework is in force for the whole period `quarter`."""
        begun = self.effective_from is None or starts(self.effective_from) <= starts(quarter)
        return begun and (self.effective_to is None or ends(quarter) <= ends(self.effective_to))


def effective_framework(frameworks: Iterable[Framework], quarter: str) -> Framework:
    """Return the version in force for a period: the one that took effect last; raise ScoringError if none."""
    in_force = [framework for framework in frameworks if framework.covers(quarter)]
    if not in_force:
        raise ScoringError(
            f"没有适用于 {quarter} 的指标体系版本。", f"No version of the framework covers {quarter}."
        )
    return max(in_force, key=lambda one: starts(one.effective_from) if one.effective_from else (0, 0))


def _tuples(data: Any) -> Any:
    """Make sequences tuples: strict models take nothing else for them."""
    if isinstance(data, Mapping):
        return {key: _tuples(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return tuple(_tuples(value) for value in data)
    return data
