"""Where a table lies on a sheet that nobody has declared: header, rows, totals, notes, banners, neighbours.

The columns' own rows say what a row of data looks like: the header is what stands above the first row whose
figures and dates stand where those of the lower rows do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from include.feeds.describing.grid import DAY, FIGURE, NEUTRAL, TEXT, Grid
from include.feeds.parts import Part

DEEPEST = 8
_UNIT = re.compile(r"^[(（]?\s*(计量|金额|数据)?单\s*位\s*[:：]")
_IN_BRACKETS = re.compile(r"^[(（][^()（）]*[)）]$")
TOTAL = re.compile(
    r"^[(（]?(本[页表月季年]|全[国省市区县州乡镇街校院系统]{1,2}|地方|各项|以上)?(合计|总计|小计|共计|总和)"
    r"(\(?[\w ,.&-]*\)?)?[)）]?[:：]?$|^全[国省市区县州]$|^((grand|sub|national|overall)[ -]?)?totals?:?$",
    re.IGNORECASE,
)
_TOTAL_OF = re.compile(r"^((grand|sub)[ -]?)?total\b.{0,40}$", re.IGNORECASE)
_LONGEST_LABEL = 150
_FEW = 0.35
_TOTAL_PLACES = 5


@dataclass(frozen=True)
class Table:
    """Rows of a part, 0-based; `end` is behind the last row of the table with its notes."""

    header: tuple[int, int]
    """First and last row of the header, rows that number the columns not counted."""
    first: int
    """First row below the header that is not blank."""
    end: int
    numbering: int = 0
    totals: tuple[int, ...] = ()
    notes: tuple[int, ...] = ()
    banners: tuple[int, ...] = ()
    repeats: tuple[int, ...] = ()
    """Rows of headers that come again."""
    titles: tuple[int, ...] = ()
    """Rows in the body that stand above such a header."""
    other: int = 0
    """Row at which another table begins; 0 where none does."""
    figures: tuple[int, ...] = field(default=())
    """Places that hold figures or dates."""

    def data(self, grid: Grid) -> list[int]:
        """The rows of data."""
        structural = {*self.totals, *self.notes, *self.banners, *self.repeats, *self.titles}
        return [row for row in range(self.first, self.end) if grid.filled[row] and row not in structural]


def groups(part: Part) -> list[Part]:
    """Cut at columns in which nothing stands below the titles, where at least two stand on either side."""
    grid = Grid.of(part)
    wide = grid.filled > 1
    used = ((grid.kinds[wide] != 0) | grid.covered[wide]).any(axis=0)
    edges = [-1, *np.flatnonzero(~used).tolist(), len(used)]
    spans = [(left + 1, right) for left, right in pairwise(edges) if right > left + 1]
    if len(spans) < 2 or any(right - left < 2 for left, right in spans):
        return [part]
    return [part.cut(places=span) for span in spans]


def find_table(grid: Grid) -> Table | None:
    """Find the first table; None where there is no header above rows of data."""
    filled = np.flatnonzero(grid.filled)
    if filled.size < 2:
        return None
    like, places = _data_like(grid, filled[int(filled.size * 0.4) :])
    if grid.width == 1 and not places.size:
        return None
    body = np.flatnonzero(like)
    if not body.size:
        return None
    begin = int(body[0])
    header = _header(grid, begin, places)
    if header is None:
        return None
    first = next(row for row in filled.tolist() if row > header[1])
    numbering = 0
    while first + numbering < grid.rows and grid.numbering(first + numbering) and not like[first + numbering]:
        numbering += 1
    if numbering:
        first = next((row for row in filled.tolist() if row >= first + numbering), grid.rows)
    return _body(grid, header, first, numbering, like, places)


def _data_like(grid: Grid, lower: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that look like data, and the places of figures and dates."""
    kinds = grid.kinds[lower]
    days, figures = (kinds == DAY).sum(axis=0), (kinds == FIGURE).sum(axis=0)
    words = (kinds == TEXT).sum(axis=0)
    major = np.where(days > figures, DAY, FIGURE)
    places = np.flatnonzero((np.maximum(days, figures) >= 1) & (np.maximum(days, figures) >= words))
    if places.size:
        cells = grid.kinds[:, places]
        agree = (cells == major[places]).sum(axis=1)
        differ = ((cells != major[places]) & (cells != 0) & (cells != NEUTRAL)).sum(axis=1)
        wide = grid.filled * 2 >= np.median(grid.filled[lower])
        like = (agree >= 1) & ((agree > differ) | ((agree == differ) & wide))
        like &= (grid.filled > 1) | (grid.width == 1)
        candidates = np.flatnonzero(like)
        odd = {
            int(row) for row in candidates[:40] if grid.numbering(int(row)) or grid.years(int(row), places)
        }
        usual = sum(grid.years(int(row), places) for row in lower[:20])
        if usual * 2 < min(len(lower), 20) and like.sum() > len(odd):
            like[sorted(odd)] = False
        # Where figures stand in few rows only, they are chance: the table is one of words.
        if like.sum() >= _FEW * (np.flatnonzero(grid.filled >= min(2, grid.width)).size - 1):
            return like, places
        places = places[:0]
    typical = float(np.median(grid.filled[lower]))
    full = np.flatnonzero(grid.filled >= max(1.0, 0.8 * typical))
    like = np.zeros(grid.rows, dtype=bool)
    if full.size:
        below = np.flatnonzero(grid.filled)
        below = below[below > full[0]]
        like[below] = grid.filled[below] >= max(1.0, min(2.0, typical))
        like[below[:1]] = True
    return like, places


