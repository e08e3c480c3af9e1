"""Keys that come again: which delivery's row took the place of which, keys of two suppliers, files sent again.

Rows are told by their address and the names of the columns that differ, never by their values.
"""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names of our own contracts and paths
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import text

from include.engine.scratch import scratch
from include.feeds.contract import Contract
from include.feeds.faults import Fault
from include.lake import local_copy
from include.pipeline.inputs import recency, standing_files
from include.pipeline.rejudging import arrival
from include.quality.grammar import literal, name
from include.quality.sentences import file_fault
from include.site import Site
from include.warehouse import ledger
from include.warehouse.ledger import Delivery, EffectiveVerdict, Verdict
from include.warehouse.store import migrate, open_warehouse, reading

_SHOWN_FILES = 5


def told_by(contract: Contract, file_name: str) -> list[tuple[str | None, ...]]:
    """What a file's name says by the contract: its quarter, and how recent it is."""
    source, plain = contract.time.quarter_from, unicodedata.normalize("NFKC", file_name)
    patterns = [source.filename if source else "", contract.time.as_of_filename]
    found = [re.search(pattern, plain) if pattern else None for pattern in patterns]
    return [match.groups() if match else () for match in found]


@dataclass(frozen=True)
class Compared:
    """What a delivery's accepted rows mean for rows that were there before."""

    superseded: pd.DataFrame | None
    """Columns of the table `superseded_row`; None where nothing was superseded."""
    told: tuple[Fault, ...]


NOTHING_COMPARED = Compared(None, ())


