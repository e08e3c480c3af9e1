"""The Great Expectations suite that is generated from a contract, and running it.

Runs in the limited child (`second_work.py`) and is imported nowhere else. Its results are asked for without values,
read for row numbers at once and dropped; nothing of it is stored or logged.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from include.feeds.contract import Column, Contract
from include.feeds.contract_rules import (
    Between,
    Compare,
    ExistsIn,
    Matches,
    OneOf,
    RequiredIf,
    Rule,
    Sum,
)
from include.quality import grammar
from include.quality.checks import apart_column, dating_column, found_column, must_have_value, type_code
from include.quality.frame import GIVEN, READ, ROW, SAID
from include.quality.split import DELIVERY
from include.quarters import Quarter

_ROWS_ONLY = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [ROW],
    "exclude_unexpected_values": True,
}


Failures = dict[tuple[str, str], np.ndarray | None]


def run_suite(
    frame: pd.DataFrame, contract: Contract, *, earliest: str, current: str, delivered: frozenset[str]
) -> Failures:
    """Rows (`_at`) of `judged_frame` that fail, by (rule id, column); rules without a failing row are left out.

    None stands for a rule that could not be evaluated, which is never a pass.
    """
    engine = _engine()
    suite = build_suite(contract, earliest=earliest, current=current, delivered=delivered)
    batch = engine.whole_frame.get_batch(batch_parameters={"dataframe": frame})
    with warnings.catch_warnings(), _configurations_built_once():
        # pandas warns of groups in declared patterns, which are theirs to have.
        warnings.simplefilter("ignore")
        verdicts = batch.validate(suite, result_format="BOOLEAN_ONLY").results
        failing = [result.expectation_config.to_domain_obj() for result in verdicts if not result.success]
        if not failing:
            return {}
        # Lists of rows cost as much again as the verdicts, so they are asked for where something failed only.
        again = engine.gx.ExpectationSuite(name="failing", expectations=failing)
        details = batch.validate(again, result_format=_ROWS_ONLY).results
    metas = [result.expectation_config.meta for result in details]
    return {
        (meta["rule_id"], meta["column"]): _rows_in(result)
        for meta, result in zip(metas, details, strict=True)
    }


@lru_cache(maxsize=128)
def build_suite(contract: Contract, *, earliest: str, current: str, delivered: frozenset[str]) -> Any:
    """The `great_expectations.ExpectationSuite` of `contract`: one expectation per rule and column.

    `earliest` and `current` are the first and last quarter that are believed.
    """
    expectations = list(_expectations(contract, earliest, current, delivered))
    return _engine().gx.ExpectationSuite(name=contract.feed, expectations=expectations)


@contextmanager
def _configurations_built_once() -> Generator[None, None, None]:
    """Let an expectation build its configuration once, not forty times: that is over half of what a run costs.

    Expectations do not change while a suite runs; they are kept alive here, so that no identity is used again.
    """
    from great_expectations.expectations.expectation import Expectation

    own = vars(Expectation)["configuration"]
    built: dict[int, tuple[Any, Any]] = {}

    def configuration(expectation: Any) -> Any:
        key = id(expectation)
        if key not in built:
            built[key] = (expectation, own.fget(expectation))
        return built[key][1]

    Expectation.configuration = property(configuration)  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        Expectation.configuration = own  # type: ignore[method-assign]


def _rows_in(result: Any) -> np.ndarray | None:
    found = result.result.get("unexpected_index_list")
    return np.asarray([row for part in found for row in part[ROW]], dtype=np.int64) if found else None


@dataclass(frozen=True)
class _Engine:
    gx: Any
    expectations: Any
    column: Any
    whole_frame: Any


@cache
def _engine() -> _Engine:
    """Great Expectations, with frames in memory as its only data; no store, telemetry or progress bars."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
    import great_expectations as gx
    from great_expectations import expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.execution_engine import pandas_execution_engine
    from great_expectations.expectations.row_conditions import Column as RowColumn

    # Its own logger prints metric values when one fails.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    # Nothing keeps fingerprints of frames; taking them costs a third of a large run.
    pandas_execution_engine.HASH_THRESHOLD = 0
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("deliveries").add_dataframe_asset("rows")
    return _Engine(gx, expectations, RowColumn, asset.add_batch_definition_whole_dataframe("all"))


