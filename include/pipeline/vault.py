"""The one way to landed bytes: every read is on the record, whoever reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from include.config import ConfigError
from include.feeds.faults import Fault, Held, fault
from include.feeds.read import read_delivery
from include.feeds.vault import read_landed
from include.keys import Key, KeyGone, KeyRing
from include.lake import StorePath
from include.pipeline.catalogue import contract_of
from include.site import Site
from include.warehouse import ledger
from include.warehouse.ledger import Delivery
from include.warehouse.store import open_warehouse, reading, writing
from include.warehouse.vault import VaultRead, record_reads, tombstone_of


def landing_of(site: Site, jurisdiction: str, feed: str) -> StorePath:
    """Where the landed files of a feed lie."""
    return site.lake / jurisdiction / "vault" / "landing" / feed


def vault_key(site: Site) -> Key | None:
    """The key for what lands now; None where the site has none, which `mingjing check` says."""
    ring = site.keys
    return ring.key_for("vault") if ring.has("vault") else None


def record_opening(engine: Engine, jurisdiction: str, deliveries: Sequence[Delivery], now: datetime) -> None:
    """Record, in one go and before it happens, that the pipeline opens these deliveries to judge them."""
    if deliveries:
        with writing(engine) as connection:
            record_reads(
                connection,
                [
                    VaultRead(jurisdiction, one.feed, one.sha256, "judge", "pipeline", now)
                    for one in deliveries
                ],
            )


def open_landed(site: Site, engine: Engine, delivery: Delivery, ring: KeyRing) -> bytes | Fault:
    """The plain bytes of a delivery; the fault for which it is held where they cannot be had.

    The caller has recorded the read. OSError where the store failed: try again.
    """
    path = landing_of(site, delivery.jurisdiction, delivery.feed) / delivery.sha256
    try:
        return read_landed(path, ring)
    except Held as held:
        return held.fault
    except KeyGone as gone:
        return fault("F-KEY", key=gone.key_id)
    except FileNotFoundError:
        with reading(engine) as connection:
            stone = tombstone_of(connection, delivery.jurisdiction, delivery.sha256)
        if stone is None:
            raise
        return fault("F-DELETED", sha256=delivery.sha256[:12], at=f"{stone.deleted_at:%Y-%m-%d}")


@dataclass(frozen=True)
class Revealed:
    """One value of one delivered file, for the eyes of the person who asked."""

    feed: str
    file_name: str
    sheet: str
    row: int
    title: str
    value: str
    """'' where the cell is blank."""


def reveal(
    site: Site,
    delivery_id: int,
    row: int,
    column: str,
    *,
    by: str,
    reason: str,
    now: datetime,
    sheet: str = "",
) -> Revealed:
    """Read one cell of a landed file as the department sent it; on the record before it is shown.

    Args:
        site: the site.
        delivery_id: number of the delivery in the ledger.
        row: row of the sheet or line of the file, from 1.
        column: a column of the feed's contract.
        by: who looks.
        reason: why.
        now: the moment, with a time zone.
        sheet: name of the sheet as messages show it; '' where the row stands on one sheet only.

    Raises:
        ConfigError: no such delivery, column or row; or nobody and no reason named.
        KeyGone, Held, FileNotFoundError: the bytes cannot be read any more.
    """
    if not (by.strip() and reason.strip()):
        raise ConfigError("vault reveal", ["须写明 --by 与 --reason。 --by and --reason are required."])
    engine = open_warehouse(site.warehouse_url)
    with reading(engine) as connection:
        delivery = ledger.find_delivery(connection, delivery_id)
    if delivery is None:
        raise ConfigError(
            "vault reveal", [f"没有批次 [{delivery_id}]。 There is no delivery [{delivery_id}]."]
        )
    contract = contract_of(site, delivery.feed)
    names = [one.name for one in contract.columns]
    if column not in names:
        raise ConfigError(
            "vault reveal", [f"没有列 [{column}],可用:{names}。 No column [{column}]; declared: {names}."]
        )
    with writing(engine) as connection:
        read = VaultRead(
            delivery.jurisdiction,
            delivery.feed,
            delivery.sha256,
            "reveal",
            by,
            now,
            reason,
            sheet,
            row,
            column,
        )
        record_reads(connection, [read])
    path = landing_of(site, delivery.jurisdiction, delivery.feed) / delivery.sha256
    text = read_delivery(read_landed(path, site.keys), file_name=delivery.file_name, contract=contract)
    frame = text.table.select(["_sheet", "_row", column]).to_pandas()
    found = frame[(frame["_row"] == row) & ((frame["_sheet"] == sheet) | (sheet == ""))]
    if len(found) != 1:
        raise ConfigError(
            "vault reveal",
            [
                f"第 [{row}] 行有 {len(found)} 处;有多张表时请用 --sheet 指明。 "
                f"Row [{row}] stands in {len(found)} places; name the sheet with --sheet where there are several."
            ],
        )
    value = found[column].iloc[0]
    return Revealed(
        delivery.feed,
        delivery.file_name,
        str(found["_sheet"].iloc[0]),
        row,
        contract.column(column).title,
        "" if value is None else str(value),
    )
