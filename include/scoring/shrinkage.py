"""How far a figure from few cases can be trusted: empirical Bayes, from the peers' own spread.

A unit's rate is taken to come from a Beta distribution over its peers, its mean from a normal one; both are
estimated from the peers by moments (Kleinman 1973 for rates; DerSimonian and Laird 1986 for means). The posterior
is the unit's own figure drawn towards its peers, the more so the fewer cases stand behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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


def rates(values: Floats, n: Floats, scope: Scope) -> Posterior:
    """Posterior of shares of n cases: values and n have shape (rows, units), values within 0 and 1."""
    values = np.where(n > 0, values, np.nan)
    known = ~np.isnan(values)
    cases = np.where(known, n, 0.0)
    hits = np.where(known, np.nan_to_num(values) * cases, 0.0)
    peers = count(values, scope)
    alpha, beta, error = (scope.spread(part) for part in _beta_prior(hits, cases, peers, scope))
    strength = alpha + beta
    mean = (hits + alpha) / (cases + strength)
    own = cases / (cases + strength)
    variance = mean * (1 - mean) / (cases + strength + 1)
    variance += (1 - own) ** 2 * (
        error + _doubt(peers, scope) * (np.nan_to_num(values) - alpha / strength) ** 2
    )
    size = np.maximum(mean * (1 - mean) / variance - 1, 0.5)
    blank = np.where(known, 0.0, np.nan)
    return Posterior(mean + blank, own + blank, mean * size + blank, (1 - mean) * size + blank)


def _doubt(peers: Floats, scope: Scope) -> Floats:
    """Variance added per squared distance from the peers: their spread is an estimate too (Morris 1983)."""
    return scope.spread(np.where(peers < _FEWEST_PEERS, 0.0, 2 / np.maximum(peers - 1, 1)))


def _beta_prior(hits: Floats, cases: Floats, units: Floats, scope: Scope) -> tuple[Floats, Floats, Floats]:
    """Alpha and beta of each row and group, and the variance of their mean, each (rows, groups)."""

    def added(matrix: Floats) -> Floats:
        return np.asarray(scope.reduce(np.add, matrix, 0.0), dtype=np.float64)

    total = added(cases)
    mean = (added(hits) + 0.5) / (total + 1)
    shares = np.divide(hits, cases, out=np.zeros_like(hits), where=cases > 0)
    spread = added(cases * (shares - scope.spread(mean)) ** 2) / (mean * (1 - mean))
    squares = np.divide(added(cases**2), total, out=np.zeros_like(total), where=total > 0)
    # E[spread] = (units − 1)(1 − ρ) + ρ (total − Σn²/total), ρ the correlation of two cases of one unit.
    room = total - squares - (units - 1)
    excess = np.divide(spread - (units - 1), room, out=np.zeros_like(total), where=room > 0)
    correlation = np.clip(_not_nothing(excess, units, room), 1 / (1 + _STRONGEST), 0.95)
    strength = 1 / correlation - 1
    share = np.divide(squares, total, out=np.zeros_like(total), where=total > 0)
    error = mean * (1 - mean) * ((1 - correlation) / np.maximum(total, 1) + correlation * share)
    few = (units < _FEWEST_PEERS) | (room <= 0)
    return (
        np.where(few, 0.5, mean * strength),
        np.where(few, 0.5, (1 - mean) * strength),
        np.where(few, 0.0, error),
    )


def means(values: Floats, n: Floats, sd: Floats, scope: Scope) -> Posterior:
    """Posterior of means of n answers with spread sd, one per row: shape (rows, units), sd (rows,)."""
    values = np.where(n > 0, values, np.nan)
    known = ~np.isnan(values)
    error = np.divide(sd[:, None] ** 2, n, out=np.full(values.shape, np.inf), where=known)
    weight = np.where(known, 1 / error, 0.0)

    def added(matrix: Floats) -> Floats:
        return np.asarray(scope.reduce(np.add, matrix, 0.0), dtype=np.float64)

    total, units = added(weight), count(values, scope)
    filled = np.nan_to_num(values)
    mean = np.divide(added(weight * filled), total, out=np.zeros_like(total), where=total > 0)
    spread = added(weight * (filled - scope.spread(mean)) ** 2)
    squares = np.divide(added(weight**2), total, out=np.zeros_like(total), where=total > 0)
    room = total - squares
    excess = np.divide(spread - (units - 1), room, out=np.zeros_like(total), where=room > 0)
    between = np.where(units < _FEWEST_PEERS, np.inf, np.maximum(_not_nothing(excess, units, room), 0.0))
    between = scope.spread(between)
    own = 1 - np.where(known, error, 1.0) / (between + np.where(known, error, 1.0))
    posterior = own * filled + (1 - own) * scope.spread(mean)
    blank = np.where(known, 0.0, np.nan)
    # The peers' mean and spread are themselves estimates; their error counts where the figure leans on them.
    between = np.where(np.isinf(between), 0.0, between)
    spread_mean = added(weight**2 * (between + np.where(known, error, 0.0)))
    variance = np.divide(spread_mean, total**2, out=np.zeros_like(total), where=total > 0)
    away = (filled - scope.spread(mean)) ** 2
    leaning = (1 - own) ** 2 * (scope.spread(variance) + _doubt(units, scope) * away)
    sigma = np.sqrt(own * np.where(known, error, 0.0) + leaning)
    return Posterior(posterior + blank, own + blank, posterior + blank, sigma + blank)


def _not_nothing(excess: Floats, units: Floats, room: Floats) -> Floats:
    """Estimated spread between units, not below half its own standard error: an estimate of 0 proves no equality."""
    error = np.sqrt(2 * np.maximum(units - 1, 1)) / np.where(room > 0, room, np.inf)
    return np.maximum(excess, error / 2)
