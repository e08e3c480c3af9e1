"""Sentences about faults: one line per fault, with values masked.

Whatever looks like an identity number or a mobile number is masked wherever it stands; values of personal
columns show their first character only.
"""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names and texts of our own contracts
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import yaml

from include.feeds.contract import Column, Contract
from include.feeds.contract_rules import Between, Compare, ExistsIn, Matches, OneOf, RequiredIf, Sum
from include.feeds.faults import Fault
from include.feeds.persons import as_python, in_a_sentence
from include.quality import grammar
from include.quality.checks import Check
from include.quality.grammar import name
from include.quality.split import DELIVERY, When

FAULT_COLUMNS = (
    "sheet", "row", "column", "cell", "rule_id", "severity", "masked_value", "message_zh", "message_en", "quarter",
)  # fmt: skip
"""The columns of a frame of faults."""

Letters = Mapping[str, Mapping[str, str]]
"""Sheet → column → its letters; sheet '' is a text file, whose columns go by their headers."""

_SHOWN_VALUES = 20
_BLANK = "空 (blank)"
_BAD = {"R-CTRL": as_python(grammar.CONTROL), "R-CHAR": as_python(grammar.STRANGE)}
_TEXTS = Path(__file__).with_name("messages.yaml")


@cache
def texts() -> dict[str, Any]:
    """The templates of messages.yaml."""
    found: dict[str, Any] = yaml.safe_load(_TEXTS.read_text(encoding="utf-8"))
    return found


def file_fault(code: str, **facts: Any) -> Fault:
    """Compose a fault of the whole file; KeyError for a code without a text or a missing fact."""
    text = texts()["files"][code]
    return Fault(code, text["zh"].format(**facts), text["en"].format(**facts))


@dataclass(frozen=True)
class About:
    """How a delivery's sentences say where something stands."""

    file_name: str
    letters: Letters


def fault_lines(
    con: duckdb.DuckDBPyConnection,
    failing: Sequence[tuple[Check, str]],
    contract: Contract,
    deliveries: Sequence[About],
    *,
    when: When,
) -> list[pd.DataFrame]:
    """One frame per delivery with a line per fault of `marks`, ordered by row and check."""
    lines: list[list[tuple[Any, ...]]] = [[] for _ in deliveries]
    for order, (check, predicate) in enumerate(failing):
        say = _Sentences(check, contract, deliveries, when)
        texts = ", ".join(name(f"{column.name}__text") for column in say.shown)
        rows = con.sql(
            f"select _at, {DELIVERY}, _sheet, _row, coalesce(_quarter, ''), _nearest, _rivals, {texts} "
            f"from marks where {predicate}"
        ).fetchall()
        for at, delivery, *row in rows:
            lines[delivery].append((at, order, *say.line(delivery, *row)))
    return [
        pd.DataFrame([line[2:] for line in sorted(found, key=_place_and_check)], columns=list(FAULT_COLUMNS))
        if found
        else no_faults()
        for found in lines
    ]


def _place_and_check(line: tuple[Any, ...]) -> tuple[int, int]:
    return line[0], line[1]


def no_faults() -> pd.DataFrame:
    """A frame of faults without a line."""
    return pd.DataFrame(
        {field: pd.Series(dtype="int64" if field == "row" else "str") for field in FAULT_COLUMNS}
    )


def all_null_lines(columns: Sequence[Column], *, file_name: str, rows: int) -> pd.DataFrame:
    """Warnings of whole columns without a value (row 0: they belong to no row)."""
    text = texts()["columns"]["W-ALLNULL"]
    found = [
        (
            "", 0, column.name, "", "W-ALLNULL", "warn", "",
            text["zh"].format(file=file_name, title=column.title, rows=rows),
            text["en"].format(file=file_name, title=column.title, rows=rows),
            "",
        )
        for column in columns
    ]  # fmt: skip
    return pd.DataFrame(found, columns=list(FAULT_COLUMNS))


def one_judge_line(*, file_name: str, rows: int, limit: int) -> pd.DataFrame:
    """The warning that the second judge did not look at a delivery of so many rows."""
    text = texts()["columns"]["W-ONEJUDGE"]
    facts = {"file": file_name, "rows": rows, "limit": limit}
    line = (
        "",
        0,
        "",
        "",
        "W-ONEJUDGE",
        "warn",
        "",
        text["zh"].format(**facts),
        text["en"].format(**facts),
        "",
    )
    return pd.DataFrame([line], columns=list(FAULT_COLUMNS))


