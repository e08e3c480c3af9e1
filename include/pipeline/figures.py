"""Scores as the warehouse keeps them, and back: results become fact frames, earlier releases become history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from include.measures.definition import MeasuresDefinition
from include.pipeline.packs import Pack
from include.quarters import Quarter
from include.scoring import Framework, ScoreResult
from include.scoring.tree import depths_of
from include.warehouse import releases
from include.warehouse.releases import FrameworkContent, Release


def fact_frames(
    result: ScoreResult,
    framework: Framework,
    *,
    measures: pd.DataFrame,
    values: pd.DataFrame,
    previous: ScoreResult | None,
) -> dict[str, pd.DataFrame]:
    """Lay out one quarter's figures as the frames of `ReleaseDraft.facts`.

    Args:
        result: the scores.
        framework: what they were scored by.
        measures: rows of `run_measures` of all feeds.
        values: the matrix that was scored, units × measure columns.
        previous: the quarter before, for the change of the published index; None where there is none.
    """
    frames = result.to_frames()
    return {
        "fct_measure": measures.assign(n=measures["n"].fillna(0)),
        "fct_indicator_score": _indicators(frames["indicators"], framework, values),
        "fct_group_score": _groups(frames["groups"], framework),
        "fct_unit_score": _units(frames["units"], previous),
        "fct_adjustment": _adjustments(frames["adjustments"], framework, values),
        "fct_warning": _warnings(frames["warnings"]),
    }


def _indicators(flat: pd.DataFrame, framework: Framework, values: pd.DataFrame) -> pd.DataFrame:
    column = {one.code: one.measure or one.code for one in framework.indicators}
    measure = flat["indicator"].map(column)
    rows = values.index.get_indexer(pd.Index(flat["unit"]))
    columns = values.columns.get_indexer(pd.Index(measure))
    value = np.where(columns < 0, np.nan, values.to_numpy()[rows, np.maximum(columns, 0)])
    named = flat.rename(columns={"unit": "unit_code", "indicator": "indicator_code"})
    return named.assign(measure=measure, value=value, state=flat["state"].astype(str))


def _groups(flat: pd.DataFrame, framework: Framework) -> pd.DataFrame:
    depths = depths_of(framework)
    named = flat.rename(columns={"unit": "unit_code", "group": "group_code"})
    return named.assign(depth=named["group_code"].map(depths).astype(int), state=flat["state"].astype(str))


def _units(units: pd.DataFrame, previous: ScoreResult | None) -> pd.DataFrame:
    earlier = pd.Series(dtype=float) if previous is None else previous.published
    rated = units["index"].notna()
    peers = units["peer_group"].where(rated).map(units.loc[rated, "peer_group"].value_counts()).fillna(0)
    return pd.DataFrame(
        {
            "unit_code": units["unit"],
            "peer_group": units["peer_group"],
            "index_value": units["index"],
            "published": units["published"],
            "attainable": units["attainable"],
            "rank": units["rank"],
            "peers": peers.astype(int),
            "colour": units["colour"].fillna(""),
            "grade": units["grade"].fillna(""),
            "change": (units["published"] - units["unit"].map(earlier).astype(float)).round(9),
            "state": np.where(rated, "value", "not_rated"),
        }
    )


def _adjustments(flat: pd.DataFrame, framework: Framework, values: pd.DataFrame) -> pd.DataFrame:
    if flat.empty:
        return pd.DataFrame(
            columns=["unit_code", "adjustment_code", "kind", "value", "points", "effect", "state"]
        )
    declared = {one.code: one for one in framework.adjustments}
    sums = {
        code: values.reindex(columns=list(one.columns)).sum(axis=1, min_count=1)
        for code, one in declared.items()
    }
    wide = pd.DataFrame(sums).rename_axis("unit").reset_index()
    joined = flat.merge(
        wide.melt("unit", var_name="adjustment", value_name="value"), on=["unit", "adjustment"]
    )
    return pd.DataFrame(
        {
            "unit_code": joined["unit"],
            "adjustment_code": joined["adjustment"],
            "kind": joined["adjustment"].map({code: one.kind for code, one in declared.items()}),
            "value": joined["value"].round(9),
            "points": joined["points"],
            "effect": joined["adjustment"].map({code: _effect(one.effect) for code, one in declared.items()}),
            "state": np.where(joined["value"].notna(), "value", "missing"),
        }
    )


def _effect(effect: object) -> str:
    return "" if effect is None else json.dumps(effect.model_dump(exclude_none=True), ensure_ascii=False)  # type: ignore[attr-defined]


def _warnings(raised: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit_code": raised["unit"],
            "rule_code": raised["rule"],
            "target": raised["on"],
            "colour": raised["colour"],
            "title_zh": raised["title_zh"],
            "title_en": raised["title_en"].fillna(""),
            "evidence": [json.loads(text) for text in raised["evidence"]],
        }
    )


def read_history(
    connection: Connection,
    priors: Mapping[Quarter, Release] | Mapping[str, Release],
    framework: Framework,
    *,
    with_indicators: bool = True,
) -> dict[str, ScoreResult]:
    """Rebuild the results of earlier releases from their facts, by period.

    A release scored under another version of the framework keeps its own indicators; what both have is compared.
    Without indicators, the results hold units and groups only.
    """
    return {
        str(period): _past(connection, release, framework, with_indicators=with_indicators)
        for period, release in sorted(priors.items(), key=lambda item: str(item[0]))
    }


def looks_at_past_indicators(framework: Framework) -> bool:
    """Whether scoring under the framework, or its certainty, looks at indicators of earlier releases."""
    rules = [rule for rule in framework.warnings if rule.on.startswith("indicators")]
    terms = {term.name for rule in rules for term in rule.when.terms}
    instead = framework.certainty.missing if framework.certainty is not None else ()
    return (
        takes_from_before(framework)
        or any(one.kind == "previous" for one in instead)
        or bool(terms & {"change", "change_yoy", "quarters_below"})
    )


def takes_from_before(framework: Framework) -> bool:
    """Whether the framework lets a missing value or group take the previous period's."""
    missing = [framework.missing, *(one.missing for one in (*framework.indicators, *framework.groups))]
    return any(one is not None and one.kind == "previous" for one in missing)


