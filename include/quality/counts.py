"""How many rows of each delivery every check looked at and refused."""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names and texts of our own contracts
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Literal

import duckdb

from include.feeds.contract import Contract
from include.feeds.contract_rules import Severity
from include.quality.checks import ANY_COLUMN, Check
from include.quality.grammar import name
from include.quality.split import DELIVERY, flags, is_mask

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
    """One rule on the rows of one delivery."""

    rule_id: str
    column: str
    severity: Severity
    rows_checked: int
    rows_failed: int


@dataclass(frozen=True)
class Counts:
    """Counts over the rows of one delivery that are no duplicates."""

    rows: int
    bad: int
    filled: Mapping[str, int]
    """Column → rows with something in the cell."""
    failed: tuple[tuple[Check, int], ...]
    """Checks that failed somewhere, with how many rows."""
    rules: tuple[RuleCount, ...]


@dataclass(frozen=True)
class Counted:
    """What the table `marks` holds: counts per delivery, and the predicates of what failed in any of them."""

    deliveries: tuple[Counts, ...]
    failing: tuple[tuple[Check, str], ...]
    """Checks that failed somewhere, with the predicate of the rows."""
    predicates: Mapping[tuple[str, str], str]
    """(rule id, column) of what is counted together → the predicate of the rows."""


def count(
    con: duckdb.DuckDBPyConnection, contract: Contract, checks: Sequence[Check], *, deliveries: int
) -> Counted:
    """Count the table `marks`: first which checks failed at all, then those."""
    names = [name(f"{column.name}__text") for column in contract.columns]
    found = flags(checks)
    places = list(dict.fromkeys(place for place, _ in found))
    seen = [
        f"bit_or({name(place) if is_mask(place) else f'1 << cast({name(place)} as integer)'})"
        for place in places
    ]
    sums = _of_each(con, ["count(*)", "count(*) filter (_bad)", *(f"count({text})" for text in names), *seen])
    union = {
        place: reduce(or_, (row[len(names) + 2 + at] for row in sums.values()))
        for at, place in enumerate(places)
    }
    failing = tuple(
        (check, f"({name(place)} & {value}) <> 0" if is_mask(place) else f"{name(place)} = {value}")
        for check, (place, value) in zip(checks, found, strict=True)
        if union[place] & (value if is_mask(place) else 1 << value)
    )
    grouped: dict[tuple[str, str], list[str]] = {}
    for check, predicate in failing:
        grouped.setdefault(_rule(check), []).append(predicate)
    combined = {rule: " or ".join(predicates) for rule, predicates in grouped.items()}
    predicates = [*(predicate for _, predicate in failing), *combined.values()]
    refused = _of_each(con, [f"count(*) filter ({predicate})" for predicate in predicates])
    columns = [column.name for column in contract.columns]
    each = []
    for delivery in range(deliveries):
        rows, bad, *rest = sums[delivery]
        filled = dict(zip(columns, rest, strict=False))
        numbers = refused.get(delivery, ())
        totals = dict(zip(combined, numbers[len(failing) :], strict=True))
        failed = tuple((check, found) for (check, _), found in zip(failing, numbers, strict=False) if found)
        each.append(Counts(rows, bad, filled, failed, _rules(checks, rows, filled, totals)))
    return Counted(tuple(each), failing, combined)


def _of_each(con: duckdb.DuckDBPyConnection, asked: Sequence[str]) -> dict[int, tuple[Any, ...]]:
    """The aggregates asked for, by delivery."""
    if not asked:
        return {}
    found = con.sql(f"select {DELIVERY}, {', '.join(asked)} from marks group by {DELIVERY}").fetchall()
    return {delivery: tuple(values) for delivery, *values in found}


def _rules(
    checks: Sequence[Check], rows: int, filled: Mapping[str, int], totals: Mapping[tuple[str, str], int]
) -> tuple[RuleCount, ...]:
    rules = {}
    for check in checks:
        looked_at = filled[check.column] if check.needs_value else rows
        rule_id, column = rule = _rule(check)
        rules[rule] = RuleCount(rule_id, column, check.severity, looked_at, totals.get(rule, 0))
    return tuple(rules.values())


def _rule(check: Check) -> tuple[str, str]:
    """What a check is counted under: rule id and column, '' for faults counted over all columns together."""
    return check.rule_id, "" if check.rule_id in ANY_COLUMN else check.column


def results(counts: Counts) -> tuple[ValidationResult, ...]:
    """The DuckDB pass over one delivery as results, one per rule and column."""
    return tuple(verdict(rule, "duckdb", rule.rows_failed) for rule in counts.rules)


def verdict(rule: RuleCount, judge: Judge, rows_failed: int) -> ValidationResult:
    """The result of `judge`, who found `rows_failed` rows."""
    passed = rows_failed == 0 and rule.rows_checked > 0
    return ValidationResult(
        rule.rule_id, rule.column, rule.severity, judge, rule.rows_checked, rows_failed, passed
    )
