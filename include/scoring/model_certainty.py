"""The `certainty:` section of a framework: which choices of method, and which counts, leave its colours open."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from include.scoring.model_parts import Code, Model, Positive
from include.scoring.model_rules import ShortMissing

Normalisation = Literal["minmax", "zscore", "rank"]
Mean = Literal["mean", "geometric", "harmonic"]


class LevelMeans(Model):
    """Other means by which the groups of one level could have been combined."""

    level: Annotated[int, Field(ge=0)]
    """Depth of the groups that combine: 0 is the index, 1 the groups right below it."""
    combine: Annotated[tuple[Mean, ...], Field(min_length=1)]


class SampledMean(Model):
    """An indicator whose value is the mean of n answers (`counts`)."""

    indicator: Code
    sd: Positive
    """Spread of one answer, in the measure's unit."""


class Sampling(Model):
    """Indicators whose value would come out a little differently with other cases or other respondents."""

    rates: tuple[Code, ...] = ()
    """Shares of n cases (`counts`), 0 to 1."""
    means: tuple[SampledMean, ...] = ()


class Certainty(Model):
    """Choices that could as well have been made otherwise; every draw of the analysis takes one of each."""

    draws: Annotated[int, Field(ge=100, le=100_000)] = 1000
    seed: Annotated[int, Field(ge=0)] = 1
    weights: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Every weight (and points) times 1 ± this share, uniform; what a group's children add up to stays."""
    normalisation: tuple[Normalisation, ...] = ()
    """Besides the declared rules: all indicators by min–max, z-score or rank among the units ranked together."""
    aggregation: tuple[LevelMeans, ...] = ()
    missing: tuple[ShortMissing, ...] = ()
    """Besides what is declared: what a missing indicator counts as."""
    leave_one_out: bool = False
    """Each draw leaves out one indicator, or none."""
    sampling: Sampling = Sampling()
