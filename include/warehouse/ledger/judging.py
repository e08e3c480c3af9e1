"""What a judgement rests on, and which deliveries must be judged again because that has changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Connection, func, select

from include.warehouse import bulk
from include.warehouse.canonical import SEPARATOR, lines_digest
from include.warehouse.ledger.reading import _ARRIVAL, _delivery, _staged, latest_verdicts
from include.warehouse.ledger.records import AppliedCorrection, Delivery, Judging, StagedFile
from include.warehouse.tables import (
    applied_correction,
    delivery,
    delivery_verdict,
    judgement_basis,
    normalised_column,
    row_balance,
    superseded_row,
    validation_result,
)

BasisOutcome = Literal["judged", "unchanged", "kept"]


@dataclass(frozen=True)
class StandingVerdict:
    """The latest verdict of a delivery, with what it rests on and the rules that some row of it broke."""

    delivery: Delivery
    verdict_id: int
    verdict: str
    reason_code: str
    basis: Mapping[str, str] = field(default_factory=dict)
    """Part → digest; a part that said nothing is left out."""
    broken: frozenset[str] = frozenset()
    staged: tuple[StagedFile, ...] = ()
    accepted_rows: int = 0


def record_judging(
    connection: Connection, verdict_id: int, jurisdiction: str, judging: Judging, at: datetime
) -> None:
    """Record what belongs to a judgement beside its verdict, in the caller's transaction."""
    note_basis(
        connection,
        jurisdiction,
        [(verdict_id, part, digest) for part, digest in judging.basis.items()],
        at=at,
    )
    common = {"verdict_id": verdict_id, "jurisdiction": jurisdiction}
    for table, records in (
        (applied_correction, judging.corrections),
        (normalised_column, judging.normalised),
    ):
        if records:
            connection.execute(table.insert(), [{**common, **asdict(record)} for record in records])
    if judging.superseded is not None:
        bulk.insert(connection, superseded_row, bulk.prepare(superseded_row, judging.superseded, common))


def note_basis(
    connection: Connection,
    jurisdiction: str,
    parts: Iterable[tuple[int, str, str]],
    *,
    at: datetime,
    outcome: BasisOutcome = "judged",
    reason_code: str = "",
) -> None:
    """Note for verdicts that they rest on (verdict id, part, digest), or would say the same on it."""
    records = [
        {
            "verdict_id": verdict_id,
            "jurisdiction": jurisdiction,
            "at": at,
            "part": part,
            "digest": digest,
            "outcome": outcome,
            "reason_code": reason_code,
        }
        for verdict_id, part, digest in parts
    ]
    if records:
        connection.execute(judgement_basis.insert(), records)


def standing_verdicts(connection: Connection, jurisdiction: str, feed: str) -> list[StandingVerdict]:
    """The latest verdicts of a feed that are accepted or held, in order of arrival."""
    query = (
        select(delivery, delivery_verdict, func.coalesce(row_balance.c.accepted, 0).label("accepted_rows"))
        .join(delivery_verdict, delivery_verdict.c.delivery_id == delivery.c.delivery_id)
        .outerjoin(row_balance, row_balance.c.verdict_id == delivery_verdict.c.verdict_id)
        .where(
            delivery.c.jurisdiction == jurisdiction,
            delivery.c.feed == feed,
            delivery_verdict.c.verdict_id.in_(latest_verdicts()),
            delivery_verdict.c.verdict.in_(("accepted", "held")),
        )
        .order_by(*_ARRIVAL)
    )
    rows = connection.execute(query).all()
    ids = [row.verdict_id for row in rows]
    staged, basis, broken = _staged(connection, ids), _basis(connection, ids), _broken(connection, ids)
    return [
        StandingVerdict(
            _delivery(row),
            row.verdict_id,
            row.verdict,
            row.reason_code,
            {
                "register": row._mapping[delivery_verdict.c.register_digest],
                "contract": row._mapping[delivery_verdict.c.contract_digest],
            }
            | basis[row.verdict_id],
            frozenset(broken[row.verdict_id]),
            tuple(staged[row.verdict_id]),
            row.accepted_rows,
        )
        for row in rows
    ]


