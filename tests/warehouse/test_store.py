"""Opening, migrating, reading and writing on both backends."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, delete, exc, inspect, select, text

from include.warehouse import descriptions, views
from include.warehouse.dictionary import markdown
from include.warehouse.errors import WarehouseError
from include.warehouse.expected import Expectation, record_expected
from include.warehouse.migrations.run import VERSION_TABLE
from include.warehouse.releases import add_analyses
from include.warehouse.roles import SQL
from include.warehouse.roles import apply as apply_roles
from include.warehouse.store import kept_open, migrate, open_warehouse, reading, writing
from include.warehouse.tables import UtcDateTime, data_dictionary, generated_sql, metadata, release_pointer
from tests.warehouse.warehouse_samples import (
    COUNTY,
    KEY,
    NOON,
    analyses,
    later,
    moved,
    published,
    rectified,
    reviewed,
    settled_year,
)

RUN = {"state": "value", "draws": 100, "seed": 1, "rank_shift": 0.5, "index_shift": 1.0, "result_digest": "d"}


def test_migrations_give_exactly_the_declared_tables(warehouse: Engine) -> None:
    with reading(warehouse) as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing_and_repairs_missing_views(
    warehouse: Engine, warehouse_url: str
) -> None:
    published(warehouse)
    migrate(warehouse_url)
    with writing(warehouse) as connection:
        connection.exec_driver_sql("DROP VIEW vw_score_current")
        connection.execute(delete(generated_sql))
    migrate(warehouse_url)
    with reading(warehouse) as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM vw_score_current")) == 3
        assert connection.scalar(select(release_pointer.c.period)) == KEY.period


def test_every_table_and_column_is_explained() -> None:
    for table in metadata.sorted_tables:
        assert "One row per" in table.comment, table.name
        assert "一行" in table.comment, table.name
        assert all(column.comment for column in table.columns), table.name


def test_every_view_is_explained_and_answers(county: Engine) -> None:
    release_id = moved(county)
    reviewed(county, release_id)
    rectified(county, release_id)
    settled_year(county)
    with writing(county) as connection:
        assert add_analyses(connection, release_id, COUNTY, analyses(), made_at=NOON, **RUN)
        assert not add_analyses(connection, release_id, COUNTY, analyses(), made_at=NOON, **RUN)
        due = Expectation("petitions", "petition_office", "2026Q3", "due", later(72), NOON, "replace")
        record_expected(connection, COUNTY, [due], now=NOON)
    inspector = inspect(county)
    for view in views.views():
        assert "One row per" in view.comment, view.name
        names = [column["name"] for column in inspector.get_columns(view.name)]
        assert set(view.columns) <= set(names), view.name
        with reading(county) as connection:
            rows = connection.execute(text(f"SELECT * FROM {view.name}")).all()
        assert rows, view.name


def test_every_table_view_and_column_is_described_in_the_warehouse(warehouse: Engine) -> None:
    with reading(warehouse) as connection:
        rows = connection.execute(select(data_dictionary)).all()
        names = {*metadata.tables, *(view.name for view in views.views())}
        inspector = inspect(connection)
        there = {(name, column["name"]) for name in names for column in inspector.get_columns(name)}
    assert {(row.name, row.column_name) for row in rows} == there | {(name, "") for name in names}
    assert all(row.zh and row.en for row in rows)
    said = {(row.name, row.column_name): row for row in rows}
    assert "90 %" in said["certainty_unit", "index_low"].en
    assert said["vw_point_loss", "index_points_lost"].unit == "index points"
    # A view's column is never described by a table that has nothing to do with it.
    assert said["vw_certainty_node_current", "kind"].zh.startswith("种类(indicator")
    used = {
        (name, column) if (name, column) in descriptions.own() else ("*", column) for name, column in there
    }
    assert descriptions.own() <= used


def test_views_name_units_as_of_the_period(county: Engine) -> None:
    published(county)
    with reading(county) as connection:
        rows = connection.execute(
            text("SELECT unit_code, unit_name, peer_group_name FROM vw_score_current ORDER BY unit_code")
        ).all()
        titles = connection.scalars(
            text("SELECT DISTINCT indicator_title FROM vw_indicator_score_current")
        ).all()
    expected = [("B01", "县财政局", "县直单位"), ("T01", "石口镇", "乡镇"), ("T02", "康城镇", "乡镇")]
    assert [tuple(row) for row in rows] == expected
    assert titles == ["按期答复率"]


@pytest.mark.postgres
def test_comments_reach_postgres(postgres_url: str) -> None:
    inspector = inspect(open_warehouse(postgres_url))
    assert "每次发布" in inspector.get_table_comment("release_input")["text"]
    view = "'vw_score_current'::regclass"
    query = f"SELECT obj_description({view}), col_description({view}, 1)"
    with reading(open_warehouse(postgres_url)) as connection:
        of_view, of_column = connection.execute(text(query)).one()
    assert "One row per" in of_view
    assert of_column == "发布号 Number of the release"


def _as_role(engine: Engine, role: str, statement: str) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
        connection.exec_driver_sql(statement)


@pytest.mark.postgres
def test_roles_see_and_do_what_they_may(postgres_url: str) -> None:
    engine = open_warehouse(postgres_url)
    published(engine)
    for _ in range(2):
        with writing(engine) as connection:
            apply_roles(connection)
    status = (
        "INSERT INTO release_status (release_id, jurisdiction, status, at, actor, reason) "
        "VALUES (1, 'x', 'final', now(), 'x', '')"
    )
    matrix = {
        "SELECT * FROM vw_score_current": "loader publisher steward bi_reader auditor",
        "SELECT * FROM vw_warning_current": "loader publisher steward bi_reader auditor",
        "SELECT * FROM vw_quarantine": "loader publisher steward auditor",
        "SELECT * FROM quarantined_row": "loader publisher steward auditor",
        "SELECT * FROM fct_unit_score": "loader publisher auditor",
        "SELECT * FROM audit_entry": "loader publisher auditor",
        "SELECT * FROM data_dictionary": "loader publisher steward bi_reader auditor",
        status: "publisher",
        "INSERT INTO release_lease VALUES ('x', 'x', '2026', 1, 'x', now())": "publisher",
        "INSERT INTO row_balance VALUES (1, 'x', 0, 0, 0, 0, 0)": "",
        "UPDATE release SET reason = 'x'": "",
        "DELETE FROM fct_unit_score": "",
        "TRUNCATE audit_entry": "",
        "CREATE TABLE mine (x int)": "owner",
    }
    for statement, allowed in matrix.items():
        for role in ("owner", "loader", "publisher", "steward", "bi_reader", "auditor"):
            if role in allowed.split():
                _as_role(engine, f"mingjing_{role}", statement)
            elif "row_balance" not in statement or role != "loader":
                with pytest.raises(exc.ProgrammingError, match="permission denied"):
                    _as_role(engine, f"mingjing_{role}", statement)


@pytest.mark.postgres
def test_grants_outlive_recreated_views(postgres_url: str) -> None:
    engine = open_warehouse(postgres_url)
    with writing(engine) as connection:
        apply_roles(connection)
        connection.execute(delete(generated_sql))
    migrate(postgres_url)
    _as_role(engine, "mingjing_bi_reader", "SELECT * FROM vw_score_final")


def test_every_table_is_named_in_the_roles_or_kept_from_all_but_readers() -> None:
    kept = {"generated_sql"}
    missing = {table.name for table in metadata.sorted_tables if table.name not in SQL}
    assert missing == kept


def test_readers_do_not_wait_for_a_writer_and_cannot_write(warehouse: Engine) -> None:
    query = select(generated_sql.c.name)
    with writing(warehouse) as writer:
        writer.execute(generated_sql.insert().values(name="new", digest="x"))
        with reading(warehouse) as reader:
            assert reader.scalars(query).all() == ["views and triggers"]
    with pytest.raises(exc.DBAPIError), reading(warehouse) as reader:
        reader.execute(generated_sql.insert().values(name="newer", digest="x"))


def test_a_connection_that_is_kept_reads_and_writes_by_turns_and_is_closed_at_the_end(
    sqlite_url: str,
) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    seen = set()
    with kept_open(sqlite_url) as engine:
        for name in ("first", "second"):
            with writing(engine) as writer:
                writer.execute(generated_sql.insert().values(name=name, digest="x"))
                seen.add(writer.connection.driver_connection)
            with pytest.raises(exc.DBAPIError), reading(engine) as reader:
                seen.add(reader.connection.driver_connection)
                assert name in reader.scalars(select(generated_sql.c.name)).all()
                reader.execute(generated_sql.insert().values(name="third", digest="x"))
        assert len(seen) == 1
        with reading(engine), reading(engine) as another:
            assert another.connection.driver_connection not in seen, "two at once need a second one"
        assert Path(f"{file}-wal").exists()
    assert not Path(f"{file}-wal").exists()


def test_a_reader_sees_one_moment(warehouse: Engine) -> None:
    query = select(generated_sql.c.name)
    with reading(warehouse) as reader:
        before = reader.scalars(query).all()
        with writing(warehouse) as writer:
            writer.execute(generated_sql.insert().values(name="new", digest="x"))
        assert reader.scalars(query).all() == before


def test_sqlite_is_durable_and_keeps_references(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]
    with pytest.raises(exc.IntegrityError), writing(sqlite_engine) as connection:
        connection.execute(
            release_pointer.insert().values(
                jurisdiction="x", framework_code="x", period="2026", kind="final", release_id=5
            )
        )


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(WarehouseError, match="数据仓库"):
        open_warehouse(url)


def test_a_password_never_shows_in_a_refusal() -> None:
    with pytest.raises(WarehouseError) as refused:
        open_warehouse("mysql://user:secret@host/db")
    assert "secret" not in str(refused.value)


def test_moments_without_a_zone_are_refused(sqlite_engine: Engine) -> None:
    with pytest.raises(ValueError, match="时区"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), sqlite_engine.dialect)


def test_the_written_description_is_current() -> None:
    path = Path(__file__).parents[2] / "docs" / "reference" / "warehouse.md"
    assert path.read_text(encoding="utf-8") == markdown(), (
        "run: python -m include.warehouse.dictionary docs/reference/warehouse.md"
    )
