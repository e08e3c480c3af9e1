"""A year's tasks on a real small site: frozen from the January list, held against what came later."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import exc, text

from include.pipeline.access import NotAllowed
from include.pipeline.year_tasks import YearRefused, freeze, preview_plan, progress, record
from include.quarters import Quarter
from include.warehouse import audit
from include.warehouse.store import reading, writing
from tests.pipeline.small_site import PLACE, SmallSite
from tests.pipeline.year_site import after, report, tasks, year_site

Q1, Q2 = Quarter(2026, 1), Quarter(2026, 2)


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    small = year_site(tmp_path)
    report(small, Q1, tasks(Q1, {}))
    return small


def frozen(small: SmallSite, **more):
    digest = preview_plan(small.site, PLACE, "small", 2026).digest
    given = {"digest": digest[:12], "account": "lead", "now": after(Q1), **more}
    return freeze(small.site, PLACE, "small", 2026, **given)


def test_a_preview_tells_who_has_no_task_and_changes_nothing(small):
    seen = preview_plan(small.site, PLACE, "small", 2026)
    assert len(seen.tasks) == 5
    assert seen.check.without_tasks == ("U4",)
    assert seen.check.weights.empty
    assert small.rows("select * from year_plan") == []


def test_freezing_is_recorded_once(small):
    first, again = frozen(small), frozen(small)
    assert first == again
    assert (first.revision, first.frozen_by, first.role) == (1, "lead", "leader")
    stored = small.rows(
        "select unit_code, task_code, weight, planned_q2_pct from year_plan_task order by 1, 2"
    )
    assert [tuple(row.values()) for row in stored] == [
        ("U1", "T1", 60, 50), ("U1", "T2", 40, 30), ("U2", "T1", 100, 50), ("U3", "T3", 50, 50), ("U3", "T4", 50, 50),
    ]  # fmt: skip
    traced = small.rows(
        "select actor, role, action, subject, after_digest from audit_entry where action like 'year%'"
    )
    assert traced == [
        {"actor": "lead", "role": "leader", "action": "year.freeze", "subject": f"{PLACE}/year_plan/2026/r1",
         "after_digest": first.plan_digest}
    ]  # fmt: skip
    with reading(small.engine) as connection:
        assert audit.verify(connection).ok


def test_who_may_not_freeze(small):
    with pytest.raises(NotAllowed):
        frozen(small, account="runner")
    assert small.rows("select * from year_plan") == []


def test_a_list_that_changed_since_it_was_seen_is_not_frozen(small):
    seen = preview_plan(small.site, PLACE, "small", 2026).digest
    report(small, Q1, tasks(Q1, {}, weights={("东坡镇", "T1"): 50, ("东坡镇", "T2"): 50}), name="again.csv")
    with pytest.raises(YearRefused, match="重新查看"):
        frozen(small, digest=seen[:12])
    with pytest.raises(YearRefused, match="重新查看"):
        frozen(small, digest="")


def test_weights_that_do_not_make_a_hundred_are_not_frozen(small):
    report(small, Q1, tasks(Q1, {}, weights={("东坡镇", "T1"): 50}), name="again.csv")
    with pytest.raises(YearRefused, match="U1: 90"):
        frozen(small)


def test_another_list_needs_a_reason(small):
    first = frozen(small)
    other = tasks(Q1, {}, weights={("东坡镇", "T1"): 50, ("东坡镇", "T2"): 50})
    report(small, Q1, other, name="again.csv")
    with pytest.raises(YearRefused, match="写明理由"):
        frozen(small)
    second = frozen(small, reason="县委常委会调整")
    assert (second.revision, second.reason) == (2, "县委常委会调整")
    assert second.plan_digest != first.plan_digest
    with pytest.raises(exc.DatabaseError, match="append-only"), writing(small.engine) as connection:
        connection.execute(text("delete from year_plan"))


def test_no_list_no_freeze(tmp_path):
    with pytest.raises(YearRefused, match="mingjing ingest yearly_tasks"):
        preview_plan(year_site(tmp_path).site, PLACE, "small", 2026)


def test_progress_is_held_against_the_frozen_plan(small):
    with pytest.raises(YearRefused, match="year freeze 2026"):
        progress(small.site, PLACE, "small", "2026H1")
    frozen(small)
    now = {("东坡镇", "T1"): 40, ("东坡镇", "T2"): 32, ("西沟乡", "T1"): 80, ("县水利局", "T3"): 50}
    later = tasks(
        Q2, now, done=(("县水利局", "T3"),), weights={("东坡镇", "T1"): 10}, without=(("县水利局", "T4"),),
        more="T9,东坡镇,2026-06-30,决策,新任务,50,目标,,100,\n",
    )  # fmt: skip
    report(small, Q2, later)
    found = progress(small.site, PLACE, "small", "2026H1")
    rows = found.units.set_index("unit_code")
    # U1: 60 × 40 % + 40 × 32 % = 36.8 against 60 × 50 % + 40 × 30 % = 42: behind by 5.2.
    assert rows.loc["U1", ["planned_pct", "progress_pct", "standing", "name"]].tolist() == [
        42,
        36.8,
        "behind",
        "东坡镇",
    ]
    assert rows.loc["U2", ["planned_pct", "progress_pct", "standing"]].tolist() == [50, 80, "ahead"]
    assert rows.loc["U3", ["progress_pct", "standing", "missing", "done"]].tolist() == [100, "ahead", 1, 1]
    assert found.units["unit_code"].tolist() == ["U1", "U2", "U3"], "the furthest behind first"
    tasks_ = found.tasks.set_index(["unit_code", "task_code"])
    assert tasks_.loc[("U1", "T1"), ["weight", "standing", "changed"]].tolist() == [60, "behind", "weight"]
    assert tasks_.loc[("U3", "T4"), "state"] == "missing"
    assert found.added.to_numpy().tolist() == [["U1", "T9", 50]]


def test_a_review_is_recorded_once_and_again_when_something_changed(small):
    frozen(small)
    with pytest.raises(YearRefused, match="无可记录"):
        record(small.site, PLACE, "small", "2026H1", account="lead", now=after(Q2))
    report(small, Q2, tasks(Q2, {("西沟乡", "T1"): 60}))
    with pytest.raises(NotAllowed):
        record(small.site, PLACE, "small", "2026H1", account="first", now=after(Q2))
    one, two = (record(small.site, PLACE, "small", "2026H1", account="lead", now=after(Q2)) for _ in range(2))
    assert one == two
    report(small, Q2, tasks(Q2, {("西沟乡", "T1"): 70}), name="again.csv")
    assert record(small.site, PLACE, "small", "2026H1", account="lead", now=after(Q2)).revision == 2
    view = small.rows(
        "select unit_name, task, weight, planned_pct, progress_pct, standing, revision from vw_task_progress "
        "where period = '2026H1' and unit_code = 'U2'"
    )
    assert [tuple(row.values()) for row in view] == [("西沟乡", "任务T1", 100, 50, 70, "ahead", 2)]
