"""The views that measures SQL reads: effective rows of a feed, the unit register, the working days."""
# ruff: file-ignore[hardcoded-sql-expression] (views take no parameters: names are those of a validated contract, texts are quoted)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from include.feeds.contract import Contract
from include.measures.errors import MeasureError
from include.quarters import Quarter

# Eight decimals hold yuan to the cent in any unit and shares of a percent; money up to 10^22 yuan.
_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DECIMAL(30, 8)",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
ADDRESS = {
    "_unit": "VARCHAR",
    "_quarter": "VARCHAR",
    "_sheet": "VARCHAR",
    "_row": "BIGINT",
    "_sha256": "VARCHAR",
}


@dataclass(frozen=True)
class StagedPart:
    """One staged Parquet file, local to this machine: accepted rows of one delivery for one quarter."""

    feed: str
    path: Path
    quarter: Quarter
    sequence: int
    """Order of effect, from the delivery ledger; of two rows with one key the larger sequence counts."""
    supplier: str
    sha256: str


def create_feed_views(
    cursor: duckdb.DuckDBPyConnection,
    *,
    contract: Contract,
    parts: Sequence[StagedPart],
    quarter: Quarter,
    read_once: bool = False,
) -> None:
    """Create the temporary views `<feed>` and `<feed>_history` on `cursor`.

    Columns are the contract's staged columns in its types (numbers as DECIMAL(30, 8)), then the row address.
    A column that older files lack is NULL. Which rows count, by the contract's delivery:

    - `append`: all rows of the parts;
    - `upsert`: the newest row of each key and supplier: two suppliers number their matters apart;
    - `replace`: the same. Files that a newer one replaced as a whole are the ledger's to leave out of `parts`; left to
      decide here are late rows in a file of another quarter.

    A key is looked for over all parts where the feed is of events (an event whose date was corrected moves to its
    new quarter, which may lie outside the look-back), else within each quarter.
    """
    if strangers := sorted({part.feed for part in parts} - {contract.feed}):
        raise MeasureError(
            contract.feed,
            f"收到其他数据源 {strangers} 的分级文件。",
            f"Staged parts of other feeds were given: {strangers}.",
        )
    history = f"{contract.feed}_history"
    kind = "TABLE" if read_once else "VIEW"
    cursor.execute(f'CREATE TEMP {kind} "{history}" AS {_rows(contract, parts, quarter)}')
    cursor.execute(
        f'CREATE TEMP VIEW "{contract.feed}" AS SELECT * FROM "{history}" WHERE _quarter = \'{quarter}\''
    )


_NO_IDENTITIES = pa.table({"before": pa.array([], pa.string()), "now": pa.array([], pa.string())})


def create_shared_views(
    cursor: duckdb.DuckDBPyConnection,
    *,
    units: pd.DataFrame,
    working_days: pd.DataFrame,
    successors: Mapping[str, str],
    identities: pa.Table | None = None,
) -> None:
    """Create `units` (as given) and `working_days` (day DATE, is_working BOOLEAN) on `cursor`."""
    cursor.register("_identities", _NO_IDENTITIES if identities is None else identities)
    # Arrow is bound at once; a frame would be looked through column by column.
    cursor.register("units", pa.Table.from_pandas(units, preserve_index=False))
    merged = pa.table(
        {
            "unit_code": pa.array([*successors], pa.string()),
            "successor_code": pa.array([*successors.values()], pa.string()),
        }
    )
    cursor.register("_successors", merged)
    cursor.register("_working_days", pa.Table.from_pandas(working_days, preserve_index=False))
    cursor.execute(
        "CREATE TEMP VIEW working_days AS "
        "SELECT CAST(day AS DATE) AS day, CAST(is_working AS BOOLEAN) AS is_working FROM _working_days"
    )


def _rows(contract: Contract, parts: Sequence[StagedPart], quarter: Quarter) -> str:
    # What the department wrote for the unit stays out: measures go by `_unit`, the code it was resolved to.
    shown = [
        one for one in contract.columns if one.privacy != "personal" and one.name != contract.unit.column
    ]
    pseudonyms = {column.name for column in shown if column.privacy == "pseudonym"}
    types = {column.name: "VARCHAR" if column.name in pseudonyms else _TYPES[column.type] for column in shown}
    types |= ADDRESS
    first = quarter.shift(-contract.time.lookback_quarters)
    keyed = contract.time.delivery != "append" and bool(contract.key)
    moves = keyed and contract.time.of_events
    window = [part for part in parts if moves or first <= part.quarter <= quarter]
    if not window:
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {_name(name)}" for name, kind in types.items())
        return f"SELECT {nothing} WHERE false"
    by_path = {str(part.path): part for part in sorted(window, key=lambda part: part.sequence)}
    source = f"read_parquet([{', '.join(map(_quoted, by_path))}], union_by_name = true, filename = true)"
    present = {name for path in by_path for name in pq.read_schema(path).names}
    if absent := sorted(set(ADDRESS) - present):
        raise MeasureError(
            contract.feed, f"分级文件缺少列 {absent}。", f"The staged Parquet lacks the columns {absent}."
        )
    typed = ", ".join(
        f"{_value(column, kind, present=column in present, keyed=column in pseudonyms)} AS {_name(column)}"
        for column, kind in types.items()
    )
    if not keyed:
        return f"SELECT {typed} FROM {source}"
    newest = _newest_per_key(contract, by_path, typed=typed, source=source, names=list(types))
    return f"{newest} AND _quarter BETWEEN '{first}' AND '{quarter}'"


def _value(column: str, kind: str, *, present: bool, keyed: bool) -> str:
    """The expression of one column; a unit that was merged away counts as its successor, a pseudonym under an earlier
    key as the same person's under the later one.
    """
    if keyed and present:
        own = _name(column)
        return f"COALESCE((SELECT now FROM _identities WHERE _identities.before = {own}), {own})"
    if column == "_unit" and present:
        successor = "SELECT successor_code FROM _successors WHERE _successors.unit_code = _unit"
        return f"COALESCE(({successor}), _unit)"
    return f"CAST({_name(column) if present else 'NULL'} AS {kind})"


def _newest_per_key(
    contract: Contract, by_path: Mapping[str, StagedPart], *, typed: str, source: str, names: list[str]
) -> str:
    deliveries = ", ".join(
        f"({_quoted(path)}, {part.sequence}, {_quoted(part.supplier)})" for path, part in by_path.items()
    )
    key = [*(_name(name) for name in contract.key), "_supplier"]
    if not contract.time.of_events:
        key.append("_quarter")
    return (
        f"SELECT {', '.join(map(_name, names))} FROM ("
        f"SELECT {typed}, row_number() OVER ("
        f"PARTITION BY {', '.join(key)} "
        f"ORDER BY _sequence DESC, _sha256 DESC, _sheet DESC, _row DESC) AS _age FROM {source} "
        f"JOIN (VALUES {deliveries}) AS _deliveries (filename, _sequence, _supplier) USING (filename)"
        f") WHERE _age = 1"
    )


def _name(name: str) -> str:
    return f'"{name}"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
