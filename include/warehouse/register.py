"""The dated register in the warehouse: imports that retire rows and add rows, and reads as of a day."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import JSON, Column, Connection, Date, Select, Table, or_, select, update

from include.warehouse import bulk
from include.warehouse.canonical import SEPARATOR, canonical_json, lines_digest
from include.warehouse.errors import BadFacts, WarehouseError
from include.warehouse.store import lock
from include.warehouse.tables import dim_peer_group, dim_post, dim_unit, register_import, unit_alias
from include.warehouse.tables.base import default_of

FOREVER = date(9999, 12, 31)
_CODE = {dim_unit: "unit_code", dim_peer_group: "peer_group", unit_alias: "alias", dim_post: "post_code"}
_HIDDEN = frozenset({"import_id", "retired_import_id", "jurisdiction"})
_CHUNK = 500


@dataclass(frozen=True)
class Imported:
    """What an import did: `added` and `retired` count rows of all register tables."""

    import_id: int
    register_digest: str
    added: int
    retired: int


def import_units(
    connection: Connection,
    *,
    jurisdiction: str,
    at: datetime,
    sha256: str,
    units: pd.DataFrame | None = None,
    peer_groups: pd.DataFrame | None = None,
    aliases: pd.DataFrame | None = None,
    posts: pd.DataFrame | None = None,
) -> Imported:
    """Make the register of a jurisdiction say what the frames say; a frame left out changes nothing.

    Columns are those of dim_unit, dim_peer_group, unit_alias and dim_post without keys and jurisdiction;
    texts that may be empty, `attributes`, `valid_from` (0001-01-01) and `valid_to` (9999-12-31) may be left
    out. Rows that say the same keep their key; others are retired, not removed, so that earlier releases keep
    their names.

    Raises:
        BadFacts: a column is missing or unknown.
        WarehouseError: two spans of one code overlap, or a span ends before it begins.
    """
    lock(connection, "register", jurisdiction)
    frames = {dim_unit: units, dim_peer_group: peer_groups, unit_alias: aliases, dim_post: posts}
    wanted = {table: _wanted(table, frame) for table, frame in frames.items() if frame is not None}
    standing = {table: _live(connection, table, jurisdiction) for table in frames}
    after = {table: wanted.get(table, set(standing[table])) for table in frames}
    digest = _digest(after)
    import_id = bulk.add(
        connection,
        register_import,
        jurisdiction=jurisdiction,
        at=at,
        sha256=sha256,
        rows=len(after[dim_unit]),
        register_digest=digest,
    )
    added = retired = 0
    for table, rows in wanted.items():
        gone = [key for row, key in standing[table].items() if row not in rows]
        _retire(connection, table, gone, import_id)
        new = sorted(rows - standing[table].keys(), key=str)
        _add(connection, table, new, {"jurisdiction": jurisdiction, "import_id": import_id})
        added, retired = added + len(new), retired + len(gone)
    return Imported(import_id, digest, added, retired)


def register_digest(connection: Connection, jurisdiction: str) -> str:
    """Digest of the register as it stands; empty before the first import."""
    query = select(register_import.c.register_digest).where(register_import.c.jurisdiction == jurisdiction)
    return connection.scalar(query.order_by(register_import.c.import_id.desc()).limit(1)) or ""


def read_units(
    connection: Connection, jurisdiction: str, *, as_of: date | None = None, import_id: int | None = None
) -> pd.DataFrame:
    """Units in order of code and validity.

    Args:
        as_of: only rows valid on this day; all rows if None.
        import_id: the register as it was after this import; as it stands now if None.
    """
    return _read(connection, dim_unit, jurisdiction, as_of, import_id)


def read_aliases(
    connection: Connection, jurisdiction: str, *, as_of: date | None = None, import_id: int | None = None
) -> pd.DataFrame:
    """Aliases and former names; arguments as in `read_units`."""
    return _read(connection, unit_alias, jurisdiction, as_of, import_id)


def read_posts(
    connection: Connection, jurisdiction: str, *, as_of: date | None = None, import_id: int | None = None
) -> pd.DataFrame:
    """Leading posts and their duties; arguments as in `read_units`."""
    return _read(connection, dim_post, jurisdiction, as_of, import_id)


def _read(
    connection: Connection, table: Table, jurisdiction: str, as_of: date | None, import_id: int | None
) -> pd.DataFrame:
    query = _as_imported(table, jurisdiction, import_id)
    if as_of is not None:
        query = query.where(table.c.valid_from <= as_of, table.c.valid_to >= as_of)
    rows = connection.execute(query).all()
    names = [column.name for column in table.columns]
    frame = pd.DataFrame([tuple(row) for row in rows], columns=names).drop(columns=list(_HIDDEN))
    # Sorted here, since the two backends order Chinese text differently.
    return frame.sort_values([_CODE[table], "valid_from"], ignore_index=True)


def _as_imported(table: Table, jurisdiction: str, import_id: int | None) -> Select[Any]:
    query = select(table).where(table.c.jurisdiction == jurisdiction)
    if import_id is None:
        return query.where(table.c.retired_import_id == 0)
    alive = or_(table.c.retired_import_id == 0, table.c.retired_import_id > import_id)
    return query.where(table.c.import_id <= import_id, alive)


def _content(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if not column.primary_key and column.name not in _HIDDEN]


def _wanted(table: Table, frame: pd.DataFrame) -> set[tuple[Any, ...]]:
    columns = _content(table)
    unknown = sorted(set(frame.columns) - {column.name for column in columns})
    if unknown:
        raise BadFacts(
            f"[{table.name}] 不认识的列 [{unknown[0]}]。", f"[{table.name}] Unknown column [{unknown[0]}]."
        )
    values = [_values(table, column, frame) for column in columns]
    _refuse_overlaps(table, pd.DataFrame(dict(zip((column.name for column in columns), values, strict=True))))
    return set(zip(*values, strict=True))


def _values(table: Table, column: Column[Any], frame: pd.DataFrame) -> list[Any]:
    if column.name in frame.columns:
        found = frame[column.name].tolist()
        if isinstance(column.type, JSON):
            return [canonical_json(value) for value in found]
        if isinstance(column.type, Date):
            return [date.fromisoformat(str(value)[:10]) for value in found]
        return [str(value) for value in found]
    defaults = {"valid_from": date.min, "valid_to": FOREVER, "attributes": "{}"}
    if column.name in defaults:
        return [defaults[column.name]] * len(frame)
    if default_of(column) is not None:
        return [default_of(column)] * len(frame)
    raise BadFacts(
        f"[{table.name}] 缺少列 [{column.name}]。", f"[{table.name}] Column [{column.name}] is missing."
    )


def _refuse_overlaps(table: Table, rows: pd.DataFrame) -> None:
    code = _CODE[table]
    spans = rows[[code, "valid_from", "valid_to"]].sort_values([code, "valid_from"], ignore_index=True)
    following = spans.shift(-1)
    overlaps = (spans[code] == following[code]) & ~(
        spans["valid_to"] < following["valid_from"].fillna(FOREVER)
    )
    wrong = spans[overlaps | (spans["valid_to"] < spans["valid_from"])]
    if len(wrong):
        first = wrong.iloc[0]
        raise WarehouseError(
            f"[{table.name}] {first[code]} 自 {first.valid_from} 至 {first.valid_to} "
            "的有效期与另一行重叠或首尾颠倒。",
            f"[{table.name}] {first[code]}: the span {first.valid_from} to {first.valid_to} overlaps another "
            "row or ends before it begins.",
        )


def _live(connection: Connection, table: Table, jurisdiction: str) -> dict[tuple[Any, ...], int]:
    key = next(iter(table.primary_key)).name
    rows = connection.execute(_as_imported(table, jurisdiction, None)).mappings()
    return {tuple(_stored(row[column.name]) for column in _content(table)): row[key] for row in rows}


def _stored(value: Any) -> Any:
    return canonical_json(value) if isinstance(value, dict) else value


def _retire(connection: Connection, table: Table, keys: list[int], import_id: int) -> None:
    key = next(iter(table.primary_key))
    for start in range(0, len(keys), _CHUNK):
        chosen = key.in_(keys[start : start + _CHUNK])
        connection.execute(update(table).where(chosen).values(retired_import_id=import_id))


def _add(
    connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]], common: dict[str, Any]
) -> None:
    names = [column.name for column in _content(table)]
    records = [{**common, **dict(zip(names, row, strict=True))} for row in rows]
    if "attributes" in names:
        records = [{**record, "attributes": json.loads(record["attributes"])} for record in records]
    if records:
        connection.execute(table.insert(), records)


def _digest(tables: dict[Table, set[tuple[Any, ...]]]) -> str:
    lines = [
        SEPARATOR.join((table.name, *(str(value).replace("\n", "\\n") for value in row)))
        for table, rows in tables.items()
        for row in rows
    ]
    return lines_digest(sorted(lines))
