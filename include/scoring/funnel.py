"""Which units stand out from their peers by more than the luck of few cases, and what few cases would suggest.

Funnel limits after Spiegelhalter (2005): round the peers' mean, wider the fewer the cases. For rates they are exact:
a unit is outside exactly where its one-sided binomial probability is below 2.5 % (95 %) or 0.1 % (99.8 %).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from include.scoring.draws import County, polarity
from include.scoring.rounding import BILLION, Floats, quantise
from include.scoring.shrinkage import rates

_TAILS = {"95": 0.025, "998": 0.001}
_NORMAL = {"95": 1.959963985, "998": 3.090232306}
"""Quantiles of the normal distribution for the same tails."""
COLUMNS = (
    "unit", "indicator", "value", "n", "peer_mean", "low_95", "high_95", "low_998", "high_998", "position",
    "shrunk", "own_weight",
)  # fmt: skip


def funnel(county: County) -> pd.DataFrame:
    """Lay out one row per unit and sampled indicator with cases behind it: columns `COLUMNS`.

    `position`: inside, better_95, better_998, worse_95, worse_998. `shrunk`: the value drawn towards the peers;
    `own_weight`: how much of it is the unit's own.
    """
    rows = county.sampled
    if not len(rows):
        return pd.DataFrame(columns=list(COLUMNS))
    split = len(county.spec.sampling.rates)
    averages = county.posteriors[1]
    # What few cases suggest leans on the peers as far as the peers' own spread says, not only as far as a draw does.
    shares = rates(
        np.clip(county.cells.values[rows[:split]], 0, 1), county.counts[rows[:split]], county.scope
    )
    shrunk, own = (
        np.concatenate(pair) for pair in ((shares.mean, averages.mean), (shares.own, averages.own))
    )
    values, n = county.cells.values[rows], county.counts[rows]
    known = ~np.isnan(shrunk)
    weight = np.where(known, n, 0.0)
    total = county.scope.reduce(np.add, weight, 0.0)
    added = county.scope.reduce(np.add, np.where(known, values, 0.0) * weight, 0.0)
    mean = np.divide(added, total, out=np.full_like(total, np.nan), where=total > 0)
    centre = np.broadcast_to(county.scope.spread(mean), values.shape)
    sd = np.array([one.sd for one in county.spec.sampling.means])
    limits = {}
    for name in _TAILS:
        ends = _of_rates(centre[:split], n[:split], _TAILS[name])
        spans = _of_means(centre[split:], n[split:], sd, _NORMAL[name])
        limits[name] = tuple(quantise(np.concatenate(pair)) for pair in zip(ends, spans, strict=True))
    better = np.array([polarity(county.framework.indicators[row]) == "higher" for row in rows])[:, None]
    position = np.full(values.shape, "inside", dtype=object)
    for name, (low, high) in limits.items():
        below, above = _less(values, low), _less(high, values)
        position[np.where(better, below, above)] = f"worse_{name}"
        position[np.where(better, above, below)] = f"better_{name}"
    place, unit = np.nonzero(known)
    codes = np.array(county.tree.indicators, dtype=object)[rows]
    return pd.DataFrame(
        {
            "unit": county.intake.sorted_index.to_numpy()[unit],
            "indicator": codes[place],
            "value": quantise(values)[place, unit],
            "n": n[place, unit],
            "peer_mean": quantise(centre)[place, unit],
            **{
                f"{end}_{name}": limits[name][number][place, unit]
                for name in _TAILS
                for number, end in enumerate(("low", "high"))
            },
            "position": position[place, unit],
            "shrunk": quantise(shrunk)[place, unit],
            "own_weight": quantise(own)[place, unit],
        }
    )


def _less(first: Floats, second: Floats) -> np.ndarray:
    """Tell where a figure is smaller, compared as whole billionths."""
    return np.asarray(np.rint(first * BILLION) < np.rint(second * BILLION))


def _of_rates(mean: Floats, n: Floats, tail: float) -> tuple[Floats, Floats]:
    """Shares below and above which the exact one-sided probability is under `tail`."""
    from scipy.special import bdtrik

    if not mean.size:
        return mean, mean
    cases = np.maximum(n, 1.0)
    inner = np.clip(mean, 1e-9, 1 - 1e-9)
    # bdtrik is k where P(X ≤ k) equals the first argument; below P(X = 0) there is no such k, and nobody is outside.
    low = np.nan_to_num(bdtrik(tail, cases, inner)) / cases
    high = (np.nan_to_num(bdtrik(1 - tail, cases, inner)) + 1) / cases
    never = (mean <= 0) | (mean >= 1)
    return np.where(never, mean, np.clip(low, 0, 1)), np.where(never, mean, np.clip(high, 0, 1))


def _of_means(mean: Floats, n: Floats, sd: Floats, z: float) -> tuple[Floats, Floats]:
    error = z * sd[:, None] / np.sqrt(np.maximum(n, 1.0))
    return mean - error, mean + error
