"""The tasks of a year: is a plan sound, and where do its tasks stand. Pure: frames in, frames out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from include.reviews.year import Progress
from include.scoring.rounding import quantise

KEY = ["unit_code", "task_code"]
PLANNED = ["planned_q1_pct", "planned_q2_pct", "planned_q3_pct", "planned_q4_pct"]
PLAN_COLUMNS = [*KEY, "decision", "task", "weight", "target", *PLANNED]
REPORTED_COLUMNS = [*KEY, "weight", "target", "progress_pct", "done_on"]
_WHOLE = 100.0


@dataclass(frozen=True)
class PlanCheck:
    """What is to be seen before a plan is frozen."""

    weights: pd.Series
    """Sum of a unit's weights, by unit, of those where it is not 100."""
    without_tasks: tuple[str, ...]
    """Scored units that no task names."""
    unknown: tuple[str, ...]
    """Units of the plan that are not scored."""
    changes: pd.DataFrame
    """Against the year before: unit_code, tasks, tasks_before, weight_moved (half the sum of |differences|)."""


def plan_of(rows: pd.DataFrame, progress: Progress) -> pd.DataFrame:
    """The plan in a January list, in order of its keys, with where each task should stand at the end of each quarter.

    Args:
        rows: columns unit_code, task_code, decision, task, weight, target, milestone_q1_pct … milestone_q3_pct (NaN:
            the straight line).
        progress: the line that counts for tasks without a milestone.

    Returns:
        Columns PLAN_COLUMNS.
    """
    plan = rows.copy()
    for name, column in zip(("Q1", "Q2", "Q3"), PLANNED, strict=False):
        given = plan[f"milestone_{name.lower()}_pct"].astype(float)
        plan[column] = quantise(given.fillna(progress.line_pct[name]).to_numpy())  # type: ignore[index]
    plan["planned_q4_pct"] = _WHOLE
    plan["weight"] = quantise(plan["weight"].astype(float).to_numpy())
    return plan[PLAN_COLUMNS].sort_values(KEY, ignore_index=True)


def check_plan(plan: pd.DataFrame, scored: Collection[str], before: pd.DataFrame | None) -> PlanCheck:
    """Look a plan over; `before` is the plan of the year before, None where there is none."""
    sums = plan.groupby("unit_code")["weight"].sum().map(quantise)
    named = set(plan["unit_code"])
    return PlanCheck(
        weights=sums[sums != _WHOLE],
        without_tasks=tuple(sorted(set(scored) - named)),
        unknown=tuple(sorted(named - set(scored))),
        changes=_changes(plan, before),
    )


def progress_of(
    plan: pd.DataFrame, reported: pd.DataFrame, quarter: int, tolerance_pct: float
) -> pd.DataFrame:
    """Where every task of a frozen plan stands at the end of a quarter of its year.

    Weights and targets are those of the plan; `changed` says where the report has others. A task that is done stands at
    100; one that nobody reported has state `missing` and no standing: it is no zero.

    Args:
        plan: columns PLAN_COLUMNS.
        reported: columns REPORTED_COLUMNS, one row per task; done_on is text, '' while it is not done.
        quarter: 1 to 4.
        tolerance_pct: percentage points around the planned progress within which a task is neither behind nor ahead.

    Returns:
        Columns unit_code, task_code, decision, task, weight, target, planned_pct, progress_pct, state (value, missing),
        standing (behind, at, ahead, ''), done_on, changed ('', weight, target, or both with a comma).
    """
    joined = plan.merge(
        reported.rename(columns={"weight": "weight_now", "target": "target_now"}), on=KEY, how="left"
    )
    planned = joined[PLANNED[quarter - 1]].to_numpy(dtype=np.float64)
    done = joined["done_on"].fillna("").astype(str)
    progress = quantise(joined["progress_pct"].to_numpy(dtype=np.float64))
    progress = np.where(done != "", _WHOLE, progress)
    known = ~np.isnan(progress)
    # At the end of the year there is no grace: what is not done is behind.
    grace = tolerance_pct if quarter < 4 else 0.0
    standing = np.select(
        [~known, progress < planned - grace, progress > planned + grace], ["", "behind", "ahead"], "at"
    )
    found = joined["target_now"].notna().to_numpy()
    moved = found & (joined["weight"].to_numpy() != quantise(joined["weight_now"].to_numpy(dtype=np.float64)))
    aimed = found & (joined["target"] != joined["target_now"]).to_numpy()
    changed = np.select([moved & aimed, moved, aimed], ["weight,target", "weight", "target"], "")
    return pd.DataFrame(
        {
            **{name: joined[name] for name in (*KEY, "decision", "task", "weight", "target")},
            "planned_pct": planned,
            "progress_pct": progress,
            "state": np.where(known, "value", "missing"),
            "standing": standing,
            "done_on": done,
            "changed": changed,
        }
    )


