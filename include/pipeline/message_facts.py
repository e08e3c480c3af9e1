"""What there is to tell people just now, as counts: read from the warehouse, so nothing is told that has passed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from include.pipeline.due import DueDelivery, due_deliveries
from include.pipeline.due_soon import DueSoon, due_soon
from include.site import Site
from include.warehouse import reviews
from include.warehouse.store import open_warehouse, reading
from include.warehouse.tables import (
    fct_unit_score,
    release,
    release_pointer,
    release_status,
    review,
    review_end,
)

NEWS_DAYS = 7
"""How long something that has happened is news: a channel that was down longer is not told any more."""
REVIEW_AGAIN_DAYS = 3
DELIVERY_AGAIN_DAYS = 7
CLOCK_AGAIN_DAYS = 7
CLOCKS = {"item": "rectification", "objection": "objections", "answer": "answers"}
"""Topic by the kind of clock that ends soon; a period on show ends by itself."""


@dataclass(frozen=True)
class Facts:
    """One thing to tell: its topic, where, for which supplier, and its counts."""

    topic: str
    jurisdiction: str
    about: tuple[str, ...]
    """What it is about; the same is told once."""
    counts: dict[str, Any]
    supplier: str = ""


def facts(site: Site, *, now: datetime) -> list[Facts]:
    """Everything there is to tell at a moment, in a stable order."""
    found: list[Facts] = []
    with reading(open_warehouse(site.warehouse_url)) as connection:
        for area in site.jurisdictions:
            found += _reviews(connection, area, now)
            found += _sent_back(connection, area, now)
            found += _final(connection, area, now)
    return [
        *found,
        *_deliveries(site, due_deliveries(site, now=now)),
        *clock_facts(due_soon(site, now=now)),
    ]


def clock_facts(ending: list[DueSoon]) -> Iterator[Facts]:
    """What to tell of clocks that end soon or have run out, per area and topic."""
    by_topic: dict[tuple[str, str], list[DueSoon]] = defaultdict(list)
    for one in ending:
        if topic := CLOCKS.get(one.kind):
            by_topic[one.jurisdiction, topic].append(one)
    for (area, topic), its in sorted(by_topic.items()):
        late = sum(one.late for one in its)
        about = sorted(f"{'late' if one.late else 'due'}/{one.kind}/{one.key}" for one in its)
        again = _again(max(-one.days_left for one in its), CLOCK_AGAIN_DAYS)
        units = len({one.unit_code for one in its})
        yield Facts(topic, area, (*about, again), {"due": len(its) - late, "late": late, "units": units})


def _reviews(connection: Connection, area: str, now: datetime) -> Iterator[Facts]:
    waiting: dict[int, list[reviews.Review]] = defaultdict(list)
    for made in reviews.open_reviews_of(connection, area):
        waiting[len(reviews.answers_of(connection, made.review_id)) + 1].append(made)
    for step, topic in ((1, "review_first"), (2, "review_second")):
        if lists := waiting[step]:
            warnings = sum(len(reviews.items_of(connection, made.release_id)) for made in lists)
            days = max((now - made.opened_at).days for made in lists)
            about = (*(f"review/{made.review_id}" for made in lists), _again(days, REVIEW_AGAIN_DAYS))
            counts = {"lists": len(lists), "warnings": warnings, "days": days}
            yield Facts(topic, area, about, counts | {"periods": _periods(made.period for made in lists)})


def _sent_back(connection: Connection, area: str, now: datetime) -> Iterator[Facts]:
    """Lists whose last round was sent back and that are still the current ones."""
    last = select(func.max(review.c.review_id)).group_by(review.c.release_id)
    query = (
        select(review.c.review_id, review.c.period)
        .join(review_end, review_end.c.review_id == review.c.review_id)
        .join(release_pointer, release_pointer.c.release_id == review.c.release_id)
        .where(
            release_pointer.c.kind == "current",
            review.c.jurisdiction == area,
            review.c.review_id.in_(last),
            review_end.c.outcome == "sent_back",
            review_end.c.ended_at >= now - timedelta(days=NEWS_DAYS),
        )
        .order_by(review.c.review_id)
    )
    if rows := connection.execute(query).all():
        counts = {"lists": len(rows), "periods": _periods(row.period for row in rows)}
        yield Facts("sent_back", area, tuple(f"review/{row.review_id}" for row in rows), counts)


def _final(connection: Connection, area: str, now: datetime) -> Iterator[Facts]:
    query = (
        select(release.c.release_id, release.c.period)
        .join(release_pointer, release_pointer.c.release_id == release.c.release_id)
        .join(release_status, release_status.c.release_id == release.c.release_id)
        .where(
            release_pointer.c.kind == "final",
            release.c.jurisdiction == area,
            release_status.c.status == "final",
            release_status.c.at >= now - timedelta(days=NEWS_DAYS),
        )
        .order_by(release.c.release_id)
    )
    rows = connection.execute(query).all()
    if not rows:
        return
    units = fct_unit_score
    query = select(units.c.colour, func.count()).where(units.c.release_id.in_([row[0] for row in rows]))
    colours = {row[0]: row[1] for row in connection.execute(query.group_by(units.c.colour))}
    counts = {colour: colours.get(colour, 0) for colour in ("red", "yellow", "green")}
    about = tuple(f"release/{row.release_id}" for row in rows)
    yield Facts(
        "final", area, about, {**counts, "lists": len(rows), "periods": _periods(row.period for row in rows)}
    )


def _deliveries(site: Site, due: list[DueDelivery]) -> Iterator[Facts]:
    for area in site.jurisdictions:
        here = [one for one in due if one.jurisdiction == area]
        for supplier in sorted({one.expected.supplier for one in here}):
            its = [one for one in here if one.expected.supplier == supplier]
            known = site.settings.suppliers.get(supplier)
            name = known.name.zh if known else supplier
            yield Facts("deliveries", area, _states(its), {**_counts(its), "supplier": name}, supplier)
        if here:
            suppliers = len({one.expected.supplier for one in here})
            yield Facts("area_deliveries", area, _states(here), {**_counts(here), "suppliers": suppliers})


def _state(one: DueDelivery) -> str:
    return "held" if one.held else "late" if one.days_left < 0 else "due"


def _states(due: list[DueDelivery]) -> tuple[str, ...]:
    found = [
        f"{_state(one)}/{one.expected.quarter}/{one.expected.feed}/{one.expected.supplier}" for one in due
    ]
    return (*sorted(found), _again(max(-one.days_left for one in due), DELIVERY_AGAIN_DAYS))


def _again(days: int, every: int) -> str:
    """Changes every so many days, so that what still waits is told again."""
    return f"again/{max(days, 0) // every}"


def _counts(due: list[DueDelivery]) -> dict[str, Any]:
    states = [_state(one) for one in due]
    ahead = [one.expected.deadline for one in due if _state(one) == "due"]
    return {
        **{state: states.count(state) for state in ("due", "late", "held")},
        "soonest": min(ahead).date().isoformat() if ahead else "–",
        "periods": _periods(str(one.expected.quarter) for one in due),
    }


def _periods(periods: Iterable[str]) -> str:
    return "、".join(sorted(set(periods)))
