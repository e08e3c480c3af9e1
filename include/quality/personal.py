"""Personal data where the contract says there is none: whole columns of text searched in the DuckDB pass.

One expression picks the few cells that may hold anything; only those are looked at closely. What counts:

- an identity number of eighteen digits with its check digit, a mobile or landline number, an identity or card number
  behind its label, a name behind its label: any one of them;
- unlabelled numbers that could be a serial number as well (mobile numbers that fill their cell, identity numbers of
  fifteen digits, bank cards): only where most numbers of that kind in the column are, and several;
- names that fill their cell: only where they fill most of the column.
"""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names and texts of our own contracts
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from include.feeds import persons
from include.feeds.contract import Column, Contract
from include.quality.grammar import literal, name
from include.quality.split import DELIVERY

MOST = 0.8
"""Share of a column's candidates from which on they are taken for what they look like."""
SEVERAL, MANY_NAMES = 3, 8

_EDGE = r"(?:^|[^0-9A-Za-z_.\-/])"
_END = r"(?:$|[^0-9A-Za-z_.\-/号])"
_SERIAL = r"(?:编号|单号|文号|流水|序号|项目|合同|工单)[^0-9]{0,4}"
_CERTAIN = {
    "labelled_name": persons.LABELLED_NAME,
    "labelled_phone": persons.LABELLED_PHONE,
    "labelled_number": persons.LABELLED_NUMBER,
}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_KINDS = {
    "identity": ("身份证号", "identity numbers"),
    "mobile": ("手机号", "mobile numbers"),
    "card": ("银行卡号", "bank cards"),
    "labelled_name": ("姓名", "names"),
    "labelled_phone": ("电话号码", "phone numbers"),
    "labelled_number": ("证件号或卡号", "numbers of documents or cards"),
    "names": ("姓名", "names"),
}


@dataclass(frozen=True)
class PersonalColumn:
    """A column that carries what it should not; one cell of it for an example."""

    column: Column
    kind_zh: str
    kind_en: str
    rows: int
    sheet: str
    row: int


def searched(contract: Contract) -> tuple[Column, ...]:
    """The columns of text that the contract declares free of personal data and that do not name the unit."""
    return tuple(
        column
        for column in contract.columns
        if column.type == "string" and not column.is_hidden and column.name != contract.unit.column
    )


def find_personal(con: duckdb.DuckDBPyConnection, contract: Contract) -> dict[int, PersonalColumn]:
    """Per delivery of `cells` that carries personal data its first such column, in the contract's order."""
    columns = [column for column in searched(contract) if not contract.unit.register_from_feed]
    if not columns:
        return {}
    suspicious = rf"(?:\d[ -]?){{11}}|{'|'.join(_CERTAIN.values())}|^{persons.NAME}$"
    # Distinct values of all columns at once: the expression is compiled once and seldom read.
    texts = " union ".join(
        f"select {DELIVERY}, {at}, {_text(column)} from cells" for at, column in enumerate(columns)
    )
    there = con.execute(
        f"select distinct delivery, place from ({texts}) as texts (delivery, place, said) "
        f"where regexp_matches(said, {literal(suspicious)}) order by all"
    ).fetchall()
    found: dict[int, PersonalColumn] = {}
    for delivery, at in there:
        if delivery in found:
            continue
        if seen := _look(con, delivery, columns[at], suspicious):
            kind, rows, sheet, number = seen
            zh, en = _KINDS[kind]
            found[delivery] = PersonalColumn(columns[at], zh, en, rows, sheet, number)
    return found


