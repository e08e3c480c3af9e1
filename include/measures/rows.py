"""The accepted rows behind a figure: a measures file's own statement, run with every row as a unit of its own.

A figure that adds up over rows needs no second definition of what counts: give each row a unit of its own, run the same
statement, and what comes back is each row's part of numerator, denominator and n. Rows that count only together (a
project's findings, a day's sessions) share a unit; where a figure is made of all of a unit's rows (a change over a
year), a row is behind it if the figure differs without it.
"""
# ruff: file-ignore[hardcoded-sql-expression] (names are those of validated contracts and headers)

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from include.feeds.contract import Contract
from include.measures.definition import MeasuresDefinition
from include.measures.ratios import EXACT
from include.measures.run import ReadFeed, columns_read, execute, read_feed
from include.measures.views import StagedPart, create_feed_views, create_shared_views
from include.quarters import Quarter

PARTS = ("numerator", "denominator", "n")
_CELLS = ("_sha256", "_sheet", "_row")
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class RowsBehind:
    """The rows behind the measures of one feed and quarter.

    `rows` has one row per unit, measure, key and accepted row: unit_code, measure (`<feed>.<code>`), key, together (a
    number: rows of one number count as one), numerator, denominator and n (exact decimals; of rows that count together,
    on the first), in_numerator, in_denominator, in_n, then feed, `_sha256`, `_sheet`, `_row`, `_quarter`. Summed over a
    unit's rows, numerator, denominator and n are the unit's figures. `cells` holds by feed the row's key and what the
    statement names of it, with the same address columns; `columns` says by measure which of them it needs.
    """

    rows: pd.DataFrame
    cells: Mapping[str, pd.DataFrame]
    columns: Mapping[str, frozenset[str]]


def rows_behind(
    connection: duckdb.DuckDBPyConnection,
    *,
    definition: MeasuresDefinition,
    contract: Contract,
    parts: Sequence[StagedPart],
    quarter: Quarter,
    units: pd.DataFrame,
    working_days: pd.DataFrame,
    measures: Collection[str] = (),
    of_units: Collection[str] = (),
    reads: Mapping[str, ReadFeed] | None = None,
    successors: Mapping[str, str] | None = None,
    identities: pa.Table | None = None,
) -> RowsBehind:
    """Find the rows behind a feed's measures.

    Args:
        connection: an engine; the run leaves nothing behind on it.
        definition: The measures file; further arguments up to `working_days`, and the last two, as for `run_measures`.
        contract: The feed's contract.
        parts: Its staged parts that count.
        quarter: The quarter of the figures.
        units: The register on the quarter's last day.
        working_days: Columns `day` and `is_working`.
        measures: Codes of the measures wanted; all by default.
        of_units: Units wanted; all by default.
        reads: The feeds named in the header's `reads`.
        successors: Units that ended → the unit that takes their rows.
        identities: As for `run_measures`.

    Raises:
        MeasureError: The SQL, its input or its result breaks the convention.
    """
    feeds = {definition.feed: ReadFeed(contract, parts)}
    feeds |= {name: read_feed(definition, name, reads or {}) for name in definition.reads}
    wanted = [code for code in definition.measures if not measures or code in measures]
    with closing(connection.cursor()) as cursor:
        create_shared_views(
            cursor,
            units=units,
            working_days=working_days,
            successors=successors or {},
            identities=identities,
        )
        for name, feed in feeds.items():
            create_feed_views(cursor, contract=feed.contract, parts=feed.parts, quarter=quarter)
            _keep_rows(cursor, name, of_units)
        cursor.execute("CREATE TEMP TABLE _register AS SELECT * FROM units")
        cursor.unregister("units")
        run = _Run(cursor, definition, quarter, tuple(feeds))
        cells = {name: _cells(cursor, name, feed.contract, definition) for name, feed in feeds.items()}
        columns = {f"{definition.feed}.{code}": run.columns(code) for code in wanted}
        found = [
            run.whole(codes) if together == "unit" else run.apart(codes, tuple(together))
            for together, codes in _modes(definition, wanted).items()
        ]
    keys = {name for feed in feeds.values() for name in feed.contract.key}
    needed = {name: frozenset(read | keys) for name, read in columns.items()}
    return RowsBehind(pd.concat(found, ignore_index=True), cells, needed)


