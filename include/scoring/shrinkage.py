"""How far a figure from few cases can be trusted: empirical Bayes, from the peers' own spread.

A unit's rate is taken to come from a Beta distribution over its peers, its mean from a normal one; both are
estimated from the peers by moments (Kleinman 1973 for rates; DerSimonian and Laird 1986 for means). The posterior
is the unit's own figure drawn towards its peers, the more so the fewer cases stand behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from include.scoring.rounding import Floats
from include.scoring.scopes import Scope, count

_FEWEST_PEERS = 5
"""Below so many peers with cases nothing is estimated: rates take Jeffreys' prior, means their own error."""
_STRONGEST = 2000.0
"""Cases that the prior of a group without any spread of its own counts for at most."""


@dataclass(frozen=True)
class Posterior:
    """What is known of each figure, (rows, units); NaN where there is no figure."""

    mean: Floats
    own: Floats
    """Weight of the unit's own figure, 0 to 1; the rest is the peers'."""
    first: Floats
    """Rates: alpha of the Beta distribution. Means: the mean."""
    second: Floats
    """Rates: beta of the Beta distribution. Means: the standard deviation."""


def rates(values: Floats, n: Floats, scope: Scope, *, lean: float = np.inf) -> Posterior:
    """Posterior of shares of n cases: values and n have shape (rows, units), values within 0 and 1.

    The peers count for at most `lean` times the unit's own cases (limited translation, Efron and Morris 1972): the
    less, the smaller the bias of a unit that is unlike its peers, and the wider what is left open.

    A unit that does badly at other rates is expected to at this one, as far as that holds over all units; else a
    unit that is bad throughout would be drawn to the good ones at every rate.
    """
    values = np.where(n > 0, values, np.nan)
    known = ~np.isnan(values)
    cases = np.where(known, n, 0.0)
    hits = np.where(known, np.nan_to_num(values) * cases, 0.0)
    peers = count(values, scope)
    total = _added(cases, scope)
    mean = scope.spread((_added(hits, scope) + 0.5) / (total + 1)) + np.zeros(values.shape)
    centre = _expected(hits, cases, mean, known)
    correlation = _correlation(hits, cases, centre, peers, scope)
    few = scope.spread(np.where((peers < _FEWEST_PEERS) | (total <= peers), 1.0, 0.0)) > 0
    strength = np.where(few, 1.0, scope.spread(1 / correlation - 1))
    if np.isfinite(lean):
        strength = np.minimum(strength, np.maximum(lean * cases, 1.0))
    centre = np.where(few, 0.5, centre)
    posterior = (hits + centre * strength) / (cases + strength)
    own = cases / (cases + strength)
    squares = _added(cases**2, scope)
    share = np.divide(squares, total**2, out=np.zeros_like(total), where=total > 0)
    error = (
        centre * (1 - centre) * scope.spread((1 - correlation) / np.maximum(total, 1) + correlation * share)
    )
    away = (np.nan_to_num(values) - centre) ** 2
    variance = posterior * (1 - posterior) / (cases + strength + 1)
    variance += (1 - own) ** 2 * np.where(few, 0.0, error + _doubt(peers, scope) * away)
    size = np.maximum(posterior * (1 - posterior) / variance - 1, 0.5)
    blank = np.where(known, 0.0, np.nan)
    return Posterior(posterior + blank, own + blank, posterior * size + blank, (1 - posterior) * size + blank)


def _added(matrix: Floats, scope: Scope) -> Floats:
    return np.asarray(scope.reduce(np.add, matrix, 0.0), dtype=np.float64)