def _look(
    con: duckdb.DuckDBPyConnection, delivery: int, column: Column, suspicious: str
) -> tuple[str, int, str, int] | None:
    text = _text(column)
    digits = "regexp_extract(bare, '(?:^|[^0-9])([0-9]{17}[0-9Xx])(?:$|[^0-9])', 1)"
    weighed = " + ".join(
        f"{weight} * coalesce(try_cast({digits}[{at}] as integer), 0)"
        for at, weight in enumerate(_WEIGHTS, 1)
    )
    mobile = rf"{_EDGE}{persons.MOBILE_WRITTEN}{_END}"
    flags = {kind: f"regexp_matches(said, {literal(pattern)})" for kind, pattern in _CERTAIN.items()}
    flags["identity"] = (
        f"coalesce(regexp_full_match({digits}, {literal(persons.IDENTITY)}) "
        f"and substr('10X98765432', cast(({weighed}) % 11 as integer) + 1, 1) = upper({digits}[18]), false)"
    )
    flags["mobile_in_text"] = (
        f"regexp_matches(said, {literal(mobile)}) and not regexp_full_match(said, '[0-9 ]*') "
        f"and not regexp_matches(said, {literal(_SERIAL + persons.MOBILE)})"
    )
    flags["mobile_alone"] = f"regexp_full_match(said, {literal(persons.MOBILE)})"
    flags["serial_11"] = "regexp_full_match(said, '[0-9]{11}')"
    flags["identity_15"] = f"regexp_full_match(said, {literal(persons.IDENTITY_15)})"
    flags["serial_15"] = "regexp_full_match(said, '[0-9]{15}')"
    flags["card"] = f"regexp_full_match(said, '[3-6][0-9]{{15,18}}') and {_luhn()}"
    flags["serial_card"] = "regexp_full_match(said, '[0-9]{16,19}')"
    flags["name_alone"] = f"regexp_full_match(said, {literal(persons.NAME)})"
    marked = ", ".join(f"({flag}) as {kind}" for kind, flag in flags.items())
    con.execute(f"""
        create or replace temp table personal as
        with texts as (
            select _sheet, _row, {text} as said, regexp_replace({text}, '[ -]', '', 'g') as bare from cells
            where {DELIVERY} = {delivery} and regexp_matches({text}, {literal(suspicious)}))
        select *, {marked} from texts""")
    counts = ", ".join(f"count(*) filter (where {kind})" for kind in flags)
    counted = dict(zip(flags, con.execute(f"select {counts} from personal").fetchone() or (), strict=True))
    prefixes, names, filled = con.execute(
        f"select (select count(distinct left(said, 7)) from personal where mobile_alone), "
        f"(select count(distinct said) from personal where name_alone), "
        f"(select count({text}) from cells where {DELIVERY} = {delivery})"
    ).fetchone() or (0, 0, 0)
    for kind, where in _verdicts(counted, prefixes, names, filled):
        sheet, number = con.execute(
            f"select _sheet, _row from personal where {where} order by _sheet, _row limit 1"
        ).fetchone() or ("", 0)
        return kind, counted[where], str(sheet), int(number)
    return None


def _verdicts(counted: Mapping[str, int], prefixes: int, names: int, filled: int) -> list[tuple[str, str]]:
    """(kind, flag) of what is taken for personal data."""
    found = [(kind, kind) for kind in ("identity", *_CERTAIN) if counted[kind]]
    if counted["mobile_in_text"]:
        found.append(("mobile", "mobile_in_text"))
    for kind, flag, whole in (
        ("mobile", "mobile_alone", "serial_11"),
        ("identity", "identity_15", "serial_15"),
        ("card", "card", "serial_card"),
    ):
        several = counted[flag] >= SEVERAL and counted[flag] >= MOST * counted[whole]
        # Serial numbers share their beginning; the numbers of several people do not.
        if several and (flag != "mobile_alone" or prefixes >= MOST * counted[flag]):
            found.append((kind, flag))
    if names >= MANY_NAMES and counted["name_alone"] >= MOST * filled:
        found.append(("names", "name_alone"))
    return found


def _luhn() -> str:
    """Luhn's sum of the text of digits `said` is a multiple of ten."""
    digit = "try_cast(reverse(said)[i] as integer)"
    doubled = f"case when i % 2 = 1 then {digit} when {digit} > 4 then {digit} * 2 - 9 else {digit} * 2 end"
    return f"list_sum(list_transform(range(1, length(said) + 1), lambda i: {doubled})) % 10 = 0"


def _text(column: Column) -> str:
    return name(f"{column.name}__text")