class StandingDeliveries:
    """The accepted deliveries of a feed, kept current while a run accepts more."""

    def __init__(self, site: Site, contract: Contract, verdicts: Iterable[EffectiveVerdict]) -> None:
        self._site, self._contract = site, contract
        self._verdicts = {one.delivery.delivery_id: one for one in verdicts}

    @property
    def verdicts(self) -> list[EffectiveVerdict]:
        """In no order."""
        return [*self._verdicts.values()]

    def judged(
        self, delivery: Delivery, verdict_id: int, verdict: Verdict, *, answers: Delivery | None = None
    ) -> None:
        """Take note of a verdict of this run."""
        if verdict.verdict == "accepted":
            self._verdicts[delivery.delivery_id] = EffectiveVerdict(
                delivery=delivery,
                verdict_id=verdict_id,
                judged_at=verdict.judged_at,
                register_digest=verdict.register_digest,
                contract_digest=verdict.contract_digest,
                cell_digest=verdict.cell_digest,
                staged=verdict.staged,
                answers=answers,
            )

    def says_nothing_new(self, delivery: Delivery) -> EffectiveVerdict | None:
        """The supplier's delivery of the same bytes, of the same quarter and state, if it stands and nothing came over
        it since.
        """
        same = [one for one in self._same(delivery) if self._told_by(one.delivery) == self._told_by(delivery)]
        return same[0] if same and self.taken_over_by(delivery) is None else None

    def taken_over_by(self, delivery: Delivery) -> EffectiveVerdict | None:
        """The supplier's newest file for a quarter of the same bytes' last delivery, if that came after it.

        Under `append` every row counts and nothing is taken over; where the file's name says how recent a state is,
        arrival changes nothing.
        """
        same = self._same(delivery)
        if not same or self._contract.time.delivery == "append":
            return None
        last = same[-1]
        quarters = {staged.quarter for staged in last.staged}
        later = [
            one
            for one in self._of(delivery.supplier)
            if arrival(last.delivery) < arrival(one.delivery) < arrival(delivery)
            and one.delivery.sha256 != delivery.sha256
            and quarters & {staged.quarter for staged in one.staged}
            and self._recency(one.delivery) == self._recency(delivery)
        ]
        return later[-1] if later else None

    def compare(self, delivery: Delivery, accepted: pa.Table | None) -> Compared:
        """Find the standing rows that carry the accepted rows' keys: of the supplier, and under `upsert` of others."""
        time = self._contract.time
        if not self._contract.key or time.delivery == "append" or time.kind == "register":
            return NOTHING_COMPARED
        if accepted is None or not accepted.num_rows:
            return NOTHING_COMPARED
        quarters = set(pc.unique(accepted["_quarter"]).to_pylist())
        anywhere = time.delivery == "upsert" and time.of_events
        others = [one for one in self._verdicts.values() if one.delivery.delivery_id != delivery.delivery_id]
        files = [
            (one.delivery, staged)
            for _, one, staged in standing_files(self._contract, _by_arrival(others))
            if anywhere or staged.quarter in quarters
        ]
        own = [(one, staged) for one, staged in files if one.supplier == delivery.supplier]
        strange = [
            (one, staged)
            for one, staged in files
            if one.supplier != delivery.supplier and time.delivery == "upsert"
        ]
        told = self._resent(delivery)
        if not own and not strange:
            return Compared(None, tuple(told))
        with scratch(rows=sum(staged.rows for _, staged in (*own, *strange))) as con:
            con.register("accepted", accepted)
            superseded = self._superseded(con, delivery, own, set(accepted.column_names)) if own else None
            overlap = self._overlap(con, strange, anywhere=anywhere) if strange else 0
        if superseded is not None:
            rows = int((superseded["new_delivery_id"] == delivery.delivery_id).sum())
            told += [file_fault("I-SUPERSEDES", file=delivery.file_name, rows=rows)] if rows else []
        if overlap:
            senders = sorted({f"{one.supplier}/{one.file_name}" for one, _ in strange})
            told.append(
                file_fault(
                    "W-OVERLAP",
                    file=delivery.file_name,
                    rows=overlap,
                    files="、".join(senders[:_SHOWN_FILES]),
                )
            )
        return Compared(superseded, tuple(told))

    def _resent(self, delivery: Delivery) -> list[Fault]:
        later = self.taken_over_by(delivery)
        if later is None:
            return []
        first = self._same(delivery)[-1].delivery
        facts = {
            "first": first.file_name,
            "at": f"{first.arrived_at:%Y-%m-%d}",
            "later": later.delivery.file_name,
        }
        return [file_fault("W-RESENT", file=delivery.file_name, **facts)]

    def _same(self, delivery: Delivery) -> list[EffectiveVerdict]:
        return [
            one
            for one in self._of(delivery.supplier)
            if one.delivery.sha256 == delivery.sha256 and arrival(one.delivery) < arrival(delivery)
        ]

    def _of(self, supplier: str) -> list[EffectiveVerdict]:
        return _by_arrival(one for one in self._verdicts.values() if one.supplier == supplier)

    def _told_by(self, delivery: Delivery) -> list[tuple[str | None, ...]]:
        return told_by(self._contract, delivery.file_name)

    def _recency(self, delivery: Delivery) -> tuple[str, ...]:
        return recency(self._contract, delivery.file_name)

    def _superseded(
        self,
        con: duckdb.DuckDBPyConnection,
        delivery: Delivery,
        files: list[tuple[Delivery, ledger.StagedFile]],
        columns: set[str],
    ) -> pd.DataFrame | None:
        source, present = self._source(con, files, order_with=delivery)
        contract = self._contract
        compared = [one.name for one in contract.columns if one.name in columns and one.name in present]
        keys = [*contract.key] + ([] if contract.time.of_events else ["_quarter"])
        if not {*keys} <= present & columns:
            return None  # a personal key is not staged
        differ = [
            f"case when cast(own.{name(one)} as varchar) is distinct from cast(old.{name(one)} as varchar) "
            f"then {literal(one)} end"
            for one in compared
        ]
        same = " and ".join(
            f"cast(own.{name(key)} as varchar) = cast(old.{name(key)} as varchar)" for key in keys
        )
        found = con.sql(f"""
            with standing as ({source}),
            old as (
                select * from standing qualify row_number() over (
                    partition by {", ".join(map(name, keys))}
                    order by _place desc, _sha256 desc, _sheet desc, _row desc) = 1),
            pairs as (
                select own._sheet as own_sheet, own._row as own_row, own._quarter as own_quarter,
                    old._sha256 as old_sha256, old._sheet as old_sheet, old._row as old_row,
                    old._quarter as old_quarter, old._delivery as old_delivery, old._after as after,
                    concat_ws(',', {", ".join(differ)}) as changed
                from accepted as own join old on {same})
            select * from pairs where changed <> '' order by own_sheet, own_row""").df()
        if found.empty:
            return None
        ours = {
            "sha256": pd.Series(delivery.sha256, index=found.index),
            "sheet": found["own_sheet"],
            "row": found["own_row"],
            "quarter": found["own_quarter"],
            "delivery_id": pd.Series(delivery.delivery_id, index=found.index),
        }
        theirs = {
            "sha256": found["old_sha256"],
            "sheet": found["old_sheet"],
            "row": found["old_row"],
            "quarter": found["old_quarter"],
            "delivery_id": found["old_delivery"],
        }
        pairs = {"feed": contract.feed, "changed_columns": found["changed"]}
        for field in ours:
            pairs[f"new_{field}"] = ours[field].where(~found["after"], theirs[field])
            pairs[f"old_{field}"] = theirs[field].where(~found["after"], ours[field])
        return pd.DataFrame(pairs)

    def _overlap(
        self,
        con: duckdb.DuckDBPyConnection,
        files: list[tuple[Delivery, ledger.StagedFile]],
        *,
        anywhere: bool,
    ) -> int:
        source, present = self._source(con, files, order_with=None)
        keys = [*self._contract.key] + ([] if anywhere else ["_quarter"])
        if not {*keys} <= present:
            return 0
        listed = ", ".join(map(name, keys))
        # Files staged under other versions of the contract may hold a key in another type.
        texts = ", ".join(f"cast({name(key)} as varchar) as {name(key)}" for key in keys)
        counted = (
            f"select count(*) from (select distinct {texts} from accepted) "
            f"semi join (select {texts} from ({source})) using ({listed})"
        )
        ((rows,),) = con.sql(counted).fetchall()
        return int(rows)

    def _source(
        self,
        con: duckdb.DuckDBPyConnection,
        files: list[tuple[Delivery, ledger.StagedFile]],
        *,
        order_with: Delivery | None,
    ) -> tuple[str, set[str]]:
        """Staged rows with `_delivery`, `_place` in the order of effect and whether that is `_after` another one's."""
        ordered = sorted(
            {one.delivery_id: one for one, _ in files}.values(),
            key=lambda one: (self._recency(one), arrival(one)),
        )
        place = {one.delivery_id: number for number, one in enumerate(ordered)}
        own = (self._recency(order_with), arrival(order_with)) if order_with else None
        lines = ", ".join(
            f"({literal(str(local_copy(self._site.lake / staged.path)))}, {one.delivery_id}, "
            f"{place[one.delivery_id]}, {own is not None and (self._recency(one), arrival(one)) > own})"
            for one, staged in files
        )
        paths = ", ".join(literal(str(local_copy(self._site.lake / staged.path))) for _, staged in files)
        rows = f"read_parquet([{paths}], union_by_name = true, filename = true)"
        present = {row[0] for row in con.execute(f"describe select * from {rows}").fetchall()}
        return (
            f"select * from {rows} join (values {lines}) as listed (filename, _delivery, _place, _after) "
            "using (filename)"
        ), present