def _modes(definition: MeasuresDefinition, wanted: list[str]) -> dict[tuple[str, ...] | str, list[str]]:
    """Measures by what counts together; where other feeds are read, a row says nothing by itself."""
    modes: dict[tuple[str, ...] | str, list[str]] = defaultdict(list)
    for code in wanted:
        modes["unit" if definition.reads else definition.measures[code].together].append(code)
    return modes


def _keep_rows(cursor: duckdb.DuckDBPyConnection, feed: str, of_units: Collection[str]) -> None:
    """Keep the rows that count in a table of their own, numbered by address; the views make way for stand-ins."""
    chosen = "WHERE list_contains(?, _unit)" if of_units else ""
    cursor.execute(
        f'CREATE TEMP TABLE "_rows_{feed}" AS '
        f"SELECT *, row_number() OVER (ORDER BY _unit, _sha256, _sheet, _row, _quarter) AS _number "
        f'FROM "{feed}_history" {chosen}',
        [sorted(of_units)] if of_units else [],
    )
    cursor.execute(f'DROP VIEW "{feed}"')
    cursor.execute(f'DROP VIEW "{feed}_history"')


def _cells(
    cursor: duckdb.DuckDBPyConnection, feed: str, contract: Contract, definition: MeasuresDefinition
) -> pd.DataFrame:
    """The key and the columns that the statement names; personal ones never reach the views, pseudonyms stay inside."""
    words = set(re.findall(r"\w+", definition.sql)) | set(contract.key)
    described = {row[0] for row in cursor.execute(f'DESCRIBE "_rows_{feed}"').fetchall()}
    named = [one.name for one in contract.columns if one.privacy == "internal" and one.name in words]
    names = [name for name in named if name in described]
    kept = ", ".join(f'"{name}"' for name in [*_CELLS, *names])
    return cursor.execute(f'SELECT {kept} FROM "_rows_{feed}" ORDER BY _number').df()