def _past(
    connection: Connection, release: Release, framework: Framework, *, with_indicators: bool
) -> ScoreResult:
    def facts(name: str, **columns: str) -> pd.DataFrame:
        return releases.read_facts(connection, release.release_id, name).rename(
            columns={"unit_code": "unit"} | columns
        )

    units = facts("fct_unit_score", index_value="index")
    columns = ["unit", "indicator", "normalised", "points", "attainable", "state"]
    indicators = (
        facts("fct_indicator_score", indicator_code="indicator")
        if with_indicators
        else pd.DataFrame({column: [] for column in columns})
    )
    groups = facts("fct_group_score", group_code="group")
    adjustments = facts("fct_adjustment", adjustment_code="adjustment")
    meta = {
        "framework": release.framework_code,
        "version": release.framework_version,
        "framework_digest": "",
        "quarter": release.period,
        "full": framework.points or 100.0,
        "indicators": json.dumps(list(indicators["indicator"].unique())),
        "groups": json.dumps(list(groups["group"].unique())),
        "adjustments": json.dumps(list(adjustments["adjustment"].unique())),
    }
    blank: dict[str, list[str]] = {
        "rule": [],
        "on": [],
        "colour": [],
        "title_zh": [],
        "title_en": [],
        "evidence": [],
    }
    return ScoreResult.from_frames(
        {
            "meta": pd.DataFrame([meta]),
            "units": units.assign(
                colour=units["colour"].replace("", None), grade=units["grade"].replace("", None)
            ),
            "indicators": indicators,
            "groups": groups,
            "adjustments": adjustments,
            # Nothing that looks back reads the warnings or the weights of an earlier quarter.
            "warnings": pd.DataFrame({"unit": [], **blank}),
            "weights": pd.DataFrame({"group": [], "child": [], "weight": []}),
        }
    )


def measure_meanings(definitions: Iterable[MeasuresDefinition]) -> pd.DataFrame:
    """What the measures of a release mean, one row each, as `ReleaseDraft.measures` wants it."""
    rows = [
        {
            "measure": f"{definition.feed}.{code}",
            "title_zh": measure.title.zh,
            "title_en": measure.title.en,
            "formula_zh": measure.formula.zh,
            "formula_en": measure.formula.en,
            "source": measure.source,
        }
        for definition in definitions
        for code, measure in definition.measures.items()
    ]
    return pd.DataFrame(rows)


def framework_content(pack: Pack) -> FrameworkContent:
    """The framework as the warehouse's dimensions keep it."""
    framework = pack.framework
    depths = depths_of(framework)
    parents = {group.code: group.parent or "" for group in framework.groups}
    title = framework.title
    return FrameworkContent(
        code=framework.framework,
        version=framework.version,
        effective_from=str(framework.effective_from or ""),
        digest=framework.digest,
        title_zh=title.zh if title else framework.framework,
        title_en=title.english if title else framework.framework,
        groups=pd.DataFrame(
            [
                {
                    "group_code": group.code,
                    "parent_code": group.parent or "",
                    "depth": depths[group.code],
                    "position": position,
                    "points": group.points if group.points is not None else np.nan,
                    "points_state": "value" if group.points is not None else "weight",
                    "title_zh": group.label.zh,
                    "title_en": group.label.english,
                }
                for position, group in enumerate(framework.groups)
            ]
        ),
        indicators=pd.DataFrame(
            [
                {
                    "indicator_code": one.code,
                    "group_code": one.group or "",
                    "group_path": _path(one.group, parents),
                    "position": position,
                    "title_zh": one.label.zh,
                    "title_en": one.label.english,
                    "points": one.points if one.points is not None else np.nan,
                    "points_state": "value" if one.points is not None else "weight",
                    "measure": one.measure or one.code,
                    "rule": json.dumps(
                        one.rule.model_dump(mode="json", exclude_none=True), ensure_ascii=False
                    ),
                    "source": one.source or "",
                }
                for position, one in enumerate(framework.indicators)
            ]
        ),
        yaml="\n---\n".join(path.read_text(encoding="utf-8") for path in pack.files),
    )


def _path(group: str | None, parents: Mapping[str, str]) -> str:
    path: list[str] = []
    while group:
        path.insert(0, group)
        group = parents[group]
    return "/".join(path)
