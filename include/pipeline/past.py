"""A supplier's earlier deliveries, as plain data for the judge."""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted paths
from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import duckdb

from include.feeds.contract import Contract
from include.lake import local_copy
from include.pipeline.inputs import leading
from include.pipeline.rejudging import arrival
from include.quality.grammar import literal
from include.quality.judge import Judgement
from include.quality.periods import Amounts, Past, against_history, amounts_in, amounts_of, compared_columns
from include.site import Site
from include.warehouse.ledger import Delivery, EffectiveVerdict

_figures: dict[tuple[str, tuple[str, ...]], dict[tuple[str, str], Amounts]] = {}
"""Per staged file, which never changes, and columns."""


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
    before = sorted(
        (
            one
            for one in leading([*standing])
            if one.staged and one.supplier == delivery.supplier and arrival(one.delivery) < arrival(delivery)
        ),
        key=lambda one: arrival(one.delivery),
    )
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


def _past(site: Site, before: Sequence[EffectiveVerdict], columns: tuple[str, ...]) -> list[Past]:
    paths = {staged.path: str(local_copy(site.lake / staged.path)) for one in before for staged in one.staged}
    unread = [path for path in paths.values() if columns and (path, columns) not in _figures]
    if unread:
        with duckdb.connect(":memory:") as con:
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
