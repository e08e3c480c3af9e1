"""Reading the ledger: what is pending, what counts, what has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select

from include.warehouse.ledger.records import (
    Confirmation,
    Delivery,
    EffectiveVerdict,
    Extract,
    Receipt,
    StagedFile,
)
from include.warehouse.tables import (
    delivery,
    delivery_verdict,
    extract_snapshot,
    hold_confirmation,
    nil_return,
    quarantined_row,
    return_answer,
    row_balance,
    staged_file,
)

_ARRIVAL = (
    delivery.c.landed_at,
    delivery.c.arrived_at,
    delivery.c.file_name,
    delivery.c.sha256,
    delivery.c.delivery_id,
)


def find_delivery_by_sha(
    connection: Connection, *, jurisdiction: str, feed: str, sha256: str
) -> Delivery | None:
    """The first delivery of these bytes to the feed, if any."""
    query = select(delivery).where(
        delivery.c.jurisdiction == jurisdiction, delivery.c.feed == feed, delivery.c.sha256 == sha256
    )
    row = connection.execute(query.order_by(delivery.c.delivery_id).limit(1)).first()
    return _delivery(row) if row else None


def find_delivery(connection: Connection, delivery_id: int) -> Delivery | None:
    """The delivery of that number, if any."""
    row = connection.execute(select(delivery).where(delivery.c.delivery_id == delivery_id)).first()
    return _delivery(row) if row else None


def recorded_arrivals(
    connection: Connection, *, jurisdiction: str, feed: str
) -> set[tuple[str, str, int, datetime]]:
    """Supplier, storable name, bytes and moment of every arrival in the ledger: a file that stays is hashed once."""
    query = select(delivery.c.supplier, delivery.c.file_name, delivery.c.bytes, delivery.c.arrived_at).where(
        delivery.c.jurisdiction == jurisdiction, delivery.c.feed == feed
    )
    return {(supplier, name, size, at) for supplier, name, size, at in connection.execute(query)}


def find_delivery_by_cells(
    connection: Connection, *, jurisdiction: str, feed: str, cell_digest: str
) -> Delivery | None:
    """The first delivery to the feed whose latest verdict saw the same cells, if any."""
    query = (
        select(delivery)
        .join(delivery_verdict, delivery_verdict.c.delivery_id == delivery.c.delivery_id)
        .where(
            delivery.c.jurisdiction == jurisdiction,
            delivery.c.feed == feed,
            delivery_verdict.c.cell_digest == cell_digest,
            delivery_verdict.c.verdict_id.in_(latest_verdicts()),
        )
    )
    row = connection.execute(query.order_by(delivery.c.delivery_id).limit(1)).first()
    return _delivery(row) if row else None


def latest_verdicts(*, as_of: datetime | None = None) -> Select[Any]:
    """Ids of the latest verdict of every delivery, as known at `as_of` (now, if None)."""
    query = select(func.max(delivery_verdict.c.verdict_id)).group_by(delivery_verdict.c.delivery_id)
    return query if as_of is None else query.where(delivery_verdict.c.judged_at <= as_of)


def pending(connection: Connection, *, jurisdiction: str, feed: str) -> list[Delivery]:
    """Deliveries without a verdict, and those whose hold a steward confirmed, in order of arrival."""
    seen = delivery_verdict.alias()
    confirmed = exists().where(hold_confirmation.c.verdict_id == seen.c.verdict_id)
    due = or_(seen.c.verdict_id.is_(None), and_(seen.c.verdict == "held", confirmed))
    latest = and_(seen.c.delivery_id == delivery.c.delivery_id, seen.c.verdict_id.in_(latest_verdicts()))
    query = (
        select(delivery)
        .select_from(delivery.outerjoin(seen, latest))
        .where(delivery.c.jurisdiction == jurisdiction, delivery.c.feed == feed, due)
        .order_by(*_ARRIVAL)
    )
    return [_delivery(row) for row in connection.execute(query)]


def effective_verdicts(
    connection: Connection, jurisdiction: str, feed: str, *, as_of: datetime | None = None
) -> list[EffectiveVerdict]:
    """Deliveries that count: their latest verdict (as of `as_of`) is `accepted` or `nil_return`; by arrival."""
    where = [delivery.c.jurisdiction == jurisdiction, delivery.c.feed == feed]
    return _effective(connection, where, as_of)


def effective_by_feed(connection: Connection, jurisdiction: str) -> Mapping[str, list[EffectiveVerdict]]:
    """As `effective_verdicts` has them now, of every feed at once; a feed without any has an empty list."""
    found: dict[str, list[EffectiveVerdict]] = defaultdict(list)
    for verdict in _effective(connection, [delivery.c.jurisdiction == jurisdiction], None):
        found[verdict.delivery.feed].append(verdict)
    return found


def _effective(
    connection: Connection, where: list[ColumnElement[bool]], as_of: datetime | None
) -> list[EffectiveVerdict]:
    counts = delivery_verdict.c.verdict.in_(("accepted", "nil_return"))
    rows = connection.execute(_latest(where, as_of).where(counts)).all()
    staged = _staged(connection, [row.verdict_id for row in rows])
    answers = _answers(connection, where)
    return [
        EffectiveVerdict(
            delivery=_delivery(row),
            verdict_id=row.verdict_id,
            judged_at=row.judged_at,
            register_digest=row.register_digest,
            contract_digest=row.judged_contract_digest,
            cell_digest=row.cell_digest,
            staged=tuple(staged[row.verdict_id]),
            nil_quarter=row.nil_quarter,
            answers=answers.get(row.delivery_id),
        )
        for row in rows
    ]


def _answers(connection: Connection, where: list[ColumnElement[bool]]) -> dict[int, Delivery]:
    """Returned workbooks → the delivery that each answers."""
    query = (
        select(return_answer.c.delivery_id.label("return_id"), delivery)
        .join(delivery, delivery.c.delivery_id == return_answer.c.answers_delivery_id)
        .where(*where)
    )
    return {row.return_id: _delivery(row) for row in connection.execute(query)}


def confirmations(
    connection: Connection, jurisdiction: str, feed: str, *, contract_digest: str
) -> dict[int, tuple[Confirmation, ...]]:
    """Confirmed holds of a feed by delivery, each confirmed under the contract `contract_digest`, in order."""
    query = (
        select(hold_confirmation, delivery_verdict.c.contract_digest)
        .join(delivery_verdict, delivery_verdict.c.verdict_id == hold_confirmation.c.verdict_id)
        .join(delivery, delivery.c.delivery_id == hold_confirmation.c.delivery_id)
        .where(
            delivery.c.jurisdiction == jurisdiction,
            delivery.c.feed == feed,
            delivery_verdict.c.contract_digest == contract_digest,
        )
        .order_by(hold_confirmation.c.confirmation_id)
    )
    found: dict[int, tuple[Confirmation, ...]] = defaultdict(tuple)
    for row in connection.execute(query).mappings():
        values = {name: row[name] for name in Confirmation.__dataclass_fields__}
        found[row["delivery_id"]] += (Confirmation(**values),)
    return dict(found)


def extract_of(connection: Connection, delivery_id: int) -> Extract | None:
    """What a delivery was extracted from; None for a file."""
    query = select(extract_snapshot).where(extract_snapshot.c.delivery_id == delivery_id)
    row = connection.execute(query).first()
    return Extract(**{name: row._mapping[name] for name in Extract.__dataclass_fields__}) if row else None


def received(connection: Connection, jurisdiction: str, *, as_of: datetime | None = None) -> list[Receipt]:
    """What has come, one receipt per delivery and quarter it touches, in order of arrival.

    An accepted delivery touches the quarters of its staged files, a nil return its own; any other, and one
    without rows, the quarter it declares (maybe empty). Duplicates are left out: the first delivery of the same
    bytes stands for them. A returned workbook that is held is left out too: the delivery that it answers tells how
    things stand.
    """
    touched = func.coalesce(staged_file.c.quarter, nil_return.c.quarter, delivery.c.declared_quarter)
    verdict = func.coalesce(delivery_verdict.c.verdict, "pending")
    latest = latest_verdicts(as_of=as_of)
    held_return = and_(verdict == "held", delivery.c.delivery_id.in_(select(return_answer.c.delivery_id)))
    query = (
        select(
            delivery.c.feed,
            delivery.c.supplier,
            touched.label("quarter"),
            verdict.label("verdict"),
            delivery.c.delivery_id,
            delivery.c.arrived_at,
            func.coalesce(func.sum(staged_file.c.rows), 0).label("rows"),
        )
        .outerjoin(
            delivery_verdict,
            and_(
                delivery_verdict.c.delivery_id == delivery.c.delivery_id,
                delivery_verdict.c.verdict_id.in_(latest),
            ),
        )
        .outerjoin(staged_file, staged_file.c.verdict_id == delivery_verdict.c.verdict_id)
        .outerjoin(nil_return, nil_return.c.verdict_id == delivery_verdict.c.verdict_id)
        .where(delivery.c.jurisdiction == jurisdiction, verdict != "duplicate", ~held_return)
        .group_by(*_ARRIVAL, delivery.c.feed, delivery.c.supplier, touched, verdict)
        .order_by(*_ARRIVAL, touched)
    )
    if as_of is not None:
        query = query.where(delivery.c.arrived_at <= as_of)
    return [
        Receipt(**{**row._asdict(), "rows": int(row._mapping["rows"])}) for row in connection.execute(query)
    ]


def balances(connection: Connection, verdict_ids: Iterable[int]) -> list[Row[Any]]:
    """What the release transaction checks of its input verdicts, one row per verdict id that exists.

    Columns: verdict_id, delivery_id, verdict, latest (id of the delivery's latest verdict), the row balance,
    staged_rows, refused_rows (distinct rows in quarantine).
    """
    ids = list(verdict_ids)
    later = delivery_verdict.alias()
    latest = select(func.max(later.c.verdict_id)).where(later.c.delivery_id == delivery_verdict.c.delivery_id)
    staged = select(func.coalesce(func.sum(staged_file.c.rows), 0)).where(
        staged_file.c.verdict_id == delivery_verdict.c.verdict_id
    )
    refused = _refused_rows(ids).subquery()
    query = (
        select(
            delivery_verdict.c.verdict_id,
            delivery_verdict.c.delivery_id,
            delivery_verdict.c.verdict,
            latest.scalar_subquery().label("latest"),
            row_balance.c.landed,
            row_balance.c.accepted,
            row_balance.c.quarantined,
            row_balance.c.exact_duplicates,
            row_balance.c.structural,
            staged.scalar_subquery().label("staged_rows"),
            func.coalesce(refused.c.refused_rows, 0).label("refused_rows"),
        )
        .join(row_balance, row_balance.c.verdict_id == delivery_verdict.c.verdict_id)
        .outerjoin(refused, refused.c.verdict_id == delivery_verdict.c.verdict_id)
        .where(delivery_verdict.c.verdict_id.in_(ids))
        .order_by(delivery_verdict.c.verdict_id)
    )
    return list(connection.execute(query))


def _refused_rows(verdict_ids: list[int]) -> Select[Any]:
    columns = (quarantined_row.c.verdict_id, quarantined_row.c.sheet, quarantined_row.c.row_number)
    rows = select(*columns).where(quarantined_row.c.verdict_id.in_(verdict_ids)).distinct().subquery()
    return select(rows.c.verdict_id, func.count().label("refused_rows")).group_by(rows.c.verdict_id)


def _latest(where: list[ColumnElement[bool]], as_of: datetime | None) -> Select[Any]:
    query = (
        select(
            delivery,
            delivery_verdict.c.verdict_id,
            delivery_verdict.c.judged_at,
            delivery_verdict.c.register_digest,
            delivery_verdict.c.contract_digest.label("judged_contract_digest"),
            delivery_verdict.c.cell_digest,
            func.coalesce(nil_return.c.quarter, "").label("nil_quarter"),
        )
        .join(delivery_verdict, delivery_verdict.c.delivery_id == delivery.c.delivery_id)
        .outerjoin(nil_return, nil_return.c.verdict_id == delivery_verdict.c.verdict_id)
        .where(*where, delivery_verdict.c.verdict_id.in_(latest_verdicts(as_of=as_of)))
        .order_by(*_ARRIVAL)
    )
    return query if as_of is None else query.where(delivery.c.arrived_at <= as_of)


def _staged(connection: Connection, verdict_ids: list[int]) -> dict[int, list[StagedFile]]:
    found: dict[int, list[StagedFile]] = defaultdict(list)
    query = select(staged_file).where(staged_file.c.verdict_id.in_(verdict_ids))
    for row in connection.execute(query.order_by(staged_file.c.quarter, staged_file.c.path)).mappings():
        found[row["verdict_id"]].append(
            StagedFile(quarter=row["quarter"], path=row["path"], rows=row["rows"], sha256=row["sha256"])
        )
    return found


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{column.name: row._mapping[column.name] for column in delivery.columns})
