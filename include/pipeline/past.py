"""A supplier's earlier deliveries, as plain data for the judge."""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted paths
from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.engine.scratch import scratch
from include.feeds.contract import Contract
from include.feeds.faults import Fault
from include.lake import local_copy
from include.pipeline.inputs import leading
from include.pipeline.rejudging import arrival
from include.quality.grammar import literal
from include.quality.judge import Judgement
from include.quality.periods import Amounts, Past, against_history, amounts_in, amounts_of, compared_columns
from include.quality.senders import another_senders
from include.quality.sentences import file_fault
from include.site import Site
from include.warehouse.ledger import Delivery, EffectiveVerdict

_figures: dict[tuple[str, tuple[str, ...]], dict[tuple[str, str], Amounts]] = {}
"""Per staged file, which never changes, and columns."""
_values: dict[tuple[str, str], frozenset[str]] = {}


def held_by_history(
    site: Site,
    contract: Contract,
    delivery: Delivery,
    judgement: Judgement,
    standing: Iterable[EffectiveVerdict],
    confirmed: Collection[str],
) -> Judgement:
    """The judgement, held or with warnings where the delivery is unlike those that the supplier sent before it."""
    if judgement.held is not None or contract.time.kind == "register":
        return judgement
    earlier = sorted(
        (one for one in leading([*standing]) if one.staged and arrival(one.delivery) < arrival(delivery)),
        key=lambda one: arrival(one.delivery),
    )
    if contract.history.sender_column and "H-SENDER" not in confirmed:
        strange = _another_senders(site, contract, delivery, judgement, earlier)
        if strange:
            return replace(judgement, held=strange)
    before = [one for one in earlier if one.supplier == delivery.supplier]
    if not before:
        return judgement
    columns = compared_columns(contract)
    held, warnings = against_history(
        contract,
        file_name=delivery.file_name,
        rows=judgement.accepted.num_rows,
        amounts=amounts_in(judgement.accepted, columns),
        past=_past(site, before, columns),
        confirmed=confirmed,
    )
    return replace(judgement, held=held, told=judgement.told + warnings) if held or warnings else judgement


def _another_senders(
    site: Site,
    contract: Contract,
    delivery: Delivery,
    judgement: Judgement,
    earlier: Iterable[EffectiveVerdict],
) -> Fault | None:
    """H-SENDER where the delivery says what another supplier says."""
    column = contract.column(contract.history.sender_column)
    last = {one.supplier: one for one in earlier}
    said = {supplier: _said(site, one, column.name) for supplier, one in last.items()}
    own = said.pop(delivery.supplier, frozenset())
    found = another_senders(set(pc.unique(judgement.accepted[column.name]).to_pylist()) - {None}, own, said)
    if found is None:
        return None
    sender, share = found
    known = site.settings.suppliers.get(sender)
    facts = {
        "file": delivery.file_name, "title": column.title, "share_pct": f"{share * 100:.0f}",
        "first": last[sender].delivery.file_name,
    }  # fmt: skip
    zh = file_fault("H-SENDER", sender=known.name.zh if known else sender, **facts).zh
    return Fault(
        "H-SENDER", zh, file_fault("H-SENDER", sender=(known and known.name.en) or sender, **facts).en
    )


def _said(site: Site, one: EffectiveVerdict, column: str) -> frozenset[str]:
    said: set[str] = set()
    for staged in one.staged:
        if (staged.path, column) not in _values:
            file = pq.ParquetFile(str(local_copy(site.lake / staged.path)))
            # A file staged under an older contract may lack the column.
            kept = [column] if column in file.schema_arrow.names else []
            said_here = file.read(columns=kept).to_pydict().get(column, [])
            _values[staged.path, column] = frozenset(said_here) - {None}
        said |= _values[staged.path, column]
    return frozenset(said)


def _past(site: Site, before: Sequence[EffectiveVerdict], columns: tuple[str, ...]) -> list[Past]:
    paths = {staged.path: str(local_copy(site.lake / staged.path)) for one in before for staged in one.staged}
    unread = [path for path in paths.values() if columns and (path, columns) not in _figures]
    if unread:
        with scratch() as con:
            source = (
                f"read_parquet([{', '.join(map(literal, unread))}], union_by_name = true, filename = true)"
            )
            present = {row[0] for row in con.execute(f"describe select * from {source}").fetchall()}
            found = amounts_of(con, source, [column for column in columns if column in present])
        _figures.update({(path, columns): found.get(path, {}) for path in unread})
    return [
        Past(
            one.delivery.file_name,
            sum(staged.rows for staged in one.staged),
            {
                place: amounts
                for staged in one.staged
                for place, amounts in (_figures[paths[staged.path], columns] if columns else {}).items()
            },
        )
        for one in before
    ]
