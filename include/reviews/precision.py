"""When a rule is too often wrong, and what it is tried against. The section `precision:` of loop.yaml."""

from __future__ import annotations

from pydantic import Field

from include.config import Strict


class Backtest(Strict):
    """Warned quarters against the problems that inspection found afterwards."""

    feed: str
    """A feed with one row per problem, its day in `found_on`."""
    only: dict[str, str] = Field(default_factory=dict)
    """Columns of it and the value they must have, such as problems found by an inspection and not by the unit."""
    quarters: int = Field(ge=1, le=8)
    """How many of the quarters that follow count."""
    min_problems: int = Field(ge=1)
    """From how many problems on a unit counts as one where something was found."""
    permutations: int = Field(ge=99)
    seed: int = Field(ge=0)


class Precision(Strict):
    """The section `precision:`."""

    minimum: float = Field(ge=0, le=1)
    """A rule whose share of confirmed warnings is below this is listed for retirement."""
    after: int = Field(ge=1)
    """Only once so many of its warnings have been decided."""
    backtest: Backtest
