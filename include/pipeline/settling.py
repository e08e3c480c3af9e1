"""Which quarantined rows need nothing more: fixed by a return, sent again under their key, replaced with their file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from include.feeds import persons
from include.feeds.contract import Contract
from include.feeds.read import TextTable
from include.pipeline.inputs import is_newer
from include.pipeline.return_books import quarter_of
from include.pipeline.returns import Address, Answer
from include.quality.judge import Judgement
from include.quality.returns.tokens import Signer
from include.warehouse import ledger
from include.warehouse.ledger import Delivery, ReturnRow, Verdict
from include.warehouse.ledger.settling import Outcome


def settle(
    connection: Connection,
    contract: Contract,
    delivery: Delivery,
    verdict_id: int,
    verdict: Verdict,
    *,
    text: TextTable | None,
    accepted: pa.Table | None,
    answer: Answer | None,
    sign: Signer | None,
) -> None:
    """Record beside a verdict what it settles: rows that a return fixed, keys that came again, files replaced.

    Keys that may name a person are known by `sign`; without it such rows are not settled by their key.
    """
    if text is not None and len(verdict.quarantined):
        keys = _keys(
            text,
            contract,
            set(_addresses(verdict.quarantined["sheet"], verdict.quarantined["row_number"])),
            sign,
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
        closed += _sent_again(contract, text, accepted, waiting, sign)
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
            older = is_newer(contract, delivery, first)
            same[first.delivery_id] = older and own is not None and quarter_of(first, own) == quarter
        if same[first.delivery_id] and row.quarter in ("", quarter):
            closed.append((row.delivery_id, row.sheet, row.row_number, "replaced"))
    return closed


def _sent_again(
    contract: Contract,
    text: TextTable,
    accepted: pa.Table,
    waiting: Iterable[ledger.OpenRow],
    sign: Signer | None,
) -> list[tuple[int, str, int, Outcome]]:
    """Open rows whose key was accepted now; of a feed that is no feed of events, in the same quarter only."""
    wanted = {row.row_key for row in waiting if row.row_key}
    if not wanted:
        return []
    keys = _key_texts(text.table, contract, sign)
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
    events = contract.time.of_events
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


def _keys(
    text: TextTable, contract: Contract, wanted: set[Address], sign: Signer | None
) -> dict[Address, str]:
    """Address → key of the wanted rows that have their whole key; none where the key holds personal data."""
    addresses = _addresses(text.table["_sheet"].to_pylist(), text.table["_row"].to_pylist())
    places = [place for place, address in enumerate(addresses) if address in wanted]
    keys = _key_texts(text.table.take(pa.array(places, pa.int64())), contract, sign).to_pylist()
    return {addresses[place]: key for place, key in zip(places, keys, strict=True) if key}


def _key_texts(table: pa.Table, contract: Contract, sign: Signer | None) -> pa.Array:
    """The key of each row as one text, null where a part of it is missing."""
    if not contract.key or any(contract.column(name).is_hidden for name in contract.key):
        return pa.nulls(table.num_rows, pa.string())
    parts = [table[name].combine_chunks() for name in contract.key]
    whole = pc.binary_join_element_wise(*parts, "\x1f") if len(parts) > 1 else parts[0]
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    # A key that reads as a person's name, or is long digits, may identify someone: only such keys are looked at.
    if pc.any(pc.match_substring_regex(whole, rf"\d{{11}}|(?:^|\x1f){persons.NAME}(?:$|\x1f)")).as_py():
        return pa.array(
            [None if key is None else _harmless(key, sign) for key in whole.to_pylist()], pa.string()
        )
    return whole


def _harmless(key: str, sign: Signer | None) -> str | None:
    """The key with numbers of persons masked and the whole signed, so that no two keys become one.

    None where a part of it reads as a person's name, or nothing signs.
    """
    if any(map(persons.looks_like_a_name, key.split("\x1f"))):
        return None
    masked = persons.without_numbers(key)
    if masked == key:
        return key
    return f"{masked}~{sign(key.encode()).hex()[:16]}" if sign else None


def _addresses(sheets: Iterable[str], rows: Iterable[int]) -> list[Address]:
    return list(zip(sheets, rows, strict=True))
