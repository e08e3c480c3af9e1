"""A sheet cut into parts that hold one table each: turned, side by side, stacked.

Every part is laid out by itself like a sheet of its own. Its key stands for the sheet in row addresses:
the sheet's name where the sheet is one part or its parts lie below one another with the same columns;
`名称[F:J]` for a table beside others, `名称[20:38]` for one below with other places. A sheet's name cannot hold
`[`, so a key is never taken for one. Rows are conserved part by part: all rows of all parts = data + structural.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.feeds.child import Sheet
from include.feeds.normalise import normalise
from include.feeds.sheet_scan import address, letters

Merge = tuple[int, int, int, int]


@dataclass(frozen=True)
class Part:
    """Rows and columns of a sheet that are laid out together; rows and places are counted within the part."""

    key: str
    """What row addresses call it: the sheet's name, or that with the part's range."""
    sheet: Sheet
    top: int = 0
    """Rows of the sheet above the part."""
    left: int = 0
    """Columns of the sheet left of the part."""
    turned: bool = False

    @cached_property
    def raws(self) -> list[pa.Array]:
        """Text of each column as read."""
        width = sum(name.startswith("c") for name in self.sheet.cells.column_names)
        return [flat(self.sheet.cells[f"c{place}"]) for place in range(width)]

    @cached_property
    def texts(self) -> list[pa.Array]:
        """Normalised text of each column."""
        return [normalise(raw) for raw in self.raws]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.sheet.cells.num_rows

    def kinds(self, place: int) -> pa.Array:
        """Kinds of the cells of a column, as in workbook.py."""
        return flat(self.sheet.cells[f"k{place}"])

    def cell(self, row: int, place: int) -> str:
        """The address on the sheet as it was sent."""
        row, place = row + self.top, place + self.left
        return address(place, row) if self.turned else address(row, place)

    def column(self, place: int) -> str:
        """What a row's number is added to for the address of a cell: `C`; of a turned sheet `R3C`."""
        place += self.left
        return f"R{place + 1}C" if self.turned else letters(place)

    def cut(self, *, rows: tuple[int, int] | None = None, places: tuple[int, int] | None = None) -> Part:
        """The part of these rows or places, first and behind the last."""
        first, behind = rows or (0, self.rows)
        left, right = places or (0, len(self.raws))
        cells = self.sheet.cells.slice(first, behind - first)
        fields = {name: cells[name] for name in cells.column_names if name[0] not in "ck"}
        for place in range(left, right):
            fields[f"c{place - left}"] = cells[f"c{place}"]
            fields[f"k{place - left}"] = cells[f"k{place}"]
        merges = tuple(
            (max(a, first) - first, max(b, left) - left, min(c, behind - 1) - first, min(d, right - 1) - left)
            for a, b, c, d in self.sheet.merges
            if a < behind and c >= first and b < right and d >= left
        )
        sheet = replace(self.sheet, cells=pa.table(fields), merges=merges)
        return replace(self, sheet=sheet, top=self.top + first, left=self.left + left)

    def named_by_columns(self) -> Part:
        """Itself under the key of its columns."""
        span = f"{letters(self.left)}:{letters(self.left + len(self.raws) - 1)}"
        return replace(self, key=f"{self.sheet.name}[{span}]")

    def named_by_rows(self) -> Part:
        """Itself under the key of its rows."""
        return replace(self, key=f"{self.key}[{self.top + 1}:{self.top + self.rows}]")


def whole(sheet: Sheet, *, transposed: bool) -> Part:
    """The sheet as one part, turned where rows and columns change places."""
    return Part(sheet.name, _turned(sheet) if transposed else sheet, turned=transposed)


