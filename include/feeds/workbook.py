"""Cells of XLSX, XLS and ODS workbooks as text with a kind each, by calamine, from bytes.

Runs in the limited child.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import python_calamine as calamine

from include.feeds.sheet_scan import SheetScan, address
from include.feeds.sniff import GRID_LIMITS, Limits, Refused

BLANK, TEXT, NUMBER, DATE, BOOL, ERROR, NO_VALUE, MERGED, LINKED = range(9)
"""Kinds of a cell. MERGED: covered by a merged cell whose value stands in its first cell. LINKED: its value was
taken from another workbook at a time nobody knows."""

GUIDE_SHEET = "填报说明"
"""The sheet of a template that tells how to fill it in: it holds no data."""
_VALUES = (TEXT, NUMBER, DATE, BOOL)
_ROWS_AT_ONCE = 20_000
_WHOLE_BELOW = 2.0**62
Merge = tuple[int, int, int, int]


@dataclass(frozen=True)
class SheetCells:
    """One sheet: `_row` int32 (1-based), per column `c<i>` string (null where blank) and `k<i>` int8."""

    name: str
    cells: pa.Table
    merges: tuple[Merge, ...] = ()
    """First row, first column, last row, last column; 0-based, inclusive."""
    hidden_rows: int = 0
    external: tuple[str, ...] = ()
    """Addresses of cells whose value comes from another workbook."""


def read_workbook(
    data: bytes,
    *,
    sheets: Sequence[str],
    scans: Mapping[str, SheetScan],
    limits: Limits,
    grid_confirmed: bool = False,
) -> tuple[list[SheetCells], dict[str, list[str]]]:
    """Read the named sheets, or the first visible one that is no guide; return them and the names not read.

    The second value has the lists `hidden` and `extra` (visible and not asked for).

    Raises:
        Refused: F-PASS, F-CORRUPT, F-SHEET, F-SPARSE, F-COUNT, H-GRID, F-EMPTY, F-EMPTYSHEET.
    """
    try:
        book = calamine.load_workbook(io.BytesIO(data))
    except calamine.PasswordError as error:
        raise Refused("F-PASS") from error
    except calamine.CalamineError as error:
        raise Refused("F-CORRUPT", member=str(error)[:120]) from error
    visible = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == calamine.SheetVisibleEnum.Visible
        and sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    wanted = _wanted(book.sheet_names, visible, sheets)
    found = [_read_sheet(book, name, scans.get(name), limits, grid_confirmed) for name in wanted]
    left = [name for name in book.sheet_names if name not in wanted]
    if not any(sheet.cells.num_rows for sheet in found):
        if left:
            raise Refused("F-EMPTYSHEET", sheet="、".join(wanted), found="、".join(left))
        raise Refused("F-EMPTY", sheet=wanted[0])
    return found, {
        "hidden": [name for name in left if name not in visible],
        "extra": [name for name in left if name in visible and _plain(name) != GUIDE_SHEET],
    }


def _wanted(names: list[str], visible: list[str], declared: Sequence[str]) -> list[str]:
    if not declared:
        if not visible:
            raise Refused("F-SHEET", missing="(可见工作表 a visible sheet)", found="、".join(names))
        return [name for name in visible if _plain(name) != GUIDE_SHEET][:1] or visible[:1]
    found: list[str] = []
    missing = []
    for pattern in map(_plain, declared):
        # A star stands for visible sheets only: a hidden one is read where it is named.
        among = visible if "*" in pattern else names
        form = ".*".join(map(re.escape, pattern.split("*")))
        matching = [name for name in among if re.fullmatch(form, _plain(name))]
        found += matching
        missing += [] if matching else [pattern]
    if missing:
        raise Refused("F-SHEET", missing="、".join(missing), found="、".join(names))
    return list(dict.fromkeys(found))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace(" ", "")


def _read_sheet(
    book: Any, name: str, scan: SheetScan | None, limits: Limits, grid_confirmed: bool
) -> SheetCells:
    if scan:
        check_area(name, scan, limits)
    try:
        sheet = book.get_sheet_by_name(name)
        merges = tuple((*first, *last) for first, last in sheet.merged_cell_ranges or ())
    except calamine.CalamineError as error:
        raise Refused("F-CORRUPT", sheet=name, member=str(error)[:120]) from error
    if sheet.end is None:
        height, width = 0, 0
    else:
        height, width = sheet.end[0] + 1, sheet.end[1] + 1
    if height in GRID_LIMITS and not grid_confirmed:
        raise Refused("H-GRID", sheet=name, rows=height)
    if scan:
        if scan.last_value_row >= height:
            raise Refused("F-COUNT", sheet=name, found=height, expected=scan.last_value_row + 1)
        marks = [*scan.errors, *scan.without_value]
        height = max([height, *(row + 1 for row, _ in marks)])
        width = max([width, *(column + 1 for _, column in marks)])
    if height * width > limits.sheet_cells:
        raise Refused(
            "F-SPARSE", sheet=name, cell=address(height - 1, width - 1),
            filled="?", limit=limits.sheet_cells,
        )  # fmt: skip
    texts, kinds = _columns(sheet, height, width)
    _mark(texts, kinds, scan, merges)
    columns: dict[str, Any] = {"_row": pa.array(np.arange(1, height + 1, dtype=np.int32))}
    for index in range(width):
        columns[f"c{index}"] = texts[index]
        columns[f"k{index}"] = pa.array(kinds[index])
    external = tuple(address(*cell) for cell in scan.external) if scan else ()
    return SheetCells(name, pa.table(columns), merges, scan.hidden_rows if scan else 0, external)


def check_area(name: str, scan: SheetScan, limits: Limits) -> None:
    """Refuse a sheet whose filled cells lie further apart than a reader can allot: F-SPARSE."""
    if (scan.last_row + 1) * (scan.last_column + 1) > limits.sheet_cells:
        raise Refused(
            "F-SPARSE", sheet=name, cell=address(scan.last_row, scan.last_column),
            filled=scan.filled, limit=limits.sheet_cells,
        )  # fmt: skip


def _columns(sheet: Any, height: int, width: int) -> tuple[list[pa.Array], list[np.ndarray]]:
    """Text and kind of each column, rows counted from the sheet's first."""
    texts: list[list[pa.Array]] = [[] for _ in range(width)]
    kinds: list[list[np.ndarray]] = [[] for _ in range(width)]
    done, left = 0, sheet.start[1] if sheet.start else 0
    for rows in _chunks(iter(sheet.iter_rows()) if sheet.end else iter(())):
        done += len(rows)
        # calamine counts rows from the sheet's first and columns from the first filled one.
        columns = dict(enumerate(zip(*rows, strict=True), start=left))
        for index in range(width):
            text, kind = _convert(columns[index]) if index in columns else _blank(len(rows))
            texts[index].append(text)
            kinds[index].append(kind)
    if sheet.end and done != sheet.end[0] + 1:
        raise Refused("F-COUNT", sheet=sheet.name, found=done, expected=sheet.end[0] + 1)
    if done < height:
        for index in range(width):
            text, kind = _blank(height - done)
            texts[index].append(text)
            kinds[index].append(kind)
    joined = [pa.concat_arrays(chunks) if chunks else pa.array([], pa.string()) for chunks in texts]
    return joined, [np.concatenate(chunks) if chunks else np.zeros(0, np.int8) for chunks in kinds]


