"""What the verdicts of a feed rest on now, and which deliveries must be judged again because that has changed.

A delivery is judged again where its outcome can change: all of a feed when its contract changes; where the register
moved a unit that it names, or has learnt something while rows wait for a unit; where `first_quarter` or the running
quarter moved while rows lie outside; where corrections that concern it, or rows of a feed that its rules look into,
came or went.
"""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names of our own contracts and paths
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine

from include.engine.scratch import scratch
from include.feeds.contract import Contract
from include.lake import local_copy
from include.pipeline.references import Reference, references_of
from include.pipeline.registers import StandingRegister
from include.quality.corrections import Correction, concerning, corrections_digest, load_corrections
from include.quality.grammar import literal, name
from include.quarters import Quarter
from include.site import Site
from include.warehouse import ledger
from include.warehouse.ledger import Delivery, StandingVerdict, Verdict
from include.warehouse.store import writing

UNKNOWN_UNIT, OUTSIDE_PERIOD = "R-UNIT", "R-PERIOD"
_OUTSIDE_FILE = "F-PERIOD"


@dataclass(frozen=True)
class Basis:
    """What a judgement of a feed's deliveries rests on now."""

    contract: Contract
    register: StandingRegister
    jurisdiction: str
    first: Quarter
    current: Quarter
    corrections: tuple[Correction, ...]
    """Of the whole site."""
    references: Mapping[str, Reference]

    def concerning(self, delivery: Delivery) -> tuple[Correction, ...]:
        """The corrections that a delivery may meet."""
        return concerning(
            self.corrections,
            feed=self.contract.feed,
            jurisdiction=self.jurisdiction,
            sha256=delivery.sha256,
        )

    def parts(self, delivery: Delivery) -> dict[str, str]:
        """Part → digest, without contract and register, which a verdict names itself."""
        found = {"period": self.period, "corrections": corrections_digest(self.concerning(delivery))}
        found |= {part_of(rule): reference.digest for rule, reference in self.references.items()}
        return {part: digest for part, digest in found.items() if digest}

    @property
    def period(self) -> str:
        """The quarters of which rows are believed."""
        return f"{self.first}..{self.current}"


