"""Certainty is written beside a release, once, and whatever becomes of it the release stands."""

from __future__ import annotations

import json

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner

from include.cli.main import app
from include.pipeline import certainty as module
from include.pipeline.certainty import read_certainty
from include.pipeline.score_quarter import score_quarter
from include.site import open_site
from include.warehouse.store import writing
from tests.pipeline.small_site import NOW, PLACE, Q3, SmallSite, cases, on_time

SECTION = {
    "draws": 200,
    "seed": 3,
    "weights": 0.2,
    "leave_one_out": True,
    "sampling": {"rates": ["cases_on_time"]},
}


@pytest.fixture
def small(tmp_path):
    made = SmallSite.make(tmp_path / "site", "cases", settings={"first_quarter": "2026Q3"})
    path = made.folder / "packs" / "small" / "framework.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["certainty"] = SECTION
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    made.send("cases", "a.csv", cases(*on_time("U1", 9, 12), *on_time("U2", 3, 12), *on_time("U3", 12, 12)))
    made = SmallSite(made.folder, open_site(made.folder))
    made.ingest()
    return made


def counts(small):
    tables = ("certainty_run", "certainty_unit", "certainty_choice", "certainty_node", "fairness_indicator")
    return {table: small.rows(f"select count(*) as n from {table}")[0]["n"] for table in tables}


def test_a_release_gets_its_certainty_and_only_once(small):
    (report,) = small.score()
    assert (report.outcome, report.analyses) == ("created", "written")
    before = counts(small)
    assert before["certainty_run"] == 1 and before["certainty_unit"] == 4
    assert before["fairness_indicator"] == 3
    (again,) = score_quarter(small.site, PLACE, Q3, now=NOW)
    assert (again.outcome, again.analyses, counts(small)) == ("unchanged", "known", before)


def test_a_failure_leaves_the_release_and_is_made_up_for(small, monkeypatch):
    def fails(*_args, **_more):
        raise RuntimeError("no")

    with monkeypatch.context() as patch:
        patch.setattr(module, "certainty", fails)
        (report,) = small.score()
    assert (report.outcome, report.analyses) == ("created", "failed")
    assert counts(small)["certainty_run"] == 0
    missing = small.rows("select period from vw_certainty_missing")
    assert missing == [{"period": "2026Q3"}]
    assert read_certainty(small.site, PLACE, "small", "2026Q3").run is None
    (again,) = score_quarter(small.site, PLACE, Q3, now=NOW)
    assert (again.outcome, again.analyses) == ("unchanged", "written")
    assert small.rows("select period from vw_certainty_missing") == []


def test_the_views_show_it_beside_the_colour(small):
    small.score()
    rows = {row["unit_code"]: row for row in small.rows("select * from vw_certainty_current")}
    assert rows["U3"]["unit_name"] == "县水利局"
    known = [row for row in rows.values() if row["state"] == "value"]
    assert known and all(row["p_colour"] == row[f"p_{row['colour']}"] for row in known)
    assert all(0 <= row["p_red"] <= 1 and row["index_low"] <= row["index_high"] for row in known)
    assert small.rows("select count(*) as n from vw_fairness_current")[0]["n"] == 3
    assert small.rows("select count(*) as n from vw_certainty_node_current")[0]["n"] > 3


def test_it_is_no_part_of_what_was_published(small):
    (report,) = small.score()
    digests = small.rows("select result_digest, input_digest from release")
    assert report.release_id and len(digests) == 1
    with pytest.raises(IntegrityError, match="append-only"), writing(small.engine) as connection:
        connection.execute(text("delete from certainty_unit"))


def test_the_command_shows_units_choices_and_one_unit(small):
    small.score()
    runner = CliRunner()
    shown = runner.invoke(app, ["certainty", "2026Q3", "--site", str(small.folder)])
    assert shown.exit_code == 0, shown.output
    assert "What moves the ranks" in shown.output
    told = runner.invoke(app, ["certainty", "2026Q3", "--site", str(small.folder), "--unit", "U1", "--json"])
    (figures,) = json.loads(told.output)["analyses"]
    assert [row["unit_code"] for row in figures["units"]] == ["U1"]
    assert figures["fairness"][0]["n"] == 12
    none = runner.invoke(app, ["leads", "2026Q3", "--site", str(small.folder), "--json"])
    told = json.loads(none.output)
    assert told["leads"] == []
    # This county has none of the feeds that signals look at: nothing found is not nothing looked for.
    assert {one["state"] for one in told["checks"]} == {"no_feed"}
    shown = runner.invoke(app, ["leads", "2026Q3", "--site", str(small.folder)])
    assert "Not looked for" in shown.output
    assert small.rows("select count(*) as n from vw_lead_check_current")[0]["n"] == 7
