"""Rows that came home, put together again: the cells of the first delivery, with what the supplier changed.

Personal columns always come from the first delivery: what stands in a returned workbook there is a mask.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.feeds.contract import Contract
from include.feeds.normalise import normalise, originals, plain
from include.feeds.persons import without_persons
from include.feeds.read import TextTable
from include.quality.returns.content import header_of, shown_cells
from include.quality.returns.delimited import unguarded
from include.quality.returns.reading import Returned
from include.quality.returns.tokens import Origin, Signer, address_of
from include.quality.sentences import texts

Address = tuple[str, int]
_MASK = re.compile(r"\d{3}\*{4,}\d{3}[\dXx]|[㐀-鿿]\*")


@dataclass(frozen=True)
class Composed:
    """A returned workbook as a delivery. Rows are those of its own sheet."""

    text: TextTable
    """The rows that may be judged, in the return's own addresses."""
    whole: pa.Table
    """Every row with a sound code, judged or not."""
    origins: dict[int, Address]
    """Row → the row of the first delivery that it stands for; every row with a sound code, judged or not."""
    refused: pd.DataFrame
    """Rows that are not judged because of their code or a mask; columns as in the ledger."""
    twins: dict[int, int]
    """Row → an earlier row of the return that says the same."""
    changed: dict[int, tuple[str, ...]]
    """Row → the columns that the supplier changed."""
    digests: dict[int, str]
    """Row → hash of what it says in its open columns."""
    replies: dict[int, str]

    def without(self, rows: set[int]) -> Composed:
        """The same without judging `rows`."""
        kept = [row not in rows for row in self.text.table["_row"].to_pylist()]
        return replace(
            self, text=replace(self.text, table=self.text.table.filter(pa.array(kept, pa.bool_())))
        )


def compose(
    returned: Returned,
    first: TextTable,
    contract: Contract,
    origin: Origin,
    signs: Sequence[Signer],
    *,
    file_name: str,
) -> Composed:
    """Compose the rows of a return from the delivery that it answers.

    Args:
        returned: as read.
        first: the delivery that it answers, as read from landing.
        contract: the feed's.
        origin: that delivery, as row codes name it.
        signs: the site's signers.
        file_name: the return's, for sentences.
    """
    at = {address: place for place, address in enumerate(_addresses(first.table))}
    origins: dict[int, Address] = {}
    refusals: list[dict[str, Any]] = []
    for row, code in zip(returned.rows, returned.codes, strict=True):
        address = address_of(code, origin, signs)
        if address is None or address not in at:
            refusals.append(_refusal("R-CODE" if code else "R-NOCODE", returned, row, file_name))
        else:
            origins[row] = address
    cells, changed = _cells(
        returned, first, contract, [at[address] for address in origins.values()], list(origins)
    )
    digests = _digests(cells, contract, list(origins))
    twins, rivals = _repeated(origins, digests)
    refusals += [_refusal("R-CODETWICE", returned, row, file_name) for row in rivals]
    masks = _masked(cells, changed, first.table, {row: at[address] for row, address in origins.items()})
    refusals += [
        _refusal(
            "R-MASK",
            returned,
            row,
            file_name,
            column=column,
            title=contract.column(column).title,
            place=place,
        )
        for row, column in masks
        if row not in rivals
        for place in [_place(returned, first, contract, column, row)]
    ]
    out = {*twins, *rivals, *(row for row, _ in masks)}
    judged = cells.filter(pa.array([row not in out for row in origins], pa.bool_()))
    letters = _letters(returned, first, contract)
    text = replace(
        first,
        table=judged,
        totals=first.totals.slice(0, 0),
        structural=pa.table(
            {
                "sheet": pa.array([returned.sheet] * (returned.landed - len(returned.rows)), pa.string()),
                "row": pa.array(range(returned.landed - len(returned.rows)), pa.int32()),
                "role": pa.array(["header"] * (returned.landed - len(returned.rows)), pa.string()),
            }
        ),
        landed=returned.landed,
        letters=letters,
        letters_by_sheet={returned.sheet: letters},
        extra_headers=(),
        cell_digest=hashlib.sha256("".join(digests[row] for row in sorted(digests)).encode()).hexdigest(),
        encoding=returned.encoding,
        warnings=(),
    )
    replies = {
        row: reply for row, reply in zip(returned.rows, returned.replies, strict=True) if reply.strip()
    }
    frame = pd.DataFrame(refusals, columns=list(_REFUSED))
    return Composed(text, cells, origins, frame, twins, changed, digests, replies)


_REFUSED = (
    "sheet",
    "row_number",
    "rule_id",
    "column_name",
    "masked_value",
    "message_zh",
    "message_en",
    "quarter",
)


def refusal(rule_id: str, sheet: str, row: int, *, column: str = "", **facts: Any) -> dict[str, Any]:
    """One refused row of a return, as the ledger keeps it."""
    text = texts()["rows"][rule_id]
    return dict(
        zip(
            _REFUSED,
            (sheet, row, rule_id, column, "", text["zh"].format(**facts), text["en"].format(**facts), ""),
            strict=True,
        )
    )


def _refusal(
    rule_id: str, returned: Returned, row: int, file_name: str, *, place: str = "", **facts: Any
) -> dict[str, Any]:
    return refusal(rule_id, returned.sheet, row, **_where(returned.sheet, row, file_name, place), **facts)


def _where(sheet: str, row: int, file_name: str, place: str = "") -> dict[str, str]:
    named = f"{file_name} [{sheet}]" if sheet else file_name
    return {"where_zh": f"{named} {place or f'第 {row} 行'}", "where_en": f"{named} {place or f'row {row}'}"}


