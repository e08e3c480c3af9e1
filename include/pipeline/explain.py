"""Why a unit stands where it stands: points lost, rules, figures, what gave it its colour, what would turn it green."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, cast, select

from include.documents.rule_words import rule_words
from include.documents.words import adjustment_words, condition_words
from include.pipeline.evidence import Evidence, evidence
from include.pipeline.replay import inputs_of, read_framework, read_measures
from include.quarters import Quarter
from include.scoring import Framework, ScoreResult
from include.scoring.causes import Cause, with_causes
from include.scoring.improve import Counted, Improvement, improve
from include.scoring.losses import point_losses
from include.scoring.moves import ScoreInputs
from include.site import Site
from include.warehouse import releases
from include.warehouse.errors import UnknownRelease
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.store import open_warehouse, reading
from include.warehouse.tables import AS_FLOAT, fct_indicator_score, fct_unit_score, release_measure


@dataclass(frozen=True)
class Explanation:
    """One unit in one release."""

    release: Release
    status: str
    unit: str
    name: str
    scores: dict[str, Any]
    """published, index, full, attainable, rank, peers, peer_group, colour, grade, change."""
    indicators: pd.DataFrame
    """One row per indicator, the largest loss first; what did not count stands last, with its state and no loss.

    rank, indicator, title, points_declared, points, attainable, lost, index_lost, state, rule_zh, rule_en, measure,
    measure_title, formula, source, numerator, denominator, n, value, peer_median, last_value, last_points.
    """
    adjustments: pd.DataFrame
    """adjustment, kind, title, value, points, state, rule_zh, rule_en."""
    causes: tuple[Cause, ...]
    improvement: Improvement
    titles: dict[str, str]
    """Chinese titles of groups, indicators, adjustments and warnings, by target or code."""
    note: str
    """'' or a sentence: the program gives other figures now than were published."""


def explain(site: Site, jurisdiction: str, framework_code: str, quarter: Quarter, unit: str) -> Explanation:
    """Explain a unit's score in the current release of a quarter.

    Args:
        site: the site.
        jurisdiction: one of its jurisdictions.
        framework_code: a framework.
        quarter: the quarter.
        unit: a unit's code, or its name as the register has it.

    Raises:
        UnknownRelease: the quarter has no release under that framework, or the release does not score the unit.
    """
    key = ReleaseKey(jurisdiction, framework_code, str(quarter))
    with reading(open_warehouse(site.warehouse_url)) as connection:
        release = releases.current(connection, key)
        if release is None:
            raise UnknownRelease(f"[{key}] 尚未发布。", f"[{key}] has no release yet.")
        framework = read_framework(connection, release.framework_key)
        measures = read_measures(connection, release.release_id)
        inputs = inputs_of(connection, release, framework, measures)
        code = unit_of(inputs, unit, key)
        published = _published(connection, release, code)
        before = _before(connection, release, code)
        meanings = _meanings(connection, release)
        status = releases.latest_status(connection, release.release_id)
    result, causes = with_causes(inputs)
    own = measures[measures["unit_code"] == code]
    column = own["measure"].where(own["key"] == "", own["measure"] + "|" + own["key"])
    own = own.assign(column=column).set_index("column")
    measured = {
        str(name): Counted(row["numerator"], None if pd.isna(row["denominator"]) else row["denominator"])
        for name, row in own[own["state"] == "value"].to_dict("index").items()
    }
    found = tuple(causes.get(code, ()))
    return Explanation(
        release=release,
        status=status,
        unit=code,
        name=str(inputs.units["name"].get(code, code)),
        scores={**published, "full": result.full},
        indicators=_indicators(result, inputs, code, own, meanings, before),
        adjustments=_adjustments(result, inputs, code),
        causes=found,
        improvement=improve(inputs, result, code, found, measured),
        titles=_titles(framework),
        note=_note(result, code, published["index"]),
    )


def rows_behind_indicators(
    site: Site, explanation: Explanation, indicators: Sequence[str] = ()
) -> dict[str, Evidence]:
    """The accepted rows behind some indicators (of all that have a value, by default), by measure."""
    table = explanation.indicators
    chosen = table[table["indicator"].isin(indicators)] if indicators else table[table["state"] == "value"]
    measures = [name.partition("|")[0] for name in chosen["measure"]]
    engine: Engine = open_warehouse(site.warehouse_url)
    return evidence(engine, site, explanation.release, explanation.unit, measures)


def unit_of(inputs: ScoreInputs, unit: str, key: ReleaseKey) -> str:
    """The code of a scored unit, given its code or its name; raises UnknownRelease."""
    names = inputs.units["name"]
    codes = [unit] if unit in names.index else list(names.index[names == unit])
    if len(codes) != 1:
        raise UnknownRelease(
            f"[{key}] 没有参评单位 [{unit}],请写单位代码或名录中的全称。",
            f"[{key}] does not score a unit [{unit}]: give its code or its name as in the register.",
        )
    return str(codes[0])


def _published(connection: Connection, release: Release, unit: str) -> dict[str, Any]:
    shown = {
        "published": fct_unit_score.c.published,
        "index": fct_unit_score.c.index_value,
        "attainable": fct_unit_score.c.attainable,
        "change": fct_unit_score.c.change,
    }
    plain = [fct_unit_score.c[name] for name in ("rank", "peers", "peer_group", "colour", "grade", "state")]
    query = select(*(cast(one, AS_FLOAT).label(name) for name, one in shown.items()), *plain)
    row = connection.execute(
        query.where(
            fct_unit_score.c.release_id == release.release_id,
            fct_unit_score.c.quarter == release.period,
            fct_unit_score.c.unit_code == unit,
        )
    ).one()
    return dict(row._mapping)


def _before(connection: Connection, release: Release, unit: str) -> pd.DataFrame:
    """The unit's values and points of the quarter before, by indicator."""
    period = str(Quarter.parse(release.period).shift(-1))
    earlier = releases.current(connection, ReleaseKey(release.jurisdiction, release.framework_code, period))
    table = fct_indicator_score.c
    query = select(table.indicator_code, cast(table.value, AS_FLOAT), cast(table.points, AS_FLOAT)).where(
        table.release_id == (earlier.release_id if earlier else 0),
        table.quarter == period,
        table.unit_code == unit,
    )
    rows = [tuple(row) for row in connection.execute(query)]
    return pd.DataFrame(rows, columns=["indicator", "last_value", "last_points"])


