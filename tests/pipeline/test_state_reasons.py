"""Why a figure is not there, as far as is known, from files to the table."""

from __future__ import annotations

import pytest
import yaml

from include.site import open_site
from tests.pipeline.small_site import SmallSite, cases, on_time


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reasons") / "site"
    made = SmallSite.make(folder, "cases", "ratings", settings={"first_quarter": "2026Q3"})
    path = made.folder / "packs" / "small" / "framework.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["indicators"][0]["min_denominator"] = 5
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    made.send("cases", "a.csv", cases(*on_time("U1", 9, 12), *on_time("U2", 3, 4), *on_time("U3", 12, 12)))
    made = SmallSite(made.folder, open_site(made.folder))
    made.ingest()
    made.score()
    return made


def reasons(small, level):
    rows = small.rows(f"select * from vw_state_reason_current where level = '{level}'")
    return {
        (row["unit_code"], row["code"]): (row["state"], row["reason"], row["figure"], row["minimum"])
        for row in rows
    }


def test_of_indicators(small):
    found = reasons(small, "indicator")
    codes = {row["measure"]: row["indicator_code"] for row in small.rows("select * from dim_indicator")}
    on, rated, appraised = (codes[name] for name in ("cases.on_time", "ratings.score", "appraisal.score"))
    assert ("U1", on) not in found
    assert found["U2", on] == ("not_rated", "too_few_cases", 4, 5)
    assert found["U4", on][:2] == ("not_applicable", "nothing_to_judge")
    assert found["U1", rated][1] == "feed_not_received"
    assert found["U1", appraised][:2] == ("not_applicable", "feed_not_used")


def test_of_the_index_and_of_the_change(small):
    index = reasons(small, "index")
    assert all(state == "not_rated" for state, *_ in index.values())
    changes = reasons(small, "change")
    assert {reason for _, reason, *_ in changes.values()} <= {"not_rated_now", "no_earlier_release"}
    assert len(changes) == 4
    shown = {row["unit_code"]: row for row in small.rows("select * from vw_score_current")}
    for unit in shown:
        assert shown[unit]["change_reason"] == changes[unit, ""][1]
        assert (shown[unit]["state_reason"] != "") == (shown[unit]["state"] != "value")


def test_the_table_says_when_a_figure_is_rated(small):
    (row,) = small.rows(
        "select * from dim_rating_rule where level = 'indicator' and min_denominator is not null"
    )
    assert int(row["min_denominator"]) == 5
    assert row["missing_zh"] and row["missing_en"]
