"""A draft framework over released quarters: Jiaokou's pilot, two townships and four bureaux, one indicator tuned."""

from __future__ import annotations

import pandas as pd
import pytest
from typer.testing import CliRunner

from include.cli.main import app
from include.config import ConfigError
from include.demo import county
from include.pipeline.preview import preview
from include.scoring import FrameworkError
from include.warehouse.errors import UnknownRelease
from tests.demo.played_county import QUARTERS, played_county

NEWEST = QUARTERS[-1]
PILOT = ["MJ205", "MJ207", "MJ026", "MJ033", "MJ010", "MJ019"]
HEAD = "extends: jiaokou@2026.1\nframework: jiaokou\nversion: draft\neffective_from: 2027Q1\n"
TUNED = """indicators:
  - code: survey_overall
    rule: {kind: rate, full_at: 100, zero_at: 70}
"""


@pytest.fixture(scope="module")
def played():
    return played_county()


@pytest.fixture
def replay(played, tmp_path):
    def run(text, **options):
        path = tmp_path / "draft.yaml"
        path.write_text(HEAD + text, encoding="utf-8")
        return preview(played.site, county.JURISDICTION, path, **options)

    return run


def test_the_pilot_sees_who_changes_colour_and_why(played, replay):
    tables = "release", "fct_unit_score", "fct_score_move"
    stored = [played.rows(f"SELECT COUNT(*) AS n FROM {name}") for name in tables]
    found = replay(TUNED, quarters=[NEWEST], units=PILOT)
    assert found.units["unit"].tolist() == PILOT
    changed = found.changed.set_index("unit")
    assert changed.loc["MJ026", ["colour_before", "colour_after"]].tolist() == ["green", "yellow"]
    for unit, row in changed.iterrows():
        assert row["after"] < row["before"], unit
        assert row["carried_by"].startswith("survey_overall"), unit
        assert "low_total" in row["rules_raised"], unit
    carried = found.items.groupby("unit")["points"].sum()
    table = found.units.set_index("unit")
    assert (carried - table["change"]).abs().max() <= 0.0100001, "published figures are rounded to two places"
    assert set(found.items["item"]) == {"survey_overall"}
    # Scored before and after over all 99 units, whoever is shown.
    counts = found.scores.set_index("figure")
    colours = counts.loc[["red", "yellow", "green", "not_rated"]]
    assert colours["before"].sum() == colours["after"].sum() == 99
    assert stored == [played.rows(f"SELECT COUNT(*) AS n FROM {name}") for name in tables]


def test_the_same_framework_changes_nothing(replay):
    found = replay("title: {zh: 草案}\n")
    assert sorted(found.units["quarter"].unique()) == [str(quarter) for quarter in QUARTERS]
    assert found.changed.empty
    assert found.items.empty
    assert (found.units["rank_before"] == found.units["rank_after"]).all()


def test_a_new_indicator_whose_measure_exists_counts_at_once(replay):
    added = """groups:
  - {code: data, points: 31}
points: 101
indicators:
  - {code: extended, group: data, points: 1, measure: petitions.extended, rule: {kind: rate, full_at: 0, zero_at: 1}}
"""
    found = replay(added, quarters=[NEWEST])
    carried = found.items[found.items["item"] == "extended"]
    assert len(carried) > 90
    assert (carried["points"] > 0).all()


def test_a_measure_that_nobody_computes_is_said(replay):
    missing = """indicators:
  - {code: nobody, group: data, points: 1, measure: petitions.nobody, rule: {kind: rate, full_at: 1, zero_at: 0}}
  - {code: nowhere, group: data, points: 1, measure: parking.fines, rule: {kind: rate, full_at: 1, zero_at: 0}}
"""
    with pytest.raises((ConfigError, FrameworkError), match=r"petitions\.nobody") as refused:
        replay(missing + "groups:\n  - {code: data, points: 32}\npoints: 102\n")
    assert "parking.fines" in str(refused.value)
    assert "replied_on_time" in str(refused.value), "what there is instead"


def test_a_quarter_that_was_never_released(replay):
    with pytest.raises(UnknownRelease, match="2025Q1"):
        replay(TUNED, quarters=[NEWEST.shift(-6)])


def test_the_command_saves_a_workbook(played, tmp_path):
    draft, target = tmp_path / "draft.yaml", tmp_path / "preview.xlsx"
    draft.write_text(HEAD + TUNED, encoding="utf-8")
    command = [
        "preview",
        str(draft),
        "--quarters",
        str(NEWEST),
        "-o",
        str(target),
        "--site",
        str(played.site.folder),
    ]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 0, found.output
    assert "未发布" in found.output
    assert len(pd.read_excel(target, sheet_name="units")) == 99
    wrong = CliRunner().invoke(app, [*command[:4], "-o", str(tmp_path / "preview.pdf"), *command[6:]])
    assert wrong.exit_code == 2
