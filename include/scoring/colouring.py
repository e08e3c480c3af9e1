"""The colour of every unit in every draw: the framework's own bands, warnings and vetoes on draws side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.scoring.adjust import Adjusted
from include.scoring.draws import DECLARED, County, repeated_scope
from include.scoring.kernel import Combined
from include.scoring.model_nodes import WarningRule
from include.scoring.model_parts import COLOURS
from include.scoring.result import ScoreResult
from include.scoring.rounding import Floats, exact_sum, quantise
from include.scoring.scopes import Scope
from include.scoring.terms import History, Level
from include.scoring.warn import rows_of
from include.scoring.when import holds


class Colouring:
    """Adjustments and colours of one county, the same in every draw but for what the draw changes."""

    def __init__(self, county: County, adjusted: Adjusted) -> None:
        self.county = county
        self.framework, self.tree = county.framework, county.tree
        self.adjusted = adjusted
        count = len(self.tree.indicators)
        rules = self.framework.warnings
        self.rules = [(rule, rows_of(rule.on, self.tree)) for rule in rules]
        used = self._used("groups")
        self.groups = used
        self.group_rows = [count + int(row) for row in used]
        self.indicators = self._used("indicators")
        self.fixed = self._fixed()
        self._repeated: dict[int, tuple[History, Scope]] = {}

    def _used(self, kind: str) -> NDArray[np.intp]:
        rows = [found for rule, found in self.rules if rule.on.partition(".")[0] == kind]
        return np.unique(np.concatenate(rows)).astype(np.intp) if rows else np.array([], dtype=np.intp)

    def _fixed(self) -> NDArray[np.int64]:
        """Worst colour of the vetoes that hold, by unit; −1 for none."""
        worst = np.full(self.adjusted.raised.shape[1], -1, dtype=np.int64)
        for row, adjustment in enumerate(self.framework.adjustments):
            colour = adjustment.effect.colour if adjustment.effect is not None else None
            shade = COLOURS.index(colour or "yellow")
            worst = np.where(self.adjusted.raised[row], np.maximum(worst, shade), worst)
        return worst

    def adjusted_index(self, index: Floats) -> Floats:
        """Apply what `adjust` found, whose bonuses and deductions do not depend on the index: (draws, units)."""
        kinds = np.array([one.kind == "veto" for one in self.framework.adjustments], dtype=bool)
        found = index
        if len(kinds):
            found = found + exact_sum(self.adjusted.points[~kinds])
            for row in np.flatnonzero(kinds):
                effect = self.framework.adjustments[row].effect
                if effect is not None and effect.index_at_most is not None:
                    limited = np.minimum(found, effect.index_at_most)
                    found = np.where(self.adjusted.raised[row], limited, found)
        limits = self.framework.index
        if limits.floor is not None or limits.ceiling is not None:
            found = np.clip(found, limits.floor, limits.ceiling)
        # Only now, so that equal units stay equal whatever order a product was added up in.
        return np.asarray(np.rint(found * 1e9) / 1e9)

    def count(self, index: Floats, found: Combined, values: Floats) -> NDArray[np.int64]:
        """How often each unit has each colour, (colours, units), in the draws (draws, units) in which it is rated."""
        draws, units = index.shape
        flat = index.ravel()
        levels = self._levels(flat, found, values, draws)
        rated = ~np.isnan(flat)
        worst = np.where(rated, COLOURS.index(self.framework.colours.otherwise), -1)
        banded = np.full(len(worst), -1)
        for band in self.framework.colours.bands:
            met = holds(band.when, levels["index"].figure)[0] & rated
            banded = np.where(met, np.maximum(banded, COLOURS.index(band.colour)), banded)
        worst = np.where(banded >= 0, banded, worst)
        for rule, rows in self.rules:
            hit = self._hit(rule, rows, levels)
            worst = np.where(hit, np.maximum(worst, COLOURS.index(rule.colour)), worst)
        worst = np.where(rated.reshape(draws, units), np.maximum(worst.reshape(draws, units), self.fixed), -1)
        return np.stack([(worst == shade).sum(axis=0) for shade in range(len(COLOURS))]).astype(np.int64)

    def _hit(self, rule: WarningRule, rows: NDArray[np.intp], levels: dict[str, Level]) -> NDArray[np.bool_]:
        kind = rule.on.partition(".")[0]
        level = levels[kind]
        listed = {"groups": self.groups, "indicators": self.indicators}.get(kind)
        places = rows if listed is None else np.searchsorted(listed, rows)
        return np.asarray(holds(rule.when, lambda term: level.figure(term)[places]).any(axis=0))

    def _side_by_side(self, draws: int) -> tuple[History, Scope]:
        """The past and the comparison groups of so many counties; most blocks of draws are equally large."""
        if draws not in self._repeated:
            past, scope = replace(self.county.past, repeats=draws), repeated_scope(self.county.scope, draws)
            self._repeated[draws] = past, scope
        return self._repeated[draws]

    def _levels(self, index: Floats, found: Combined, values: Floats, draws: int) -> dict[str, Level]:
        history, scope = self._side_by_side(draws)
        root = self.tree.root
        common: dict[str, Any] = {"history": history, "scope": scope}
        reached = self._flat(found.attainable[root.row], draws)
        levels = {
            "index": Level(
                codes=("index",),
                points=index[None, :],
                attainable=reached[None, :],
                base=np.full((1, len(index)), root.full),
                states=self._states(np.array([root.row]), draws),
                full=np.array([root.full]),
                values=None,
                is_index=True,
                earlier_rates=_index_rate,
                **common,
            )
        }
        if len(self.groups):
            levels["groups"] = self._group_level(found, draws, common)
        if len(self.indicators):
            levels["indicators"] = self._indicator_level(values, draws, common)
        return levels

    def _drawn(self, values: Floats) -> dict[int, Floats]:
        """Points of the sampled values by the declared rules, where a warning asks for more than values."""
        rules = [rule for rule, _ in self.rules if rule.on.startswith("indicators")]
        if all(term.name == "value" for rule in rules for term in rule.when.terms):
            return {}
        return self.county.drawn_points(values, self.county.base(DECLARED, -1), DECLARED)

    def _flat(self, figures: Floats, draws: int) -> Floats:
        return np.broadcast_to(figures, (draws, len(self.fixed))).ravel()

    def _states(self, rows: NDArray[np.intp], draws: int) -> Floats:
        states = self.county.base(DECLARED, -1).scored.states[rows]
        return np.tile(states.astype(np.float64), (1, draws))

    def _group_level(self, found: Combined, draws: int, common: dict[str, Any]) -> Level:
        reached = np.stack([self._flat(found.attainable[row], draws) for row in self.group_rows])
        points = np.stack([self._flat(found.points[row], draws) for row in self.group_rows])
        return Level(
            codes=tuple(self.tree.groups[row] for row in self.groups),
            points=np.where(reached > 0, points, np.nan),
            attainable=reached,
            base=reached,
            states=self._states(np.array(self.group_rows), draws),
            full=self.tree.full[self.group_rows],
            values=None,
            earlier_rates=_group_rates,
            **common,
        )

    def _indicator_level(self, values: Floats, draws: int, common: dict[str, Any]) -> Level:
        """Of sampled indicators the drawn value, of the others what was measured; points as declared."""
        scored, cells = self.county.base(DECLARED, -1).scored, self.county.cells
        rows = self.indicators
        shown = np.repeat(cells.values[rows][:, None, :], draws, axis=1)
        points = np.repeat(scored.points[rows][:, None, :], draws, axis=1)
        place = {int(row): number for number, row in enumerate(self.county.sampled)}
        drawn = self._drawn(values) if place else {}
        for number, row in enumerate(rows):
            if int(row) in place:
                fresh = values[place[int(row)]]
                shown[number] = np.where(np.isnan(fresh), shown[number], fresh)
            if int(row) in drawn:
                points[number] = np.where(scored.attainable[row] > 0, drawn[int(row)], np.nan)
        attainable = np.tile(scored.attainable[rows], (1, draws))
        return Level(
            codes=tuple(self.tree.indicators[row] for row in rows),
            points=quantise(points.reshape(len(rows), -1)),
            attainable=attainable,
            base=attainable,
            states=self._states(rows, draws),
            full=self.tree.full[rows],
            values=shown.reshape(len(rows), -1),
            earlier_rates=_indicator_rates,
            **common,
        )


def _index_rate(result: ScoreResult) -> pd.DataFrame:
    return (result.index / result.full).to_frame("index")


def _group_rates(result: ScoreResult) -> pd.DataFrame:
    return result.group_rates


def _indicator_rates(result: ScoreResult) -> pd.DataFrame:
    return result.rates
