"""Where the table lies on its sheet: the header by its declared names, then the role of every row.

Every row of a part has exactly one role, so rows are conserved: all rows = data + title + header + blank +
total + note + banner + other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.feeds import parts
from include.feeds.contract import Column, Contract
from include.feeds.faults import Held, fault
from include.feeds.normalise import plain
from include.feeds.parts import Merge, Part, bits
from include.feeds.workbook import TEXT

ROLES = ("data", "title", "header", "blank", "total", "note", "banner", "other")
DATA, TITLE, HEADER, BLANK, TOTAL, NOTE, BANNER, OTHER = range(8)
_TITLE_CELLS, _MOST_NUMBERING_ROWS = 2, 2
_TITLE_WORDS = r"续|表|单位|日期|第.{1,4}页|\d{4}年|\bTable\b|[Cc]ontinued|cont\."
_NUMBERING = r"^(?:[甲乙丙丁戊己]|栏次|\(?\d{1,2}\)?(?:=[\d+\-*/×÷()]+)?)$"


@dataclass(frozen=True)
class Header:
    """The header of one sheet; `first` and `depth` in rows, 0-based."""

    first: int
    depth: int
    columns: dict[str, int]
    """Declared column to its 0-based place on the sheet."""
    labels: tuple[str, ...]
    """Header of each place, `上|下` where it has several rows; empty where there is none."""

    @property
    def extra(self) -> tuple[str, ...]:
        """Headers that no declared column claims."""
        used = set(self.columns.values())
        return tuple(label for place, label in enumerate(self.labels) if label and place not in used)


def find_header(part: Part, contract: Contract) -> Header:
    """Find the header among the first `search_rows` rows, up to `header_rows` deep, by the declared headers.

    A column is found by its whole header (`上|下`), by the pieces of a header broken over rows, or by its
    lowest filled cell; spaces, width and case do not matter. The place with most declared columns wins;
    then the shallower, then the upper.

    Raises:
        Held: F-COL (columns missing), F-HDR (a declared column found twice).
    """
    first, depth, top = _place(part, contract)
    labels = tuple(top.label(first, depth, place) for place in range(top.width))
    columns: dict[str, int] = {}
    for place, name in _matches(top, first, depth, _by_alias(contract)):
        if name in columns:
            cells = f"{part.cell(first, columns[name])}、{part.cell(first, place)}"
            raise Held(
                fault("F-HDR", sheet=part.sheet.name, cell=cells, header=labels[place], **_where(part))
            )
        columns[name] = place
    header = Header(first, depth, columns, labels)
    _check_complete(header, part, contract)
    return header


def header_labels(part: Part, first: int, depth: int) -> tuple[str, ...]:
    """The header of each place of these rows, `上|下` where it has several; empty where there is none."""
    top = _Top(part.texts, part.sheet.merges, first + depth)
    return tuple(top.label(first, depth, place) for place in range(top.width))


def split(part: Part, contract: Contract) -> list[Part]:
    """Cut a sheet into the parts that its layout declares; one part where it declares none."""
    layout = contract.layout
    if not layout.stacked and layout.beside == "none":
        return [part]
    first, depth, top = _place(part, contract)
    labels = tuple(top.label(first, depth, place) for place in range(top.width))
    matches = _matches(top, first, depth, _by_alias(contract))
    if not matches:
        return [part]
    if layout.beside == "same":
        blocks = parts.beside(part, matches)
    elif layout.beside == "other":
        blocks = [parts.without_neighbours(part, labels, matches)]
    else:
        blocks = [part]
    return [band for block in blocks for band in _bands(block, contract)]


def _bands(block: Part, contract: Contract) -> list[Part]:
    if not contract.layout.stacked:
        return [block]
    header = find_header(block, contract)
    words = frozenset(word for label in header.labels for word in label.split("|") if word)
    return parts.stacked(block, header.first, words, _titles(block, header, contract))


def _titles(part: Part, header: Header, contract: Contract) -> np.ndarray:
    """Rows that may stand above a header that comes again: blank, or few cells that say so."""
    first_filled = pc.coalesce(*part.texts)
    filled = _filled(part)
    wide = np.zeros(part.rows, dtype=bool)
    wide[[top for top, left, _, right in part.sheet.merges if right > left]] = True
    said = _matching(first_filled, _TITLE_WORDS) | wide
    ended = _begins(first_filled, contract.layout.notes) | _begins(first_filled, contract.layout.totals)
    return (filled == 0) | ((filled <= _TITLE_CELLS) & said & _lacking(part, header, contract) & ~ended)


def _place(part: Part, contract: Contract) -> tuple[int, int, _Top]:
    """First row and depth of the header with most declared columns, and the rows it was looked for in."""
    layout, aliases = contract.layout, _by_alias(contract)
    top = _Top(part.texts, part.sheet.merges, layout.search_rows + layout.header_rows)
    best: tuple[int, int, int] = (0, -1, 0)
    for first in range(min(layout.search_rows, top.rows)):
        for depth in range(1, min(layout.header_rows, top.rows - first) + 1):
            found = {name for _, name in _matches(top, first, depth, aliases)}
            best = max(best, (len(found), -depth, -first))
    score, depth, first = best[0], -best[1], -best[2]
    if not score:
        first = top.first_filled_row()
    return first, top.covered_depth(first, depth, layout.header_rows), top


def _by_alias(contract: Contract) -> dict[str, str]:
    return {plain(alias): column.name for column in contract.columns for alias in _aliases(column)}


def _aliases(column: Column) -> tuple[str, ...]:
    return (*column.headers, column.title)


def _check_complete(header: Header, part: Part, contract: Contract) -> None:
    missing = [
        column.title
        for column in contract.columns
        if column.name not in {*header.columns, contract.layout.banner} and not column.may_be_absent
    ]
    if missing:
        found = [contract.column(name).title for name in header.columns]
        # Without one declared header the row is no header but data, whose cells must not travel in a sentence.
        unexpected = header.extra if found else []
        facts = {"missing": missing, "found": found, "unexpected": unexpected}
        shown = {key: "、".join(str(item)[:40] for item in items[:40]) or "-" for key, items in facts.items()}
        raise Held(fault("F-COL", sheet=part.sheet.name, **_where(part), **shown))


def _where(part: Part) -> dict[str, str]:
    if not part.sheet.name:
        return {"where_zh": "文件", "where_en": "The file"}
    return {"where_zh": f"工作表 [{part.key}] ", "where_en": f"Sheet [{part.key}]"}


class _Top:
    """The first rows of a sheet, with merged cells resolved for reading headers."""

    def __init__(self, texts: Sequence[pa.Array], merges: Sequence[Merge], rows: int) -> None:
        self.width = len(texts)
        self.cells = list(zip(*(text.slice(0, rows).to_pylist() for text in texts), strict=True))
        self.rows = len(self.cells)
        self.anchors = {
            (row, place): (top, left)
            for top, left, bottom, right in merges
            if top < self.rows
            for row in range(top, min(bottom + 1, self.rows))
            for place in range(left, min(right + 1, self.width))
        }
        self.bottoms = {(top, left): bottom for top, left, bottom, _ in merges}

    def text(self, row: int, place: int) -> str:
        row, place = self.anchors.get((row, place), (row, place))
        return self.cells[row][place] or ""

    def parts(self, first: int, depth: int, place: int, *, from_left: bool = False) -> list[str]:
        """Distinct texts of a column's header cells from top to bottom."""
        parts: list[str] = []
        for row in range(first, first + depth):
            text = self.text(row, place)
            if not text and from_left and row < first + depth - 1 and (row, place) not in self.anchors:
                text = next((t for at in range(place, -1, -1) if (t := self.text(row, at))), "")
            if text and (not parts or parts[-1] != text):
                parts.append(text)
        return parts

    def label(self, first: int, depth: int, place: int) -> str:
        return "|".join(re.sub(r"\s+", "", part) for part in self.parts(first, depth, place))

    def names(self, first: int, depth: int, place: int) -> Iterator[str]:
        """What the column may be called, the most telling first."""
        parts = self.parts(first, depth, place)
        if not parts:
            return
        yield plain("|".join(parts))
        if depth > 1:
            yield plain("|".join(self.parts(first, depth, place, from_left=True)))
            yield plain("".join(parts))
            yield plain(parts[-1])

    def covered_depth(self, first: int, depth: int, most: int) -> int:
        """`depth`, or more where a merged header cell reaches further down."""
        ends = [
            self.bottoms[anchor]
            for place in range(self.width)
            if (anchor := self.anchors.get((first + depth - 1, place))) in self.bottoms
        ]
        return max(depth, min(max(ends, default=0) - first + 1, most, self.rows - first))

    def first_filled_row(self) -> int:
        return next((row for row, cells in enumerate(self.cells) if any(cells)), 0)


