"""A site's corrections as a whole: whether they fit the contracts, and what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from include.pipeline.catalogue import contract_of
from include.quality.corrections import Correction, correction_mistakes, load_corrections
from include.site import Site
from include.warehouse import ledger
from include.warehouse.store import open_warehouse, reading

State = Literal["applied", "stale", "unmatched"]


@dataclass(frozen=True)
class CorrectionState:
    """One correction and what it met in the latest verdicts."""

    correction: Correction
    state: State
    """`stale`: the newest delivery that it met holds another value than expected; `unmatched`: it met nothing."""
    applied: int
    stale: int
    where: tuple[str, ...]
    """File, sheet and row of each cell, in order of arrival."""


def correction_states(site: Site) -> list[CorrectionState]:
    """What became of every correction of the site, in order of id.

    Raises:
        include.config.ConfigError: a file of corrections is wrong.
    """
    corrections = load_corrections(site.folder / "corrections")
    if not corrections:
        return []
    engine = open_warehouse(site.warehouse_url)
    with reading(engine) as connection:
        met = [
            (delivery, cell)
            for jurisdiction in site.jurisdictions
            for delivery, cell in ledger.met_corrections(connection, jurisdiction)
        ]
    states = []
    for correction in corrections:
        cells = [
            (delivery, cell)
            for delivery, cell in met
            if (cell.correction_id, cell.correction_digest) == (correction.id, correction.digest)
        ]
        outcomes = Counter(cell.outcome for _, cell in cells)
        state: State = cells[-1][1].outcome if cells else "unmatched"
        where = tuple(f"{delivery.file_name} {cell.sheet} {cell.row_number}" for delivery, cell in cells)
        states.append(CorrectionState(correction, state, outcomes["applied"], outcomes["stale"], where))
    return states


def mistaken_corrections(site: Site) -> Iterator[str]:
    """What of the corrections does not fit the site and its contracts.

    Raises:
        include.config.ConfigError: a file of corrections, or a contract that one is about, is wrong.
    """
    for correction in load_corrections(site.folder / "corrections"):
        if correction.feed not in site.feeds:
            yield (
                f"更正 [{correction.id}]:站点没有数据源 [{correction.feed}]。 "
                f"Correction [{correction.id}]: the site takes no feed [{correction.feed}]."
            )
        elif correction.jurisdiction and correction.jurisdiction not in site.jurisdictions:
            yield (
                f"更正 [{correction.id}]:站点没有地区 [{correction.jurisdiction}]。 "
                f"Correction [{correction.id}]: the site has no area [{correction.jurisdiction}]."
            )
        else:
            yield from correction_mistakes(correction, contract_of(site, correction.feed))
