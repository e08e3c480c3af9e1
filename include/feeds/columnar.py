"""Parquet as text cells with a kind each, the names of its columns as the header in row 1.

Runs in the limited child.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.feeds.sniff import Limits, Refused
from include.feeds.workbook import BLANK, BOOL, DATE, ERROR, NUMBER, TEXT, number_texts

_UNREADABLE = "#TYPE!"
"""Shown for a value of a type that no cell can hold, such as a list."""


def read_parquet(data: bytes, limits: Limits) -> pa.Table:
    """Read `data` as one sheet: columns `_row`, `_fields`, and `c<i>`, `k<i>` per field, as delimited text has them.

    Values are written as cells of a workbook are: whole numbers without a point, days as 2026-07-01, moments
    as their own wall clock shows them.

    Raises:
        Refused: F-TRUNC, F-CORRUPT, F-BOMB (it would unpack beyond the limit), F-SPARSE (too many cells).
    """
    if not data.endswith(b"PAR1"):
        raise Refused("F-TRUNC", bytes=len(data))
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        about = file.metadata
        _check_size(about, len(data), limits)
        table = file.read(use_threads=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Refused("F-CORRUPT", member="Parquet") from error
    rows = table.num_rows + 1
    cells: dict[str, pa.Array] = {
        "_row": pa.array(np.arange(1, rows + 1, dtype=np.int32)),
        "_fields": pa.array(np.full(rows, max(table.num_columns, 1), dtype=np.int32)),
    }
    for place, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        text, kind = _cells(pa.concat_arrays(column.chunks) if column.num_chunks else _none(column.type))
        blank = text.is_null().to_numpy(zero_copy_only=False)
        kinds = np.where(blank, BLANK, kind).astype(np.int8)
        cells[f"c{place}"] = pa.concat_arrays([pa.array([name], pa.string()), text])
        cells[f"k{place}"] = pa.array(np.concatenate(([TEXT], kinds)).astype(np.int8))
    return pa.table(cells)


def _check_size(about: pq.FileMetaData, size: int, limits: Limits) -> None:
    unpacked = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if unpacked > limits.unzipped_bytes:
        ratio = unpacked // max(size, 1)
        raise Refused("F-BOMB", bytes=unpacked, ratio=ratio, limit=limits.unzipped_bytes)
    if about.num_rows * max(about.num_columns, 1) > limits.sheet_cells:
        raise Refused(
            "F-SPARSE", sheet="Parquet", cell=f"{about.num_rows} × {about.num_columns}",
            filled="?", limit=limits.sheet_cells,
        )  # fmt: skip


def _none(kind: pa.DataType) -> pa.Array:
    return pa.array([], kind)


def _cells(column: pa.Array) -> tuple[pa.Array, int]:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string()), BLANK
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        text = column.cast(pa.string())
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text), TEXT
    if pa.types.is_boolean(kind):
        return pc.if_else(column, "TRUE", "FALSE"), BOOL
    if pa.types.is_integer(kind):
        return column.cast(pa.string()), NUMBER
    if pa.types.is_decimal(kind):
        return pa.array(
            [None if value is None else format(value, "f") for value in column.to_pylist()]
        ), NUMBER
    if pa.types.is_floating(kind):
        return number_texts(column.cast(pa.float64())), NUMBER
    if pa.types.is_date(kind):
        return column.cast(pa.date32()).cast(pa.string()), DATE
    if pa.types.is_timestamp(kind):
        return _moments(column), DATE
    shown = pc.if_else(column.is_valid(), _UNREADABLE, pa.scalar(None, pa.string()))
    return shown, ERROR


def _moments(column: pa.Array) -> pa.Array:
    local = pc.local_timestamp(column) if column.type.tz else column
    text = local.cast(pa.timestamp("us"), safe=False).cast(pa.string())
    return pc.replace_substring_regex(text, r"( 00:00:00)?(\.0+)?$", "")
