"""What the weights of a framework do in fact: declared and effective weights, alpha, redundancy.

An effective weight is the share of the index's variance over the units that a node accounts for: the covariance of
its contribution with the index ÷ the variance of the index. Of a sum without missing values the shares of all
indicators add up to 1. Sources: OECD/JRC Handbook (2008), steps 4 and 6; Paruolo, Saisana and Saltelli (2013).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from include.scoring.aggregate import Scored
from include.scoring.rounding import Floats, quantise
from include.scoring.statistics import cronbach_alpha
from include.scoring.tree import Tree

_FEWEST_UNITS = 8
"""Pairs of indicators known for fewer units are not correlated."""


def structure(tree: Tree, scored: Scored, index: Floats, dropped_rank_shift: Floats) -> pd.DataFrame:
    """Lay out one row per indicator and group, and one for the index.

    Args:
        tree: rows of the framework.
        scored: its scores.
        index: unadjusted index, (units,).
        dropped_rank_shift: mean |rank shift| when an indicator is left out, (indicators,).

    Returns:
        Columns kind, code, nominal, effective (shares of the index), alpha (of a group's children), rank shift,
        closest (the indicator most correlated) and correlation; NaN and '' where there is none.
    """
    count = len(tree.indicators)
    rows = len(tree.full)
    reached = scored.attainable
    rates = np.divide(scored.points, reached, out=np.full(scored.points.shape, np.nan), where=reached > 0)
    nominal = _nominal(tree, scored)
    closest, correlation = _closest(rates[:count], tree.indicators)
    frame = pd.DataFrame(
        {
            "kind": ["indicator"] * count + ["group"] * (rows - count - 1) + ["index"],
            "code": [*tree.indicators, *tree.groups, "index"],
            "nominal": quantise(nominal),
            "effective": quantise(_effective(rates, nominal, index)),
            "alpha": np.nan,
            "dropped_rank_shift": np.concatenate([dropped_rank_shift, np.full(rows - count, np.nan)]),
            "closest": [*closest, *[""] * (rows - count)],
            "correlation": np.concatenate([correlation, np.full(rows - count, np.nan)]),
        }
    )
    alphas = {branch.row: _alpha(rates[list(branch.children)]) for branch in tree.branches}
    frame.loc[list(alphas), "alpha"] = quantise(np.array(list(alphas.values())))
    return frame


def _nominal(tree: Tree, scored: Scored) -> Floats:
    """Share of the index that each row has by declaration."""
    shares = np.ones(len(tree.full))
    for branch in reversed(tree.branches):
        children = list(branch.children)
        own = tree.full[children] if branch.sums else scored.weights[branch.row]
        total = own.sum()
        shares[children] = shares[branch.row] * (own / total if total > 0 else 0.0)
    return shares


def _effective(rates: Floats, nominal: Floats, index: Floats) -> Floats:
    """Covariance of rate × nominal share with the index's rate ÷ its variance; an absent rate moves nothing."""
    rated = ~np.isnan(index)
    whole = index[rated]
    spread = whole.var()
    if not spread > 0:
        return np.full(len(rates), np.nan)
    parts = rates[:, rated]
    known = ~np.isnan(parts)
    average = np.where(known, parts, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    away = np.where(known, parts - average[:, None], 0.0)
    # The index counts on its full score, rates on 1: the last row is the index itself.
    full = np.nanmean(whole) / average[-1] if average[-1] else 1.0
    return np.asarray(nominal * full * (away @ (whole - whole.mean())) / len(whole) / spread)


def _alpha(rates: Floats) -> float:
    alpha = cronbach_alpha(pd.DataFrame(rates.T))
    return alpha if np.isfinite(alpha) else float("nan")


def _closest(rates: Floats, codes: tuple[str, ...]) -> tuple[list[str], Floats]:
    found = pd.DataFrame(rates.T).corr(min_periods=_FEWEST_UNITS).to_numpy(copy=True)
    np.fill_diagonal(found, np.nan)
    found = np.rint(found * 1e9) / 1e9
    strength = np.where(np.isnan(found), -1.0, np.abs(found))
    best = strength.argmax(axis=1)
    has = strength.max(axis=1, initial=-1.0) >= 0
    correlation = np.where(has, found[np.arange(len(found)), best], np.nan)
    return [codes[place] if there else "" for place, there in zip(best, has, strict=True)], correlation