def _header(grid: Grid, begin: int, places: np.ndarray) -> tuple[int, int] | None:
    """First and last row of the header above the first row that looks like data."""
    above = [row for row in range(begin) if grid.filled[row] and not grid.numbering(row)]
    if not above:
        return None
    # A lone first cell is a title or a banner, also where the first column holds figures (序号).
    labelling = [
        row
        for row in above
        if (not places.size or _labels(grid, row, places))
        and not _says_unit([text for _, text in grid.texts(row)])
        and not (grid.filled[row] == 1 and grid.kinds[row, 0] != 0 and grid.width > 1)
    ]
    last = labelling[-1] if labelling else above[-1]
    used = np.flatnonzero((grid.kinds[begin : begin + 200] != 0).any(axis=0))
    # A row below the labels of the figures belongs to the header where it labels columns that have none yet.
    for row in above:
        if row > last:
            upper = (grid.kinds[max(0, last - 2) : last + 1] != 0).any(axis=0)
            new = np.flatnonzero(grid.kinds[row] != 0)
            if not upper[new].any() and not upper[: int(new[-1]) + 1].any():
                last = row
    first = last
    while first > 0 and last - first + 1 < DEEPEST and _joins(grid, first, last, used):
        first -= 1
    while not grid.filled[first]:
        first += 1
    return first, last


def _labels(grid: Grid, row: int, places: np.ndarray) -> bool:
    """Whether a row has words, or years, above the figures."""
    return bool((grid.kinds[row][places] == TEXT).any()) or grid.years(row, places) or grid.numbering(row)


def _joins(grid: Grid, first: int, last: int, used: np.ndarray) -> bool:
    """Whether the row above `first` is a row of the same header."""
    row = first - 1
    cells = grid.texts(row)
    if not cells:
        return bool(grid.covered[row].any()) and row > 0 and _covered_from_above(grid, row, last)
    if _says_unit([text for _, text in cells]) or max(len(text) for _, text in cells) > _LONGEST_LABEL:
        return False
    merges = grid.part.sheet.merges
    if any(
        top < first <= bottom and right - left + 1 < 0.8 * grid.width for top, left, bottom, right in merges
    ):
        return True
    labelled = (grid.kinds[first : last + 1] != 0).any(axis=0)
    for top, left, _, right in merges:
        if first <= top <= last:
            labelled[left : right + 1] = True
    complete = labelled[used].mean() >= 0.95 if used.size else True
    wide = [right - left + 1 for top, left, _, right in merges if top == row and right > left]
    spanning = any(width >= 0.8 * grid.width for width in wide) and len(cells) == 1
    if spanning or (len(cells) == 1 and cells[0][0] == 0):
        return False
    if len(cells) == 1:
        return not complete or len(cells[0][1]) <= 12
    if (grid.kinds[row] == FIGURE).any() and not grid.years(row, np.arange(grid.width)):
        return False
    return not complete or bool(wide)


def _says_unit(texts: list[str]) -> bool:
    return any(map(_UNIT.search, texts)) or all(map(_IN_BRACKETS.search, texts))


