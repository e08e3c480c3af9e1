"""Which quarters should be scored now: complete, overdue or corrected since their release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from include.pipeline.catalogue import contracts_of, packs_of
from include.pipeline.inputs import gather_inputs, leading, main_quarter
from include.pipeline.readiness import Readiness, Received, expected_deliveries, judge_readiness
from include.pipeline.registers import StandingRegister, standing_register
from include.quarters import Quarter
from include.site import Site
from include.warehouse import ledger, releases
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import open_warehouse, reading


@dataclass(frozen=True)
class ReadyQuarter:
    """A quarter that should be scored: nothing keeps it waiting, and its inputs differ from its release's."""

    jurisdiction: str
    quarter: Quarter
    digest: str
    missing_feeds: tuple[str, ...]


def ready_quarters(site: Site, *, now: datetime) -> list[ReadyQuarter]:
    """List the quarters to score, oldest first, so that a change cascades into the quarters after it.

    A quarter that has not ended, and one for which nothing was ever received, is never ready.
    """
    engine = open_warehouse(site.warehouse_url)
    last = Quarter.of(now.astimezone(site.zone).date()).shift(-1)
    ready = []
    registers = {area: standing_register(engine, area) for area in site.jurisdictions}
    with reading(engine) as connection:
        for jurisdiction in site.jurisdictions:
            received = received_deliveries(connection, site, jurisdiction)
            quarter = Quarter.parse(site.settings.first_quarter)
            known = {item.quarter for item in received if item.accepted}
            while quarter <= last:
                if quarter in known:
                    ready += _ready(
                        connection, site, registers[jurisdiction], jurisdiction, quarter, received, now
                    )
                quarter = quarter.shift(1)
    return sorted(ready, key=lambda item: (item.quarter, item.jurisdiction))


def quarter_readiness(site: Site, jurisdiction: str, quarter: Quarter, *, now: datetime) -> Readiness:
    """Tell what is in, missing, late or held for one quarter."""
    with reading(open_warehouse(site.warehouse_url)) as connection:
        received = received_deliveries(connection, site, jurisdiction)
    return judge_readiness(quarter, expected_deliveries(site, contracts_of(site), quarter), received, now=now)


def is_outdated(site: Site, jurisdiction: str, quarter: Quarter, *, now: datetime) -> bool:
    """Whether a quarter's inputs differ from those of its release, so that it waits to be scored again."""
    engine = open_warehouse(site.warehouse_url)
    register = standing_register(engine, jurisdiction)
    with reading(engine) as connection:
        received = received_deliveries(connection, site, jurisdiction)
        return bool(_ready(connection, site, register, jurisdiction, quarter, received, now))


def received_deliveries(connection: Connection, site: Site, jurisdiction: str) -> list[Received]:
    """The ledger as readiness sees it.

    A nil return counts like a delivery. A file of a feed with `replace` counts for the quarter that most of its rows
    belong to; one of any other feed for every quarter it has rows of. A held file counts for the quarter it declares,
    else for the one before it arrived: that only says for which quarter a file is held, never which quarter a row
    belongs to. A returned workbook is no file of its own: it counts where the file that it answers was held and it
    stands in its place.
    """
    received = []
    verdicts = ledger.effective_by_feed(connection, jurisdiction)
    for contract in contracts_of(site):
        for verdict in leading(verdicts[contract.feed]):
            quarters = {staged.quarter for staged in verdict.staged} | ({verdict.nil_quarter} - {""})
            if contract.time.delivery == "replace":
                quarters = {main_quarter(verdict)} - {""}
            received += [
                Received(contract.feed, verdict.supplier, Quarter.parse(quarter), accepted=True)
                for quarter in sorted(quarters)
            ]
    for receipt in ledger.received(connection, jurisdiction):
        if receipt.verdict == "held":
            day = receipt.arrived_at.astimezone(site.zone).date()
            quarter = Quarter.parse(receipt.quarter) if receipt.quarter else Quarter.of(day).shift(-1)
            received.append(Received(receipt.feed, receipt.supplier, quarter, accepted=False))
    return received


def _ready(
    connection: Connection,
    site: Site,
    register: StandingRegister,
    jurisdiction: str,
    quarter: Quarter,
    received: list[Received],
    now: datetime,
) -> list[ReadyQuarter]:
    state = judge_readiness(
        quarter, expected_deliveries(site, contracts_of(site), quarter), received, now=now
    )
    if state.status == "waiting":
        return []
    for pack in packs_of(site, quarter):
        inputs = gather_inputs(
            connection, site, jurisdiction, pack, quarter, register_digest=register.digest_on(quarter.end)
        )
        standing = releases.current(
            connection, ReleaseKey(jurisdiction, pack.framework.framework, str(quarter))
        )
        key = ReleaseKey(jurisdiction, pack.framework.framework, str(quarter))
        newest = standing or next(reversed(releases.revisions(connection, key)), None)
        if newest is None or newest.input_digest != inputs.digest:
            return [ReadyQuarter(jurisdiction, quarter, inputs.digest, state.missing_feeds)]
    return []