def _meanings(connection: Connection, release: Release) -> pd.DataFrame:
    table = release_measure.c
    query = select(table.measure, table.title_zh, table.formula_zh, table.source).where(
        table.release_id == release.release_id
    )
    rows = [tuple(row) for row in connection.execute(query)]
    return pd.DataFrame(rows, columns=["base", "measure_title", "formula", "source"])


def _indicators(
    result: ScoreResult,
    inputs: ScoreInputs,
    unit: str,
    own: pd.DataFrame,
    meanings: pd.DataFrame,
    before: pd.DataFrame,
) -> pd.DataFrame:
    framework = inputs.framework
    table = point_losses(result, framework, units=[unit]).drop(columns="unit")
    declared = pd.DataFrame(
        [
            {
                "indicator": one.code,
                "title": one.label.zh,
                "points_declared": one.points if one.points is not None else np.nan,
                "measure": one.measure or one.code,
                "rule_zh": (words := rule_words(one)).zh,
                "rule_en": words.english,
            }
            for one in framework.indicators
        ]
    )
    table = table.merge(declared, on="indicator")
    figures = own[["numerator", "denominator", "n", "value"]]
    table = table.join(figures, on="measure")
    peers = result.peer_groups == result.peer_groups[unit]
    medians = inputs.values[peers].where(inputs.states[peers] == 0).median()
    table["peer_median"] = table["measure"].map(medians)
    table = table.merge(before, on="indicator", how="left")
    table["base"] = table["measure"].str.partition("|")[0]
    table = table.merge(meanings, on="base", how="left").fillna(
        {"measure_title": "", "formula": "", "source": ""}
    )
    order = ["rank", "indicator", "title", "points_declared", "points", "attainable", "lost", "index_lost"]
    order += ["state", "rule_zh", "rule_en", "measure", "measure_title", "formula", "source"]
    order += ["numerator", "denominator", "n", "value", "peer_median", "last_value", "last_points"]
    return table[order]


def _adjustments(result: ScoreResult, inputs: ScoreInputs, unit: str) -> pd.DataFrame:
    rows = []
    for one in inputs.framework.adjustments:
        value = inputs.values.loc[unit].reindex(list(one.columns)).sum(min_count=1)
        words = adjustment_words(one)
        rows.append(
            {
                "adjustment": one.code,
                "kind": one.kind,
                "title": one.label.zh,
                "value": value,
                "points": result.adjustments.loc[unit, one.code],
                "state": "missing" if pd.isna(value) else "value",
                "rule_zh": words.zh,
                "rule_en": words.english,
            }
        )
    columns = ["adjustment", "kind", "title", "value", "points", "state", "rule_zh", "rule_en"]
    return pd.DataFrame(rows, columns=columns)


def _titles(framework: Framework) -> dict[str, str]:
    titles = {"index": "指数"}
    titles |= {f"groups.{one.code}": one.label.zh for one in framework.groups}
    titles |= {f"indicators.{one.code}": one.label.zh for one in framework.indicators}
    titles |= {f"adjustments.{one.code}": one.label.zh for one in framework.adjustments}
    return titles | {f"warnings.{one.code}": one.label.zh for one in framework.warnings}


def _note(result: ScoreResult, unit: str, published: float | None) -> str:
    now = result.index[unit]
    same = pd.isna(now) if published is None else now == published
    if same:
        return ""
    return (
        "程序在发布之后有改动:下列分数按现行程序重算,与公布值不完全一致。 "
        "The program has changed since this release: the points below are as it computes them now."
    )


def as_records(found: Explanation) -> dict[str, Any]:
    """The explanation as plain data for a program; a figure that is not there is None."""
    release = found.release
    return {
        "jurisdiction": release.jurisdiction,
        "framework": release.framework_code,
        "framework_version": release.framework_version,
        "period": release.period,
        "revision": release.revision,
        "status": found.status,
        "unit": found.unit,
        "name": found.name,
        "scores": found.scores,
        "indicators": plain_records(found.indicators),
        "adjustments": plain_records(found.adjustments),
        "causes": [
            {
                "kind": one.cause.kind,
                "code": one.cause.code,
                "colour": one.cause.colour,
                "target": one.cause.target,
                "when_zh": condition_words(one.cause.when).zh,
                "when_en": condition_words(one.cause.when).english,
                "figures": one.cause.figures,
                "points_lacking": one.cause.gap.points if one.cause.gap else None,
                "value_needed": one.cause.gap.value if one.cause.gap else None,
                "points_available": one.available,
                "alone": [asdict(step) | {"value_needed": step.value_needed} for step in one.alone],
            }
            for one in found.improvement.remedies
        ],
        "plan": {
            "colour": found.improvement.colour,
            "steps": [asdict(step) | {"value_needed": step.value_needed} for step in found.improvement.plan],
        },
        "note": found.note,
    }


def plain_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame as plain data; None for what is not there."""
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in records]
