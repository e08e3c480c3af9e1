"""Judge delivered tables by their contract: what is accepted, what is quarantined, whether the file is held."""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names and texts of our own contracts
from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.feeds.contract import Contract
from include.feeds.faults import Fault, fault
from include.keys import KeyGone
from include.quality.checks import checks, must_have_value
from include.quality.counts import ValidationResult, count, results
from include.quality.grammar import name
from include.quality.holds import file_quarter, garbled_units, held
from include.quality.references import References
from include.quality.second import FirstOpinion, Opinion, SecondJudge, first_opinion
from include.quality.sentences import all_null_lines, fault_lines, file_fault, no_faults, one_judge_line
from include.quality.split import NearestUnits, ResolveUnits, When, originals_kept, split
from include.quarters import Quarter

__all__ = ["Delivered", "Judgement", "ValidationResult", "judge"]

Pseudonymise = Callable[[pa.Table], pa.Table]


@dataclass(frozen=True)
class Judgement:
    """What became of a delivered table; each of its rows is accepted, quarantined or a duplicate.

    While `held` is set nothing of the file is used: `accepted` says only what would have been.
    """

    accepted: pa.Table
    """`_sheet`, `_row`, `_quarter`, `_unit` and the contract's columns but for personal ones, typed; `<column>__raw`
    where cells of a column were respelled or corrected: the text as sent, null for the others."""
    quarantined: pd.DataFrame
    """One line per fault, columns FAULT_COLUMNS; values masked."""
    duplicates: pd.DataFrame
    """`sheet`, `row`, `of_sheet`, `of_row`: rows that say the same as an earlier row."""
    warnings: pd.DataFrame
    """Like `quarantined`, for rules that only warn; row 0 stands for a whole column."""
    results: tuple[ValidationResult, ...]
    held: Fault | None
    data_rows: int
    quarantined_rows: int
    told: tuple[Fault, ...] = ()
    """Warnings about the file as a whole."""


@dataclass(frozen=True)
class Delivered:
    """One delivery to be judged."""

    table: pa.Table
    """As `include.feeds.read` gives it: `_sheet`, `_row` and, per declared column, its text and `<column>__kind`."""
    letters: Mapping[str, str]
    """Column → its letters (its header in a text file), for addresses; columns that the file lacks are not in it."""
    file_name: str
    """The name that messages show."""
    declared_quarter: str | None = None
    """Key like 2026Q3, where the sender named one."""
    letters_by_sheet: Mapping[str, Mapping[str, str]] | None = None
    """The letters per sheet, where sheets differ."""
    confirmed: frozenset[str] = frozenset()
    """Codes of holds that a steward confirmed for this delivery."""


def judge(
    deliveries: Sequence[Delivered],
    contract: Contract,
    *,
    resolve_units: ResolveUnits,
    nearest_units: NearestUnits,
    now: date,
    first_quarter: Quarter,
    references: References | None = None,
    pseudonymise: Pseudonymise | None = None,
) -> list[Judgement]:
    """Judge deliveries of one feed by its contract, twice, and return what became of the rows of each.

    Args:
        deliveries: in any order; none has a say in what becomes of another.
        contract: the feed's.
        resolve_units: (names, days) → unit codes, '' where the register knows none.
        nearest_units: a name → proposals for the steward; never applied.
        now: today in the site's zone.
        first_quarter: rows of earlier quarters are refused as R-PERIOD.
        references: rows of other feeds for the rules of kind `exists_in`; KeyError where one of them lacks its rows.
        pseudonymise: accepted rows → the same with keyed pseudonyms in `pseudonym` columns, and what it adds;
            without it those columns are left out like personal ones.

    Returns:
        A Judgement per delivery; accepted + quarantined + duplicate rows are the rows of its table, exactly.
    """
    with ExitStack() as stack:
        passes = [
            _first_pass(
                stack.enter_context(duckdb.connect(":memory:", config={"threads": _threads(delivered)})),
                delivered,
                contract,
                when=When(now, None, first_quarter),
                resolve_units=resolve_units,
                nearest_units=nearest_units,
                references=references or {},
            )
            for delivered in deliveries
        ]
        firsts = [one.first for one in passes if one.first is not None]
        second = SecondJudge(firsts, contract, when=When(now, None, first_quarter))
        # The second judge works in its own process while sentences and accepted rows are composed here.
        found = [_rows(one, contract, pseudonymise) for one in passes]
        opinions, kept = iter(second.opinions()), _kept(contract, pseudonymise)
        return [
            _judgement(one, rows, None if rows is None else next(opinions), contract, kept)
            for one, rows in zip(passes, found, strict=True)
        ]


def _threads(delivered: Delivered) -> int:
    """One thread for a small delivery: sharing its work costs a fifth more than it saves."""
    return 1 if len(delivered.table) <= _ROWS_OF_ONE_THREAD else os.cpu_count() or 1


_ROWS_OF_ONE_THREAD = 50_000


@dataclass(frozen=True)
class _Pass:
    """What the DuckDB pass made of one delivery; `first` is None where it has no rows."""

    con: duckdb.DuckDBPyConnection
    delivered: Delivered
    first: FirstOpinion | None
    when: When
    wrong_file: Fault | None
    """Why the whole file is held, whatever its rows are."""


