"""Items of rectification as the warehouse holds them, folded to where they stand; what follows for a unit's colour."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from include.clocks import Kind, WorkingCalendar
from include.reviews.loop import loop_of
from include.reviews.rectification import DONE, Event, Item, Standing, fold
from include.reviews.standing_colour import ItemOutcome, StandingColour, standing_colour
from include.site import Site
from include.warehouse import rectification as stored
from include.warehouse.rectification import EventRow, ItemRow, StandingRow
from include.warehouse.tables import dim_quarter, fct_unit_score, release_pointer

SURVEYED_AT_LEAST = 5
"""Counts of persons below this are suppressed: they are neither stored nor counted."""


@dataclass(frozen=True)
class Known:
    """One item with its records and where it stands on a day."""

    row: ItemRow
    events: tuple[EventRow, ...]
    standing: Standing
    today: date

    @property
    def item(self) -> Item:
        """The item as its clock sees it."""
        return clock_item(self.row)

    @property
    def verification(self) -> EventRow | None:
        """The record by which it was verified; None unless it stands as verified."""
        if self.standing.code != "verified":
            return None
        return next(one for one in reversed(self.events) if one.kind == "verified")


def clock_item(row: ItemRow) -> Item:
    """A stored item as its clock sees it."""
    kind: Kind = "working" if row.term_kind == "working" else "calendar"
    return Item(date.fromisoformat(row.opened_on), row.term_days, kind, row.extension_days)


def clock_event(row: EventRow) -> Event:
    """A stored record as the clock sees it."""
    return Event(
        row.kind,  # type: ignore[arg-type]  # the table's own check allows no other
        date.fromisoformat(row.day),
        row.event_id,
        row.actor,
        row.days,
        row.false_report,
        sum(row.quality.values()),
    )


def known_items(
    connection: Connection,
    jurisdiction: str,
    calendar: WorkingCalendar,
    as_of: date,
    *,
    framework: str = "",
    item_ids: Collection[int] | None = None,
) -> list[Known]:
    """The items of an area (of a framework, or those of some numbers) as they stand at the end of `as_of`."""
    rows = stored.items_of(connection, jurisdiction, framework=framework, item_ids=item_ids)
    events = stored.events_of(connection, jurisdiction, item_ids)
    return [known(row, events.get(row.item_id, ()), calendar, as_of) for row in rows]


def unresolved_items(
    connection: Connection, jurisdiction: str, calendar: WorkingCalendar, as_of: date
) -> list[Known]:
    """As `known_items`, of those that were not verified or cancelled when they were last looked at."""
    standings = stored.standings_of(connection, jurisdiction)
    open_ids = [item_id for item_id, one in standings.items() if one.state not in DONE]
    return known_items(connection, jurisdiction, calendar, as_of, item_ids=open_ids) if open_ids else []


def known(row: ItemRow, events: Iterable[EventRow], calendar: WorkingCalendar, as_of: date) -> Known:
    """Fold the records of one item."""
    records = tuple(events)
    return Known(
        row,
        records,
        fold(clock_item(row), [clock_event(one) for one in records], calendar, as_of),
        as_of,
    )


def with_record(one: Known, event: EventRow, calendar: WorkingCalendar) -> Known:
    """The item after one more record, on the day of that record."""
    return known(one.row, (*one.events, event), calendar, date.fromisoformat(event.day))


def keep_standings(
    connection: Connection, items: Iterable[Known], *, at: datetime, day: date, jurisdiction: str
) -> int:
    """Store how items stand where that differs from what was stored last; return how many did."""
    found = list(items)
    before = stored.standings_of(connection, jurisdiction, [one.row.item_id for one in found])
    changed = [row for one in found if before.get(one.row.item_id) != (row := standing_row(one))]
    for row in changed:
        stored.add_standing(connection, row, at=at, day=day)
    return len(changed)


def standing_row(one: Known) -> StandingRow:
    """How an item stands, as it is stored."""
    standing, verified = one.standing, one.verification
    points = None if standing.points is None else Decimal(str(standing.points)).quantize(Decimal("1e-9"))
    return StandingRow(
        item_id=one.row.item_id,
        jurisdiction=one.row.jurisdiction,
        state=standing.code,
        due_on=standing.due.on.isoformat(),
        due_provisional=standing.due.provisional,
        round=standing.round,
        reported_on=_iso(standing.reported_on),
        verified_on=_iso(standing.verified_on),
        late=standing.late,
        report_late_days=standing.late_days if standing.reported_on else 0,
        extended_days=standing.extended_days,
        asked_days=standing.asked_days,
        quality_points=points,
        surveyed=verified.surveyed if verified else 0,
        satisfied=verified.satisfied if verified else 0,
        refusals=standing.refusals,
        false_reports=standing.false_reports,
        referred=standing.referred,
    )


@dataclass(frozen=True)
class FinalColours:
    """The newest final release of a framework and the colours of its units."""

    release_id: int
    period: str
    colours: Mapping[str, str] = field(default_factory=dict)


def final_colours(connection: Connection, jurisdiction: str, framework: str) -> FinalColours | None:
    """The colours of the newest quarter that is final; None before the first."""
    pointer = release_pointer.c
    newest = (
        select(pointer.release_id, pointer.period)
        .join(dim_quarter, dim_quarter.c.quarter == pointer.period)
        .where(
            pointer.jurisdiction == jurisdiction,
            pointer.framework_code == framework,
            pointer.kind == "final",
            pointer.period.like("%Q%"),
        )
        .order_by(dim_quarter.c.last_day.desc())
        .limit(1)
    )
    row = connection.execute(newest).first()
    if row is None:
        return None
    query = select(fct_unit_score.c.unit_code, fct_unit_score.c.colour).where(
        fct_unit_score.c.release_id == row.release_id, fct_unit_score.c.quarter == row.period
    )
    return FinalColours(row.release_id, row.period, {row[0]: row[1] for row in connection.execute(query)})


def recolour(
    connection: Connection,
    site: Site,
    jurisdiction: str,
    framework: str,
    items: Sequence[Known],
    *,
    at: datetime,
    day: date,
    actor: str,
    units: Collection[str] | None = None,
    item_id: int = 0,
) -> dict[str, tuple[str, str]]:
    """Store what now stands for units whose colour, its cause or its period changed.

    Args:
        connection: a transaction that writes.
        site: the site.
        jurisdiction: the area.
        framework: the framework.
        items: all its items in the area, as they stand on `day`.
        at: the moment, with a zone.
        day: the local day.
        actor: who acted.
        units: only these; all of the release by default.
        item_id: the item that caused it.

    Returns:
        unit → (colour before, '' for none; colour now), where the colour itself changed.
    """
    final = final_colours(connection, jurisdiction, framework)
    if final is None:
        return {}
    rules = loop_of(site, framework).rectification
    before = stored.colours_of(connection, jurisdiction, framework)
    outcomes: dict[str, list[ItemOutcome]] = {}
    for one in items:
        if one.row.kind == "individual" and one.standing.code != "cancelled":
            outcomes.setdefault(one.row.unit_code, []).append(_outcome(one))
    changed = {}
    for unit, released in sorted(final.colours.items()):
        if not released or (units is not None and unit not in units):
            continue
        stood = before.get(unit)
        past = StandingColour(stood.colour, stood.cause, stood.period) if stood else None  # type: ignore[arg-type]
        now = standing_colour(released, final.period, past, outcomes.get(unit, ()), rules)  # type: ignore[arg-type]
        if now == past:
            continue
        stored.add_colour(
            connection,
            jurisdiction=jurisdiction,
            framework_code=framework,
            unit_code=unit,
            colour=now.colour,
            cause=now.cause,
            period=now.period,
            release_id=final.release_id,
            item_id=item_id,
            since=day.isoformat(),
            at=at,
            actor=actor,
        )
        if stood is None or stood.colour != now.colour:
            changed[unit] = (stood.colour if stood else "", str(now.colour))
    return changed


def replaced(items: Sequence[Known], changed: Known) -> list[Known]:
    """The items with one of them as it stands now."""
    return [changed if one.row.item_id == changed.row.item_id else one for one in items]


def stored_event(connection: Connection, event: EventRow) -> EventRow:
    """Store a record; the same with its number."""
    return replace(event, event_id=stored.add_event(connection, event))


def _outcome(one: Known) -> ItemOutcome:
    return ItemOutcome(
        period=one.row.period,
        unresolved=not one.standing.resolved,
        verified=one.standing.code == "verified",
        late=one.standing.overdue_recorded and not one.standing.resolved,
    )


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
