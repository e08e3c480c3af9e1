"""Judge delivered tables by their contract: what is accepted, what is quarantined, whether the file is held."""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names and texts of our own contracts
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.engine.scratch import scratch
from include.feeds.contract import Contract
from include.feeds.faults import Fault, fault
from include.keys import KeyGone
from include.quality.checks import checks, must_have_value
from include.quality.counts import Counts, ValidationResult, count, results
from include.quality.grammar import name
from include.quality.holds import RowsSay, file_quarter, garbled_units, held, rows_say
from include.quality.references import References
from include.quality.second import Opinion, SecondJudge, first_opinion
from include.quality.sentences import (
    About,
    all_null_lines,
    fault_lines,
    file_fault,
    no_faults,
    one_judge_line,
)
from include.quality.split import DELIVERY, NearestUnits, ResolveUnits, When, originals_kept, split
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
    when = When(now, first_quarter)
    kept = _kept(contract, pseudonymise)
    empty = _nothing(contract, kept)
    found = {
        place: replace(empty, held=file_fault("F-EMPTY", file=one.file_name))
        for place, one in enumerate(deliveries)
        if not len(one.table)
    }
    with ExitStack() as stack:
        passes = [
            _Pass(
                stack.enter_context(scratch(rows=sum(len(deliveries[place].table) for place in places))),
                {place: deliveries[place] for place in places}, contract, when=when,
                resolve_units=resolve_units, nearest_units=nearest_units, references=references or {},
            )
            for places in _alike(deliveries, contract)
        ]  # fmt: skip
        # The second judges work in their own processes while sentences and accepted rows are composed here.
        composed = [one.compose(pseudonymise) for one in passes]
        for one, rows in zip(passes, composed, strict=True):
            found |= one.judgements(rows)
    return [found[place] for place in range(len(deliveries))]


def _alike(deliveries: Sequence[Delivered], contract: Contract) -> list[list[int]]:
    """Deliveries that have the same columns, and are judged by as many judges; without those that have no rows."""
    groups: dict[tuple[frozenset[str], bool], list[int]] = {}
    for place, one in enumerate(deliveries):
        if rows := len(one.table):
            groups.setdefault((frozenset(one.letters), rows > contract.second_judge_rows), []).append(place)
    return list(groups.values())


class _Pass:
    """Deliveries with the same columns, judged together in one DuckDB pass and by one second judge."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        deliveries: Mapping[int, Delivered],
        contract: Contract,
        *,
        when: When,
        resolve_units: ResolveUnits,
        nearest_units: NearestUnits,
        references: References,
    ) -> None:
        """Judge by the first judge, and set the second to work."""
        self.con, self._contract, self._when = con, contract, when
        self._places, self._deliveries = tuple(deliveries), tuple(deliveries.values())
        sizes = [len(one.table) for one in self._deliveries]
        quarters = [
            file_quarter(contract, one.file_name, one.declared_quarter, when.now, when.first)
            for one in self._deliveries
        ]
        delivered = frozenset(self._deliveries[0].letters)
        row_checks = checks(contract, delivered=delivered)
        split(
            con, [(one.table, quarter) for one, (quarter, _) in zip(self._deliveries, quarters, strict=True)],
            contract, row_checks, when=when, resolve_units=resolve_units, nearest_units=nearest_units,
            delivered=delivered, references=references,
        )  # fmt: skip
        garbled = garbled_units(con, contract, resolve_units, when.now)
        self._wrong_files = [wrong or garbled.get(at) for at, (_, wrong) in enumerate(quarters)]
        self._counted = count(con, contract, row_checks, deliveries=len(sizes))
        first = first_opinion(con, contract, self._counted, sizes=sizes, delivered=delivered)
        self._second = SecondJudge(first, contract, when=when)

    def compose(self, pseudonymise: Pseudonymise | None) -> list[_Rows]:
        """Where the rows of each delivery went, and what is said about them."""
        about = []
        for one in self._deliveries:
            sheets = pc.unique(one.table["_sheet"]).to_pylist()
            about.append(About(one.file_name, one.letters_by_sheet or dict.fromkeys(sheets, one.letters)))
        lines = fault_lines(self.con, self._counted.failing, self._contract, about, when=self._when)
        said = rows_say(self.con, self._contract, deliveries=len(about))
        twins = _duplicates(self.con)
        accepted = self._accepted(pseudonymise)
        return [
            _Rows(*rows, lines[at], twins[twins[DELIVERY] == at].drop(columns=DELIVERY), said[at])
            for at, rows in enumerate(accepted)
        ]

    def _accepted(self, pseudonymise: Pseudonymise | None) -> list[tuple[pa.Table, Fault | None]]:
        """The accepted rows of each delivery, and why it is held where a pseudonym's key is gone."""
        raws = [originals_kept(one.table, self._contract) for one in self._deliveries]
        fields = [
            "_sheet", "cast(_row as integer) as _row", "_quarter", "_unit",
            *map(name, dict.fromkeys((*_kept(self._contract, pseudonymise), *chain(*raws)))),
        ]  # fmt: skip
        found = self.con.sql(
            f"select {', '.join(fields)}, {DELIVERY} from marks where not _bad order by _at"
        ).to_arrow_table()
        ends = np.searchsorted(found[DELIVERY].to_numpy(), np.arange(len(raws)), side="right")
        return [
            self._staged(found.slice(start, end - start), own, pseudonymise)
            for start, end, own in zip((0, *ends), ends, raws, strict=False)
        ]

    def _staged(
        self, rows: pa.Table, raws: tuple[str, ...], pseudonymise: Pseudonymise | None
    ) -> tuple[pa.Table, Fault | None]:
        plain = rows.select(["_sheet", "_row", "_quarter", "_unit", *_kept(self._contract, None), *raws])
        if pseudonymise is None:
            return plain, None
        try:
            kept = _kept(self._contract, pseudonymise)
            return pseudonymise(rows.select(["_sheet", "_row", "_quarter", "_unit", *kept, *raws])), None
        except KeyGone as error:
            return plain, fault("F-KEY", key=error.key_id)

    def judgements(self, composed: Sequence[_Rows]) -> dict[int, Judgement]:
        """Wait for the second judge; place → judgement."""
        return {
            place: _judgement(self._contract, *about)
            for place, *about in zip(
                self._places, self._deliveries, self._counted.deliveries, self._second.opinions(), composed,
                self._wrong_files, strict=True,
            )
        }  # fmt: skip


