"""Ingest a feed: land what lies in the inbox, judge what is pending, stage what is accepted.

One file never stops another: whatever is wrong with one ends as a verdict in the ledger.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

import pyarrow as pa
from sqlalchemy import Engine

from include.feeds.contract import Contract
from include.feeds.contract_extract import ExtractFrom
from include.feeds.faults import Fault, Held
from include.feeds.landing import InboxFile
from include.feeds.persons import masked_title
from include.feeds.read import TextTable
from include.pipeline.arrivals import arrived, duplicate_verdict, moment, record, unrecorded
from include.pipeline.catalogue import contract_of
from include.pipeline.extracts import extracted, hold_changed
from include.pipeline.ingest_report import HeldFile, IngestReport, count, held_file
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
from include.pipeline.return_books import Source, first_source, put_back, site_signers
from include.pipeline.returns import Answer, judge_return
from include.pipeline.settling import settle, without_settled
from include.pipeline.staging import stage
from include.pipeline.superseding import NOTHING_COMPARED, StandingDeliveries
from include.quality import second
from include.quality.returns.reading import Returned
from include.quality.returns.tokens import Signer
from include.site import Site
from include.warehouse import ledger
from include.warehouse.ledger import Delivery, Verdict
from include.warehouse.store import kept_open, reading, writing


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
    report = IngestReport(feed)
    with kept_open(site.warehouse_url) as engine:
        _take_in(site, contract, engine, now, report, dry_run=dry_run)
    return report


def _take_in(
    site: Site, contract: Contract, engine: Engine, now: datetime, report: IngestReport, *, dry_run: bool
) -> None:
    for jurisdiction in site.jurisdictions:
        if contract.extract is not None:
            _extract(site, contract, contract.extract, jurisdiction, engine, now, report, dry_run=dry_run)
        files = arrived(site, contract, jurisdiction, now, report)
        if dry_run:
            for supplier, file in files:
                _try_out(site, contract, jurisdiction, engine, file, supplier, now, report)
            continue
        for supplier, file in unrecorded(engine, contract, jurisdiction, files):
            record(site, contract, jurisdiction, engine, file, supplier, now, report)
        _judge_pending(site, contract, jurisdiction, engine, now, report)
        for other in looking_into(site, contract.feed):
            _judge_pending(site, other, jurisdiction, engine, now, report, fresh=False)


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
                record(site, contract, jurisdiction, engine, file, supplier, now, report, about)
    except Held as held:
        # Nothing was taken, so there is nothing to record: the next run asks again.
        report.held.append(HeldFile(jurisdiction, contract.feed, held.fault))


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
    sign = site_signers(site)[0] if site.keys.has("token") else None
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
                    told = duplicate_verdict(contract, delivery.file_name, first.delivery, now)
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
                    site, contract, register, delivery, read, others.verdicts, now, confirmed=codes
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
                report.held.append(held_file(jurisdiction, delivery.file_name, verdict))
                continue
            source = _source(delivery, read, answer)
            try:
                verdict_id = _put_on_record(engine, basis, delivery, verdict, accepted, source, answer, sign)
                others.judged(delivery, verdict_id, verdict, answers=answer.first if answer else None)
            except Held as held:
                verdict = held_verdict(contract, register, held.fault, now)
                verdict = on_record(verdict, delivery, basis, {}, NOTHING_COMPARED)
                with writing(engine) as connection:
                    ledger.record_verdict(connection, delivery.delivery_id, verdict)
            put_back(site, contract, source, verdict)
            count(report, jurisdiction, delivery.file_name, verdict)


def _put_on_record(
    engine: Engine,
    basis: Basis,
    delivery: Delivery,
    verdict: Verdict,
    accepted: pa.Table | None,
    source: Source | None,
    answer: Answer | None,
    sign: Signer | None,
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
            sign=sign,
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
        moment(file),
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
    count(report, jurisdiction, delivery.file_name, verdict)
