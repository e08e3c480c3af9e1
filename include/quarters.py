"""Quarter keys: `2026Q3`, always explicit, never taken from a clock."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

_SAID = re.compile(r"(20\d\d)(?:\s*年\s*第?\s*([1-4一二三四])\s*季|[-_ ]?[Qq]([1-4])(?!\d))")
_NUMBERS = str.maketrans("一二三四", "1234")
_KEY = re.compile(r"(?P<year>[12]\d{3})Q(?P<number>[1-4])")


@dataclass(frozen=True, order=True)
class Quarter:
    """One quarter of a calendar year; orders and hashes by time, prints as its key."""

    year: int
    number: int

    @classmethod
    def parse(cls, key: str) -> Quarter:
        """Read a key like `2026Q3`; raise ValueError for anything else."""
        match = _KEY.fullmatch(key)
        if match is None:
            raise ValueError(
                f"季度 [{key}] 无法识别,应写作 2026Q3。 Quarter [{key}] is not a key like 2026Q3."
            )
        return cls(int(match["year"]), int(match["number"]))

    @classmethod
    def of(cls, day: date) -> Quarter:
        """Return the quarter that holds `day`."""
        return cls(day.year, (day.month + 2) // 3)

    def shift(self, quarters: int) -> Quarter:
        """Return the quarter that lies `quarters` later (earlier if negative)."""
        ordinal = self.year * 4 + self.number - 1 + quarters
        return Quarter(ordinal // 4, ordinal % 4 + 1)

    def since(self, earlier: Quarter) -> int:
        """How many quarters after `earlier` this one is; negative before it."""
        return (self.year - earlier.year) * 4 + self.number - earlier.number

    @property
    def start(self) -> date:
        """First day."""
        return date(self.year, self.number * 3 - 2, 1)

    @property
    def end(self) -> date:
        """Last day."""
        return self.shift(1).start - timedelta(days=1)

    @classmethod
    def said_in(cls, text: str) -> Quarter | None:
        """The one quarter that a text names, as `2026Q3` or `2026年第三季度`; None where it names none or several."""
        found = {
            cls(int(year), int((zh or en).translate(_NUMBERS)))
            for year, zh, en in _SAID.findall(unicodedata.normalize("NFKC", text))
        }
        return found.pop() if len(found) == 1 else None

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"
