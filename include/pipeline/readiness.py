"""Is a quarter ready to be scored? A pure judgement over the delivery ledger, the site and the moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from include.feeds.contract import Contract
from include.quarters import Quarter
from include.site import Site

Status = Literal["complete", "overdue", "waiting"]


@dataclass(frozen=True)
class Expected:
    """One delivery that is due: who sends what for which quarter, and until when."""

    feed: str
    supplier: str
    quarter: Quarter
    deadline: datetime


@dataclass(frozen=True)
class Received:
    """One delivery of the ledger as readiness sees it; `accepted` is False for a held one."""

    feed: str
    supplier: str
    quarter: Quarter
    accepted: bool


@dataclass(frozen=True)
class Readiness:
    """The state of a quarter: which deliveries are missing, which of those are late."""

    quarter: Quarter
    status: Status
    missing: tuple[Expected, ...]
    overdue: tuple[Expected, ...]
    held: tuple[Expected, ...]

    @property
    def missing_feeds(self) -> tuple[str, ...]:
        """Feeds with at least one missing supplier, in alphabetical order."""
        return tuple(sorted({item.feed for item in self.missing}))


def expected_deliveries(site: Site, contracts: Iterable[Contract], quarter: Quarter) -> list[Expected]:
    """List what is due for `quarter`: yearly feeds in the fourth quarter, feeds sent on an event never.

    A feed that begins in a later quarter is not due yet.
    """
    due = []
    for contract in contracts:
        settings = site.settings.feeds[contract.feed]
        cadence = contract.time.cadence
        if (
            contract.time.kind == "register"
            or cadence == "on_event"
            or not site.takes(contract.feed, quarter)
            or (cadence == "year" and quarter.number != 4)
        ):
            continue
        deadline = deadline_of(site, contract, quarter)
        due += [
            Expected(contract.feed, supplier, quarter, deadline)
            for supplier in settings.suppliers or contract.suppliers
        ]
    return due


def deadline_of(site: Site, contract: Contract, quarter: Quarter) -> datetime:
    """Until when a feed's file of a quarter is in time, inclusive: the site's days, else the contract's."""
    days = site.settings.feeds[contract.feed].deadline_days
    return site.deadline(quarter, contract.deadline_days if days is None else days)


def judge_readiness(
    quarter: Quarter, expected: Iterable[Expected], received: Iterable[Received], *, now: datetime
) -> Readiness:
    """Compare what is due with what has come.

    A quarter is complete when every supplier has an accepted delivery, overdue when every missing one is past its
    deadline (inclusive), and waiting otherwise. A held delivery counts as missing.
    """
    here = [item for item in received if item.quarter == quarter]
    accepted = {(item.feed, item.supplier) for item in here if item.accepted}
    stopped = {(item.feed, item.supplier) for item in here if not item.accepted} - accepted
    missing = tuple(item for item in expected if (item.feed, item.supplier) not in accepted)
    overdue = tuple(item for item in missing if now > item.deadline)
    held = tuple(item for item in missing if (item.feed, item.supplier) in stopped)
    status: Status = "complete" if not missing else "overdue" if len(overdue) == len(missing) else "waiting"
    return Readiness(quarter, status, missing, overdue, held)
