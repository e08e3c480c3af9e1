"""How many rows each check looked at and refused."""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names and texts of our own contracts
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from include.feeds.contract import Contract
from include.feeds.contract_rules import Severity
from include.quality.checks import ANY_COLUMN, Check
from include.quality.grammar import name
from include.quality.split import flags, is_mask

Judge = Literal["duckdb", "gx"]


@dataclass(frozen=True)
class ValidationResult:
    """One judge's verdict on one rule. `column` is '' for rules over all columns together.

    `passed` needs something to have been checked: a rule that saw no value never passes.
    """

    rule_id: str
    column: str
    severity: Severity
    judge: Judge
    rows_checked: int
    rows_failed: int
    passed: bool


@dataclass(frozen=True)
class RuleCount:
    """One rule on the table `marks`: the predicate of the rows that fail it, and how many there are."""

    rule_id: str
    column: str
    severity: Severity
    predicate: str
    rows_checked: int
    rows_failed: int


@dataclass(frozen=True)
class Counts:
    """Counts over the rows that are no duplicates."""

    rows: int
    bad: int
    filled: Mapping[str, int]
    """Column → rows with something in the cell."""
    failed: tuple[tuple[Check, str, int], ...]
    """Checks that failed somewhere: check, predicate, rows."""
    rules: tuple[RuleCount, ...]


def count(con: duckdb.DuckDBPyConnection, contract: Contract, checks: Sequence[Check]) -> Counts:
    """Count the table `marks`: first which checks failed at all, then those."""
    names = [name(f"{column.name}__text") for column in contract.columns]
    found = flags(checks)
    places = list(dict.fromkeys(place for place, _ in found))
    seen = [
        f"bit_or({name(place) if is_mask(place) else f'1 << cast({name(place)} as integer)'})"
        for place in places
    ]
    asked = ["count(*)", "count(*) filter (_bad)", *(f"count({text})" for text in names), *seen]
    ((rows, bad, *rest),) = con.sql(f"select {', '.join(asked)} from marks").fetchall()
    filled = dict(zip((column.name for column in contract.columns), rest[: len(names)], strict=True))
    union = dict(zip(places, rest[len(names) :], strict=True))
    failing = [
        (check, f"({name(place)} & {value}) <> 0" if is_mask(place) else f"{name(place)} = {value}")
        for check, (place, value) in zip(checks, found, strict=True)
        if union[place] & (value if is_mask(place) else 1 << value)
    ]
    grouped: dict[tuple[str, str], list[str]] = {}
    for check, predicate in failing:
        grouped.setdefault(_rule(check), []).append(predicate)
    combined = {rule: " or ".join(predicates) for rule, predicates in grouped.items()}
    counted = _count_each(con, [predicate for _, predicate in failing] + list(combined.values()))
    totals = dict(zip(combined, counted[len(failing) :], strict=True))
    rules = {}
    for check in checks:
        looked_at = filled[check.column] if check.needs_value else rows
        rule_id, column = _rule(check)
        rules[rule_id, column] = RuleCount(
            rule_id, column, check.severity, combined.get((rule_id, column), "false"), looked_at,
            totals.get((rule_id, column), 0),
        )  # fmt: skip
    failed = tuple(
        (check, predicate, number) for (check, predicate), number in zip(failing, counted, strict=False)
    )
    return Counts(rows, bad, filled, failed, tuple(rules.values()))


def _rule(check: Check) -> tuple[str, str]:
    """What a check is counted under: rule id and column, '' for faults counted over all columns together."""
    return check.rule_id, "" if check.rule_id in ANY_COLUMN else check.column


def _count_each(con: duckdb.DuckDBPyConnection, predicates: Sequence[str]) -> list[int]:
    if not predicates:
        return []
    asked = ", ".join(f"count(*) filter ({predicate})" for predicate in predicates)
    return list(con.sql(f"select {asked} from marks").fetchall()[0])


def results(counts: Counts) -> tuple[ValidationResult, ...]:
    """The DuckDB pass as results, one per rule and column."""
    return tuple(verdict(rule, "duckdb", rule.rows_failed) for rule in counts.rules)


def verdict(rule: RuleCount, judge: Judge, rows_failed: int) -> ValidationResult:
    """The result of `judge`, who found `rows_failed` rows."""
    passed = rows_failed == 0 and rule.rows_checked > 0
    return ValidationResult(
        rule.rule_id, rule.column, rule.severity, judge, rule.rows_checked, rows_failed, passed
    )
