"""What an indicator's points are worth in the index, and what was lost on it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from include.scoring import score
from include.scoring.losses import point_losses, shares
from tests.scoring.scoring_helpers import framework
from tests.scoring.test_scoring_properties import PEERS, averaged, matrices, summed

RATE = {"kind": "rate", "full_at": 1, "zero_at": 0}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(matrices())
def test_points_times_share_are_the_index_where_all_is_linear(values):
    for spec in (summed(), averaged("mean")):
        result = score(values, spec, units=PEERS)
        worth = (result.points.where(result.attainable > 0) * shares(result, spec)).sum(axis=1)
        index = result.index - result.adjustments.sum(axis=1)
        rated = result.index.notna()
        np.testing.assert_allclose(worth[rated], index[rated], atol=2e-8)


def test_a_branch_that_is_not_linear_has_no_share():
    spec = averaged("geometric")
    values = pd.DataFrame(0.5, index=PEERS.index, columns=spec.measures)
    result = score(values, spec, units=PEERS)
    found = shares(result, spec)
    assert found.where(result.attainable > 0).isna().all(axis=None)
    assert (found[result.attainable == 0].fillna(0) == 0).all(axis=None), (
        "what does not count is worth nothing"
    )


def test_what_was_not_counted_is_no_loss_and_the_rest_weighs_more():
    # a 8 of 10, b not measured, c 3 of 5: 11 of 15 attainable of 20 declared; the index is 20 × 11 ÷ 15 = 14.666…
    spec = framework(
        [
            {"code": "a", "points": 10, "rule": RATE},
            {"code": "b", "points": 5, "rule": RATE, "missing": "not_rated"},
            {"code": "c", "points": 5, "rule": RATE},
        ]
    )
    values = pd.DataFrame({"a": [0.8], "b": [np.nan], "c": [0.6]}, index=["u"])
    lost = point_losses(score(values, spec), spec).set_index("indicator")
    assert list(lost.index) == ["a", "c", "b"], (
        "equal losses in the order of the framework, what is no loss last"
    )
    assert lost["lost"].tolist()[:2] == [2.0, 2.0]
    assert np.isnan(lost.loc["b", "lost"])
    assert lost.loc["b", "state"] == "not_rated"
    assert lost["rank"].tolist()[:2] == [1, 2]
    assert pd.isna(lost.loc["b", "rank"])
    # 2 points on 15 attainable are 2 × 20 ÷ 15 = 2.666… of the index; both together are what the index lacks to 20.
    assert lost.loc["a", "index_lost"] == pytest.approx(2 * 20 / 15)
    assert lost["index_lost"].sum() == pytest.approx(20 - score(values, spec).index["u"])


def test_of_some_units_only():
    spec = framework([{"code": "a", "points": 10, "rule": RATE}])
    values = pd.DataFrame({"a": [0.8, 0.5]}, index=["u", "v"])
    assert point_losses(score(values, spec), spec, units=["v"])["lost"].tolist() == [5.0]
