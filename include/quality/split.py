"""One DuckDB pass over deliveries of a feed: cells to values, rows to accepted, quarantined and duplicates.

Tables it makes, in order: `cells` (text, kind, value and code per cell, quarter and day per row), `units`
(names looked up once each), `twins` (exact duplicates), `conflicts` (same key, other values), `marks` (one row
per row that is no duplicate, with its mask and verdict). Rows are numbered `_at` by delivery, sheet and row, so
nothing depends on the order of rows; a delivery is a twin or a rival to itself only. Planning such a query costs as
much as thousands of rows, so deliveries of a batch share it.
"""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names and texts of our own contracts
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.feeds.contract import Contract
from include.quality import grammar
from include.quality.checks import Check, cell_code
from include.quality.grammar import name
from include.quality.references import References, found_fields, found_joins, register_references
from include.quarters import Quarter

ResolveUnits = Callable[[pa.Array, pa.Array], pa.Array]
NearestUnits = Callable[[str], Iterable[str]]
_CASTS = {"integer": "bigint", "date": "date"}
_BITS = 62
_NEAREST_ASKED = 500
DELIVERY = "_delivery"
"""Column: which delivery of the pass a row is of, counted from 0."""


@dataclass(frozen=True)
class When:
    """The time that deliveries are judged by."""

    now: date
    first: Quarter
    """Rows of earlier quarters are taken for wrong dates."""

    @property
    def current(self) -> str:
        """The quarter of `now`."""
        return str(Quarter.of(self.now))

    @property
    def earliest(self) -> str:
        """The first quarter that is believed."""
        return str(self.first)


def split(
    con: duckdb.DuckDBPyConnection,
    tables: Sequence[tuple[pa.Table, str | None]],
    contract: Contract,
    checks: Sequence[Check],
    *,
    when: When,
    resolve_units: ResolveUnits,
    nearest_units: NearestUnits,
    delivered: frozenset[str],
    references: References,
) -> None:
    """Make the tables above in `con` from tables as the reader gives them.

    Each comes with the quarter of the whole file, where it has one; `delivered`: the columns that all of them have.
    """
    table = _joined(tables, contract)
    con.register("delivered", table)
    raws = originals_kept(table, contract)
    con.execute(f"create temp table cells as {_cells(contract, when, delivered, raws)}")
    _look_up(con, contract, resolve_units, nearest_units)
    register_references(con, contract, references)
    con.execute(f"create temp table twins as {_twins(contract)}")
    con.execute(f"create temp table conflicts as {_conflicts(contract)}")
    con.execute(f"create temp table marks as {_marks(contract, checks, when)}")


def flags(checks: Sequence[Check]) -> list[tuple[str, int]]:
    """Where `marks` says that a check failed: the column of codes and the code, or the mask and its bit."""
    rows = iter(range(len(checks)))
    return [
        (f"{check.column}__code", check.cell_code) if check.cell_code else _bit(next(rows))
        for check in checks
    ]


def is_mask(column: str) -> bool:
    """Whether a flag's column is a mask of bits."""
    return column.startswith("_mask")


def _bit(index: int) -> tuple[str, int]:
    return f"_mask{index // _BITS}", 1 << (index % _BITS)


def _joined(tables: Sequence[tuple[pa.Table, str | None]], contract: Contract) -> pa.Table:
    parts = []
    for number, (table, file_quarter) in enumerate(tables):
        part = _complete(table, contract).append_column(DELIVERY, pa.array(np.full(len(table), number)))
        quarter = pa.scalar(file_quarter, pa.string())
        parts.append(part.append_column("_file_quarter", pa.repeat(quarter, len(table))))
    return pa.concat_tables(parts, promote_options="permissive")


def _complete(table: pa.Table, contract: Contract) -> pa.Table:
    for column in contract.columns:
        if column.name not in table.column_names:
            table = table.append_column(column.name, pa.nulls(len(table), pa.string()))
        if f"{column.name}__kind" not in table.column_names:
            kinds = pc.cast(pc.is_valid(table[column.name]), pa.int8())
            table = table.append_column(f"{column.name}__kind", kinds)
    return table


def originals_kept(table: pa.Table, contract: Contract) -> tuple[str, ...]:
    """The columns of originals of respelled or corrected cells that may be staged: of columns open to see."""
    named = (f"{one.name}__raw" for one in contract.columns if not one.is_hidden)
    return tuple(raw for raw in named if raw in table.column_names)


def _cells(contract: Contract, when: When, delivered: frozenset[str], raws: Sequence[str]) -> str:
    texts, reads, codes, values = [], [], [], []
    for column in contract.columns:
        own, text, kind, read, code = (
            name(column.name + suffix) for suffix in ("", "__text", "__kind", "__read", "__code")
        )
        nulls = grammar.among(("", *column.null_values))
        texts += [
            f"case when {own} in {nulls} then null else {own} end as {text}",
            f"coalesce({kind}, 0) as {kind}",
        ]
        reads.append(f"{grammar.typed(column)} as {read}")
        codes.append(f"{cell_code(column, delivered=column.name in delivered, now=when.now)} as {code}")
        cast = _CASTS.get(column.type)
        values.append(f"case when {code} = 0 then {f'cast({read} as {cast})' if cast else read} end as {own}")
    texts += map(name, raws)
    read_columns = ", ".join(name(f"{column.name}__read") for column in contract.columns)
    day = f"coalesce({_on(contract)}, {_quarter_end(contract, when)})"
    # Each step is materialised: inlined, the optimiser writes every expression out again where it is used.
    return f"""
        with texts as materialized (
            select row_number() over (order by {DELIVERY}, _sheet, _row) - 1 as _at, {DELIVERY}, _file_quarter,
                _sheet, _row, {", ".join(texts)}
            from delivered),
        reads as materialized (select *, {", ".join(reads)} from texts),
        codes as materialized (select *, {", ".join(codes)} from reads),
        cells as (select * exclude ({read_columns}), {", ".join(values)} from codes),
        dated as (select * exclude (_file_quarter), {_quarter(contract)} as _quarter from cells)
        select *, {day} as _day from dated order by _at"""


