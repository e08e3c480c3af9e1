"""`score`: one quarter's measures judged by a framework, in the fixed order of docs/reference/scoring.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from include.scoring.adjust import Adjusted, adjust
from include.scoring.aggregate import Scored, aggregate, index_of
from include.scoring.colour import colours, grades, rank
from include.scoring.errors import ScoringError
from include.scoring.impute import impute
from include.scoring.intake import Intake, take_in
from include.scoring.model import Framework
from include.scoring.population import Population
from include.scoring.prepare import Cells, cells_of, transform
from include.scoring.result import ScoreResult
from include.scoring.rounding import Floats, quantise, round_places
from include.scoring.rules import normalise
from include.scoring.states import Codes, names_frame
from include.scoring.terms import History, Level
from include.scoring.treat import treat
from include.scoring.tree import Tree, build_tree
from include.scoring.warn import raise_bands, raise_warnings


def score(
    values: pd.DataFrame,
    framework: Framework,
    *,
    quarter: str | None = None,
    units: pd.DataFrame | None = None,
    states: pd.DataFrame | None = None,
    counts: pd.DataFrame | None = None,
    panel: Mapping[str, pd.DataFrame] | None = None,
    history: Mapping[str, ScoreResult] | None = None,
) -> ScoreResult:
    """Score every unit of one quarter.

    Args:
        values: Index = unit code, columns = measure codes (or `code|key`); float, NaN = no value.
        framework: What is measured and how it is judged.
        quarter: Period key (`2026Q3`, `2026H1`, `2026`); needed with `history` and for effective dates.
        units: By unit code: `peer_group` and any attribute the framework names.
        states: Same shape as `values`: value, missing, not_applicable, suppressed (names or int8 codes 0-3).
        counts: Same shape: n behind each value, for `min_denominator`.
        panel: Values of other quarters, for rules that say `over:`.
        history: Results of earlier quarters, for changes, persistence and `missing: previous`.

    Returns:
        A ScoreResult; units in the order of `values`, the same figures whatever that order is.

    Raises:
        ScoringError: Input that does not fit the framework, as a sentence in Chinese and English.
    """
    if quarter is not None and not framework.covers(quarter):
        begin, end = framework.effective_from or "…", framework.effective_to or "…"
        raise ScoringError(
            f"指标体系 {framework.framework} {framework.version} 施行于 {begin} 至 {end},不含 {quarter}。",
            f"{framework.framework} {framework.version} is in force from {begin} to {end}, not in {quarter}.",
        )
    tree = build_tree(framework)
    intake = take_in(values, framework, units=units, states=states, counts=counts)
    past = History(quarter, history or {}, intake.sorted_index)
    cells, normalised, cell_states = indicator_scores(framework, tree, intake, past, panel)
    scored = aggregate(
        normalised,
        cell_states,
        tree,
        intake,
        min_attainable=framework.min_attainable,
        earlier_rates=lambda: _earlier_rates(past, tree),
    )
    adjusted = adjust(index_of(scored, tree, framework.min_attainable), framework, intake)
    return _result(framework, tree, intake, past, cells, normalised, scored, adjusted)


def indicator_scores(
    framework: Framework, tree: Tree, intake: Intake, past: History, panel: Mapping[str, pd.DataFrame] | None
) -> tuple[Cells, Floats, Codes]:
    """State → denominate_by → treat → transform → rule → clamp → missing."""
    cells = cells_of(intake, framework)
    specs = [one.missing or framework.missing for one in framework.indicators]

    def earlier_values() -> Floats | None:
        if past.before is None or panel is None or past.before not in panel:
            return None
        population = Population(cells.values, intake, framework, past.quarter, panel)
        return population.before(past.before)

    def earlier_scores() -> Floats | None:
        rates = past.figures(past.before, lambda result: exact_rates(result)[0], tree.indicators)
        return None if rates is None else rates * (tree.full[: len(rates)] / tree.factors)[:, None]

    on_value = [spec if spec.on == "value" else None for spec in specs]
    raw, states = impute(cells.values, cells.states, on_value, intake, earlier_values)
    ready = transform(treat(raw, framework.indicators), intake.sorted_index, framework.indicators)
    normalised = normalise(Population(ready, intake, framework, past.quarter, panel))
    on_score = [spec if spec.on == "normalised" else None for spec in specs]
    normalised, states = impute(normalised, states, on_score, intake, earlier_scores)
    return cells, *_unscored(normalised, states)


def _unscored(normalised: Floats, states: Codes) -> tuple[Floats, Codes]:
    """A value that no rule can score (a constant has no min–max) is not rated."""
    lost = np.isnan(normalised) & ((states == 0) | (states == 5))
    return normalised, np.where(lost, np.int8(4), states)


def exact_rates(result: ScoreResult) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rates of indicators and of groups without rounding, so that 8 of 12 points stay 8 points."""
    return (
        result.points / result.attainable.where(result.attainable > 0),
        result.group_points / result.group_attainable.where(result.group_attainable > 0),
    )


def _earlier_rates(past: History, tree: Tree) -> Floats | None:
    """Rates of the previous period for every row of the tree."""
    groups = past.figures(past.before, lambda result: exact_rates(result)[1], tree.groups)
    if groups is None:
        return None
    blank = np.full((len(tree.indicators), groups.shape[1]), np.nan)
    return np.concatenate([blank, groups, np.full((1, groups.shape[1]), np.nan)])


