"""What each cell of a sheet looks like, as masks over rows and places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.feeds.parts import Part, bits
from include.feeds.workbook import BOOL, DATE, MERGED, NUMBER

EMPTY, TEXT, FIGURE, DAY, NEUTRAL = range(5)
"""What a cell holds: nothing, words, a number, a date, or a sign for no value."""

_FIGURE = r"^[-+(]?[¥$€£]?\s?\d[\d,]*(\.\d+)?\)?\s?[%‰]?$|^[-+]?\.\d+$|^[-+]?\d+(\.\d+)?[eE][-+]?\d+$"
_DAY = (
    r"^(19|20)\d{2}([-/]\d{1,2}([-/]\d{1,2})?|\.\d{1,2}\.\d{1,2}|年\d{1,2}月(\d{1,2}日)?)([ T]\d.*)?$"
    r"|^\d{1,2}[-/.](\d{1,2}|[A-Za-z]{3})[-/.]\d{2,4}( .*)?$|^\d{1,2}:\d{2}(:\d{2})?$"
)
_NEUTRAL = r"^([-—–…./*×]+|N/?A|n/?a|NaN|null|无|不详)$"
_YEARS = (1900, 2100)


@dataclass(frozen=True)
class Grid:
    """The cells of a part by what they look like; `kinds` int8 of shape (rows, places), `covered` bool."""

    part: Part
    kinds: np.ndarray
    covered: np.ndarray
    """Cells covered by a merged one."""

    @classmethod
    def of(cls, part: Part) -> Grid:
        """Look at every cell of a part."""
        shape = (part.rows, len(part.texts))
        kinds, covered = np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=bool)
        for place, text in enumerate(part.texts):
            cell = part.kinds(place).to_numpy()
            filled = bits(text.is_valid())
            kinds[filled, place] = TEXT
            kinds[_matching(text, _NEUTRAL), place] = NEUTRAL
            kinds[filled & ((cell == NUMBER) | (cell == BOOL) | _matching(text, _FIGURE)), place] = FIGURE
            kinds[filled & ((cell == DATE) | _matching(text, _DAY)), place] = DAY
            covered[:, place] = cell == MERGED
        return cls(part, kinds, covered)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return int(self.kinds.shape[0])

    @property
    def width(self) -> int:
        """How many places it has."""
        return int(self.kinds.shape[1])

    @cached_property
    def filled(self) -> np.ndarray:
        """Filled cells of each row."""
        return (self.kinds != EMPTY).sum(axis=1)

    @cached_property
    def perhaps_totals(self) -> np.ndarray:
        """Rows in which some cell has a character of a word for a total: few, so that only they are looked at."""
        found = np.zeros(self.rows, dtype=bool)
        for text in self.part.texts:
            found |= _matching(text, "(?i)[计計]|total|总\\s*和|^全")
        return found

    def text(self, row: int, place: int) -> str:
        """The cell's text, '' where it is empty."""
        return self.part.texts[place][row].as_py() or ""

    def texts(self, row: int) -> list[tuple[int, str]]:
        """Places and texts of the filled cells of a row."""
        return [(int(place), self.text(row, int(place))) for place in np.flatnonzero(self.kinds[row])]

    @cached_property
    def _firsts(self) -> list[str | None]:
        firsts: list[str | None] = pc.coalesce(*self.part.texts).to_pylist()
        return firsts

    def first_text(self, row: int) -> str:
        """The first filled cell of a row."""
        return self._firsts[row] or ""

    def years(self, row: int, places: Sequence[int] | np.ndarray) -> bool:
        """Whether the figures of a row are distinct years and all its columns' figures below are others."""
        found = [self.text(row, int(place)) for place in places if self.kinds[row, place] == FIGURE]
        if not found or len(set(found)) != len(found) or not all(map(_is_year, found)):
            return False
        return len(found) >= 2 or (len(places) == 1 and not _is_year(self._below(row, int(places[0]))))

    def _below(self, row: int, place: int) -> str:
        below = np.flatnonzero(self.kinds[row + 1 :, place])
        return self.text(row + 1 + int(below[0]), place) if below.size else ""

    def numbering(self, row: int) -> bool:
        """Whether a row numbers the columns: 甲 乙 1 2, or 1 2 3 and on."""
        said = [re.sub(r"[\s()]", "", text).partition("=")[0] for _, text in self.texts(row)]
        if len(said) < 2:
            return False
        numbers = [int(text) for text in said if re.fullmatch(r"\d{1,2}", text)]
        letters = [text for text in said if text in {"甲", "乙", "丙", "丁", "戊", "栏次"}]
        consecutive = bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        consecutive = consecutive and numbers[0] == 1
        enough = bool(letters) or (len(numbers) >= 3 and self.kinds[row, 0] != EMPTY)
        return consecutive and enough and len(numbers) + len(letters) == len(said)


def _is_year(text: str) -> bool:
    return bool(re.fullmatch(r"\d{4}", text)) and _YEARS[0] <= int(text) <= _YEARS[1]


def _matching(text: pa.Array, pattern: str) -> np.ndarray:
    return bits(pc.fill_null(pc.match_substring_regex(text, pattern), False))
