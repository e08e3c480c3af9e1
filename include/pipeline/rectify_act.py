"""One act on one item of rectification: who may, whether it may follow, its record, its trace and its effect."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from include.clocks import WorkingCalendar
from include.feeds.persons import without_persons
from include.pipeline.access import authorise
from include.pipeline.rectify_state import (
    Known,
    clock_event,
    keep_standings,
    known_items,
    recolour,
    replaced,
    stored_event,
    with_record,
)
from include.pipeline.terms import calendar_of
from include.reviews.rectification import Standing, refusal
from include.site import Site
from include.warehouse import audit
from include.warehouse import rectification as stored
from include.warehouse.errors import WarehouseError
from include.warehouse.rectification import EventRow, ItemRow
from include.warehouse.store import lock, open_warehouse, reading, writing


class RectificationRefused(WarehouseError):
    """The act may not follow what came before it, or something needed for it is missing."""


def needed(text: str, zh: str, en: str) -> None:
    """RectificationRefused where a text that has to be there is empty."""
    if not text.strip():
        raise RectificationRefused(f"须写明{zh}。", f"Say {en}.")


def item_of(site: Site, item_id: int) -> ItemRow:
    """An item by its number; RectificationRefused where there is none."""
    with reading(open_warehouse(site.warehouse_url)) as connection:
        found = stored.get_item(connection, item_id)
    if found is None:
        raise RectificationRefused(
            f"没有整改事项 {item_id},请先查看 mingjing rectify list。",
            f"There is no item {item_id}; look at mingjing rectify list.",
        )
    return found


def act(
    site: Site, item_id: int, kind: str, allowed_by: str, account: str, now: datetime, **more: Any
) -> Standing:
    """Do one thing to an item in one transaction; where it stands afterwards.

    Args:
        site: the site.
        item_id: the item.
        kind: what is recorded.
        allowed_by: the act of acts.yaml that lets an account do it.
        account: who does it.
        now: the moment, with a time zone.
        more: further columns of the record.

    Raises:
        include.pipeline.access.NotAllowed: the account has not the role, or not in this area.
        RectificationRefused: there is no such item, or the act may not follow what came before.
    """
    row = item_of(site, item_id)
    role = authorise(site, account, allowed_by, jurisdiction=row.jurisdiction)
    calendar, today = calendar_of(site), now.astimezone(site.zone).date()
    with writing(open_warehouse(site.warehouse_url)) as connection:
        lock(connection, "rectification", row.jurisdiction)
        items = known_items(connection, row.jurisdiction, calendar, today, framework=row.framework_code)
        one = next(each for each in items if each.row.item_id == item_id)
        if kind == "extension_approved":
            more["days"] = more["days"] or one.standing.asked_days
        event = new_event(site, row, kind, account, role, now, **more)
        if said := refusal(one.item, one.standing, clock_event(event)):
            raise RectificationRefused(f"整改事项 {item_id}:{said.zh}", f"Item {item_id}: {said.en}")
        after = record(connection, one, event, calendar)
        effect: dict[str, tuple[str, str]] = {}
        if row.kind == "individual":
            effect = recolour(
                connection, site, row.jurisdiction, row.framework_code, replaced(items, after),
                at=now, day=today, actor=account, units={row.unit_code}, item_id=item_id,
            )  # fmt: skip
        trace(connection, event, after, effect)
    return after.standing


def new_event(
    site: Site, row: ItemRow, kind: str, actor: str, role: str, now: datetime, **more: Any
) -> EventRow:
    """A record of today about an item; what looks like a person's data in its reason is masked."""
    if "reason" in more:
        more["reason"] = without_persons(more["reason"])
    day = now.astimezone(site.zone).date().isoformat()
    return EventRow(0, row.item_id, row.jurisdiction, kind, now, day, actor, role, **more)


def record(connection: Connection, one: Known, event: EventRow, calendar: WorkingCalendar) -> Known:
    """Store a record and how the item stands after it."""
    after = with_record(one, stored_event(connection, event), calendar)
    keep_standings(connection, [after], at=event.at, day=after.today, jurisdiction=event.jurisdiction)
    return after


def trace(connection: Connection, event: EventRow, after: Known, effect: dict[str, tuple[str, str]]) -> None:
    """Write the audit entry of a record: what it was, where the item stands, which colour changed."""
    said = {
        "days": event.days,
        "false_report": event.false_report,
        "quality": dict(event.quality),
        "surveyed": event.surveyed,
        "satisfied": event.satisfied,
        "evidence_sha256": event.evidence_sha256,
        "colours": {unit: list(change) for unit, change in effect.items()},
    }
    audit.append(
        connection,
        jurisdiction=event.jurisdiction,
        at=event.at,
        actor=event.actor,
        role=event.role,
        action=f"rectification.{event.kind}",
        subject=f"rectification/{event.item_id}",
        reason=event.reason,
        detail={"state": after.standing.code, "due_on": after.standing.due.on.isoformat()}
        | {name: value for name, value in said.items() if value},
    )
