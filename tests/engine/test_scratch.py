"""The place for queries in memory: what one use makes, no other sees."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from include.engine.scratch import scratch


def test_uses_at_the_same_time_see_their_own_tables_only():
    with scratch() as one, scratch() as other:
        for number, con in enumerate((one, other)):
            con.register("sent", pa.table({"n": [number]}))
            con.execute("create temp table kept as select n from sent")
        assert one.sql("select n from kept").fetchall() == [(0,)]
        assert other.sql("select n from kept").fetchall() == [(1,)]
    with scratch() as later, pytest.raises(duckdb.CatalogException):
        later.sql("select * from kept")


def test_a_variable_of_ours_is_no_table():
    sent = pa.table({"n": [1]})
    with scratch() as con, pytest.raises(duckdb.CatalogException):
        con.sql("select * from sent")
    assert sent.num_rows == 1


@pytest.mark.parametrize(("rows", "threads"), [(0, 1), (50_000, 1)])
def test_little_work_takes_one_thread(rows, threads):
    with scratch(rows=rows) as con:
        assert con.sql("select current_setting('threads')").fetchall() == [(threads,)]