def _chunks(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        yield chunk


def _blank(rows: int) -> tuple[pa.Array, np.ndarray]:
    return pa.nulls(rows, pa.string()), np.zeros(rows, dtype=np.int8)


def _number(value: float) -> str:
    """Shortest text that reads back as the same number; whole numbers without a point."""
    return str(int(value)) if abs(value) < 1e22 and value.is_integer() else repr(value)


def _numbers(values: Sequence[float]) -> pa.Array | None:
    """`_number` for a column of whole numbers at once; None where there are others."""
    numbers = np.array(values, dtype=np.float64)
    if not (np.abs(numbers) < _WHOLE_BELOW).all() or (numbers % 1).any():
        return None
    return pa.array(numbers.astype(np.int64)).cast(pa.string())


def number_texts(column: pa.Array) -> pa.Array:
    """Doubles as a workbook's numbers are written; null where `column` is."""
    whole = None if column.null_count or not len(column) else _numbers(column.to_numpy())
    if whole is not None:
        return whole
    return pa.array([None if value is None else _number(value) for value in column.to_pylist()], pa.string())


def _moment(value: dt.datetime) -> str:
    midnight = not (value.hour or value.minute or value.second or value.microsecond)
    return value.date().isoformat() if midnight else value.isoformat(sep=" ")


_TO_TEXT: dict[type, tuple[int, Callable[[Any], str]]] = {
    str: (TEXT, str),
    float: (NUMBER, _number),
    int: (NUMBER, str),
    bool: (BOOL, lambda value: "TRUE" if value else "FALSE"),
    dt.datetime: (DATE, _moment),
    dt.date: (DATE, dt.date.isoformat),
    dt.time: (DATE, dt.time.isoformat),
    dt.timedelta: (DATE, str),
}


def _convert(values: Sequence[Any]) -> tuple[pa.Array, np.ndarray]:
    types = set(map(type, values))
    if types == {str}:
        text = pa.array(values, pa.string())
        filled = np.fromiter(map(bool, values), dtype=bool, count=len(values))
        if not filled.all():
            text = pc.if_else(pa.array(filled), text, pa.scalar(None, pa.string()))
        return text, filled.astype(np.int8)
    if types == {float} and (text := _numbers(values)) is not None:
        return text, np.full(len(values), NUMBER, dtype=np.int8)
    if len(types) == 1:
        kind, write = _TO_TEXT[types.pop()]
        return pa.array(list(map(write, values)), pa.string()), np.full(len(values), kind, dtype=np.int8)
    pairs = [_TO_TEXT[type(value)] if value != "" else (BLANK, None) for value in values]
    texts = [write(value) if write else None for value, (_, write) in zip(values, pairs, strict=True)]
    return pa.array(texts, pa.string()), np.fromiter((kind for kind, _ in pairs), np.int8, len(values))


def _mark(
    texts: list[pa.Array], kinds: list[np.ndarray], scan: SheetScan | None, merges: Sequence[Merge]
) -> None:
    """Write error texts and kinds that calamine hides into the columns."""
    for top, left, bottom, right in merges:
        for column in range(left, min(right + 1, len(kinds))):
            covered = kinds[column][top + (column == left) : bottom + 1]
            covered[covered == BLANK] = MERGED
    if scan is None:
        return
    for row, column in scan.without_value:
        if kinds[column][row] == BLANK:
            kinds[column][row] = NO_VALUE
    for row, column in scan.external:
        if column < len(kinds) and row < len(kinds[column]) and kinds[column][row] in _VALUES:
            kinds[column][row] = LINKED
    by_column: dict[int, dict[int, str]] = {}
    for (row, column), text in scan.errors.items():
        by_column.setdefault(column, {})[row] = text
    for column, errors in by_column.items():
        at = np.fromiter(errors, np.int64, len(errors))
        kinds[column][at] = ERROR
        mask = np.zeros(len(texts[column]), dtype=bool)
        mask[at] = True
        ordered = pa.array([errors[row] for row in sorted(errors)], pa.string())
        texts[column] = pc.replace_with_mask(texts[column], pa.array(mask), ordered)
