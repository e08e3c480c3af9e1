"""The tasks of a year against figures worked out by hand: frozen weights, milestones, what is not reported."""

# ruff: file-ignore[unnecessary-collection-call] (rows read as tables)
from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from include.quarters import Quarter

ENDS = {1: date(2026, 3, 31), 2: date(2026, 6, 30), 3: date(2026, 9, 30), 4: date(2026, 12, 31)}
PLAN = {
    "T1": dict(weight=50, target="建成"),
    "T2": dict(weight=30, target="十处", milestone_q2_pct=20),
    "T3": dict(weight=20, target="五次"),
}


def rows(quarter: int, progress: dict[str, float | None], *, done: tuple[str, ...] = (), **changed):
    """One file of unit a: the tasks with their progress."""
    return [
        dict(task_code=code, unit="a", as_of=ENDS[quarter], decision="决策", task=code, progress_pct=pct)
        | PLAN.get(code, dict(weight=40, target="新增"))
        | changed.get(code, {})
        | (dict(done_on=ENDS[quarter]) if code in done else {})
        for code, pct in progress.items()
    ]


@pytest.fixture
def year(kit, stage):
    """`year(q1, q2, …)` → the figures of unit a in the last of the quarters."""
    contract, definition = kit.load("yearly_tasks")

    def measured(*files, units=("a",), unit="a"):
        parts = [
            stage(contract, one, quarter=Quarter(2026, number), sequence=number)
            for number, one in enumerate(files, 1)
        ]
        quarter = Quarter(2026, len(files))
        return kit.figures(kit.compute(contract, definition, parts, quarter=quarter, units=units), unit)

    return measured


def ratio(top, bottom, n):
    return Decimal(str(top)), Decimal(str(bottom)), n, "value"


def test_progress_is_weighted_and_milestones_go_before_the_straight_line(year):
    q1 = rows(1, {"T1": 25, "T2": 10, "T3": 0})
    # 50 × 60 % + 30 × 30 % + 20 × 40 % = 30 + 9 + 8 = 47 of 100; T2 need only be at 20 %, T3 is behind 50 %.
    assert year(q1, rows(2, {"T1": 60, "T2": 30, "T3": 40})) == {
        "progress": ratio(47, 100, 3),
        "on_schedule": ratio(2, 3, 3),
        "done": ratio(0, 100, 3),
        "unchanged": ratio(3, 3, 3),
    }


def test_weights_and_targets_that_change_later_change_nothing_but_what_is_unchanged(year):
    q1 = rows(1, {"T1": 25, "T2": 10, "T3": 0})
    later = rows(2, {"T1": 60, "T2": 30, "T3": 40}, T1=dict(weight=90), T2=dict(target="五处"))
    found = year(q1, later)
    assert found["progress"] == ratio(47, 100, 3)
    assert found["unchanged"] == ratio(1, 3, 3)


def test_a_task_without_a_progress_is_left_out_and_never_zero(year):
    q1 = rows(1, {"T1": None, "T2": None, "T3": None})
    found = year(q1, rows(2, {"T1": 60, "T2": None, "T3": 40}))
    assert found["progress"] == ratio(38, 70, 2)  # (50 × 60 + 20 × 40) ÷ 100 of 50 + 20
    assert found["on_schedule"] == ratio(1, 2, 2)
    assert found["unchanged"] == ratio(3, 3, 3)


def test_what_is_done_counts_as_a_hundred(year):
    q1 = rows(1, {"T1": 25, "T2": 10, "T3": 0})
    # T2 is done though its progress still says 90; T3 is at 100 without a day.
    found = year(q1, q1_to(2), q1_to(3), rows(4, {"T1": 80, "T2": 90, "T3": 100}, done=("T2",)))
    assert found["progress"] == ratio(90, 100, 3)  # 40 + 30 + 20
    assert found["done"] == ratio(50, 100, 3)
    assert found["on_schedule"] == ratio(2, 3, 3)


def q1_to(quarter: int):
    return rows(quarter, {"T1": 50, "T2": 50, "T3": 50})


def test_the_year_before_is_another_plan(year, kit, stage):
    contract, definition = kit.load("yearly_tasks")
    before = [
        dict(row, as_of=date(2025, 12, 31), weight=1) for row in rows(4, {"T1": 100, "T2": 100, "T3": 100})
    ]
    parts = [
        stage(contract, before, quarter=Quarter(2025, 4), sequence=1),
        stage(contract, rows(1, {"T1": 50, "T2": 0, "T3": 0}), quarter=Quarter(2026, 1), sequence=2),
    ]
    found = kit.figures(kit.compute(contract, definition, parts, quarter=Quarter(2026, 1)), "a")
    assert found["progress"] == ratio(25, 100, 3)
    assert found["on_schedule"] == ratio(1, 3, 3)


def test_a_task_added_later_counts_from_its_first_file(year):
    q1 = rows(1, {"T1": 25, "T2": 10, "T3": 0})
    found = year(q1, rows(2, {"T1": 60, "T2": 30, "T3": 40, "T4": 50}))
    assert found["progress"] == ratio(67, 140, 4)  # 47 and 40 × 50 %


def test_a_unit_without_tasks_is_not_applicable(year):
    found = year(rows(1, {"T1": 25}), units=("a", "b"), unit="b")
    assert {state for *_, state in found.values()} == {"not_applicable"}
