"""Opening rectification for a final release, and bringing it in line with a later revision of the same quarter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from include.pipeline.access import authorise
from include.pipeline.publicity import check_shown
from include.pipeline.rectify_plan import planned_items
from include.pipeline.rectify_state import (
    Known,
    keep_standings,
    known,
    known_items,
    recolour,
    stored_event,
    with_record,
)
from include.pipeline.terms import calendar_of
from include.site import Site
from include.warehouse import audit, releases
from include.warehouse import rectification as stored
from include.warehouse.errors import UnknownRelease
from include.warehouse.rectification import EventRow
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.store import lock, open_warehouse, writing


@dataclass(frozen=True)
class Opened:
    """What became of the items of a quarter: their numbers."""

    opened: tuple[int, ...]
    kept: tuple[int, ...]
    cancelled: tuple[int, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was opened or cancelled."""
        return bool(self.opened or self.cancelled)


def open_items(
    site: Site, jurisdiction: str, framework: str, period: str, *, now: datetime, actor: str
) -> Opened:
    """Open an item for every confirmed warning and every common problem of a quarter's final release.

    Opening again changes nothing. Where a later revision has become final, unresolved items whose warning is no
    longer there are cancelled, what is new is opened, and the rest goes on with its clock.

    Raises:
        include.pipeline.access.NotAllowed: the account has not the role, or not in this area.
        UnknownRelease: the quarter is not final.
        include.pipeline.publicity.OnShow: the pack asks for a period on show, and it is not over.
    """
    role = authorise(site, actor, "rectify_open", jurisdiction=jurisdiction)
    key = ReleaseKey(jurisdiction, framework, period)
    check_shown(site, key, now=now)
    calendar, today = calendar_of(site), now.astimezone(site.zone).date()
    with writing(open_warehouse(site.warehouse_url)) as connection:
        lock(connection, "rectification", jurisdiction)
        release = releases.current(connection, key, kind="final")
        if release is None:
            raise UnknownRelease(
                f"[{key}] 尚未定稿,两审通过后才能建立整改事项。",
                f"[{key}] is not final; items are opened once both reviews have confirmed its warnings.",
            )
        planned = planned_items(connection, site, release, now=now, actor=actor)
        standing = [
            one
            for one in known_items(connection, jurisdiction, calendar, today, framework=framework)
            if one.row.period == period and one.standing.code != "cancelled"
        ]
        there = {one.row.key for one in standing}
        wanted = {one.key for one in planned}
        new = [
            known(replace(row, item_id=stored.add_item(connection, row)), (), calendar, today)
            for row in planned
            if row.key not in there
        ]
        gone = [one for one in standing if one.row.key not in wanted and not one.standing.resolved]
        cancelled = [_cancelled(connection, site, one, release, now, actor, role) for one in gone]
        keep_standings(connection, [*new, *cancelled], at=now, day=today, jurisdiction=jurisdiction)
        found = Opened(
            tuple(one.row.item_id for one in new),
            tuple(one.row.item_id for one in standing if one.row.key in wanted),
            tuple(one.row.item_id for one in cancelled),
        )
        recoloured = recolour(
            connection,
            site,
            jurisdiction,
            framework,
            known_items(connection, jurisdiction, calendar, today, framework=framework),
            at=now,
            day=today,
            actor=actor,
        )
        if found.changed or recoloured:
            audit.append(
                connection,
                jurisdiction=jurisdiction,
                at=now,
                actor=actor,
                role=role,
                action="rectification.open",
                subject=f"{key}/r{release.revision}",
                detail={name: list(ids) for name, ids in vars(found).items()} | {"colours": len(recoloured)},
            )
    return found


def _cancelled(
    connection: Connection,
    site: Site,
    one: Known,
    release: Release,
    now: datetime,
    actor: str,
    role: str,
) -> Known:
    event = EventRow(
        event_id=0,
        item_id=one.row.item_id,
        jurisdiction=one.row.jurisdiction,
        kind="cancelled",
        at=now,
        day=now.astimezone(site.zone).date().isoformat(),
        actor=actor,
        role=role,
        reason=f"第 {release.revision} 版定稿后不再有此问题",
    )
    return with_record(one, stored_event(connection, event), calendar_of(site))
