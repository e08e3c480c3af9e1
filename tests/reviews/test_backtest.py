"""Precision, recall, lift and a permutation p-value, by tables worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from include.reviews.backtest import backtest, outcomes, wilson


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        # Newcombe, Statist. Med. 17 (1998) 857–872, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)  # fmt: skip
def test_wilson_as_printed(right: int, of: int, low: float, high: float) -> None:
    assert wilson(right, of) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_wilson_without_trials_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def table(*rows: tuple[str, int, int, int, int]) -> pd.DataFrame:
    """(quarter, units, warned and found, warned only, found only) → one row per unit."""
    made = []
    for quarter, units, both, warned, found in rows:
        flags = [(True, True)] * both + [(True, False)] * warned + [(False, True)] * found
        flags += [(False, False)] * (units - len(flags))
        made += [{"quarter": quarter, "warned": one, "found": other} for one, other in flags]
    return pd.DataFrame(made)


def test_figures_by_hand() -> None:
    score = backtest(table(("2026Q1", 10, 2, 1, 1), ("2026Q2", 10, 1, 2, 2)), permutations=999, seed=1)
    assert (score.unit_quarters, score.warned, score.found, score.hits) == (20, 6, 6, 3)
    assert [score.precision, score.recall, score.base_rate] == [0.5, 0.5, 0.3]
    assert score.lift == pytest.approx(0.5 / 0.3, abs=1e-9)


def test_the_p_value_is_that_of_the_exact_distribution() -> None:
    # Ten units, four found, three warned, all three hits: C(4,3) ÷ C(10,3) = 4 ÷ 120.
    score = backtest(table(("2026Q1", 10, 3, 0, 1)), permutations=200_000, seed=7)
    assert hypergeom(10, 4, 3).sf(2) == pytest.approx(4 / 120)
    assert score.p_value == pytest.approx(4 / 120, abs=0.002)


def test_a_busy_quarter_says_nothing_by_itself() -> None:
    """All are warned and found in one quarter, nobody in the other: shuffling within quarters cannot do otherwise."""
    score = backtest(table(("2026Q1", 10, 10, 0, 0), ("2026Q2", 10, 0, 0, 0)), permutations=999, seed=1)
    assert score.lift == pytest.approx(2) and score.p_value == pytest.approx(1)


def test_one_seed_one_p_value() -> None:
    made = table(("2026Q1", 40, 6, 6, 6))
    assert backtest(made, permutations=500, seed=3) == backtest(made, permutations=500, seed=3)


def test_without_warnings_or_findings_there_is_no_figure() -> None:
    nobody = backtest(table(("2026Q1", 5, 0, 0, 2)), permutations=99, seed=1)
    nothing = backtest(table(("2026Q1", 5, 0, 2, 0)), permutations=99, seed=1)
    assert math.isnan(nobody.precision) and math.isnan(nobody.p_value) and math.isclose(nobody.recall, 0)
    assert math.isnan(nothing.recall) and math.isnan(nothing.lift) and math.isclose(nothing.precision, 0)


@given(st.integers(1, 12), st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
def test_figures_stay_in_their_bounds(more: int, both: int, warned: int, found: int) -> None:
    score = backtest(
        table(("2026Q1", both + warned + found + more, both, warned, found)), permutations=99, seed=1
    )
    for share in (score.precision, score.recall, score.base_rate, score.p_value):
        assert math.isnan(share) or 0 <= share <= 1


def test_what_follows_is_counted_and_what_is_not_known_yet_is_left_out() -> None:
    scored = pd.DataFrame(
        [(unit, ordinal) for unit in "ab" for ordinal in (10, 11, 12)], columns=["unit_code", "ordinal"]
    )
    problems = pd.DataFrame(
        [("a", 10), ("a", 11), ("a", 12), ("b", 13)], columns=["unit_code", "ordinal"]
    )  # that of 10 lies in the quarter itself: it counts for none of its own
    found = outcomes(scored, problems, quarters=2, min_problems=1, last=13).set_index(
        ["unit_code", "ordinal"]
    )["found"]
    assert found.to_dict() == {("a", 10): True, ("a", 11): True, ("b", 10): False, ("b", 11): True}
    twice = outcomes(scored, problems, quarters=2, min_problems=2, last=13)
    assert twice[twice["found"]][["unit_code", "ordinal"]].to_numpy().tolist() == [["a", 10]]
    assert np.array_equal(outcomes(scored, problems, quarters=1, min_problems=1, last=9)["found"], [])
