"""The demo's story: what is sent is judged, scored and released, and those who were planted are caught."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from include.demo import county
from include.demo.quality import planted
from include.demo.story import lay_out, send
from include.engine.duckdb_engine import open_engine
from include.feeds.vault import read_landed
from include.pipeline import score_quarter as scoring
from include.pipeline.catalogue import packs_of
from include.pipeline.inputs import gather_inputs
from include.pipeline.ready import ready_quarters
from include.pipeline.registers import standing_register
from include.quarters import Quarter
from include.warehouse.store import open_warehouse, reading
from tests.demo.played_county import QUARTERS, played_county

NEWEST = QUARTERS[-1]
MOST_YELLOW, MOST_RED = 0.25, 0.05


@pytest.fixture(scope="module")
def played():
    return played_county()


def due(quarter: Quarter) -> list[dict]:
    """The planted offenders who must be seen in a quarter."""
    return [
        one
        for one in planted()["offenders"]
        if Quarter.parse(one["from"]) <= quarter <= Quarter.parse(one["to"])
    ]


def test_every_quarter_is_released_whole_and_once(played):
    for one, quarter in zip(played.played, QUARTERS, strict=True):
        assert one.quarter == quarter
        assert one.files == 24
        (report,) = one.reports
        assert (report.quarter, report.outcome, report.revision) == (str(quarter), "created", 1)
        assert (report.missing, report.counts["units"], report.counts["not_rated"]) == ((), 99, 0)
        assert not played.release(quarter).incomplete
    now = max(played.release(quarter).created_at for quarter in QUARTERS)
    assert ready_quarters(played.site, now=now) == []


def test_all_files_are_accepted_and_every_row_is_accounted_for(played):
    verdicts = played.rows(
        "select verdict, row_balance.*, "
        "(select coalesce(sum(rows), 0) from staged_file s where s.verdict_id = v.verdict_id) as staged, "
        "(select count(*) from (select distinct sheet, row_number from quarantined_row q "
        "where q.verdict_id = v.verdict_id)) as refused "
        "from delivery_verdict v join row_balance using (verdict_id)"
    )
    assert len(verdicts) == sum(one.files for one in played.played)
    for row in verdicts:
        assert row["verdict"] == "accepted"
        parts = row["accepted"] + row["quarantined"] + row["exact_duplicates"] + row["structural"]
        assert (row["landed"], row["staged"], row["refused"]) == (parts, row["accepted"], row["quarantined"])
        assert row["accepted"] > 0
    assert sum(row["quarantined"] for row in verdicts) > 200, "the awkward rows were there to be refused"
    assert sum(row["exact_duplicates"] for row in verdicts) > 50
    told = pd.DataFrame([one.rows for one in played.played]).sum()
    assert told["rows_landed"] == sum(row["landed"] for row in verdicts)
    assert told["rows_quarantined"] == sum(row["quarantined"] for row in verdicts)


def test_both_judges_agree_and_nothing_passes_unlooked_at(played):
    results = pd.DataFrame(played.rows("select * from validation_result"))
    assert set(results["judge"]) == {"gx", "duckdb"}
    assert (results.loc[results["passed"] == 1, "rows_checked"] > 0).all()
    keys = ["verdict_id", "rule_id", "column_name"]
    both = results.pivot_table(index=keys, columns="judge", values="rows_failed").dropna()
    assert len(both) > 500
    assert (both["gx"] == both["duckdb"]).all()


@pytest.mark.parametrize("offender", due(NEWEST), ids=lambda one: one["effect"])
def test_a_planted_offender_is_caught_for_its_reasons(played, offender):
    units = played.facts("fct_unit_score").set_index("unit_code")
    assert units.loc[offender["unit"], "colour"] == offender["colour"]
    warned = played.facts("fct_warning")
    reasons = set(warned.loc[warned["unit_code"] == offender["unit"], "rule_code"])
    assert set(offender["reasons"]) <= reasons
    listed = played.warnings().units
    place = listed.index[listed["unit_code"] == offender["unit"]][0]
    assert place < (listed["colour"] != "green").sum(), "it stands before everyone who is green"


@pytest.mark.parametrize("quarter", QUARTERS, ids=str)
def test_the_others_are_mostly_left_in_peace(played, quarter):
    units = played.facts("fct_unit_score", quarter).set_index("unit_code")
    others = units.drop([one["unit"] for one in due(quarter)])
    shares = others["colour"].value_counts(normalize=True)
    assert shares.get("yellow", 0) <= MOST_YELLOW
    assert shares.get("red", 0) <= MOST_RED
    assert shares.get("green", 0) > 0.5


def test_who_is_low_throughout_is_caught_in_every_quarter(played):
    (low,) = (one for one in planted()["offenders"] if one["effect"] == "low_throughout")
    for quarter in QUARTERS:
        units = played.facts("fct_unit_score", quarter).set_index("unit_code")
        assert units.loc[low["unit"], "colour"] == low["colour"]


def test_vetoes_stand_apart_from_the_score(played):
    """The two who are red would not be by their points: a confirmed event counts whatever the score."""
    units = played.facts("fct_unit_score").set_index("unit_code")
    red = units[units["colour"] == "red"]
    assert set(red.index) == {one["unit"] for one in due(NEWEST) if one["colour"] == "red"}
    assert (red["published"] >= 70).all()
    effects = played.facts("fct_adjustment").query("value > 0")
    assert set(effects["unit_code"]) == set(red.index)


def test_no_name_of_a_petitioner_or_a_netizen_leaves_landing(played):
    folder = played.site.folder
    outside = [*folder.glob("warehouse.sqlite*"), *folder.glob("lake/*/staged/**/*.parquet")]
    assert len(outside) >= 48
    for path in outside:
        data = path.read_bytes()
        assert "某某".encode() not in data, path
        assert "网民0".encode() not in data, path
    vault = [*folder.glob("lake/*/vault/landing/message_board/*")]
    landed = b"".join(read_landed(path, played.site.keys) for path in vault)
    assert "网民0".encode("gb18030") not in b"".join(path.read_bytes() for path in vault), (
        "it is sealed there"
    )
    assert "网民0".encode("gb18030") in landed, "it was there to be kept back"


@pytest.fixture(scope="module")
def inputs(played):
    register = standing_register(open_warehouse(played.site.warehouse_url), county.JURISDICTION)
    (pack,) = packs_of(played.site, NEWEST)
    with reading(open_warehouse(played.site.warehouse_url)) as connection:
        gathered = gather_inputs(
            connection, played.site, county.JURISDICTION, pack, NEWEST, register_digest=register.digest
        )
    return gathered, register


def test_figures_are_the_same_on_one_thread_and_on_many_whatever_the_order_of_parts(
    inputs, played, monkeypatch
):
    gathered, register = inputs
    frames = []
    for threads, seed in ((1, 0), (4, 1)):
        monkeypatch.setattr(scoring, "open_engine", partial(open_engine, threads=threads))
        feeds = {
            name: replace(feed, parts=tuple(random.Random(seed).sample(feed.parts, len(feed.parts))))
            for name, feed in gathered.feeds.items()
        }
        frames.append(scoring.quarter_matrix(replace(gathered, feeds=feeds), register))
    for one, other in zip(*frames, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    stored = played.facts("fct_measure").set_index(["unit_code", "measure", "key"])["value"].sort_index()
    again = frames[0][0].set_index(["unit_code", "measure", "key"])["value"].round(9)
    pd.testing.assert_series_equal(again.sort_index(), stored, check_exact=True, check_names=False)


def test_files_bear_the_day_on_which_they_were_sent(tmp_path, monkeypatch):
    one_row = {header: np.array(["甲"], dtype=object) for header in ("单位", "编号")}
    monkeypatch.setattr("include.demo.generate._table", lambda *_, **__: one_row)
    monkeypatch.setattr("include.demo.generate._TOTALS", {})
    site = lay_out(tmp_path / "site")
    for wave in (1, 2):
        sent = send(site, Quarter(2026, 1), wave=wave)
        moments = [file.path.stat().st_mtime for file in sent]
        assert moments == sorted(moments)
        assert len(set(moments)) == len(moments), "the order of sending is the order of arrival"
        days = {pd.Timestamp(moment, unit="s", tz="Asia/Shanghai").date() for moment in moments}
        assert days == {file.sent_on for file in sent}


def test_laying_out_again_starts_afresh(tmp_path):
    site = lay_out(tmp_path / "site")
    stray = tmp_path / "site" / "inbox" / county.JURISDICTION / "petitions" / "old.xlsx"
    stray.write_bytes(b"old")
    again = lay_out(tmp_path / "site")
    assert not stray.exists()
    engines = [open_warehouse(one.warehouse_url) for one in (site, again)]
    digests = {standing_register(engine, county.JURISDICTION).digest for engine in engines}
    assert len(digests) == 1
    with reading(engines[1]) as connection:
        assert connection.exec_driver_sql("select count(*) from delivery").scalar() == 0