def _first_pass(
    con: duckdb.DuckDBPyConnection,
    delivered: Delivered,
    contract: Contract,
    *,
    when: When,
    resolve_units: ResolveUnits,
    nearest_units: NearestUnits,
    references: References,
) -> _Pass:
    if not len(delivered.table):
        return _Pass(con, delivered, None, when, None)
    quarter, wrong_quarter = file_quarter(
        contract, delivered.file_name, delivered.declared_quarter, when.now, when.first
    )
    when = replace(when, file_quarter=quarter)
    columns = frozenset(delivered.letters)
    row_checks = checks(contract, delivered=columns)
    split(
        con, delivered.table, contract, row_checks,
        when=when, resolve_units=resolve_units, nearest_units=nearest_units, delivered=columns,
        references=references,
    )  # fmt: skip
    wrong_file = wrong_quarter or garbled_units(con, delivered.table, contract, resolve_units, when.now)
    counts = count(con, contract, row_checks)
    return _Pass(con, delivered, first_opinion(con, contract, counts, delivered=columns), when, wrong_file)


@dataclass(frozen=True)
class _Rows:
    """Where the rows of one delivery went, and the lines about them."""

    accepted: pa.Table
    lines: pd.DataFrame
    duplicates: pd.DataFrame
    key_gone: Fault | None = None


def _rows(one: _Pass, contract: Contract, pseudonymise: Pseudonymise | None) -> _Rows | None:
    if one.first is None:
        return None
    sheets = pc.unique(one.delivered.table["_sheet"]).to_pylist()
    letters = one.delivered.letters_by_sheet or dict.fromkeys(sheets, one.delivered.letters)
    file_name = one.delivered.file_name
    lines = fault_lines(
        one.con, one.first.counts, contract, letters=letters, file_name=file_name, when=one.when
    )
    raws = originals_kept(one.delivered.table, contract)
    gone = None
    try:
        accepted = _accepted(one.con, _kept(contract, pseudonymise), raws, pseudonymise)
    except KeyGone as error:
        accepted = _accepted(one.con, _kept(contract, None), raws, None)
        gone = fault("F-KEY", key=error.key_id)
    return _Rows(accepted, lines, _duplicates(one.con), gone)


def _judgement(
    one: _Pass,
    found: _Rows | None,
    opinion: Opinion | None,
    contract: Contract,
    kept: tuple[str, ...],
) -> Judgement:
    file_name = one.delivered.file_name
    if one.first is None or found is None or opinion is None:
        return _nothing(contract, kept, file_fault("F-EMPTY", file=file_name))
    counts, lines, rows = one.first.counts, found.lines, len(one.delivered.table)
    blank = [
        column
        for column in contract.columns
        if column.name in one.first.delivered and not counts.filled[column.name]
    ]
    optional = [column for column in blank if not must_have_value(column, delivered=True)]
    soft = lines["severity"] == "warn"
    of_file = [lines[soft], all_null_lines(optional, file_name=file_name, rows=rows)]
    if opinion.skipped:
        of_file.append(one_judge_line(file_name=file_name, rows=rows, limit=contract.second_judge_rows))
    told = [part for part in of_file if len(part)]
    declared = one.delivered.declared_quarter
    judgement = Judgement(
        accepted=found.accepted,
        quarantined=lines[~soft].reset_index(drop=True),
        duplicates=found.duplicates,
        warnings=pd.concat(told, ignore_index=True) if told else lines[soft],
        results=results(counts) + opinion.results,
        held=one.wrong_file
        or found.key_gone
        or held(
            one.con,
            contract,
            counts,
            opinion,
            file_name=file_name,
            declared_quarter=declared,
            confirmed=one.delivered.confirmed,
        ),
        data_rows=rows,
        quarantined_rows=counts.bad,
    )
    accounted = judgement.accepted.num_rows + judgement.quarantined_rows + len(judgement.duplicates)
    if accounted != judgement.data_rows:
        raise RuntimeError(f"{file_name}: {judgement.data_rows} rows came in, {accounted} are accounted for")
    return judgement


def _kept(contract: Contract, pseudonymise: Pseudonymise | None) -> tuple[str, ...]:
    """Names of the columns that may be staged."""
    hidden = {"personal"} if pseudonymise else {"personal", "pseudonym"}
    return tuple(column.name for column in contract.columns if column.privacy not in hidden)


def _accepted(
    con: duckdb.DuckDBPyConnection,
    kept: tuple[str, ...],
    raws: tuple[str, ...],
    pseudonymise: Pseudonymise | None,
) -> pa.Table:
    fields = ["_sheet", "cast(_row as integer) as _row", "_quarter", "_unit", *map(name, (*kept, *raws))]
    found = con.sql(f"select {', '.join(fields)} from marks where not _bad order by _at").to_arrow_table()
    return pseudonymise(found) if pseudonymise else found


def _duplicates(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return con.sql("""
        select cells._sheet as sheet, cells._row as "row", kept._sheet as of_sheet, kept._row as of_row
        from twins join cells using (_at) join cells as kept on kept._at = twins._of_at order by cells._at""").df()


def _nothing(contract: Contract, kept: tuple[str, ...], fault: Fault) -> Judgement:
    types = {
        "integer": pa.int64(), "number": pa.decimal128(28, 6), "date": pa.date32(),
        "timestamp": pa.timestamp("us"), "boolean": pa.bool_(), "string": pa.string(),
    }  # fmt: skip
    fixed = [("_sheet", pa.string()), ("_row", pa.int32()), ("_quarter", pa.string()), ("_unit", pa.string())]
    schema = pa.schema(fixed + [(column, types[contract.column(column).type]) for column in kept])
    no_lines = no_faults()
    no_twins = pd.DataFrame({"sheet": [], "row": [], "of_sheet": [], "of_row": []})
    return Judgement(schema.empty_table(), no_lines, no_twins, no_lines, (), fault, 0, 0)
