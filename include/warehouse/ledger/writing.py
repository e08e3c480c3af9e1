"""Writing the ledger: one delivery or one verdict at a time, whole or not at all."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, select

from include.warehouse import bulk
from include.warehouse.errors import RowsNotConserved, WarehouseError
from include.warehouse.ledger.judging import record_judging
from include.warehouse.ledger.reading import find_delivery_by_sha
from include.warehouse.ledger.records import Confirmation, Extract, Verdict, storable_name
from include.warehouse.store import lock
from include.warehouse.tables import (
    delivery,
    delivery_verdict,
    extract_snapshot,
    file_fault,
    hold_confirmation,
    nil_return,
    quarantined_row,
    row_balance,
    staged_file,
    validation_result,
)


def record_delivery(
    connection: Connection,
    *,
    jurisdiction: str,
    feed: str,
    supplier: str,
    file_name: str,
    sha256: str,
    bytes: int,
    arrived_at: datetime,
    landed_at: datetime,
    contract_version: str,
    contract_digest: str,
    declared_quarter: str = "",
) -> int:
    """Record one arrival and return its delivery id.

    The same arrival (jurisdiction, feed, supplier, name, bytes, `arrived_at`) recorded again gives the id it
    has, so that a retry and a second look into an inbox record nothing. The same bytes arriving at another
    moment or under another name are a delivery of their own with `duplicate_of` set to the first one of the
    feed. `arrived_at` must therefore be a fact of the arrival (file time, upload time), not the time of
    looking.
    """
    lock(connection, "delivery", jurisdiction, feed)
    file_name = storable_name(file_name)
    same = select(delivery.c.delivery_id).where(
        delivery.c.jurisdiction == jurisdiction,
        delivery.c.feed == feed,
        delivery.c.supplier == supplier,
        delivery.c.file_name == file_name,
        delivery.c.sha256 == sha256,
        delivery.c.arrived_at == arrived_at,
    )
    known = connection.scalar(same)
    if known is not None:
        return int(known)
    first = find_delivery_by_sha(connection, jurisdiction=jurisdiction, feed=feed, sha256=sha256)
    return bulk.add(
        connection,
        delivery,
        jurisdiction=jurisdiction,
        feed=feed,
        supplier=supplier,
        file_name=file_name,
        sha256=sha256,
        bytes=bytes,
        arrived_at=arrived_at,
        landed_at=landed_at,
        contract_version=contract_version,
        contract_digest=contract_digest,
        duplicate_of=first.delivery_id if first else 0,
        declared_quarter=declared_quarter,
    )


def record_verdict(connection: Connection, delivery_id: int, verdict: Verdict) -> int:
    """Record one judgement with all that hangs on it, in the caller's transaction; return the verdict id.

    Raises:
        RowsNotConserved: landed ≠ accepted + quarantined + exact duplicates + structural.
        WarehouseError: there is no such delivery.
        BadFacts: `verdict.quarantined` has wrong columns or empty cells.
    """
    jurisdiction = _jurisdiction(connection, delivery_id)
    if (verdict.verdict == "nil_return") != (verdict.nil is not None):
        raise WarehouseError(
            "零报送判定须说明季度,其他判定不得。",
            "A nil return names its quarter, and no other verdict does.",
        )
    if not verdict.balance.conserved:
        raise RowsNotConserved(
            f"报送批次 {delivery_id} 行数不守恒:{verdict.balance}。",
            f"The rows of delivery {delivery_id} are not conserved: {verdict.balance}.",
        )
    verdict_id = bulk.add(
        connection,
        delivery_verdict,
        delivery_id=delivery_id,
        jurisdiction=jurisdiction,
        judged_at=verdict.judged_at,
        verdict=verdict.verdict,
        reason_code=verdict.reason_code,
        message_zh=verdict.message_zh,
        message_en=verdict.message_en,
        register_digest=verdict.register_digest,
        contract_digest=verdict.contract_digest,
        cell_digest=verdict.cell_digest,
    )
    common = {"verdict_id": verdict_id, "jurisdiction": jurisdiction}
    connection.execute(row_balance.insert().values(**common, **asdict(verdict.balance)))
    rows = bulk.prepare(quarantined_row, verdict.quarantined, common)
    bulk.insert(connection, quarantined_row, rows)
    faults = [{"position": place, **asdict(fault)} for place, fault in enumerate(verdict.faults)]
    for table, records in (
        (validation_result, [asdict(result) for result in verdict.results]),
        (file_fault, faults),
        (staged_file, [asdict(staged) for staged in verdict.staged]),
    ):
        if records:
            connection.execute(table.insert(), [{**common, **record} for record in records])
    if verdict.nil is not None:
        connection.execute(nil_return.insert().values(**common, **asdict(verdict.nil)))
    record_judging(connection, verdict_id, jurisdiction, verdict.judging, verdict.judged_at)
    return verdict_id


def record_confirmation(connection: Connection, confirmation: Confirmation) -> None:
    """Record that a hold was confirmed, in the caller's transaction.

    Raises:
        WarehouseError: there is no such delivery.
    """
    values = asdict(confirmation)
    del values["contract_digest"]
    jurisdiction = _jurisdiction(connection, confirmation.delivery_id)
    connection.execute(hold_confirmation.insert().values(jurisdiction=jurisdiction, **values))


def record_extract(connection: Connection, delivery_id: int, extract: Extract) -> None:
    """Record what a delivery was extracted from, in the caller's transaction; once per delivery."""
    jurisdiction = _jurisdiction(connection, delivery_id)
    values = {"delivery_id": delivery_id, "jurisdiction": jurisdiction, **asdict(extract)}
    connection.execute(extract_snapshot.insert().values(values))


def _jurisdiction(connection: Connection, delivery_id: int) -> str:
    found = connection.scalar(select(delivery.c.jurisdiction).where(delivery.c.delivery_id == delivery_id))
    if found is None:
        raise WarehouseError(f"报送批次 {delivery_id} 不存在。", f"Delivery {delivery_id} does not exist.")
    return str(found)
