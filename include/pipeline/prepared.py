"""A read delivery on its way to the judges: respelled cells counted, corrections applied, both put on the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from include.feeds.faults import Fault
from include.feeds.read import TextTable
from include.pipeline.rejudging import Basis
from include.pipeline.superseding import Compared
from include.quality.corrections import MetCell, apply_corrections
from include.quality.respelled import Respelled, respelled_columns, shown
from include.quality.returns.reading import Returned
from include.quality.sentences import file_fault
from include.warehouse.ledger import (
    AppliedCorrection,
    Delivery,
    FileFault,
    Judging,
    NormalisedColumn,
    Verdict,
)


@dataclass(frozen=True)
class Prepared:
    """What the judges see of a delivery, and what was done to it before."""

    delivery: Delivery
    text: TextTable
    met: tuple[MetCell, ...]
    respelled: tuple[Respelled, ...]


def prepare(text: TextTable, delivery: Delivery, basis: Basis) -> Prepared:
    """Apply the corrections that concern the delivery."""
    respelled = respelled_columns(text.table, basis.contract)
    table, met = apply_corrections(text.table, basis.concerning(delivery), basis.contract)
    return Prepared(delivery, replace(text, table=table) if met else text, met, respelled)


def prepare_all(
    batch: Iterable[tuple[Delivery, TextTable | Returned | Fault]], basis: Basis
) -> dict[int, Prepared]:
    """Prepare what could be read and is no nil return, in order: delivery id → prepared."""
    return {
        delivery.delivery_id: prepare(read, delivery, basis)
        for delivery, read in batch
        if isinstance(read, TextTable) and not read.nil
    }


def on_record(
    verdict: Verdict,
    delivery: Delivery,
    basis: Basis,
    prepared: Mapping[int, Prepared],
    compared: Compared,
) -> Verdict:
    """The verdict with what it rests on and, where the delivery could be read, what became of its cells and keys."""
    done = prepared.get(delivery.delivery_id)
    judging = Judging(basis.parts(delivery))
    if done is None:
        return replace(verdict, judging=judging)
    judging = replace(
        judging,
        corrections=tuple(
            AppliedCorrection(
                cell.correction.id,
                cell.correction.digest,
                cell.sheet,
                cell.row,
                cell.correction.column,
                cell.outcome,
                cell.found,
                cell.to,
            )
            for cell in done.met
        ),
        normalised=tuple(NormalisedColumn(one.column, one.cells, one.example) for one in done.respelled),
        superseded=compared.superseded,
    )
    told = tuple(
        FileFault(fault.code, fault.zh, fault.en, fault.sheet, fault.cell)
        for fault in (*_stale(done, delivery, basis), *compared.told)
    )
    return replace(verdict, judging=judging, faults=verdict.faults + told)


def _stale(done: Prepared, delivery: Delivery, basis: Basis) -> Iterator[Fault]:
    for cell in done.met:
        if cell.outcome == "stale":
            fault = file_fault(
                "W-CORRECTION",
                file=delivery.file_name,
                sheet=cell.sheet,
                row=cell.row,
                id=cell.correction.id,
                title=basis.contract.column(cell.correction.column).title,
                expected=shown(cell.correction.expected),
                found=cell.found,
            )
            place = done.text.letters_by_sheet.get(cell.sheet, {}).get(cell.correction.column, "")
            yield replace(fault, sheet=cell.sheet, cell=f"{place}{cell.row}" if cell.sheet else "")
