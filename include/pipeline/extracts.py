"""Feeds that are extracted from a database: what a run takes, and whether its columns are still those of before."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from include.feeds.contract import Contract
from include.feeds.contract_extract import ExtractFrom
from include.feeds.extract import take_snapshot
from include.feeds.faults import Fault, fault
from include.feeds.landing import InboxFile
from include.feeds.read import TextTable
from include.pipeline.judging import Confirmed
from include.quality.returns.reading import Returned
from include.site import Site
from include.warehouse import ledger
from include.warehouse.ledger import Delivery, EffectiveVerdict, Extract
from include.warehouse.store import reading


@contextmanager
def extracted(
    site: Site, contract: Contract, source: ExtractFrom, *, now: datetime
) -> Generator[tuple[InboxFile, Extract]]:
    """One snapshot as a file that lives as long as the context, and what the ledger keeps of it.

    Raises:
        include.feeds.extract.SourceUnreachable: the database does not answer.
        Held: F-SOURCE, F-SNAPSHOT.
    """
    snapshot = take_snapshot(contract, source, zone=str(site.zone))
    about = Extract(
        source.connection,
        source.table or source.query.strip(),
        json.dumps(snapshot.columns, ensure_ascii=False),
        snapshot.rows_before,
        snapshot.rows_taken,
        snapshot.rows_after,
    )
    with TemporaryDirectory(prefix="mingjing-extract-") as folder:
        path = Path(folder) / f"{contract.feed}.parquet"
        path.write_bytes(snapshot.parquet)
        yield InboxFile(path, path.name, len(snapshot.parquet), now.timestamp(), "ready"), about


def hold_changed(
    contract: Contract,
    engine: Engine,
    batch: list[tuple[Delivery, TextTable | Returned | Fault]],
    standing: Collection[EffectiveVerdict],
    confirmed: Confirmed,
) -> list[tuple[Delivery, TextTable | Returned | Fault]]:
    """The batch, with H-SCHEMA for each extract whose columns are not those of the last accepted one before it."""
    if contract.extract is None:
        return batch
    return [
        (one, read if isinstance(read, Fault) else _changed(engine, one, standing, confirmed) or read)
        for one, read in batch
    ]


def _changed(
    engine: Engine, delivery: Delivery, standing: Collection[EffectiveVerdict], confirmed: Confirmed
) -> Fault | None:
    if any(one.code == "H-SCHEMA" for one in confirmed.get(delivery.delivery_id, ())):
        return None
    earlier = sorted((one.delivery.delivery_id for one in standing), reverse=True)
    with reading(engine) as connection:
        now = ledger.extract_of(connection, delivery.delivery_id)
        asked = (ledger.extract_of(connection, one) for one in earlier if one < delivery.delivery_id)
        last = next((one for one in asked if one is not None), None)
    if now is None or last is None or last.columns == now.columns:
        return None
    was, found = dict(json.loads(last.columns)), dict(json.loads(now.columns))
    changes = [
        f"{name}: {was.get(name, '∅')} → {found.get(name, '∅')}"
        for name in sorted({*was, *found})
        if was.get(name) != found.get(name)
    ]
    return fault("H-SCHEMA", changes="; ".join(changes))
