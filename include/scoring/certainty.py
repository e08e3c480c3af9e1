"""How sure a colour and a rank are: the framework's declared choices and its counts, drawn again and again.

Sources: OECD/JRC Handbook on Constructing Composite Indicators (2008), step 7; Saisana, Saltelli and Tarantola,
J. R. Statist. Soc. A 168 (2005) 307–323, for ranks as output, triggers as inputs and Sobol indices of the choices.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.scoring.adjust import Adjusted, adjust
from include.scoring.colouring import Colouring
from include.scoring.draws import DECLARED, County, Method, methods_of, random_dropped, random_weights
from include.scoring.errors import ScoringError
from include.scoring.funnel import funnel
from include.scoring.intake import take_in
from include.scoring.kernel import Combined, combine_draws, ranks_by_draw, ratios
from include.scoring.model import Framework
from include.scoring.model_parts import COLOURS
from include.scoring.result import ScoreResult
from include.scoring.rounding import Floats, quantise
from include.scoring.scopes import Ints, Scope
from include.scoring.sensitivity import sobol_of, sobol_sample
from include.scoring.structure import structure
from include.scoring.terms import History

LOW, HIGH = 0.05, 0.95
"""Ends of the intervals."""
SURE = 0.95
"""A band's first unit beats those below the band in at least this share of the draws."""
_CELLS = 250_000
"""Draws × units that are worked on at once."""
_BLOCK = 125
"""Most draws that share a stream of sampled values; part of what makes figures reproducible."""
_SOBOL, _POOL = 64, 64
"""Base sample of the Sobol indices, and how many sets of weights and of sampled values they choose from."""


