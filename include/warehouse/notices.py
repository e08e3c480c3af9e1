"""Documents as they are issued: one row each, never changed; what becomes of one is a status added to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from include.warehouse import audit, bulk
from include.warehouse.releases.draft import ReleaseKey
from include.warehouse.tables import notice, notice_status, release

STANDING = ("issued", "answered")
"""Statuses in which a document is in force."""


@dataclass(frozen=True)
class Notice:
    """One document with the status that counts now."""

    notice_id: int
    release_id: int
    jurisdiction: str
    framework_code: str
    period: str
    review_id: int
    unit_code: str
    kind: str
    number: str
    title: str
    file_name: str
    sha256: str
    size_bytes: int
    purpose: str
    recipients: dict[str, list[str]]
    answer_by: str
    answer_by_provisional: bool
    template_digest: str
    audit_head: str
    manifest_sha256: str
    issued_at: datetime
    issued_by: str
    revision: int
    status: str
    status_at: datetime
    status_by: str
    status_reason: str

    @property
    def stands(self) -> bool:
        """Whether it is in force."""
        return self.status in STANDING


_latest = (
    select(notice_status.c.notice_id, func.max(notice_status.c.status_id).label("status_id"))
    .group_by(notice_status.c.notice_id)
    .subquery()
)
_QUERY = (
    select(
        *notice.columns,
        release.c.revision,
        notice_status.c.status,
        notice_status.c.at.label("status_at"),
        notice_status.c.actor.label("status_by"),
        notice_status.c.reason.label("status_reason"),
    )
    .join(release, release.c.release_id == notice.c.release_id)
    .join(_latest, _latest.c.notice_id == notice.c.notice_id)
    .join(notice_status, notice_status.c.status_id == _latest.c.status_id)
    .order_by(notice.c.notice_id)
)


def notices_of(connection: Connection, key: ReleaseKey) -> list[Notice]:
    """Every document issued on any release of a period, in the order of issue; withdrawn ones too."""
    query = _QUERY.where(
        release.c.jurisdiction == key.jurisdiction,
        release.c.framework_code == key.framework_code,
        release.c.period == key.period,
    )
    return [_notice(row) for row in connection.execute(query)]


def get_notice(connection: Connection, notice_id: int) -> Notice | None:
    """One document by its number."""
    row = connection.execute(_QUERY.where(notice.c.notice_id == notice_id)).first()
    return _notice(row) if row else None


def find_notices(connection: Connection, sha256: str) -> list[Notice]:
    """The documents with these bytes, the newest last."""
    return [_notice(row) for row in connection.execute(_QUERY.where(notice.c.sha256 == sha256))]


def last_numbers(connection: Connection, jurisdiction: str, marks: Iterable[str]) -> dict[str, int]:
    """By beginning of a number such as `明研预〔2026〕`, the last one given; 0 where there is none."""
    known = connection.scalars(
        select(notice.c.number).where(notice.c.jurisdiction == jurisdiction, notice.c.number != "")
    ).all()
    found = dict.fromkeys(marks, 0)
    for number in known:
        mark, _, rest = number.rpartition("〕")
        mark = f"{mark}〕"
        if mark in found:
            found[mark] = max(found[mark], int(rest.removesuffix("号")))
    return found


def add_notices(connection: Connection, rows: list[dict[str, Any]], *, actor: str, at: datetime) -> list[int]:
    """Store documents, each issued at once; return their numbers. The caller writes the audit entry."""
    made = []
    for row in rows:
        notice_id = bulk.add(connection, notice, **row)
        add_status(connection, notice_id, row["jurisdiction"], "issued", actor=actor, at=at)
        made.append(notice_id)
    return made


def add_status(
    connection: Connection,
    notice_id: int,
    jurisdiction: str,
    status: str,
    *,
    actor: str,
    at: datetime,
    reason: str = "",
) -> None:
    """Say what became of a document; what was said before stays."""
    bulk.add(
        connection,
        notice_status,
        notice_id=notice_id,
        jurisdiction=jurisdiction,
        status=status,
        at=at,
        actor=actor,
        reason=reason,
    )


def trace(
    connection: Connection,
    jurisdiction: str,
    action: str,
    subject: str,
    *,
    actor: str,
    role: str,
    at: datetime,
    **more: Any,
) -> audit.Head:
    """The audit entry of an act on documents."""
    return audit.append(
        connection,
        jurisdiction=jurisdiction,
        at=at,
        actor=actor,
        role=role,
        action=action,
        subject=subject,
        **more,
    )


def _notice(row: Row) -> Notice:
    return Notice(**row._mapping)