@dataclass(frozen=True)
class _Rows:
    """Where the rows of one delivery went, and what is said about them."""

    accepted: pa.Table
    key_gone: Fault | None
    lines: pd.DataFrame
    duplicates: pd.DataFrame
    said: RowsSay


def _judgement(
    contract: Contract,
    delivered: Delivered,
    counts: Counts,
    opinion: Opinion,
    found: _Rows,
    wrong_file: Fault | None,
) -> Judgement:
    file_name, lines, rows = delivered.file_name, found.lines, len(delivered.table)
    blank = [
        column
        for column in contract.columns
        if column.name in delivered.letters and not counts.filled[column.name]
    ]
    optional = [column for column in blank if not must_have_value(column, delivered=True)]
    soft = lines["severity"] == "warn"
    of_file = [lines[soft], all_null_lines(optional, file_name=file_name, rows=rows)]
    if opinion.skipped:
        of_file.append(one_judge_line(file_name=file_name, rows=rows, limit=contract.second_judge_rows))
    told = [part for part in of_file if len(part)]
    judgement = Judgement(
        accepted=found.accepted,
        quarantined=lines[~soft].reset_index(drop=True),
        duplicates=found.duplicates,
        warnings=pd.concat(told, ignore_index=True) if told else lines[soft],
        results=results(counts) + opinion.results,
        held=wrong_file
        or found.key_gone
        or held(
            contract,
            counts,
            opinion,
            found.said,
            file_name=file_name,
            declared_quarter=delivered.declared_quarter,
            confirmed=delivered.confirmed,
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


def _duplicates(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return con.sql(f"""
        select cells.{DELIVERY}, cells._sheet as sheet, cells._row as "row", kept._sheet as of_sheet,
            kept._row as of_row
        from twins join cells using (_at) join cells as kept on kept._at = twins._of_at order by cells._at""").df()


def _nothing(contract: Contract, kept: tuple[str, ...]) -> Judgement:
    types = {
        "integer": pa.int64(), "number": pa.decimal128(28, 6), "date": pa.date32(),
        "timestamp": pa.timestamp("us"), "boolean": pa.bool_(), "string": pa.string(),
    }  # fmt: skip
    fixed = [("_sheet", pa.string()), ("_row", pa.int32()), ("_quarter", pa.string()), ("_unit", pa.string())]
    schema = pa.schema(fixed + [(column, types[contract.column(column).type]) for column in kept])
    no_lines = no_faults()
    no_twins = pd.DataFrame({"sheet": [], "row": [], "of_sheet": [], "of_row": []})
    return Judgement(schema.empty_table(), no_lines, no_twins, no_lines, (), None, 0, 0)
