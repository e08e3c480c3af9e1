"""Corrections on the record: one cell of a delivery read as another value, because somebody answers for it.

They lie as YAML in a site's `corrections/`. Each names the value it expects to find: where the source has been mended
it no longer applies, the row is used as sent, and that is said.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from include.config import ConfigError, Strict, mistake, parse, read_yaml
from include.feeds.contract import Contract
from include.quality import grammar
from include.quality.respelled import shown


class RowAddress(Strict):
    """A row of one delivered file, as quarantine and staged files name it."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    sheet: str = ""
    """Empty for text files."""
    row: int = Field(ge=1)


class Correction(Strict):
    """One cell, or the same cell of every delivery that carries the key, read as another value."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    feed: str
    jurisdiction: str = ""
    """Empty: in every area of the site."""
    row: RowAddress | None = None
    key: dict[str, str] = Field(default_factory=dict)
    """All key columns of the contract with their values as sent."""
    column: str
    expected: str = Field(alias="from")
    """The value as sent, spelled as `mingjing refused` shows it; empty for a blank cell."""
    to: str
    """As a department would write it; empty makes the cell blank."""
    reason: str = Field(min_length=1)
    approved_by: str = Field(min_length=1)
    approved_on: date

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.row is None) == (not self.key):
            raise mistake(
                f"更正 [{self.id}] 应恰写 row 或 key 之一。",
                f"Correction [{self.id}] needs exactly one of: row, key.",
            )
        if grammar.as_read(self.expected) == grammar.as_read(self.to):
            raise mistake(
                f"更正 [{self.id}] 的 from 与 to 相同,什么也不改。",
                f"Correction [{self.id}]: from and to are the same, it would change nothing.",
            )
        return self

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all that it says."""
        said = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def place(self) -> tuple[object, ...]:
        """What it is about; two corrections of one place would contradict each other."""
        about = tuple(sorted(self.key.items())) if self.row is None else (self.row,)
        return self.feed, self.jurisdiction, self.column, about


class _CorrectionFile(Strict):
    corrections: tuple[Correction, ...]


@dataclass(frozen=True)
class MetCell:
    """A cell that a correction met; values masked. `stale`: it held something else and was left as sent."""

    correction: Correction
    sheet: str
    row: int
    outcome: Literal["applied", "stale"]
    found: str
    to: str


def load_corrections(folder: Path) -> tuple[Correction, ...]:
    """Read `*.yaml` of a site's folder of corrections, in order of id; none where there is no folder.

    Raises:
        ConfigError: a file is wrong, an id is used twice, or two corrections are about one cell.
    """
    found: list[Correction] = []
    for path in sorted(folder.glob("*.yaml")):
        found += parse(_CorrectionFile, read_yaml(path), file=path).corrections
    twice = [one for one, times in Counter(each.id for each in found).items() if times > 1]
    places = Counter(each.place for each in found)
    twice += [each.id for each in found if places[each.place] > 1 and each.id not in twice]
    if twice:
        raise ConfigError(
            folder,
            [
                f"更正 {sorted(twice)} 重号,或更正同一单元格。 "
                f"Corrections {sorted(twice)} share an id or are about one cell."
            ],
        )
    return tuple(sorted(found, key=lambda each: each.id))


def correction_mistakes(correction: Correction, contract: Contract) -> Iterator[str]:
    """What of a correction does not fit the contract of its feed."""
    columns = {column.name: column for column in contract.columns}
    for name in (correction.column, *correction.key):
        if name not in columns:
            yield (
                f"更正 [{correction.id}]:数据源 [{contract.feed}] 没有列 [{name}]。 "
                f"Correction [{correction.id}]: feed [{contract.feed}] has no column [{name}]."
            )
        elif columns[name].is_hidden:
            yield (
                f"更正 [{correction.id}]:列 [{name}] 是个人信息,不得写在更正里,请由报送单位改正来文。 "
                f"Correction [{correction.id}]: column [{name}] is personal and must not be written down here; "
                "have the sender mend it."
            )
    if correction.key and set(correction.key) != set(contract.key):
        yield (
            f"更正 [{correction.id}] 的 key 应写全主键列 {list(contract.key)}。 "
            f"Correction [{correction.id}]: key must name the key columns {list(contract.key)}, all of them."
        )