@dataclass(frozen=True, eq=False)
class CertaintyResult:
    """Certainty of one quarter; every figure quantised to 1e-9."""

    units: pd.DataFrame
    """By unit: peer_group, p_red, p_yellow, p_green, index_low, index_mid, index_high, rank_low, rank_high, band,
    band_units; NaN and band 0 where the unit is not rated."""
    choices: pd.DataFrame
    """figure (rank_shift, index_shift), choice, first, first_conf, total, total_conf."""
    nodes: pd.DataFrame
    """kind (indicator, group, index), code, nominal, effective, alpha, dropped_rank_shift, closest, correlation."""
    funnel: pd.DataFrame
    """unit × sampled indicator: see `include.scoring.funnel`."""
    draws: int
    seed: int
    rank_shift: float
    """Mean |rank in a draw − declared rank| over rated units and draws."""
    index_shift: float

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, whatever the order of units."""
        digest = hashlib.sha256()
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, pd.DataFrame):
                value = value.sort_index(axis=0).to_csv(float_format="%.9f")
            digest.update(f"{field.name}\x00{value}\x00".encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class _Runs:
    """Draws of one method, in the order in which they are worked on."""

    method: Method
    weights: Floats
    """Ratios, (draws, rows)."""
    values: Floats
    """Sampled values, (sampled, draws, units)."""


def certainty(
    values: pd.DataFrame,
    framework: Framework,
    *,
    quarter: str | None = None,
    units: pd.DataFrame | None = None,
    states: pd.DataFrame | None = None,
    counts: pd.DataFrame | None = None,
    panel: Mapping[str, pd.DataFrame] | None = None,
    history: Mapping[str, ScoreResult] | None = None,
    sobol: bool = True,
) -> CertaintyResult:
    """Work out how sure the colours and ranks are that `score` gives from the same arguments.

    Args:
        values, framework, quarter, units, states, counts, panel, history: as for `score`; the framework must say
            `certainty:`, and `sampling:` needs `counts`.
        sobol: also estimate which choice moves ranks and index most.

    Returns:
        A CertaintyResult, units in the order of `values`; the same seed gives the same figures.

    Raises:
        ScoringError: input that does not fit, or a framework without `certainty:`.
    """
    spec = framework.certainty
    if spec is None:
        raise ScoringError(
            f"指标体系 {framework.framework} 没有 certainty 一节。",
            f"The framework {framework.framework} has no section certainty.",
        )
    intake = take_in(values, framework, units=units, states=states, counts=counts)
    past = History(quarter, history or {}, intake.sorted_index)
    analysis = _Analysis(County.of(framework, spec, intake, past, panel))
    return analysis.result(sobol=sobol)


class _Analysis:
    """The draws of one county; arrays have the shape (draws, units), units sorted."""

    def __init__(self, county: County) -> None:
        self.county = county
        self.spec = county.spec
        self.methods = methods_of(self.spec)
        self.declared = county.base(DECLARED, -1)
        ones = np.ones((1, len(county.tree.full)))
        self.plain = combine_draws(self.declared, ones)
        self.adjusted: Adjusted = adjust(quantise(self.plain.index[0]), county.framework, county.intake)
        self.colouring = Colouring(county, self.adjusted)
        self.index = self.colouring.adjusted_index(self.plain.index)[0]
        self.rated = ~np.isnan(self.index)
        self.scope: Scope = county.scope
        self.ranks = ranks_by_draw(self.index[None, :], self.scope)[0]
        self.fits = {method: self._fit(method, ones) for method in self.methods}

    def result(self, *, sobol: bool) -> CertaintyResult:
        """Run everything."""
        index, ranks, colours = self._monte_carlo()
        rank_shift = _mean_shift(ranks, self.ranks)
        index_shift = _mean_shift(index, self.index)
        back = np.argsort(self.county.intake.order, kind="stable")
        units = self._units(index, ranks, colours).iloc[back]
        units.index = self.county.intake.index
        return CertaintyResult(
            units=units,
            choices=self._sobol() if sobol else _no_choices(),
            nodes=self._nodes(),
            funnel=funnel(self.county),
            draws=self.spec.draws,
            seed=self.spec.seed,
            rank_shift=float(quantise(np.mean(rank_shift))),
            index_shift=float(quantise(np.mean(index_shift))),
        )

    def _fit(self, method: Method, ones: Floats) -> dict[int, tuple[float, float]]:
        """Shift and stretch that put a method's rates on the published scale, by row of the tree; the index is −1.

        Cut-offs are drawn on the declared scale. A method with another scale is compared by what it says about
        units among each other: its mean and spread over the units are set to the declared ones.
        """
        if method.normalisation == DECLARED and not method.means:
            return {}
        base = self.county.base(method.normalisation, method.missing)
        own = combine_draws(base, ones, means=dict(method.means))
        fits = {-1: _affine(own.index[0], self.plain.index[0])}
        for row in self.colouring.group_rows:
            fits[row] = _affine(_rates(own, row)[0], _rates(self.plain, row)[0])
        return fits

    def _combined(self, runs: _Runs) -> Combined:
        base = self.county.base(runs.method.normalisation, runs.method.missing)
        drawn = self.county.drawn_points(runs.values, base, runs.method.normalisation)
        found = combine_draws(base, runs.weights, means=dict(runs.method.means), drawn=drawn)
        fits = self.fits[runs.method]
        if not fits:
            return found
        shift, stretch = fits[-1]
        points = dict(found.points)
        for row in self.colouring.group_rows:
            down, by = fits[row]
            points[row] = found.points[row] * by + down * found.attainable[row]
        return Combined(points, found.attainable, found.index * stretch + shift)

    def _weights(self, count: int) -> Floats:
        """Ratios of `count` draws, (count, rows)."""
        tree, spec = self.county.tree, self.spec
        factors = random_weights(tree, spec.weights, spec.seed, count)
        if spec.leave_one_out:
            dropped = random_dropped(tree, spec.seed, count)
            out = np.flatnonzero(dropped >= 0)
            factors[out, dropped[out]] = 0.0
        return ratios(tree, factors)

    def _monte_carlo(self) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Index and rank of every draw, (draws, units), and how often each unit has each colour, (3, units)."""
        draws, units = self.spec.draws, len(self.rated)
        index, ranks = np.empty((draws, units)), np.empty((draws, units))
        colours = np.zeros((len(COLOURS), units), dtype=np.int64)
        weights = self._weights(draws)
        step = max(1, _CELLS // max(units, 1))
        first = 0
        for place, method in enumerate(self.methods):
            mine = np.arange(place, draws, len(self.methods))
            for start in range(0, len(mine), _BLOCK):
                chosen = mine[start : start + _BLOCK]
                sampled = self.county.sample(first, len(chosen))
                first += 1
                for low in range(0, len(chosen), step):
                    some = chosen[low : low + step]
                    runs = _Runs(method, weights[some], sampled[:, low : low + step])
                    found = self._combined(runs)
                    index[some] = self.colouring.adjusted_index(found.index)
                    ranks[some] = ranks_by_draw(index[some], self.scope)
                    colours += self.colouring.count(index[some], found, runs.values)
        return index, ranks, colours

    def _units(self, index: Floats, ranks: Floats, colours: NDArray[np.int64]) -> pd.DataFrame:
        share = colours / np.maximum(colours.sum(axis=0), 1)
        bands, sizes = tied_bands(index, self.index, self.scope)
        low, middle, high = _quantiles(index, (LOW, 0.5, HIGH))
        rank_low, rank_high = _quantiles(ranks, (LOW, HIGH))
        figures = {
            **{f"p_{name}": share[place] for place, name in reversed(list(enumerate(COLOURS)))},
            "index_low": low,
            "index_mid": middle,
            "index_high": high,
            "rank_low": rank_low,
            "rank_high": rank_high,
        }
        frame = pd.DataFrame(
            {name: np.where(self.rated, quantise(array), np.nan) for name, array in figures.items()}
        )
        return frame.assign(band=bands, band_units=sizes)

    def _sobol(self) -> pd.DataFrame:
        """First-order and total indices of the choices; of one alone there is nothing to compare."""
        choices = self._choices()
        if len(choices) < 2:
            return _no_choices()
        triggers = sobol_sample(list(choices), samples=_SOBOL, seed=self.spec.seed)
        index = self._triggered(pd.DataFrame(triggers, columns=list(choices)))
        figures = {
            "rank_shift": _mean_shift(ranks_by_draw(index, self.scope), self.ranks),
            "index_shift": _mean_shift(index, self.index),
        }
        tables = [
            sobol_of(list(choices), quantise(output), seed=self.spec.seed)
            .rename_axis("choice")
            .reset_index()
            .assign(figure=name)
            for name, output in figures.items()
        ]
        found = pd.concat(tables, ignore_index=True)
        numbers = ["first", "first_conf", "total", "total_conf"]
        found[numbers] = quantise(np.nan_to_num(found[numbers].to_numpy()))
        return found[["figure", "choice", *numbers]]

    def _choices(self) -> dict[str, int]:
        """The declared choices and how many values each has."""
        spec, tree = self.spec, self.county.tree
        found = {
            "weights": _POOL if spec.weights else 0,
            "normalisation": len(spec.normalisation) + 1,
            **{f"aggregation.{one.level}": len(one.combine) + 1 for one in spec.aggregation},
            "missing": len(spec.missing) + 1,
            "leave_one_out": len(tree.indicators) + 1 if spec.leave_one_out else 0,
            "sampling": _POOL if len(self.county.sampled) else 0,
        }
        return {name: count for name, count in found.items() if count > 1}

    def _triggered(self, triggers: pd.DataFrame) -> Floats:
        """Index under each run; a trigger between 0 and 1 picks one value of its choice."""
        spec, tree = self.spec, self.county.tree
        runs, units = len(triggers), len(self.rated)
        choices = self._choices()

        def picked(name: str) -> Ints:
            count = choices.get(name, 1)
            given = triggers[name].to_numpy() if name in choices else np.zeros(runs)
            return np.minimum((given * count).astype(np.intp), count - 1)

        factors = random_weights(tree, spec.weights, spec.seed, _POOL)[picked("weights")]
        if spec.leave_one_out:
            dropped = picked("leave_one_out") - 1
            out = np.flatnonzero(dropped >= 0)
            factors[out, dropped[out]] = 0.0
        weights = ratios(tree, factors)
        # Block numbers of the draws count up from 0: a negative seed part is not allowed, so a far one is taken.
        pool, sample = self.county.sample(1_000_000, _POOL), picked("sampling")
        levels = sorted(spec.aggregation, key=lambda one: one.level)
        kinds = [picked(f"aggregation.{one.level}") for one in levels]
        normalisations = (DECLARED, *spec.normalisation)
        keys = [picked("normalisation"), picked("missing") - 1, *kinds]
        index = np.empty((runs, units))
        step = max(1, _CELLS // max(units, 1))
        for key in np.unique(np.stack(keys), axis=1).T:
            mine = np.flatnonzero((np.stack(keys) == key[:, None]).all(axis=0))
            steps = tuple(
                (level.level, level.combine[kind - 1])
                for level, kind in zip(levels, key[2:], strict=True)
                if kind
            )
            method = Method(normalisations[key[0]], int(key[1]), steps)
            for start in range(0, len(mine), step):
                some = mine[start : start + step]
                found = self._combined(_Runs(method, weights[some], pool[:, sample[some]]))
                index[some] = self.colouring.adjusted_index(found.index)
        return index

    def _nodes(self) -> pd.DataFrame:
        """Weights as declared and as they act, alpha, redundancy, and what leaving an indicator out does."""
        tree = self.county.tree
        count = len(tree.indicators)
        factors = np.ones((count, len(tree.full)))
        factors[np.arange(count), np.arange(count)] = 0.0
        index = np.empty((count, len(self.rated)))
        step = max(1, _CELLS // max(len(self.rated), 1))
        weights = ratios(tree, factors)
        for start in range(0, count, step):
            found = combine_draws(self.declared, weights[start : start + step])
            index[start : start + step] = self.colouring.adjusted_index(found.index)
        shifts = _mean_shift(ranks_by_draw(index, self.scope), self.ranks)
        return structure(tree, self.declared.scored, self.plain.index[0], quantise(shifts))


def _rates(found: Combined, row: int) -> Floats:
    points, reached = np.broadcast_arrays(found.points[row], found.attainable[row])
    return np.divide(points, reached, out=np.full(points.shape, np.nan), where=reached > 0)


def _affine(own: Floats, declared: Floats) -> tuple[float, float]:
    known = ~np.isnan(own) & ~np.isnan(declared)
    if known.sum() < 2:
        return 0.0, 1.0
    spread = float(own[known].std())
    stretch = float(declared[known].std()) / spread if spread > 0 else 1.0
    return float(declared[known].mean() - stretch * own[known].mean()), stretch


def _mean_shift(figures: Floats, declared: Floats) -> Floats:
    """Mean |figure − declared| over the units rated in the draw, (draws,)."""
    away = np.abs(figures - declared)
    known = ~np.isnan(away)
    total = np.where(known, away, 0.0).sum(axis=1)
    return np.divide(total, known.sum(axis=1), out=np.zeros(len(total)), where=known.any(axis=1))


def _quantiles(figures: Floats, shares: tuple[float, ...]) -> list[Floats]:
    """Values of (draws, units) that are reached in these shares of the draws in which the unit is rated."""
    ordered = np.sort(np.ascontiguousarray(figures.T), axis=1)
    known = (~np.isnan(ordered)).sum(axis=1)
    units = np.arange(len(ordered))
    found = []
    for share in shares:
        place = share * np.maximum(known - 1, 0)
        # Outwards: an interval holds at least its share.
        place = np.floor(place) if share < 0.5 else np.ceil(place) if share > 0.5 else np.rint(place)
        found.append(ordered[units, place.astype(np.intp)])
    return found


def tied_bands(draws: Floats, index: Floats, scope: Scope) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Units that cannot be told apart, as bands from the best down; band 1 is the best, 0 is not rated.

    The best unit without a band (by the mean over the draws, then by the declared index) opens a band; the units
    that follow join as long as the opener beats them in fewer than 95 % of the draws, a draw at half. So a band
    is one unbroken stretch of the order, and being in one band is transitive by construction.

    Returns:
        Band of each unit, and how many units are in it, (units,).
    """
    bands = np.zeros(draws.shape[1], dtype=np.int64)
    sizes = np.zeros(draws.shape[1], dtype=np.int64)
    rated = ~np.isnan(index)
    sums = np.where(np.isnan(draws), index, draws).mean(axis=0)
    for group in range(scope.count):
        members = np.flatnonzero((scope.codes == group) & rated)
        if not len(members):
            continue
        members = members[np.lexsort((members, -index[members], -quantise(sums[members])))]
        mine = np.ascontiguousarray(np.where(np.isnan(draws), index, draws)[:, members].T)
        number, start = 1, 0
        while start < len(members):
            opener = mine[start]
            wins = ((opener > mine[start:]) + 0.5 * (opener == mine[start:])).mean(axis=1)
            beaten = np.flatnonzero(wins >= SURE)
            end = start + int(beaten[0]) if len(beaten) else len(members)
            bands[members[start:end]], sizes[members[start:end]] = number, end - start
            number, start = number + 1, end
    return bands, sizes


def _no_choices() -> pd.DataFrame:
    columns = ["figure", "choice", "first", "first_conf", "total", "total_conf"]
    return pd.DataFrame({name: pd.Series(dtype=object if name in columns[:2] else float) for name in columns})
