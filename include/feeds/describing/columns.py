"""Names and types of the columns of a table that nobody has declared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from include.feeds.contract import Column
from include.feeds.corner import MONEY, Corner
from include.feeds.describing.grid import DAY, EMPTY, FIGURE, NEUTRAL, Grid
from include.feeds.normalise import plain
from include.feeds.sheet_scan import letters
from include.feeds.workbook import DATE

_PERSONAL = re.compile(r"姓名|联系人|身份证|证件号|电话|手机|住址|地址|邮箱|e-?mail|phone", re.IGNORECASE)
_COUNTED = re.compile(r"率|比|占|人|件|个|项|数|次|户|年|月|日|序号|编号|代码")
_OF_MONEY = re.compile(r"金额|款|费|支出|收入|预算|决算|资金|元")
_OWN_UNIT = re.compile(r"[(（]\s*(万元|元|%|％)\s*[)）]")
_UNITS = {"万元": "万元", "元": "元", "%": "百分比", "％": "百分比"}
_LOOKED_AT = 2_000
_DATES = Column(name="x", title="x", type="date").formats
_YES_NO = {"是", "否"}


@dataclass(frozen=True)
class Guess:
    """One column as it would be declared; `place` is counted within the part."""

    place: int
    name: str
    header: str
    """`上|下` over several rows."""
    type: str
    filled: bool
    """Whether every row of data has a value."""
    unit: str = ""
    personal: bool = False

    def declared(self) -> dict[str, Any]:
        """Fields of a contract's column."""
        found: dict[str, Any] = {
            "name": self.name, "title": self.header.replace("|", " "), "type": self.type, "headers": [self.header],
        }  # fmt: skip
        if self.filled:
            found["required"] = True
        if self.unit:
            found["unit"] = self.unit
        if self.personal:
            found["privacy"] = "personal"
        return found


def guess_columns(
    grid: Grid, labels: Sequence[str], data: Sequence[int], corner: Corner | None
) -> tuple[list[Guess], list[str]]:
    """The columns with a header of their own, and the headers that several columns share."""
    spoken = Counter(plain(label) for label in labels if label)
    shared = [label for label in dict.fromkeys(labels) if label and spoken[plain(label)] > 1]
    rows = list(data)[:_LOOKED_AT]
    found: list[Guess] = []
    names: set[str] = set()
    for place, label in enumerate(labels):
        if not label or spoken[plain(label)] > 1:
            continue
        kinds = grid.kinds[rows, place] if rows else grid.kinds[:0, place]
        texts = [grid.text(row, place) for row in rows]
        kind, unit = _type(grid, rows, place, texts, label)
        if kind in ("integer", "number") and not unit and corner and _money(label):
            unit = corner.units[0] if corner.units[0] in MONEY else "万元"
        name = _name(label, grid.part.left + place, names)
        names.add(name)
        filled = bool(rows) and not ((kinds == EMPTY) | (kinds == NEUTRAL)).any() and len(rows) == len(data)
        found.append(Guess(place, name, label, kind, filled, unit, bool(_PERSONAL.search(label))))
    return found, shared


def _money(label: str) -> bool:
    bare = re.sub(r"[(（].*?[)）]", "", label)
    return bool(_OF_MONEY.search(bare)) or not _COUNTED.search(bare)


def _name(label: str, place: int, taken: set[str]) -> str:
    """An English header as a name; of any other the column's letters."""
    name = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:40] if label.isascii() else ""
    if not re.match(r"[a-z]", name) or name in taken:
        name = f"column_{letters(place).lower()}"
    return name


def _type(grid: Grid, rows: Sequence[int], place: int, texts: Sequence[str], label: str) -> tuple[str, str]:
    given = [
        (text, kind)
        for text, kind in zip(texts, grid.kinds[list(rows), place].tolist() if rows else [], strict=True)
        if kind not in (EMPTY, NEUTRAL)
    ]
    own = _OWN_UNIT.search(label)
    unit = _UNITS[own[1]] if own else ""
    if not given:
        return "string", ""
    if {text for text, _ in given} <= _YES_NO:
        return "boolean", ""
    if all(kind == FIGURE for _, kind in given):
        return _figure([text for text, _ in given], unit)
    if all(kind == DAY for _, kind in given):
        cells = grid.part.kinds(place).to_numpy()[list(rows)]
        written = [
            text
            for (text, kind), cell in zip(given, cells.tolist(), strict=False)
            if cell != DATE and kind == DAY
        ]
        if not written or len(written) < len(given) or all(_iso(text) for text in written):
            return ("date", "") if all(_iso(text) for text, _ in given) else ("string", "")
    return "string", ""


def _figure(texts: Sequence[str], unit: str) -> tuple[str, str]:
    bare = [text.replace(",", "") for text in texts]
    if any(re.search(r"[¥$€£()‰ ]", text) or (text[:1] == "0" and text[1:2].isdigit()) for text in bare):
        return "string", ""
    if any(len(re.sub(r"\D", "", text)) > 15 and "." not in text for text in bare):
        return "string", ""
    if any(text in ("TRUE", "FALSE") for text in bare):
        return "boolean", ""
    if all(re.fullmatch(r"[-+]?\d+", text) for text in bare):
        return "integer", unit
    return "number", unit or ("百分比" if all(text.endswith("%") for text in bare) else "")


def _iso(text: str) -> bool:
    return bool(re.fullmatch(r"\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日", text))