def _expectations(
    contract: Contract, earliest: str, current: str, delivered: frozenset[str]
) -> Iterator[Any]:
    gxe = _engine().expectations

    def not_matching(rule_id: str, helper: str, pattern: str) -> Any:
        return gxe.ExpectColumnValuesToNotMatchRegex(column=helper, regex=pattern, meta=_meta(rule_id, ""))

    for rule_id, kind in (
        ("R-MERGED", grammar.MERGED),
        ("R-NOCACHE", grammar.NO_CACHE),
        ("R-ERRCELL", grammar.ERROR),
        ("R-EXTLINK", grammar.LINKED),
    ):
        yield not_matching(rule_id, "_kinds", str(kind))
    yield not_matching("R-CTRL", "_cells", grammar.CONTROL)
    yield not_matching("R-CHAR", "_clean", grammar.STRANGE)
    yield not_matching("R-IDPREC", "_numbers", rf"(^|\|){grammar.LONG_NUMBER}($|\|)")
    for column in contract.columns:
        if must_have_value(column, delivered=column.name in delivered):
            meta = _meta("R-REQUIRED", column.name)
            yield gxe.ExpectColumnValuesToNotBeNull(column=column.name + GIVEN, meta=meta)
        if column.type != "string":
            meta = _meta(type_code(column), column.name)
            yield gxe.ExpectColumnValuesToBeInSet(column=column.name + READ, value_set=[True], meta=meta)
    yield from _of_place_and_time(gxe, contract, earliest, current)
    for rule in contract.rules:
        yield _of_rule(gxe, rule, contract)


def _of_place_and_time(gxe: Any, contract: Contract, earliest: str, current: str) -> Iterator[Any]:
    dated = dating_column(contract)
    if dated:
        yield gxe.ExpectColumnValuesToNotBeNull(column="_quarter_due", meta=_meta("R-QUARTER", dated))
        low, high = _number(earliest), _number(current)
        meta = _meta("R-PERIOD", dated)
        yield gxe.ExpectColumnValuesToBeBetween(
            column="_quarter_number", min_value=low, max_value=high, meta=meta
        )
    if not contract.unit.register_from_feed:
        meta = _meta("R-UNIT", contract.unit.column)
        yield gxe.ExpectColumnValuesToNotBeInSet(column="_unit", value_set=[""], meta=meta)
    meta = _meta("R-CONFLICT", contract.key[0]) if contract.key else {}
    if contract.key:
        keys = [*contract.key, DELIVERY]
        yield gxe.ExpectCompoundColumnsToBeUnique(
            column_list=keys, ignore_row_if="any_value_is_missing", meta=meta
        )


def _of_rule(gxe: Any, rule: Rule, contract: Contract) -> Any:
    match rule:
        case OneOf():
            column, values = _compared(contract.column(rule.column), rule.values)
            return gxe.ExpectColumnValuesToBeInSet(
                column=column, value_set=values, meta=_meta(rule.id, rule.column)
            )
        case Between():
            return gxe.ExpectColumnValuesToBeBetween(
                column=rule.column, min_value=rule.min, max_value=rule.max, meta=_meta(rule.id, rule.column)
            )
        case Matches():
            column, _ = _compared(contract.column(rule.column), ())
            # pandas keeps text in Arrow, whose regular expressions are RE2, like DuckDB's.
            pattern = rf"\A(?:{rule.pattern})\z"
            return gxe.ExpectColumnValuesToMatchRegex(
                column=column, regex=pattern, meta=_meta(rule.id, rule.column)
            )
        case Compare():
            return _of_comparison(gxe, rule)
        case RequiredIf():
            other, values = _compared(contract.column(rule.other), rule.values)
            return gxe.ExpectColumnValuesToNotBeNull(
                column=rule.column + GIVEN,
                row_condition=_engine().column(other).is_in(values),
                meta=_meta(rule.id, rule.column),
            )
        case Sum():
            far = float(rule.tolerance)
            return gxe.ExpectColumnValuesToBeBetween(
                column=apart_column(rule), min_value=-far, max_value=far, meta=_meta(rule.id, rule.column)
            )
        case ExistsIn():
            return gxe.ExpectColumnValuesToBeInSet(
                column=found_column(rule), value_set=[True], meta=_meta(rule.id, rule.columns[0])
            )


def _of_comparison(gxe: Any, rule: Compare) -> Any:
    meta = _meta(rule.id, rule.left)
    if rule.op == "!=":
        return gxe.ExpectSelectColumnValuesToBeUniqueWithinRecord(
            column_list=[rule.left, rule.right], ignore_row_if="any_value_is_missing", meta=meta
        )
    more, less = (rule.right, rule.left) if rule.op in ("<", "<=") else (rule.left, rule.right)
    pair = {"column_A": more, "column_B": less, "ignore_row_if": "either_value_is_missing", "meta": meta}
    if rule.op == "==":
        return gxe.ExpectColumnPairValuesToBeEqual(**pair)
    return gxe.ExpectColumnPairValuesAToBeGreaterThanB(**pair, or_equal="=" in rule.op)


def _compared(column: Column, values: tuple[str, ...]) -> tuple[str, list[Any]]:
    """The column of the frame, and the values, by which a list of values is compared."""
    if column.type in ("integer", "number"):
        return column.name, [float(value) for value in values]
    return (column.name if column.type == "string" else column.name + SAID), [
        grammar.as_read(v) for v in values
    ]


def _number(key: str) -> int:
    quarter = Quarter.parse(key)
    return quarter.year * 4 + quarter.number - 1


def _meta(rule_id: str, column: str) -> dict[str, str]:
    return {"rule_id": rule_id, "column": column}
