"""The daily follow-up: reminders, what has become overdue, referrals to propose, and every clock that ends soon.

It records lateness and the colour that follows from it, and nothing else: whether somebody is referred is for people
to decide. Run twice on a day it says the same and records nothing new.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from include.clocks import WorkingCalendar
from include.pipeline.due_soon import DueSoon, due_soon
from include.pipeline.rectify_act import new_event, record, trace
from include.pipeline.rectify_feed import Written, write_results_due
from include.pipeline.rectify_state import (
    Known,
    keep_standings,
    known_items,
    recolour,
    replaced,
    unresolved_items,
)
from include.pipeline.terms import calendar_of
from include.reviews.loop import loop_of
from include.site import Site
from include.warehouse import rectification as stored
from include.warehouse.store import lock, open_warehouse, writing

ACTOR = "follow_up"


@dataclass(frozen=True)
class Reminder:
    """Who is to be reminded of how many items that are due within so many days: keys and counts only."""

    jurisdiction: str
    unit_code: str
    within_days: int
    items: int


@dataclass(frozen=True)
class Proposal:
    """An item that people are asked to refer, and why: overdue or false_report."""

    jurisdiction: str
    item_id: int
    unit_code: str
    because: str


@dataclass(frozen=True)
class FollowUp:
    """What a day came to."""

    day: date
    overdue: tuple[tuple[str, int, str], ...]
    """(jurisdiction, item, unit) that became overdue today."""
    escalated: tuple[tuple[str, str, str, str], ...]
    """(jurisdiction, unit, colour before, colour now) of this run."""
    reminders: tuple[Reminder, ...]
    proposals: tuple[Proposal, ...]
    due_soon: tuple[DueSoon, ...]
    results: tuple[Written, ...]
    """Result files written into the inbox."""

    @property
    def counts(self) -> dict[str, int]:
        """How much there is of each, for logs and Airflow."""
        names = ("overdue", "escalated", "reminders", "proposals", "due_soon", "results")
        return {name: len(getattr(self, name)) for name in names}


def follow_up(site: Site, *, now: datetime, within_days: int = 7) -> FollowUp:
    """Follow up every area of the site on the local day of `now`.

    Args:
        site: the site.
        now: the moment, with a time zone.
        within_days: how many calendar days to look ahead for clocks that end.

    Raises:
        include.config.ConfigError: a loop, contract or clock is wrong.
    """
    calendar, today = calendar_of(site), now.astimezone(site.zone).date()
    overdue: list[tuple[str, int, str]] = []
    escalated: list[tuple[str, str, str, str]] = []
    reminders: list[Reminder] = []
    proposals: list[Proposal] = []
    for jurisdiction in site.jurisdictions:
        with writing(open_warehouse(site.warehouse_url)) as connection:
            lock(connection, "rectification", jurisdiction)
            items = unresolved_items(connection, jurisdiction, calendar, today)
            items, changed = _record_overdue(connection, site, items, now, calendar)
            escalated += [(jurisdiction, *one) for one in changed]
            items = _record_reminders(connection, site, items, now, calendar)
            keep_standings(connection, items, at=now, day=today, jurisdiction=jurisdiction)
            overdue += [
                (jurisdiction, one.row.item_id, one.row.unit_code) for one in items if _today(one, "overdue")
            ]
            reminders += _reminders(jurisdiction, items)
            proposals += _proposals(jurisdiction, items)
            if not stored.followed_up(connection, jurisdiction, today):
                counts = Counter[str](one.standing.code for one in items)
                stored.add_follow_up(connection, jurisdiction, day=today, at=now, counts=counts)
    return FollowUp(
        day=today,
        overdue=tuple(overdue),
        escalated=tuple(escalated),
        reminders=tuple(reminders),
        proposals=tuple(proposals),
        due_soon=tuple(due_soon(site, now=now, within_days=within_days)),
        results=tuple(write_results_due(site, now=now)),
    )


def _record_overdue(
    connection: Connection, site: Site, items: list[Known], now: datetime, calendar: WorkingCalendar
) -> tuple[list[Known], list[tuple[str, str, str]]]:
    """Record what is late for the first time in its round, and the colours that follow."""
    changed: list[tuple[str, str, str]] = []
    for one in items:
        if not one.standing.late or one.standing.overdue_recorded:
            continue
        late = one.standing.late_days
        event = new_event(site, one.row, "overdue", ACTOR, "", now, days=late)
        after = record(connection, one, event, calendar)
        items = replaced(items, after)
        effect = {}
        if after.row.kind == "individual":
            whole = known_items(
                connection, after.row.jurisdiction, calendar, after.today, framework=after.row.framework_code
            )
            effect = recolour(
                connection, site, after.row.jurisdiction, after.row.framework_code, whole,
                at=now, day=after.today, actor=ACTOR, units={after.row.unit_code}, item_id=after.row.item_id,
            )  # fmt: skip
        trace(connection, event, after, effect)
        changed += [(unit, before, colour) for unit, (before, colour) in effect.items()]
    return items, changed


def _record_reminders(
    connection: Connection, site: Site, items: list[Known], now: datetime, calendar: WorkingCalendar
) -> list[Known]:
    """Record for each item that is due soon the nearest reminder that it has not had in this round."""
    for one in items:
        if one.standing.code not in ("open", "refused", "referred") or one.standing.late:
            continue
        left = (one.standing.due.on - one.today).days
        steps = [
            step for step in loop_of(site, one.row.framework_code).rectification.remind_days if step >= left
        ]
        if steps and min(steps) not in one.standing.reminded:
            event = new_event(site, one.row, "reminded", ACTOR, "", now, days=min(steps))
            items = replaced(items, record(connection, one, event, calendar))
    return items


def _reminders(jurisdiction: str, items: list[Known]) -> list[Reminder]:
    """Today's reminders, also those of an earlier run of today: whoever sends them may have failed."""
    due = Counter(
        (one.row.unit_code, event.days)
        for one in items
        for event in one.events
        if event.kind == "reminded" and event.day == one.today.isoformat()
    )
    return [Reminder(jurisdiction, unit, days, count) for (unit, days), count in sorted(due.items())]


def _proposals(jurisdiction: str, items: list[Known]) -> list[Proposal]:
    return [
        Proposal(
            jurisdiction,
            one.row.item_id,
            one.row.unit_code,
            "false_report" if one.standing.false_reports else "overdue",
        )
        for one in items
        if not one.standing.referred and (one.standing.overdue_recorded or one.standing.false_reports)
    ]


def _today(one: Known, kind: str) -> bool:
    return any(event.kind == kind and event.day == one.today.isoformat() for event in one.events)
