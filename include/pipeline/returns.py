"""Returned workbooks coming home: whose rows they answer, and what of them is now good.

A return adds to the delivery that it answers and replaces nothing: its rows are those of that delivery with the cells
that the supplier changed, judged by the same contract. A row is settled once; what comes later for it, in whatever
order, changes nothing and is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Engine

from include.feeds.contract import Contract
from include.feeds.faults import Fault
from include.feeds.persons import without_persons
from include.feeds.read import TextTable
from include.pipeline.inputs import is_newer, main_quarter
from include.pipeline.judging import held_verdict, judge_batch, read_text, verdict_of
from include.pipeline.registers import StandingRegister
from include.pipeline.rejudging import Basis
from include.pipeline.return_books import Source, origin_of, quarter_of, site_signers
from include.pipeline.vault import open_landed, record_opening
from include.quality.holds import LEAST_BAD_ROWS
from include.quality.judge import Judgement
from include.quality.returns.compose import Composed, compose, refusal
from include.quality.returns.reading import Returned
from include.quality.returns.tokens import named_origin, origin_key
from include.quality.sentences import file_fault
from include.site import Site
from include.warehouse import ledger
from include.warehouse.ledger import Delivery, EffectiveVerdict, ReturnRow, RowBalance, StagedFile, Verdict
from include.warehouse.store import reading

_WHOLE_FILE_ONLY = ("F-NULLCOL", "H-ALLBAD", "H-BADSHARE")
"""Reasons to hold a file that say nothing of a return to an accepted file: it brings back its bad rows alone."""

Address = tuple[str, int]
Stage = Callable[[pa.Table], tuple[StagedFile, ...]]


@dataclass(frozen=True)
class Answer:
    """A judged returned workbook, to be recorded with its verdict."""

    verdict: Verdict
    first: Delivery | None
    """The delivery that it answers; None where that is not known."""
    accepted: pa.Table | None = None
    rows: tuple[ReturnRow, ...] = ()
    source: Source | None = None
    """What goes back once more, where rows are still wrong."""


def judge_return(
    site: Site,
    basis: Basis,
    engine: Engine,
    delivery: Delivery,
    returned: Returned,
    *,
    stage: Stage,
    now: datetime,
) -> Answer:
    """Judge a returned workbook against the delivery that it answers.

    Args:
        site: the site.
        basis: contract, register and what else judgements rest on now.
        engine: the warehouse.
        delivery: the return's own entry in the ledger.
        returned: its rows as read.
        stage: accepted rows → staged files.
        now: the moment of judging.
    """
    contract, register = basis.contract, basis.register
    with reading(engine) as connection:
        first, standing = _answered(connection, contract, delivery, returned)
        if isinstance(first, Fault) or standing is None:
            told = first if isinstance(first, Fault) else _unknown(delivery)
            return Answer(held_verdict(contract, register, told, now), None)
        newer = _replaced_by(connection, contract, first, standing)
        settled = _settled(connection, delivery, first, standing)
        earlier = ledger.return_rows(connection, first.delivery_id)
    told_by = "" if newer is None else newer.delivery.file_name
    if newer is not None:
        day = newer.delivery.arrived_at.astimezone(site.zone)
        facts = {"first": first.file_name, "newer": told_by, "at": f"{day:%Y-%m-%d}"}
        return _held(
            contract, register, first, file_fault("F-RETREPLACED", file=delivery.file_name, **facts), now
        )
    text = read_first(site, contract, engine, first, now)
    if not isinstance(text, TextTable):
        fault = text if isinstance(text, Fault) else _unknown(delivery)
        if fault.code == "F-DELETED":
            fault = file_fault("F-RETGONE", file=delivery.file_name, first=first.file_name)
        return _held(contract, register, first, fault, now)
    composed = compose(
        returned, text, contract, origin_of(first, text), site_signers(site), file_name=delivery.file_name
    )
    said = _said_before(earlier, but_by=delivery.delivery_id)
    return _judged(
        site,
        basis,
        delivery,
        first,
        standing,
        text,
        composed,
        settled,
        said,
        returned,
        stage,
        now,
    )


def read_first(
    site: Site, contract: Contract, engine: Engine, first: Delivery, now: datetime
) -> TextTable | Returned | Fault:
    """Read a landed delivery once more, on the record."""
    record_opening(engine, first.jurisdiction, [first], now)
    data = open_landed(site, engine, first, site.keys)
    return data if isinstance(data, Fault) else read_text(site, contract, data, first)


def _judged(
    site: Site,
    basis: Basis,
    delivery: Delivery,
    first: Delivery,
    standing: Verdict,
    text: TextTable,
    composed: Composed,
    settled: Mapping[Address, str],
    said: Mapping[Address, str],
    returned: Returned,
    stage: Stage,
    now: datetime,
) -> Answer:
    contract, register = basis.contract, basis.register
    refused: list[dict[str, Any]] = [
        {str(key): value for key, value in one.items()} for one in composed.refused.to_dict("records")
    ]
    idle: set[int] = set()
    wrong = {one["row_number"] for one in refused}
    for row, address in composed.origins.items():
        if address not in settled or row in composed.twins or row in wrong:
            continue
        idle.add(row)
        if row in composed.changed and said.get(address) != composed.digests[row]:
            named = f"{delivery.file_name} [{returned.sheet}]" if returned.sheet else delivery.file_name
            where = {"where_zh": f"{named} 第 {row} 行", "where_en": f"{named} row {row}"}
            refused.append(refusal("R-SETTLED", returned.sheet, row, by=settled[address], **where))
    composed = composed.without(idle)
    whole = standing.verdict == "held"
    judgement = _judgement(site, basis, first, composed, now, whole=whole)
    own = {one["row_number"] for one in refused}
    duplicates = {*composed.twins, *idle} - own
    held = judgement.held if judgement else None
    used = 0 if judgement is None else judgement.accepted.num_rows
    if judgement is not None:
        duplicates |= set(judgement.duplicates["row"].tolist())
    if whole and held is None:
        done = used + len(settled)
        held = _partial(
            contract, delivery, first, rows=text.table.num_rows, good=done + _twins_within(judgement)
        )
    bad = len(returned.rows) - used - len(duplicates)
    structural = returned.landed - len(returned.rows)
    balance = RowBalance(returned.landed, used, bad, len(duplicates), structural)
    if held is not None:
        balance = RowBalance(returned.landed, 0, len(returned.rows), 0, structural)
    accepted = judgement.accepted if judgement is not None and held is None else None
    verdict = _verdict(contract, register, delivery, composed, judgement, held, now)
    lines = pd.concat(
        [verdict.quarantined, pd.DataFrame(refused, columns=composed.refused.columns)], ignore_index=True
    )
    verdict = replace(
        verdict,
        balance=balance,
        quarantined=lines,
        staged=() if accepted is None else stage(accepted),
    )
    good = set() if accepted is None else set(accepted["_row"].to_pylist())
    source = Source(
        delivery,
        replace(composed.text, table=composed.whole),
        origin_of(first, text),
        {(returned.sheet, row): address for row, address in composed.origins.items()},
        text.headers,
    )
    return Answer(verdict, first, accepted, _rows(returned, composed, good, duplicates), source)


def _judgement(
    site: Site,
    basis: Basis,
    first: Delivery,
    composed: Composed,
    now: datetime,
    *,
    whole: bool,
) -> Judgement | None:
    """What the contract says of the rows; None where none is left to judge."""
    if not composed.text.table.num_rows:
        return None
    contract, register = basis.contract, basis.register
    dated = contract.time.quarter_from is not None and contract.time.quarter_from.column
    # Named like the delivery that it answers: the quarter may stand in that name.
    judged_as = replace(
        first,
        file_name=f"退回工作簿({first.file_name})",
        declared_quarter="" if dated and not whole else first.declared_quarter,
    )
    (judgement,) = judge_batch(
        site, contract, register, [(judged_as, composed.text)], now, {}, basis.references
    )
    if not whole and judgement.held is not None and judgement.held.code in _WHOLE_FILE_ONLY:
        return replace(judgement, held=None)
    return judgement


def _verdict(
    contract: Contract,
    register: StandingRegister,
    delivery: Delivery,
    composed: Composed,
    judgement: Judgement | None,
    held: Fault | None,
    now: datetime,
) -> Verdict:
    if judgement is None:
        told = held or file_fault("I-RETSAME", file=delivery.file_name)
        return replace(
            held_verdict(contract, register, told, now),
            verdict="held" if held else "accepted",
            faults=(),
            cell_digest=composed.text.cell_digest,
        )
    return verdict_of(contract, register, composed.text, replace(judgement, held=held), (), now)


def _twins_within(judgement: Judgement | None) -> int:
    return 0 if judgement is None else len(judgement.duplicates)


def _partial(
    contract: Contract, delivery: Delivery, first: Delivery, *, rows: int, good: int
) -> Fault | None:
    """Rows of a held file are used together: a few good ones must not stand for the whole quarter."""
    allowed = 0.0 if contract.time.kind == "register" else contract.time.hold_above_bad_share
    left = max(0, rows - good)
    if left < (LEAST_BAD_ROWS if allowed else 1) or left / rows <= allowed:
        return None
    facts = {"share_pct": f"{left / rows * 100:.1f}", "allowed_pct": f"{allowed * 100:g}"}
    return file_fault(
        "H-PARTIAL", file=delivery.file_name, first=first.file_name, rows=rows, left=left, **facts
    )


def _rows(
    returned: Returned, composed: Composed, good: set[int], duplicates: set[int]
) -> tuple[ReturnRow, ...]:
    return tuple(
        ReturnRow(
            returned.sheet,
            row,
            *composed.origins.get(row, ("", 0)),
            "accepted" if row in good else "duplicate" if row in duplicates else "refused",
            ",".join(composed.changed.get(row, ())),
            composed.digests.get(row, ""),
            without_persons(composed.replies.get(row, ""))[:2000],
        )
        for row in returned.rows
    )


def _held(
    contract: Contract, register: StandingRegister, first: Delivery, fault: Fault, now: datetime
) -> Answer:
    return Answer(held_verdict(contract, register, fault, now), first)


def _unknown(delivery: Delivery) -> Fault:
    return file_fault("F-RETORIGIN", file=delivery.file_name)


def _answered(
    connection: Connection, contract: Contract, delivery: Delivery, returned: Returned
) -> tuple[Delivery | Fault, Verdict | None]:
    """The delivery whose rows a return carries, with its latest verdict, or the fault that keeps it unknown."""
    key = named_origin(returned.codes)
    named = [
        one
        for one in ledger.deliveries_of(connection, delivery.jurisdiction, contract.feed)
        if one.delivery_id != delivery.delivery_id
        and origin_key(one.jurisdiction, one.feed, one.supplier, one.file_name, one.sha256) == key
    ]
    if not named:
        return _unknown(delivery), None
    if named[0].supplier != delivery.supplier:
        return file_fault("F-RETSENDER", file=delivery.file_name, supplier=named[0].supplier), None
    # The same file may have come twice: the last that was judged on its own counts.
    judged = [(one, ledger.latest_verdict(connection, one.delivery_id)) for one in named]
    own = [(one, verdict) for one, verdict in judged if verdict and verdict.verdict in ("accepted", "held")]
    return own[-1] if own else (_unknown(delivery), None)


def _replaced_by(
    connection: Connection, contract: Contract, first: Delivery, standing: Verdict
) -> EffectiveVerdict | None:
    """The newer file that took the place of `first` as a whole, if one did."""
    quarter = quarter_of(first, standing)
    if contract.time.delivery != "replace" or (not quarter and contract.time.kind != "register"):
        return None
    for verdict in ledger.effective_verdicts(connection, first.jurisdiction, contract.feed):
        family = (verdict.answers or verdict.delivery).delivery_id
        same = verdict.supplier == first.supplier and main_quarter(verdict) == quarter
        if same and family != first.delivery_id and is_newer(contract, verdict.delivery, first):
            return verdict
    return None


def _settled(
    connection: Connection, delivery: Delivery, first: Delivery, standing: Verdict
) -> dict[Address, str]:
    """Rows of `first` that need nothing any more → the file that settled each."""
    names = {
        one.delivery_id: one.file_name
        for one in ledger.deliveries_of(connection, first.jurisdiction, first.feed)
    }
    closed = ledger.closings(connection, first.delivery_id, but_by=delivery.delivery_id)
    settled = {address: names[by] for address, (_, by) in closed.items()}
    if standing.verdict == "held":
        for by, rows in ledger.return_rows(connection, first.delivery_id).items():
            if by != delivery.delivery_id:
                settled |= {
                    (row.answers_sheet, row.answers_row): names[by]
                    for row in rows
                    if row.outcome == "accepted"
                }
        return settled
    waiting = set(zip(standing.quarantined["sheet"], standing.quarantined["row_number"], strict=True))
    return _Settled(settled, waiting, first.file_name)


class _Settled(dict[Address, str]):
    """Of an accepted file every row that is not refused is settled by the file itself."""

    def __init__(self, settled: Mapping[Address, str], waiting: set[Address], file_name: str) -> None:
        super().__init__(settled)
        self._waiting, self._file_name = waiting, file_name

    def __contains__(self, address: object) -> bool:
        return super().__contains__(address) or address not in self._waiting

    def __missing__(self, address: Address) -> str:
        return self._file_name


def _said_before(earlier: Mapping[int, Iterable[ReturnRow]], *, but_by: int) -> dict[Address, str]:
    """What was accepted for each row of the first delivery, as the hash of its open columns."""
    return {
        (row.answers_sheet, row.answers_row): row.content_digest
        for by, rows in earlier.items()
        if by != but_by
        for row in rows
        if row.outcome == "accepted"
    }
