"""The life of one rectification item, as a fold over what was recorded: what may happen next, and when it is due.

Pure: nobody here asks what day it is. Days are local days of the site. The order of records of one day matters only
where one must come after the other; extensions, measures, reminders and referrals of a day commute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal

from include.clocks import Due, Kind, Pause, WorkingCalendar, due, is_overdue
from include.reviews.rectification_model import DONE, FOLLOWS, Code, Event, EventKind, Item, Standing
from include.reviews.rectification_refusals import Refusal, refusal_of

__all__ = ["DONE", "FOLLOWS", "Code", "Event", "EventKind", "Item", "Standing", "fold", "refusal"]


@dataclass(frozen=True)
class _Round:
    """What one round has come to so far; a reopening begins another one."""

    started_on: date
    days: int
    number: int = 1
    status: Literal["open", "refused", "reported", "verified", "cancelled"] = "open"
    pauses: tuple[Pause, ...] = ()
    paused_on: date | None = None
    extended: int = 0
    asked: int = 0
    asked_by: str = ""
    reported_on: date | None = None
    reported_by: str = ""
    verified_on: date | None = None
    points: float | None = None
    first_verified_on: date | None = None
    rebounds: int = 0
    refusals: int = 0
    false_reports: int = 0
    overdue: bool = False
    ever_overdue: bool = False
    referred: bool = False
    reminded: frozenset[int] = frozenset()


def fold(item: Item, events: Iterable[Event], calendar: WorkingCalendar, as_of: date) -> Standing:
    """Where an item stands at the end of the local day `as_of`, by the records up to that day.

    A record that may not follow what came before it changes nothing.
    """
    state = _Round(item.opened_on, item.days)
    for event in sorted(events, key=lambda event: (event.on, event.order)):
        if event.on > as_of:
            break
        before = _standing(item, state, calendar, event.on)
        if _may_follow(before, event):
            state = _after(state, event)
    return _standing(item, state, calendar, as_of)


def refusal(item: Item, standing: Standing, event: Event) -> Refusal | None:
    """Why `event` may not follow an item that stands so on the day of the event; None where it may."""
    return refusal_of(item, standing, event, allowed=_may_follow(standing, event))


def _may_follow(standing: Standing, event: Event) -> bool:
    if standing.code not in FOLLOWS[event.kind]:
        return False
    if event.kind == "overdue":
        return standing.late
    # Its term may have run out while the extension waits, and a pause would hide that.
    return not (event.kind == "paused" and standing.asked_days)


def _after(state: _Round, event: Event) -> _Round:
    change = _CHANGES.get(event.kind)
    return change(state, event) if change else replace(state, **_FIXED.get(event.kind, {}))


def _reported(state: _Round, event: Event) -> _Round:
    return replace(state, status="reported", reported_on=event.on, reported_by=event.actor)


def _verified(state: _Round, event: Event) -> _Round:
    first = state.first_verified_on or event.on
    return replace(
        state, status="verified", verified_on=event.on, points=event.points, first_verified_on=first
    )


def _refused(state: _Round, event: Event) -> _Round:
    """Days that an honest report waited for its refusal do not count; those after a false one do."""
    reported_on = state.reported_on or event.on
    waited = event.on > reported_on and not event.false_report
    more = (Pause(reported_on + timedelta(days=1), event.on),) if waited else ()
    return replace(
        state,
        status="refused",
        pauses=state.pauses + more,
        reported_on=None,
        reported_by="",
        refusals=state.refusals + 1,
        false_reports=state.false_reports + event.false_report,
    )


def _resumed(state: _Round, event: Event) -> _Round:
    return replace(state, pauses=_paused_until(state, event.on - timedelta(days=1)), paused_on=None)


def _reopened(state: _Round, event: Event) -> _Round:
    return _Round(
        event.on,
        event.days or state.days,
        state.number + 1,
        first_verified_on=state.first_verified_on,
        rebounds=state.rebounds + (state.status == "verified"),
        refusals=state.refusals,
        false_reports=state.false_reports,
        ever_overdue=state.ever_overdue,
    )


_FIXED: dict[str, dict[str, Any]] = {
    "extension_refused": {"asked": 0, "asked_by": ""},
    "overdue": {"overdue": True, "ever_overdue": True},
    "referred": {"referred": True},
    "cancelled": {"status": "cancelled"},
}
_CHANGES: dict[str, Callable[[_Round, Event], _Round]] = {
    "reported": _reported,
    "verified": _verified,
    "refused": _refused,
    "extension_asked": lambda state, event: replace(state, asked=event.days, asked_by=event.actor),
    "extension_approved": lambda state, event: replace(
        state, extended=state.extended + event.days, asked=0, asked_by=""
    ),
    "paused": lambda state, event: replace(state, paused_on=event.on),
    "resumed": _resumed,
    "reminded": lambda state, event: replace(state, reminded=state.reminded | {event.days}),
    "reopened": _reopened,
}


def _paused_until(state: _Round, last: date) -> tuple[Pause, ...]:
    if state.paused_on is None or last < state.paused_on:
        return state.pauses
    return (*state.pauses, Pause(state.paused_on, last))


def _due(item: Item, state: _Round, calendar: WorkingCalendar, as_of: date) -> Due:
    return _counted(
        calendar, item.kind, state.started_on, state.days, state.extended, _paused_until(state, as_of)
    )


@lru_cache(maxsize=10_000)
def _counted(
    calendar: WorkingCalendar, kind: Kind, start: date, days: int, extended: int, pauses: tuple[Pause, ...]
) -> Due:
    """As `due`, kept: with pauses it lists every day of two centuries anew."""
    return due(start, days=days, kind=kind, calendar=calendar, pauses=pauses, extension_days=extended)


def _code(state: _Round, *, late: bool) -> Code:
    if state.status not in ("open", "refused"):
        return state.status
    if state.paused_on is not None:
        return "paused"
    if state.referred:
        return "referred"
    return "overdue" if late else state.status


def _standing(item: Item, state: _Round, calendar: WorkingCalendar, as_of: date) -> Standing:
    found = _due(item, state, calendar, as_of)
    until = state.reported_on or as_of
    past = is_overdue(found, until)
    # Asked in time, an extension keeps the item from being late until somebody has decided on it.
    late = past and state.status in ("open", "refused") and state.paused_on is None and not state.asked
    counts = late or (past and state.reported_on is not None)
    return Standing(
        code=_code(state, late=late),
        due=found,
        round=state.number,
        started_on=state.started_on,
        reported_on=state.reported_on,
        verified_on=state.verified_on,
        points=state.points,
        late=late,
        late_days=(until - found.on).days if counts else 0,
        extended_days=state.extended,
        asked_days=state.asked,
        first_verified_on=state.first_verified_on,
        rebounds=state.rebounds,
        refusals=state.refusals,
        false_reports=state.false_reports,
        overdue_recorded=state.overdue,
        ever_overdue=state.ever_overdue,
        referred=state.referred,
        reminded=tuple(sorted(state.reminded)),
        reported_by=state.reported_by,
        asked_by=state.asked_by,
    )