def _expected(hits: Floats, cases: Floats, mean: Floats, known: NDArray[np.bool_]) -> Floats:
    """The peers' mean of each rate, moved (in logits) by how the unit does at its other rates."""
    usual = np.log(mean / (1 - mean))
    away = np.where(known, np.log((hits + 0.5) / (cases - hits + 0.5)) - usual, 0.0)
    weight = cases * mean * (1 - mean)
    rest = weight.sum(axis=0) - weight
    others = np.divide(
        (weight * away).sum(axis=0) - weight * away, rest, out=np.zeros_like(away), where=rest > 0
    )
    spread = (weight * others**2).sum()
    slope = float(np.clip((weight * away * others).sum() / spread, 0.0, 1.5)) if spread > 0 else 0.0
    return np.asarray(np.clip(1 / (1 + np.exp(-(usual + slope * others))), 0.001, 0.999))


def _correlation(hits: Floats, cases: Floats, centre: Floats, peers: Floats, scope: Scope) -> Floats:
    """Correlation of two cases of one unit beyond what is expected of it, (rows, groups); Kleinman's moments."""
    total = _added(cases, scope)
    shares = np.divide(hits, cases, out=np.zeros_like(hits), where=cases > 0)
    spread = _added(cases * (shares - centre) ** 2 / (centre * (1 - centre)), scope)
    squares = np.divide(_added(cases**2, scope), total, out=np.zeros_like(total), where=total > 0)
    # E[spread] = (units − 1)(1 − ρ) + ρ (total − Σn²/total).
    room = total - squares - (peers - 1)
    excess = np.divide(spread - (peers - 1), room, out=np.zeros_like(total), where=room > 0)
    return np.asarray(np.clip(_not_nothing(excess, peers, room), 1 / (1 + _STRONGEST), 0.95))


def _doubt(peers: Floats, scope: Scope) -> Floats:
    """Variance added per squared distance from the peers: their spread is an estimate too (Morris 1983)."""
    return scope.spread(np.where(peers < _FEWEST_PEERS, 0.0, 2 / np.maximum(peers - 1, 1)))


def means(values: Floats, n: Floats, sd: Floats, scope: Scope) -> Posterior:
    """Posterior of means of n answers with spread sd, one per row: shape (rows, units), sd (rows,)."""
    values = np.where(n > 0, values, np.nan)
    known = ~np.isnan(values)
    error = np.divide(sd[:, None] ** 2, n, out=np.full(values.shape, np.inf), where=known)
    weight = np.where(known, 1 / error, 0.0)
    total, units = _added(weight, scope), count(values, scope)
    filled = np.nan_to_num(values)
    mean = np.divide(_added(weight * filled, scope), total, out=np.zeros_like(total), where=total > 0)
    spread = _added(weight * (filled - scope.spread(mean)) ** 2, scope)
    squares = np.divide(_added(weight**2, scope), total, out=np.zeros_like(total), where=total > 0)
    room = total - squares
    excess = np.divide(spread - (units - 1), room, out=np.zeros_like(total), where=room > 0)
    between = np.where(units < _FEWEST_PEERS, np.inf, np.maximum(_not_nothing(excess, units, room), 0.0))
    between = scope.spread(between)
    own = 1 - np.where(known, error, 1.0) / (between + np.where(known, error, 1.0))
    posterior = own * filled + (1 - own) * scope.spread(mean)
    blank = np.where(known, 0.0, np.nan)
    # The peers' mean and spread are themselves estimates; their error counts where the figure leans on them.
    between = np.where(np.isinf(between), 0.0, between)
    spread_mean = _added(weight**2 * (between + np.where(known, error, 0.0)), scope)
    variance = np.divide(spread_mean, total**2, out=np.zeros_like(total), where=total > 0)
    away = (filled - scope.spread(mean)) ** 2
    leaning = (1 - own) ** 2 * (scope.spread(variance) + _doubt(units, scope) * away)
    sigma = np.sqrt(own * np.where(known, error, 0.0) + leaning)
    return Posterior(posterior + blank, own + blank, posterior + blank, sigma + blank)


def _not_nothing(excess: Floats, units: Floats, room: Floats) -> Floats:
    """Estimated spread between units, not below half its own standard error: an estimate of 0 proves no equality."""
    error = np.sqrt(2 * np.maximum(units - 1, 1)) / np.where(room > 0, room, np.inf)
    return np.maximum(excess, error / 2)
