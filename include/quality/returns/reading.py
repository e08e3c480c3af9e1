"""A returned workbook that comes home: known by its content, whatever its name and whoever saved it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from include.feeds.child import Parsed, Sheet
from include.feeds.faults import Held
from include.feeds.normalise import plain
from include.feeds.sheet_scan import letters
from include.quality.returns.tokens import MARK, says_code
from include.quality.returns.workbook import REPLY_HEAD
from include.quality.sentences import file_fault

_SEARCHED_ROWS = 80


@dataclass(frozen=True)
class Returned:
    """The rows of a returned workbook as they came, not yet believed. Lists run over `rows`."""

    sheet: str
    rows: list[int]
    codes: list[str]
    replies: list[str]
    texts: dict[str, pa.Array]
    """Plain header → texts as they came, null where blank."""
    kinds: dict[str, pa.Array]
    letters: dict[str, str]
    """Plain header → letters of its column (the header itself in a text file)."""
    landed: int
    encoding: str
    """Of a text file; empty for a workbook."""


def is_return(parsed: Parsed) -> bool:
    """Whether a file is a returned workbook: our mark or a row code stands among its first rows."""
    return any(
        MARK in text or says_code(text)
        for sheet in parsed.sheets
        for column in _columns(sheet)
        for text in sheet.cells[column].slice(0, _SEARCHED_ROWS).to_pylist()
        if text
    )


def read_rows(parsed: Parsed, *, file_name: str) -> Returned:
    """Read the rows back by the heads that we wrote.

    Raises:
        Held: F-RETHEAD (no head of row codes, or a column twice), F-RETSHEETS (several sheets with row codes).
    """
    found = [(sheet, head) for sheet in parsed.sheets if (head := _head(sheet)) is not None]
    if not found:
        raise Held(file_fault("F-RETHEAD", file=file_name))
    if len(found) > 1:
        raise Held(
            file_fault("F-RETSHEETS", file=file_name, sheets="、".join(sheet.name for sheet, _ in found))
        )
    sheet, head = found[0]
    places: dict[str, int] = {}
    for place, column in enumerate(_columns(sheet)):
        header = plain((sheet.cells[column][head].as_py() or "").removeprefix("'"))
        header = plain(MARK) if plain(MARK) in header else header
        if header in places:
            raise Held(file_fault("F-RETHEAD", file=file_name))
        if header:
            places[header] = place
    below = sheet.cells.slice(head + 1)
    filled = [row for row, texts in enumerate(zip(*_lists(below), strict=True)) if any(texts)]
    body = below.take(pa.array(filled, pa.int64()))
    texts = {header: _flat(body[f"c{place}"]) for header, place in places.items()}
    return Returned(
        sheet=sheet.name,
        rows=body["_row"].to_pylist(),
        codes=_said(texts, MARK),
        replies=_said(texts, REPLY_HEAD, rows=len(filled)),
        texts=texts,
        kinds={header: _flat(body[f"k{place}"]) for header, place in places.items()},
        letters={
            header: sheet.cells[f"c{place}"][head].as_py() if parsed.encoding else letters(place)
            for header, place in places.items()
        },
        landed=sheet.cells.num_rows,
        encoding=parsed.encoding,
    )


def _head(sheet: Sheet) -> int | None:
    """The row of the heads: our mark stands in it and something beside it."""
    for row in range(min(_SEARCHED_ROWS, sheet.cells.num_rows)):
        texts = [sheet.cells[column][row].as_py() or "" for column in _columns(sheet)]
        if any(plain(MARK) in plain(text) for text in texts) and sum(map(bool, texts)) > 2:
            return row
    return None


def _columns(sheet: Sheet) -> list[str]:
    return [name for name in sheet.cells.column_names if name.startswith("c")]


def _lists(cells: pa.Table) -> list[list[str | None]]:
    return [cells[name].to_pylist() for name in cells.column_names if name.startswith("c")]


def _said(texts: dict[str, pa.Array], head: str, *, rows: int = 0) -> list[str]:
    column = texts.get(plain(head))
    return [text or "" for text in column.to_pylist()] if column is not None else [""] * rows


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
