"""From landed bytes to a verdict: read, judge in batches, and put what was found into the ledger's words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Engine

from include.feeds.child import parse_in_child
from include.feeds.contract import Contract
from include.feeds.faults import Fault, Held, fault
from include.feeds.read import TextTable, lay_out, parse_delivery
from include.pipeline.pseudonyms import pseudonym_columns, pseudonymiser
from include.pipeline.references import Reference
from include.pipeline.registers import StandingRegister
from include.pipeline.vault import open_landed, record_opening
from include.quality.judge import Delivered, Judgement, judge
from include.quality.returns.reading import Returned, is_return, read_rows
from include.quarters import Quarter
from include.site import Site
from include.warehouse import ledger
from include.warehouse.ledger import Confirmation, Delivery, FileFault, RowBalance, Verdict

SHOWN_WARNINGS = 100
BATCH_ROWS = 30_000
"""Deliveries of a feed are judged together up to about this many rows: the second judge costs most per run."""


def suppliers_of(site: Site, contract: Contract) -> tuple[str, ...]:
    """Who sends a feed: the site's choice, else the contract's."""
    return site.settings.feeds[contract.feed].suppliers or contract.suppliers


Confirmed = Mapping[int, tuple[Confirmation, ...]]
"""Holds that stewards confirmed, by delivery."""


def read_batches(
    site: Site,
    contract: Contract,
    jurisdiction: str,
    engine: Engine,
    waiting: list[Delivery],
    now: datetime,
    confirmed: Confirmed,
) -> Iterator[list[tuple[Delivery, TextTable | Returned | Fault]]]:
    """Read the deliveries, in order, in batches that are judged together; what is opened is on the record."""
    record_opening(engine, jurisdiction, waiting, now)
    ring = site.keys
    batch: list[tuple[Delivery, TextTable | Returned | Fault]] = []
    rows = 0
    for delivery in waiting:
        data = open_landed(site, engine, delivery, ring)
        codes = _codes(confirmed, delivery)
        read = data if isinstance(data, Fault) else read_text(site, contract, data, delivery, codes)
        batch.append((delivery, read))
        rows += read.table.num_rows if isinstance(read, TextTable) else 0
        if rows >= BATCH_ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def _codes(confirmed: Confirmed, delivery: Delivery) -> frozenset[str]:
    return frozenset(one.code for one in confirmed.get(delivery.delivery_id, ()))


def read_text(
    site: Site,
    contract: Contract,
    data: bytes,
    delivery: Delivery,
    confirmed: Collection[str] = (),
) -> TextTable | Returned | Fault:
    """Read one delivery; the fault for which it is held where it cannot be read truthfully."""
    if not delivery.supplier:
        suppliers = ", ".join(suppliers_of(site, contract))
        return fault("F-SENDER", file=delivery.file_name, suppliers=suppliers)
    named: dict[str, Any] = {"file_name": delivery.file_name, "confirmed": confirmed}
    try:
        parsed = parse_delivery(data, contract=contract, **named)
    except Held as held:
        try:
            # A returned workbook need not be of a kind or have the sheets that the contract declares.
            return _read_return(data, delivery) if held.fault.code in _NOT_AS_DECLARED else held.fault
        except Held as still:
            return held.fault if still.fault.code in _NOT_AS_DECLARED else still.fault
    try:
        return (
            _read_return(data, delivery)
            if is_return(parsed)
            else _keyed(site, contract, lay_out(parsed, contract, **named))
        )
    except Held as held:
        return held.fault


def _keyed(site: Site, contract: Contract, text: TextTable) -> TextTable:
    """The text, with a warning where there is no key for its pseudonyms."""
    keyed = pseudonym_columns(contract)
    if not keyed or site.keys.has("pseudonym"):
        return text
    told = fault("W-NOKEY", headers="、".join(column.title for column in keyed))
    return replace(text, warnings=(*text.warnings, told))


_NOT_AS_DECLARED = ("F-TYPE", "F-SHEET")


def _read_return(data: bytes, delivery: Delivery) -> Returned:
    """Read a returned workbook by its own layout; Held as F-TYPE or F-SHEET where it is none."""
    kinds = ("xlsx", "xls", "ods", "csv", "tsv")
    parsed = parse_in_child(data, file_name=delivery.file_name, kinds=kinds)
    if not is_return(parsed):
        raise Held(fault("F-TYPE", extension="", found=parsed.kind, allowed=""))
    if others := (*parsed.extra, *parsed.hidden):
        sheets = (*(sheet.name for sheet in parsed.sheets), *others)
        parsed = parse_in_child(data, file_name=delivery.file_name, kinds=kinds, sheets=sheets)
    return read_rows(parsed, file_name=delivery.file_name)


def judge_batch(
    site: Site,
    contract: Contract,
    register: StandingRegister,
    texts: Sequence[tuple[Delivery, TextTable]],
    now: datetime,
    confirmed: Confirmed,
    references: Mapping[str, Reference],
) -> list[Judgement]:
    """Judge deliveries of one feed together; one judgement each, in their order."""
    if not texts:
        return []
    first = Quarter.parse(site.settings.first_quarter).shift(-contract.time.lookback_quarters)
    return judge(
        [
            Delivered(
                text.table,
                text.letters,
                delivery.file_name,
                delivery.declared_quarter or None,
                text.letters_by_sheet,
                _codes(confirmed, delivery),
            )
            for delivery, text in texts
        ],
        contract,
        resolve_units=partial(_resolve, register),
        nearest_units=partial(_nearest, register),
        now=now.astimezone(site.zone).date(),
        first_quarter=first,
        references={rule_id: reference.rows for rule_id, reference in references.items()},
        pseudonymise=pseudonymiser(contract, site.keys),
    )


def _resolve(register: StandingRegister, names: pa.Array, days: pa.Array) -> pa.Array:
    texts, dates = names.to_numpy(zero_copy_only=False), days.to_numpy(zero_copy_only=False)
    return pa.array(register.register.resolve(texts, dates), pa.string())


def _nearest(register: StandingRegister, name: str) -> list[str]:
    return [f"{near.name}({near.unit_code})" for near in register.register.nearest(name)]


def held_verdict(
    contract: Contract, register: StandingRegister, found: Fault, now: datetime, **read: Any
) -> Verdict:
    """The verdict on a file that was held before any row was judged; `read`: what is known of it all the same."""
    return Verdict(
        "held",
        now,
        found.code,
        found.zh,
        found.en,
        register_digest=register.digest,
        contract_digest=contract.digest,
        faults=(FileFault(found.code, found.zh, found.en, found.sheet, found.cell),),
        **read,
    )


def verdict_of(
    contract: Contract,
    register: StandingRegister,
    text: TextTable,
    judgement: Judgement,
    staged: tuple[ledger.StagedFile, ...],
    now: datetime,
    confirmed: tuple[Confirmation, ...] = (),
) -> Verdict:
    """The verdict on a judged delivery, with its row balance, results, refused rows and warnings."""
    data_rows = text.table.num_rows
    structural = text.structural.num_rows
    faults = [*([judgement.held] if judgement.held else []), *text.warnings, *judgement.told]
    faults += [fault("I-CONFIRMED", hold=one.code, by=one.confirmed_by) for one in confirmed]
    told: dict[str, Any] = {}
    if judgement.held:
        told = {
            "reason_code": judgement.held.code,
            "message_zh": judgement.held.zh,
            "message_en": judgement.held.en,
        }
        balance = RowBalance(text.landed, 0, data_rows, 0, structural)
    else:
        balance = RowBalance(
            text.landed,
            judgement.accepted.num_rows,
            judgement.quarantined_rows,
            len(judgement.duplicates),
            structural,
        )
    return Verdict(
        "held" if judgement.held else "accepted",
        now,
        **told,
        register_digest=register.digest,
        contract_digest=contract.digest,
        cell_digest=text.cell_digest,
        balance=balance,
        results=tuple(ledger.ValidationResult(*astuple(result)) for result in judgement.results),
        quarantined=_ledger_lines(judgement.quarantined),
        faults=tuple(FileFault(item.code, item.zh, item.en, item.sheet, item.cell) for item in faults)
        + _warned(judgement.warnings),
        staged=staged,
    )


def _ledger_lines(faults: pd.DataFrame) -> pd.DataFrame:
    names = {"row": "row_number", "column": "column_name"}
    return faults.rename(columns=names).drop(columns=["cell", "severity"])


def _warned(warnings: pd.DataFrame) -> tuple[FileFault, ...]:
    """The first warnings of a file; how many there are stands in its validation results."""
    shown = warnings.head(SHOWN_WARNINGS)
    columns = ["rule_id", "message_zh", "message_en", "sheet", "cell"]
    return tuple(FileFault(*row) for row in shown[columns].itertuples(index=False, name=None))
