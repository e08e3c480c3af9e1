"""The warning list of a quarter: each warned unit with score, change, colour and leading reasons."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from include.site import Site
from include.warehouse import releases
from include.warehouse.errors import UnknownRelease
from include.warehouse.register import read_units
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.store import open_warehouse, reading

_SEVERITY = {"red": 0, "yellow": 1, "green": 2, "": 3}


@dataclass(frozen=True)
class WarningList:
    """A release's units, the worst first.

    `units` has unit_code, name, peer_group, published, change, rank, peers, colour, certainty (chance that the colour
    is this one, NaN where it was not worked out), warnings (titles, the most severe first), lost (titles of the
    indicators that cost most points, with the points).
    """

    release: Release
    status: str
    units: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """Units by colour."""
        return {
            colour: int((self.units["colour"] == colour).sum()) for colour in ("red", "yellow", "green", "")
        }


def warning_list(
    site: Site, jurisdiction: str, framework_code: str, period: str, *, language: str = "zh"
) -> WarningList:
    """Read the current release of a period as a list for people; UnknownRelease where there is none."""
    key = ReleaseKey(jurisdiction, framework_code, period)
    with reading(open_warehouse(site.warehouse_url)) as connection:
        release = releases.current(connection, key)
        if release is None:
            raise UnknownRelease(f"[{key}] 尚未发布。", f"[{key}] has no release yet.")
        status = releases.latest_status(connection, release.release_id)
        scores = releases.read_facts(connection, release.release_id, "fct_unit_score")
        warned = releases.read_facts(connection, release.release_id, "fct_warning")
        indicators = releases.read_facts(connection, release.release_id, "fct_indicator_score")
        titles = releases.read_indicators(connection, release.framework_key)
        names = read_units(connection, jurisdiction, import_id=release.register_import_id)
        sure = releases.read_analyses(connection, release.release_id, "certainty_unit")
    name = names.drop_duplicates("unit_code", keep="last").set_index("unit_code")["name"]
    title = titles.set_index("indicator_code")[f"title_{language}"]
    units = scores[
        ["unit_code", "peer_group", "published", "change", "rank", "peers", "colour", "state"]
    ].copy()
    units["name"] = units["unit_code"].map(name).fillna(units["unit_code"])
    units["certainty"] = _certainty(units, sure)
    units["warnings"] = _listed(_by_severity(warned), f"title_{language}", units["unit_code"])
    units["lost"] = _listed(_most_lost(indicators, title), "lost", units["unit_code"])
    order = units["colour"].map(_SEVERITY)
    units = units.assign(_order=order).sort_values(["_order", "published", "unit_code"], ignore_index=True)
    return WarningList(release, status, units.drop(columns="_order"))


def _certainty(units: pd.DataFrame, sure: pd.DataFrame) -> pd.Series:
    """The chance of the published colour, by unit."""
    found = sure.set_index("unit_code").reindex(units["unit_code"]).set_index(units.index)
    chance = pd.Series(float("nan"), index=units.index)
    for colour in ("red", "yellow", "green"):
        chance = chance.mask(units["colour"] == colour, found[f"p_{colour}"])
    return chance


def _by_severity(warned: pd.DataFrame) -> pd.DataFrame:
    order = warned["colour"].map(_SEVERITY)
    return warned.assign(_order=order).sort_values(["unit_code", "_order", "rule_code", "target"])


def _most_lost(indicators: pd.DataFrame, title: pd.Series, *, most: int = 3) -> pd.DataFrame:
    lost = (indicators["attainable"] - indicators["points"]).round(2)
    rows = indicators.assign(points_lost=lost)[lost > 0]
    rows = rows.sort_values(["unit_code", "points_lost", "indicator_code"], ascending=[True, False, True])
    rows = rows.groupby("unit_code").head(most)
    text = rows["indicator_code"].map(title) + " −" + rows["points_lost"].map("{:g}".format).astype(str)
    return rows.assign(lost=text)


def _listed(rows: pd.DataFrame, column: str, units: pd.Series) -> pd.Series:
    texts = rows.drop_duplicates(["unit_code", column]).groupby("unit_code")[column].agg("、".join)
    return units.map(texts).astype(object).fillna("")
