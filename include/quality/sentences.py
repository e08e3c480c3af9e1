"""Sentences about faults: one line per fault, built by DuckDB per kind of fault, with values masked.

Whatever looks like an identity number or a mobile number is masked wherever it stands; values of personal
columns show their first character only.
"""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names and texts of our own contracts
from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import duckdb
import pandas as pd
import yaml

from include.feeds import persons
from include.feeds.contract import Column, Contract
from include.feeds.contract_rules import Between, Compare, ExistsIn, Matches, OneOf, RequiredIf, Sum
from include.feeds.faults import Fault
from include.quality import grammar
from include.quality.checks import Check
from include.quality.counts import Counts
from include.quality.grammar import literal, name
from include.quality.split import When

FAULT_COLUMNS = (
    "sheet", "row", "column", "cell", "rule_id", "severity", "masked_value", "message_zh", "message_en", "quarter",
)  # fmt: skip
"""The columns of a frame of faults."""

Letters = Mapping[str, Mapping[str, str]]
"""Sheet → column → its letters; sheet '' is a text file, whose columns go by their headers."""

SHOWN_CHARACTERS = 40
_SHOWN_VALUES = 20
IDENTITY = r"(\d{3})\d{3}[ -]?\d{8}[ -]?(\d{3}[\dXx])"
MOBILE = r"(1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})"
_MOBILE_ALONE = rf"\b{MOBILE}\b"
_UNSEEN = r"[\x00-\x1f\x7f-\x9f\x{E000}-\x{F8FF}\x{FFFD}-\x{FFFF}\x{F0000}-\x{10FFFF}]"
_ERRORS = "'#REF!', '#DIV/0!', '#VALUE!', '#NULL!', '#NUM!', '#N/A', '#NAME?'"
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


def masked(column: Column, text: str) -> str:
    """The DuckDB expression that shows `text`, a value of `column`; '' where there is none.

    Identity numbers read 110***********002X, mobile numbers 138****1234; personal values, and any that read as a
    name or hold one behind its label, a phone or an address, read 张*; characters that cannot be seen read □; more
    than 40 characters are cut.
    """
    clean = f"regexp_replace({text}, {literal(_UNSEEN)}, '□', 'g')"
    shown = (
        f"regexp_replace(regexp_replace(regexp_replace({clean}, {literal(_MOBILE_ALONE)}, '\\1****\\2', 'g'), "
        f"{literal(IDENTITY)}, '\\1***********\\2', 'g'), "
        f"{literal(MOBILE)}, '\\1****\\2', 'g')"
    )
    if column.privacy in ("personal", "pseudonym"):
        numbers = f"regexp_full_match({clean}, {literal(f'({IDENTITY}|{MOBILE})')})"
        return (
            f"coalesce(case when {numbers} then {shown} when {text} in ({_ERRORS}) "
            f"then {text} else left({clean}, 1) || '*' end, '')"
        )
    given_away = (persons.LABELLED_NAME, persons.LABELLED_LANDLINE, persons.LABELLED_NUMBER, persons.HOME)
    person = literal("|".join((f"^{persons.NAME}$", *given_away)))
    shown = f"case when regexp_matches({clean}, {person}) then left({clean}, 1) || '*' else {shown} end"
    cut = f"case when length({shown}) > {SHOWN_CHARACTERS} then left({shown}, {SHOWN_CHARACTERS - 1}) || '…'"
    return f"coalesce({cut} else {shown} end, '')"


def fault_lines(
    con: duckdb.DuckDBPyConnection,
    counts: Counts,
    contract: Contract,
    *,
    letters: Letters,
    file_name: str,
    when: When,
) -> pd.DataFrame:
    """One line per fault of `marks`, ordered by row and check."""
    if not counts.failed:
        return no_faults()
    lines = " union all ".join(
        _lines(index, check, predicate, contract, letters, file_name, when)
        for index, (check, predicate, _) in enumerate(counts.failed)
    )
    return con.sql(f"select {', '.join(map(name, FAULT_COLUMNS))} from ({lines}) order by _at, _order").df()


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