def met_corrections(connection: Connection, jurisdiction: str) -> list[tuple[Delivery, AppliedCorrection]]:
    """What corrections met in the latest verdict of every delivery, in order of arrival."""
    query = (
        select(delivery, applied_correction)
        .join(delivery_verdict, delivery_verdict.c.verdict_id == applied_correction.c.verdict_id)
        .join(delivery, delivery.c.delivery_id == delivery_verdict.c.delivery_id)
        .where(
            applied_correction.c.jurisdiction == jurisdiction,
            applied_correction.c.verdict_id.in_(latest_verdicts()),
        )
        .order_by(*_ARRIVAL, applied_correction.c.sheet, applied_correction.c.row_number)
    )
    names = AppliedCorrection.__dataclass_fields__
    return [
        (
            _delivery(row),
            AppliedCorrection(**{name: row._mapping[applied_correction.c[name]] for name in names}),
        )
        for row in connection.execute(query)
    ]


def corrections_digest(connection: Connection, verdict_ids: Iterable[int]) -> str:
    """Digest of the corrections that were applied under these verdicts; '' for none."""
    query = (
        select(applied_correction.c.correction_id, applied_correction.c.correction_digest)
        .where(
            applied_correction.c.verdict_id.in_(list(verdict_ids)), applied_correction.c.outcome == "applied"
        )
        .distinct()
    )
    lines = sorted(f"{one}{SEPARATOR}{digest}" for one, digest in connection.execute(query))
    return lines_digest(lines) if lines else ""


def moved_rows(connection: Connection, jurisdiction: str, feed: str) -> dict[str, set[tuple[int, str]]]:
    """Quarter → (delivery id, quarter) of rows that took a row's place out of it into another quarter."""
    table = superseded_row
    query = (
        select(table.c.old_quarter, table.c.new_delivery_id, table.c.new_quarter)
        .where(
            table.c.jurisdiction == jurisdiction,
            table.c.feed == feed,
            table.c.old_quarter != table.c.new_quarter,
            table.c.verdict_id.in_(latest_verdicts()),
        )
        .distinct()
    )
    moved: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for old_quarter, delivery_id, new_quarter in connection.execute(query):
        moved[old_quarter].add((delivery_id, new_quarter))
    return moved


def superseded_rows(connection: Connection, jurisdiction: str, feed: str) -> pd.DataFrame:
    """The pairs of rows that the latest verdicts of a feed found: which took whose place; columns of the table."""
    query = (
        select(superseded_row)
        .where(
            superseded_row.c.jurisdiction == jurisdiction,
            superseded_row.c.feed == feed,
            superseded_row.c.verdict_id.in_(latest_verdicts()),
        )
        .order_by(superseded_row.c.verdict_id, superseded_row.c.new_sheet, superseded_row.c.new_row)
    )
    return pd.DataFrame(
        connection.execute(query).mappings().all(), columns=[column.name for column in superseded_row.columns]
    )


def _basis(connection: Connection, verdict_ids: list[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = defaultdict(dict)
    query = select(judgement_basis).where(judgement_basis.c.verdict_id.in_(verdict_ids))
    for row in connection.execute(query.order_by(judgement_basis.c.basis_id)):
        found[row.verdict_id][row.part] = row.digest
    return found


def _broken(connection: Connection, verdict_ids: list[int]) -> dict[int, set[Any]]:
    found: dict[int, set[Any]] = defaultdict(set)
    query = select(validation_result.c.verdict_id, validation_result.c.rule_id).where(
        validation_result.c.verdict_id.in_(verdict_ids),
        validation_result.c.judge == "duckdb",
        validation_result.c.rows_failed > 0,
    )
    for verdict_id, rule_id in connection.execute(query):
        found[verdict_id].add(rule_id)
    return found
