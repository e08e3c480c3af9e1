"""Objections as they are stored: registered, decided, and what a revision changed because of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from include.warehouse import audit, bulk
from include.warehouse.releases.draft import ReleaseKey
from include.warehouse.tables import fct_unit_score, objection, objection_decision, objection_effect

UPHELD = ("upheld", "partly_upheld")


@dataclass(frozen=True)
class Objection:
    """One objection and where it stands; `outcome` is '' while nobody has decided."""

    objection_id: int
    release_id: int
    jurisdiction: str
    framework_code: str
    period: str
    notice_id: int
    unit_code: str
    target: str
    claim: str
    evidence_sha256: str
    filed_on: str
    due_on: str
    due_provisional: bool
    registered_at: datetime
    registered_by: str
    outcome: str = ""
    corrections: tuple[str, ...] = ()
    reason: str = ""
    decided_by: str = ""

    @property
    def key(self) -> ReleaseKey:
        """The period that it is about."""
        return ReleaseKey(self.jurisdiction, self.framework_code, self.period)

    @property
    def due_day(self) -> date:
        """The last day to decide."""
        return date.fromisoformat(self.due_on)


_DECIDED = objection_decision.c
_QUERY = select(
    *objection.columns,
    func.coalesce(_DECIDED.outcome, "").label("outcome"),
    _DECIDED.corrections,
    func.coalesce(_DECIDED.reason, "").label("reason"),
    func.coalesce(_DECIDED.decided_by, "").label("decided_by"),
).outerjoin(objection_decision, _DECIDED.objection_id == objection.c.objection_id)


def get_objection(connection: Connection, objection_id: int) -> Objection | None:
    """One objection, if there is such a one."""
    row = connection.execute(_QUERY.where(objection.c.objection_id == objection_id)).first()
    return _objection(row) if row else None


def objections_of(
    connection: Connection, jurisdiction: str, *, key: ReleaseKey | None = None
) -> list[Objection]:
    """The objections of an area, or of one period of it, in the order in which they came."""
    query = _QUERY.where(objection.c.jurisdiction == jurisdiction)
    if key is not None:
        query = query.where(
            objection.c.framework_code == key.framework_code, objection.c.period == key.period
        )
    return [_objection(row) for row in connection.execute(query.order_by(objection.c.objection_id))]


def waiting(connection: Connection, key: ReleaseKey) -> list[Objection]:
    """Upheld objections of a period that no revision has followed yet."""
    done = set(connection.scalars(select(objection_effect.c.objection_id)))
    found = objections_of(connection, key.jurisdiction, key=key)
    return [one for one in found if one.outcome in UPHELD and one.objection_id not in done]


def add_objection(connection: Connection, made: dict[str, Any], *, role: str) -> int:
    """Register one objection with its audit entry; return its number."""
    objection_id = bulk.add(connection, objection, **made)
    audit.append(
        connection,
        jurisdiction=made["jurisdiction"],
        at=made["registered_at"],
        actor=made["registered_by"],
        role=role,
        action="objection.register",
        subject=f"objection/{objection_id}",
        after_digest=made["evidence_sha256"],
        detail={
            name: made[name]
            for name in ("release_id", "unit_code", "target", "notice_id", "filed_on", "due_on")
        },
    )
    return objection_id


def add_decision(
    connection: Connection,
    made: Objection,
    *,
    outcome: str,
    corrections: list[str],
    reason: str,
    actor: str,
    role: str,
    at: datetime,
) -> None:
    """Store what was decided, with its audit entry."""
    connection.execute(
        objection_decision.insert().values(
            objection_id=made.objection_id,
            jurisdiction=made.jurisdiction,
            outcome=outcome,
            corrections=corrections,
            reason=reason,
            decided_at=at,
            decided_by=actor,
            role=role,
        )
    )
    audit.append(
        connection,
        jurisdiction=made.jurisdiction,
        at=at,
        actor=actor,
        role=role,
        action=f"objection.{outcome}",
        subject=f"objection/{made.objection_id}",
        reason=reason,
        detail={"corrections": corrections, "release_id": made.release_id},
    )


def add_effects(
    connection: Connection, key: ReleaseKey, release_id: int, corrections: set[str], *, at: datetime
) -> int:
    """Record what the revision `release_id` changed for upheld objections whose corrections it rests on.

    Args:
        connection: a transaction that may write.
        key: the period.
        release_id: its newest revision.
        corrections: ids of the corrections that were applied in its inputs.
        at: the moment.

    Returns:
        How many were added; an objection has its effect once.
    """
    added = 0
    for one in waiting(connection, key):
        if one.release_id == release_id or not set(one.corrections) <= corrections:
            continue
        before, after = (_score(connection, number, one.unit_code) for number in (one.release_id, release_id))
        connection.execute(
            objection_effect.insert().values(
                objection_id=one.objection_id,
                release_id=release_id,
                jurisdiction=key.jurisdiction,
                unit_code=one.unit_code,
                published_before=before[0],
                published_after=after[0],
                colour_before=before[1],
                colour_after=after[1],
                rank_before=before[2],
                rank_after=after[2],
                recorded_at=at,
            )
        )
        added += 1
    return added


def _score(connection: Connection, release_id: int, unit_code: str) -> tuple[str, str, int]:
    """Published index as decimal text ('' for none), colour and rank (0 for none) of a unit."""
    score = fct_unit_score.c
    query = select(score.published, score.colour, score.rank)
    row = connection.execute(
        query.where(score.release_id == release_id, score.unit_code == unit_code)
    ).first()
    if row is None:
        return "", "", 0
    return "" if row.published is None else f"{row.published.normalize():f}", row.colour, row.rank or 0


def _objection(row: Row) -> Objection:
    values = dict(row._mapping)
    return Objection(**{**values, "corrections": tuple(values["corrections"] or ())})
