"""Opening and migrating a warehouse, and the two ways of using one: writing and reading."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event, make_url, text

from include.warehouse.canonical import canonical_json
from include.warehouse.errors import WarehouseError

_READING = "mingjing_reading"
_BUSY_SECONDS = 60


def open_warehouse(url: str) -> Engine:
    """Open the warehouse at `sqlite:///file` or `postgresql://…`; connects at first use.

    SQLite: WAL, `synchronous=FULL`, foreign keys; every transaction takes the write lock at its beginning,
    except inside `reading`. PostgreSQL: psycopg 3, UTC, time limits on locks and idle transactions.
    An SQLite file is closed after every transaction. Raises WarehouseError for another kind of database, and for SQLite
    in memory.
    """
    return _engine(url, poolclass=NullPool)


@contextmanager
def kept_open(url: str) -> Generator[Engine]:
    """As `open_warehouse`, for work of many transactions: one connection is kept for them until the end.

    A new connection to SQLite reads the whole schema before its first statement, which costs more than most
    transactions do.
    """
    engine = _engine(url, poolclass=QueuePool, pool_size=1, max_overflow=-1)
    try:
        yield engine
    finally:
        engine.dispose()


def _engine(url: str, **sqlite_pool: Any) -> Engine:
    target = make_url(url)
    backend = target.get_backend_name()
    if backend == "postgresql":
        return create_engine(
            target.set(drivername="postgresql+psycopg"),
            connect_args=_postgres_arguments(),
            json_serializer=canonical_json,
            hide_parameters=True,
            pool_pre_ping=True,
        )
    if backend != "sqlite" or not target.database or target.database == ":memory:":
        raise WarehouseError(
            f"数据仓库地址 [{target.render_as_string()}] 不可用,应为 sqlite:///文件 或 postgresql://…。",
            f"Warehouse URL [{target.render_as_string()}] is not usable: give sqlite:///file or postgresql://….",
        )
    Path(target.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        target,
        connect_args={"timeout": _BUSY_SECONDS},
        json_serializer=canonical_json,
        hide_parameters=True,
        **sqlite_pool,
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """One transaction that may write: committed at the end, rolled back on any error."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """One read-only snapshot: all statements see the same moment, and no writer is made to wait."""
    options: dict[str, Any] = {_READING: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def lock(connection: Connection, *words: str) -> None:
    """Hold the lock `words` until the transaction ends; a writer on SQLite holds the only lock."""
    if connection.dialect.name == "postgresql":
        name = hashlib.sha256("\x1f".join(words).encode()).digest()[:8]
        number = int.from_bytes(name, "big", signed=True)
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def migrate(url: str) -> None:
    """Bring tables, triggers and views at `url` up to date; safe to call at every start."""
    from include.warehouse.migrations.run import upgrade

    engine = open_warehouse(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


def _postgres_arguments() -> dict[str, Any]:
    settings = {
        "timezone": "UTC",
        "lock_timeout": f"{_BUSY_SECONDS}s",
        "idle_in_transaction_session_timeout": "300s",
    }
    return {
        "connect_timeout": 10,
        "keepalives": 1,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
        "application_name": "mingjing",
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }


def _set_up_sqlite(dbapi_connection: Any, _record: Any) -> None:
    # The driver must begin no transaction by itself: `_begin_sqlite` does, for reads and DDL too.
    dbapi_connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        dbapi_connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails at once when another writer came between.
    # A connection that is kept may have been used for the other kind before.
    is_reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if is_reading else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
