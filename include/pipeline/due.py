"""What is due from whom: recorded for the scorecard, and listed before the deadline with whom to call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from include.pipeline.catalogue import contracts_of
from include.pipeline.readiness import Expected, deadline_of, expected_deliveries, judge_readiness
from include.pipeline.ready import received_deliveries
from include.quarters import Quarter
from include.site import Contact, Site
from include.warehouse.expected import Expectation, record_expected
from include.warehouse.store import open_warehouse, reading, writing

DUE_WITHIN_DAYS = 14


@dataclass(frozen=True)
class DueDelivery:
    """A delivery that is not in yet: `days_left` counts calendar days in the site's zone, below 0 once it is late."""

    jurisdiction: str
    expected: Expected
    days_left: int
    held: bool
    contacts: tuple[Contact, ...]


def record_expectations(site: Site, *, now: datetime) -> int:
    """Append to the warehouse what is due for the quarters that have ended; return how many records changed."""
    changed = 0
    wanted = list(_expectations(site, now))
    with writing(open_warehouse(site.warehouse_url)) as connection:
        for jurisdiction in site.jurisdictions:
            changed += record_expected(connection, jurisdiction, wanted, now=now)
    return changed


def due_deliveries(site: Site, *, now: datetime, within_days: int = DUE_WITHIN_DAYS) -> list[DueDelivery]:
    """Deliveries of this quarter and the last that are not in and late, or due within some days; soonest first."""
    today = now.astimezone(site.zone).date()
    current = Quarter.of(today)
    quarters = [
        one for one in (current.shift(-1), current) if one >= Quarter.parse(site.settings.first_quarter)
    ]
    found = []
    with reading(open_warehouse(site.warehouse_url)) as connection:
        for jurisdiction in site.jurisdictions:
            received = received_deliveries(connection, site, jurisdiction)
            for quarter in quarters:
                expected = expected_deliveries(site, contracts_of(site), quarter)
                state = judge_readiness(quarter, expected, received, now=now)
                found += [
                    DueDelivery(
                        jurisdiction,
                        item,
                        (item.deadline.astimezone(site.zone).date() - today).days,
                        item in state.held,
                        whom_to_call(site, item.supplier),
                    )
                    for item in state.missing
                    if item.deadline <= now + timedelta(days=within_days)
                ]
    return sorted(found, key=lambda one: (one.expected.deadline, one.jurisdiction, one.expected.feed))


def due_counts(due: list[DueDelivery]) -> dict[str, dict[str, int]]:
    """`<jurisdiction>.<quarter>` → how many are due and how many late: keys and counts only, for logs and Airflow."""
    counts: dict[str, dict[str, int]] = {}
    for one in due:
        here = counts.setdefault(f"{one.jurisdiction}.{one.expected.quarter}", {"due": 0, "late": 0})
        here["late" if one.days_left < 0 else "due"] += 1
    return counts


def whom_to_call(site: Site, supplier: str) -> tuple[Contact, ...]:
    """Whom to call, by role; none for a supplier that site.yaml does not describe."""
    known = site.settings.suppliers.get(supplier)
    return known.contacts if known else ()


def supplier_scores(site: Site, quarter: Quarter | None) -> dict[str, list[dict[str, Any]]]:
    """The scorecards as the warehouse has them: rows of `vw_supplier_score` and of `vw_supplier_feed_score`.

    Without a quarter, every quarter; the newest first, then by jurisdiction, supplier and feed.
    """
    tables = {"suppliers": "vw_supplier_score", "feeds": "vw_supplier_feed_score"}
    found = {}
    with reading(open_warehouse(site.warehouse_url)) as connection:
        for name, view in tables.items():
            columns = "jurisdiction, supplier" + (", feed" if name == "feeds" else "")
            query = f"SELECT * FROM {view} WHERE :quarter IN ('', quarter) ORDER BY quarter DESC, {columns}"  # ruff: ignore[hardcoded-sql-expression] -- two names of our own
            rows = connection.execute(text(query), {"quarter": str(quarter or "")}).mappings().all()
            found[name] = [dict(row) for row in rows]
    return found


def _expectations(site: Site, now: datetime) -> Iterator[Expectation]:
    quarter = Quarter.parse(site.settings.first_quarter)
    last = Quarter.of(now.astimezone(site.zone).date()).shift(-1)
    contracts = contracts_of(site)
    while quarter <= last:
        due = {(item.feed, item.supplier) for item in expected_deliveries(site, contracts, quarter)}
        for contract in contracts:
            if contract.time.kind == "register" or not site.takes(contract.feed, quarter):
                continue
            for supplier in site.settings.feeds[contract.feed].suppliers or contract.suppliers:
                is_due = (contract.feed, supplier) in due
                if is_due or contract.time.cadence == "on_event":
                    yield Expectation(
                        contract.feed,
                        supplier,
                        str(quarter),
                        "due" if is_due else "on_event",
                        deadline_of(site, contract, quarter),
                        site.deadline(quarter, 0),
                        contract.time.delivery,
                    )
        quarter = quarter.shift(1)
