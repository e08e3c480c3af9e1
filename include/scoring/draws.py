"""What the draws of a certainty analysis vary: method, weights, the indicator left out, sampled values.

Every stream of random numbers has its own seed, derived from the framework's and from the block of draws it is
for: the same seed gives the same figures whatever the order of units, the number of threads or the memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from include.scoring.aggregate import aggregate
from include.scoring.intake import Intake
from include.scoring.kernel import Base
from include.scoring.model import Framework
from include.scoring.model_certainty import Certainty
from include.scoring.model_nodes import Indicator
from include.scoring.model_rules import (
    Bands,
    DistanceToTarget,
    MinMax,
    Missing,
    PercentileRank,
    PerEvent,
    Rate,
    ZScore,
)
from include.scoring.population import Population
from include.scoring.prepare import Cells, transform
from include.scoring.rounding import Floats
from include.scoring.rules import normalise
from include.scoring.scopes import Ints, Scope
from include.scoring.score import exact_rates, indicator_scores, ranked_within
from include.scoring.shrinkage import Posterior, means, rates
from include.scoring.states import Codes, State
from include.scoring.terms import History
from include.scoring.tree import Tree, build_tree

DECLARED = "declared"
LEAN = 0.3
"""How far draws lean on the peers, for each own case; chosen by `make calibration`: see docs/reference/certainty.md."""
_WEIGHTS, _DROPPED, _SAMPLES = 1, 2, 3
"""Streams of random numbers."""
_ALMOST = (0.01, 1.0)
"""Scale of the alternative rules: the last of a group is not worth nothing, which no geometric mean survives."""


@dataclass(frozen=True)
class Method:
    """One combination of the choices that change the arithmetic."""

    normalisation: str = DECLARED
    missing: int = -1
    """Place in the declared alternatives; −1 for the framework's own treatment."""
    means: tuple[tuple[int, str], ...] = ()
    """Depth of groups → mean in place of the declared one."""


def methods_of(spec: Certainty) -> tuple[Method, ...]:
    """Every combination of normalisation, missing treatment and means; the framework's own comes first."""
    found = [
        Method(normalisation, missing)
        for normalisation in (DECLARED, *spec.normalisation)
        for missing in range(-1, len(spec.missing))
    ]
    for level in sorted(spec.aggregation, key=lambda one: one.level):
        steps: list[tuple[tuple[int, str], ...]] = [(), *(((level.level, kind),) for kind in level.combine)]
        found = [replace(method, means=method.means + step) for method in found for step in steps]
    return tuple(found)


def random_weights(tree: Tree, spread: float, seed: int, count: int) -> Floats:
    """Factors of every row of the tree, (count, rows): 1 ± spread, uniform."""
    random = np.random.default_rng([seed, _WEIGHTS])
    return 1 + spread * (2 * random.random((count, len(tree.full))) - 1)


def random_dropped(tree: Tree, seed: int, count: int) -> Ints:
    """The indicator that each draw leaves out; −1 for none."""
    random = np.random.default_rng([seed, _DROPPED])
    return random.integers(-1, len(tree.indicators), count).astype(np.intp)


def polarity(indicator: Indicator) -> str:
    """Tell whether a high value is better, from the rule where it says so itself."""
    rule = indicator.rule
    if isinstance(rule, Rate):
        return "higher" if rule.full_at > rule.zero_at else "lower"
    if isinstance(rule, Bands):
        return "higher" if rule.bands[0].rising else "lower"
    if isinstance(rule, PerEvent):
        return "higher" if (rule.gain is not None) == (rule.short_of is None) else "lower"
    if isinstance(rule, DistanceToTarget) and rule.base is not None and rule.base.fixed is not None:
        return "higher" if rule.target > rule.base.fixed else "lower"
    return indicator.better or "higher"


def with_normalisation(framework: Framework, kind: str) -> Framework:
    """The framework with every rule but ladders replaced: scores from 0 to 1 among the units ranked together."""
    within = ranked_within(framework)
    rule = {
        "minmax": MinMax(kind="minmax", within=within, range=_ALMOST),
        # Three standard deviations either side of the mean fill the scale.
        "zscore": ZScore(kind="zscore", within=within, to_mean=0.5, to_sd=1 / 6),
        "rank": PercentileRank(kind="percentile_rank", within=within, ties="average", range=_ALMOST),
    }[kind]
    changed = tuple(
        one
        if one.rule.kind == "ladder"
        else one.model_copy(update={"rule": rule, "better": polarity(one), "clamp": _ALMOST})
        for one in framework.indicators
    )
    return framework.model_copy(update={"indicators": changed})