def flat(column: pa.ChunkedArray) -> pa.Array:
    """One array of a table's column."""
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _turned(sheet: Sheet) -> Sheet:
    cells, width = sheet.cells, sum(name.startswith("c") for name in sheet.cells.column_names)
    columns: dict[str, pa.Array] = {"_row": pa.array(np.arange(1, width + 1, dtype=np.int32))}
    texts = [flat(cells[f"c{place}"]).to_pylist() for place in range(width)]
    kinds = [flat(cells[f"k{place}"]).to_numpy() for place in range(width)]
    for row in range(cells.num_rows):
        columns[f"c{row}"] = pa.array([text[row] for text in texts], pa.string())
        columns[f"k{row}"] = pa.array(np.array([kind[row] for kind in kinds], dtype=np.int8))
    merges = tuple((left, top, right, bottom) for top, left, bottom, right in sheet.merges)
    return replace(sheet, cells=pa.table(columns), merges=merges)


def beside(part: Part, matches: Sequence[tuple[int, str]]) -> list[Part]:
    """Cut where declared columns come again to the right; `matches` are places with the column found there.

    A block begins as far left of its first declared column as the first block does, so that columns nobody
    declared (序号) stay with their block.
    """
    starts: list[int] = []
    seen: set[str] = set()
    for place, name in matches:
        if not starts or name in seen:
            starts.append(place)
            seen = set()
        seen.add(name)
    if len(starts) < 2:
        return [part]
    lasts = [max(place for place, _ in matches if place < start) for start in starts[1:]]
    edges = [max(last + 1, start - starts[0]) for last, start in zip(lasts, starts[1:], strict=True)]
    bounds = [0, *edges, len(part.raws)]
    return [part.cut(places=span).named_by_columns() for span in pairwise(bounds)]


def without_neighbours(part: Part, labels: Sequence[str], matches: Sequence[tuple[int, str]]) -> Part:
    """Cut to the columns between two without a header that hold most declared columns; of equal ones the left."""
    edges = [-1, *(place for place, label in enumerate(labels) if not label), len(labels)]
    runs = [(left + 1, right) for left, right in pairwise(edges) if right > left + 1]

    def declared(run: tuple[int, int]) -> int:
        return len({name for place, name in matches if run[0] <= place < run[1]})

    return part.cut(places=max(runs, key=declared))


def stacked(part: Part, header_first: int, words: frozenset[str], above: np.ndarray) -> list[Part]:
    """Cut above each header that comes again below the first one.

    Args:
        part: the sheet.
        header_first: row of its first header.
        words: texts of the header's cells, without spaces.
        above: rows that may stand as titles above a header: bool of shape (rows,).
    """
    like = header_like(part.texts, words)
    like[: header_first + 1] = False
    inside = np.flatnonzero(like).tolist()
    # The rows of the first header itself, and all but the first row of each later one.
    runs = [row for row in inside if not like[row - 1] and not _within_first(like, header_first, row)]
    cuts = []
    for row in runs:
        cut = row
        while cut - 1 > header_first and above[cut - 1]:
            cut -= 1
        cuts.append(cut)
    bounds = [0, *cuts, part.rows]
    return [part.cut(rows=span) for span in pairwise(bounds)]


def _within_first(like: np.ndarray, first: int, row: int) -> bool:
    return bool(like[first + 1 : row + 1].all())


def header_like(texts: Sequence[pa.Array], words: frozenset[str]) -> np.ndarray:
    """Rows with at least two filled cells, each of which is one of `words`."""
    rows = len(texts[0]) if texts else 0
    known, filled = np.zeros(rows, dtype=np.int32), np.zeros(rows, dtype=np.int32)
    wanted = pa.array(sorted(words), pa.string())
    for text in texts:
        bare = pc.replace_substring_regex(text, r"\s", "")
        filled += bits(text.is_valid())
        known += bits(pc.is_in(bare, value_set=wanted))
    return (filled >= 2) & (known == filled)


def bits(mask: pa.Array) -> np.ndarray:
    """A mask without nulls as bools."""
    return mask.to_numpy(zero_copy_only=False).astype(bool)