def concerning(
    corrections: Sequence[Correction], *, feed: str, jurisdiction: str, sha256: str
) -> tuple[Correction, ...]:
    """The corrections that a delivery of these bytes may meet."""
    return tuple(
        one
        for one in corrections
        if one.feed == feed
        and one.jurisdiction in ("", jurisdiction)
        and (one.row is None or one.row.sha256 == sha256)
    )


def corrections_digest(corrections: Sequence[Correction]) -> str:
    """Digest of corrections, whatever their order; '' for none."""
    lines = sorted(one.digest for one in corrections)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def apply_corrections(
    table: pa.Table, corrections: Sequence[Correction], contract: Contract
) -> tuple[pa.Table, tuple[MetCell, ...]]:
    """Read cells of a delivered table as the corrections say.

    Args:
        table: as `include.feeds.read` gives it.
        corrections: those that concern the delivery.
        contract: of the feed.

    Returns:
        The table, in which a corrected cell keeps the text as sent in `<column>__raw`, and the cells that were met.
    """
    met: list[MetCell] = []
    changes: dict[str, dict[int, str]] = {}
    for correction in corrections:
        texts = table[correction.column]
        for at in np.flatnonzero(_rows(table, correction)):
            earlier = changes.get(correction.column, {}).get(int(at))
            found = earlier if earlier is not None else texts[int(at)].as_py() or ""
            outcome: Literal["applied", "stale"] = "stale"
            if earlier is None and found == grammar.as_read(correction.expected):
                outcome = "applied"
                changes.setdefault(correction.column, {})[int(at)] = grammar.as_read(correction.to)
            met.append(
                MetCell(
                    correction,
                    table["_sheet"][int(at)].as_py() or "",
                    table["_row"][int(at)].as_py(),
                    outcome,
                    shown(found),
                    shown(correction.to) if outcome == "applied" else "",
                )
            )
    for column, cells in changes.items():
        table = _replaced(table, contract, column, cells)
    return table, tuple(met)


def _rows(table: pa.Table, correction: Correction) -> np.ndarray:
    wanted: Mapping[str, object]
    if correction.row is not None:
        wanted = {"_sheet": correction.row.sheet, "_row": correction.row.row}
    else:
        wanted = {column: grammar.as_read(value) for column, value in correction.key.items()}
    rows = np.ones(len(table), dtype=bool)
    for column, value in wanted.items():
        same = pc.fill_null(pc.equal(table[column], pa.scalar(value, table[column].type)), False)
        rows &= same.to_numpy()
    return rows


def _replaced(table: pa.Table, contract: Contract, column: str, cells: Mapping[int, str]) -> pa.Table:
    dated = contract.column(column).type in ("date", "timestamp")
    texts, kinds = table[column].to_pylist(), table[f"{column}__kind"].to_pylist()
    raw_name = f"{column}__raw"
    raws = table[raw_name].to_pylist() if raw_name in table.column_names else [None] * len(texts)
    for at, to in cells.items():
        raws[at] = raws[at] if raws[at] is not None else texts[at] or ""
        texts[at] = to or None
        iso = dated and re.fullmatch(grammar.ISO, to) is not None
        kinds[at] = (grammar.DATE if iso else grammar.TEXT) if to else grammar.BLANK
    new = {
        column: pa.array(texts, pa.string()),
        f"{column}__kind": pa.array(kinds, pa.int8()),
        raw_name: pa.array(raws, pa.string()),
    }
    for name, values in new.items():
        at = table.schema.get_field_index(name)
        table = table.append_column(name, values) if at < 0 else table.set_column(at, name, values)
    return table
