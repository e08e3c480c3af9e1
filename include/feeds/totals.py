"""Totals reconciled with the rows that they sum, exactly.

小计 sums the rows since the total before it, 合计 those since the 合计 before it, 总计 all of them, 本页… those of
its page. Where the first total of its kind stands above all rows, totals sum the rows below them. A total of
several sheets or tables may also stand for the rows of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.feeds.contract import Column, Contract
from include.feeds.faults import Fault, Held, fault
from include.feeds.parts import bits, flat

_LEVELS = ((r"本[页月季]", 0), (r"小计|分计|[Ss]ubtotal", 1), (r"总计|[Gg]rand", 3))
_OTHER_LEVEL = 2
_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$"
_EXACT = pa.decimal256(76, 20)
_NOISE = Decimal("1e-12")
SHOWN = 20
"""At most so many differences are told one by one."""


def reconcile(
    table: pa.Table, totals: pa.Table, contract: Contract, letters: Mapping[str, Mapping[str, str]]
) -> list[Fault]:
    """One fault for each total that is not the sum of its rows: sheet, cell, expected, found.

    Blank totals are not compared, and neither are sums over a cell that is no number: that cell is a fault of
    its own row. Binary noise of a spreadsheet's own addition (35.300000000000004) is no difference.

    Args:
        table: data rows, as read.
        totals: total rows, same columns, and `_word` string: what makes each a total.
        contract: columns, and what a difference does.
        letters: sheet → column → its letters.

    Raises:
        Held: H-TOTAL, where the contract holds a file for a difference.
    """
    layout = contract.layout
    if not totals.num_rows or layout.totals_differ == "ignore":
        return []
    found = list(_differences(table, totals, contract, letters))
    if found and layout.totals_differ == "hold":
        raise Held(fault("H-TOTAL", differences=len(found), **found[0]))
    shown = [fault("W-TOTAL", **facts) for facts in found[:SHOWN]]
    if len(found) > SHOWN:
        shown.append(fault("W-TOTALS", left=len(found) - SHOWN))
    return shown


@dataclass(frozen=True)
class _Total:
    at: int
    """Its place in the table of totals."""
    sheet: str
    row: int
    level: int


def _differences(
    table: pa.Table, totals: pa.Table, contract: Contract, letters: Mapping[str, Mapping[str, str]]
) -> Iterable[dict[str, str]]:
    rows = _Rows(table)
    lines = [
        _Total(at, sheet, row, _level(word))
        for at, (sheet, row, word) in enumerate(
            zip(*(totals[name].to_pylist() for name in ("_sheet", "_row", "_word")), strict=True)
        )
    ]
    ranges = {line.at: rows.ranges(line, lines) for line in lines}
    for column in _summed(contract, table):
        sums = _Sums(flat(table[column.name]), column)
        shown = sums.exact(flat(totals[column.name]))
        for line in lines:
            said = shown[line.at].as_py()
            place = letters.get(line.sheet, {}).get(column.name)
            if said is None or place is None:
                continue
            expected = [sums.over(mask) for mask in ranges[line.at]]
            if any(one is None or _same(said, one, contract.layout.totals_within) for one in expected):
                continue
            cell = f"{place}{line.row}" if line.sheet else f"第 {line.row} 行 {place}"
            difference = _plain(said - (expected[0] or Decimal(0)))
            yield {
                "sheet": line.sheet, "cell": cell, "title": column.title, "found": _plain(said),
                "expected": _plain(expected[0]), "difference": difference,
            }  # fmt: skip


def _summed(contract: Contract, table: pa.Table) -> list[Column]:
    named = contract.layout.totals_of
    return [
        column
        for column in contract.columns
        if column.name in table.column_names
        and (column.name in named if named else column.type in ("integer", "number"))
        and (named or column.unit != "百分比")
    ]


def _level(word: str) -> int:
    return next((level for pattern, level in _LEVELS if re.search(pattern, word)), _OTHER_LEVEL)


class _Rows:
    """Which data rows a total may sum."""

    def __init__(self, table: pa.Table) -> None:
        self.sheets = pc.dictionary_encode(flat(table["_sheet"]))
        self.names = self.sheets.dictionary.to_pylist()
        self.codes = self.sheets.indices.to_numpy()
        self.rows = flat(table["_row"]).to_numpy()

    def ranges(self, line: _Total, lines: Sequence[_Total]) -> list[np.ndarray]:
        """Masks over the data rows, the most likely first."""
        own = self.codes == (self.names.index(line.sheet) if line.sheet in self.names else -1)
        same = [other for other in lines if other.sheet == line.sheet and other.level >= line.level]
        before = max((other.row for other in same if other.row < line.row), default=0)
        after = min((other.row for other in same if other.row > line.row), default=np.iinfo(np.int32).max)
        above = own & (self.rows > before) & (self.rows < line.row)
        below = own & (self.rows > line.row) & (self.rows < after)
        first = min(other.row for other in lines if other.sheet == line.sheet and other.level == line.level)
        heads = not (own & (self.rows < first)).any()
        everything = [] if line.level < _OTHER_LEVEL else [np.ones(len(own), dtype=bool)]
        if heads:
            return [below, *everything]
        if above.any():
            return [above, *everything]
        return [own & (self.rows < line.row), *everything]


class _Sums:
    """Exact sums over a column."""

    def __init__(self, texts: pa.Array, column: Column) -> None:
        self.nulls = pa.array(sorted(set(column.null_values)), pa.string())
        self.values = self.exact(texts)
        unreadable = pc.and_(self._given(texts).is_valid(), self.values.is_null())
        self.unreadable = bits(unreadable)

    def _given(self, texts: pa.Array) -> pa.Array:
        known = pc.fill_null(pc.is_in(texts, value_set=self.nulls), False)
        return pc.if_else(known, pa.scalar(None, pa.string()), texts)

    def exact(self, texts: pa.Array) -> pa.Array:
        """Decimals, null where there is no number."""
        bare = pc.replace_substring(self._given(texts), ",", "")
        number = pc.fill_null(pc.match_substring_regex(bare, _NUMBER), False)
        return pc.if_else(number, bare, pa.scalar(None, pa.string())).cast(_EXACT)

    def over(self, mask: np.ndarray) -> Decimal | None:
        """The sum over the rows of `mask`; None where one of them is no number."""
        if (self.unreadable & mask).any():
            return None
        found = pc.sum(self.values.filter(pa.array(mask))).as_py()
        return Decimal(0) if found is None else found


def _same(said: Decimal, expected: Decimal, within: Decimal) -> bool:
    difference = abs(said - expected)
    return difference <= within or difference <= _NOISE * max(abs(said), abs(expected), Decimal(1))


def _plain(value: Decimal | None) -> str:
    return "0" if not value else f"{value:f}".rstrip("0").rstrip(".")
