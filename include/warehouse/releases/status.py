"""The life of a release after publishing: final, withdrawn; statuses are added, pointers move."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from include.warehouse import audit
from include.warehouse.errors import UnknownRelease
from include.warehouse.releases.leases import is_key, lock_release
from include.warehouse.releases.reading import Release, current, get, latest_status
from include.warehouse.reviews import end_reviews_of
from include.warehouse.store import writing
from include.warehouse.tables import release_pointer, release_status


def finalise(engine: Engine, release_id: int, *, actor: str, at: datetime, reason: str = "") -> None:
    """Make the current provisional revision final; the final one before it, if any, is superseded.

    Doing it again changes nothing. Raises UnknownRelease for a release that is not the current revision of
    its key or not provisional.
    """
    with writing(engine) as connection:
        finalise_in(connection, release_id, actor=actor, at=at, reason=reason)


def finalise_in(
    connection: Connection, release_id: int, *, actor: str, at: datetime, reason: str = ""
) -> None:
    """As `finalise`, inside the caller's transaction."""
    made = _locked(connection, release_id)
    status = latest_status(connection, release_id)
    if status == "final":
        return
    standing = current(connection, made.key)
    if status != "provisional" or standing is None or standing.release_id != release_id:
        raise UnknownRelease(
            f"[{made.key}] 第 {made.revision} 次修订不是现行暂定发布,不能定稿。",
            f"[{made.key}] Revision {made.revision} is not the current provisional one; "
            "it cannot become final.",
        )
    before = current(connection, made.key, kind="final")
    if before is not None:
        add_status(connection, before, "superseded", at=at, actor=actor, reason=reason)
    add_status(connection, made, "final", at=at, actor=actor, reason=reason)
    move_pointer(connection, made, "final")
    _trace(connection, made, "release.finalise", at=at, actor=actor, reason=reason)


def withdraw(engine: Engine, release_id: int, *, actor: str, at: datetime, reason: str) -> None:
    """Withdraw a release: no pointer shows it any more, and no earlier one takes its place by itself.

    Its figures stay stored. Doing it again changes nothing. Raises UnknownRelease for an unknown one.
    """
    with writing(engine) as connection:
        made = _locked(connection, release_id)
        if latest_status(connection, release_id) == "withdrawn":
            return
        add_status(connection, made, "withdrawn", at=at, actor=actor, reason=reason)
        end_reviews_of(connection, release_id, "withdrawn", actor=actor, at=at, reason=reason)
        connection.execute(release_pointer.delete().where(release_pointer.c.release_id == release_id))
        _trace(connection, made, "release.withdraw", at=at, actor=actor, reason=reason)


def add_status(
    connection: Connection, made: Release, status: str, *, at: datetime, actor: str, reason: str
) -> None:
    """Add one entry to the history of a release."""
    connection.execute(
        release_status.insert().values(
            release_id=made.release_id,
            jurisdiction=made.jurisdiction,
            status=status,
            at=at,
            actor=actor,
            reason=reason,
        )
    )


def move_pointer(connection: Connection, made: Release, kind: str) -> None:
    """Let readers of pointer `kind` see this release."""
    where = is_key(release_pointer, made.key) & (release_pointer.c.kind == kind)
    moved = connection.execute(release_pointer.update().where(where).values(release_id=made.release_id))
    if moved.rowcount == 0:
        connection.execute(
            release_pointer.insert().values(**vars(made.key), kind=kind, release_id=made.release_id)
        )


def _locked(connection: Connection, release_id: int) -> Release:
    made = get(connection, release_id)
    lock_release(connection, made.key)
    return made


def _trace(
    connection: Connection, made: Release, action: str, *, at: datetime, actor: str, reason: str
) -> None:
    audit.append(
        connection,
        jurisdiction=made.jurisdiction,
        at=at,
        actor=actor,
        action=action,
        subject=f"{made.key}/r{made.revision}",
        after_digest=made.result_digest,
        reason=reason,
        code_version=made.code_digest,
    )
