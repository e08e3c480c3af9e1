"""Publicity: where a pack asks for it, a final release is on show for a declared term before documents go out.

The term runs on the working-day calendar. Past the calendar's coverage its end is provisional, and a provisional end
never lets anything go out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, Row, select

from include.pipeline.access import authorise
from include.pipeline.terms import due_of
from include.reviews.loop import loop_of
from include.site import Site
from include.warehouse import audit, bulk, releases
from include.warehouse.errors import WarehouseError
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.store import lock, open_warehouse, reading, writing
from include.warehouse.tables import publicity

State = Literal["not_asked", "not_opened", "running", "provisional", "over"]


class PublicityRefused(WarehouseError):
    """A period on show cannot begin."""


class OnShow(WarehouseError):
    """The next step has to wait until the period on show is over."""


@dataclass(frozen=True)
class Publicity:
    """Where the period on show of a release stands on a day."""

    state: State
    starts_on: date | None = None
    ends_on: date | None = None
    place: str = ""

    @property
    def blocks(self) -> bool:
        """Whether documents have to wait."""
        return self.state in ("not_opened", "running", "provisional")


def open_publicity(
    site: Site, key: ReleaseKey, *, starts_on: date, account: str, now: datetime, place: str = ""
) -> Publicity:
    """Record that the final release of a period is on show from `starts_on`, the local day that is not counted.

    Raises:
        include.pipeline.access.NotAllowed: the account may not do so here.
        PublicityRefused: the pack asks for none, nothing is final, it is on show already, or the day is to come.
    """
    role = authorise(site, account, "open_publicity", jurisdiction=key.jurisdiction)
    asked = loop_of(site, key.framework_code).publicity
    if asked is None:
        raise PublicityRefused(
            f"指标体系 [{key.framework_code}] 未要求公示(见 loop.yaml)。",
            f"Framework [{key.framework_code}] asks for no publicity (see its loop.yaml).",
        )
    if starts_on > now.astimezone(site.zone).date():
        raise PublicityRefused(f"公示日 {starts_on} 尚未到。", f"The day {starts_on} has not come yet.")
    due = due_of(site, asked.term, starts_on)
    with writing(open_warehouse(site.warehouse_url)) as connection:
        lock(connection, "review", str(key))
        release = releases.current(connection, key, kind="final")
        if release is None:
            raise PublicityRefused(f"[{key}] 尚未定稿。", f"[{key}] has no final release yet.")
        if (known := _row(connection, release)) is not None:
            raise PublicityRefused(
                f"[{key}] 已自 {known.starts_on} 起公示。", f"[{key}] is on show since {known.starts_on}."
            )
        publicity_id = bulk.add(
            connection,
            publicity,
            release_id=release.release_id,
            **vars(key),
            clock=asked.term.clock or f"{asked.term.days} {asked.term.kind}",
            starts_on=starts_on.isoformat(),
            ends_on=due.on.isoformat(),
            provisional=due.provisional,
            opened_at=now,
            opened_by=account,
            place=place or asked.place.zh,
        )
        audit.append(
            connection,
            jurisdiction=key.jurisdiction,
            at=now,
            actor=account,
            role=role,
            action="publicity.open",
            subject=f"publicity/{publicity_id}",
            after_digest=release.result_digest,
            detail={"release_id": release.release_id, "starts_on": f"{starts_on}", "ends_on": f"{due.on}"},
        )
    return publicity_of(site, key, now=now)


def publicity_of(site: Site, key: ReleaseKey, *, now: datetime) -> Publicity:
    """Where the publicity of a period's final release stands now."""
    asked = loop_of(site, key.framework_code).publicity
    if asked is None:
        return Publicity("not_asked")
    with reading(open_warehouse(site.warehouse_url)) as connection:
        release = releases.current(connection, key, kind="final")
        row = _row(connection, release) if release is not None else None
    if row is None:
        return Publicity("not_opened")
    starts_on = date.fromisoformat(row.starts_on)
    # Counted anew: the calendar may have arrived since.
    due = due_of(site, asked.term, starts_on)
    today = now.astimezone(site.zone).date()
    state: State = "running" if today <= due.on else "provisional" if due.provisional else "over"
    return Publicity(state, starts_on, due.on, row.place)


def check_shown(site: Site, key: ReleaseKey, *, now: datetime) -> None:
    """Raise OnShow while the publicity that the pack asks for is not over."""
    found = publicity_of(site, key, now=now)
    if found.blocks:
        zh = {
            "not_opened": "尚未公示,请先登记公示(mingjing publicity open)",
            "running": f"公示至 {found.ends_on},期满后再办",
            "provisional": f"公示暂定至 {found.ends_on},放假安排尚未公布到该日,不能视为期满",
        }[found.state]
        en = {
            "not_opened": "it is not on show yet: mingjing publicity open",
            "running": f"it is on show until {found.ends_on}",
            "provisional": f"its last day {found.ends_on} is provisional, the calendar does not reach it",
        }[found.state]
        raise OnShow(f"[{key}] {zh}。", f"[{key}] has to wait: {en}.")


def _row(connection: Connection, release: Release) -> Row | None:
    return connection.execute(select(publicity).where(publicity.c.release_id == release.release_id)).first()
