"""Results of rectification in the shipped packs: replaced, not added, and no quarter before 2026Q4 is touched."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

from include.pipeline.new_site import new_site
from include.pipeline.packs import Pack, in_force, versions_of
from include.quarters import Quarter
from include.scoring import Framework, score
from include.site import Site, open_site

REPLACED = {
    "jiaokou": {
        "duty_12": "rectification_verified",
        "duty_03": "rectification_on_time",
        "discipline_11": "rectification_rebound",
        "satisfaction_03": "rectification_satisfaction",
        "inspection_quality": "rectification_quality",
    },
    "licheng": {
        "two_duties_10": "rectification_verified",
        "two_duties_03": "rectification_on_time",
        "inspection_quality": "rectification_quality",
        "inspection_overdue": "rectification_rebound",
    },
}
INDICATORS = {"jiaokou": 111, "licheng": 108}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("results") / "site"
    new_site(folder, code="141130", name_zh="示例县")
    return open_site(folder)


def version(site: Site, code: str, quarter: str) -> Framework:
    (pack,) = in_force([versions_of(site, code)], Quarter.parse(quarter))
    assert isinstance(pack, Pack)
    return pack.framework


@pytest.mark.parametrize("code", sorted(REPLACED))
def test_the_new_version_begins_with_2026q4(site: Site, code: str):
    assert [version(site, code, quarter).version for quarter in ("2024Q4", "2026Q3", "2026Q4", "2027Q4")] == [
        "2026.1",
        "2026.1",
        "2026.2",
        "2026.2",
    ]


@pytest.mark.parametrize("code", sorted(REPLACED))
def test_results_take_the_place_of_as_many_points_in_the_same_group(site: Site, code: str):
    old, new = ({one.code: one for one in version(site, code, q).indicators} for q in ("2026Q3", "2026Q4"))
    assert len(old) == len(new) == INDICATORS[code]
    for gone, come in REPLACED[code].items():
        assert gone not in new
        assert (new[come].group, new[come].points) == (old[gone].group, old[gone].points)
        assert new[come].measure.startswith("rectification.")
        assert new[come].source
        assert new[come].agreed
    kept = set(old) - set(REPLACED[code])
    assert kept == set(new) - set(REPLACED[code].values())
    assert all(old[name] == new[name] for name in kept)
    assert sum(one.points for one in new.values()) == pytest.approx(100)
    titles = Counter(one.title.zh for one in new.values())
    assert max(titles.values()) == 1


@pytest.mark.parametrize("code", sorted(REPLACED))
def test_no_column_is_read_twice(site: Site, code: str):
    measures = Counter(one.measure for one in version(site, code, "2026Q4").indicators)
    assert max(measures.values()) == 1


def test_all_eleven_departments_still_rate(site: Site):
    assert len({one.rated_by for one in version(site, "jiaokou", "2026Q4").indicators} - {None, ""}) == 11


@pytest.mark.parametrize("code", sorted(REPLACED))
def test_by_how_much_results_move_the_index(site: Site, code: str):
    """Everything else at its full mark: the index falls by the points lost, and stays where nothing was to be done."""
    framework = version(site, code, "2026Q4")
    full = {
        one.measure: (one.rule.full_at if hasattr(one.rule, "full_at") else 1.0)
        for one in framework.indicators
    }
    results = {one.code: one.points for one in framework.indicators if one.code.startswith("rectification_")}
    rows = {
        "done": {},
        # Half of what was due is verified: 1 → 0.5 is the whole range, so all points of that indicator are lost.
        "half": {"rectification.verified": 0.5},
        # 83.75 on 100 lies three quarters of the way from 50 to 95.
        "so_so": {"rectification.quality": 83.75},
        "nothing": {one: float("nan") for one in full if one.startswith("rectification.")},
    }
    values = pd.DataFrame([full | row for row in rows.values()], index=list(rows), dtype=float)
    values = values.reindex(columns=list(framework.measures))
    for column in values.columns.difference(list(full)):
        values[column] = 0.0
    if code == "licheng":
        # Unknown, a bonus adjusts nothing.
        values[["self_evaluation.score", "yearly_appraisal.score", "public_survey.score"]] = float("nan")
    counts = pd.DataFrame(100.0, index=values.index, columns=values.columns)
    units = pd.DataFrame({"peer_group": "township"}, index=values.index)
    index = score(values, framework, quarter="2026Q4", units=units, counts=counts).index
    assert index["done"] - index["half"] == pytest.approx(results["rectification_verified"])
    assert index["done"] - index["so_so"] == pytest.approx(results["rectification_quality"] / 4)
    whole = sum(results.values())
    assert index["nothing"] == pytest.approx((index["done"] - whole) / (100 - whole) * 100)
