"""How a file says that there is nothing to report (零报送): a declared mark in a cell or in its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

_BEFORE = r"(?:^|[(\[【「:,;\s]|[0-9]|季度?|季报?|[月年]度?|本期|[表册单账])"
_AFTER = r"[)\]】」.。!\s]*$"
MOST_ROWS = 5
"""A table with more rows than this is never a nil return, whatever stands in it."""


def mark_in(texts: Iterable[str], marks: Sequence[str]) -> str:
    """The first of `texts` that ends with a nil mark, '' for none; 无数据的请填零报送 is an instruction, no mark."""
    if not marks:
        return ""
    words = "|".join(re.escape(unicodedata.normalize("NFKC", mark).casefold()) for mark in marks)
    pattern = re.compile(f"{_BEFORE}(?:{words}){_AFTER}")
    return next(
        (text for text in texts if pattern.search(unicodedata.normalize("NFKC", text).strip().casefold())), ""
    )


def marked_rows(texts: Sequence[pa.Array], rows: np.ndarray, marks: Sequence[str]) -> list[int]:
    """Of the 0-based `rows`, those whose only filled cell is a nil mark."""
    found = []
    for row in rows.tolist():
        filled = [said for text in texts if (said := text[row].as_py())]
        if len(filled) == 1 and mark_in(filled, marks):
            found.append(row)
    return found


def words_of(texts: Sequence[pa.Array], structural: np.ndarray) -> list[str]:
    """What stands in the rows that are no data, such as titles and notes."""
    places = pa.array(np.flatnonzero(structural))
    return [said for text in texts for said in text.take(places).to_pylist() if said]
