"""Every clock of the loop that ends soon or has ended: items, objections, answers to notices, periods on show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from include.pipeline.rectify_state import unresolved_items
from include.pipeline.terms import calendar_of
from include.site import Site
from include.warehouse.objections import objections_of
from include.warehouse.store import open_warehouse, reading
from include.warehouse.tables import notice, notice_status, publicity

_ANSWERED = ("answered", "superseded", "withdrawn")


@dataclass(frozen=True)
class DueSoon:
    """One clock: what it is about and how many calendar days are left (below 0: it has run out)."""

    jurisdiction: str
    kind: str
    """item, objection, answer or publicity"""
    key: int
    unit_code: str
    due_on: date
    provisional: bool
    days_left: int

    @property
    def late(self) -> bool:
        """Whether it has certainly run out; a provisional day never is."""
        return self.days_left < 0 and not self.provisional


def due_soon(site: Site, *, now: datetime, within_days: int = 7) -> list[DueSoon]:
    """Clocks that end within some calendar days or have run out, the soonest first."""
    today = now.astimezone(site.zone).date()
    found = []
    with reading(open_warehouse(site.warehouse_url)) as connection:
        for jurisdiction in site.jurisdictions:
            found += [
                *_items(connection, site, jurisdiction, today),
                *_objections(connection, jurisdiction, today),
                *_answers(connection, jurisdiction, today),
                *_on_show(connection, jurisdiction, today),
            ]
    last = today + timedelta(days=within_days)
    near = [one for one in found if one.due_on <= last]
    return sorted(near, key=lambda one: (one.due_on, one.jurisdiction, one.kind, one.key))


def _items(connection: Connection, site: Site, jurisdiction: str, today: date) -> Iterator[DueSoon]:
    for one in unresolved_items(connection, jurisdiction, calendar_of(site), today):
        if one.standing.code not in ("reported", "paused"):
            due = one.standing.due
            yield _soon(
                jurisdiction, "item", one.row.item_id, one.row.unit_code, due.on, due.provisional, today
            )


def _objections(connection: Connection, jurisdiction: str, today: date) -> Iterator[DueSoon]:
    for one in objections_of(connection, jurisdiction):
        if not one.outcome:
            yield _soon(
                jurisdiction,
                "objection",
                one.objection_id,
                one.unit_code,
                one.due_day,
                one.due_provisional,
                today,
            )


def _answers(connection: Connection, jurisdiction: str, today: date) -> Iterator[DueSoon]:
    """Notices that wait for an answer: none was given, and the notice still counts."""
    latest = select(func.max(notice_status.c.status_id)).group_by(notice_status.c.notice_id)
    closed = select(notice_status.c.notice_id).where(
        notice_status.c.status_id.in_(latest), notice_status.c.status.in_(_ANSWERED)
    )
    query = select(notice).where(
        notice.c.jurisdiction == jurisdiction, notice.c.answer_by != "", notice.c.notice_id.not_in(closed)
    )
    for row in connection.execute(query):
        day = date.fromisoformat(row.answer_by)
        yield _soon(
            jurisdiction, "answer", row.notice_id, row.unit_code, day, row.answer_by_provisional, today
        )


def _on_show(connection: Connection, jurisdiction: str, today: date) -> Iterator[DueSoon]:
    """Periods on show that have not ended: the step after them waits for that day."""
    query = select(publicity).where(
        publicity.c.jurisdiction == jurisdiction, publicity.c.ends_on >= today.isoformat()
    )
    for row in connection.execute(query):
        day = date.fromisoformat(row.ends_on)
        yield _soon(jurisdiction, "publicity", row.publicity_id, "", day, row.provisional, today)


def _soon(
    jurisdiction: str, kind: str, key: int, unit_code: str, day: date, provisional: bool, today: date
) -> DueSoon:
    return DueSoon(jurisdiction, kind, key, unit_code, day, provisional, (day - today).days)
