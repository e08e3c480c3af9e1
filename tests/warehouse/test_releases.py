"""Publishing: atomic, idempotent, fenced, immutable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, exc, func, select, text

from include.warehouse import audit, errors, ledger, releases
from include.warehouse.guards import APPEND_ONLY
from include.warehouse.releases import ReleaseInput, ReleaseKey
from include.warehouse.store import reading, writing
from include.warehouse.tables import FACTS, REASONS, metadata, release, release_status, verification
from tests.warehouse.warehouse_samples import (
    COUNTY,
    KEY,
    accepted,
    deliver,
    draft,
    facts,
    framework,
    later,
    published,
)


def _count(engine: Engine, table) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(table))


def _statuses(engine: Engine) -> list[tuple[int, str]]:
    query = select(release.c.revision, release_status.c.status).join_from(release_status, release)
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(query.order_by(release_status.c.status_id))]


def test_first_release_is_revision_one_provisional_and_current(county: Engine) -> None:
    made = published(county, missing_feeds=("safety", "audit"))
    assert (made.revision, made.created, made.unchanged) == (1, True, False)
    with reading(county) as connection:
        standing = releases.current(connection, KEY)
        assert standing.release_id == made.release_id
        assert standing.missing_feeds == ("audit", "safety")
        assert standing.incomplete
        assert releases.current(connection, KEY, kind="final") is None
        assert audit.verify(connection).ok
        assert audit.head(connection).seq == 1
    assert _statuses(county) == [(1, "provisional")]


def test_facts_come_back_exactly(county: Engine) -> None:
    made = published(county)
    with reading(county) as connection:
        measures = releases.read_facts(connection, made.release_id, "fct_measure").set_index("unit_code")
        warnings = releases.read_facts(connection, made.release_id, "fct_warning")
        scores = releases.read_facts(connection, made.release_id, "fct_unit_score").set_index("unit_code")
        adjustments = releases.read_facts(connection, made.release_id, "fct_adjustment")
        made_key = releases.get(connection, made.release_id).framework_key
        titles = releases.read_indicators(connection, made_key)["title_zh"].tolist()
    assert sorted(titles) == ["按期答复率", "追回资金"]
    assert repr(float(measures.loc["T02", "numerator"])) == "65483945.63"
    assert measures.loc["T02", "value"] == np.round(1 / 3, 9)
    assert np.isnan(measures.loc["B01", "value"])
    assert measures["key"].eq("").all()
    assert warnings.loc[0, "evidence"] == {"rate": 0.333333333, "阈值": 0.82}
    assert warnings.loc[0, "title_zh"] == '总体偏低, "偏低"'
    assert scores["change_state"].to_dict() == {"T01": "value", "T02": "none", "B01": "none"}
    assert adjustments.empty
    assert adjustments["points"].dtype == "float64"


def test_same_inputs_again_change_nothing(county: Engine) -> None:
    made = draft(county)
    first = releases.publish(county, made)
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in made.facts.items()}
    again = releases.publish(county, replace(made, facts=shuffled, created_at=later(9)))
    assert again == releases.Published(first.release_id, 1, created=False, unchanged=True)
    assert _count(county, release) == 1


def test_other_code_with_equal_figures_is_one_verification(county: Engine) -> None:
    first = published(county)
    for _ in range(2):
        again = published(county, code_digest="code2")
        assert (again.release_id, again.unchanged, again.verified) == (first.release_id, True, True)
    assert _count(county, verification) == 1


def test_other_code_with_other_figures_needs_approval(county: Engine) -> None:
    published(county)
    other = draft(county, code_digest="code2", facts=facts(reply=0.9))
    with pytest.raises(errors.ApprovalNeeded, match="第 1 次修订"):
        releases.publish(county, other)
    made = releases.publish(county, replace(other, approved_by="steward_li", reason="corrected rounding"))
    assert (made.revision, made.created) == (2, True)
    assert _statuses(county) == [(1, "provisional"), (1, "superseded"), (2, "provisional")]


def test_same_inputs_and_code_with_other_figures_are_refused(county: Engine) -> None:
    published(county)
    with pytest.raises(errors.NotReproducible):
        published(county, facts=facts(reply=0.9))


def test_order_of_deliveries_counts_and_order_of_the_rest_does_not() -> None:
    one, two = (ReleaseInput("delivery", name, name, number) for number, name in ((1, "a"), (2, "b")))
    site, frame = ReleaseInput("site", "site", "s"), ReleaseInput("framework", "f", "f")
    assert releases.input_digest((site, frame, one, two)) == releases.input_digest((one, frame, two, site))
    assert releases.input_digest((one, two)) != releases.input_digest((two, one))


def test_delivery_judged_again_stops_the_release(county: Engine) -> None:
    stale = draft(county)
    with writing(county) as connection:
        delivery_id = ledger.effective_verdicts(connection, COUNTY, "petitions")[0].delivery.delivery_id
        ledger.record_verdict(connection, delivery_id, accepted(3))
    with pytest.raises(errors.InputsChanged, match="重新计算"):
        releases.publish(county, stale)
    assert _count(county, release) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"staged": (ledger.StagedFile("2026Q3", "x", 5, "x"),)},
        {"quarantined": ledger.no_quarantined_rows()},
    ],
)
def test_rows_that_do_not_add_up_stop_the_release(county: Engine, change: dict) -> None:
    with writing(county) as connection:
        ledger.record_verdict(connection, deliver(connection), accepted(**change))
    with pytest.raises(errors.RowsNotConserved, match=r"2026Q3\.xlsx"):
        published(county)
    assert _count(county, release) == 0


def test_stale_attempt_is_refused_even_with_the_same_inputs(county: Engine) -> None:
    old = releases.acquire_lease(county, KEY, holder="attempt 1", at=later(0))
    new = releases.acquire_lease(county, KEY, holder="attempt 2", at=later(1))
    assert (old, new) == (1, 2)
    made = draft(county)
    assert releases.publish(county, replace(made, fencing_token=new)).created
    for token in (0, old, new + 1):
        with pytest.raises(errors.StaleLease):
            releases.publish(county, replace(made, fencing_token=token))
    assert releases.publish(county, replace(made, fencing_token=new)).unchanged


def test_finalise_then_revise_keeps_the_final_until_the_next_is_final(county: Engine) -> None:
    first = published(county)
    releases.finalise(county, first.release_id, actor="director", at=later(3))
    releases.finalise(county, first.release_id, actor="director", at=later(3))
    second = published(
        county, framework=framework("f2"), inputs=draft(county).inputs[1:], reason="late delivery"
    )
    with reading(county) as connection:
        assert releases.current(connection, KEY).revision == 2
        assert releases.current(connection, KEY, kind="final").revision == 1
    with pytest.raises(errors.UnknownRelease):
        releases.finalise(county, 999, actor="director", at=later(4))
    releases.finalise(county, second.release_id, actor="director", at=later(4))
    with reading(county) as connection:
        assert releases.current(connection, KEY, kind="final").revision == 2
    assert _statuses(county) == [
        (1, "provisional"),
        (1, "final"),
        (2, "provisional"),
        (1, "superseded"),
        (2, "final"),
    ]


def test_superseded_release_cannot_become_final(county: Engine) -> None:
    first = published(county)
    published(county, inputs=draft(county).inputs[1:])
    with pytest.raises(errors.UnknownRelease, match="不能定稿"):
        releases.finalise(county, first.release_id, actor="director", at=later(4))


def test_withdrawn_release_is_shown_nowhere_and_needs_approval_to_return(county: Engine) -> None:
    made = draft(county)
    first = releases.publish(county, made)
    releases.finalise(county, first.release_id, actor="director", at=later(3))
    releases.withdraw(county, first.release_id, actor="director", at=later(4), reason="wrong file")
    releases.withdraw(county, first.release_id, actor="director", at=later(5), reason="again")
    with reading(county) as connection:
        assert releases.current(connection, KEY) is None
        assert releases.current(connection, KEY, kind="final") is None
        assert len(releases.read_facts(connection, first.release_id, "fct_unit_score")) == 3
    with pytest.raises(errors.ApprovalNeeded, match="撤回"):
        releases.publish(county, made)
    assert releases.publish(county, replace(made, approved_by="director")).revision == 2


def test_as_of_gives_what_stood_then(county: Engine) -> None:
    published(county)
    published(county, inputs=draft(county).inputs[1:], created_at=later(5))
    with reading(county) as connection:
        found = [releases.as_of(connection, KEY, later(hours)) for hours in (1, 2, 4.9, 5)]
    assert [item.revision if item else None for item in found] == [None, 1, 1, 2]


def test_nothing_stored_can_be_changed_or_removed(county: Engine) -> None:
    published(county)
    for table in APPEND_ONLY:
        column = list(table.columns)[-1]
        for statement in (table.delete(), table.update().values({column: column})):
            if _count(county, table) == 0 and county.dialect.name == "sqlite":
                continue
            with pytest.raises(exc.DBAPIError, match="append-only"), writing(county) as connection:
                connection.execute(statement)


def test_failure_midway_leaves_nothing(county: Engine) -> None:
    made = draft(county)
    before = {table.name: _count(county, table) for table in metadata.sorted_tables}
    twice = pd.concat([made.facts["fct_warning"]] * 2)
    with pytest.raises(errors.BadFacts, match="fct_warning") as refused:
        releases.publish(county, replace(made, facts={**made.facts, "fct_warning": twice}))
    assert {table.name: _count(county, table) for table in metadata.sorted_tables} == before
    assert "T02" not in str(refused.value)


def test_racing_publishers_make_one_revision(county: Engine) -> None:
    made = draft(county)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: releases.publish(county, made), range(8)))
    assert sum(result.created for result in results) == 1
    assert len({result.release_id for result in results}) == 1
    assert _count(county, release) == 1


def test_quarters_published_in_parallel_all_arrive(county: Engine) -> None:
    made = draft(county)
    periods = ["2025Q1", "2025Q2", "2025Q3", "2025Q4", "2025H1", "2025H2", "2025", "2026Q1"]
    drafts = [replace(made, key=ReleaseKey(COUNTY, "jiaokou", period)) for period in periods]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda item: releases.publish(county, item), drafts))
    assert all(result.created for result in results)
    with reading(county) as connection:
        verdict = audit.verify(connection)
    assert (verdict.ok, verdict.entries) == (True, 8)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"nonsense": ["x"]}, "nonsense"),
        ({"colour": [None]}, "colour"),
        ({"points": ["many"]}, "no such column"),
    ],
)
def test_frames_that_do_not_fit_are_refused(county: Engine, frame: dict, said: str) -> None:
    warning = facts()["fct_warning"].assign(**frame)
    with pytest.raises(errors.BadFacts, match=said):
        published(county, facts={"fct_warning": warning})
    with pytest.raises(errors.BadFacts, match="fct_other"):
        published(county, facts={"fct_other": warning})


def test_reasons_are_stored_with_a_release_and_are_no_part_of_its_digest(county: Engine) -> None:
    made = draft(county)
    first = releases.publish(county, made)
    # The same figures without reasons are the same release; reasons are never written a second time.
    again = releases.publish(county, replace(made, reasons={}))
    assert (again.release_id, again.unchanged) == (first.release_id, True)
    assert releases.publish(county, made).unchanged
    assert {name: _count(county, table) for name, table in REASONS.items()} == dict.fromkeys(REASONS, 1)
    with pytest.raises(errors.BadFacts, match="fct_other"):
        published(county, reasons={"fct_other": pd.DataFrame()})


def test_a_release_without_reasons_shows_its_scores_all_the_same(county: Engine) -> None:
    published(county, reasons={})
    query = text(
        "SELECT unit_code, colour, band_colour, state_reason FROM vw_score_current ORDER BY unit_code"
    )
    with reading(county) as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    assert rows == [("B01", "", "", ""), ("T01", "green", "", ""), ("T02", "red", "", "")]


def test_the_files_behind_a_measure(county: Engine) -> None:
    published(county)
    with reading(county) as connection:
        row = connection.execute(text("SELECT * FROM vw_measure_file")).one()
    assert (row.measure, row.file_name, row.supplier) == (
        "petitions.reply_on_time",
        "2026Q3.xlsx",
        "petition_office",
    )
    assert (row.is_current, row.is_newest, row.is_nil) == (1, 1, 0)


def test_every_fact_table_is_filled_through_the_same_path(county: Engine) -> None:
    adjustment = pd.DataFrame(
        {
            "unit_code": ["T01"],
            "adjustment_code": ["award"],
            "kind": ["bonus"],
            "value": [1],
            "points": [8],
            "state": ["value"],
        }
    )
    published(county, facts={**facts(), "fct_adjustment": adjustment})
    assert all(_count(county, table) > 0 for table in FACTS.values())


def test_raw_sql_sees_real_numbers(county: Engine) -> None:
    published(county)
    query = text("SELECT SUM(published) / 2 FROM vw_score_current WHERE peer_group = 'township'")
    with reading(county) as connection:
        assert float(connection.scalar(query)) == pytest.approx((87.5 + 33.33) / 2)
