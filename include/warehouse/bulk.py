"""Frames into tables, fast and exact: executemany on SQLite, COPY on PostgreSQL."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from sqlalchemy import JSON, BigInteger, Boolean, Column, Connection, Integer, Table, exc

from include.warehouse.canonical import canonical_json
from include.warehouse.errors import BadFacts
from include.warehouse.tables.base import NANO, Figure, default_of

_EXACT_BELOW = 2.0**53 / 1e9
"""Under this size a double can hold nine places; above, its neighbours are farther apart than 1e-9."""


def prepare(table: Table, frame: pd.DataFrame, constants: Mapping[str, Any]) -> pa.Table:
    """Fit `frame` to `table`: columns in the table's order, typed, figures quantised to 1e-9.

    Args:
        table: one with columns of text, integer, figure, boolean or JSON.
        frame: columns named as the table's; a column with a default may be left out, others must be there.
        constants: columns with one value for all rows (they win over the frame's).

    Returns:
        An Arrow table without NULL where the table allows none. Column `release_id` is left out when neither
        frame nor constants have it.

    Raises:
        BadFacts: a column is missing, unknown, of the wrong type or empty where it must not be.
    """
    given = set(frame.columns) | set(constants)
    unknown = sorted(str(name) for name in given - set(table.columns.keys()))
    if unknown:
        raise _bad(table, unknown[0], "表中没有此列", "the table has no such column")
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for column in table.columns:
        if column.name in constants:
            columns[column.name] = _constant(column, constants[column.name], len(frame))
        elif column.name in frame.columns:
            columns[column.name] = _typed(table, column, frame[column.name])
        elif default_of(column) is not None:
            columns[column.name] = _constant(column, default_of(column), len(frame))
        elif column.name != "release_id":
            raise _bad(table, column.name, "缺少此列", "the column is missing")
    return pa.table(columns)


def insert(connection: Connection, table: Table, rows: pa.Table) -> None:
    """Insert prepared rows inside the caller's transaction.

    Raises BadFacts where rows break a constraint (two rows of one key, say); the sentence names the
    constraint and never a value. After it the transaction can only be rolled back.
    """
    if rows.num_rows == 0:
        return
    names = ", ".join(connection.dialect.identifier_preparer.quote(name) for name in rows.column_names)
    if connection.dialect.name == "postgresql":
        _copy(connection, table, f"COPY {table.name} ({names}) FROM STDIN WITH (FORMAT csv)", rows)
        return
    marks = ", ".join("?" * rows.num_columns)
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # ruff: ignore[hardcoded-sql-expression]
    driver: Any = connection.connection.driver_connection
    try:
        # Handed over one by one: a list of them all would only wake the garbage collector.
        driver.executemany(statement, zip(*(column.to_pylist() for column in rows.columns), strict=True))
    except sqlite3.IntegrityError as error:
        raise _broken(table, str(error)) from None
    except sqlite3.OperationalError as error:
        raise exc.OperationalError(statement, None, error) from error


def add(connection: Connection, table: Table, **values: Any) -> int:
    """Insert one row and return the surrogate key that the database gave it."""
    key: Any = connection.execute(table.insert().values(**values)).inserted_primary_key
    return int(key[0])


def with_constant(table: Table, rows: pa.Table, name: str, value: Any) -> pa.Table:
    """Prepared rows with one more column in front, the same value in every row."""
    return rows.add_column(0, name, _constant(table.c[name], value, rows.num_rows))


def _copy(connection: Connection, table: Table, statement: str, rows: pa.Table) -> None:
    # Arrow quotes every text and no NULL, which is how COPY tells the empty text from NULL.
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(rows, buffer, pyarrow.csv.WriteOptions(include_header=False))
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(buffer.getbuffer())
    except psycopg.IntegrityError as error:
        # Not chained: the server's detail prints the row.
        raise _broken(table, error.diag.constraint_name or "") from None
    except psycopg.OperationalError as error:
        raise exc.OperationalError(statement, None, error) from error


def _constant(column: Column[Any], value: Any, length: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, type=_arrow_type(column)), length)


def _typed(table: Table, column: Column[Any], series: pd.Series) -> pa.Array:
    try:
        if isinstance(column.type, Figure):
            array = _figures(series)
        elif isinstance(column.type, JSON):
            array = pa.array([canonical_json(value) for value in series], type=pa.string())
        elif isinstance(column.type, Integer | BigInteger):
            array = pa.array(series, from_pandas=True)
            array = array.cast(pa.int64()) if array.type != pa.int64() else array
        elif isinstance(column.type, Boolean):
            array = pa.array(series, type=pa.bool_(), from_pandas=True)
        else:
            array = _storable(pa.array(series, type=pa.string(), from_pandas=True))
    except (pa.ArrowException, ArithmeticError, TypeError, ValueError) as error:
        raise _bad(
            table, column.name, f"取值无法存储:{error}", f"a value cannot be stored: {error}"
        ) from error
    if array.null_count and not column.nullable:
        raise _bad(table, column.name, "有空值", "a value is missing")
    return array


def _figures(series: pd.Series) -> pa.Array:
    values = series.to_numpy(dtype="float64", na_value=np.nan)
    if series.dtype == object:
        _refuse_inexact(series)
    if np.isinf(values).any():
        raise ValueError("无穷大 infinity")
    small = np.abs(values) < _EXACT_BELOW
    values = np.where(small, np.round(values, 9), values) + 0.0
    return pa.array(values, from_pandas=True)


def _refuse_inexact(series: pd.Series) -> None:
    given = [value for value in series if isinstance(value, Decimal) and value.is_finite()]
    if any(Decimal(repr(float(value))).quantize(NANO) != value.quantize(NANO) for value in given):
        raise ValueError("数字超过15位有效数字 more than 15 significant digits")


def _storable(array: pa.Array) -> pa.Array:
    # PostgreSQL has no NUL in texts; the symbol for it keeps a refused cell readable.
    return pc.replace_substring(array, pattern="\x00", replacement="␀")


def _arrow_type(column: Column[Any]) -> pa.DataType:
    if isinstance(column.type, Figure):
        return pa.float64()
    if isinstance(column.type, Boolean):
        return pa.bool_()
    if isinstance(column.type, Integer | BigInteger):
        return pa.int64()
    return pa.string()


def _bad(table: Table, column: str, zh: str, en: str) -> BadFacts:
    return BadFacts(f"[{table.name}.{column}] {zh}。", f"[{table.name}.{column}] {en}.")


def _broken(table: Table, constraint: str) -> BadFacts:
    return BadFacts(
        f"[{table.name}] 有行违反约束 [{constraint}](如主键重复)。",
        f"[{table.name}] Rows break the constraint [{constraint}] (two rows of one key, say).",
    )
