"""The unit of money that a cell above the table names: 单位:万元, (金额单位:元)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from include.feeds.contract import Contract
from include.feeds.faults import Fault, Held, fault
from include.feeds.normalise import normalise
from include.feeds.parts import Part

POWERS = {
    "元": 0, "角": -1, "分": -2, "百元": 2, "千元": 3, "万元": 4, "十万元": 5, "百万元": 6, "千万元": 7,
    "亿元": 8, "万亿元": 12,
}  # fmt: skip
"""Units of money as powers of ten of a yuan."""
MONEY = ("元", "万元")
"""Units that a contract may declare for a column of money."""

_CORNER = re.compile(r"单位\s*[:：]\s*([^)）]+)")
_TOKEN = re.compile(r"(?:人民币)?((?:万亿|[百千万亿]|十万|百万|千万)?元|角|分)(?![一-鿿])")
_EXPONENT = r"[+-]?\d+(\.\d+)?[eE][+-]?\d{1,3}"
_NUMBER = r"^([+-]?)(\d[\d,]*)(?:\.(\d*))?$"


@dataclass(frozen=True)
class Corner:
    """The units of money that a cell above the table names, and its address."""

    units: tuple[str, ...]
    cell: str


def find_corner(part: Part, rows: int) -> Corner | None:
    """The unit of money in the first `rows` rows of a part; None where no cell names one.

    A cell may name other units too (单位:万元、人); several units of money in it are all kept.
    """
    for row in range(rows):
        for place, text in enumerate(part.texts):
            said = text[row].as_py() or ""
            if match := _CORNER.search(re.sub(r"\s+", "", said)):
                units = tuple(dict.fromkeys(_TOKEN.findall(match[1])))
                if units:
                    return Corner(units, part.cell(row, place))
    return None


def money_shift(
    corner: Corner | None, contract: Contract, delivered: Mapping[str, int], *, sheet: str
) -> dict[str, int]:
    """By how many powers of ten the figures of columns of each money unit are to be shifted; empty: by none.

    Raises:
        Held: F-UNIT, where the corner names another unit than the contract and converting is not declared,
            or names none or several where it is to decide.
    """
    how = contract.layout.corner_unit
    declared: set[str] = {c.unit for c in contract.columns if c.name in delivered and c.unit in MONEY}
    if not declared or how == "ignore" or (corner is None and how == "check"):
        return {}
    expected = "、".join(sorted(declared))
    if corner is None or len(corner.units) > 1:
        found = "、".join(corner.units) if corner else "—"
        cell = corner.cell if corner else "-"
        raise Held(fault("F-UNIT", sheet=sheet, cell=cell, found=found, expected=expected))
    shift: dict[str, int] = {unit: POWERS[corner.units[0]] - POWERS[unit] for unit in declared}
    if any(shift.values()) and how == "check":
        raise Held(fault("F-UNIT", sheet=sheet, cell=corner.cell, found=corner.units[0], expected=expected))
    return shift if any(shift.values()) else {}


def told(corner: Corner | None, shift: Mapping[str, int], *, sheet: str) -> Fault | None:
    """What to say where figures were converted."""
    if corner is None or not shift:
        return None
    expected = "、".join(sorted(shift))
    return fault("W-UNIT", sheet=sheet, cell=corner.cell, found=corner.units[0], expected=expected)


def shifted(texts: pa.Array, power: int, null_values: Sequence[str]) -> pa.Array:
    """Numbers × 10^power, exactly, by moving the point; what is no plain number stays and is judged as it is."""
    if not power:
        return texts
    codes = texts.dictionary_encode()
    moved = [_moved(text, power) for text in codes.dictionary.to_pylist()]
    values = pa.array(moved, pa.string())
    kept = pc.fill_null(pc.is_in(texts, value_set=normalise(pa.array(list(null_values), pa.string()))), False)
    return pc.if_else(kept, texts, values.take(codes.indices))


def _moved(text: str, power: int) -> str:
    # A spreadsheet writes small figures as 5e-05.
    match = re.match(_NUMBER, format(Decimal(text), "f") if re.fullmatch(_EXPONENT, text) else text)
    if not match:
        return text
    sign, whole, decimals = match[1].replace("+", ""), match[2].replace(",", ""), match[3] or ""
    if power >= 0:
        decimals = decimals.ljust(power, "0")
        whole, decimals = whole + decimals[:power], decimals[power:]
    else:
        whole = whole.rjust(1 - power, "0")
        whole, decimals = whole[:power], whole[power:] + decimals
    whole, decimals = whole.lstrip("0") or "0", decimals.rstrip("0")
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