def _matches(top: _Top, first: int, depth: int, aliases: dict[str, str]) -> list[tuple[int, str]]:
    found = []
    for place in range(top.width):
        name = next((aliases[name] for name in top.names(first, depth, place) if name in aliases), None)
        if name:
            found.append((place, name))
    return found


def roles(part: Part, header: Header, contract: Contract) -> np.ndarray:
    """The role of every row of a part, as places in ROLES, int8 of shape (rows,).

    A total or note begins with a declared word in its first filled cell and lacks a required value or all
    others (or is the word alone): a full row of a unit whose name begins with such a word stays data. A
    row that lacks a required value is also a total where any of its cells is such a word alone. A header that
    comes again in the body (续表) is a header.
    """
    texts, layout = part.texts, contract.layout
    first_filled = pc.coalesce(*texts) if texts else pa.array([], pa.string())
    blank = bits(first_filled.is_null())
    lacking = _lacking(part, header, contract)
    found = np.full(part.rows, DATA, dtype=np.int8)
    if layout.banner:
        found[_banners(part) & lacking] = BANNER
    found[_total_rows(part, first_filled, contract, lacking, header)] = TOTAL
    found[_begins(first_filled, layout.notes) & lacking] = NOTE
    again = _begins(first_filled, ("续表", "(续", "表(续")) & lacking
    found[again] = TITLE
    found[_repeats(texts, header)] = HEADER
    found[: header.first] = TITLE
    below = header.first + header.depth
    found[header.first : below] = HEADER
    blank[header.first : below] = False
    if layout.numbering:
        for row in range(below, below + _numbering_rows(part, below)):
            found[row] = HEADER
    found[blank] = BLANK
    ends = np.flatnonzero(_begins(first_filled, layout.ends))
    if (ends := ends[ends >= below]).size:
        found[int(ends[0]) :] = OTHER
    return found


