"""A place for queries over tables in memory: one DuckDB per process, a cursor of its own for each use.

Opening a database costs as much as judging a small delivery. What a cursor registers or makes as a temporary table
is seen by it alone and goes with it.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache

import duckdb

_ROWS_OF_ONE_THREAD = 50_000


@contextmanager
def scratch(*, rows: int = 0) -> Generator[duckdb.DuckDBPyConnection]:
    """Lend a cursor; `rows`: how many it will go through, about.

    Up to 50,000 rows one thread works on them: sharing the work costs a fifth more than it saves.
    """
    threads = 1 if rows <= _ROWS_OF_ONE_THREAD else os.cpu_count() or 1
    cursor = _database(threads, os.getpid()).cursor()
    try:
        yield cursor
    finally:
        cursor.close()


@cache
def _database(threads: int, _process: int) -> duckdb.DuckDBPyConnection:
    """A forked process opens its own: threads do not come along."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": str(threads),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
    }
    database = duckdb.connect(":memory:", config=config)
    atexit.register(database.close)
    return database
