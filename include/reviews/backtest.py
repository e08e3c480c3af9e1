"""Were warnings followed by problems that an inspection found? Pure: tables in, a table out.

A warned unit and quarter is a hit where at least so many problems were found on the unit in the quarters that follow.
The permutation test shuffles who was warned among the units of the same quarter, so that a quarter with many warnings
or a busy inspection says nothing by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from include.scoring.rounding import quantise

_Z = 1.959963984540054
"""Of 95 %."""


@dataclass(frozen=True)
class Score:
    """How one set of warnings did."""

    unit_quarters: int
    warned: int
    found: int
    """Units and quarters on which problems were found afterwards."""
    hits: int
    """Warned and found."""
    precision: float
    """hits ÷ warned; NaN where nobody was warned."""
    recall: float
    """hits ÷ found; NaN where nothing was found."""
    base_rate: float
    """found ÷ unit_quarters: what warning at random would hit."""
    lift: float
    """precision ÷ base_rate."""
    p_value: float
    """How often shuffled warnings hit as much or more; NaN where there is nothing to shuffle."""


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson (1927); (0, 1) without trials."""
    if trials == 0:
        return 0.0, 1.0
    share, square = successes / trials, _Z * _Z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = (
        _Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials)) / (1 + square / trials)
    )
    return float(quantise(max(0.0, middle - half))), float(quantise(min(1.0, middle + half)))


def backtest(table: pd.DataFrame, *, permutations: int, seed: int) -> Score:
    """Score one set of warnings.

    Args:
        table: one row per unit and quarter: quarter, warned and found (booleans).
        permutations: how many shuffles.
        seed: of the shuffles; the same seed gives the same p-value.
    """
    warned, found = table["warned"].to_numpy(dtype=bool), table["found"].to_numpy(dtype=bool)
    hits = int((warned & found).sum())
    counts = table.assign(n=1).groupby("quarter", sort=True)[["n", "warned", "found"]].sum().astype(int)
    base = _share(int(found.sum()), len(table))
    precision = _share(hits, int(warned.sum()))
    p_value = math.nan
    if len(table) and warned.any() and found.any():
        rng = np.random.default_rng(seed)
        # Shuffling labels within a quarter and counting hits is drawing from a hypergeometric distribution.
        shuffled = np.zeros(permutations, dtype=np.int64)
        for units, flagged, good in counts.to_numpy(dtype=np.int64):
            shuffled += rng.hypergeometric(good, units - good, flagged, permutations)
        p_value = float(quantise((1 + int((shuffled >= hits).sum())) / (permutations + 1)))
    return Score(
        unit_quarters=len(table),
        warned=int(warned.sum()),
        found=int(found.sum()),
        hits=hits,
        precision=precision,
        recall=_share(hits, int(found.sum())),
        base_rate=base,
        lift=float(quantise(precision / base)) if base > 0 else math.nan,
        p_value=p_value,
    )


def outcomes(
    scored: pd.DataFrame, problems: pd.DataFrame, *, quarters: int, min_problems: int, last: int
) -> pd.DataFrame:
    """On which units and quarters problems were found afterwards.

    Args:
        scored: unit_code and ordinal (year × 4 + quarter − 1) of every unit and quarter that was scored.
        problems: unit_code and ordinal of every problem, by the quarter in which it was found.
        quarters: how many of the quarters that follow count.
        min_problems: from how many problems on.
        last: ordinal of the last quarter whose problems are known; a quarter whose sequel is not is left out.

    Returns:
        The rows of `scored` that can be judged, with `found`.
    """
    rows = scored[scored["ordinal"] + quarters <= last].reset_index(drop=True)
    counts = problems.groupby(["unit_code", "ordinal"]).size()
    total = np.zeros(len(rows))
    for ahead in range(1, quarters + 1):
        keys = pd.MultiIndex.from_arrays([rows["unit_code"], rows["ordinal"] + ahead])
        total += counts.reindex(keys).fillna(0).to_numpy()
    return rows.assign(found=total >= min_problems)


def _share(part: int, whole: int) -> float:
    return float(quantise(part / whole)) if whole else math.nan
