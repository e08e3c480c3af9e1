"""What is checked of a row: the contract's columns and rules as one list of checks with SQL predicates.

A cell has at most one fault of form (`CELL_CODES`, in this order), kept as a number in `<column>__code`; a
check of the row is a bit of the row's mask. Predicates are true where the check fails; no value passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from include.feeds.contract import Column, Contract
from include.feeds.contract_rules import (
    Between,
    Compare,
    ExistsIn,
    Matches,
    OneOf,
    RequiredIf,
    Rule,
    Severity,
    Sum,
)
from include.quality import grammar
from include.quality.grammar import literal, name

CELL_CODES = (
    "R-MERGED", "R-NOCACHE", "R-ERRCELL", "R-EXTLINK", "R-CTRL", "R-CHAR", "R-IDPREC", "R-REQUIRED", "R-TYPE",
)  # fmt: skip
"""Faults of form; a cell's number n in `<column>__code` stands for the n-th, 0 for none."""

_NUMBER = {code: number for number, code in enumerate(CELL_CODES, start=1)}
_BLANK_CODE = _NUMBER["R-REQUIRED"]
ANY_COLUMN = CELL_CODES[: CELL_CODES.index("R-REQUIRED")]
"""Faults of form that are counted over all columns together."""

_TYPE_CODES = {"integer": "R-NUM", "number": "R-NUM", "date": "R-DATEFMT", "timestamp": "R-DATEFMT"}
_SQL_OPS = {"==": "=", "!=": "<>"}


@dataclass(frozen=True)
class Check:
    """One check of a row. `cell_code` > 0: a fault of form of `column`; else a bit of the row's mask."""

    rule_id: str
    template: str
    column: str
    severity: Severity
    failed: str
    cell_code: int = 0
    rule: Rule | None = None
    others: tuple[str, ...] = ()
    """Further columns that the sentence shows."""

    @property
    def needs_value(self) -> bool:
        """Whether rows without a value in `column` are not looked at."""
        if self.rule is not None:
            return self.rule.kind != "required_if"
        return self.rule_id in ("R-NUM", "R-DATEFMT", "R-TYPE", "R-UNIT")


def type_code(column: Column) -> str:
    """The rule id for a value that cannot be read as the column's type."""
    return _TYPE_CODES.get(column.type, "R-TYPE")


def must_have_value(column: Column, *, delivered: bool) -> bool:
    """Whether every row needs a value; a column that may be absent and is absent asks for none."""
    return (column.required or column.key) and (delivered or not column.may_be_absent)


def cell_code(column: Column, *, delivered: bool, now: date) -> str:
    """The DuckDB expression for `<column>__code`, over `__text`, `__kind` and `__read` (the typed value)."""
    text, kind = name(f"{column.name}__text"), name(f"{column.name}__kind")
    found = {
        "R-MERGED": "false" if column.blank_means_above else f"{kind} = {grammar.MERGED}",
        "R-NOCACHE": f"{kind} = {grammar.NO_CACHE}",
        "R-ERRCELL": f"{kind} = {grammar.ERROR}",
        "R-EXTLINK": f"{kind} = {grammar.LINKED}",
        "R-CTRL": f"regexp_matches({text}, {literal(grammar.CONTROL)})",
        "R-CHAR": f"regexp_matches({text}, {literal(grammar.STRANGE)})",
    }
    if column.type == "string":
        long = f"regexp_full_match({text}, {literal(grammar.LONG_NUMBER)})"
        found["R-IDPREC"] = f"{kind} = {grammar.NUMBER} and {long}"
    cases = [f"when {failed} then {_NUMBER[code]}" for code, failed in found.items()]
    blank = _BLANK_CODE if must_have_value(column, delivered=delivered) else 0
    cases.append(f"when {text} is null then {blank}")
    if column.type != "string":
        readable = grammar.believed(column, name(f"{column.name}__read"), now)
        cases.append(f"when not coalesce({readable}, false) then {_NUMBER['R-TYPE']}")
    return f"cast(case {' '.join(cases)} else 0 end as utinyint)"


def checks(contract: Contract, *, delivered: frozenset[str]) -> tuple[Check, ...]:
    """Every check of a row under `contract`, faults of form first; `delivered`: the columns the file has."""
    return (*_of_form(contract, delivered), *_of_row(contract))