def by_unit(tasks: pd.DataFrame) -> pd.DataFrame:
    """The tasks of `progress_of` by unit.

    Returns:
        Columns unit_code, tasks, done, missing, behind, at, ahead, changed (tasks), weight (all), known_weight (with a
        progress), achieved (weight × progress), planned_pct and progress_pct (both weighted over the tasks with a
        progress; NaN without any).
    """
    known = tasks["state"] == "value"
    parts = tasks.assign(
        known_weight=tasks["weight"].where(known, 0.0),
        achieved=(tasks["weight"] * tasks["progress_pct"] / _WHOLE).where(known, 0.0),
        due=(tasks["weight"] * tasks["planned_pct"] / _WHOLE).where(known, 0.0),
        done=(tasks["progress_pct"] == _WHOLE).astype(int),
        missing=(~known).astype(int),
        changed=(tasks["changed"] != "").astype(int),
        **{name: (tasks["standing"] == name).astype(int) for name in ("behind", "at", "ahead")},
    )
    sums = [
        "done",
        "missing",
        "behind",
        "at",
        "ahead",
        "changed",
        "weight",
        "known_weight",
        "achieved",
        "due",
    ]
    found = parts.groupby("unit_code", sort=True)[sums].sum()
    found.insert(0, "tasks", parts.groupby("unit_code").size())
    some = found["known_weight"] > 0
    for name, top in (("planned_pct", "due"), ("progress_pct", "achieved")):
        found[name] = quantise((found[top] / found["known_weight"].where(some) * _WHOLE).to_numpy())
    for name in ("weight", "known_weight", "achieved"):
        found[name] = quantise(found[name].to_numpy())
    return found.drop(columns="due").reset_index()


def unit_standing(units: pd.DataFrame, tolerance_pct: float) -> pd.Series:
    """Behind, at or ahead of the plan by unit of `by_unit`; '' without a progress."""
    gap = units["progress_pct"] - units["planned_pct"]
    words = np.select([gap.isna(), gap < -tolerance_pct, gap > tolerance_pct], ["", "behind", "ahead"], "at")
    return pd.Series(words, index=units.index)


def _changes(plan: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    columns = ["unit_code", "tasks", "tasks_before", "weight_moved"]
    if before is None:
        return pd.DataFrame(columns=columns)
    # Codes are given anew every year; a task goes on where unit, decision and wording are the same.
    name = ["unit_code", "decision", "task"]
    weights = [one.groupby(name)["weight"].sum() for one in (plan, before)]
    moved = weights[0].subtract(weights[1], fill_value=0.0).abs().groupby("unit_code").sum() / 2
    counts = [one.groupby("unit_code").size() for one in (plan, before)]
    found = pd.DataFrame({"tasks": counts[0], "tasks_before": counts[1]}).fillna(0).astype(int)
    found["weight_moved"] = quantise(moved.reindex(found.index).to_numpy())
    same = (found["tasks"] == found["tasks_before"]) & (found["weight_moved"] == 0)
    return found[~same].rename_axis("unit_code").reset_index()[columns]
