"""Ingest a feed: land what lies in the inbox, judge what is pending, stage what is accepted.

One file never stops another: whatever is wrong with one ends as a verdict in the ledger.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pyarrow as pa
from sqlalchemy import Connection, Engine

from include.feeds.contract import Contract
from include.feeds.contract_extract import ExtractFrom
from include.feeds.faults import Fault, Held, fault
from include.feeds.landing import InboxFile, land, scan_inbox
from include.feeds.persons import masked_title
from include.feeds.read import TextTable
from include.pipeline.catalogue import contract_of
from include.pipeline.extracts import extracted, hold_changed
from include.pipeline.judging import (
    held_verdict,
    judge_batch,
    read_batches,
    read_text,
    suppliers_of,
    verdict_of,
)
from include.pipeline.nil_returns import nil_verdict
from include.pipeline.past import held_by_history
from include.pipeline.prepared import on_record, prepare, prepare_all
from include.pipeline.references import looking_into
from include.pipeline.registers import import_register_rows, standing_register
from include.pipeline.rejudging import Basis, basis_now, changed_since, in_order_of_arrival, keep
from include.pipeline.return_books import Source, first_source, put_back
from include.pipeline.returns import Answer, judge_return, without_settled
from include.pipeline.returns import record as settle
from include.pipeline.staging import stage
from include.pipeline.superseding import NOTHING_COMPARED, StandingDeliveries, told_by
from include.pipeline.vault import landing_of, vault_key
from include.quality import second
from include.quality.returns.reading import Returned
from include.quarters import Quarter
from include.site import Site
from include.warehouse import ledger
from include.warehouse.ledger import Delivery, Verdict
from include.warehouse.store import open_warehouse, reading, writing


@dataclass(frozen=True)
class HeldFile:
    """A file that was held, and the sentence for its sender."""

    jurisdiction: str
    file_name: str
    fault: Fault


@dataclass
class IngestReport:
    """What one run did, in counts and keys; no values of any row."""

    feed: str
    counts: Counter[str] = field(default_factory=Counter)
    """Deliveries: recorded, duplicate, arriving, accepted, held. Rows: landed, rows_accepted, quarantined, …"""
    quarters: set[tuple[str, str]] = field(default_factory=set)
    """(jurisdiction, quarter) that got rows."""
    held: list[HeldFile] = field(default_factory=list)


def ingest_feed(site: Site, feed: str, *, now: datetime, dry_run: bool = False) -> IngestReport:
    """Judge every pending delivery of `feed`.

    Args:
        site: the site.
        feed: code of one of its feeds.
        now: the moment of judging, with a time zone.
        dry_run: judge and report, but record and stage nothing.

    Raises:
        include.config.ConfigError: the site or the contract is wrong.
        include.feeds.extract.SourceUnreachable: the feed's database does not answer; try again.
    """
    contract = contract_of(site, feed)
    engine = open_warehouse(site.warehouse_url)
    report = IngestReport(feed)
    for jurisdiction in site.jurisdictions:
        if contract.extract is not None:
            _extract(site, contract, contract.extract, jurisdiction, engine, now, report, dry_run=dry_run)
        files = _arrived(site, contract, jurisdiction, now, report)
        if dry_run:
            for supplier, file in files:
                _try_out(site, contract, jurisdiction, engine, file, supplier, now, report)
            continue
        for supplier, file in files:
            _record(site, contract, jurisdiction, engine, file, supplier, now, report)
        _judge_pending(site, contract, jurisdiction, engine, now, report)
        for other in looking_into(site, feed):
            _judge_pending(site, other, jurisdiction, engine, now, report, fresh=False)
    return report


def _arrived(
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


def _extract(
    site: Site,
    contract: Contract,
    source: ExtractFrom,
    jurisdiction: str,
    engine: Engine,
    now: datetime,
    report: IngestReport,
    *,
    dry_run: bool,
) -> None:
    (supplier,) = suppliers_of(site, contract)
    try:
        with extracted(site, contract, source, now=now) as (file, about):
            if dry_run:
                _try_out(site, contract, jurisdiction, engine, file, supplier, now, report)
            else:
                _record(site, contract, jurisdiction, engine, file, supplier, now, report, about)
    except Held as held:
        # Nothing was taken, so there is nothing to record: the next run asks again.
        report.held.append(HeldFile(jurisdiction, contract.feed, held.fault))


def _record(
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
    with reading(engine) as connection:
        if ledger.is_recorded(
            connection,
            jurisdiction=jurisdiction,
            feed=contract.feed,
            supplier=supplier,
            file_name=masked_title(file.name),
            bytes=file.bytes,
            arrived_at=_moment(file),
        ):
            return
    try:
        landed = land(file, landing_of(site, jurisdiction, contract.feed), key=vault_key(site))
    except (FileNotFoundError, PermissionError):
        report.held.append(
            HeldFile(jurisdiction, masked_title(file.name), fault("F-NOTFILE", name=file.name))
        )
        return
    except Held as held:
        # Nothing landed, so there is nothing to record: the next run looks at the file again.
        report.held.append(HeldFile(jurisdiction, masked_title(file.name), held.fault))
        return
    with writing(engine) as connection:
        delivery_id = ledger.record_delivery(
            connection,
            jurisdiction=jurisdiction,
            feed=contract.feed,
            supplier=supplier,
            file_name=masked_title(file.name),
            sha256=landed.sha256,
            bytes=landed.bytes,
            arrived_at=_moment(file),
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
            ledger.record_verdict(connection, delivery_id, _duplicate(contract, file.name, first, now))
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


def _duplicate(contract: Contract, file_name: str, first: Delivery, now: datetime) -> Verdict:
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


def _judge_pending(
    site: Site,
    contract: Contract,
    jurisdiction: str,
    engine: Engine,
    now: datetime,
    report: IngestReport,
    *,
    fresh: bool = True,
) -> None:
    """Judge what was never judged (if `fresh`) and what must be judged again."""
    register = standing_register(engine, jurisdiction)
    with reading(engine) as connection:
        basis = basis_now(connection, site, jurisdiction, contract, register, now=now)
        again = changed_since(connection, site, basis)
        new = ledger.pending(connection, jurisdiction=jurisdiction, feed=contract.feed) if fresh else []
        standing = ledger.effective_verdicts(connection, jurisdiction, contract.feed)
        confirmed = ledger.confirmations(
            connection, jurisdiction, contract.feed, contract_digest=contract.digest
        )
    if again.unchanged:
        with writing(engine) as connection:
            ledger.note_basis(connection, jurisdiction, again.unchanged, at=now, outcome="unchanged")
    waiting = in_order_of_arrival({one.delivery_id: one for one in (*new, *again.due)}.values())
    if contract.time.kind == "register" and standing:
        # A register file says the whole register: an older one never takes the place of a newer one.
        newest = standing[-1].delivery
        waiting = [
            one for one in waiting if (one.landed_at, one.arrived_at) >= (newest.landed_at, newest.arrived_at)
        ]
    if waiting:
        second.prepare()
    used = {verdict.delivery.delivery_id: verdict.verdict_id for verdict in standing}
    others = StandingDeliveries(site, contract, standing)
    for came in read_batches(site, contract, jurisdiction, engine, waiting, now, confirmed):
        batch = hold_changed(contract, engine, came, others.verdicts, confirmed)
        prepared = prepare_all(batch, basis)
        texts = [(one.delivery, one.text) for one in prepared.values()]
        judgements = judge_batch(site, contract, register, texts, now, confirmed, basis.references)
        judged = dict(zip(prepared, judgements, strict=True))
        for delivery, read in batch:
            waived = confirmed.get(delivery.delivery_id, ())
            codes = frozenset(one.code for one in waived)
            first = None if delivery.delivery_id in used else others.says_nothing_new(delivery)
            if first is not None:
                with writing(engine) as connection:
                    told = _duplicate(contract, delivery.file_name, first.delivery, now)
                    ledger.record_verdict(connection, delivery.delivery_id, told)
                report.counts["duplicate"] += 1
                continue
            compared, answer = NOTHING_COMPARED, None
            if isinstance(read, Fault):
                verdict, accepted = held_verdict(contract, register, read, now), None
            elif isinstance(read, Returned):
                put = partial(_staged, site, contract, jurisdiction, delivery)
                answer = judge_return(site, basis, engine, delivery, read, stage=put, now=now)
                verdict, accepted = answer.verdict, answer.accepted
            elif read.nil:
                verdict = nil_verdict(
                    site, contract, register, delivery, read, standing, now, confirmed=codes
                )
                accepted = None
            else:
                judgement = held_by_history(
                    site, contract, delivery, judged[delivery.delivery_id], others.verdicts, codes
                )
                with reading(engine) as connection:
                    judgement = without_settled(connection, delivery, judgement)
                accepted = None if judgement.held else judgement.accepted
                compared = others.compare(delivery, accepted)
                staged = _staged(site, contract, jurisdiction, delivery, accepted)
                verdict = verdict_of(contract, register, read, judgement, staged, now, waived)
            verdict = on_record(verdict, delivery, basis, prepared, compared)
            if verdict.verdict == "held" and delivery.delivery_id in used:
                # What was accepted on an earlier basis stays.
                keep(engine, jurisdiction, used[delivery.delivery_id], verdict)
                report.held.append(_told(jurisdiction, delivery.file_name, verdict))
                continue
            source = _source(delivery, read, answer)
            try:
                verdict_id = _put_on_record(engine, basis, delivery, verdict, accepted, source, answer)
                others.judged(delivery, verdict_id, verdict, answers=answer.first if answer else None)
            except Held as held:
                verdict = held_verdict(contract, register, held.fault, now)
                verdict = on_record(verdict, delivery, basis, {}, NOTHING_COMPARED)
                with writing(engine) as connection:
                    ledger.record_verdict(connection, delivery.delivery_id, verdict)
            put_back(site, contract, source, verdict)
            _count(report, jurisdiction, delivery.file_name, verdict)


def _put_on_record(
    engine: Engine,
    basis: Basis,
    delivery: Delivery,
    verdict: Verdict,
    accepted: pa.Table | None,
    source: Source | None,
    answer: Answer | None,
) -> int:
    """Record a verdict with all that it settles, in one transaction; Held where the register does not take the rows."""
    with writing(engine) as connection:
        if accepted is not None and basis.contract.time.kind == "register":
            import_register_rows(connection, delivery.jurisdiction, delivery, accepted, verdict.judged_at)
        verdict_id = ledger.record_verdict(connection, delivery.delivery_id, verdict)
        text = source.text if source else None
        settle(
            connection,
            basis.contract,
            delivery,
            verdict_id,
            verdict,
            text=text,
            accepted=accepted,
            answer=answer,
        )
    return verdict_id


def _source(delivery: Delivery, read: TextTable | Returned | Fault, answer: Answer | None) -> Source | None:
    """What may go back to the supplier; None where no row could be read."""
    if isinstance(read, TextTable) and not read.nil:
        return first_source(delivery, read)
    return answer.source if answer else None


def _staged(
    site: Site, contract: Contract, jurisdiction: str, delivery: Delivery, accepted: pa.Table | None
) -> tuple[ledger.StagedFile, ...]:
    """A register feed goes into the register, not into the lake."""
    if accepted is None or contract.time.kind == "register":
        return ()
    return stage(site, jurisdiction, delivery, accepted)


def _try_out(
    site: Site,
    contract: Contract,
    jurisdiction: str,
    engine: Engine,
    file: InboxFile,
    supplier: str,
    now: datetime,
    report: IngestReport,
) -> None:
    register = standing_register(engine, jurisdiction)
    delivery = Delivery(
        0,
        jurisdiction,
        contract.feed,
        supplier,
        masked_title(file.name),
        "",
        file.bytes,
        _moment(file),
        now,
        "",
        "",
        0,
        "",
    )
    read = read_text(site, contract, file.path.read_bytes(), delivery)
    if isinstance(read, Fault):
        verdict = held_verdict(contract, register, read, now)
    elif isinstance(read, Returned):
        with reading(engine) as connection:
            basis = basis_now(connection, site, jurisdiction, contract, register, now=now)
        verdict = judge_return(site, basis, engine, delivery, read, stage=lambda _: (), now=now).verdict
    elif read.nil:
        with reading(engine) as connection:
            standing = ledger.effective_verdicts(connection, jurisdiction, contract.feed)
        verdict = nil_verdict(site, contract, register, delivery, read, standing, now)
    else:
        with reading(engine) as connection:
            basis = basis_now(connection, site, jurisdiction, contract, register, now=now)
        text = prepare(read, delivery, basis).text
        (judgement,) = judge_batch(site, contract, register, [(delivery, text)], now, {}, basis.references)
        verdict = verdict_of(contract, register, read, judgement, (), now)
    _count(report, jurisdiction, delivery.file_name, verdict)


def _told(jurisdiction: str, file_name: str, verdict: Verdict) -> HeldFile:
    return HeldFile(
        jurisdiction, file_name, Fault(verdict.reason_code, verdict.message_zh, verdict.message_en)
    )


def _count(report: IngestReport, jurisdiction: str, file_name: str, verdict: Verdict) -> None:
    report.counts[verdict.verdict] += 1
    if verdict.verdict == "held":
        report.held.append(_told(jurisdiction, file_name, verdict))
    balance = verdict.balance
    report.counts["rows_landed"] += balance.landed
    report.counts["rows_accepted"] += balance.accepted
    report.counts["rows_quarantined"] += balance.quarantined
    report.counts["rows_duplicate"] += balance.exact_duplicates
    report.quarters |= {(jurisdiction, item.quarter) for item in verdict.staged}
    if verdict.nil is not None:
        report.quarters.add((jurisdiction, verdict.nil.quarter))


def _moment(file: InboxFile) -> datetime:
    """When a file arrived, as its store says; a fact of the arrival, not of our looking."""
    return datetime.fromtimestamp(file.modified, UTC)
