"""What a release was scored from, as it stored it: framework, measures, units and history, ready for `score` again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, cast, select

from include.measures.matrix import STATES, to_matrix
from include.measures.ratios import EXACT, quotient
from include.pipeline.figures import looks_at_past_indicators, read_history, takes_from_before
from include.pipeline.packs import overlay
from include.quarters import Quarter
from include.scoring import Framework, ScoreResult
from include.scoring.loader import parse_documents
from include.scoring.moves import ScoreInputs
from include.scoring.periods import ends
from include.warehouse import releases
from include.warehouse.register import read_units
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.tables import AS_FLOAT, dim_framework, fct_measure

_MISSING, _NOT_APPLICABLE = STATES.index("missing"), STATES.index("not_applicable")


def read_framework(connection: Connection, framework_key: int) -> Framework:
    """The framework as a release used it, from the text that the warehouse keeps."""
    query = select(dim_framework.c.yaml).where(dim_framework.c.framework_key == framework_key)
    return _framework(str(connection.scalar(query)))


@cache
def _framework(text: str) -> Framework:
    merged, *overrides = parse_documents(text, name="dim_framework")
    for override in overrides:
        merged = overlay(merged, override)
    return Framework.from_dict(merged)


def read_inputs(connection: Connection, release: Release, *, with_history: bool = True) -> ScoreInputs:
    """Read what `release` was scored from; the history is of the releases that its inputs name.

    Without history, conditions that look back find nothing; the index is the same unless its framework takes a missing
    value from the period before, for which the history is read all the same.
    """
    framework = read_framework(connection, release.framework_key)
    return inputs_of(
        connection,
        release,
        framework,
        read_measures(connection, release.release_id),
        with_history=with_history,
    )


def inputs_of(
    connection: Connection,
    release: Release,
    framework: Framework,
    measures: pd.DataFrame,
    *,
    with_history: bool = True,
) -> ScoreInputs:
    """As `read_inputs`, from the framework and the measures of the release, read already."""
    values, states, counts = matrices(measures, framework)
    units = read_scored_units(connection, release).reindex(values.index)
    scores = releases.read_facts(connection, release.release_id, "fct_unit_score").set_index("unit_code")
    wanted = with_history or takes_from_before(framework)
    return ScoreInputs(
        quarter=release.period,
        framework=framework,
        values=values,
        states=states,
        counts=counts,
        units=units,
        history=_history(connection, release, framework) if wanted else {},
        index=scores["index_value"],
        published=scores["published"],
    )


def _history(connection: Connection, release: Release, framework: Framework) -> dict[str, ScoreResult]:
    """Past results; their indicators, most of what there is to read, only where the framework looks at them."""
    needed = looks_at_past_indicators(framework)
    return read_history(connection, priors_of(connection, release), framework, with_indicators=needed)


def read_measures(connection: Connection, release_id: int) -> pd.DataFrame:
    """The measures of a release: unit_code, measure, key, numerator, denominator, n, value, state.

    `value` is the exact quotient: the stored one has nine places, and scores were made of more.
    """
    table = fct_measure.c
    figures = [cast(column, AS_FLOAT) for column in (table.numerator, table.denominator)]
    query = select(table.unit_code, table.measure, table.key, *figures, table.n, table.state)
    rows = connection.execute(query.where(table.release_id == release_id)).all()
    names = ("unit_code", "measure", "key", "numerator", "denominator", "n", "state")
    columns: Iterable[tuple[Any, ...]] = zip(*rows, strict=True) if rows else [()] * len(names)
    measures = pd.DataFrame(dict(zip(names, columns, strict=True)))
    measures = measures.astype({"numerator": "float64", "denominator": "float64"})
    known = (measures["state"] == "value").to_numpy()
    divisor = np.where(measures["denominator"].isna(), 1.0, measures["denominator"])
    numerator = pa.array(measures["numerator"].to_numpy(), mask=~known).cast(EXACT)
    return measures.assign(value=quotient(numerator, pa.array(divisor).cast(EXACT)))


def matrices(measures: pd.DataFrame, framework: Framework) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Values, states and counts as `score` takes them; measures of a feed that the county lacks do not apply."""
    values, states, counts = to_matrix(measures)
    wanted = [column for column in framework.measures if column not in values.columns]
    known = {name.partition(".")[0] for name in measures["measure"].unique()}
    absent = [column for column in wanted if column.partition(".")[0] not in known]
    values = values.reindex(columns=[*values.columns, *wanted])
    states = states.reindex(columns=values.columns, fill_value=_MISSING)
    states[absent] = _NOT_APPLICABLE
    return values, states, counts.reindex(columns=values.columns)


def read_scored_units(connection: Connection, release: Release) -> pd.DataFrame:
    """The scored units with their attributes, by code, as the release's register had them at the period's end."""
    units = read_units(connection, release.jurisdiction, import_id=release.register_import_id)
    day = Quarter(*ends(release.period)).end
    valid = (units["valid_from"] <= day) & (units["valid_to"] >= day) & (units["peer_group"] != "")
    units = units[valid].reset_index(drop=True)
    attributes = pd.json_normalize(units.pop("attributes").tolist())
    return pd.concat([units, attributes], axis=1).set_index("unit_code")


def priors_of(connection: Connection, release: Release) -> dict[Quarter, Release]:
    """The releases that were looked back at: the newest revision of each period with the digest that is named."""
    inputs = releases.read_inputs(connection, release.release_id)
    named = inputs[inputs["kind"] == "prior_release"]
    priors = {}
    for period, digest in zip(named["name"], named["digest"], strict=True):
        key = ReleaseKey(release.jurisdiction, release.framework_code, period)
        for revision in releases.revisions(connection, key):
            if revision.result_digest == digest:
                priors[Quarter.parse(period)] = revision
    return priors
