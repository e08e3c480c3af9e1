"""The figures that `when` conditions look at: on the index, on groups or on indicators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from include.scoring import scopes
from include.scoring.errors import ScoringError
from include.scoring.periods import is_period, previous, year_earlier
from include.scoring.result import ScoreResult
from include.scoring.rounding import BILLION, Floats, quantise
from include.scoring.scopes import Scope
from include.scoring.when import Term


@dataclass(frozen=True)
class History:
    """Earlier results, aligned to the units scored now."""

    quarter: str | None
    results: Mapping[str, ScoreResult]
    units: pd.Index
    repeats: int = 1
    """How often the units follow one another; more than once where draws stand side by side."""

    def __post_init__(self) -> None:
        if self.results and self.quarter is None:
            raise ScoringError("有 history 时须给出 quarter。", "Give quarter together with history.")
        keys = [self.quarter] if self.quarter is not None else []
        for key in [*keys, *self.results]:
            if not is_period(key):
                raise ScoringError(
                    f"期间 [{key}] 应写作 2026Q3、2026H1 或 2026。",
                    f"The period [{key}] is not like 2026Q3, 2026H1 or 2026.",
                )

    @property
    def before(self) -> str | None:
        """The previous period."""
        return None if self.quarter is None else previous(self.quarter)

    @property
    def a_year_before(self) -> str | None:
        """The same period of the year before."""
        return None if self.quarter is None else year_earlier(self.quarter)

    def figures(
        self, key: str | None, take: Callable[[ScoreResult], pd.DataFrame], codes: tuple[str, ...]
    ) -> Floats | None:
        """Return what `take` finds in the result of a period as (codes, units), None without that period.

        A function that is asked again for the same codes is not called again.
        """
        if key is None or key not in self.results:
            return None
        asked = key, take, codes
        if asked not in self._found:
            frame = take(self.results[key]).reindex(index=self.units, columns=list(codes))
            self._found[asked] = np.ascontiguousarray(
                np.tile(frame.to_numpy(dtype=np.float64).T, (1, self.repeats))
            )
        return self._found[asked]

    @cached_property
    def _found(self) -> dict[tuple[str, Callable[[ScoreResult], pd.DataFrame], tuple[str, ...]], Floats]:
        return {}


@dataclass(frozen=True)
class Level:
    """Figures of one level of the tree, each (rows, units)."""

    codes: tuple[str, ...]
    points: Floats
    attainable: Floats
    base: Floats
    """What a rate is a share of: the attainable points, for the index its full score."""
    states: Floats
    full: Floats
    """Full score of each row."""
    values: Floats | None
    history: History
    scope: Scope
    """With whom units are ranked."""
    earlier_rates: Callable[[ScoreResult], pd.DataFrame]
    is_index: bool = False
    raw: Floats | None = None
    """Of the index: points before they are scaled to its full score and adjusted; None elsewhere."""

    @cached_property
    def rates(self) -> Floats:
        """Points ÷ base; NaN where nothing was attainable."""
        blank = np.full(self.points.shape, np.nan)
        return quantise(np.divide(self.points, self.base, out=blank, where=self.base > 0))

    @cached_property
    def _computed(self) -> dict[Term, Floats]:
        return {}

    def figure(self, term: Term) -> Floats:
        """Return one term for every row and unit; NaN where it is unknown."""
        if term not in self._computed:
            self._computed[term] = self._figure(term)
        return self._computed[term]

    def _figure(self, term: Term) -> Floats:
        if term.name == "change":
            return self._change(self.history.before)
        if term.name == "change_yoy":
            return self._change(self.history.a_year_before)
        if term.name == "rank_share":
            return self._rank_share()
        if term.name == "quarters_below":
            return self._quarters_below(term.argument or 0.0)
        if term.name == "value":
            return np.full(self.points.shape, np.nan) if self.values is None else self.values
        return {"points": self.points, "rate": self.rates, "state": self.states}[term.name]

    def _earlier(self, key: str | None) -> Floats | None:
        return self.history.figures(key, self.earlier_rates, self.codes)

    def _change(self, key: str | None) -> Floats:
        """Points gained since a period: of the index as it was, of groups and indicators by their rate."""
        earlier = self._earlier(key)
        if earlier is None:
            return np.full(self.points.shape, np.nan)
        if self.is_index:
            then = self.history.figures(key, _index, self.codes)
            return quantise(self.points - (np.nan if then is None else then))
        return quantise((self.rates - earlier) * self.full[:, None])

    def _rank_share(self) -> Floats:
        ranks = scopes.ranks(-self.rates, self.scope, ties="min")
        return quantise(ranks / self.scope.spread(scopes.count(self.rates, self.scope)))

    def _quarters_below(self, limit: float) -> Floats:
        """Consecutive periods up to this one whose rate is below the limit."""

        def below(rates: Floats) -> Floats:
            return (np.rint(rates * BILLION) < np.rint(limit * BILLION)).astype(np.float64)

        running = below(self.rates)
        total, key = running.copy(), self.history.before
        while running.any() and (earlier := self._earlier(key)) is not None and key is not None:
            running = running * below(earlier)
            total, key = total + running, previous(key)
        return total


def _index(result: ScoreResult) -> pd.DataFrame:
    return result.index.to_frame("index")