def in_order_of_arrival(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """As the ledger orders them."""
    return sorted(deliveries, key=arrival)


def arrival(delivery: Delivery) -> tuple[Any, ...]:
    """What deliveries are ordered by, as the ledger orders them."""
    return delivery.landed_at, delivery.arrived_at, delivery.file_name, delivery.sha256, delivery.delivery_id


@dataclass
class Again:
    """What has changed under the verdicts of a feed."""

    due: list[Delivery] = field(default_factory=list)
    """To be judged again."""
    unchanged: list[tuple[int, str, str]] = field(default_factory=list)
    """(verdict id, part, digest): changed, but the outcome cannot."""


def part_of(rule_id: str) -> str:
    """The part of a basis that a rule's look into another feed is."""
    return f"reference {rule_id}"


def basis_now(
    connection: Connection,
    site: Site,
    jurisdiction: str,
    contract: Contract,
    register: StandingRegister,
    *,
    now: datetime,
) -> Basis:
    """Gather what a judgement of the feed rests on now.

    Raises:
        include.config.ConfigError: corrections, or the contract of a feed that a rule looks into, are wrong.
    """
    return Basis(
        contract,
        register,
        jurisdiction,
        Quarter.parse(site.settings.first_quarter).shift(-contract.time.lookback_quarters),
        Quarter.of(now.astimezone(site.zone).date()),
        load_corrections(site.folder / "corrections"),
        references_of(connection, site, jurisdiction, contract),
    )


def changed_since(connection: Connection, site: Site, basis: Basis) -> Again:
    """Compare the feed's latest verdicts with what they would rest on now."""
    verdicts = ledger.standing_verdicts(connection, basis.jurisdiction, basis.contract.feed)
    due = {one.verdict_id for one in verdicts if _must_be_judged_again(one, basis)}
    again = Again()
    left = [one for one in verdicts if one.verdict_id not in due and one.verdict == "accepted"]
    if elsewhere := [one for one in left if one.basis.get("register", "") != basis.register.digest]:
        moved = _units_moved(site, basis, elsewhere)
        due |= moved
        again.unchanged += _noted(elsewhere, moved, "register", basis.register.digest)
    for rule_id, reference in basis.references.items():
        part = part_of(rule_id)
        if other := [one for one in left if one.basis.get(part) != reference.digest]:
            lost = _references_lost(site, basis.contract, reference, other)
            due |= lost
            again.unchanged += _noted(other, lost, part, reference.digest)
    again.due = [one.delivery for one in verdicts if one.verdict_id in due]
    again.unchanged = [noted for noted in again.unchanged if noted[0] not in due]
    return again


def keep(engine: Engine, jurisdiction: str, verdict_id: int, refused: Verdict) -> None:
    """Let an accepted verdict stand though its delivery would be held now, and note on what."""
    parts = {
        # Corrections that are gone are noted as gone.
        "corrections": "",
        **refused.judging.basis,
        "contract": refused.contract_digest,
        "register": refused.register_digest,
    }
    noted = [(verdict_id, part, digest) for part, digest in parts.items()]
    with writing(engine) as connection:
        ledger.note_basis(
            connection,
            jurisdiction,
            noted,
            at=refused.judged_at,
            outcome="kept",
            reason_code=refused.reason_code,
        )


def _must_be_judged_again(verdict: StandingVerdict, basis: Basis) -> bool:
    """Whether the ledger alone says so."""
    if verdict.basis.get("contract", "") != basis.contract.digest:
        return True
    corrections = corrections_digest(basis.concerning(verdict.delivery))
    if verdict.basis.get("corrections", "") != corrections:
        return True
    if verdict.basis.get("period", "") != basis.period and _lies_outside(verdict, basis):
        return True
    if UNKNOWN_UNIT in verdict.broken and verdict.basis.get("register", "") != basis.register.digest:
        return True
    return any(
        rule_id in verdict.broken and verdict.basis.get(part_of(rule_id)) != reference.digest
        for rule_id, reference in basis.references.items()
    )


def _lies_outside(verdict: StandingVerdict, basis: Basis) -> bool:
    """Whether some row was refused for its quarter, or would be now."""
    if OUTSIDE_PERIOD in verdict.broken or verdict.reason_code == _OUTSIDE_FILE:
        return True
    quarters = [Quarter.parse(staged.quarter) for staged in verdict.staged if staged.quarter]
    return any(not basis.first <= quarter <= basis.current for quarter in quarters)


def _noted(
    verdicts: Iterable[StandingVerdict], due: set[int], part: str, digest: str
) -> Iterator[tuple[int, str, str]]:
    return ((one.verdict_id, part, digest) for one in verdicts if one.verdict_id not in due)


def _units_moved(site: Site, basis: Basis, verdicts: Sequence[StandingVerdict]) -> set[int]:
    """Verdicts with an accepted row whose unit the register now takes for another, or knows no more."""
    contract = basis.contract
    if contract.unit.register_from_feed:
        return set()
    unit, on = contract.unit.column, contract.unit.on
    source, verdicts_of = _staged(site, verdicts)
    if not source:
        return set()
    needed = {unit, on} - {""}
    with scratch(rows=_rows_staged(verdicts)) as con:
        present = {row[0] for row in con.execute(f"describe select * from {source}").fetchall()}
        if not needed <= present:
            # What was named or when is not staged, so it cannot be told from here.
            return {one.verdict_id for one in verdicts}
        quarter_end = (
            "last_day(make_date(cast(_quarter[:4] as integer), cast(_quarter[6:] as integer) * 3, 1))"
        )
        day = f"coalesce(cast({name(on)} as date), {quarter_end})" if on else quarter_end
        found = con.sql(
            f"select distinct cast({name(unit)} as varchar) as said, {day} as day, _unit, filename from {source}"
        ).to_arrow_table()
    said, days, was, file = (found[column].to_numpy() for column in ("said", "day", "_unit", "filename"))
    moved = basis.register.register.resolve(said, days) != was
    return {one for path in np.unique(file[moved].astype(str)) for one in verdicts_of[path]}


def _references_lost(
    site: Site, contract: Contract, reference: Reference, verdicts: Sequence[StandingVerdict]
) -> set[int]:
    """Verdicts with an accepted row whose values no longer stand in the other feed."""
    rule = reference.rule
    source, verdicts_of = _staged(site, verdicts)
    if not source:
        return set()
    if any(contract.column(column).is_hidden for column in rule.columns):
        return {one.verdict_id for one in verdicts}
    with scratch(rows=_rows_staged(verdicts)) as con:
        con.register("sent", reference.rows)
        said = [f"cast(own.{name(column)} as varchar)" for column in rule.columns]
        same = [f"sent._{place} = {value}" for place, value in enumerate(said)]
        order = {"same": "=", "same_or_earlier": "<="}.get(rule.quarters)
        same += [f"sent._quarter {order} own._quarter"] if order else []
        given = " and ".join(f"{value} is not null" for value in said)
        lost = con.execute(
            f"select distinct own.filename from {source} as own "
            f"where {given} and not exists (select 1 from sent where {' and '.join(same)})"
        ).fetchall()
    return {one for (path,) in lost for one in verdicts_of[path]}


def _rows_staged(verdicts: Sequence[StandingVerdict]) -> int:
    return sum(staged.rows for one in verdicts for staged in one.staged)


def _staged(site: Site, verdicts: Sequence[StandingVerdict]) -> tuple[str, Mapping[str, set[int]]]:
    """The staged files of verdicts as a DuckDB table with `filename`, '' for none; file → verdict ids."""
    verdicts_of: dict[str, set[int]] = defaultdict(set)
    for one in verdicts:
        for staged in one.staged:
            verdicts_of[str(local_copy(site.lake / staged.path))].add(one.verdict_id)
    files = ", ".join(map(literal, verdicts_of))
    source = f"read_parquet([{files}], union_by_name = true, filename = true)" if files else ""
    return source, verdicts_of
