"""Funnel limits against the binomial distribution itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from include.scoring import Framework
from include.scoring.certainty import certainty


def found(hits, cases, *, better="higher", peer_groups=None):
    full, zero = (1, 0) if better == "higher" else (0, 1)
    rules = Framework.from_dict(
        {
            "framework": "f", "version": "1",
            "indicators": [
                {"code": "x", "points": 100, "rule": {"kind": "rate", "full_at": full, "zero_at": zero}},
                {"code": "m", "points": 20, "rule": {"kind": "rate", "full_at": 100, "zero_at": 0}},
            ],
            "certainty": {"draws": 100, "sampling": {"rates": ["x"], "means": [{"indicator": "m", "sd": 20}]}},
        }
    )  # fmt: skip
    index = [f"u{n:02d}" for n in range(len(hits))]
    values = pd.DataFrame({"x": np.array(hits) / np.array(cases), "m": 70.0}, index=index)
    values.loc["u00", "m"] = 60.0
    counts = pd.DataFrame({"x": np.array(cases, dtype=float), "m": 64.0}, index=index)
    return certainty(values, rules, counts=counts, sobol=False).funnel.set_index(["unit", "indicator"])


HITS = [1, 3, 8, 9, 10, 19, 20, 40, 12, 55, 30]
CASES = [10, 5, 10, 10, 10, 20, 20, 50, 20, 60, 60]


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_a_unit_is_outside_exactly_where_the_binomial_says_so(better):
    table = found(HITS, CASES, better=better).xs("x", level="indicator")
    mean = sum(HITS) / sum(CASES)
    worse, good = ("worse", "better") if better == "higher" else ("better", "worse")
    for (_, row), hits, cases in zip(table.iterrows(), HITS, CASES, strict=True):
        below, above = binom.cdf(hits, cases, mean), binom.sf(hits - 1, cases, mean)
        expected = "inside"
        for name, tail in (("95", 0.025), ("998", 0.001)):
            expected = f"{worse}_{name}" if below < tail else f"{good}_{name}" if above < tail else expected
        assert row["position"] == expected, (hits, cases)
        assert row["peer_mean"] == pytest.approx(mean)
    assert {"inside", f"{worse}_998"} <= set(table["position"])


def test_the_limits_narrow_with_the_cases_and_hold_the_mean():
    table = found([8, 80, 800], [10, 100, 1000]).xs("x", level="indicator")
    assert (table["high_95"] - table["low_95"]).is_monotonic_decreasing
    assert ((table["low_998"] <= table["low_95"]) & (table["low_95"] < 0.8) & (table["high_95"] > 0.8)).all()


def test_limits_of_means_are_normal():
    """u00: 60 against a mean of (60 + 10 × 70) ÷ 11 = 69.09; 1.96 × 20 ÷ 8 = 4.9, 3.09 × 20 ÷ 8 = 7.7."""
    row = found(HITS, CASES).loc["u00", "m"]
    assert row["peer_mean"] - row["low_95"] == pytest.approx(4.9, abs=0.001)
    assert row["position"] == "worse_998"


def test_a_perfect_group_has_nobody_outside():
    table = found([5, 9, 20], [5, 9, 20]).xs("x", level="indicator")
    assert (table["position"] == "inside").all()
    assert (table["shrunk"] <= 1).all()


def test_few_cases_are_drawn_to_the_peers():
    table = found(HITS, CASES).xs("x", level="indicator")
    assert table.loc["u01", "own_weight"] < table.loc["u09", "own_weight"]
    assert 0.6 < table.loc["u01", "shrunk"] < 0.75
