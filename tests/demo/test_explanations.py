"""Why a unit of the demo county is red or yellow, what would turn it green, and why its score moved."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from typer.testing import CliRunner

from include.cli.main import app
from include.demo import county
from include.pipeline.explain import as_records, explain, rows_behind_indicators
from include.pipeline.moves import move_of, record_moves
from include.pipeline.replay import read_inputs
from include.scoring.moves import FACTORS
from include.warehouse import releases
from include.warehouse.errors import UnknownRelease
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import open_warehouse, reading
from tests.demo.played_county import QUARTERS, played_county

NEWEST = QUARTERS[-1]


@pytest.fixture(scope="module")
def played():
    return played_county()


def explained(played, unit, quarter=NEWEST):
    return explain(played.site, county.JURISDICTION, "jiaokou", quarter, unit)


def test_a_release_scored_again_from_what_it_stored_gives_its_figures(played):
    for quarter in QUARTERS:
        with reading(open_warehouse(played.site.warehouse_url)) as connection:
            inputs = read_inputs(connection, played.release(quarter))
        scored = inputs.score()
        published = played.facts("fct_unit_score", quarter).set_index("unit_code")
        assert (scored.index.reindex(published.index) == published["index_value"]).all()
        assert (scored.colours.fillna("").reindex(published.index) == published["colour"]).all()


def test_losses_and_what_was_not_counted_make_the_whole_score(played):
    found = explained(played, "MJ205")
    lost = found.indicators["lost"]
    assert len(found.indicators) == 111
    assert lost.dropna().is_monotonic_decreasing
    # What was lost of the points that were attainable, on the scale of 100, is what the index lacks.
    assert found.indicators["index_lost"].sum() == pytest.approx(100 - found.scores["index"], abs=1e-6)
    out = found.indicators[lost.isna()]
    assert out["points_declared"].sum() == 100 - found.scores["attainable"] > 0
    first = found.indicators.iloc[0]
    assert first["indicator"] == "petition_replied_on_time"
    assert first["numerator"] / first["denominator"] == pytest.approx(first["value"], abs=1e-9)
    assert "得满分" in first["rule_zh"]
    assert first["peer_median"] > first["value"]


def test_the_rows_listed_are_the_figure(played):
    found = explained(played, "MJ205")
    (behind,) = rows_behind_indicators(played.site, found, ["petition_replied_on_time"]).values()
    first = found.indicators.iloc[0]
    totals = behind.totals()
    assert (totals["numerator"], totals["denominator"]) == tuple(first[["numerator", "denominator"]])


def test_every_warned_unit_says_why(played):
    warned = played.facts("fct_warning")
    for unit, own in warned.groupby("unit_code"):
        found = explained(played, unit)
        kinds = {one.kind for one in found.causes}
        assert {(one.code, one.target) for one in found.causes if one.kind != "band"} == set(
            zip(own["rule_code"], own["target"], strict=True)
        )
        assert kinds <= {"warning", "veto", "band"}
        if found.improvement.plan:
            assert found.improvement.colour == "green", unit
        else:
            assert "veto" in kinds, unit


def test_late_replies_say_how_many_more_would_do(played):
    found = explained(played, "MJ205")
    late = next(one for one in found.improvement.remedies if one.cause.code == "petitions_late")
    (step,) = late.alone
    # Raised while the value is below 0.75: three quarters of the matters, rounded up, and one fewer would not do.
    needed = -(-int(step.now.denominator) * 3 // 4)
    assert (step.needed, step.now.denominator) == (needed, step.now.denominator)
    assert step.now.numerator < needed


def test_what_would_do_by_itself_does_and_a_case_less_does_not(played):
    found = explained(played, "MJ205")
    low = next(one for one in found.improvement.remedies if one.cause.code == "low_total")
    assert len(low.alone) > 5
    with reading(open_warehouse(played.site.warehouse_url)) as connection:
        inputs = read_inputs(connection, played.release())
    column = {one.code: one.measure for one in inputs.framework.indicators}

    def rate(step, numerator):
        values = inputs.values.copy()
        values.loc["MJ205", column[step.indicator]] = step.now.at(numerator)
        return replace(inputs, values=values).score().index["MJ205"] / 100

    for step in low.alone[:6]:
        assert rate(step, step.needed) >= 0.82
        if step.now.whole:
            back = -1 if step.needed > step.now.numerator else 1
            assert rate(step, step.needed + back) < 0.82
            assert 0 <= step.needed <= step.now.denominator


def test_a_confirmed_event_cannot_be_made_up_for(played):
    found = explained(played, "MJ032")
    assert [one.kind for one in found.causes] == ["veto"]
    assert found.scores["colour"] == "red"
    assert found.improvement.plan == ()
    assert found.adjustments.set_index("adjustment").loc["falsified", "value"] == 1


def test_a_name_will_do_and_a_stranger_is_refused(played):
    assert explained(played, "明镜县河口乡").unit == "MJ205"
    with pytest.raises(UnknownRelease, match="MJ999"):
        explained(played, "MJ999")


def test_the_explanation_is_plain_data(played):
    text = json.dumps(as_records(explained(played, "MJ205")), ensure_ascii=False)
    assert json.loads(text)["causes"][0]["alone"][0]["needed"] > 0


def test_the_tables_hold_the_split_against_the_quarter_before(played):
    view = pd.DataFrame(played.rows("SELECT * FROM vw_score_move WHERE is_current = 1"))
    # The two played quarters are a year apart: 2026Q3 has no quarter before it, hence no split against one.
    assert view.empty or set(view["compared_with"]) <= {"previous_revision", "previous_period"}
    losses = pd.DataFrame(
        played.rows(
            "SELECT * FROM vw_point_loss WHERE is_current = 1 AND period = '2026Q3' AND unit_code = 'MJ205'"
        )
    )
    found = explained(played, "MJ205").indicators
    table = losses[losses["loss_rank"] > 0].sort_values("loss_rank")
    assert table["indicator_code"].tolist() == found.loc[found["lost"].notna(), "indicator"].tolist()
    first = table.iloc[0]
    assert (first["numerator"], first["denominator"]) == tuple(found.iloc[0][["numerator", "denominator"]])
    assert first["rule"] == found.iloc[0]["rule_zh"]
    keyed = losses[losses["measure"].str.contains("|", regex=False)]
    assert keyed["numerator"].notna().all()


def test_a_split_of_two_releases_a_year_apart_adds_up(played):
    first, last = (played.release(quarter) for quarter in QUARTERS)
    with reading(open_warehouse(played.site.warehouse_url)) as connection:
        move = move_of(connection, first, last, "明镜县交通运输局")
    assert move.factors["factor"].tolist() == list(FACTORS)
    assert round(move.factors["published_points"].sum(), 9) == round(move.published[1] - move.published[0], 9)
    parts = move.factors.set_index("factor")["points"]
    assert parts["performance"] < -8
    assert (parts[["rule_change", "peers"]] == 0).all()
    assert (
        round(move.items.loc[move.items["factor"] == "performance", "points"].sum(), 9)
        == parts["performance"]
    )


def test_recording_again_changes_nothing(played):
    engine, release = open_warehouse(played.site.warehouse_url), played.release()
    before = (
        played.rows("SELECT COUNT(*) AS n FROM fct_score_move"),
        played.rows("SELECT COUNT(*) AS n FROM dim_rule"),
    )
    with reading(engine) as connection:
        scored = read_inputs(connection, release)
    record_moves(engine, release.release_id, scored)
    assert before == (
        played.rows("SELECT COUNT(*) AS n FROM fct_score_move"),
        played.rows("SELECT COUNT(*) AS n FROM dim_rule"),
    )
    with reading(engine) as connection:
        assert releases.current(connection, ReleaseKey(county.JURISDICTION, "jiaokou", "2026Q3")) == release


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["explain", "MJ205", "2026Q3", "--rows", "petition_replied_on_time"],
            ["转绿的办法", "→", "信访办理明细"],
        ),
        (["explain", "MJ032", "2026Q3"], ["认定的事实", "审计整改弄虚作假"]),
        (["why", "MJ033", "2025Q3", "2026Q3"], ["本期表现 performance", "合计 total"]),
    ],
)
def test_the_commands(played, arguments, words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    found = CliRunner().invoke(app, [*arguments, "--site", str(played.site.folder)])
    assert found.exit_code == 0, found.output
    for word in words:
        assert word in found.output


def test_what_the_commands_refuse(played):
    site = ["--site", str(played.site.folder)]
    unknown = CliRunner().invoke(app, ["explain", "MJ205", "2026Q3", "--rows", "nothing", *site])
    assert unknown.exit_code == 2
    assert CliRunner().invoke(app, ["explain", "MJ205", "2019Q1", *site]).exit_code == 1
    assert CliRunner().invoke(app, ["why", "MJ205", "2026Q3/7", "2026Q3", *site]).exit_code == 1
    assert CliRunner().invoke(app, ["why", "MJ205", "2026Q3/x", "2026Q3", *site]).exit_code == 2
