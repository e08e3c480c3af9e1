"""From the inbox to the ledger: which files have arrived, landing them, and recording each arrival once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from include.feeds.contract import Contract
from include.feeds.faults import Held, fault
from include.feeds.landing import InboxFile, land, scan_inbox
from include.feeds.persons import masked_title
from include.pipeline.ingest_report import HeldFile, IngestReport
from include.pipeline.judging import suppliers_of
from include.pipeline.superseding import StandingDeliveries, told_by
from include.pipeline.vault import landing_of, vault_key
from include.quarters import Quarter
from include.site import Site
from include.warehouse import ledger
from include.warehouse.ledger import Delivery, Verdict
from include.warehouse.ledger.records import storable_name
from include.warehouse.store import lock, reading, writing


def arrived(
    site: Site, contract: Contract, jurisdiction: str, now: datetime, report: IngestReport
) -> list[tuple[str, InboxFile]]:
    """Files in the inbox, each with its supplier; '' where it cannot be told."""
    suppliers = suppliers_of(site, contract)
    folder = site.inbox / jurisdiction / contract.feed
    places = [(suppliers[0] if len(suppliers) == 1 else "", folder)]
    places += [(supplier, folder / supplier) for supplier in suppliers]
    if folder.is_dir():
        # What lies in the folder of a sender misspelled is held and said, not passed over.
        strangers = {path.name for path in folder.iterdir() if path.is_dir()} - {*suppliers}
        places += [("", folder / name) for name in sorted(strangers) if not name.startswith(".")]
    found: list[tuple[str, InboxFile]] = []
    for supplier, place in places:
        for file in scan_inbox(place, now=now, stability_seconds=contract.time.stability_seconds):
            if file.state == "ready":
                found.append((supplier, file))
            elif file.state == "arriving":
                report.counts["arriving"] += 1
            else:
                report.counts["refused"] += 1
                report.held.append(
                    HeldFile(jurisdiction, masked_title(file.name), fault("F-NOTFILE", name=file.name))
                )
    return sorted(found, key=lambda item: (item[1].modified, item[1].name))


def unrecorded(
    engine: Engine, contract: Contract, jurisdiction: str, files: Sequence[tuple[str, InboxFile]]
) -> list[tuple[str, InboxFile]]:
    """Those of the files whose arrival is not in the ledger; what was taken stays in the inbox."""
    with reading(engine) as connection:
        known = ledger.recorded_arrivals(connection, jurisdiction=jurisdiction, feed=contract.feed)
    return [(supplier, file) for supplier, file in files if _arrival(supplier, file) not in known]


def _arrival(supplier: str, file: InboxFile) -> tuple[str, str, int, datetime]:
    return supplier, storable_name(masked_title(file.name)), file.bytes, moment(file)


def record(
    site: Site,
    contract: Contract,
    jurisdiction: str,
    engine: Engine,
    file: InboxFile,
    supplier: str,
    now: datetime,
    report: IngestReport,
    extract: ledger.Extract | None = None,
) -> None:
    """Land a file and record its arrival; one that cannot be landed is not.

    The same bytes again get their verdict here: they are used once.
    """
    try:
        landed = land(file, landing_of(site, jurisdiction, contract.feed), key=vault_key(site))
    except (FileNotFoundError, PermissionError):
        report.held.append(HeldFile(jurisdiction, masked_title(file.name), fault("F-ACCESS", name=file.name)))
        return
    except Held as held:
        # Nothing landed, so there is nothing to record: the next run looks at the file again.
        report.held.append(HeldFile(jurisdiction, masked_title(file.name), held.fault))
        return
    with writing(engine) as connection:
        lock(connection, "delivery", jurisdiction, contract.feed)
        if _arrival(supplier, file) in ledger.recorded_arrivals(
            connection, jurisdiction=jurisdiction, feed=contract.feed
        ):
            return  # another run was faster
        delivery_id = ledger.record_delivery(
            connection,
            jurisdiction=jurisdiction,
            feed=contract.feed,
            supplier=supplier,
            file_name=masked_title(file.name),
            sha256=landed.sha256,
            bytes=landed.bytes,
            arrived_at=moment(file),
            landed_at=now,
            contract_version=contract.version,
            contract_digest=contract.digest,
            declared_quarter=_declared_quarter(contract, file.name),
        )
        if extract is not None:
            ledger.record_extract(connection, delivery_id, extract)
        report.counts["recorded"] += 1
        first = ledger.find_delivery_by_sha(
            connection, jurisdiction=jurisdiction, feed=contract.feed, sha256=landed.sha256
        )
        if (
            first is not None
            and first.delivery_id != delivery_id
            and not _is_held(connection, first)
            and _says_the_same(contract, first, supplier=supplier, file_name=file.name)
            and not _may_be_taken_over(connection, site, contract, jurisdiction, delivery_id)
        ):
            ledger.record_verdict(connection, delivery_id, duplicate_verdict(contract, file.name, first, now))
            report.counts["duplicate"] += 1


def _may_be_taken_over(
    connection: Connection, site: Site, contract: Contract, jurisdiction: str, delivery_id: int
) -> bool:
    """Whether the same bytes say something new because another file came, or is still to be judged, in between."""
    pending = ledger.pending(connection, jurisdiction=jurisdiction, feed=contract.feed)
    (sent,) = (one for one in pending if one.delivery_id == delivery_id)
    if any(one.supplier == sent.supplier and one.sha256 != sent.sha256 for one in pending):
        return True
    verdicts = ledger.effective_verdicts(connection, jurisdiction, contract.feed)
    return StandingDeliveries(site, contract, verdicts).taken_over_by(sent) is not None


def duplicate_verdict(contract: Contract, file_name: str, first: Delivery, now: datetime) -> Verdict:
    """The verdict on bytes that `first` brought already."""
    told = fault("I-SAME", file=file_name, first=first.file_name, at=f"{first.arrived_at:%Y-%m-%d}")
    return Verdict("duplicate", now, told.code, told.zh, told.en, contract_digest=contract.digest)


def _declared_quarter(contract: Contract, file_name: str) -> str:
    """The one quarter that a file's name tells, where rows are dated by a column; '' where it tells none."""
    source = contract.time.quarter_from
    if source is None or not source.column or contract.time.delivery != "replace":
        return ""
    return str(Quarter.said_in(file_name) or "")


def _is_held(connection: Connection, first: Delivery) -> bool:
    """Sent again, a held file is judged again: the fault may have been ours (time, memory, a reader since mended)."""
    receipts = ledger.received(connection, first.jurisdiction)
    return any(one.delivery_id == first.delivery_id and one.verdict == "held" for one in receipts)


def _says_the_same(contract: Contract, first: Delivery, *, supplier: str, file_name: str) -> bool:
    """Whether the bytes of `first` say nothing new when they come again.

    They do say something new from another sender (two may rate alike, and a file of an unknown sender is moved to
    its folder), and under a name that tells another quarter or another state.
    """
    return first.supplier == supplier and told_by(contract, first.file_name) == told_by(contract, file_name)


def moment(file: InboxFile) -> datetime:
    """When a file arrived, as its store says; a fact of the arrival, not of our looking."""
    return datetime.fromtimestamp(file.modified, UTC)