def _lines(
    order: int,
    check: Check,
    predicate: str,
    contract: Contract,
    letters: Letters,
    file_name: str,
    when: When,
) -> str:
    column = contract.column(check.column)
    cell = _address(column, letters)
    # Masked once below the projection: written out where it is used, it would be worked out several times.
    values = ", ".join(
        f"{_masked_here(one, contract)} as {_value(one)}"
        for one in map(contract.column, dict.fromkeys((column.name, *check.others)))
    )
    line = "' row ' || _row || ' ' || " + _place(column, letters)
    sheet = "case when _sheet <> '' then ' [' || _sheet || ']' else '' end"
    text = texts()["rows"][check.template]
    facts = {
        "where_zh": f"{literal(file_name)} || {sheet} || ' ' || coalesce(nullif({cell}, ''), '第 ' || _row || ' 行')",
        "where_en": f"{literal(file_name)} || {sheet} || case when {_is_cell(column, letters)} "
        f"then ' ' || {cell} else rtrim({line}) end",
        "title": literal(column.title),
        "found": _found(check, contract, letters),
        "at": _position(check, name(f"{column.name}__text")),
        "nearest": "coalesce(nullif(_nearest, ''), '—')",
        "rivals": "coalesce(_rivals, '')",
        "current": literal(when.current),
        "earliest": literal(when.earliest),
    }
    sentences = {}
    for language in ("zh", "en"):
        rule = getattr(check.rule.title, language) or check.rule.title.zh if check.rule else ""
        own = facts | {"rule": literal(rule), "expected": literal(_expected(check, contract, language))}
        sentences[language] = _concatenation(text[language], own)
    return f"""
        select _at, {order} as _order, _sheet as sheet, _row as "row", {literal(column.name)} as "column",
            {cell} as cell, {literal(check.rule_id)} as rule_id, {literal(check.severity)} as severity,
            {_value(column)} as masked_value, {sentences["zh"]} as message_zh, {sentences["en"]} as message_en,
            coalesce(_quarter, '') as quarter
        from (select *, {values} from marks where {predicate})"""


def _masked_here(column: Column, contract: Contract) -> str:
    """`masked`, but for a short name of a unit (康城 for 康城镇), which may read as a person's."""
    text = name(f"{column.name}__text")
    if column.name != contract.unit.column or column.privacy in ("personal", "pseudonym"):
        return masked(column, text)
    return f"case when contains(_nearest, {text}) then {text} else {masked(column, text)} end"


def _value(column: Column) -> str:
    """The column of masked values of `column`."""
    return name(f"{column.name}__masked")


def _concatenation(template: str, facts: Mapping[str, str]) -> str:
    terms = []
    for text, field, _, _ in Formatter().parse(template):
        terms += [literal(text)] if text else []
        terms += [facts[field]] if field else []
    return " || ".join(f"({term})" for term in terms)


def _place(column: Column, letters: Letters) -> str:
    """The column's letters on the row's sheet (its header in a text file); '' where the file lacks it."""
    places = {sheet: found[column.name] for sheet, found in letters.items() if column.name in found}
    if not places:
        return "''"
    cases = " ".join(f"when {literal(sheet)} then {literal(place)}" for sheet, place in places.items())
    return f"case _sheet {cases} else '' end"


def _is_cell(column: Column, letters: Letters) -> str:
    return f"_sheet <> '' and {_place(column, letters)} <> ''"


def _address(column: Column, letters: Letters) -> str:
    """C12 in a workbook, 第 12 行 责任单位 in a text file; '' for a column that a workbook lacks."""
    place = _place(column, letters)
    return (
        f"case when {_is_cell(column, letters)} then {place} || _row "
        f"when _sheet = '' then rtrim('第 ' || _row || ' 行 ' || {place}) else '' end"
    )


def _found(check: Check, contract: Contract, letters: Letters) -> str:
    """The value found, '空 (blank)' for none; several columns as `title cell=value`."""
    if not check.others:
        return _or_blank(_value(contract.column(check.column)))
    terms = []
    for other in map(contract.column, check.others):
        shown = _or_blank(_value(other))
        terms.append(f"rtrim({literal(other.title + ' ')} || ({_in_row(other, letters)})) || '=' || {shown}")
    return " || ', ' || ".join(terms)


def _in_row(column: Column, letters: Letters) -> str:
    return f"case when {_is_cell(column, letters)} then {_place(column, letters)} || _row else '' end"


def _or_blank(shown: str) -> str:
    return f"coalesce(nullif({shown}, ''), '空 (blank)')"


def _position(check: Check, text: str) -> str:
    """Where the first bad character stands, from 1."""
    bad = {"R-CTRL": grammar.CONTROL, "R-CHAR": grammar.STRANGE}.get(check.rule_id)
    if bad is None:
        return "''"
    return f"(length(regexp_extract({text}, {literal('^[^' + bad[1:-1] + ']*')})) + 1)"


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