def with_missing(framework: Framework, spec: Missing) -> Framework:
    """The framework with one treatment for every missing indicator; groups keep their own."""
    changed = tuple(one.model_copy(update={"missing": spec}) for one in framework.indicators)
    return framework.model_copy(update={"indicators": changed})


@dataclass(frozen=True)
class County:
    """Everything that stays the same over all draws."""

    framework: Framework
    spec: Certainty
    tree: Tree
    intake: Intake
    past: History
    panel: Mapping[str, pd.DataFrame] | None

    @classmethod
    def of(
        cls,
        framework: Framework,
        spec: Certainty,
        intake: Intake,
        past: History,
        panel: Mapping[str, pd.DataFrame] | None,
    ) -> County:
        """Build the tree once."""
        return cls(framework, spec, build_tree(framework), intake, past, panel)

    @cached_property
    def _declared(self) -> tuple[Cells, Floats, Codes]:
        return indicator_scores(self.framework, self.tree, self.intake, self.past, self.panel)

    @property
    def cells(self) -> Cells:
        """Values and states of indicators as measured."""
        return self._declared[0]

    @cached_property
    def _bases(self) -> dict[tuple[str, int], Base]:
        return {}

    def base(self, normalisation: str, missing: int) -> Base:
        """Indicator scores under one normalisation and treatment of missing values, by the real engine."""
        key = (normalisation, missing)
        if key not in self._bases:
            self._bases[key] = self._base(normalisation, missing)
        return self._bases[key]

    def _base(self, normalisation: str, missing: int) -> Base:
        framework = self.framework
        if missing >= 0:
            framework = with_missing(framework, self.spec.missing[missing])
        judged = indicator_scores(framework, self.tree, self.intake, self.past, self.panel)
        _, scores, states = judged if missing >= 0 else self._declared
        if normalisation != DECLARED:
            scores, states = self._alternative(framework, normalisation, scores, states)
        scored = aggregate(
            scores,
            states,
            self.tree,
            self.intake,
            min_attainable=framework.min_attainable,
            earlier_rates=self._earlier_rates,
        )
        return Base(self.tree, scored, framework.min_attainable, self.intake)

    def _alternative(
        self, framework: Framework, normalisation: str, declared: Floats, states: Codes
    ) -> tuple[Floats, Codes]:
        """Scores of another rule on the declared scale; where it gives none, the declared score stands."""
        other = with_normalisation(framework, normalisation)
        _, scores, _ = indicator_scores(other, self.tree, self.intake, self.past, self.panel)
        scores = scores * self._stretch
        return np.where(np.isnan(scores) | np.isnan(declared), declared, scores), states

    @cached_property
    def _stretch(self) -> Floats:
        """Declared normalised score of a full score of 1, by indicator: (indicators, 1)."""
        count = len(self.tree.indicators)
        ladder = np.array([one.rule.kind == "ladder" for one in self.framework.indicators])
        return np.where(ladder, 1.0, self.tree.full[:count] / self.tree.factors)[:, None]

    def _earlier_rates(self) -> Floats | None:
        groups = self.past.figures(self.past.before, lambda result: exact_rates(result)[1], self.tree.groups)
        if groups is None:
            return None
        count = len(self.tree.indicators)
        return np.concatenate(
            [np.full((count, groups.shape[1]), np.nan), groups, np.full((1, groups.shape[1]), np.nan)]
        )

    @cached_property
    def scope(self) -> Scope:
        """With whom units are ranked."""
        return self.intake.scope(ranked_within(self.framework))

    @cached_property
    def sampled(self) -> Ints:
        """Rows of the indicators whose values are drawn: rates first, then means."""
        codes = [*self.spec.sampling.rates, *(mean.indicator for mean in self.spec.sampling.means)]
        place = {code: row for row, code in enumerate(self.tree.indicators)}
        return np.array([place[code] for code in codes], dtype=np.intp)

    @cached_property
    def posteriors(self) -> tuple[Posterior, Posterior]:
        """What is known of the sampled rates, and of the sampled means; NaN where there is no value."""
        split = len(self.spec.sampling.rates)
        kept = np.where(self.cells.states == State.VALUE, self.cells.values, np.nan)
        counts = self.counts
        sd = np.array([mean.sd for mean in self.spec.sampling.means])
        first, rest = self.sampled[:split], self.sampled[split:]
        return (
            rates(np.clip(kept[first], 0, 1), counts[first], self.scope, lean=LEAN),
            means(kept[rest], counts[rest], sd, self.scope),
        )

    @cached_property
    def counts(self) -> Floats:
        """n behind each indicator, (indicators, units); 0 where none is given."""
        if self.intake.counts is None:
            return np.zeros(self.cells.values.shape)
        rows = [self.intake.columns.get(one.measure or one.code, -1) for one in self.framework.indicators]
        found = self.intake.counts[rows]
        return np.where(np.array(rows)[:, None] < 0, 0.0, np.nan_to_num(found))

    def sample(self, block: int, count: int) -> Floats:
        """Values of the sampled indicators, (sampled, count, units): one posterior draw each, NaN where none."""
        shares, averages = self.posteriors
        random = np.random.default_rng([self.spec.seed, _SAMPLES, block])
        units = shares.mean.shape[1]
        values = np.empty((len(self.sampled), count, units))
        for row, (alpha, beta) in enumerate(zip(shares.first, shares.second, strict=True)):
            known = ~np.isnan(alpha)
            drawn = random.beta(np.where(known, alpha, 1.0), np.where(known, beta, 1.0), (count, units))
            values[row] = np.where(known, drawn, np.nan)
        split = len(shares.first)
        for row, (mean, sigma) in enumerate(zip(averages.first, averages.second, strict=True)):
            values[split + row] = mean + sigma * random.standard_normal((count, units))
        return values

    def drawn_points(self, values: Floats, base: Base, normalisation: str) -> dict[int, Floats]:
        """Points of sampled values, each (draws, units); a cell that is not drawn keeps its points in `base`."""
        if not len(self.sampled):
            return {}
        indicators, draws, units = values.shape
        framework = self.framework
        if normalisation != DECLARED:
            framework = with_normalisation(framework, normalisation)
        part = framework.model_copy(
            update={"indicators": tuple(framework.indicators[row] for row in self.sampled)}
        )
        if draws not in self._repeated:
            self._repeated[draws] = self.repeated(draws)
        side_by_side = self._repeated[draws]
        own = self.cells.values[self.sampled][:, None, :]
        flat = np.where(np.isnan(values), own, values).reshape(indicators, draws * units)
        ready = transform(flat, side_by_side.index, part.indicators)
        scores = normalise(Population(ready, side_by_side, part, self.past.quarter, self.panel))
        if normalisation != DECLARED:
            scores = scores * self._stretch[self.sampled]
        points = (scores * self.tree.factors[self.sampled][:, None]).reshape(values.shape)
        kept = base.points[self.sampled][:, None, :]
        points = np.where(np.isnan(values) | np.isnan(points), kept, points)
        return {int(row): points[place] for place, row in enumerate(self.sampled)}

    @cached_property
    def _repeated(self) -> dict[int, Intake]:
        return {}

    def repeated(self, draws: int) -> Intake:
        """The county `draws` times side by side, each compared with itself only."""
        names = {"all", ranked_within(self.framework)}
        names |= {
            within for one in self.framework.indicators if (within := getattr(one.rule, "within", None))
        }
        units = len(self.intake.index)
        return Intake(
            index=pd.RangeIndex(draws * units),
            order=np.arange(draws * units),
            columns={},
            values=np.empty((0, draws * units)),
            states=None,
            counts=None,
            units=None,
            scopes={name: repeated_scope(self.intake.scope(name), draws) for name in sorted(names)},
        )


def repeated_scope(scope: Scope, draws: int) -> Scope:
    """The groups of `draws` counties side by side."""
    codes = scope.codes[None, :] + np.arange(draws)[:, None] * scope.count
    return Scope(np.where(scope.codes < 0, -1, codes).ravel().astype(np.intp), scope.count * draws)
