"""Take one consistent snapshot of a table or query of a department's database, as Parquet.

It is read only, sees one moment, and is whole or not there: rows are counted before and after, and what was taken
must be as many. Only declared columns are asked for. Rows are put in order, so the same rows are the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from include.feeds.contract import Column, Contract
from include.feeds.contract_extract import ExtractFrom
from include.feeds.faults import Held, fault

_STATEMENT_SECONDS = 600
_VIEW = "_mingjing_extract"


class SourceUnreachable(ConnectionError):
    """The database does not answer now: nothing is known of the rows, try again."""


@dataclass(frozen=True)
class Snapshot:
    """The declared columns of one moment."""

    parquet: bytes
    columns: tuple[tuple[str, str], ...]
    """Name and type of each declared column, as the database calls them, by name."""
    rows_before: int
    rows_taken: int
    rows_after: int


def take_snapshot(contract: Contract, source: ExtractFrom, *, zone: str) -> Snapshot:
    """Read the rows of `source` at one moment; moments with an offset are told in `zone`.

    A column of the contract that the database lacks is left out: the judging of the snapshot says so.

    Raises:
        SourceUnreachable: the database does not answer.
        Held: F-SOURCE (no connection of that name, or the database refuses the query), F-SNAPSHOT (the counts
            before, of what was taken, and after differ).
    """
    engine = _engine(source, zone)
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise _unreachable(source, error) from None
    with connection:
        _begin(connection, source)
        try:
            return _read(connection, source, contract.columns, contract.key)
        except SQLAlchemyError as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise _unreachable(source, error) from None
            # The full message of a driver may quote rows.
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise Held(fault("F-SOURCE", connection=source.connection, reason=reason)) from None


def _engine(source: ExtractFrom, zone: str) -> Engine:
    address = os.environ.get(source.variable, "")
    if not address:
        raise Held(fault("F-SOURCE", connection=source.connection, reason=f"{source.variable}?"))
    try:
        url = make_url(address)
        engine = create_engine(_read_only(url, zone), poolclass=NullPool, hide_parameters=True)
    except (SQLAlchemyError, ImportError, ValueError):
        # What is wrong with an address cannot be quoted: it may hold a password.
        raise Held(
            fault("F-SOURCE", connection=source.connection, reason=f"{source.variable}: URL?")
        ) from None
    if url.get_backend_name() == "sqlite":
        # The driver begins no transaction for a SELECT: without one each statement would see its own moment.
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _begin(connection: Connection, source: ExtractFrom) -> None:
    """Begin the one transaction; the first read fixes its moment."""
    try:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        else:
            connection.exec_driver_sql("SELECT 1")
    except DBAPIError as error:
        raise _unreachable(source, error) from None


def _read_only(url: URL, zone: str) -> URL:
    if url.get_backend_name() == "sqlite":
        return url.set(database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})
    if url.get_backend_name() == "postgresql":
        options = f"-c statement_timeout={_STATEMENT_SECONDS}s -c timezone={zone}"
        query = dict(url.query) | {"connect_timeout": "10", "options": options}
        return url.set(drivername="postgresql+psycopg", query=query)
    raise ValueError(url.get_backend_name())


def _unreachable(source: ExtractFrom, error: SQLAlchemyError) -> SourceUnreachable:
    kind = type(getattr(error, "orig", None) or error).__name__
    return SourceUnreachable(
        f"连接 [{source.connection}] 的数据库现在无法读取({kind}),未取数,稍后会重试。请核对 {source.variable} 和网络。 "
        f"The database of connection [{source.connection}] cannot be read now ({kind}); nothing was taken, it is "
        f"tried again. Check {source.variable} and the network."
    )


def _read(
    connection: Connection, source: ExtractFrom, declared: Sequence[Column], key: tuple[str, ...]
) -> Snapshot:
    quote = connection.dialect.identifier_preparer.quote_identifier
    table = ".".join(map(quote, source.table.split(".")))
    # ruff: ignore[hardcoded-sql-expression] a table of our own contract, quoted
    inner = source.query.strip() or f"SELECT * FROM {table}"
    types = _types(connection, inner)
    found = [(column, name) for column in declared if (name := _name_in(types, column)) is not None]
    if not found:
        names = ", ".join(sorted(types))
        raise Held(fault("F-SOURCE", connection=source.connection, reason=f"columns: {names}"))
    # ruff: ignore[hardcoded-sql-expression] a query of our own contract
    counting = text(f"SELECT count(*) FROM ({inner}) AS counted")
    before = int(connection.scalar(counting) or 0)
    # ruff: ignore[hardcoded-sql-expression] a query of our own contract
    asked = text(f"SELECT {', '.join(quote(name) for _, name in found)} FROM ({inner}) AS taken")
    rows = connection.execute(asked).all()
    after = int(connection.scalar(counting) or 0)
    if not before == len(rows) == after:
        raise Held(fault("F-SNAPSHOT", before=before, taken=len(rows), after=after))
    values = list(zip(*rows, strict=True)) if rows else [()] * len(found)
    table = pa.table(
        {
            (column.headers or (column.title,))[0]: _array(cells)
            for (column, _), cells in zip(found, values, strict=True)
        }
    )
    columns = tuple(sorted((name, types[name]) for _, name in found))
    first = [place for place, (column, _) in enumerate(found) if column.name in key]
    return Snapshot(_parquet(_ordered(table, first), columns), columns, before, len(rows), after)


def _types(connection: Connection, inner: str) -> dict[str, str]:
    """What the database calls the type of each column."""
    if connection.dialect.name == "sqlite":
        # SQLite types values, not columns; a view tells what the columns behind a query are declared as.
        connection.exec_driver_sql(f"CREATE TEMP VIEW {_VIEW} AS {inner}")
        listed = connection.exec_driver_sql(f"PRAGMA table_info({_VIEW})").all()
        return {row[1]: str(row[2]).lower() for row in listed}
    from psycopg import adapters

    # ruff: ignore[hardcoded-sql-expression] a query of our own contract
    described = connection.execute(text(f"SELECT * FROM ({inner}) AS described LIMIT 0")).cursor.description
    known = ((column[0], adapters.types.get(int(str(column[1]))), column[1]) for column in described)
    return {name: info.name if info else str(oid) for name, info, oid in known}


def _name_in(types: dict[str, str], column: Column) -> str | None:
    wanted = (column.name, column.title, *column.headers)
    return next((name for name in wanted if name in types), None)


def _array(values: Sequence[Any]) -> pa.Array:
    if any(isinstance(value, UUID) for value in values):
        values = [None if value is None else str(value) for value in values]
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, OverflowError):
        # SQLite may mix types in a column.
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _ordered(table: pa.Table, first: Sequence[int]) -> pa.Table:
    places = [*first, *(place for place in range(table.num_columns) if place not in first)]
    fields = [table.schema.field(place) for place in places]
    names = [
        field.name
        for field in fields
        if not pa.types.is_nested(field.type) and not pa.types.is_null(field.type)
    ]
    return table.sort_by([(name, "ascending") for name in names]) if names else table


def _parquet(table: pa.Table, columns: tuple[tuple[str, str], ...]) -> bytes:
    # The same rows under other types are another file: their source changed.
    types = json.dumps(columns, ensure_ascii=False)
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({"source_types": types}), sink, compression="zstd")
    return sink.getvalue().to_pybytes()
