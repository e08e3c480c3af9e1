"""The kernel and the engine give the same index wherever both apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.scoring import Framework, score
from include.scoring.draws import DECLARED, County, Method, methods_of, with_missing, with_normalisation
from include.scoring.intake import take_in
from include.scoring.kernel import combine_draws, ranks_by_draw, ratios
from include.scoring.model_rules import Missing
from include.scoring.scopes import Scope, ranks
from include.scoring.terms import History

COMBINES = ("mean", "geometric", "harmonic", "median", {"power": 2.0}, {"power": -1.0})
FREE = {"draws": 100, "weights": 0.3}


def county(framework: Framework, values: pd.DataFrame, units: pd.DataFrame | None = None) -> County:
    intake = take_in(values, framework, units=units, states=None, counts=None)
    spec = framework.certainty
    assert spec is not None
    return County.of(framework, spec, intake, History(None, {}, intake.sorted_index), None)


def of_points(**changes):
    """Two groups of points under an index that sums, a value missing here and there."""
    indicators = [
        {"code": f"i{n}", "group": "a" if n < 3 else "b", "points": points, "rule": rule}
        for n, (points, rule) in enumerate(
            [
                (10, {"kind": "rate", "full_at": 1, "zero_at": 0}),
                (20, {"kind": "rate", "full_at": 0, "zero_at": 1}),
                (
                    30,
                    {
                        "kind": "bands",
                        "bands": [{"at_least": 0.5, "rate": 0.6}, {"at_least": 0.8, "rate": 1.0}],
                    },
                ),
                (15, {"kind": "per_event", "lose": 30, "step": 1.0}),
                (25, {"kind": "minmax"}),
            ]
        )
    ]
    return Framework.from_dict(
        {
            "framework": "points", "version": "1", "points": 100, "min_attainable": 0.5,
            "groups": [{"code": "a", "points": 60}, {"code": "b", "points": 40}],
            "indicators": indicators, "certainty": FREE,
        } | changes
    )  # fmt: skip


def of_means(top, low, **changes):
    """Three groups of two, any mean on both levels."""

    def kind(combine):
        return (
            {"combine": "power", "exponent": combine["power"]}
            if isinstance(combine, dict)
            else {"combine": combine}
        )

    return Framework.from_dict(
        {
            "framework": "means", "version": "1", **kind(top),
            "groups": [{"code": f"g{n}", "weight": n + 1, **kind(low)} for n in range(3)],
            "indicators": [
                {"code": f"i{n}", "group": f"g{n // 2}", "weight": 1 + n % 3,
                 "rule": {"kind": "minmax", "low": 0, "high": 1}}
                for n in range(6)
            ],
            "certainty": FREE,
        } | changes
    )  # fmt: skip


def some_values(framework: Framework, units: int, seed: int, *, gaps: float = 0.15) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    values = random.random((units, len(framework.measures))).round(2)
    values[random.random(values.shape) < gaps] = np.nan
    return pd.DataFrame(values, index=[f"u{n:02d}" for n in range(units)], columns=framework.measures)


def by_kernel(framework: Framework, values: pd.DataFrame) -> np.ndarray:
    chosen = county(framework, values)
    ones = np.ones((1, len(chosen.tree.full)))
    return combine_draws(chosen.base(DECLARED, -1), ones).index[0]


@given(seed=st.integers(0, 10_000), gaps=st.sampled_from([0.0, 0.15, 0.5]))
@settings(deadline=None, max_examples=25)
def test_points_with_gaps_come_out_as_the_engine_gives_them(seed, gaps):
    framework = of_points()
    values = some_values(framework, 12, seed, gaps=gaps)
    np.testing.assert_allclose(by_kernel(framework, values), score(values, framework).index, atol=1e-7)


@pytest.mark.parametrize("top", COMBINES)
@pytest.mark.parametrize("low", COMBINES)
def test_every_mean_comes_out_as_the_engine_gives_it(top, low):
    framework = of_means(top, low)
    values = some_values(framework, 30, seed=3)
    values.iloc[0, 0] = 0.0
    np.testing.assert_allclose(by_kernel(framework, values), score(values, framework).index, atol=1e-7)


@pytest.mark.parametrize("kind", ["zero", "mean", "median", {"kind": "constant", "constant": 0.5}, "skip"])
def test_a_missing_group_counts_as_its_framework_says(kind):
    framework = of_means(
        "mean", "mean", groups=[{"code": f"g{n}", "missing": kind, "min_present": "all"} for n in range(3)]
    )
    values = some_values(framework, 20, seed=5)
    np.testing.assert_allclose(by_kernel(framework, values), score(values, framework).index, atol=1e-7)


def test_other_points_are_what_a_framework_with_those_points_gives():
    """Draw 1 doubles i0 within its group of 60 points: 20 : 20 : 30 become 17.142857, 17.142857 and 25.714286."""
    framework = of_points()
    values = some_values(framework, 15, seed=1)
    chosen = county(framework, values)
    factors = np.ones((1, len(chosen.tree.full)))
    factors[0, 0] = 2.0
    found = combine_draws(chosen.base(DECLARED, -1), ratios(chosen.tree, factors)).index[0]
    points = [60 * 20 / 70, 60 * 20 / 70, 60 * 30 / 70, 15, 25]
    changed = framework.model_copy(
        update={
            "indicators": tuple(
                one.model_copy(update={"points": amount})
                for one, amount in zip(framework.indicators, points, strict=True)
            )
        }
    )
    np.testing.assert_allclose(found, score(values, changed).index, atol=1e-6)


def test_leaving_an_indicator_out_is_scoring_without_it():
    framework = of_means("mean", "geometric")
    values = some_values(framework, 15, seed=2)
    chosen = county(framework, values)
    factors = np.ones((1, len(chosen.tree.full)))
    factors[0, 4] = 0.0
    found = combine_draws(chosen.base(DECLARED, -1), ratios(chosen.tree, factors)).index[0]
    without = framework.model_copy(
        update={"indicators": tuple(one for one in framework.indicators if one.code != "i4")}
    )
    np.testing.assert_allclose(found, score(values, without).index, atol=1e-7)


def test_another_mean_is_scoring_with_that_mean():
    framework = of_means("mean", "mean")
    values = some_values(framework, 15, seed=4)
    chosen = county(framework, values)
    ones = np.ones((1, len(chosen.tree.full)))
    found = combine_draws(chosen.base(DECLARED, -1), ones, means={0: "geometric", 1: "harmonic"}).index[0]
    np.testing.assert_allclose(found, score(values, of_means("geometric", "harmonic")).index, atol=1e-7)


def test_another_normalisation_or_missing_treatment_is_the_engine_s_own():
    spec = {"draws": 100, "normalisation": ["minmax", "rank", "zscore"], "missing": ["zero", "mean"]}
    framework = of_means("mean", "mean", certainty=spec)
    values = some_values(framework, 15, seed=6)
    chosen = county(framework, values)
    ones = np.ones((1, len(chosen.tree.full)))
    for method in methods_of(framework.certainty):
        changed = framework
        if method.missing >= 0:
            changed = with_missing(changed, framework.certainty.missing[method.missing])
        if method.normalisation != DECLARED:
            changed = with_normalisation(changed, method.normalisation)
        found = combine_draws(chosen.base(method.normalisation, method.missing), ones).index[0]
        np.testing.assert_allclose(found, score(values, changed).index, atol=1e-7, err_msg=str(method))
    assert len(methods_of(framework.certainty)) == 4 * 3


def test_the_framework_s_own_method_comes_first():
    framework = of_means("mean", "mean", certainty={"missing": [{"kind": "mean"}], "normalisation": ["rank"]})
    assert methods_of(framework.certainty)[0] == Method()
    assert framework.certainty.missing == (Missing(kind="mean"),)


def test_sampled_values_are_scored_by_the_engine_s_rules():
    """Values drawn for one county are scored as the engine scores them, min–max among the drawn values included."""
    spec = {"draws": 100, "sampling": {"rates": ["i0", "i4"]}}
    framework = of_points(certainty=spec)
    values = some_values(framework, 10, seed=8, gaps=0)
    chosen = county(framework, values)
    fresh = np.random.default_rng(1).random((2, 3, 10)).round(3)
    drawn = chosen.drawn_points(fresh, chosen.base(DECLARED, -1), DECLARED)
    ones = np.ones((3, len(chosen.tree.full)))
    found = combine_draws(chosen.base(DECLARED, -1), ones, drawn=drawn).index
    for draw in range(3):
        other = values.assign(i0=fresh[0, draw], i4=fresh[1, draw])
        np.testing.assert_allclose(found[draw], score(other, framework).index, atol=1e-7)


def test_ranks_are_the_engine_s():
    random = np.random.default_rng(0)
    index = random.integers(0, 6, (4, 20)).astype(float)
    index[random.random(index.shape) < 0.2] = np.nan
    scope = Scope(np.array([0, 1] * 10, dtype=np.intp), 2)
    np.testing.assert_array_equal(ranks_by_draw(index, scope), ranks(-index, scope, ties="min"))