def _covered_from_above(grid: Grid, row: int, last: int) -> bool:
    """Whether a row that merged cells cover belongs to the header: one of them begins in the row above it."""
    return any(
        top < row <= bottom and grid.filled[top] > 1 and bottom <= last + 1
        for top, _, bottom, _ in grid.part.sheet.merges
    )


def _body(
    grid: Grid, header: tuple[int, int], first: int, numbering: int, like: np.ndarray, places: np.ndarray
) -> Table:
    words = {
        re.sub(r"\s", "", text) for row in range(header[0], header[1] + 1) for _, text in grid.texts(row)
    }
    repeats, other = _further_headers(grid, first, words, like, places)
    titles: list[int] = []
    for row in repeats:
        at = row - 1
        while at >= first and at not in repeats and not like[at] and grid.filled[at] <= 2:
            if grid.filled[at] and not is_total(grid, at, places):
                titles.append(at)
            at -= 1
    stop = grid.rows
    if other:
        stop = other
        while stop - 1 > first and not like[stop - 1] and not is_total(grid, stop - 1, places):
            stop -= 1
        stop = next((row for row in range(stop, other) if grid.filled[row]), other)
        other = stop
    inside = [
        row for row in range(first, stop) if grid.filled[row] and row not in repeats and row not in titles
    ]
    totals = [row for row in inside if is_total(grid, row, places)]
    data_rows = [row for row in inside if like[row] and row not in totals]
    last_data = max([*data_rows, *totals], default=first)
    notes = [row for row in inside if row > last_data]
    lone = [
        row
        for row in inside
        if row < last_data
        and row not in totals
        and grid.filled[row] == 1
        and not like[row]
        and grid.width > 1
    ]
    banners = [row for row in lone if (grid.kinds[row] == TEXT).any() and not _noted(grid.first_text(row))]
    notes += [row for row in lone if row not in banners and _noted(grid.first_text(row))]
    return Table(
        header, first, stop, numbering, tuple(totals), tuple(sorted(notes)), tuple(banners), tuple(repeats),
        tuple(sorted(titles)), other, tuple(int(place) for place in places),
    )  # fmt: skip


def _noted(text: str) -> bool:
    return bool(
        re.match(r"(注|备注|说明|资料来源|数据来源|填表|制表|\*)|(note|source)\b", text, re.IGNORECASE)
    )


def _further_headers(
    grid: Grid, first: int, words: set[str], like: np.ndarray, places: np.ndarray
) -> tuple[list[int], int]:
    """Rows below that repeat the header, and the row of the first header that is another's; 0 where none is."""
    repeats: list[int] = []
    if not places.size:
        return repeats, 0
    labels = (grid.kinds[:, places] == TEXT).sum(axis=1)
    figures = ((grid.kinds[:, places] == FIGURE) | (grid.kinds[:, places] == DAY)).sum(axis=1)
    least = int(np.ceil(len(places) * 0.5))
    suspects = np.flatnonzero((figures == 0) & (grid.filled >= 2))
    for row in suspects[suspects >= first].tolist():
        said = [re.sub(r"\s", "", text) for _, text in grid.texts(row)]
        if len(said) >= 2 and set(said) <= words and labels[row]:
            repeats.append(row)
        elif (
            labels[row] >= least
            and not like[row]
            and not is_total(grid, row, places)
            and like[row + 1 : row + 6].any()
            and not like[max(first, row - 1)]
        ):
            if repeats and row - repeats[-1] <= 1:
                continue
            return repeats, row
    return repeats, 0


def is_total(grid: Grid, row: int, places: np.ndarray) -> bool:
    """Whether one of the first cells of a row is a word for a total, and figures stand beside it."""
    if not grid.perhaps_totals[row]:
        return False
    cells = grid.texts(row)[:_TOTAL_PLACES]
    word = next((text for _, text in cells if total_word(text)), "")
    if not word and len(cells) and _TOTAL_OF.match(cells[0][1]) and (grid.kinds[row] == TEXT).sum() == 1:
        word = cells[0][1]
    if not word:
        return False
    beside = [place for place in places if grid.kinds[row, place] in (FIGURE, DAY)]
    return len(beside) > (1 if cells[0][1] != word and cells[0][0] in places else 0) or len(cells) == 1


def total_word(text: str) -> bool:
    """Whether a text is a word for a total: 合计, 本页合计, 地方合计, 全国, Total."""
    return bool(TOTAL.match(re.sub(r"\s+", "" if not text.isascii() else " ", text).strip()))
