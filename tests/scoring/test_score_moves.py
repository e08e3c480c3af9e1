"""Why an index moved: the parts add up, always, and each factor has what is its own."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.scoring.moves import FACTORS, ScoreInputs, depends_on_peers, split_moves
from tests.scoring.scoring_helpers import framework
from tests.scoring.test_scoring_properties import CODES, PEERS, RULES, averaged, matrices, summed

RATE = {"kind": "rate", "full_at": 1, "zero_at": 0}
PLACES = Decimal("0.000000001")


@cache
def by_peers():
    """Ranks, estimated goalposts, imputation from peers, weights from the data."""
    return framework(
        [
            {"code": CODES[0], "weight": 2, "rule": {"kind": "percentile_rank", "within": "peer_group"}},
            {"code": CODES[1], "weight": 1, "rule": {"kind": "minmax"}},
            {
                "code": CODES[2],
                "weight": 1,
                "rule": RULES[0][0],
                "missing": {"kind": "mean", "within": "all"},
            },
        ],
        peer_groups=["t", "c"],
        adjustments=[{"code": "plus", "kind": "bonus", "measure": "plus", "per": 0.1, "cap": 0.3}],
        index={"ceiling": 1.1},
        rounding={"places": 3, "mode": "truncate"},
    )


def inputs(values, spec, quarter="2026Q1", units=PEERS):
    states = values.isna().astype(int)
    counts = values * 0 + 30
    return ScoreInputs(quarter, spec, values, states, counts, units.reindex(values.index))


def exact(figures):
    return sum((Decimal(repr(float(one))).quantize(PLACES) for one in figures), Decimal(0))


def assert_adds_up(moves, before, after):
    first, last = before.score(), after.score()
    wide = moves.factors.pivot(index="unit", columns="factor")
    for unit in wide.index:
        known = first.index.get(unit, np.nan) == first.index.get(unit, np.nan)
        known &= last.index.get(unit, np.nan) == last.index.get(unit, np.nan)
        states = set(wide.loc[unit, "state"])
        assert (states == {"value"}) == bool(known)
        if not known:
            assert wide.loc[unit, "points"].isna().all(), "said, not zero"
            continue
        index = exact([last.index[unit]]) - exact([first.index[unit]])
        published = exact([last.published[unit]]) - exact([first.published[unit]])
        assert exact(wide.loc[unit, "points"]) == index
        assert exact(wide.loc[unit, "published_points"]) == published
        own = moves.items[moves.items["unit"] == unit]
        for factor in FACTORS:
            carried = own.loc[own["factor"] == factor, "points"]
            assert exact(carried) == exact([wide.loc[unit, ("points", factor)]])


specs = st.sampled_from([summed, lambda: averaged("mean"), lambda: averaged("geometric"), by_peers])


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(matrices(), min_size=3, max_size=3),
    specs,
    specs,
    st.booleans(),
    st.sampled_from(list(PEERS.index[:4])),
)
def test_the_parts_add_up_for_any_frameworks_and_data(data, old, new, same, gone):
    first, second, third = (one.iloc[:4] for one in data)
    before = inputs(first, old())
    after = inputs(second.drop(index=gone), new(), "2026Q1" if same else "2026Q2")
    known = None if same else inputs(third, old())
    assert_adds_up(split_moves(before, after, known=known), before, after)


def parts_of(moves, unit="u"):
    own = moves.factors[moves.factors["unit"] == unit]
    return dict(zip(own["factor"], own["points"], strict=True))


def small(values, quarter, **keys):
    spec = framework(
        [
            {"code": "a", "points": keys.pop("a", 60), "rule": keys.pop("rule", RATE)},
            {"code": "b", "points": keys.pop("b", 40), "rule": RATE},
        ],
        **keys,
    )
    frame = pd.DataFrame(values, index=["a", "b"]).T
    return inputs(frame, spec, quarter, pd.DataFrame({"peer_group": "t"}, index=frame.index))


def test_only_own_data_moved():
    moves = split_moves(small({"u": [0.5, 0.5]}, "2026Q1"), small({"u": [0.7, 0.25]}, "2026Q2"))
    # 60 × 0.2 − 40 × 0.25
    assert parts_of(moves) == {"performance": 2.0, "late_data": 0.0, "rule_change": 0.0, "peers": 0.0}
    assert moves.items[["item", "points"]].to_numpy().tolist() == [["a", 12.0], ["b", -10.0]]


def test_what_a_correction_moved_is_not_performance():
    before, known = small({"u": [0.4, 0.5]}, "2026Q1"), small({"u": [0.5, 0.5]}, "2026Q1")
    after = small({"u": [0.7, 0.5]}, "2026Q2")
    # Published 44, known now 50, later 62: the correction gave 6, the unit 12.
    assert parts_of(split_moves(before, after, known=known)) == {
        "performance": 12.0,
        "late_data": 6.0,
        "rule_change": 0.0,
        "peers": 0.0,
    }


def test_between_two_revisions_own_data_are_late_data():
    moves = split_moves(small({"u": [0.4, 0.5]}, "2026Q1"), small({"u": [0.5, 0.5]}, "2026Q1"))
    assert parts_of(moves) == {"performance": 0.0, "late_data": 6.0, "rule_change": 0.0, "peers": 0.0}


def test_rule_and_data_together_share_what_they_do_together():
    # a: 60 → 80 points, b: 40 → 20; a from 0.5 to 1, b stays 0.5. Old rule: 50 → 80; new rule: 50 → 90.
    moves = split_moves(small({"u": [0.5, 0.5]}, "2026Q1"), small({"u": [1.0, 0.5]}, "2026Q2", a=80, b=20))
    # Data first: 30 then 10; rule first: 0 then 40. The mean: performance 35, rule 5.
    assert parts_of(moves) == {"performance": 35.0, "late_data": 0.0, "rule_change": 5.0, "peers": 0.0}


def test_a_unit_that_stands_still_while_its_peers_improve():
    rule = {"kind": "minmax", "low": 0}
    before = small({"u": [0.5, 0.5], "v": [0.5, 0.5]}, "2026Q1", rule=rule)
    after = small({"u": [0.5, 0.5], "v": [1.0, 0.5]}, "2026Q2", rule=rule)
    # u had 60 × 0.5 ÷ 0.5, and has 60 × 0.5 ÷ 1.0 because v set the goalpost.
    assert parts_of(split_moves(before, after)) == {
        "performance": 0.0,
        "late_data": 0.0,
        "rule_change": 0.0,
        "peers": -30.0,
    }


def test_a_unit_that_comes_goes_or_is_not_rated_is_said():
    before = small(
        {"u": [0.5, 0.5], "gone": [1, 1], "was": [np.nan, 1], "now": [1, 1], "never": [np.nan, 0]}, "2026Q1"
    )
    after = small(
        {"u": [0.5, 0.5], "new": [1, 1], "was": [1, 1], "now": [np.nan, 1], "never": [np.nan, 1]}, "2026Q2"
    )
    found = split_moves(before, after).factors.drop_duplicates("unit").set_index("unit")["state"].to_dict()
    assert found == {
        "u": "value",
        "gone": "disappeared",
        "new": "appeared",
        "was": "not_rated_before",
        "now": "not_rated_after",
        "never": "not_rated",
    }


def test_published_parts_have_the_published_places():
    before = small({"u": [1 / 3, 1 / 7]}, "2026Q1", rounding={"places": 1, "mode": "half_up"})
    after = small({"u": [2 / 3, 3 / 7]}, "2026Q2", rounding={"places": 1, "mode": "half_up"}, a=70, b=30)
    moves = split_moves(before, after)
    shown = moves.factors["published_points"]
    assert (shown == shown.round(1)).all()
    assert exact(shown) == exact([after.score().published["u"]]) - exact([before.score().published["u"]])


def test_figures_that_the_program_no_longer_gives_are_a_change_of_rules():
    before, after = small({"u": [0.5, 0.5]}, "2026Q1"), small({"u": [0.5, 0.5]}, "2026Q2")
    published = {"index": pd.Series({"u": 48.0}), "published": pd.Series({"u": 48.0})}
    moves = split_moves(ScoreInputs(**{**vars(before), **published}), after)
    assert parts_of(moves) == {"performance": 0.0, "late_data": 0.0, "rule_change": 2.0, "peers": 0.0}


@pytest.mark.parametrize(
    ("rule", "depends"),
    [
        (RATE, False),
        ({"kind": "minmax", "low": 0, "high": 1}, False),
        ({"kind": "minmax", "low": 0}, True),
        ({"kind": "zscore", "mean": 1, "sd": 2}, False),
        ({"kind": "zscore", "mean": 1}, True),
        ({"kind": "rank"}, True),
        ({"kind": "distance_to_target", "target": 1, "base": 0}, False),
        ({"kind": "distance_to_target", "target": 1}, True),
        ({"kind": "distance_to_reference", "reference": 2, "form": "ratio"}, False),
        ({"kind": "distance_to_reference", "reference": "mean", "form": "ratio"}, True),
    ],
)
def test_which_rules_look_at_peers(rule, depends):
    assert depends_on_peers(framework([{"code": "a", "rule": rule}])) == depends
    assert depends_on_peers(framework([{"code": "a", "rule": RATE, "missing": "median"}]))
