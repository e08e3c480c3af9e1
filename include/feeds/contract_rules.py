"""The row rules that a contract may declare; `quality/` compiles each for both judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config import Strict, Words, mistake

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


class Sum(_Rule):
    """A number is the sum of others less others, in exact decimals; passes where any of them has no value."""

    kind: Literal["sum"]
    column: str
    of: tuple[str, ...] = Field(min_length=1)
    less: tuple[str, ...] = ()
    tolerance: Decimal = Field(default=Decimal(0), ge=0)
    """How far the two may be apart, in the column's staged unit: figures rounded one by one do not add up."""


class ExistsIn(_Rule):
    """The values of some columns stand together in a row that another feed has had accepted.

    Passes where any of the columns has no value. Two numbers are equal as numbers, two dates as dates.
    """

    kind: Literal["exists_in"]
    columns: tuple[str, ...] = Field(min_length=1)
    feed: str
    feed_columns: tuple[str, ...] = ()
    """Their names in the other feed, in the same order; empty: the same names."""
    quarters: Literal["same", "same_or_earlier", "any"] = "same_or_earlier"
    """Of which quarters the other row may be, seen from the row's own."""

    @model_validator(mode="after")
    def _paired(self) -> ExistsIn:
        if self.feed_columns and len(self.feed_columns) != len(self.columns):
            raise mistake(
                f"规则 [{self.id}] 的 feed_columns 应与 columns {list(self.columns)} 一一对应。",
                f"feed_columns of rule [{self.id}] must pair with columns {list(self.columns)}, one by one.",
            )
        return self

    @property
    def theirs(self) -> tuple[str, ...]:
        """The columns of the other feed."""
        return self.feed_columns or self.columns


Rule = Annotated[
    OneOf | Between | Matches | Compare | RequiredIf | Sum | ExistsIn, Field(discriminator="kind")
]


def rule_mistakes(
    rules: Sequence[Rule], *, numbers: Collection[str], names: Collection[str]
) -> Iterator[str]:
    """What is wrong between the rules and the columns (`numbers` among them) of their contract."""
    for rule in rules:
        for field, column in _named(rule):
            if column not in names:
                yield (
                    f"[rule {rule.id}.{field}] 指向未声明的列 [{column}]。 "
                    f"[rule {rule.id}.{field}] names [{column}]; declared: {list(names)}."
                )
            elif isinstance(rule, Sum) and column not in numbers:
                yield (
                    f"规则 [{rule.id}] 的列 [{column}] 应为数字列。 "
                    f"Rule [{rule.id}] adds up [{column}], which is no number."
                )
    for rule_id, times in Counter(rule.id for rule in rules).items():
        if times > 1:
            yield f"规则 [{rule_id}] 重复。 Rule [{rule_id}] is declared twice."


def _named(rule: Rule) -> Iterator[tuple[str, str]]:
    """Every column of its own feed that a rule names, with the key that names it."""
    for field in ("column", "other", "left", "right"):
        if hasattr(rule, field):
            yield field, getattr(rule, field)
    for field in ("of", "less", "columns"):
        yield from ((field, column) for column in getattr(rule, field, ()))
