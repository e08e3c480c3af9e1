"""From the tables alone: why a unit is red, what would turn it green, which files, and why a figure is not there."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from include.demo import county
from include.pipeline.explain import explain
from include.pipeline.replay import read_inputs
from include.warehouse.store import open_warehouse, reading
from tests.demo.played_county import QUARTERS, played_county

NEWEST = QUARTERS[-1]


@pytest.fixture(scope="module")
def played():
    return played_county()


def view(played, name, where="1 = 1"):
    return pd.DataFrame(played.rows(f"SELECT * FROM {name} WHERE {where}"))


def test_every_unit_that_is_not_green_has_a_reason_of_its_colour(played):
    units = view(played, "vw_unit_colour_current").set_index(["period", "unit_code"])
    reasons = view(played, "vw_colour_reason_current", "decides = 1").set_index(["period", "unit_code"])
    assert set(units.index[units["colour"] != "green"]) == set(reasons.index)
    assert (units["remedy"] == "").equals(units["colour"] == "green")
    assert reasons["sentence_zh"].str.len().gt(0).all() and reasons["sentence_en"].str.len().gt(0).all()
    newest = units.loc[str(NEWEST)]
    assert newest.loc["MJ032", ["colour", "band_colour", "veto_colour"]].tolist() == ["red", "green", "red"]
    assert newest.loc["MJ032", "remedy"] == "none_fact"
    assert newest.loc["MJ072", ["band_colour", "warning_colour"]].tolist() == ["green", "yellow"]


def test_the_tables_give_the_reasons_that_explain_gives(played):
    for unit in ("MJ032", "MJ205", "MJ207"):
        found = explain(played.site, county.JURISDICTION, "jiaokou", NEWEST, unit)
        table = view(
            played, "vw_colour_reason_current", f"is_newest = 1 AND unit_code = '{unit}' AND kind <> 'band'"
        )
        assert set(zip(table["rule_code"], table["target"], strict=True)) == {
            (one.code, one.target) for one in found.causes if one.kind != "band"
        }


def test_the_cases_that_the_table_names_undo_the_warnings_of_measures(played):
    rows = view(played, "vw_colour_reason_current", "is_newest = 1 AND remedy = 'cases'")
    assert len(rows) >= 2
    with reading(open_warehouse(played.site.warehouse_url)) as connection:
        inputs = read_inputs(connection, played.release())

    def raised(less):
        values = inputs.values.copy()
        for row in rows.to_dict("records"):
            back = less if row["numerator_needed"] > row["numerator"] else -less
            values.loc[row["unit_code"], row["measure"]] = (row["numerator_needed"] - back) / row[
                "denominator"
            ]
        warnings = replace(inputs, values=values).score().warnings
        return set(zip(warnings["unit"], warnings["rule"], strict=True))

    asked = set(zip(rows["unit_code"], rows["rule_code"], strict=True))
    assert not asked & raised(0)
    assert asked <= raised(1)


def test_points_lost_on_the_scale_of_the_index(played):
    found = explain(played.site, county.JURISDICTION, "jiaokou", NEWEST, "MJ205")
    table = view(played, "vw_point_loss", "is_current = 1 AND period = '2026Q3' AND unit_code = 'MJ205'")
    lost = table.set_index("indicator_code")["index_points_lost"]
    expected = found.indicators.set_index("indicator")["index_lost"].reindex(lost.index)
    assert (lost - expected).abs().max() < 2e-9
    assert lost.sum() == pytest.approx(100 - found.scores["index"], abs=1e-6)
    assert (table["points_lost"].isna() == (table["state_reason"] != "")).all()
    assert (table["group_title"] != "").all() and (table["rule_en"] != "").all()


def test_every_figure_names_its_files(played):
    files = view(played, "vw_measure_file", "is_newest = 1")
    measured = played.facts("fct_measure")
    assert set(measured.loc[measured["state"] == "value", "measure"]) <= set(files["measure"])
    delivered = played.rows("SELECT delivery_id, sha256 FROM delivery")
    assert set(zip(files["delivery_id"], files["sha256"], strict=True)) <= {
        (row["delivery_id"], row["sha256"]) for row in delivered
    }
    assert (files["accepted_rows"] > 0).any()


def test_every_figure_that_is_not_there_says_why(played):
    told = view(played, "vw_state_reason_current")
    assert (told["reason_zh"] != "").all() and (told["reason_en"] != "").all()
    for quarter in QUARTERS:
        scores = played.facts("fct_indicator_score", quarter)
        out = scores.loc[scores["state"] != "value", ["unit_code", "indicator_code"]]
        own = told[(told["period"] == str(quarter)) & (told["level"] == "indicator")]
        assert set(out.itertuples(index=False, name=None)) == set(
            own[["unit_code", "code"]].itertuples(index=False, name=None)
        )
    few = told[told["reason"] == "too_few_cases"]
    assert len(few) and (few["figure"] < few["minimum"]).all()
    changes = view(played, "vw_score_current", "change_state = 'none'")
    assert (changes["change_reason"] != "").all()


def test_what_was_looked_for_is_told_though_nothing_was_found(played):
    checks = view(played, "vw_lead_check_current", "is_newest = 1")
    assert len(checks) == 7
    assert set(checks["state"]) == {"looked"}
    leads = view(played, "vw_quality_lead_current", "is_newest = 1")
    assert checks["found"].sum() == len(leads)
    assert (checks["alpha"] > 0).all()


def test_rules_say_operator_and_threshold_as_data(played):
    rules = view(played, "vw_rule", "code = 'low_total'")
    assert rules[["rule_on", "term", "operator", "threshold"]].to_numpy().tolist() == [
        ["index", "rate", "<", 0.82]
    ]
    rating = played.rows("SELECT * FROM dim_rating_rule WHERE level = 'index'")[0]
    assert (rating["full_points"], rating["sums_throughout"], rating["min_attainable"]) == (100, 1, 0.6)


def test_the_newest_quarter_is_marked(played):
    for name in ("vw_score_current", "vw_warning_current", "vw_group_score_current"):
        assert played.rows(f"SELECT DISTINCT period FROM {name} WHERE is_newest = 1") == [
            {"period": str(NEWEST)}
        ]