class _Sentences:
    """The sentences about one check; each value is masked once."""

    def __init__(self, check: Check, contract: Contract, deliveries: Sequence[About], when: When) -> None:
        self.column = contract.column(check.column)
        self.shown = tuple(map(contract.column, dict.fromkeys((check.column, *check.others))))
        self._others = tuple(map(contract.column, check.others))
        self._check, self._deliveries = check, deliveries
        self._unit = contract.unit.column
        self._mask = lru_cache(maxsize=10_000)(in_a_sentence)
        self._templates = [
            (
                texts()["rows"][check.template][language],
                {
                    "title": self.column.title,
                    "current": when.current,
                    "earliest": when.earliest,
                    "expected": _expected(check, contract, language),
                    "rule": getattr(check.rule.title, language) or check.rule.title.zh if check.rule else "",
                },
            )
            for language in ("zh", "en")
        ]

    def line(
        self, delivery: int, sheet: str, row: int, quarter: str, nearest: str | None, rivals: str | None,
        *values: str | None,
    ) -> tuple[Any, ...]:  # fmt: skip
        """One line of the frame of faults; `values`: the texts of the columns that are shown."""
        about, column = self._deliveries[delivery], self.column
        letters = about.letters.get(sheet, {})
        shown = {
            one.name: self._masked(one, text, nearest) for one, text in zip(self.shown, values, strict=True)
        }
        place = letters.get(column.name, "")
        in_cell = f"{place}{row}" if sheet and place else ""
        in_row = f"第 {row} 行 {place}".rstrip()
        cell = in_cell or ("" if sheet else in_row)
        head = f"{about.file_name} [{sheet}]" if sheet else about.file_name
        facts = {
            "where_zh": f"{head} {cell or in_row}",
            "where_en": f"{head} {in_cell or f'row {row} {place}'.rstrip()}",
            "found": self._found(shown, sheet, row, letters),
            "at": self._position(values[0] or ""),
            "nearest": nearest or "—",
            "rivals": rivals or "",
        }
        zh, en = (template.format(**facts, **fixed) for template, fixed in self._templates)
        check = self._check
        masked = shown[column.name]
        return sheet, row, column.name, cell, check.rule_id, check.severity, masked, zh, en, quarter

    def _masked(self, column: Column, text: str | None, nearest: str | None) -> str:
        """The value as shown; a short name of a unit (康城 for 康城镇), which may read as a person's, as it is."""
        hidden = column.is_hidden
        if text and nearest and column.name == self._unit and not hidden and text in nearest:
            return text
        return self._mask(text or "", hidden=hidden)

    def _found(self, shown: Mapping[str, str], sheet: str, row: int, letters: Mapping[str, str]) -> str:
        """The value found, '空 (blank)' for none; several columns as `title cell=value`."""
        if not self._others:
            return shown[self.column.name] or _BLANK
        terms = []
        for other in self._others:
            place = letters.get(other.name, "")
            where = f"{other.title} {place}{row}" if sheet and place else other.title
            terms.append(f"{where}={shown[other.name] or _BLANK}")
        return ", ".join(terms)

    def _position(self, text: str) -> int | str:
        """Where the first bad character stands, from 1."""
        bad = _BAD.get(self._check.rule_id)
        found = bad.search(text) if bad else None
        return found.start() + 1 if found else ""


def _expected(check: Check, contract: Contract, language: str) -> str:
    match check.rule:
        case OneOf(values=values):
            shown = "、".join(values[:_SHOWN_VALUES])
            return shown + ("…" if len(values) > _SHOWN_VALUES else "")
        case Between(min=low, max=high):
            return f"{'-∞' if low is None else f'{low:g}'} … {'∞' if high is None else f'{high:g}'}"
        case Matches(pattern=pattern):
            return pattern
        case Compare(left=left, op=op, right=right):
            return f"{contract.column(left).title} {op} {contract.column(right).title}"
        case RequiredIf(other=other, values=values):
            return f"{contract.column(other).title}={'/'.join(values)}"
        case Sum(column=total, of=of, less=less):
            terms = " + ".join(contract.column(term).title for term in of)
            off = [contract.column(term).title for term in less]
            return " − ".join([f"{contract.column(total).title} = {terms}", *off])
        case ExistsIn(feed=feed, quarters=quarters):
            return f"{feed} ({_QUARTERS[quarters][language]})"
    column = contract.column(check.column)
    kind = column.unit if column.unit and column.type in ("integer", "number") else column.type
    template: str = texts()["expected"][kind][language]
    return template.format(
        earliest=grammar.EARLIEST,
        formats=" / ".join(_written(form) for form in column.formats),
        values=" / ".join((*column.true_values[:1], *column.false_values[:1])),
    )


_QUARTERS = {
    "same": {"zh": "同季度", "en": "same quarter"},
    "same_or_earlier": {"zh": "本季度及以前", "en": "this quarter and before"},
    "any": {"zh": "各季度", "en": "any quarter"},
}


def _written(form: str) -> str:
    for directive, part in (
        ("%Y", "2026"),
        ("%y", "26"),
        ("%m", "07"),
        ("%d", "01"),
        ("%H", "08"),
        ("%M", "30"),
        ("%S", "00"),
    ):
        form = form.replace(directive, part)
    return form