def _place(returned: Returned, first: TextTable, contract: Contract, column: str, row: int) -> str:
    place = _letters(returned, first, contract).get(column, "")
    return f"{place}{row}" if returned.sheet else f"第 {row} 行 {place}"


def _letters(returned: Returned, first: TextTable, contract: Contract) -> dict[str, str]:
    heads = {name: plain(header_of(contract.column(name), header)) for name, header in first.headers.items()}
    return {name: returned.letters.get(head, "") for name, head in heads.items()}


def _addresses(table: pa.Table) -> list[Address]:
    return list(zip(table["_sheet"].to_pylist(), table["_row"].to_pylist(), strict=True))


def _cells(
    returned: Returned, first: TextTable, contract: Contract, places: list[int], rows: list[int]
) -> tuple[pa.Table, dict[int, tuple[str, ...]]]:
    """The composed rows, and per row the columns that differ from what was shown."""
    taken = first.table.take(pa.array(places, pa.int64()))
    listed = {row: position for position, row in enumerate(returned.rows)}
    chosen = pa.array([listed[row] for row in rows], pa.int64())
    shown = shown_cells(taken, [contract.column(name) for name in first.headers])
    cells: dict[str, pa.Array] = {
        "_sheet": pa.array([returned.sheet] * len(rows), pa.string()),
        "_row": pa.array(rows, pa.int32()),
    }
    changed: dict[int, list[str]] = defaultdict(list)
    for column in contract.columns:
        text, kind = _one(taken, column.name), _one(taken, f"{column.name}__kind")
        raw = _one(taken, f"{column.name}__raw") if f"{column.name}__raw" in taken.column_names else None
        head = plain(header_of(column, first.headers.get(column.name, "")))
        if not column.is_hidden and column.name in first.headers and head in returned.texts:
            came = _came(
                returned.texts[head].take(chosen), shown[column.name], of_text=bool(returned.encoding)
            )
            now, before = normalise(came), normalise(pa.array(shown[column.name], pa.string()))
            differs = pc.not_equal(pc.fill_null(now, ""), pc.fill_null(before, ""))
            for position in np.flatnonzero(differs.to_numpy(zero_copy_only=False)):
                changed[rows[position]].append(column.name)
            text = pc.if_else(differs, now, text)
            kind = pc.if_else(differs, _kinds(returned.kinds[head].take(chosen), now), kind)
            own, nothing = originals(came, now), pa.nulls(len(rows), pa.string())
            if raw is not None or own is not None:
                raw = pc.if_else(differs, nothing if own is None else own, nothing if raw is None else raw)
        cells[column.name], cells[f"{column.name}__kind"] = text, kind
        if raw is not None:
            cells[f"{column.name}__raw"] = raw
    return pa.table(cells), {row: tuple(names) for row, names in changed.items()}


def _came(column: pa.Array, shown: list[str], *, of_text: bool) -> pa.Array:
    """Texts as the supplier left them: line ends as we wrote them, the guard of a CSV taken off."""
    found = []
    for text, before in zip(column.to_pylist(), shown, strict=True):
        if text is not None:
            text = text.replace("_x000D_", "").replace("\r\n", "\n")
            text = before if text.strip() == before.strip() else text
            text = unguarded(text) if of_text and text != before else text
        found.append(text)
    return pa.array(found, pa.string())


def _kinds(kinds: pa.Array, texts: pa.Array) -> pa.Array:
    return pc.if_else(
        pc.and_(texts.is_null(), pc.equal(kinds, 1)), pa.scalar(0, pa.int8()), kinds.cast(pa.int8())
    )


def _one(table: pa.Table, name: str) -> pa.Array:
    chunks = table[name].chunks
    return pa.concat_arrays(chunks) if chunks else pa.array([], table.schema.field(name).type)


def _digests(cells: pa.Table, contract: Contract, rows: list[int]) -> dict[int, str]:
    names = [column.name for column in contract.columns if not column.is_hidden]
    said = zip(*(cells[name].to_pylist() for name in names), strict=True)
    return {
        row: hashlib.sha256("\0".join(text or "" for text in texts).encode()).hexdigest()
        for row, texts in zip(rows, said, strict=True)
    }


def _repeated(origins: Mapping[int, Address], digests: Mapping[int, str]) -> tuple[dict[int, int], set[int]]:
    """Rows that repeat an earlier row of the same code, and rows of one code that say different things."""
    alike: dict[Address, list[int]] = defaultdict(list)
    for row, address in origins.items():
        alike[address].append(row)
    twins: dict[int, int] = {}
    rivals: set[int] = set()
    for rows in alike.values():
        if len({digests[row] for row in rows}) > 1:
            rivals |= set(rows)
        else:
            twins |= dict.fromkeys(rows[1:], rows[0])
    return twins, rivals


def _masked(
    cells: pa.Table, changed: Mapping[int, tuple[str, ...]], sent: pa.Table, places: Mapping[int, int]
) -> list[tuple[int, str]]:
    """Cells that were changed and still hold a mask: what was hidden cannot be told from them."""
    rows = {row: position for position, row in enumerate(cells["_row"].to_pylist())}
    return [
        (row, column)
        for row, names in changed.items()
        for column in names
        if _holds_mask(cells[column][rows[row]].as_py() or "", sent[column][places[row]].as_py() or "")
    ]


def _holds_mask(text: str, sent: str) -> bool:
    # An address is shown as a bare *, which a supplier may also type.
    hidden = "*" in text and "*" not in sent and "*" in without_persons(sent)
    return hidden or _MASK.search(text) is not None