def _quarter(contract: Contract) -> str:
    source = contract.time.quarter_from
    if source is None or not source.column:
        return "_file_quarter"
    column = contract.column(source.column)
    if column.type in ("date", "timestamp"):
        return f"year({name(column.name)}) || 'Q' || quarter({name(column.name)})"
    sound = f"{name(f'{column.name}__code')} = 0"
    text = name(f"{column.name}__text")
    return f"case when {sound} then {grammar.quarter_of_text(text, cadence=contract.time.cadence)} end"


def _quarter_end(contract: Contract, when: When) -> str:
    """The last day of the row's quarter; today where the feed has no quarters."""
    end = "last_day(make_date(cast(_quarter[:4] as integer), cast(_quarter[6:] as integer) * 3, 1))"
    none = f"date '{when.now}'" if contract.time.quarter_from is None else "null"
    return f"case when _quarter is not null then {end} else {none} end"


def _on(contract: Contract) -> str:
    on = contract.unit.on
    return f"cast({name(on)} as date)" if on else "cast(null as date)"


def _look_up(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    resolve_units: ResolveUnits,
    nearest_units: NearestUnits,
) -> None:
    unit = f"cast({name(contract.unit.column)} as varchar)"
    asked = con.sql(
        f"select distinct {unit} as name, _day as day from cells "
        f"where {unit} is not null and _day is not null order by all"
    ).to_arrow_table()
    names, days = (asked.column(field).combine_chunks() for field in ("name", "day"))
    codes = (
        names
        if contract.unit.register_from_feed or not len(names)
        else pc.fill_null(resolve_units(names, days), "")
    )
    unknown = pc.unique(names.filter(pc.equal(codes, ""))).to_pylist()
    con.register("units", pa.table({"_name": names, "_on": days, "_unit": codes}))
    proposals = ["、".join(nearest_units(text)) for text in unknown[:_NEAREST_ASKED]]
    proposals += [""] * (len(unknown) - len(proposals))
    con.register(
        "nearest",
        pa.table({"_name": pa.array(unknown, pa.string()), "_nearest": pa.array(proposals, pa.string())}),
    )


def _values(contract: Contract) -> list[str]:
    """What a row says, whatever way it is written: 2026/1/5 equals 2026-01-05."""
    return [
        f"coalesce(cast({name(column.name)} as varchar), {name(f'{column.name}__text')})"
        for column in contract.columns
    ]


def _twins(contract: Contract) -> str:
    same = ", ".join(_values(contract))
    return f"""
        with hashed as (select _at, hash({DELIVERY}, {same}) as _hash from cells),
        suspects as (
            select cells.* from cells join hashed using (_at)
            where _hash in (select _hash from hashed group by _hash having count(*) > 1))
        select _at, min(_at) over (partition by {DELIVERY}, {same}) as _of_at from suspects qualify _of_at <> _at"""


def _conflicts(contract: Contract) -> str:
    if not contract.key:
        return "select cast(null as bigint) as _at, cast(null as varchar) as _rivals limit 0"
    keys = ", ".join((DELIVERY, *map(name, contract.key)))
    known = " and ".join(f"{name(column)} is not null" for column in contract.key)
    return f"""
        with keyed as (
            select _at, _row, {keys}, hash({keys}) as _hash from cells anti join twins using (_at) where {known}),
        suspects as (
            select * from keyed where _hash in (select _hash from keyed group by _hash having count(*) > 1)),
        counted as (
            select _at, count(*) over same as _count, list(_row) over (same order by _at rows between unbounded
                preceding and unbounded following) as _rows
            from suspects window same as (partition by {keys}))
        select _at, array_to_string(_rows[:10], '、') as _rivals from counted where _count > 1"""


def _marks(contract: Contract, checks: Sequence[Check], when: When) -> str:
    masks: dict[str, list[str]] = {"_mask0": []}
    rejects: dict[str, int] = {"_mask0": 0}
    for index, check in enumerate(check for check in checks if not check.cell_code):
        column, value = _bit(index)
        masks.setdefault(column, []).append(f"case when {check.failed} then {value}::bigint else 0 end")
        rejects[column] = rejects.get(column, 0) | (value if check.severity != "warn" else 0)
    bits = ", ".join(f"({' | '.join(terms) or '0::bigint'}) as {column}" for column, terms in masks.items())
    bad = [f"{name(f'{column.name}__code')} <> 0" for column in contract.columns]
    bad += [f"({column} & {value}) <> 0" for column, value in rejects.items() if value]
    unit = f"cast({name(contract.unit.column)} as varchar)"
    found = "".join(f", {field}" for field in found_fields(contract))
    return f"""
        with joined as (
            select cells.*, units._unit, conflicts._rivals, nearest._nearest,
                '{when.current}' as _current, '{when.earliest}' as _earliest{found}
            from cells anti join twins using (_at)
            left join units on units._name = {unit} and units._on = cells._day
            left join nearest on nearest._name = units._name
            left join conflicts on conflicts._at = cells._at
            {" ".join(found_joins(contract))}),
        masked as (select *, {bits} from joined)
        select * exclude (_current, _earliest), ({" or ".join(bad)}) as _bad from masked order by _at"""
