"""Reading releases: which one stands, which stood at a moment, and its figures as frames."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pandas as pd
from sqlalchemy import JSON, Connection, Row, cast, select

from include.warehouse.errors import UnknownRelease
from include.warehouse.releases.draft import ReleaseKey
from include.warehouse.releases.leases import is_key
from include.warehouse.tables import (
    AS_FLOAT,
    FACTS,
    Figure,
    dim_group,
    dim_indicator,
    release,
    release_input,
    release_pointer,
    release_status,
)


@dataclass(frozen=True)
class Release:
    """One revision as it was published."""

    release_id: int
    jurisdiction: str
    framework_code: str
    framework_version: str
    framework_key: int
    period: str
    revision: int
    input_digest: str
    code_digest: str
    result_digest: str
    reason: str
    approved_by: str
    created_at: datetime
    fencing_token: int
    register_import_id: int
    incomplete: bool
    missing_feeds: tuple[str, ...]

    @property
    def key(self) -> ReleaseKey:
        """What it is a release of."""
        return ReleaseKey(self.jurisdiction, self.framework_code, self.period)


def current(
    connection: Connection, key: ReleaseKey, *, kind: Literal["current", "final"] = "current"
) -> Release | None:
    """The revision the pointer `kind` shows, if any."""
    query = (
        select(release)
        .join(release_pointer, release_pointer.c.release_id == release.c.release_id)
        .where(is_key(release_pointer, key), release_pointer.c.kind == kind)
    )
    row = connection.execute(query).first()
    return _release(row) if row else None


def as_of(connection: Connection, key: ReleaseKey, at: datetime) -> Release | None:
    """The revision that stood at a moment: the latest then published and not withdrawn by then."""
    gone = select(release_status.c.release_id).where(
        release_status.c.status == "withdrawn", release_status.c.at <= at
    )
    query = (
        select(release)
        .where(is_key(release, key), release.c.created_at <= at, release.c.release_id.not_in(gone))
        .order_by(release.c.revision.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return _release(row) if row else None


def get(connection: Connection, release_id: int) -> Release:
    """One revision; raises UnknownRelease."""
    row = connection.execute(select(release).where(release.c.release_id == release_id)).first()
    if row is None:
        raise UnknownRelease(f"没有发布号 {release_id}。", f"There is no release {release_id}.")
    return _release(row)


def revisions(connection: Connection, key: ReleaseKey) -> list[Release]:
    """All revisions of a key, oldest first."""
    query = select(release).where(is_key(release, key)).order_by(release.c.revision)
    return [_release(row) for row in connection.execute(query)]


def latest_status(connection: Connection, release_id: int) -> str:
    """The status of a release; empty if there is no such release."""
    query = select(release_status.c.status).where(release_status.c.release_id == release_id)
    return connection.scalar(query.order_by(release_status.c.status_id.desc()).limit(1)) or ""


def read_inputs(connection: Connection, release_id: int) -> pd.DataFrame:
    """What a release depends on: columns of release_input, in its order."""
    query = select(release_input).where(release_input.c.release_id == release_id)
    rows = connection.execute(query.order_by(release_input.c.position)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=list(release_input.columns.keys()))


def read_facts(connection: Connection, release_id: int, name: str) -> pd.DataFrame:
    """One fact table of a release: columns as stored without release_id and jurisdiction, in key order.

    Figures come as float64 (exact: they were quantised before storing), NaN where the state says no value.
    """
    table = FACTS[name]
    shown = [column for column in table.columns if column.name not in ("release_id", "jurisdiction")]
    figures = [column.name for column in shown if isinstance(column.type, Figure)]
    query = select(
        *(cast(column, AS_FLOAT).label(column.name) if column.name in figures else column for column in shown)
    ).where(table.c.release_id == release_id)
    rows = connection.execute(query).all()
    names = [column.name for column in shown]
    frame = pd.DataFrame([tuple(row) for row in rows], columns=names)
    frame = frame.astype(dict.fromkeys(figures, "float64"))
    plain = [column.name for column in table.primary_key if column.name in names]
    plain = [name for name in plain if not isinstance(table.c[name].type, JSON)]
    # Sorted here, since the two backends order Chinese text differently.
    return frame.sort_values(plain, ignore_index=True)


def read_indicators(connection: Connection, framework_key: int) -> pd.DataFrame:
    """The indicators of a framework as a release used it: columns of dim_indicator, in its order."""
    query = select(dim_indicator).where(dim_indicator.c.framework_key == framework_key)
    rows = connection.execute(query.order_by(dim_indicator.c.position)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=list(dim_indicator.columns.keys()))


def group_titles(connection: Connection, framework_key: int) -> dict[str, str]:
    """Chinese titles of the groups and indicators of a framework as a release used it, by code."""
    found: dict[str, str] = {}
    for table, code in ((dim_indicator, "indicator_code"), (dim_group, "group_code")):
        query = select(table.c[code], table.c.title_zh).where(table.c.framework_key == framework_key)
        found |= {str(row[0]): str(row[1]) for row in connection.execute(query)}
    return found


def _release(row: Row[Any]) -> Release:
    values = dict(row._mapping)
    return Release(**{**values, "missing_feeds": tuple(values["missing_feeds"])})