def _of_form(contract: Contract, delivered: frozenset[str]) -> Iterator[Check]:
    for column in contract.columns:
        for code, number in _NUMBER.items():
            applies = {
                "R-MERGED": not column.blank_means_above,
                "R-IDPREC": column.type == "string",
                "R-REQUIRED": must_have_value(column, delivered=column.name in delivered),
                "R-TYPE": column.type != "string",
            }.get(code, True)
            if applies:
                rule_id = type_code(column) if code == "R-TYPE" else code
                failed = f"{name(f'{column.name}__code')} = {number}"
                yield Check(rule_id, rule_id, column.name, "reject_row", failed, cell_code=number)


def _of_row(contract: Contract) -> Iterator[Check]:
    unit = contract.unit
    dated = dating_column(contract)
    if dated:
        undated = f"_quarter is null and {name(f'{dated}__code')} = 0"
        yield Check("R-QUARTER", "R-QUARTER", dated, "reject_row", undated)
        yield Check(
            "R-PERIOD", "R-PERIOD", dated, "reject_row", "_quarter not between _earliest and _current"
        )
    if not unit.register_from_feed:
        yield Check("R-UNIT", "R-UNIT", unit.column, "reject_row", "_unit = ''")
    if contract.key:
        yield Check(
            "R-CONFLICT",
            "R-CONFLICT",
            contract.key[0],
            "reject_row",
            "_rivals is not null",
            others=contract.key,
        )
    for rule in contract.rules:
        column, others = "", tuple[str, ...]()
        match rule:
            case OneOf() | Between() | Matches():
                column = rule.column
            case Compare():
                column, others = rule.left, (rule.left, rule.right)
            case RequiredIf():
                column, others = rule.column, (rule.other,)
            case Sum():
                column, others = rule.column, (rule.column, *rule.of, *rule.less)
            case ExistsIn():
                column, others = rule.columns[0], rule.columns if len(rule.columns) > 1 else ()
        failed = rule_failed(rule, contract)
        yield Check(rule.id, f"rule_{rule.kind}", column, rule.severity, failed, rule=rule, others=others)


def dating_column(contract: Contract) -> str:
    """The column that decides a row's quarter; '' where none does."""
    return contract.time.quarter_from.column if contract.time.quarter_from else ""


def rule_failed(rule: Rule, contract: Contract) -> str:
    """The DuckDB predicate that is true (never NULL-dependent: NULL counts as passed) where `rule` fails."""
    match rule:
        case OneOf():
            return f"({_among(contract.column(rule.column), rule.values)}) = false"
        case Between():
            value = name(rule.column)
            bounds = [
                f"{value} {op} {format(Decimal(repr(bound)), 'f')}"
                for op, bound in (("<", rule.min), (">", rule.max))
                if bound is not None
            ]
            return " or ".join(bounds) or "false"
        case Matches():
            text = _text_of(contract.column(rule.column))
            return f"regexp_full_match({text}, {literal(rule.pattern)}) = false"
        case Compare():
            return f"({name(rule.left)} {_SQL_OPS.get(rule.op, rule.op)} {name(rule.right)}) = false"
        case RequiredIf():
            column = contract.column(rule.column)
            absent = f"{name(column.name)} is null and {name(f'{column.name}__code')} in (0, {_BLANK_CODE})"
            return f"{absent} and {_among(contract.column(rule.other), rule.values)}"
        case Sum():
            terms = [f"+ {_decimal(term)}" for term in rule.of] + [
                f"- {_decimal(term)}" for term in rule.less
            ]
            apart = f"abs({_decimal(rule.column)} - (0 {' '.join(terms)}))"
            return f"{apart} > {format(rule.tolerance, 'f')}"
        case ExistsIn():
            return f"{name(found_column(rule))} = false"


def found_column(rule: ExistsIn) -> str:
    """The column of `marks` that says whether the row's values stand in the other feed; NULL: not asked."""
    return f"{rule.id}__found"


def apart_column(rule: Sum) -> str:
    """The column of the second judge's frame that says how far a sum is from its terms."""
    return f"{rule.id}__apart"


def _decimal(column: str) -> str:
    return f"cast({name(column)} as decimal(28, 6))"


def _among(column: Column, values: tuple[str, ...]) -> str:
    if column.type in ("integer", "number"):
        return f"{name(column.name)} in ({', '.join(str(Decimal(value)) for value in values)})"
    return f"{_text_of(column)} in {grammar.among(values)}"


def _text_of(column: Column) -> str:
    """The text as delivered, but NULL where the cell has a fault of form."""
    if column.type == "string":
        return name(column.name)
    return f"case when {name(f'{column.name}__code')} = 0 then {name(f'{column.name}__text')} end"