def _levels(
    framework: Framework,
    tree: Tree,
    intake: Intake,
    past: History,
    cells: Cells,
    scored: Scored,
    index: Floats,
) -> dict[str, Level]:
    within = ranked_within(framework)
    common: dict[str, Any] = {"history": past, "scope": intake.scope(within)}
    count = len(tree.indicators)

    def part(rows: slice) -> dict[str, Any]:
        return {
            "points": scored.points[rows],
            "attainable": scored.attainable[rows],
            "base": scored.attainable[rows],
            "states": scored.states[rows].astype(np.float64),
            "full": tree.full[rows],
        }

    top = part(slice(-1, None)) | {"points": index[None, :], "base": np.full((1, len(index)), tree.root.full)}
    return {
        "index": Level(
            codes=("index",),
            values=None,
            is_index=True,
            raw=scored.points[-1:],
            earlier_rates=lambda result: (result.index / result.full).to_frame("index"),
            **top,
            **common,
        ),
        "groups": Level(
            codes=tree.groups,
            values=None,
            earlier_rates=lambda result: result.group_rates,
            **part(slice(count, -1)),
            **common,
        ),
        "indicators": Level(
            codes=tree.indicators,
            values=cells.values,
            earlier_rates=lambda result: result.rates,
            **part(slice(0, count)),
            **common,
        ),
    }


def ranked_within(framework: Framework) -> str:
    """Return with whom units are ranked: as declared, else in their peer groups where there are any."""
    return framework.rank.within or ("all" if framework.peer_groups is None else "peer_group")


def _result(
    framework: Framework,
    tree: Tree,
    intake: Intake,
    past: History,
    cells: Cells,
    normalised: Floats,
    scored: Scored,
    adjusted: Adjusted,
) -> ScoreResult:
    rounding = framework.rounding
    published = round_places(adjusted.index, places=rounding.places, mode=rounding.mode)
    levels = _levels(framework, tree, intake, past, cells, scored, adjusted.index)
    top = levels["index"]
    ranked = published if framework.rank.on == "published" else adjusted.index
    warnings = raise_warnings(framework, tree, levels, adjusted)
    by_unit = {
        "index": adjusted.index,
        "published": published,
        "ranks": rank(ranked, framework, top.scope),
        "colours": colours(framework, top, warnings),
        "grades": grades(framework, top, adjusted),
        "peer_groups": _peer_groups(framework, intake),
        "index_attainable": scored.attainable[-1],
    }
    # A slice where the units came sorted, so that nothing is copied.
    back = slice(None) if intake.is_sorted else np.argsort(intake.order, kind="stable")
    count = len(tree.indicators)

    def frame(rows: Floats, codes: tuple[str, ...]) -> pd.DataFrame:
        return pd.DataFrame(
            _frozen(rows[:, back]).T, index=intake.index, columns=pd.Index(codes, dtype=object), copy=False
        )

    groups = slice(count, -1)
    return ScoreResult(
        framework=framework.framework,
        version=framework.version,
        framework_digest=framework.digest,
        quarter=past.quarter,
        full=tree.root.full,
        points=frame(scored.points[:count], tree.indicators),
        normalised=frame(quantise(normalised), tree.indicators),
        states=names_frame(scored.states[:count][:, back], intake.index, list(tree.indicators)),
        attainable=frame(scored.attainable[:count], tree.indicators),
        group_points=frame(scored.points[groups], tree.groups),
        group_rates=frame(levels["groups"].rates, tree.groups),
        group_states=names_frame(scored.states[groups][:, back], intake.index, list(tree.groups)),
        group_attainable=frame(scored.attainable[groups], tree.groups),
        adjustments=frame(adjusted.points, tuple(one.code for one in framework.adjustments)),
        warnings=_named(warnings, intake),
        bands=_named(raise_bands(framework, tree, levels), intake),
        weights=_weights(scored, tree),
        **{name: pd.Series(array[back], index=intake.index, name=name) for name, array in by_unit.items()},
    )


def _frozen(array: Floats) -> Floats:
    array.setflags(write=False)
    return array


def _peer_groups(framework: Framework, intake: Intake) -> np.ndarray:
    within = ranked_within(framework)
    if within == "all":
        return np.full(len(intake.index), "all", dtype=object)
    return intake.attribute(within, "rank.within").to_numpy(dtype=object)


def _named(warnings: pd.DataFrame, intake: Intake) -> pd.DataFrame:
    """Name the units and put the rows in the order of the units given, then of the rules."""
    if not len(warnings):
        return warnings
    places = warnings["unit"].to_numpy(dtype=np.intp)
    ordered = warnings.assign(unit=intake.sorted_index.to_numpy()[places])
    return ordered.iloc[np.argsort(intake.order[places], kind="stable")].reset_index(drop=True)


def _weights(scored: Scored, tree: Tree) -> pd.DataFrame:
    names = (*tree.indicators, *tree.groups)
    rows = [
        (branch.code or "index", names[child], float(weight))
        for branch in tree.branches
        if branch.row in scored.weights
        for child, weight in zip(branch.children, quantise(scored.weights[branch.row]), strict=True)
    ]
    return pd.DataFrame(rows, columns=["group", "child", "weight"])
