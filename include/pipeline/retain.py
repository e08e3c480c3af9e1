"""Delete what has lain its time: landed files and returned workbooks; a tombstone stays for each."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from include.pipeline.catalogue import contract_of, packs_of
from include.pipeline.vault import landing_of
from include.quarters import Quarter
from include.site import Site
from include.warehouse import releases
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import open_warehouse, reading, writing
from include.warehouse.vault import Tombstone, record_tombstones

_LATEST = text(
    "select d.feed, d.sha256, d.bytes, d.landed_at, v.verdict_id, v.verdict, coalesce(b.landed, 0) as landed "
    "from delivery d left join delivery_verdict v on v.verdict_id = "
    "(select max(verdict_id) from delivery_verdict w where w.delivery_id = d.delivery_id) "
    "left join row_balance b on b.verdict_id = v.verdict_id where d.jurisdiction = :jurisdiction"
)
_QUARTERS = text("select verdict_id, quarter from staged_file where jurisdiction = :jurisdiction")


@dataclass(frozen=True)
class Due:
    """One file whose time is over."""

    stone: Tombstone
    path: Any


def retain(site: Site, *, now: datetime, dry_run: bool = False) -> list[Tombstone]:
    """Delete what is due by the site's `retention`; return what stands for it, in order.

    A landed file is due once the last delivery of its bytes has lain `raw_years`, every delivery of them was judged,
    and every quarter that may read its rows is released under all frameworks. A returned workbook is due after
    `returns_days`. Tombstones are committed before anything goes, so a run that was cut off is repeated safely.

    Args:
        site: the site.
        now: the moment, with a time zone.
        dry_run: list, delete nothing.
    """
    engine = open_warehouse(site.warehouse_url)
    with reading(engine) as connection:
        due = [
            one
            for jurisdiction in site.jurisdictions
            for one in (
                *_landed(connection, site, jurisdiction, now),
                *_returned(site, jurisdiction, now),
            )
        ]
    if due and not dry_run:
        with writing(engine) as connection:
            record_tombstones(connection, [one.stone for one in due])
        for one in due:
            one.path.unlink(missing_ok=True)
    return [one.stone for one in due]


def _landed(connection: Connection, site: Site, jurisdiction: str, now: datetime) -> Iterator[Due]:
    local = now.astimezone(site.zone)
    years = site.settings.retention.raw_years
    limit = local.replace(year=local.year - years, day=min(local.day, 28))
    quarters: dict[int, set[Quarter]] = defaultdict(set)
    for verdict_id, quarter in connection.execute(_QUARTERS, {"jurisdiction": jurisdiction}):
        quarters[verdict_id].add(Quarter.parse(quarter))
    files: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in connection.execute(_LATEST, {"jurisdiction": jurisdiction}):
        files[row.feed, row.sha256].append(row)
    released: dict[Quarter, bool] = {}
    for (feed, sha256), rows in sorted(files.items()):
        last = max(_moment(row.landed_at) for row in rows)
        if last > limit or any(row.verdict is None for row in rows) or feed not in site.feeds:
            continue
        path = landing_of(site, jurisdiction, feed) / sha256
        if not path.exists():
            continue
        own = {quarter for row in rows for quarter in quarters[row.verdict_id]}
        back = contract_of(site, feed).time.lookback_quarters
        readers = {quarter.shift(ahead) for quarter in own for ahead in range(back + 1)}
        current = Quarter.of(local.date())
        for quarter in readers:
            if quarter not in released:
                released[quarter] = _is_released(connection, site, jurisdiction, quarter, current)
        if all(released[quarter] for quarter in readers):
            counted = max(int(row.landed) for row in rows)
            place = f"{jurisdiction}/vault/landing/{feed}/{sha256}"
            rule = f"raw_years={years}"
            stone = Tombstone(
                jurisdiction, "raw", feed, place, sha256, int(rows[0].bytes), counted, rule, now
            )
            yield Due(stone, path)


def _is_released(
    connection: Connection, site: Site, jurisdiction: str, quarter: Quarter, current: Quarter
) -> bool:
    """Whether nothing of the quarter is still to be published: released everywhere, or before the site's first."""
    if quarter < Quarter.parse(site.settings.first_quarter):
        return True
    if quarter >= current:
        return False
    keys = [
        ReleaseKey(jurisdiction, pack.framework.framework, str(quarter)) for pack in packs_of(site, quarter)
    ]
    return all(releases.current(connection, key) is not None for key in keys)


def _returned(site: Site, jurisdiction: str, now: datetime) -> Iterator[Due]:
    days = site.settings.retention.returns_days
    folder = site.lake / jurisdiction / "returns"
    limit = (now - timedelta(days=days)).timestamp()
    for path in sorted(folder.rglob("*"), key=str) if folder.exists() else []:
        if not path.is_file():
            continue
        written = float(path.stat().st_mtime or 0)
        if 0 < written < limit:  # a store that does not say when keeps what it has
            content = path.read_bytes()
            inside = Path(str(path)).relative_to(str(folder))
            yield Due(
                Tombstone(
                    jurisdiction,
                    "returns",
                    inside.parts[0],
                    f"{jurisdiction}/returns/{inside.as_posix()}",
                    hashlib.sha256(content).hexdigest(),
                    len(content),
                    0,
                    f"returns_days={days}",
                    now,
                ),
                path,
            )


def _moment(value: Any) -> datetime:
    """A moment as either backend's plain SQL gives it."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
