"""The row rules that a contract may declare; `quality/` compiles each for both judges."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from include.config import Strict, Words

Severity = Literal["reject_row", "hold_file", "warn"]


class _Rule(Strict):
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    severity: Severity = "reject_row"
    title: Words


class OneOf(_Rule):
    """The column's value is one of a list; no value passes."""

    kind: Literal["one_of"]
    column: str
    values: tuple[str, ...] = Field(min_length=1)


class Between(_Rule):
    """The number lies between two bounds, both included; no value passes."""

    kind: Literal["between"]
    column: str
    min: float | None = None
    max: float | None = None


class Matches(_Rule):
    """The whole text matches a regular expression (RE2); no value passes."""

    kind: Literal["matches"]
    column: str
    pattern: str


class Compare(_Rule):
    """Two columns of a row stand in an order, as in `left <= right`; passes where either has no value."""

    kind: Literal["compare"]
    left: str
    op: Literal["<=", "<", ">=", ">", "==", "!="]
    right: str


class RequiredIf(_Rule):
    """The column has a value wherever another column has one of the listed values."""

    kind: Literal["required_if"]
    column: str
    other: str
    values: tuple[str, ...] = Field(min_length=1)


Rule = Annotated[OneOf | Between | Matches | Compare | RequiredIf, Field(discriminator="kind")]
