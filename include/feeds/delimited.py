"""CSV and TSV as text cells with line numbers, by a strict dialect: nothing is guessed, nothing is repaired.

Runs in the limited child. Quotes, line ends and delimiters are located with numpy, so that an embedded
newline, a stray quote or a ragged record is known with its line before Arrow cuts the fields.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from include.feeds.sniff import GRID_LIMITS, Refused

_LF, _CR, _QUOTE = 10, 13, 34
_FEW_ODD_RECORDS = 10_000
_MOST_FIELDS = 16_384
_LONGEST_RECORD_BYTES = 1 << 20


def read_delimited(
    data: bytes, *, delimiter: str, encodings: Sequence[str], grid_confirmed: bool = False
) -> tuple[pa.Table, str]:
    """Cut `data` into text cells; return (cells, the encoding that fitted).

    The table has `_row` int32 (line on which the record begins, 1-based), `_fields` int32 (fields of the
    record, 0 for an empty line), and per field `c<i>` string (null where empty) and `k<i>` int8 (0 blank, 1
    text). Records shorter than the longest are padded: `_fields` tells.

    Raises:
        Refused: F-ENC (no declared encoding fits), F-CSV, F-EMPTY, H-GRID.
    """
    text, encoding = _decoded(data, encodings)
    if not text.strip():
        raise Refused("F-EMPTY")
    if not text.endswith((b"\n", b"\r")):
        text += b"\n"
    codes = np.frombuffer(text, dtype=np.uint8)
    quotes = np.flatnonzero(codes == _QUOTE)
    ends = _line_ends(codes)
    if quotes.size:
        _check_quotes(codes, quotes, ends, ord(delimiter))
    lines = np.searchsorted(quotes, ends) % 2 == 0
    record_ends = ends[lines]
    record_starts = np.concatenate(([0], record_ends[:-1] + 1))
    first_lines = np.concatenate(([0], np.flatnonzero(lines)[:-1] + 1)) + 1
    if (long := np.flatnonzero(record_ends - record_starts > _LONGEST_RECORD_BYTES)).size:
        line = int(first_lines[long[0]])
        raise Refused("F-CSV", line=line, zh="内容超过 1 MiB", en="the record is over 1 MiB")
    fields = _fields(codes, quotes, record_ends, ord(delimiter))
    fields[_is_empty(codes, record_starts, record_ends)] = 0
    if fields.size in GRID_LIMITS and not grid_confirmed:
        raise Refused("H-GRID", sheet="CSV", rows=int(fields.size))
    columns = _columns(text, record_starts, record_ends, fields, delimiter, first_lines)
    cells = {
        "_row": pa.array(first_lines.astype(np.int32)),
        "_fields": pa.array(fields.astype(np.int32)),
    }
    for index, column in enumerate(columns):
        cells[f"c{index}"] = column
        cells[f"k{index}"] = column.is_valid().cast(pa.int8())
    return pa.table(cells), encoding


def _decoded(data: bytes, encodings: Sequence[str]) -> tuple[bytes, str]:
    """`data` as UTF-8 without a byte order mark, by the first declared encoding that fits the whole of it."""
    tried = []
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, UnicodeError) as error:
            tried.append((encoding, getattr(error, "start", 0)))
            continue
        if encoding.lower().replace("_", "-") in {"utf-8", "utf-8-sig"}:
            return data.removeprefix(b"\xef\xbb\xbf"), encoding
        return text.removeprefix("\ufeff").encode("utf-8", "strict"), encoding
    where = "; ".join(f"{encoding} @{offset}" for encoding, offset in tried)
    raise Refused("F-ENC", tried=where, offset=max(offset for _, offset in tried))


def _line_ends(codes: np.ndarray) -> np.ndarray:
    """Positions of the last byte of each line end: LF, CRLF, or a CR alone."""
    feeds = np.flatnonzero(codes == _LF)
    returns = np.flatnonzero(codes == _CR)
    if returns.size:
        following = codes[np.minimum(returns + 1, codes.size - 1)]
        alone = returns[(following != _LF) | (returns == codes.size - 1)]
        if alone.size:
            return np.sort(np.concatenate((feeds, alone)))
    return feeds


def _check_quotes(codes: np.ndarray, quotes: np.ndarray, ends: np.ndarray, delimiter: int) -> None:
    """Every quote opens a field, closes one, or is doubled inside one (RFC 4180)."""
    opening, closing = quotes[0::2], quotes[1::2]
    before = codes[opening - 1]
    opens = (opening == 0) | np.isin(before, (delimiter, _LF, _CR))
    doubled = np.zeros(opening.size, dtype=bool)
    doubled[1:] = opening[1:] == closing[: opening.size - 1] + 1
    after = codes[np.minimum(closing + 1, codes.size - 1)]
    closes = np.isin(after, (delimiter, _LF, _CR))
    closes[: opening.size - 1] |= doubled[1:][: closes.size]
    unclosed = quotes[-1:] if quotes.size % 2 else quotes[:0]
    wrong = np.concatenate((opening[~(opens | doubled)], closing[~closes], unclosed))
    if wrong.size:
        line = int(np.searchsorted(ends, wrong.min())) + 1
        raise Refused("F-CSV", line=line, zh="引号不成对或位置不对", en="a quote is unbalanced or misplaced")


def _fields(codes: np.ndarray, quotes: np.ndarray, record_ends: np.ndarray, delimiter: int) -> np.ndarray:
    """Number of fields of each record."""
    delimiters = np.flatnonzero(codes == delimiter)
    if quotes.size:
        delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    return np.diff(np.searchsorted(delimiters, record_ends), prepend=0) + 1


def _is_empty(codes: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    length = ends - starts
    return (length == 0) | ((length == 1) & (codes[starts] == _CR))


def _columns(
    text: bytes,
    starts: np.ndarray,
    ends: np.ndarray,
    fields: np.ndarray,
    delimiter: str,
    lines: np.ndarray,
) -> list[pa.Array]:
    if (widest := int(fields.max())) > _MOST_FIELDS:
        line = int(lines[fields.argmax()])
        raise Refused("F-CSV", line=line, zh=f"有 [{widest}] 个字段", en=f"[{widest}] fields")
    widths, counts = np.unique(fields[fields > 0], return_counts=True)
    width = int(widths[(counts * widths).argmax()])
    regular = fields == width
    odd = np.flatnonzero(~regular & (fields > 0))
    if odd.size > _FEW_ODD_RECORDS:
        found = int(fields[odd[0]])
        zh, en = f"有 [{found}] 个字段,多数行有 [{width}] 个", f"[{found}] fields where most have [{width}]"
        raise Refused("F-CSV", line=int(lines[odd[0]]), zh=zh, en=en)
    table = _arrow(_regular_bytes(text, starts, ends, regular), width, delimiter, int((ends - starts).max()))
    if table.num_rows != regular.sum():
        raise Refused("F-COUNT", sheet="CSV", found=table.num_rows, expected=int(regular.sum()))
    columns = [_null_where_empty(column) for column in table.columns]
    if regular.all():
        return columns
    columns += [pa.nulls(table.num_rows, pa.string())] * (widest - width)
    cells = _odd_cells([text[starts[at] : ends[at]] for at in odd], widest, delimiter)
    # Regular rows keep their order, odd records follow them, and one null row stands for every empty line.
    take = np.full(fields.size, table.num_rows + odd.size)
    take[regular] = np.arange(table.num_rows)
    take[odd] = table.num_rows + np.arange(odd.size)
    return [
        pa.concat_arrays([column, pa.array([*row, None], pa.string())]).take(pa.array(take))
        for column, row in zip(columns, cells, strict=True)
    ]


def _regular_bytes(text: bytes, starts: np.ndarray, ends: np.ndarray, regular: np.ndarray) -> bytes:
    if regular.all():
        return text
    edges = np.flatnonzero(np.diff(np.concatenate(([False], regular, [False])).astype(np.int8)))
    return b"".join(text[starts[a] : ends[b - 1] + 1] for a, b in edges.reshape(-1, 2))


def _arrow(text: bytes, width: int, delimiter: str, longest: int) -> pa.Table:
    names = [str(index) for index in range(width)]
    return pacsv.read_csv(
        pa.py_buffer(text),
        read_options=pacsv.ReadOptions(
            column_names=names, use_threads=False, block_size=max(1 << 20, 2 * longest + 64)
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=delimiter, newlines_in_values=b'"' in text, ignore_empty_lines=False
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            check_utf8=True,
        ),
    ).combine_chunks()


def _null_where_empty(column: pa.ChunkedArray) -> pa.Array:
    values = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _odd_cells(records: list[bytes], width: int, delimiter: str) -> list[list[str | None]]:
    """Cells of the records that are not as wide as most, column by column, padded to `width`."""
    decoded = [record.decode("utf-8").removesuffix("\r") for record in records]
    csv.field_size_limit(_LONGEST_RECORD_BYTES)
    rows = [next(csv.reader([record], delimiter=delimiter, strict=True), []) for record in decoded]
    padded = [[cell or None for cell in row] + [None] * (width - len(row)) for row in rows]
    return [list(column) for column in zip(*padded, strict=True)] if padded else [[] for _ in range(width)]