def _lacking(part: Part, header: Header, contract: Contract) -> np.ndarray:
    """Rows without a required value or with one cell only; all where no column is required."""
    required = [c.name for c in contract.columns if (c.required or c.key) and c.name in header.columns]
    if not required:
        return np.ones(part.rows, dtype=bool)
    lacking = _filled(part) == 1 if len(header.columns) > 1 else np.zeros(part.rows, dtype=bool)
    for name in required:
        lacking |= bits(part.texts[header.columns[name]].is_null())
    return lacking


def _filled(part: Part) -> np.ndarray:
    """How many cells of each row are filled."""
    filled = np.zeros(part.rows, dtype=np.int32)
    for text in part.texts:
        filled += bits(text.is_valid())
    return filled


def _total_rows(
    part: Part, first_filled: pa.Array, contract: Contract, lacking: np.ndarray, header: Header
) -> np.ndarray:
    layout = contract.layout
    if not layout.totals:
        return np.zeros(part.rows, dtype=bool)
    found = (_begins(first_filled, layout.totals) & lacking) | _is_only(first_filled, layout.totals)
    at = np.flatnonzero(lacking & ~found & bits(first_filled.is_valid()))
    if at.size:
        for text in part.texts:
            found[at[_is_only(text.take(pa.array(at)), layout.totals)]] = True
    for name in layout.totals_in:
        if name in header.columns:
            found |= _is_only(part.texts[header.columns[name]], layout.totals)
    return found


def total_words(part: Part, rows: np.ndarray, contract: Contract) -> pa.Array:
    """The cell that makes each of these rows a total."""
    texts = [text.take(pa.array(rows)) for text in part.texts]
    none = pa.scalar(None, pa.string())
    words = contract.layout.totals
    alone = [pc.if_else(pa.array(_is_only(text, words)), text, none) for text in texts]
    return pc.coalesce(*alone, *texts)


def _banners(part: Part) -> np.ndarray:
    """Rows with one filled cell, a text."""
    worded = np.zeros(part.rows, dtype=bool)
    for place, text in enumerate(part.texts):
        worded |= (
            bits(text.is_valid()) & (part.kinds(place).to_numpy() == TEXT) & ~_matching(text, r"^[\d.,%+-]+$")
        )
    return (_filled(part) == 1) & worded


def _numbering_rows(part: Part, below: int) -> int:
    """How many rows from `below` on number the columns; at least two cells, all numbers of columns."""
    count = 0
    while below + count < part.rows and count < _MOST_NUMBERING_ROWS:
        said = [text[below + count].as_py() for text in part.texts]
        cells = [re.sub(r"\s", "", text) for text in said if text]
        if len(cells) < 2 or not all(re.match(_NUMBERING, cell) for cell in cells):
            break
        if count and not any(cell == "栏次" or "=" in cell for cell in cells):
            break
        count += 1
    return count


def _pattern(words: Sequence[str]) -> str:
    plain_words = {word for word in map(plain, words) if word}
    return "|".join(r"\s*".join(map(re.escape, word)) for word in sorted(plain_words, reverse=True))


def _begins(column: pa.Array, words: Sequence[str]) -> np.ndarray:
    return _matching(column, f"^(?:{_pattern(words)})") if words else np.zeros(len(column), dtype=bool)


def _is_only(column: pa.Array, words: Sequence[str]) -> np.ndarray:
    return _matching(column, rf"^(?:{_pattern(words)})\s*:?$") if words else np.zeros(len(column), dtype=bool)


def _matching(column: pa.Array, pattern: str) -> np.ndarray:
    return bits(pc.fill_null(pc.match_substring_regex(column, pattern, ignore_case=True), False))


def _repeats(texts: Sequence[pa.Array], header: Header) -> np.ndarray:
    """Rows that say one row of the header again: every filled cell equal, at least half of them filled."""
    found = np.zeros(len(texts[0]), dtype=bool)
    for row in range(header.first, header.first + header.depth):
        said = [text[row].as_py() for text in texts]
        equal = np.zeros(len(found), dtype=np.int32)
        differs = np.zeros(len(found), dtype=bool)
        for text, word in zip(texts, said, strict=True):
            same = bits(pc.fill_null(pc.equal(text, word or ""), False))
            equal += same
            differs |= bits(text.is_valid()) & ~same
        found |= ~differs & (equal * 2 >= max(1, sum(map(bool, said))))
    return found
