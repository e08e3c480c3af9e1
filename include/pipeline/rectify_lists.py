"""The three lists and the list of results, as the views of the warehouse give them, and as a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import pandas as pd
from sqlalchemy import Connection, text

from include.documents.rectification_book import write_lists
from include.pipeline.rectify_state import Known, known_items
from include.pipeline.terms import calendar_of
from include.quarters import Quarter
from include.site import Site
from include.warehouse.store import open_warehouse, reading

LISTS: Mapping[str, str] = {
    "problems": "vw_problem_list",
    "rectification": "vw_rectification_list",
    "responsibility": "vw_responsibility_list",
    "results": "vw_results_list",
}
"""Name of a list → its view."""


def rectification_lists(
    site: Site, jurisdiction: str, *, quarter: Quarter | None = None, unit: str = "", framework: str = ""
) -> dict[str, pd.DataFrame]:
    """The four lists by name, the oldest item first; of one quarter, unit or framework where given."""
    with reading(open_warehouse(site.warehouse_url)) as connection:
        return {
            name: _rows(connection, view, jurisdiction, quarter=quarter, unit=unit, framework=framework)
            for name, view in LISTS.items()
        }


def rectification_items(
    site: Site, jurisdiction: str, *, now: datetime, unit: str = "", unresolved: bool = True
) -> pd.DataFrame:
    """Every item as `vw_rectification` has it, its standing counted anew for the local day of `now`."""
    today = now.astimezone(site.zone).date()
    with reading(open_warehouse(site.warehouse_url)) as connection:
        frame = _rows(connection, "vw_rectification", jurisdiction, unit=unit)
        ids = [int(item_id) for item_id in frame["item_id"]]
        known = known_items(connection, jurisdiction, calendar_of(site), today, item_ids=ids)
    fresh = pd.DataFrame(
        [_fresh(one, today) for one in known], columns=["item_id", *_FRESH], index=frame.index
    )
    frame = frame.assign(**{name: fresh[name] for name in _FRESH})
    return frame[~frame["state"].isin(["verified", "cancelled"])] if unresolved else frame


_FRESH = ("state", "due_on", "due_provisional", "as_of", "days_left", "late_days")


def _fresh(one: Known, today: date) -> tuple[object, ...]:
    """What a day changes about an item: its number, then the columns of `_FRESH`."""
    standing = one.standing
    waits = standing.code in ("reported", "verified", "cancelled")
    left = None if waits else (standing.due.on - today).days
    due, as_of = standing.due, today.isoformat()
    return (
        one.row.item_id, standing.code, due.on.isoformat(), due.provisional, as_of, left, standing.late_days,
    )  # fmt: skip


def standing_colours(site: Site, jurisdiction: str, *, unit: str = "") -> pd.DataFrame:
    """The colours of units that stand now, beside the released ones."""
    with reading(open_warehouse(site.warehouse_url)) as connection:
        return _rows(
            connection, "vw_standing_colour", jurisdiction, unit=unit, order="framework_code, unit_code"
        )


def rectification_workbook(
    site: Site,
    jurisdiction: str,
    *,
    today: date,
    quarter: Quarter | None = None,
    unit: str = "",
    framework: str = "",
) -> bytes:
    """The four lists as a workbook for an area or one of its units; the same rows and day give the same bytes."""
    lists = rectification_lists(site, jurisdiction, quarter=quarter, unit=unit, framework=framework)
    area = next(one.name.zh for one in site.settings.jurisdictions if one.code == jurisdiction)
    names = lists["problems"].loc[lists["problems"]["unit_code"] == unit, "unit_name"]
    whose = (names.iloc[0] if len(names) else unit) if unit else area
    return write_lists(lists, title=f"{whose}{quarter or ''}整改台账", as_of=today)


def _rows(
    connection: Connection,
    view: str,
    jurisdiction: str,
    *,
    quarter: Quarter | None = None,
    unit: str = "",
    framework: str = "",
    order: str = "item_id",
) -> pd.DataFrame:
    given = {"period": str(quarter or ""), "unit_code": unit, "framework_code": framework}
    wanted = {"jurisdiction": jurisdiction} | {name: value for name, value in given.items() if value}
    where = " AND ".join(f"{name} = :{name}" for name in wanted)
    found = connection.execute(text(f"SELECT * FROM {view} WHERE {where} ORDER BY {order}"), wanted)  # ruff: ignore[hardcoded-sql-expression]  names of our own
    return pd.DataFrame([tuple(row) for row in found], columns=list(found.keys()))
