"""Returned workbooks in the ledger: which row answers which, and what closes a quarantined row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Connection, and_, exists, select

from include.warehouse.ledger.reading import _delivery, latest_verdicts
from include.warehouse.ledger.records import QUARANTINE_COLUMNS, Delivery, RowBalance, StagedFile, Verdict
from include.warehouse.tables import (
    delivery,
    delivery_verdict,
    quarantine_closing,
    quarantined_key,
    quarantined_row,
    return_answer,
    return_row,
    row_balance,
    staged_file,
)

Address = tuple[str, int]
Outcome = Literal["fixed", "resent", "replaced", "answered"]


@dataclass(frozen=True)
class ReturnRow:
    """One row of a returned workbook; `answers_row` 0 where its row code tells nothing."""

    sheet: str
    row_number: int
    answers_sheet: str
    answers_row: int
    outcome: Literal["accepted", "refused", "duplicate"]
    changed_columns: str
    content_digest: str
    reply: str


@dataclass(frozen=True)
class OpenRow:
    """A quarantined row that nothing has settled yet; `row_key` is empty where its key is not whole."""

    delivery_id: int
    sheet: str
    row_number: int
    quarter: str
    row_key: str


def deliveries_of(connection: Connection, jurisdiction: str, feed: str) -> list[Delivery]:
    """Every delivery of a feed, in the order in which they were recorded."""
    where = (delivery.c.jurisdiction == jurisdiction, delivery.c.feed == feed)
    rows = connection.execute(select(delivery).where(*where).order_by(delivery.c.delivery_id))
    return [_delivery(row) for row in rows]


def latest_verdict(connection: Connection, delivery_id: int) -> Verdict | None:
    """The latest verdict on a delivery with its balance, refused rows and staged files; None before the first."""
    found = (
        connection.execute(
            select(delivery_verdict)
            .where(delivery_verdict.c.delivery_id == delivery_id)
            .order_by(delivery_verdict.c.verdict_id.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    if found is None:
        return None
    verdict_id = found["verdict_id"]
    balance = (
        connection.execute(select(row_balance).where(row_balance.c.verdict_id == verdict_id))
        .mappings()
        .first()
    )
    rows = connection.execute(
        select(*(quarantined_row.c[name] for name in QUARANTINE_COLUMNS)).where(
            quarantined_row.c.verdict_id == verdict_id
        )
    ).all()
    staged = connection.execute(
        select(staged_file).where(staged_file.c.verdict_id == verdict_id).order_by(staged_file.c.quarter)
    ).mappings()
    return Verdict(
        found["verdict"],
        found["judged_at"],
        found["reason_code"],
        found["message_zh"],
        found["message_en"],
        balance=RowBalance(**{name: balance[name] for name in vars(RowBalance())})
        if balance
        else RowBalance(),
        quarantined=pd.DataFrame(rows, columns=list(QUARANTINE_COLUMNS)).sort_values(
            ["sheet", "row_number", "rule_id", "column_name"], ignore_index=True
        ),
        staged=tuple(StagedFile(one["quarter"], one["path"], one["rows"], one["sha256"]) for one in staged),
    )


def answered_by(connection: Connection, delivery_ids: Iterable[int]) -> dict[int, int]:
    """Of the given deliveries those that are returned workbooks → the delivery that each answers."""
    query = select(return_answer.c.delivery_id, return_answer.c.answers_delivery_id)
    return {
        row[0]: row[1]
        for row in connection.execute(query.where(return_answer.c.delivery_id.in_(list(delivery_ids))))
    }


def return_rows(connection: Connection, answers_delivery_id: int) -> dict[int, list[ReturnRow]]:
    """The rows of every return that answers a delivery, by their latest verdict; by the return's delivery id."""
    columns = [return_row.c[name] for name in ReturnRow.__dataclass_fields__]
    query = (
        select(delivery_verdict.c.delivery_id, *columns)
        .join(delivery_verdict, delivery_verdict.c.verdict_id == return_row.c.verdict_id)
        .join(return_answer, return_answer.c.delivery_id == delivery_verdict.c.delivery_id)
        .where(
            return_answer.c.answers_delivery_id == answers_delivery_id,
            return_row.c.verdict_id.in_(latest_verdicts()),
        )
        .order_by(return_row.c.verdict_id, return_row.c.sheet, return_row.c.row_number)
    )
    found: dict[int, list[ReturnRow]] = defaultdict(list)
    for delivery_id, *fields in connection.execute(query):
        found[delivery_id].append(ReturnRow(*fields))
    return dict(found)


