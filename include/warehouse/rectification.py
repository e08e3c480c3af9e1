"""Rectification as it is stored: items, records about them, how they stand, standing colours; never changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select

from include.warehouse import bulk
from include.warehouse.tables import (
    follow_up_day,
    rectification_event,
    rectification_item,
    rectification_standing,
    standing_colour,
)


@dataclass(frozen=True)
class ItemRow:
    """One item as it was opened; `item_id` 0 before it is stored."""

    item_id: int
    jurisdiction: str
    framework_code: str
    period: str
    release_id: int
    review_id: int
    kind: str
    unit_code: str
    rule_code: str
    target: str
    colour: str
    problem_zh: str
    goal_zh: str
    required_action_zh: str
    post: str
    clock: str
    term_days: int
    term_kind: str
    extension_days: int
    opened_on: str
    due_on: str
    due_provisional: bool
    opened_at: datetime
    opened_by: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the item is about, within its jurisdiction, framework and period."""
        return self.kind, self.unit_code, self.rule_code, self.target


@dataclass(frozen=True)
class EventRow:
    """One record about an item; `event_id` 0 before it is stored."""

    event_id: int
    item_id: int
    jurisdiction: str
    kind: str
    at: datetime
    day: str
    actor: str
    role: str = ""
    reason: str = ""
    days: int = 0
    false_report: bool = False
    quality: Mapping[str, float] = field(default_factory=dict)
    surveyed: int = 0
    satisfied: int = 0
    campaign: str = ""
    evidence_sha256: str = ""


@dataclass(frozen=True)
class StandingRow:
    """How an item stands, without when that was found."""

    item_id: int
    jurisdiction: str
    state: str
    due_on: str
    due_provisional: bool
    round: int
    reported_on: str
    verified_on: str
    late: bool
    report_late_days: int
    extended_days: int
    asked_days: int
    quality_points: Decimal | None
    surveyed: int
    satisfied: int
    refusals: int
    false_reports: int
    referred: bool


@dataclass(frozen=True)
class ColourRow:
    """The colour of a unit that stands, and since when."""

    unit_code: str
    colour: str
    cause: str
    period: str
    since: date


_SHOWN = [
    column for column in rectification_standing.columns if column.name not in ("standing_id", "day", "at")
]


def items_of(
    connection: Connection,
    jurisdiction: str,
    *,
    framework: str = "",
    period: str = "",
    unit: str = "",
    item_ids: Collection[int] | None = None,
) -> list[ItemRow]:
    """The items of an area, of one framework, period or unit where given, the oldest first."""
    found = select(rectification_item).where(rectification_item.c.jurisdiction == jurisdiction)
    for column, value in (("framework_code", framework), ("period", period), ("unit_code", unit)):
        found = found.where(rectification_item.c[column] == value) if value else found
    if item_ids is not None:
        found = found.where(rectification_item.c.item_id.in_(item_ids))
    return [
        ItemRow(**row._mapping) for row in connection.execute(found.order_by(rectification_item.c.item_id))
    ]


def get_item(connection: Connection, item_id: int) -> ItemRow | None:
    """One item, if there is such a one."""
    row = connection.execute(
        select(rectification_item).where(rectification_item.c.item_id == item_id)
    ).first()
    return ItemRow(**row._mapping) if row else None


def add_item(connection: Connection, item: ItemRow) -> int:
    """Store a new item and return its number."""
    return _added(connection, rectification_item, item, "item_id")


def events_of(
    connection: Connection, jurisdiction: str, item_ids: Collection[int] | None = None
) -> dict[int, list[EventRow]]:
    """Records by item, the oldest first; of an area, or of some of its items."""
    query = select(rectification_event).where(rectification_event.c.jurisdiction == jurisdiction)
    if item_ids is not None:
        query = query.where(rectification_event.c.item_id.in_(item_ids))
    found: dict[int, list[EventRow]] = defaultdict(list)
    for row in connection.execute(query.order_by(rectification_event.c.event_id)):
        found[row.item_id].append(EventRow(**row._mapping))
    return dict(found)


def add_event(connection: Connection, event: EventRow) -> int:
    """Store a record and return its number."""
    return _added(connection, rectification_event, event, "event_id")


def standings_of(
    connection: Connection, jurisdiction: str, item_ids: Collection[int] | None = None
) -> dict[int, StandingRow]:
    """How each item was last found to stand."""
    table = rectification_standing
    query = select(*_SHOWN).where(
        table.c.standing_id.in_(_latest(table, "standing_id", jurisdiction, "item_id"))
    )
    if item_ids is not None:
        query = query.where(table.c.item_id.in_(item_ids))
    return {row.item_id: StandingRow(**row._mapping) for row in connection.execute(query)}


def add_standing(connection: Connection, standing: StandingRow, *, at: datetime, day: date) -> None:
    """Store how an item stands from now on."""
    values = {**vars(standing), "at": at, "day": day.isoformat()}
    connection.execute(rectification_standing.insert().values(**values))


def colours_of(connection: Connection, jurisdiction: str, framework: str) -> dict[str, ColourRow]:
    """The colour of each unit that stands."""
    table = standing_colour
    names = ("unit_code", "colour", "cause", "period", "since")
    latest = _latest(table, "colour_id", jurisdiction, "framework_code", "unit_code")
    query = select(*(table.c[name] for name in names)).where(
        table.c.colour_id.in_(latest), table.c.framework_code == framework
    )
    return {
        row.unit_code: ColourRow(**{**row._mapping, "since": date.fromisoformat(row.since)})
        for row in connection.execute(query)
    }


def add_colour(connection: Connection, **values: Any) -> None:
    """Store the colour of a unit that stands from now on; columns of standing_colour without its number."""
    connection.execute(standing_colour.insert().values(**values))


def followed_up(connection: Connection, jurisdiction: str, day: date) -> bool:
    """Whether the daily follow-up of an area has been done."""
    query = select(follow_up_day.c.day_id).where(
        follow_up_day.c.jurisdiction == jurisdiction, follow_up_day.c.day == day.isoformat()
    )
    return connection.scalar(query) is not None


def add_follow_up(
    connection: Connection, jurisdiction: str, *, day: date, at: datetime, counts: Mapping[str, int]
) -> None:
    """Record that an area was followed up on a day."""
    connection.execute(
        follow_up_day.insert().values(
            jurisdiction=jurisdiction, day=day.isoformat(), at=at, counts=dict(counts)
        )
    )


def _latest(table: Table, number: str, jurisdiction: str, *grain: str) -> Select[Any]:
    query = select(func.max(table.c[number])).where(table.c.jurisdiction == jurisdiction)
    return query.group_by(*(table.c[name] for name in grain))


def _added(connection: Connection, table: Table, row: Any, key: str) -> int:
    values = {name: value for name, value in vars(row).items() if name != key}
    return bulk.add(connection, table, **values)