@dataclass(frozen=True)
class _Run:
    cursor: duckdb.DuckDBPyConnection
    definition: MeasuresDefinition
    quarter: Quarter
    feeds: tuple[str, ...]

    def columns(self, code: str) -> set[str]:
        """Columns that a measure needs."""
        for feed in self.feeds:
            self._stand_in(feed, f'SELECT * EXCLUDE (_number) FROM "_rows_{feed}"')
        self.cursor.execute("CREATE OR REPLACE TEMP VIEW units AS SELECT * FROM _register")
        return columns_read(self.cursor, self.definition, self.quarter, code)

    def apart(self, codes: list[str], together: tuple[str, ...]) -> pd.DataFrame:
        """Every row, or every set of a unit's rows equal in the columns `together`, as a unit of its own."""
        feed = self.feeds[0]
        same = ", ".join(["_unit", *(f'"{column}"' for column in together)])
        number = f"dense_rank() OVER (ORDER BY {same})" if together else "_number"
        self._table("_groups", f'SELECT _number, _unit, {number} AS _together FROM "_rows_{feed}"')
        figures = self._figures(codes, {feed: "JOIN _groups AS g ON g._number = r._number"})
        columns = ", ".join(f"r.{name}" for name in ("_unit", *_CELLS, "_quarter"))
        members = self.cursor.execute(
            f"SELECT g._together, r._number, {columns} "
            f'FROM _groups AS g JOIN "_rows_{feed}" AS r ON r._number = g._number'
        ).df()
        joined = figures.merge(members, on="_together")
        for part in PARTS:
            joined[f"in_{part}"] = joined[part] != _NOTHING
        kept = joined[joined[[f"in_{part}" for part in PARTS]].any(axis=1)]
        return self._laid_out(kept.assign(feed=feed), ["_together", "_number"])

    def whole(self, codes: list[str]) -> pd.DataFrame:
        """All rows of a unit as one, and again without each of them: behind a figure is what changes it."""
        columns = ", ".join(("_unit", *_CELLS, "_quarter"))
        every = " UNION ALL ".join(
            f'SELECT {place} AS _feed, _number, {columns} FROM "_rows_{feed}"'
            for place, feed in enumerate(self.feeds)
        )
        self._table(
            "_members", f"SELECT *, row_number() OVER (ORDER BY _feed, _number) AS _without FROM ({every})"
        )
        trials = "SELECT _unit, _without FROM _members UNION ALL SELECT DISTINCT _unit, 0 FROM _members"
        self._table(
            "_groups",
            f"SELECT *, row_number() OVER (ORDER BY _unit, _without) AS _together FROM ({trials})",
        )
        joins = {
            feed: f"JOIN _members AS m ON m._feed = {place} AND m._number = r._number "
            "JOIN _groups AS g ON g._unit = r._unit AND g._without <> m._without"
            for place, feed in enumerate(self.feeds)
        }
        figures = self._figures(codes, joins)
        figures = figures.merge(self.cursor.execute("SELECT * FROM _groups").df(), on="_together")
        by = ["_unit", "measure", "key"]
        pairs = figures[figures["_without"] == 0].drop(columns="_without")
        pairs = pairs.merge(self.cursor.execute("SELECT * FROM _members").df(), on="_unit")
        trial = figures.set_index([*by, "_without"])[list(PARTS)]
        places = trial.index.get_indexer(pd.MultiIndex.from_frame(pairs[[*by, "_without"]]))
        for part in PARTS:
            # Without the row the statement may give the unit no figure at all.
            without = trial[part].to_numpy(dtype=object)[places]
            pairs[f"in_{part}"] = (places < 0) | (without != pairs[part].to_numpy(dtype=object))
        kept = pairs[pairs[[f"in_{part}" for part in PARTS]].any(axis=1)]
        feed = np.array(self.feeds, dtype=object)[kept["_feed"].to_numpy(dtype=np.intp)]
        return self._laid_out(kept.assign(feed=feed), ["_together", "_without"])

    def _table(self, name: str, select: str) -> None:
        self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")

    def _stand_in(self, feed: str, select: str) -> None:
        """Put rows of our choice where the statement looks for the feed's."""
        self.cursor.execute(f'CREATE OR REPLACE TEMP VIEW "{feed}_history" AS {select}')
        self.cursor.execute(
            f'CREATE OR REPLACE TEMP VIEW "{feed}" AS '
            f"SELECT * FROM \"{feed}_history\" WHERE _quarter = '{self.quarter}'"
        )

    def _figures(self, codes: list[str], joins: Mapping[str, str]) -> pd.DataFrame:
        """Run the statement with the units of `_groups`; columns _together, measure, key and PARTS."""
        for feed, join in joins.items():
            self._stand_in(
                feed,
                "SELECT r.* EXCLUDE (_number) REPLACE (CAST(g._together AS VARCHAR) AS _unit) "
                f'FROM "_rows_{feed}" AS r {join}',
            )
        self.cursor.execute(
            "CREATE OR REPLACE TEMP VIEW units AS "
            "SELECT u.* REPLACE (CAST(g._together AS VARCHAR) AS unit_code) "
            "FROM _register AS u JOIN (SELECT DISTINCT _together, _unit FROM _groups) AS g ON g._unit = u.unit_code"
        )
        return _long(execute(self.cursor, self.definition, self.quarter), self.definition, codes)

    def _laid_out(self, found: pd.DataFrame, order: list[str]) -> pd.DataFrame:
        found = found.sort_values(["_unit", "measure", "key", *order], ignore_index=True)
        first = ~found.duplicated(["measure", "key", "_together"])
        for part in PARTS:
            found[part] = found[part].where(first, _NOTHING)
        found["measure"] = f"{self.definition.feed}." + found["measure"]
        named = found.rename(columns={"_unit": "unit_code", "_together": "together"})
        given = [*PARTS, *(f"in_{part}" for part in PARTS)]
        return named[["unit_code", "measure", "key", "together", *given, "feed", *_CELLS, "_quarter"]]


def _long(result: pa.Table, definition: MeasuresDefinition, codes: list[str]) -> pd.DataFrame:
    together = pd.to_numeric(result["unit"].to_pandas()).astype("int64")
    key = result["key"].to_pandas().fillna("") if "key" in result.column_names else ""
    blocks = []
    for code in codes:
        numerator, denominator, n = definition.columns(code)
        names = dict(zip(PARTS, (numerator, denominator, n), strict=True))
        if n not in result.column_names:
            names["n"] = denominator if denominator in result.column_names else numerator
        parts = {
            part: pd.Series(result[name].cast(EXACT).to_pylist(), dtype=object)
            if name in result.column_names
            else pd.Series([None] * result.num_rows, dtype=object)
            for part, name in names.items()
        }
        known = parts["numerator"].notna()
        block = pd.DataFrame({"_together": together, "measure": code, "key": key, **parts})
        blocks.append(block[known].fillna(dict.fromkeys(PARTS, _NOTHING)))
    return pd.concat(blocks, ignore_index=True)