def closings(
    connection: Connection, delivery_id: int, *, but_by: int = 0
) -> dict[Address, tuple[Outcome, int]]:
    """Quarantined rows of a delivery that are settled → how, and by which delivery; answers settle nothing.

    Args:
        connection: the warehouse.
        delivery_id: whose rows.
        but_by: leave out what this delivery settled.
    """
    query = select(quarantine_closing).where(
        quarantine_closing.c.delivery_id == delivery_id,
        quarantine_closing.c.closed_by != but_by,
        quarantine_closing.c.outcome != "answered",
    )
    rows = connection.execute(query.order_by(quarantine_closing.c.closed_by)).mappings()
    return {(row["sheet"], row["row_number"]): (row["outcome"], row["closed_by"]) for row in rows}


def open_rows(connection: Connection, *, jurisdiction: str, feed: str, supplier: str) -> list[OpenRow]:
    """The quarantined rows of a supplier's deliveries that nothing has settled, one entry per row."""
    closed = exists().where(
        quarantine_closing.c.delivery_id == delivery.c.delivery_id,
        quarantine_closing.c.sheet == quarantined_row.c.sheet,
        quarantine_closing.c.row_number == quarantined_row.c.row_number,
        quarantine_closing.c.outcome != "answered",
    )
    keyed = and_(
        quarantined_key.c.verdict_id == quarantined_row.c.verdict_id,
        quarantined_key.c.sheet == quarantined_row.c.sheet,
        quarantined_key.c.row_number == quarantined_row.c.row_number,
    )
    query = (
        select(
            delivery.c.delivery_id,
            quarantined_row.c.sheet,
            quarantined_row.c.row_number,
            quarantined_row.c.quarter,
            quarantined_key.c.row_key,
        )
        .select_from(quarantined_row)
        .join(delivery_verdict, delivery_verdict.c.verdict_id == quarantined_row.c.verdict_id)
        .join(delivery, delivery.c.delivery_id == delivery_verdict.c.delivery_id)
        .outerjoin(quarantined_key, keyed)
        .where(
            delivery.c.jurisdiction == jurisdiction,
            delivery.c.feed == feed,
            delivery.c.supplier == supplier,
            quarantined_row.c.verdict_id.in_(latest_verdicts()),
            ~closed,
        )
        .distinct()
        .order_by(delivery.c.delivery_id, quarantined_row.c.sheet, quarantined_row.c.row_number)
    )
    return [OpenRow(*row[:4], row[4] or "") for row in connection.execute(query)]


def record_answer(
    connection: Connection, *, delivery_id: int, answers_delivery_id: int, jurisdiction: str
) -> None:
    """Record which delivery a returned workbook answers; recorded again it changes nothing."""
    if (
        connection.scalar(
            select(return_answer.c.delivery_id).where(return_answer.c.delivery_id == delivery_id)
        )
        is None
    ):
        connection.execute(
            return_answer.insert().values(
                delivery_id=delivery_id, answers_delivery_id=answers_delivery_id, jurisdiction=jurisdiction
            )
        )


def record_return_rows(
    connection: Connection, verdict_id: int, jurisdiction: str, rows: Iterable[ReturnRow]
) -> None:
    """Record what became of each row of a returned workbook."""
    records = [{"verdict_id": verdict_id, "jurisdiction": jurisdiction, **vars(row)} for row in rows]
    if records:
        connection.execute(return_row.insert(), records)


def record_keys(
    connection: Connection, verdict_id: int, jurisdiction: str, keys: Mapping[Address, str]
) -> None:
    """Record the keys of quarantined rows."""
    records = [
        {
            "verdict_id": verdict_id,
            "jurisdiction": jurisdiction,
            "sheet": sheet,
            "row_number": row,
            "row_key": row_key,
        }
        for (sheet, row), row_key in keys.items()
    ]
    if records:
        connection.execute(quarantined_key.insert(), records)


def close_rows(
    connection: Connection,
    jurisdiction: str,
    rows: Iterable[tuple[int, str, int, Outcome]],
    *,
    closed_by: int,
    at: datetime,
) -> int:
    """Record what settled (delivery, sheet, row); what this delivery has settled before stays as it is.

    Returns:
        How many were recorded.
    """
    known = select(
        quarantine_closing.c.delivery_id, quarantine_closing.c.sheet, quarantine_closing.c.row_number
    )
    seen = {
        tuple(row) for row in connection.execute(known.where(quarantine_closing.c.closed_by == closed_by))
    }
    records: list[dict[str, Any]] = []
    for delivery_id, sheet, row, outcome in rows:
        if (delivery_id, sheet, row) not in seen:
            seen.add((delivery_id, sheet, row))
            records.append(
                {
                    "delivery_id": delivery_id,
                    "sheet": sheet,
                    "row_number": row,
                    "closed_by": closed_by,
                    "jurisdiction": jurisdiction,
                    "outcome": outcome,
                    "closed_at": at,
                }
            )
    if records:
        connection.execute(quarantine_closing.insert(), records)
    return len(records)
