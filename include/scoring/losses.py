"""What an indicator's points are worth in the index, and what a unit lost on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from include.scoring.model import Framework
from include.scoring.result import ScoreResult
from include.scoring.rounding import Floats, quantise
from include.scoring.tree import Tree, build_tree

_LINEAR = {"sum", "mean"}
_DECLARED = {"given", "equal"}


def shares(result: ScoreResult, framework: Framework) -> pd.DataFrame:
    """Points of the index for each point of an indicator (units × indicators), as the unit was scored.

    Where points are summed, that is declared ÷ attainable on the way up; where they are averaged, the weight among the
    children that count. 0 for an indicator that does not count; NaN under a branch that is not linear in its children
    (geometric, median …), or whose weights are estimated and not in the result. For a wholly linear framework
    Σ points × share is the index before adjustments.
    """
    return shares_of_rows(result, framework)[0]


def shares_of_rows(result: ScoreResult, framework: Framework) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `shares` of the indicators and of the groups."""
    tree = build_tree(framework)
    points, attainable = _rows(result)
    found = np.zeros(points.shape)
    found[-1] = _rescaled(attainable, tree, framework)[-1]
    for branch in reversed(tree.branches):
        children, above = list(branch.children), found[branch.row]
        present = (attainable[children] > 0) & (attainable[branch.row] > 0)
        if branch.sums:
            found[children] = np.where(present, above, 0.0)
            continue
        scored = _rescaled(attainable, tree, framework)[children]
        weights = _weights(result, tree, branch.code, branch.children)
        if branch.combine not in _LINEAR:
            weights = np.full(len(children), np.nan)
        present &= scored > 0
        total = np.where(present, weights[:, None], 0.0).sum(axis=0)
        scale = 1.0 if branch.scale is None or branch.points is None else branch.points / branch.scale
        part = np.divide(
            weights[:, None], total, out=np.zeros(scored.shape), where=(total > 0) | np.isnan(total)
        )
        found[children] = np.where(present, above * scale * part * scored, 0.0)
    count = len(tree.indicators)
    return (
        pd.DataFrame(found[:count].T, index=result.points.index, columns=result.points.columns),
        pd.DataFrame(found[count:-1].T, index=result.points.index, columns=result.group_points.columns),
    )


def _rows(result: ScoreResult) -> tuple[Floats, Floats]:
    top = np.full((1, len(result.index)), 0.0)
    points = [result.points.to_numpy().T, result.group_points.to_numpy().T, top]
    index_attainable = result.index_attainable.to_numpy(dtype=np.float64)[None, :]
    attainable = [result.attainable.to_numpy().T, result.group_attainable.to_numpy().T, index_attainable]
    return np.concatenate(points), np.nan_to_num(np.concatenate(attainable))


def _rescaled(attainable: Floats, tree: Tree, framework: Framework) -> Floats:
    """Full score ÷ attainable of every row, 0 where too little was attainable to count."""
    full = tree.full[:, None]
    enough = (attainable > 0) & (quantise(attainable / full) >= framework.min_attainable)
    return np.divide(full, attainable, out=np.zeros(attainable.shape), where=enough)


def _weights(result: ScoreResult, tree: Tree, code: str | None, children: tuple[int, ...]) -> Floats:
    branch = next(one for one in tree.branches if one.code == code)
    names = (*tree.indicators, *tree.groups)
    if branch.weights.kind in _DECLARED:
        given = branch.child_weights if branch.weights.kind == "given" else np.ones(len(children))
        return given / given.sum()
    stored = result.weights[result.weights["group"] == (code or "index")].set_index("child")["weight"]
    return stored.reindex([names[child] for child in children]).to_numpy(dtype=np.float64)


def point_losses(
    result: ScoreResult, framework: Framework, *, units: Sequence[str] | None = None
) -> pd.DataFrame:
    """Points lost by unit and indicator, the largest loss first; of some units, or of all.

    One row per unit and indicator.

    Columns: unit, indicator, points, attainable, lost (attainable − points; NaN where the indicator did not count,
    which is no loss), index_lost (the same in points of the index; NaN where the framework is not linear), state, rank
    (of the loss within the unit, 1 the largest; missing where nothing counted).
    """
    kept = result.points.index if units is None else pd.Index(units)
    points, attainable = (frame.loc[kept].to_numpy() for frame in (result.points, result.attainable))
    lost = np.where(attainable > 0, quantise(attainable - points), np.nan)
    indicators = points.shape[1]
    share = shares(result, framework).loc[kept].to_numpy()
    table = pd.DataFrame(
        {
            "unit": np.repeat(kept.to_numpy(), indicators),
            "indicator": np.tile(result.points.columns.to_numpy(), len(kept)),
            "points": points.ravel(),
            "attainable": attainable.ravel(),
            "lost": lost.ravel(),
            "index_lost": quantise(lost * share).ravel(),
            "state": result.states.loc[kept].to_numpy(dtype=object).ravel(),
        }
    )
    place = np.tile(np.arange(indicators), len(kept))
    table = table.assign(_place=place).sort_values(
        ["unit", "index_lost", "lost", "_place"], ascending=[True, False, False, True], na_position="last"
    )
    rank = table.groupby("unit", sort=False).cumcount() + 1
    table["rank"] = rank.where(table["lost"].notna()).astype("Int64")
    return table.drop(columns="_place").reset_index(drop=True)
