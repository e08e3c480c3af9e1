"""What goes back to a supplier: which rows, what each cell shows, what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.feeds import persons
from include.feeds.contract import Column, Contract
from include.feeds.contract_rules import OneOf
from include.feeds.corner import MONEY
from include.feeds.normalise import normalise
from include.feeds.read import TextTable

MOST_ROWS = 10_000
"""Rows of one returned workbook; a file with more faults than that is corrected where it was made."""
_LONGEST_CELL = 32_000
_IN_THE_SOURCE = (
    "此列为个人信息，请在原文件中改正后重新报送原文件。",
    "This column holds personal data: correct it in your own file and send that again.",
)


@dataclass(frozen=True)
class Note:
    """One fault of one row; `column` is empty where the whole row is meant."""

    column: str
    rule_id: str
    zh: str
    en: str


@dataclass(frozen=True)
class ShownColumn:
    """A declared column as the supplier sees it."""

    name: str
    header: str
    locked: bool
    """Holds personal data: masked, not editable, ignored on return."""
    choices: tuple[str, ...]
    """What a `one_of` rule allows; empty where anything may be typed."""


@dataclass(frozen=True)
class ShownRow:
    """One row of the delivery."""

    place: str
    """Where it stands in the supplier's own file: 台账 第 12 行."""
    code: str
    cells: tuple[str, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class FaultCount:
    """How often one rule was broken in one column, with the first case."""

    rule_id: str
    title: str
    rows: int
    place: str
    zh: str
    en: str


@dataclass(frozen=True)
class Facts:
    """What the first sheet says of the delivery. Times as shown: in the site's zone."""

    file_name: str
    feed_zh: str
    feed_en: str
    supplier_zh: str
    supplier_en: str
    received: str
    quarter: str
    """Empty where it is not known."""
    deadline: datetime | None
    judged: datetime
    landed: int
    accepted: int
    refused: int
    duplicates: int
    structural: int
    held_zh: str = ""
    """Why nothing of the file was used; empty where its good rows were."""
    held_en: str = ""


@dataclass(frozen=True)
class ReturnBook:
    """A returned workbook before it is written."""

    facts: Facts
    columns: tuple[ShownColumn, ...]
    rows: tuple[ShownRow, ...]
    counts: tuple[FaultCount, ...]
    left_out: int
    """Rows with faults that are not among `rows`: too many, or without a row code."""


def compose_book(
    text: TextTable,
    faults: pd.DataFrame,
    contract: Contract,
    facts: Facts,
    *,
    codes: Callable[[str, int], str],
    places: Callable[[str, int], str],
    headers: Mapping[str, str],
) -> ReturnBook:
    """Choose the rows and say what each cell shows.

    Of a held file every row goes back, because nothing of it was used and good-looking rows of it are not to be
    trusted unseen; of an accepted file the refused rows alone. Beyond MOST_ROWS only rows with faults go back.

    Args:
        text: the delivery as read; its personal values are masked here.
        faults: one line per refused row and broken rule: sheet, row_number, rule_id, column_name, message_zh,
            message_en.
        contract: the feed's.
        facts: for the first sheet.
        codes: (sheet, row) → row code, '' for a row that cannot come home by this workbook.
        places: (sheet, row) → where the supplier finds the row in its own file.
        headers: declared column → header as the supplier wrote it.
    """
    notes = _notes(faults, text, facts.file_name)
    shown = [column for column in contract.columns if column.name in headers]
    rows = _chosen(text, notes, whole=bool(facts.held_zh))
    addresses = list(
        zip(*(text.table[field].take(rows).to_pylist() for field in ("_sheet", "_row")), strict=True)
    )
    cells = zip(*shown_cells(text.table.take(rows), shown).values(), strict=True)
    listed = [
        ShownRow(places(*address), code, tuple(texts), tuple(notes.get(address, ())))
        for address, texts in zip(addresses, cells, strict=True)
        if (code := codes(*address))
    ]
    return ReturnBook(
        facts=facts,
        columns=tuple(
            ShownColumn(one.name, header_of(one, headers[one.name]), one.is_hidden, _choices(one, contract))
            for one in shown
        ),
        rows=tuple(listed),
        counts=tuple(_counted(faults, contract, notes, places)),
        left_out=len(notes) - sum(bool(row.notes) for row in listed),
    )


def header_of(column: Column, header: str) -> str:
    """A header as the returned workbook shows it: as written, with the unit of money where it does not say it."""
    shown = header.replace("|", "\n")
    return f"{shown}\n（{column.unit}）" if column.unit in MONEY and column.unit not in header else shown


def shown_cells(table: pa.Table, columns: Sequence[Column]) -> dict[str, list[str]]:
    """Column → what the returned workbook shows of it, '' where blank; the same cells always show the same.

    The text as it was written; a figure that was converted to the contract's unit as converted. Personal values
    are masked; what gives a person away is masked in any column; characters that cannot be seen read □.
    """
    return {
        column.name: [
            _shown(text or "", hidden=column.is_hidden)
            for text in _as_written(table, column.name).to_pylist()
        ]
        for column in columns
    }


def _shown(text: str, *, hidden: bool) -> str:
    seen = persons.seen(text.replace("\r\n", "\n").replace("\r", "\n"))[:_LONGEST_CELL]
    return persons.initial(seen) if hidden else persons.without_persons(seen)


def _as_written(table: pa.Table, column: str) -> pa.Array:
    text = pa.concat_arrays(table[column].chunks) if table[column].num_chunks else pa.array([], pa.string())
    if f"{column}__raw" not in table.column_names:
        return text
    raw = pa.concat_arrays(table[f"{column}__raw"].chunks)
    only_spelled_otherwise = pc.fill_null(pc.equal(normalise(raw), text), False)
    return pc.if_else(only_spelled_otherwise, raw, text)


def _chosen(text: TextTable, notes: Mapping[tuple[str, int], object], *, whole: bool) -> pa.Array:
    count = text.table.num_rows
    if whole and count <= MOST_ROWS:
        return pa.array(range(count), pa.int64())
    addresses = zip(text.table["_sheet"].to_pylist(), text.table["_row"].to_pylist(), strict=True)
    bad = np.fromiter((address in notes for address in addresses), dtype=bool, count=count)
    return pa.array(np.flatnonzero(bad)[:MOST_ROWS])


def _notes(faults: pd.DataFrame, text: TextTable, file_name: str) -> dict[tuple[str, int], list[Note]]:
    found: dict[tuple[str, int], list[Note]] = {}
    fields = ["sheet", "row_number", "rule_id", "column_name", "message_zh", "message_en"]
    for sheet, row, rule_id, column, zh, en in faults[fields].itertuples(index=False, name=None):
        head = f"{file_name} [{sheet}]" if sheet else file_name
        address = text.address(column, sheet=sheet, row=row)
        plain_zh = zh.removeprefix(f"{head} {address}：").replace("后重新报送", "")
        plain_en = en.removeprefix(f"{head} {address}: ").replace(" and send the file again", "")
        found.setdefault((sheet, row), []).append(Note(column, rule_id, plain_zh, plain_en))
    return found


def _counted(
    faults: pd.DataFrame,
    contract: Contract,
    notes: Mapping[tuple[str, int], Sequence[Note]],
    places: Callable[[str, int], str],
) -> list[FaultCount]:
    counted: dict[tuple[str, str], FaultCount] = {}
    totals = faults.groupby(["rule_id", "column_name"]).size().to_dict() if len(faults) else {}
    titles = {column.name: column.title for column in contract.columns}
    hidden = {column.name for column in contract.columns if column.is_hidden}
    for address, found in notes.items():
        for note in found:
            what = (note.rule_id, note.column)
            if what not in counted:
                zh, en = _IN_THE_SOURCE if note.column in hidden else (note.zh, note.en)
                title = titles.get(note.column, note.column)
                counted[what] = FaultCount(note.rule_id, title, int(totals[what]), places(*address), zh, en)
    return sorted(counted.values(), key=lambda one: (-one.rows, one.rule_id, one.title))


def _choices(column: Column, contract: Contract) -> tuple[str, ...]:
    lists = [rule.values for rule in contract.rules if isinstance(rule, OneOf) and rule.column == column.name]
    return lists[0] if lists else ()
