"""What was due from whom: recorded before it is due, never moved once its deadline has passed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, select

from include.warehouse.store import lock
from include.warehouse.tables import expected_delivery


@dataclass(frozen=True)
class Expectation:
    """One expected delivery of a feed by a supplier for a quarter; moments with a zone, the deadline inclusive."""

    feed: str
    supplier: str
    quarter: str
    expectation: Literal["due", "on_event", "not_due"]
    deadline_at: datetime
    quarter_ends_at: datetime
    delivery_mode: Literal["replace", "upsert", "append"]

    @property
    def key(self) -> tuple[str, str, str]:
        """What the latest record counts for."""
        return self.feed, self.supplier, self.quarter


def record_expected(
    connection: Connection, jurisdiction: str, wanted: Iterable[Expectation], *, now: datetime
) -> int:
    """Append what differs from the standing record; return how many rows that were.

    What stands and is not wanted any more becomes `not_due`. A record whose deadline has passed stays: nobody is made
    late, or in time, by a later change of settings.
    """
    lock(connection, "expected", jurisdiction)
    standing = {one.key: one for one in standing_expected(connection, jurisdiction)}
    asked = {one.key: one for one in wanted}
    gone = {key: replace(one, expectation="not_due") for key, one in standing.items() if key not in asked}
    changed = [
        one
        for key, one in (asked | gone).items()
        if key not in standing or (one != standing[key] and standing[key].deadline_at >= now)
    ]
    if changed:
        constants = {"jurisdiction": jurisdiction, "recorded_at": now}
        rows = [vars(one) | constants for one in sorted(changed, key=lambda one: (one.quarter, *one.key))]
        connection.execute(expected_delivery.insert(), rows)
    return len(changed)


def standing_expected(connection: Connection, jurisdiction: str) -> list[Expectation]:
    """The latest record of every feed, supplier and quarter, in the order of recording."""
    here = expected_delivery.c.jurisdiction == jurisdiction
    latest = select(func.max(expected_delivery.c.expected_id)).where(here)
    latest = latest.group_by(*(expected_delivery.c[name] for name in ("feed", "supplier", "quarter")))
    columns = [expected_delivery.c[name] for name in Expectation.__dataclass_fields__]
    query = select(*columns).where(expected_delivery.c.expected_id.in_(latest))
    return [
        Expectation(**row._mapping)
        for row in connection.execute(query.order_by(expected_delivery.c.expected_id))
    ]
