"""Decimal facts: quantised once, added exactly, rounded as declared."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.scoring import ScoringError, quantise, round_places
from include.scoring.rounding import exact_sum

MODES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "truncate": ROUND_DOWN}


@pytest.mark.parametrize(
    ("figure", "places", "mode", "printed"),
    [
        (100 * 505 / 511, 2, "truncate", 98.82),  # common problems rectified, Jiaokou
        (100 * 4827 / 5154, 2, "truncate", 93.65),  # rectification completed, Tangyin
        (59 / 20, 1, "truncate", 2.9),  # ten thousand yuan over 20 people, Jiangxian
        (100 * 88 / 133, 2, "half_up", 66.17),  # villages, Jiangxian
    ],
)
def test_the_golden_figures_of_the_documents_come_out_with_their_rounding_mode(figure, places, mode, printed):
    assert round_places(figure, places=places, mode=mode) == printed


def test_the_truncated_golden_figures_would_differ_if_rounded():
    assert str(round_places(100 * 505 / 511, places=2, mode="half_up")) == "98.83"
    assert str(round_places(59 / 20, places=1, mode="half_up")) == "3.0"


@pytest.mark.parametrize(
    ("figure", "mode", "expected"),
    [
        (2.675, "half_up", 2.68),  # the float lies below 2.675; the decimal does not
        (2.665, "half_even", 2.66),
        (2.675, "half_even", 2.68),
        (2.675, "half_down", 2.67),
        (-2.675, "half_up", -2.68),
        (-2.679, "truncate", -2.67),
        (-2.671, "up", -2.68),
        (-2.671, "floor", -2.68),
        (-2.679, "ceiling", -2.67),
        (0.29 * 100 / 100, "truncate", 0.29),
    ],
)
def test_every_mode(figure, mode, expected):
    assert round_places(figure, places=2, mode=mode) == expected


def test_places_may_lie_left_of_the_point_and_missing_stays_missing():
    rounded = round_places(np.array([1250.0, np.nan, -0.4]), places=-2, mode="half_up")
    assert str(rounded[0]) == "1300.0"
    assert np.isnan(rounded[1])
    assert str(rounded[2]) == "0.0"


@given(st.integers(-(10**13), 10**13), st.integers(0, 6), st.sampled_from(sorted(MODES)))
def test_rounding_agrees_with_decimal_arithmetic(billionths, places, mode):
    exact = Decimal(billionths).scaleb(-9)
    expected = exact.quantize(Decimal(1).scaleb(-places), rounding=MODES[mode])
    assert repr(round_places(billionths / 1e9, places=places, mode=mode)) == repr(float(expected) + 0.0)


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=40))
def test_sums_are_exact_whatever_the_order(billionths):
    parts = np.array(billionths) / 1e9
    total = exact_sum(parts[:, None])[0]
    assert Decimal(f"{total:.9f}") == sum(Decimal(f"{part:.9f}") for part in parts)
    assert exact_sum(parts[::-1, None])[0] == total


def test_a_score_too_large_to_be_exact_is_refused():
    with pytest.raises(ScoringError, match="rescale it"):
        quantise(1e9)


@given(
    st.integers(-(10**11), 10**11),
    st.integers(-6, 7),
    st.sampled_from(["half_up", "half_down", "half_even", "truncate"]),
)
def test_which_way_an_exact_half_of_the_ninth_place_goes_reaches_no_published_figure(whole, places, mode):
    """Quantising sends a half to the even digit; sent up, the published figure would be the same."""
    even = 2 * round((whole + 0.5) / 2)
    assert quantise(whole / 1e9 + 0.5e-9) in (whole / 1e9, (whole + 1) / 1e9)
    up = whole + 1 if whole >= 0 else whole
    one, other = (round_places(figure / 1e9, places=places, mode=mode) for figure in (even, up))
    assert one == other
