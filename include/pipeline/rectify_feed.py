"""Results of rectification go back into the score: a file per quarter, in the inbox like any department's delivery.

The file says how items stood at the end of the quarter, whenever it is written; the same records give the same bytes,
and bytes that lie in the inbox already are not written again.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from include.feeds.contract import Contract
from include.lake import StorePath
from include.pipeline.catalogue import contract_of
from include.pipeline.judging import suppliers_of
from include.pipeline.readiness import deadline_of
from include.pipeline.rectify_act import RectificationRefused
from include.pipeline.rectify_state import Known, known_items
from include.pipeline.terms import calendar_of
from include.quarters import Quarter
from include.site import Site
from include.warehouse import audit
from include.warehouse.register import read_units
from include.warehouse.store import open_warehouse, reading, writing

FEED = "rectification"
_KINDS = {"individual": "个性", "common": "共性"}
_CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Fixed, so that the same rows give the same bytes."""
Cell = str | int | float | date | None


@dataclass(frozen=True)
class Written:
    """A file of results in the inbox."""

    jurisdiction: str
    quarter: str
    name: str
    rows: int
    sha256: str


def write_results(site: Site, jurisdiction: str, quarter: Quarter, *, now: datetime) -> Written | None:
    """Write the results of a quarter that has ended into the inbox of the feed; None where nothing is new.

    Nothing is written for a site that does not take the feed, or where no item fell due in the quarter or was first
    verified in the year before its end.

    Raises:
        RectificationRefused: the quarter has not ended.
        include.config.ConfigError: the contract is wrong.
    """
    if quarter.end >= now.astimezone(site.zone).date():
        raise RectificationRefused(
            f"{quarter} 尚未结束,没有季末结果。", f"{quarter} has not ended; there are no results of it."
        )
    if FEED not in site.feeds:
        return None
    contract = contract_of(site, FEED)
    with reading(open_warehouse(site.warehouse_url)) as connection:
        units = set(read_units(connection, jurisdiction, as_of=quarter.end)["unit_code"])
        items = known_items(connection, jurisdiction, calendar_of(site), quarter.end)
    rows = [_row(one) for one in items if one.row.unit_code in units and _belongs(one, quarter)]
    if not rows:
        return None
    content = _workbook(contract, rows)
    place = _place(site, contract, jurisdiction) / f"整改结果_{quarter}.xlsx"
    if place.exists() and place.read_bytes() == content:
        return None
    _put(place, content, now)
    written = Written(jurisdiction, str(quarter), place.name, len(rows), hashlib.sha256(content).hexdigest())
    with writing(open_warehouse(site.warehouse_url)) as connection:
        audit.append(
            connection,
            jurisdiction=jurisdiction,
            at=now,
            actor="follow_up",
            action="rectification.results",
            subject=f"{FEED}/{quarter}",
            after_digest=written.sha256,
            detail={"rows": written.rows, "file": written.name},
        )
    return written


def write_results_due(site: Site, *, now: datetime) -> Iterator[Written]:
    """Write the results of the quarter before this one in every area, until the feed's deadline has passed."""
    if FEED not in site.feeds:
        return
    quarter = Quarter.of(now.astimezone(site.zone).date()).shift(-1)
    if now > deadline_of(site, contract_of(site, FEED), quarter):
        return
    for jurisdiction in site.jurisdictions:
        if written := write_results(site, jurisdiction, quarter, now=now):
            yield written


def _belongs(one: Known, quarter: Quarter) -> bool:
    """Whether an item counts in a quarter: due in it for certain, or first verified in the year to its end."""
    if date.fromisoformat(one.row.opened_on) > quarter.end:
        return False
    standing = one.standing
    is_due = quarter.start <= standing.due.on <= quarter.end and not standing.due.provisional
    first = standing.first_verified_on
    return is_due or (first is not None and quarter.shift(-3).start <= first <= quarter.end)


def _row(one: Known) -> dict[str, Cell]:
    standing, verified = one.standing, one.verification
    asked = verified is not None and verified.surveyed > 0
    return {
        "item_no": f"{one.row.period}-{one.row.item_id:05d}",
        "unit": one.row.unit_code,
        "kind": _KINDS[one.row.kind],
        "opened_on": standing.started_on,
        "due_on": standing.due.on,
        "reported_on": standing.reported_on,
        "verified_on": standing.verified_on,
        "first_verified_on": standing.first_verified_on,
        "rebounds": standing.rebounds,
        "quality_points": standing.points,
        "surveyed": verified.surveyed if verified and asked else None,
        "satisfied": verified.satisfied if verified and asked else None,
        "cancelled": "是" if standing.code == "cancelled" else "否",
    }


def _workbook(contract: Contract, rows: list[dict[str, Cell]]) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        workbook.set_properties({"title": contract.title.zh, "created": _CREATED})
        sheet = workbook.add_worksheet(contract.title.zh)
        days = workbook.add_format({"num_format": "yyyy-mm-dd"})
        for place, column in enumerate(contract.columns):
            sheet.write_string(0, place, column.title)
            for number, row in enumerate(rows, start=1):
                _write(sheet, number, place, row[column.name], days)
    return buffer.getvalue()


def _write(sheet: Any, row: int, place: int, cell: Cell, days: Any) -> None:
    if isinstance(cell, date):
        sheet.write_datetime(row, place, datetime(cell.year, cell.month, cell.day), days)
    elif isinstance(cell, str):
        sheet.write_string(row, place, cell)
    elif cell is not None:
        sheet.write_number(row, place, cell)


def _place(site: Site, contract: Contract, jurisdiction: str) -> StorePath:
    folder = site.inbox / jurisdiction / FEED
    suppliers = suppliers_of(site, contract)
    return folder if len(suppliers) == 1 else folder / suppliers[0]


def _put(place: StorePath, content: bytes, now: datetime) -> None:
    """Write whole or not at all: another process may be looking at the inbox."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(place, Path):
        place.write_bytes(content)
        return
    partial = place.with_name(f".{place.name}.part")
    partial.write_bytes(content)
    os.utime(partial, (now.timestamp(), now.timestamp()))
    partial.replace(place)
