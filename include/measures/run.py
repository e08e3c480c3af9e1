"""Run one measures file over staged rows: numerator, denominator and n of every unit of the register."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from include.feeds.contract import Contract
from include.measures.definition import MeasuresDefinition
from include.measures.errors import MeasureError
from include.measures.result import check, to_frame
from include.measures.views import StagedPart, create_feed_views, create_shared_views
from include.quarters import Quarter


@dataclass(frozen=True)
class ReadFeed:
    """Another feed that a measures file reads."""

    contract: Contract
    parts: Sequence[StagedPart]


def run_measures(
    connection: duckdb.DuckDBPyConnection,
    *,
    definition: MeasuresDefinition,
    contract: Contract,
    parts: Sequence[StagedPart],
    quarter: Quarter,
    units: pd.DataFrame,
    working_days: pd.DataFrame,
    arrived: bool,
    reads: Mapping[str, ReadFeed] | None = None,
    successors: Mapping[str, str] | None = None,
    identities: pa.Table | None = None,
) -> pd.DataFrame:
    """Compute a feed's measures of one quarter.

    Args:
        connection: An engine; the run leaves nothing behind on it.
        definition: The measures file.
        contract: The feed's contract.
        parts: Its staged parts that count, of any quarters; those outside the look-back are left out.
        quarter: The quarter to compute.
        units: The register on the quarter's last day, one row per unit, with `unit_code`.
        working_days: Columns `day` and `is_working`.
        arrived: Whether the feed was delivered for the quarter (a nil return is a delivery); if not, every
            measure is missing.
        reads: The feeds named in the header's `reads`.
        identities: `before` → `now`: pseudonyms under an earlier key and the same persons' under a later one.
        successors: Units that ended before the quarter did → the unit they were merged into, which takes their rows.

    Returns:
        Columns unit_code, measure (`<feed>.<code>`), key ("" where there is none), numerator and denominator
        (exact decimals), n (Int64), value (the double nearest to the exact quotient), state (categorical of
        STATES); one row per unit, measure and key, in order of file, key, register. A unit without a figure
        takes the measure's `absent` rule; a denominator of zero is not applicable.

    Raises:
        MeasureError: The SQL, its input or its result breaks the convention.
    """
    if definition.feed != contract.feed:
        raise MeasureError(
            str(definition.path),
            f"声明的数据源是 [{definition.feed}],契约是 [{contract.feed}]。",
            f"It declares feed [{definition.feed}], the contract is [{contract.feed}].",
        )
    codes = pd.Index(units["unit_code"])
    if not codes.is_unique:
        raise MeasureError(contract.feed, "单位登记表有重复的 unit_code。", "A unit_code stands twice.")
    result = pa.table({"unit": pa.array([], pa.string())})
    if arrived:
        with closing(connection.cursor()) as cursor:
            create_shared_views(
                cursor,
                units=units,
                working_days=working_days,
                successors=successors or {},
                identities=identities,
            )
            create_feed_views(cursor, contract=contract, parts=parts, quarter=quarter)
            for feed in definition.reads:
                other = read_feed(definition, feed, reads or {})
                create_feed_views(cursor, contract=other.contract, parts=other.parts, quarter=quarter)
            result = execute(cursor, definition, quarter)
    return to_frame(result, definition, codes, arrived=arrived)


def read_feed(definition: MeasuresDefinition, feed: str, reads: Mapping[str, ReadFeed]) -> ReadFeed:
    """The feed that a measures file names under `reads`; MeasureError where it was not given."""
    if feed not in reads:
        raise MeasureError(
            str(definition.path),
            f"reads 中的数据源 [{feed}] 未提供,现有 {sorted(reads)}。",
            f"The feed [{feed}] under reads was not given; given: {sorted(reads)}.",
        )
    return reads[feed]


def execute(cursor: duckdb.DuckDBPyConnection, definition: MeasuresDefinition, quarter: Quarter) -> pa.Table:
    """Run a measures file's statement over the views that `cursor` has; MeasureError where it breaks the convention."""
    where = str(definition.path)
    try:
        statements = duckdb.extract_statements(definition.sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise MeasureError(where, "应恰为一条 SELECT 语句。", "The file must hold one SELECT statement.")
        dates = _dates(statements[0].named_parameters, quarter, where)
        table = cursor.sql(statements[0], params=dates).to_arrow_table()
    except duckdb.Error as error:
        raise MeasureError(where, f"SQL 无法执行:{error}", f"The SQL does not run: {error}") from error
    check(table, definition)
    return table


def columns_read(
    cursor: duckdb.DuckDBPyConnection, definition: MeasuresDefinition, quarter: Quarter, code: str
) -> set[str]:
    """Names of the columns that one measure of a file needs, as the engine's own plan for it alone reads them."""
    (statement,) = duckdb.extract_statements(definition.sql)
    dates = _dates(statement.named_parameters, quarter, str(definition.path))
    given = cursor.execute(f"DESCRIBE\n{definition.sql}", dates).fetchall()
    names = [name for name in definition.columns(code) if name in {row[0] for row in given}]
    wanted = ", ".join(f'"{name}"' for name in names)
    query = f"EXPLAIN (FORMAT JSON) SELECT {wanted} FROM (\n{definition.sql}\n)"  # ruff: ignore[hardcoded-sql-expression]
    (plan,) = cursor.execute(query, dates).fetchall()
    return _scanned(json.loads(plan[1]))


def _scanned(nodes: list[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if "SCAN" in node["name"]:
            info = node.get("extra_info", {})
            found |= set(re.findall(r"\w+", f"{info.get('Projections', '')} {info.get('Filters', '')}"))
        found |= _scanned(node.get("children", []))
    return found


def _dates(used: set[str], quarter: Quarter, where: str) -> dict[str, date]:
    dates = {"quarter_start": quarter.start, "quarter_end": quarter.end}
    if unknown := sorted(used - set(dates)):
        raise MeasureError(
            where,
            f"未知参数 {unknown},只有 {sorted(dates)}。",
            f"Unknown parameters {unknown}; allowed: {sorted(dates)}.",
        )
    return {name: dates[name] for name in used}
