"""A settled year read back: the leaderboard 榜单 of an area, the performance record 实绩档案 of a unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from include.pipeline.year_figures import year_key
from include.site import Site
from include.warehouse import releases, reviews
from include.warehouse.errors import UnknownRelease
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import open_warehouse, reading

_OF_YEAR = "WHERE jurisdiction = :jurisdiction AND framework_code = :code AND year = :year"
_VIEWS = {
    name: f"SELECT * FROM {name} {_OF_YEAR} AND (:unit = '' OR unit_code = :unit)"  # ruff: ignore[hardcoded-sql-expression]  names of our own
    for name in ("vw_year_score", "vw_performance_record", "vw_check_up")
}
_QUARTERS = (
    "SELECT period, status, published, rank, peers, colour, grade FROM vw_score_final "
    "WHERE jurisdiction = :jurisdiction AND framework_code = :framework AND unit_code = :unit "
    "AND period LIKE :quarters ORDER BY period"
)
_TASKS = (
    "SELECT task_code, decision, task, target, weight, progress_pct, state, standing, done_on FROM vw_task_progress "
    "WHERE jurisdiction = :jurisdiction AND framework_code = :framework AND unit_code = :unit "
    "AND period = :period ORDER BY task_code"
)
_YEARS = (
    "SELECT year, published, rank, peers, grade FROM vw_year_score "
    "WHERE jurisdiction = :jurisdiction AND framework_code = :framework AND unit_code = :unit ORDER BY year"
)


@dataclass(frozen=True)
class Leaderboard:
    """The units of a settled year, by peer group, the best band first; inside a band no order is meant."""

    year: int
    revision: int
    status: str
    units: pd.DataFrame
    """peer_group, peer_group_name, band, band_units, unit_code, unit_name, published, grade, rank, rank_low, rank_high,
    peers, is_listed, state, and the points of every line on 100 under its title."""
    lines: tuple[str, ...]
    """Titles of the lines, in order."""


@dataclass(frozen=True)
class Record:
    """What a unit did in a year, on its settlement, quarter by quarter, task by task."""

    unit: dict[str, Any]
    """The unit's row of vw_year_score."""
    parts: pd.DataFrame
    """Lines, items and quarters of the settlement: rows of vw_performance_record."""
    quarters: pd.DataFrame
    """period, status, published, rank, peers, colour, grade of the final quarters."""
    tasks: pd.DataFrame
    """task_code, decision, task, target, weight, progress_pct, state, standing, done_on at the end of the year."""
    warnings: pd.DataFrame
    """period, title_zh, target, colour, sentence_zh of the warnings that were confirmed."""
    check_up: dict[str, Any] | None
    """The unit's row of vw_check_up; None where it is not on the list."""
    years: pd.DataFrame
    """year, published, rank, peers, grade of every settled year."""


def leaderboard(site: Site, jurisdiction: str, framework: str, year: int) -> Leaderboard:
    """Read the current settlement of a year; UnknownRelease where there is none."""
    key = year_key(jurisdiction, framework, year)
    with reading(open_warehouse(site.warehouse_url)) as connection:
        units = _rows(connection, "vw_year_score", key)
        if units.empty:
            raise _unsettled(key)
        lines = _rows(connection, "vw_performance_record", key)
    lines = lines[lines["part"] == "line"].sort_values("position")
    titles = tuple(dict.fromkeys(lines["title"]))
    points = (lines["rate"].astype(float) * 100).round(2)
    by_line = lines.assign(rate=points).groupby("title")
    wide = {title: own.set_index("unit_code")["rate"] for title, own in by_line}
    units = units.assign(**{str(title): units["unit_code"].map(rates) for title, rates in wide.items()})
    order = units["band"].where(units["state"] == "value", 10**9)
    units = units.assign(_band=order.where(order > 0, units["rank"]))
    units = units.sort_values(["peer_group", "_band", "unit_code"], ignore_index=True)
    shown = [
        "peer_group", "peer_group_name", "band", "band_units", "unit_code", "unit_name", "published", "grade", "rank",
        "rank_low", "rank_high", "peers", "is_listed", "state", *titles,
    ]  # fmt: skip
    first = units.iloc[0]
    return Leaderboard(year, int(first["revision"]), str(first["status"]), units[shown], titles)


def unit_record(site: Site, jurisdiction: str, framework: str, unit_code: str, year: int) -> Record:
    """Read a unit's year; UnknownRelease where the year is not settled or the unit not in it."""
    key = year_key(jurisdiction, framework, year)
    with reading(open_warehouse(site.warehouse_url)) as connection:
        units = _rows(connection, "vw_year_score", key, unit_code)
        if units.empty:
            raise _unsettled(key, unit_code)
        parts = _rows(connection, "vw_performance_record", key, unit_code)
        listed = _rows(connection, "vw_check_up", key, unit_code)
        values = {"jurisdiction": jurisdiction, "framework": framework, "unit": unit_code}
        quarters = _query(connection, _QUARTERS, {**values, "quarters": f"{year}Q%"})
        tasks = _query(connection, _TASKS, {**values, "period": str(year)})
        years = _query(connection, _YEARS, {**values, "framework": key.framework_code})
        warned = [
            _confirmed(connection, ReleaseKey(jurisdiction, framework, str(period)), unit_code)
            for period in quarters["period"]
        ]
    filled = [one for one in warned if len(one)]
    columns = ["period", "title_zh", "target", "colour", "sentence_zh"]
    return Record(
        unit={str(name): value for name, value in units.iloc[0].items()},
        parts=parts.sort_values("position", ignore_index=True),
        quarters=quarters,
        tasks=tasks,
        warnings=pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns),
        check_up=None if listed.empty else {str(name): value for name, value in listed.iloc[0].items()},
        years=years,
    )


def _confirmed(connection: Connection, key: ReleaseKey, unit_code: str) -> pd.DataFrame:
    release = releases.current(connection, key, kind="final")
    if release is None:
        return pd.DataFrame()
    found = reviews.confirmed_warnings(connection, release.release_id)
    found = found[found["unit_code"] == unit_code].assign(period=key.period)
    return found[["period", "title_zh", "target", "colour", "sentence_zh"]]


def _rows(connection: Connection, view: str, key: ReleaseKey, unit_code: str = "") -> pd.DataFrame:
    given = {"jurisdiction": key.jurisdiction, "code": key.framework_code, "year": int(key.period)}
    return _query(connection, _VIEWS[view], {**given, "unit": unit_code})


def _query(connection: Connection, query: str, values: dict[str, Any]) -> pd.DataFrame:
    found = connection.execute(text(query), values)
    return pd.DataFrame(found.all(), columns=list(found.keys()))


def _unsettled(key: ReleaseKey, unit_code: str = "") -> UnknownRelease:
    if unit_code:
        return UnknownRelease(
            f"[{key}] 尚未结算,或单位 [{unit_code}] 不在其中。",
            f"[{key}] is not settled, or unit [{unit_code}] is not in it.",
        )
    return UnknownRelease(
        f"[{key}] 尚未结算;请运行 mingjing year settle {key.period}。",
        f"[{key}] is not settled: mingjing year settle {key.period}.",
    )
