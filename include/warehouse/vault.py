"""The vault's own records: reads, and tombstones of what was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from include.warehouse.tables import tombstone, vault_read


@dataclass(frozen=True)
class VaultRead:
    """One read of a landed file, or of one of its cells where `column_name` is given."""

    jurisdiction: str
    feed: str
    sha256: str
    purpose: str
    read_by: str
    read_at: datetime
    reason: str = ""
    sheet: str = ""
    row_number: int = 0
    column_name: str = ""


@dataclass(frozen=True)
class Tombstone:
    """What stands for a deleted file, so that old figures stay provable."""

    jurisdiction: str
    store: str
    feed: str
    place: str
    sha256: str
    bytes: int
    rows: int
    rule: str
    deleted_at: datetime


def record_reads(connection: Connection, reads: Sequence[VaultRead]) -> None:
    """Record reads; to be committed before anything read is shown."""
    if reads:
        connection.execute(insert(vault_read), [asdict(one) for one in reads])


def record_tombstones(connection: Connection, stones: Sequence[Tombstone]) -> None:
    """Record deletions; to be committed before the files go."""
    if stones:
        connection.execute(insert(tombstone), [asdict(one) for one in stones])


def tombstone_of(connection: Connection, jurisdiction: str, sha256: str) -> Tombstone | None:
    """The tombstone of a landed file's bytes, if they were deleted."""
    table = tombstone.c
    query = select(tombstone).where(
        table.jurisdiction == jurisdiction, table.store == "raw", table.sha256 == sha256
    )
    row = connection.execute(query.order_by(table.tombstone_id.desc())).mappings().first()
    return Tombstone(**{name: row[name] for name in Tombstone.__dataclass_fields__}) if row else None
