"""Hand-made staged Parquet, and one call that computes the measures of a feed over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import include
from include.engine.duckdb_engine import open_engine
from include.feeds.contract import Contract
from include.measures.definition import MeasuresDefinition
from include.measures.rows import rows_behind
from include.measures.run import run_measures
from include.measures.views import StagedPart
from include.quarters import Quarter

ROOT = Path(include.__file__).parent
QUARTER = Quarter(2026, 3)
ARROW = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.decimal128(18, 2),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
}
ADDRESS = {
    "_unit": pa.string(),
    "_quarter": pa.string(),
    "_sheet": pa.string(),
    "_row": pa.int64(),
    "_sha256": pa.string(),
}
Rows = Sequence[Mapping[str, Any]]


def table(contract: Contract, rows: Rows, *, quarter: Quarter, sha256: str, money: pa.DataType) -> pa.Table:
    """Staged rows as the feeds room writes them: the contract's staged columns, then the row address."""
    types = {c.name: ARROW[c.type] for c in contract.columns if c.privacy != "personal"} | ADDRESS
    types |= {c.name: money for c in contract.columns if c.type == "number"}
    full = [
        {
            "_quarter": str(quarter),
            "_sheet": "Sheet1",
            "_row": number,
            "_sha256": sha256,
            "_unit": row.get("unit"),
        }
        | dict(row)
        for number, row in enumerate(rows, start=3)
    ]
    columns = {}
    for name, kind in types.items():
        values = [row.get(name) for row in full]
        if pa.types.is_decimal(kind):
            values = [None if value is None else Decimal(str(value)) for value in values]
        columns[name] = pa.array(values, kind)
    return pa.table(columns)


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., StagedPart]:
    """Write rows as one staged part."""
    written = iter(range(10_000))

    def write(
        contract: Contract,
        rows: Rows,
        *,
        quarter: Quarter = QUARTER,
        sequence: int = 1,
        supplier: str = "office",
        money: pa.DataType = ARROW["number"],
        drop: Sequence[str] = (),
    ) -> StagedPart:
        number = next(written)
        path = tmp_path / f"it's {number}.parquet"
        sha256 = f"{number:064x}"
        found = table(contract, rows, quarter=quarter, sha256=sha256, money=money)
        pq.write_table(found.drop_columns(list(drop)), path)
        return StagedPart(contract.feed, path, quarter, sequence, supplier, sha256)

    return write


def load(feed: str) -> tuple[Contract, MeasuresDefinition]:
    """The shipped contract and measures of a feed."""
    contract = Contract.from_yaml(ROOT / "feeds" / "contracts" / f"{feed}.yaml")
    return contract, MeasuresDefinition.from_sql(ROOT / "sql" / "measures" / f"{feed}.sql")


def working_days() -> pd.DataFrame:
    """Mondays to Fridays of 2026."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    return pd.DataFrame({"day": days, "is_working": [day.weekday() < 5 for day in days]})


def compute(
    contract: Contract,
    definition: MeasuresDefinition,
    parts: Sequence[StagedPart],
    *,
    units: Sequence[str] = ("a", "b"),
    quarter: Quarter = QUARTER,
    arrived: bool = True,
    threads: int = 1,
    **more: Any,
) -> pd.DataFrame:
    """Run the measures of one feed on a fresh engine; the rows listed behind every figure must add up to it."""
    register = pd.DataFrame({"unit_code": list(units), "peer_group": "county_body"})
    common: dict[str, Any] = {
        "definition": definition,
        "contract": contract,
        "parts": parts,
        "quarter": quarter,
        "units": register,
        "working_days": working_days(),
        **more,
    }
    with open_engine(memory_limit_mb=512, threads=threads) as engine:
        found = run_measures(engine, arrived=arrived, **common)
        if arrived:
            _add_up(found, rows_behind(engine, **common).rows)
    return found


def _add_up(found: pd.DataFrame, rows: pd.DataFrame) -> None:
    by = ["unit_code", "measure", "key"]
    sums = rows.groupby(by)[["numerator", "denominator"]].sum().to_dict("index")
    for row in found[found["state"] == "value"].to_dict("records"):
        listed = sums.get(tuple(row[name] for name in by), {})
        for part in ("numerator", "denominator"):
            figure = Decimal(0) if pd.isna(row[part]) else row[part]
            assert listed.get(part, Decimal(0)) == figure, (row["measure"], part)


def figures(
    frame: pd.DataFrame, unit: str
) -> dict[str, tuple[Decimal | None, Decimal | None, int | None, str]]:
    """`code -> (numerator, denominator, n, state)` of one unit."""
    mine = frame[frame["unit_code"] == unit]
    return {
        measure.partition(".")[2] + (f"|{key}" if key else ""): (
            *(None if pd.isna(figure) else figure for figure in (top, bottom, n)),
            str(state),
        )
        for measure, key, top, bottom, n, state in mine[
            ["measure", "key", "numerator", "denominator", "n", "state"]
        ].itertuples(index=False)
    }


@pytest.fixture
def kit() -> SimpleNamespace:
    """The helpers above as one object, since test folders are not packages."""

    helpers = (load, compute, figures, working_days, open_engine, run_measures, MeasuresDefinition)
    return SimpleNamespace(QUARTER=QUARTER, ROOT=ROOT, **{helper.__name__: helper for helper in helpers})