def superseded_by(site: Site, feed: str) -> list[dict[str, Any]]:
    """The pairs of rows of a feed in which the newer changed something, with the names of both files."""
    migrate(site.warehouse_url)
    engine = open_warehouse(site.warehouse_url)
    with reading(engine) as connection:
        found = [ledger.superseded_rows(connection, place, feed) for place in site.jurisdictions]
        listed = connection.execute(text("select delivery_id, file_name from delivery")).all()
    files: dict[int, str] = {row.delivery_id: row.file_name for row in listed}
    rows = pd.concat(found, ignore_index=True)
    for side in ("new", "old"):
        rows[f"{side}_file"] = rows[f"{side}_delivery_id"].map(files)
    lines: list[dict[str, Any]] = rows.drop(columns=["verdict_id", "feed"]).to_dict("records")  # type: ignore[assignment]
    return lines


_RESPELLED = text(
    "select d.jurisdiction, d.file_name as file, n.column_name, n.cells, n.masked_example from normalised_column n "
    "join delivery_verdict v using (verdict_id) join delivery d on d.delivery_id = v.delivery_id "
    "where d.feed = :feed and v.verdict_id = "
    "(select max(verdict_id) from delivery_verdict w where w.delivery_id = v.delivery_id) "
    "order by d.jurisdiction, d.landed_at, d.delivery_id, n.column_name"
)


def respelled_in(site: Site, feed: str) -> list[dict[str, Any]]:
    """The columns of a feed's deliveries whose cells were respelled, by the latest verdicts."""
    migrate(site.warehouse_url)
    with reading(open_warehouse(site.warehouse_url)) as connection:
        return [dict(row) for row in connection.execute(_RESPELLED, {"feed": feed}).mappings()]


def _by_arrival(verdicts: Iterable[EffectiveVerdict]) -> list[EffectiveVerdict]:
    return sorted(verdicts, key=lambda one: arrival(one.delivery))
