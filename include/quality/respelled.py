"""Cells that were respelled while they were read: width, spaces, radicals, invisible characters. Counted and shown."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from include.feeds.contract import Contract
from include.feeds.persons import SHOWN_CHARACTERS, without_persons

_EDGE_SPACE = re.compile(r"^ +| +$")
_RADICALS = range(0x2E80, 0x2FE0)


@dataclass(frozen=True)
class Respelled:
    """How many cells of a column were respelled, with one example; no example of a personal column."""

    column: str
    cells: int
    example: str


def respelled_columns(table: pa.Table, contract: Contract) -> tuple[Respelled, ...]:
    """The columns of a delivered table in which cells were respelled, in the contract's order."""
    found = []
    for column in contract.columns:
        raw_name = f"{column.name}__raw"
        if raw_name not in table.column_names:
            continue
        changed = pc.is_valid(table[raw_name])
        cells = pc.sum(changed).as_py() or 0
        if cells:
            open_to_see = not column.is_hidden
            at = pc.index(changed, pa.scalar(True)).as_py()
            said = table[column.name][at].as_py() or ""
            example = f"{shown(table[raw_name][at].as_py())} → {shown(said)}" if open_to_see else ""
            found.append(Respelled(column.name, cells, example))
    return tuple(found)


def shown(text: str) -> str:
    """A value as a steward may see it: numbers of persons masked, what cannot be seen as ⟨U+200B⟩, at most 40 long."""
    hidden = without_persons(unicodedata.normalize("NFC", text))
    edged = _EDGE_SPACE.sub(lambda spaces: "⟨U+0020⟩" * len(spaces[0]), hidden)
    seen = "".join(_seen(character) for character in edged[: SHOWN_CHARACTERS * 8])
    return seen if len(seen) <= SHOWN_CHARACTERS else seen[: SHOWN_CHARACTERS - 1] + "…"


def _seen(character: str) -> str:
    hidden = character != " " and unicodedata.category(character)[0] in "ZC"
    return f"⟨U+{ord(character):04X}⟩" if hidden or ord(character) in _RADICALS else character
