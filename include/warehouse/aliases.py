"""Decisions of stewards on names, and the aliases that stand by them. Append-only: a rejection ends approvals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, select

from include.warehouse import bulk
from include.warehouse.register import FOREVER
from include.warehouse.tables import alias_decision

Decision = Literal["approved", "rejected"]


@dataclass(frozen=True)
class AliasDecision:
    """One decision: `name` as the register compares names; `unit_code` is empty for a rejection."""

    name: str
    decision: Decision
    decided_by: str
    reason: str
    at: datetime
    unit_code: str = ""
    valid_from: date = date.min
    valid_to: date = FOREVER


def record_decision(connection: Connection, jurisdiction: str, decision: AliasDecision) -> int:
    """Add one decision in the caller's transaction; return its id."""
    return bulk.add(connection, alias_decision, jurisdiction=jurisdiction, **vars(decision))


def decisions(connection: Connection, jurisdiction: str) -> list[AliasDecision]:
    """Every decision, in the order in which they were made."""
    columns = [alias_decision.c[name] for name in AliasDecision.__dataclass_fields__]
    query = select(*columns).where(alias_decision.c.jurisdiction == jurisdiction)
    return [AliasDecision(**row._mapping) for row in connection.execute(query.order_by("decision_id"))]


def standing(made: list[AliasDecision]) -> list[AliasDecision]:
    """The approvals that no later rejection of the same name ended."""
    kept: list[AliasDecision] = []
    for decision in made:
        if decision.decision == "rejected":
            kept = [one for one in kept if one.name != decision.name]
        else:
            kept.append(decision)
    return kept


def rejected_names(made: list[AliasDecision]) -> set[str]:
    """Names whose latest decision is a rejection: they are not proposed again."""
    latest = {decision.name: decision.decision for decision in made}
    return {name for name, word in latest.items() if word == "rejected"}
