"""The layout that a contract would declare for a table as it was found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from include.feeds.contract_layout import NOTES, TOTALS
from include.feeds.corner import MONEY, Corner
from include.feeds.describing.columns import Guess
from include.feeds.describing.find import Table, total_word
from include.feeds.describing.grid import Grid
from include.feeds.normalise import plain

BANNER = "category"
"""The column that banners fill, where there are any."""
_SEARCHED = 15


def propose_layout(
    grid: Grid, table: Table, columns: Sequence[Guess], data: Sequence[int], corner: Corner | None
) -> dict[str, Any]:
    """Keys of the layout that differ from the defaults, in the order of the reference."""
    first, last = table.header
    found: dict[str, Any] = {}
    if last > first:
        found["header_rows"] = last - first + 1
    if first >= _SEARCHED:
        found["search_rows"] = first + 1
    if table.numbering:
        found["numbering"] = True
    if table.repeats:
        found["stacked"] = True
    if table.banners:
        found["banner"] = BANNER
    said = {grid.first_text(row) for row in data}
    words, places = _total_words(grid, table)
    if words:
        found["totals"] = [*TOTALS, *words]
    if inside := [column.name for column in columns if column.place in places]:
        found["totals_in"] = inside
    if notes := _prefixes([grid.first_text(row) for row in table.notes], said, NOTES):
        found["notes"] = [*NOTES, *notes]
    if table.other and (ends := _prefixes([grid.first_text(table.other)], _above(grid, table), ())):
        found["ends"] = ends
    units = {column.unit for column in columns if column.unit in MONEY}
    if corner and units and units != {corner.units[0]}:
        converted = corner.units[0] not in MONEY and units == {"万元"}
        found["corner_unit"] = "convert" if converted else "ignore"
    return found


def _above(grid: Grid, table: Table) -> set[str]:
    return {grid.first_text(row) for row in range(table.first, table.other) if grid.filled[row]}


def _total_words(grid: Grid, table: Table) -> tuple[list[str], set[int]]:
    """Words for totals that are not in the default list, and places other than the first where they stand."""
    known, words, places = {plain(word) for word in TOTALS}, [], set()
    for row in table.totals:
        cells = grid.texts(row)
        place, text = next(((at, said) for at, said in cells if total_word(said)), cells[0])
        if place != cells[0][0]:
            places.add(place)
        word = text.rstrip(":：")
        if plain(word) not in known:
            known.add(plain(word))
            words.append(word)
    return words, places


def _prefixes(texts: Sequence[str], others: set[str], known: Sequence[str]) -> list[str]:
    """For each text the shortest beginning that none of the others has, unless a known one does already."""
    found: list[str] = []
    bare = {plain(other) for other in others}
    for text in texts:
        begun = [plain(word) for word in (*known, *found)]
        if any(plain(text).startswith(word) for word in begun):
            continue
        head = re.match(r"[^:：]{1,8}[:：]", text)
        for length in range(len(head[0]) if head else min(4, len(text)), len(text) + 1):
            if not any(other.startswith(plain(text[:length])) for other in bare):
                found.append(text[:length])
                break
    return found
