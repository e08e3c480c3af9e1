"""Returned workbooks coming home: whose rows they answer, what is now good, and which quarantined rows are settled.

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
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine

from include.feeds import persons
from include.feeds.contract import Contract
from include.feeds.faults import Fault
from include.feeds.read import TextTable
from include.pipeline.inputs import main_quarter, recency
from include.pipeline.judging import held_verdict, judge_batch, read_text, verdict_of
from include.pipeline.registers import StandingRegister
from include.pipeline.rejudging import Basis
from include.pipeline.return_books import Source, origin_of, quarter_of, site_signers
from include.pipeline.vault import open_landed, record_opening
from include.quality.holds import LEAST_BAD_ROWS
from include.quality.judge import Judgement
from include.quality.returns.compose import Composed, compose, refusal
from include.quality.returns.content import HIDDEN, without_numbers, without_persons
from include.quality.returns.reading import Returned
from include.quality.returns.tokens import named_origin, origin_key
from include.quality.sentences import file_fault
from include.site import Site
from include.warehouse import ledger
from include.warehouse.ledger import Delivery, EffectiveVerdict, ReturnRow, RowBalance, StagedFile, Verdict
from include.warehouse.ledger.settling import Outcome
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
    for row, address in composed.origins.items():
        if address not in settled or row in composed.twins or row in {one["row_number"] for one in refused}:
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
        done = used + len(settled) + len(composed.twins)
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
        if same and family != first.delivery_id and _is_newer(contract, verdict.delivery, first):
            return verdict
    return None


def _is_newer(contract: Contract, one: Delivery, other: Delivery) -> bool:
    def order(delivery: Delivery) -> tuple[object, ...]:
        return (
            recency(contract, delivery.file_name),
            delivery.landed_at,
            delivery.arrived_at,
            delivery.delivery_id,
        )

    return order(one) > order(other)


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


def record(
    connection: Connection,
    contract: Contract,
    delivery: Delivery,
    verdict_id: int,
    verdict: Verdict,
    *,
    text: TextTable | None,
    accepted: pa.Table | None,
    answer: Answer | None,
) -> None:
    """Record beside a verdict what it settles: rows that a return fixed, keys that came again, files replaced."""
    if text is not None and len(verdict.quarantined):
        keys = _keys(
            text, contract, set(_addresses(verdict.quarantined["sheet"], verdict.quarantined["row_number"]))
        )
        ledger.record_keys(connection, verdict_id, delivery.jurisdiction, keys)
    if answer is not None and answer.first is not None:
        _record_answer(connection, delivery, verdict_id, verdict, answer.first.delivery_id, answer.rows)
    if verdict.verdict != "accepted" or contract.time.kind == "register":
        return
    waiting = [
        row
        for row in ledger.open_rows(
            connection, jurisdiction=delivery.jurisdiction, feed=contract.feed, supplier=delivery.supplier
        )
        if row.delivery_id != delivery.delivery_id
    ]
    if not waiting:
        return
    closed = [] if answer is not None else _replaced(connection, contract, delivery, verdict, waiting)
    if text is not None and accepted is not None:
        closed += _sent_again(contract, text, accepted, waiting)
    ledger.close_rows(
        connection, delivery.jurisdiction, closed, closed_by=delivery.delivery_id, at=verdict.judged_at
    )


def _record_answer(
    connection: Connection,
    delivery: Delivery,
    verdict_id: int,
    verdict: Verdict,
    first: int,
    rows: tuple[ReturnRow, ...],
) -> None:
    area = delivery.jurisdiction
    ledger.record_answer(
        connection, delivery_id=delivery.delivery_id, answers_delivery_id=first, jurisdiction=area
    )
    earlier = ledger.return_rows(connection, first)
    ledger.record_return_rows(connection, verdict_id, area, rows)
    outcomes: dict[Address, Outcome] = {}
    wrong = set(_addresses(verdict.quarantined["sheet"], verdict.quarantined["row_number"]))
    settled = {
        one["row_number"] for one in verdict.quarantined.to_dict("records") if one["rule_id"] == "R-SETTLED"
    }
    for row in rows:
        if row.answers_row and row.outcome == "accepted":
            outcomes[row.answers_sheet, row.answers_row] = "fixed"
        elif row.answers_row and (row.sheet, row.row_number) in wrong and row.row_number not in settled:
            outcomes.setdefault((row.answers_sheet, row.answers_row), "answered")
    closed = [(first, *address, outcome) for address, outcome in outcomes.items()]
    for by, others in earlier.items():
        if by != delivery.delivery_id:
            closed += [
                (by, row.sheet, row.row_number, outcomes[row.answers_sheet, row.answers_row])
                for row in others
                if row.outcome == "refused" and (row.answers_sheet, row.answers_row) in outcomes
            ]
    ledger.close_rows(connection, area, closed, closed_by=delivery.delivery_id, at=verdict.judged_at)


def _replaced(
    connection: Connection,
    contract: Contract,
    delivery: Delivery,
    verdict: Verdict,
    waiting: Iterable[ledger.OpenRow],
) -> list[tuple[int, str, int, Outcome]]:
    """Under `replace`: open rows of the older files of the same quarter, and of the returns to them."""
    quarter = quarter_of(delivery, verdict)
    if contract.time.delivery != "replace" or not quarter:
        return []
    named = {
        one.delivery_id: one for one in ledger.deliveries_of(connection, delivery.jurisdiction, contract.feed)
    }
    answers = ledger.answered_by(connection, named)
    same: dict[int, bool] = {}
    closed: list[tuple[int, str, int, Outcome]] = []
    for row in waiting:
        first = named[answers.get(row.delivery_id, row.delivery_id)]
        if first.delivery_id not in same:
            own = ledger.latest_verdict(connection, first.delivery_id)
            older = _is_newer(contract, delivery, first)
            same[first.delivery_id] = older and own is not None and quarter_of(first, own) == quarter
        if same[first.delivery_id] and row.quarter in ("", quarter):
            closed.append((row.delivery_id, row.sheet, row.row_number, "replaced"))
    return closed


def _sent_again(
    contract: Contract, text: TextTable, accepted: pa.Table, waiting: Iterable[ledger.OpenRow]
) -> list[tuple[int, str, int, Outcome]]:
    """Open rows whose key was accepted now; of a feed that is no feed of events, in the same quarter only."""
    wanted = {row.row_key for row in waiting if row.row_key}
    if not wanted:
        return []
    keys = _key_texts(text.table, contract)
    came = pc.is_in(keys, value_set=pa.array(sorted(wanted), pa.string()))
    rows = text.table.append_column("_key", keys).filter(came)
    quarters = dict(
        zip(
            _addresses(accepted["_sheet"].to_pylist(), accepted["_row"].to_pylist()),
            accepted["_quarter"].to_pylist(),
            strict=True,
        )
    )
    found: dict[str, set[str]] = {}
    addresses = _addresses(rows["_sheet"].to_pylist(), rows["_row"].to_pylist())
    for address, key in zip(addresses, rows["_key"].to_pylist(), strict=True):
        if address in quarters:
            found.setdefault(key, set()).add(quarters[address])
    events = contract.time.kind == "events"
    return [
        (row.delivery_id, row.sheet, row.row_number, "resent")
        for row in waiting
        if row.row_key in found and (events or row.quarter in found[row.row_key])
    ]


def without_settled(connection: Connection, delivery: Delivery, judgement: Judgement) -> Judgement:
    """A file that is judged again: its rows that a later file settled count there, here as exact duplicates."""
    settled = {
        address
        for address, (outcome, _) in ledger.closings(connection, delivery.delivery_id).items()
        if outcome in ("fixed", "resent")
    }
    if not settled:
        return judgement
    addresses = _addresses(judgement.accepted["_sheet"].to_pylist(), judgement.accepted["_row"].to_pylist())
    again = [address for address in addresses if address in settled]
    kept = pa.array([address not in settled for address in addresses], pa.bool_())
    twins = pd.DataFrame(
        [(sheet, row, sheet, row) for sheet, row in again], columns=["sheet", "row", "of_sheet", "of_row"]
    )
    return replace(
        judgement,
        accepted=judgement.accepted.filter(kept),
        duplicates=pd.concat([judgement.duplicates, twins], ignore_index=True)
        if again
        else judgement.duplicates,
    )


def _keys(text: TextTable, contract: Contract, wanted: set[Address]) -> dict[Address, str]:
    """Address → key of the wanted rows that have their whole key; none where the key holds personal data."""
    addresses = _addresses(text.table["_sheet"].to_pylist(), text.table["_row"].to_pylist())
    places = [place for place, address in enumerate(addresses) if address in wanted]
    keys = _key_texts(text.table.take(pa.array(places, pa.int64())), contract).to_pylist()
    return {addresses[place]: key for place, key in zip(places, keys, strict=True) if key}


def _key_texts(table: pa.Table, contract: Contract) -> pa.Array:
    """The key of each row as one text, null where a part of it is missing."""
    if not contract.key or any(contract.column(name).privacy in HIDDEN for name in contract.key):
        return pa.nulls(table.num_rows, pa.string())
    parts = [table[name].combine_chunks() for name in contract.key]
    whole = pc.binary_join_element_wise(*parts, "\x1f") if len(parts) > 1 else parts[0]
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    # A key that reads as a person's name, or is long digits, may identify someone: only such keys are looked at.
    if pc.any(pc.match_substring_regex(whole, rf"\d{{11}}|(?:^|\x1f){persons.NAME}(?:$|\x1f)")).as_py():
        return pa.array([None if key is None else _harmless(key) for key in whole.to_pylist()], pa.string())
    return whole


def _harmless(key: str) -> str | None:
    """The key with numbers of persons masked; None where a part of it reads as a person's name."""
    return None if any(map(persons.looks_like_a_name, key.split("\x1f"))) else without_numbers(key)


def _addresses(sheets: Iterable[str], rows: Iterable[int]) -> list[Address]:
    return list(zip(sheets, rows, strict=True))
