"""The settlement of a year, by totals worked out by hand."""

from __future__ import annotations

from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.config import ConfigError, parse, read_yaml
from include.reviews.loop import SHIPPED, Loop
from include.reviews.settlement import Figures, YearFigures, last_ranked, settle, year_framework
from include.reviews.year import Year
from include.scoring import Framework

UNITS = ["a", "b", "c", "d"]
QUARTERLY = Framework.from_dict(
    {
        "framework": "small",
        "version": "1",
        "points": 100,
        "groups": [{"code": "g", "points": 100, "combine": "sum"}],
        "indicators": [
            {"code": "i", "group": "g", "points": 100, "rule": {"kind": "rate", "full_at": 1, "zero_at": 0}}
        ],
    }
)


def settings(**changes: Any) -> Year:
    """The shipped `year:` with changes."""
    shipped = read_yaml(SHIPPED)
    found: Loop = parse(Loop, shipped | {"year": shipped["year"] | changes}, file="loop.yaml")
    return found.year


def figures(**rates: Any) -> Figures:
    """Unit → (numerator, denominator), or a state."""
    rows = {}
    for unit, said in rates.items():
        known = not isinstance(said, str)
        top, bottom = said if known else (np.nan, np.nan)
        rows[unit] = {"numerator": top, "denominator": bottom, "n": 1, "state": "value" if known else said}
    return Figures(
        pd.DataFrame.from_dict(rows, orient="index").astype({"numerator": float, "denominator": float})
    )


def quarter(**points: float | None) -> Figures:
    return figures(**{unit: "missing" if one is None else (one, 100) for unit, one in points.items()})


QUARTERS = {
    "index.q1": quarter(a=90, b=80, c=None, d=60),
    "index.q2": quarter(a=90, b=80, c=70, d=60),
    "index.q3": quarter(a=96, b=None, c=None, d=60),
    "index.q4": quarter(a=100, b=80, c=90, d=60),
}
OTHERS = {
    "year.tasks": figures(a=(50, 100), b=(100, 100), c="not_applicable", d="missing"),
    "year.rectified": figures(a=(3, 4), b="not_applicable", c=(1, 2), d=(0, 5)),
}


def year(problems: dict[str, int] | None = None, **more: Figures) -> YearFigures:
    units = pd.DataFrame({"peer_group": "office"}, index=pd.Index(UNITS, name="unit_code"))
    told = pd.Series(problems or {}, dtype=float)
    return YearFigures(2026, units, QUARTERS | OTHERS | more, told, {})


def settled(made: YearFigures, **changes: Any):
    chosen = settings(**changes)
    return settle(year_framework(QUARTERLY, chosen, 2026), chosen, made)


def test_totals_items_and_lines_add_up() -> None:
    _, result = settled(year())
    # a: mean index 94 % of 60 = 56.4; tasks 12.5 of 25; rectified 11.25 of 15: 80.15 of 100.
    # b: three quarters, 80 % of 60 = 48; tasks 25; nothing to rectify: 73 of 85.
    # d: 36 of 60; tasks unknown; rectified 0 of 15: 36 of 75.
    assert result.published[["a", "b", "d"]].tolist() == [80.15, 85.88, 48.0]
    assert result.index["b"] == pytest.approx(73 / 85 * 100, abs=1e-9)
    assert result.group_points.loc["a", ["work", "integrity", "index"]].tolist() == [12.5, 67.65, 56.4]
    assert result.group_rates.loc["a", "integrity"] == pytest.approx(67.65 / 75)
    assert result.ranks[["a", "b", "d"]].tolist() == [2, 1, 3]
    assert result.grades[["a", "b", "d"]].tolist() == ["良好", "良好", "较差"]


def test_too_few_quarters_are_not_settled_and_never_last() -> None:
    _, result = settled(year())
    assert np.isnan(result.published["c"]) and pd.isna(result.ranks["c"])
    assert result.group_states.loc["c", "index"] == "not_rated"
    _, two = settled(year(), quarters={"at_least": 2})
    # c: two quarters, mean 80 % of 60 = 48; rectified 7.5 of 15; no task applies: 55.5 of 75.
    assert two.published[["c"]].tolist() == [74.0]


def test_weights_of_quarters() -> None:
    _, result = settled(year(), quarters={"at_least": 3, "weights": {"Q4": 3}})
    # a: (90 + 90 + 96 + 3 × 100) ÷ 6 = 96: 57.6 of 60.
    assert result.group_points.loc[["a"], "index"].tolist() == [57.6]


def test_the_check_up_takes_the_last_with_many_problems() -> None:
    _, result = settled(year({"d": 3, "a": 9}), check_up=check_up(0.34))
    # Three are ranked; 0.34 of 3, rounded up, are two: d (48) and a (80.15).
    assert result.warnings[["unit", "rule", "colour"]].to_numpy().tolist() == [
        ["a", "check_up", "yellow"], ["d", "check_up", "yellow"],
    ]  # fmt: skip
    _, fewer = settled(year({"d": 2, "a": 9}), check_up=check_up(0.1))
    assert fewer.warnings.empty, "d is last with two problems only; a has many and is not last"


def check_up(share: float) -> dict[str, Any]:
    return {"last_share": share, "min_problems": 3, "advice": {"zh": "体检"}}


def test_being_listed_moves_no_figure() -> None:
    _, without = settled(year())
    _, listed = settled(year(dict.fromkeys(UNITS, 9)), check_up=check_up(1))
    pd.testing.assert_series_equal(without.index, listed.index)
    pd.testing.assert_series_equal(without.ranks, listed.ranks)
    assert set(listed.warnings["unit"]) == {"a", "b", "d"}, "who is not settled is not last"


def test_the_last_share_counts_within_peer_groups_and_takes_ties() -> None:
    _, result = settled(year())
    assert last_ranked(result, 0.1)[last_ranked(result, 0.1)].index.tolist() == ["d"]
    equal = year(**{name: quarter(a=60, b=60, c=60, d=60) for name in QUARTERS})
    equal = YearFigures(2026, equal.units, {**equal.figures, **dict.fromkeys(OTHERS, figures(a="not_applicable"))},
                        equal.problems, {})  # fmt: skip
    _, tied = settled(equal)
    assert last_ranked(tied, 0.1).all()


@hypothesis.settings(deadline=None, max_examples=15)
@given(st.permutations(UNITS))
def test_the_order_of_units_changes_nothing(order: list[str]) -> None:
    made = year({"d": 5})
    _, one = settled(made)
    _, two = settled(YearFigures(2026, made.units.loc[order], made.figures, made.problems, {}))
    assert one.digest == two.digest


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"min_attainable": 0.3}, "without enough quarters would be settled on the rest"),
        ({"lines": [{"code": "work", "title": {"zh": "线"}}]}, "integrity"),
        ({"dimensions": [{"code": "x", "title": {"zh": "维"}, "items": ["nothing"]}]}, "nothing"),
        ({"items": []}, "items"),
    ],
)  # fmt: skip
def test_a_year_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings(**changes)
