"""Plans and progress of a year's tasks, by tables worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.reviews.tasks import PLANNED, by_unit, check_plan, plan_of, progress_of, unit_standing
from include.reviews.year import Progress

LINE = Progress(line_pct={"Q1": 25, "Q2": 50, "Q3": 75, "Q4": 100}, tolerance_pct=5)


def listed(*rows: tuple) -> pd.DataFrame:
    """(unit, task, weight, target, milestone of the second quarter)"""
    made = pd.DataFrame(rows, columns=["unit_code", "task_code", "weight", "target", "milestone_q2_pct"])
    made["milestone_q2_pct"] = made["milestone_q2_pct"].astype(float)
    return made.assign(decision="d", task=made["task_code"], milestone_q1_pct=np.nan, milestone_q3_pct=np.nan)


PLAN = plan_of(
    listed(
        ("a", "T1", 50, "x", None), ("a", "T2", 30, "y", 20), ("a", "T3", 20, "z", None), ("b", "T1", 100, "x", None)
    ),
    LINE,
)  # fmt: skip


def reported(*rows: tuple) -> pd.DataFrame:
    """(unit, task, weight, target, progress, done_on)"""
    columns = ["unit_code", "task_code", "weight", "target", "progress_pct", "done_on"]
    return pd.DataFrame(rows, columns=columns).astype({"weight": float, "progress_pct": float})


REPORT = reported(
    ("a", "T1", 50, "x", 60, ""),  # 50 planned: ahead by 10
    ("a", "T2", 40, "y", 24, ""),  # milestone 20: within 5; its weight is another by now
    ("a", "T3", 20, "w", 44.9, ""),  # behind by 5.1; its target is another by now
)


def test_the_line_stands_in_for_milestones() -> None:
    assert PLAN[PLANNED].to_numpy().tolist() == [
        [25, 50, 75, 100], [25, 20, 75, 100], [25, 50, 75, 100], [25, 50, 75, 100],
    ]  # fmt: skip


def test_standing_of_tasks_at_half_year() -> None:
    found = progress_of(PLAN, REPORT, 2, 5)
    assert found["standing"].tolist() == ["ahead", "at", "behind", ""]
    assert found["state"].tolist() == ["value", "value", "value", "missing"]
    assert found["changed"].tolist() == ["", "weight", "target", ""]
    assert found["weight"].tolist() == [50, 30, 20, 100], "the frozen ones"


def test_units_at_half_year() -> None:
    units = by_unit(progress_of(PLAN, REPORT, 2, 5)).set_index("unit_code")
    a = units.loc["a"]
    # 50 × 60 % + 30 × 24 % + 20 × 44.9 % = 30 + 7.2 + 8.98; planned 25 + 6 + 10.
    assert (a["progress_pct"], a["planned_pct"], a["achieved"]) == (46.18, 41, 46.18)
    assert a[["tasks", "done", "missing", "behind", "at", "ahead", "changed"]].tolist() == [
        3,
        0,
        0,
        1,
        1,
        1,
        2,
    ]
    assert np.isnan(units.loc["b", "progress_pct"]) and units.loc["b", "missing"] == 1
    assert unit_standing(units.reset_index(), 5).tolist() == ["ahead", ""]
    assert unit_standing(units.reset_index(), 5.18).tolist() == ["at", ""], "46.18 − 41 is no more than 5.18"


def test_at_the_end_of_the_year_there_is_no_grace() -> None:
    found = progress_of(
        PLAN,
        reported(
            ("a", "T1", 50, "x", 99, ""), ("a", "T2", 30, "y", 100, ""), ("a", "T3", 20, "z", 10, "2027-12-01")
        ),
        4,
        5,
    )  # fmt: skip
    assert found["standing"].tolist() == ["behind", "at", "at", ""]
    assert found["progress_pct"].tolist()[:3] == [99, 100, 100], "what is done stands at 100"


def test_a_plan_is_looked_over() -> None:
    before = plan_of(
        listed(
            ("a", "X1", 50, "x", None), ("a", "X2", 50, "y", None), ("c", "X3", 100, "x", None)
        ).assign(task=["T1", "T2", "T9"]),
        LINE,
    )  # fmt: skip
    short = PLAN.assign(weight=[50, 30, 19, 100])
    check = check_plan(short, ["a", "c"], before)
    assert check.weights.to_dict() == {"a": 99}
    assert check.without_tasks == ("c",)
    assert check.unknown == ("b",)
    # a: T1 50→50, T2 50→30, T3 0→19: half of 39; b and c: a whole plan came or went.
    assert check.changes.to_numpy().tolist() == [["a", 3, 2, 19.5], ["b", 1, 0, 50], ["c", 0, 1, 50]]


def test_thirds_that_were_rounded_to_make_a_hundred_do() -> None:
    plan = PLAN.assign(weight=[33.33, 33.33, 33.34, 100])
    assert check_plan(plan, ["a", "b"], None).weights.empty


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(0, 100)), min_size=1, max_size=8))
def test_progress_lies_between_the_least_and_the_most(tasks: list[tuple[int, int]]) -> None:
    plan = plan_of(listed(*(("a", f"T{n}", w, "x", None) for n, (w, _) in enumerate(tasks))), LINE)
    report = reported(*(("a", f"T{n}", w, "x", p, "") for n, (w, p) in enumerate(tasks)))
    (unit,) = by_unit(progress_of(plan, report, 2, 5)).to_dict("records")
    assert min(p for _, p in tasks) - 1e-6 <= unit["progress_pct"] <= max(p for _, p in tasks) + 1e-6
    assert unit["behind"] + unit["at"] + unit["ahead"] + unit["missing"] == unit["tasks"]


def test_a_line_that_falls_is_refused() -> None:
    with pytest.raises(ValueError, match="never falls"):
        Progress(line_pct={"Q1": 25, "Q2": 20, "Q3": 75, "Q4": 100}, tolerance_pct=5)
