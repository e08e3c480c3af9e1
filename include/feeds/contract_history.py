"""What a contract says of a delivery beside those before it: how many rows, how much money, what sums."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from include.config import Strict, Words


class SteadySum(Strict):
    """The sum of a column stays near that of the quarter before, by the same supplier."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    column: str
    within_pct: float = Field(gt=0)
    severity: Literal["hold_file", "warn"] = "warn"
    title: Words


class History(Strict):
    """Comparisons of a delivery with the supplier's earlier ones."""

    volume_within_pct: float | None = Field(default=50, gt=0)
    """Rows against the mean of the last deliveries; null: not compared."""
    deliveries: int = Field(default=4, ge=1)
    """How many of the last deliveries must be there, and are looked at."""
    at_least_rows: int = Field(default=30, ge=1)
    """Fewer rows than this on both sides say nothing about volume: chance alone makes a few out of few."""
    money_jump: bool = True
    """Hold a file whose amounts are ten thousand times those before, or a ten-thousandth."""
    sender_column: str = ""
    """A column of which each sender has values of its own; a file with another sender's is held."""
    sums: tuple[SteadySum, ...] = ()
