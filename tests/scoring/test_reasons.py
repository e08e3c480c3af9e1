"""Why a colour, and the number that would undo it: applied to what was measured and scored again, it does."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.scoring import score
from include.scoring.causes import below, causes_of
from include.scoring.improve import Counted
from include.scoring.losses import shares_of_rows
from include.scoring.reasons import band_colours, reasons_of, smallest_change
from tests.scoring.scoring_helpers import framework

NAN = float("nan")
CASES = 40
TREE = framework(
    [
        {"code": "a", "group": "g", "points": 20, "rule": "given"},
        {"code": "b", "group": "g", "points": 20, "rule": "given"},
        {"code": "c", "group": "h", "points": 30, "rule": "given"},
        {"code": "d", "group": "h", "points": 30, "rule": {"kind": "rate", "full_at": 1, "zero_at": 0}},
    ],
    groups=[{"code": "g", "points": 40}, {"code": "h", "points": 60}],
    points=100,
    missing="not_rated",
    colours={"bands": [{"colour": "red", "when": "rate < 0.6"}, {"colour": "yellow", "when": "rate < 0.8"}]},
    warnings=[
        {"code": "low_class", "on": "groups.depth1", "when": "rate < 0.7"},
        {"code": "late", "on": "indicators.d", "when": "value < 0.5"},
    ],
    adjustments=[
        {"code": "award", "kind": "bonus", "measure": "won", "per": 1},
        {"code": "lie", "kind": "veto", "measure": "lies", "when": "value > 0", "effect": {"colour": "red"}},
    ],
)


def measured(a, b, c, cases, won=0.0, lies=0.0):
    columns = {"a": a, "b": b, "c": c, "d": cases / CASES, "won": won, "lies": lies}
    return pd.DataFrame(columns, index=["u"], dtype=float)


@st.composite
def drawn(draw):
    a, b, c = (draw(st.integers(most // 4, most)) / 100 for most in (2000, 2000, 3000))
    b = NAN if draw(st.booleans()) else b
    return measured(a, b, c, draw(st.integers(0, CASES)), won=draw(st.integers(0, 3)))


VALUES = drawn()


def reasons(values, tree=TREE, **more):
    result = score(values, tree, **more)
    counted = {}
    if "d" in values:
        counted = {("u", "d"): Counted(float(round(values.loc["u", "d"] * CASES)), float(CASES))}
    shares = shares_of_rows(result, tree)
    found = reasons_of(result, tree, causes_of(result, tree), counted, shares).get("u", [])
    return result, found, smallest_change("u", found, result, tree, shares)


def carried_out(values, reason, more=0.0):
    """The values with a remedy applied: the numerator, or points to what is given as points; None if these are full."""
    changed = values.copy()
    if reason.remedy == "cases":
        changed.loc["u", "d"] = reason.counted.at(reason.numerator_needed + more)
        return changed
    left = reason.points_lacking + more
    full = {"a": 20.0, "b": 20.0, "c": 30.0}
    for code in sorted(below(TREE, reason.cause.target) & set(full)):
        now = values.loc["u", code]
        step = 0.0 if now != now else min(full[code] - now, left)
        changed.loc["u", code] = round(now + step, 9)
        left = round(left - step, 9)
    return changed if left <= 0 else None


def kinds(found):
    return [(one.cause.kind, one.cause.code, one.cause.target, one.remedy) for one in found]


def test_held_by_a_band_alone():
    result, found, change = reasons(measured(14, 14, 22, 28))
    assert result.index["u"] == 71
    assert kinds(found) == [("band", "2", "index", "points")]
    assert (change.points_lacking, change.index_points_lacking) == (9, 9)
    assert band_colours(result, TREE) == {"u": "yellow"}


def test_what_was_not_attainable_makes_a_raw_point_weigh_more():
    result, found, change = reasons(measured(14, NAN, 22, 28))
    assert result.index["u"] == pytest.approx(100 * 57 / 80)
    # 80 % of 80 attainable points are 64, exactly, though the index is a rounded figure.
    assert change.points_lacking == 7
    assert change.index_points_lacking == pytest.approx(8.75)
    assert kinds(found)[0][0] == "band"


def test_held_by_a_class_alone():
    result, found, change = reasons(measured(12, 14, 30, 40))
    assert kinds(found) == [("warning", "low_class", "groups.g", "points")]
    assert (result.colours["u"], band_colours(result, TREE)["u"]) == ("yellow", "green")
    assert change.points_lacking == 2


def test_held_by_a_measure_alone():
    _, found, change = reasons(measured(20, 20, 30, 19))
    assert kinds(found) == [("warning", "late", "indicators.d", "cases")]
    assert (change.numerator_needed, change.counted.denominator, change.value_needed) == (20, CASES, 0.5)


def test_held_by_a_veto_nothing_makes_up_for_it():
    result, found, change = reasons(measured(20, 20, 30, 40, lies=1))
    assert kinds(found) == [("veto", "lie", "adjustments.lie", "none_fact")]
    assert change is None
    assert band_colours(result, TREE)["u"] == "green"


def test_points_of_a_class_that_undo_the_band_too_are_one_number():
    _, found, change = reasons(measured(10, 10, 30, 29))
    assert {one.cause.target for one in found} == {"index", "groups.g"}
    # The class lacks 8 points, the index 8.25: 8.25 within the class do for both.
    assert (change.cause.target, change.points_lacking) == ("groups.g", 8.25)


def test_two_classes_are_no_one_number():
    _, found, change = reasons(measured(10, 10, 20, 20))
    assert len(found) > 2
    assert change is None


def test_a_bonus_counts_before_what_is_lacking():
    result, _, change = reasons(measured(14, NAN, 22, 28, won=3))
    assert result.index["u"] == pytest.approx(100 * 57 / 80 + 3)
    assert change.points_lacking == pytest.approx(80 * 0.77 - 57)


@pytest.mark.parametrize(
    ("rule", "values", "remedy"),
    [
        ({"on": "index", "when": "rank_share > 0.9"}, [[90, 1], [80, 1]], "none_peers"),
        ({"on": "indicators.x", "when": "state == missing"}, [[90, 1], [NAN, 1]], "none_data"),
        ({"on": "index", "when": "rate > 0.2"}, [[90, 1], [80, 1]], "see_rule"),
    ],
)
def test_where_no_number_says_it(rule, values, remedy):
    given = [{"code": "x", "points": 100, "rule": "given"}, {"code": "y", "points": 100, "rule": "given"}]
    tree = framework(given, warnings=[{"code": "w", **rule}], min_attainable=0.4)
    _, found, change = reasons(pd.DataFrame(values, index=["v", "u"], columns=["x", "y"]), tree)
    assert [one.remedy for one in found] == [remedy]
    assert change is None


def test_of_several_comparisons_the_easiest_counts():
    tree = framework(
        [{"code": "x", "points": 100, "rule": "given"}],
        warnings=[{"code": "falling", "when": "change <= -5 and rate < 0.9"}],
    )
    before = score(pd.DataFrame({"x": [89.0]}, index=["u"]), tree, quarter="2026Q2")
    values = pd.DataFrame({"x": [80.0]}, index=["u"])
    _, found, change = reasons(values, tree, quarter="2026Q3", history={"2026Q2": before})
    assert str(found[0].cause.gap.comparison.term) == "change"
    assert change.points_lacking == pytest.approx(4, abs=2e-9)


@settings(deadline=None, max_examples=40)
@given(VALUES)
def test_each_remedy_undoes_its_reason_and_a_little_less_does_not(values):
    _, found, _ = reasons(values)
    tried = [(one, less) for one in found for less in (0.0, -1.0 if one.remedy == "cases" else -1e-6)]
    rows = [carried_out(values, one, less) for one, less in tried]
    tried = [one for one, row in zip(tried, rows, strict=True) if row is not None]
    if not tried:
        return
    together = pd.concat([row for row in rows if row is not None], ignore_index=True)
    causes = causes_of(score(together, TREE), TREE)
    for place, (one, less) in enumerate(tried):
        left = {(cause.kind, cause.code, cause.target) for cause in causes.get(place, ())}
        stands = (one.cause.kind, one.cause.code, one.cause.target) in left
        assert stands == (less < 0), (one, less)


@settings(deadline=None, max_examples=60)
@given(VALUES)
def test_the_smallest_change_turns_the_unit_green_and_a_little_less_does_not(values):
    result, found, change = reasons(values)
    assert (result.colours["u"] == "green") == (not found)
    if change is None:
        return
    less = -1.0 if change.remedy == "cases" else -1e-6
    rows = [carried_out(values, change, more) for more in (0.0, less)]
    if rows[0] is None:
        return
    after, before = score(pd.concat(rows, ignore_index=True), TREE).colours
    assert after == "green"
    assert before != "green"


def test_the_figures_that_raised_a_warning_agree_with_each_other():
    result = score(measured(14, NAN, 22, 10, won=3), TREE)
    for row in [*result.warnings.to_dict("records"), *result.bands.to_dict("records")]:
        figures = json.loads(row["evidence"])
        if row["on"] == "index":
            assert "points" not in figures
            assert figures["rate"] == pytest.approx(figures["index"] / 100)
            before = 100 * figures["raw_points"] / figures["attainable"]
            assert figures["index"] == pytest.approx(before + 3)
        else:
            assert figures["points"] / figures["attainable"] == pytest.approx(figures["rate"])


def test_a_condition_on_the_points_of_the_index_is_one_on_the_index():
    tree = framework(
        [{"code": "x", "points": 100, "rule": "given"}], warnings=[{"code": "low", "when": "points < 60"}]
    )
    result, _, change = reasons(pd.DataFrame({"x": [52.5]}, index=["u"]), tree)
    figures = json.loads(result.warnings["evidence"].iloc[0])
    assert (figures["index"], figures["when"]) == (52.5, "index < 60")
    assert change.points_lacking == pytest.approx(7.5)
