"""Feeds from a real database: one moment, the same rows once, and a change of columns held."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine, create_engine, event, make_url, text

from include.feeds.contract import Contract
from include.feeds.extract import Snapshot, SourceUnreachable, take_snapshot
from include.pipeline.check_site import check_site
from include.pipeline.confirm_hold import confirm_hold
from tests.pipeline.small_site import NOW, SmallSite
from tests.warehouse.conftest import postgres_server, postgres_template, postgres_url  # ruff: ignore[unused-import] fixtures

VARIABLE = "MINGJING_EXTRACT_PETITIONS"
ROWS = [
    ("C2", "东坡镇", "2026-08-02", "2026-08-01", "good", "王某", "secret"),
    ("C1", "西沟乡", "2026-07-02", None, None, "李某", "secret"),
]


def fill(url: str) -> Engine:
    database = create_engine(make_url(url))
    with database.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE petition (case_no varchar(20), unit varchar(40), due_on date, replied_on date, "
                "outcome varchar(20), petitioner varchar(40), phone varchar(20))"
            )
        )
    add(database, *ROWS)
    return database


def add(database: Engine, *rows: tuple[str | None, ...]) -> None:
    with database.begin() as connection:
        for row in rows:
            names = dict(zip("abcdefg", row, strict=True))
            connection.execute(text("INSERT INTO petition VALUES (:a, :b, :c, :d, :e, :f, :g)"), names)


def run(database: Engine, statement: str) -> None:
    with database.begin() as connection:
        connection.execute(text(statement))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request, tmp_path: Path, monkeypatch) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'petitions.sqlite'}"
    else:
        found = make_url(request.getfixturevalue("postgres_url")).set(drivername="postgresql+psycopg")
        url = found.render_as_string(hide_password=False)
    monkeypatch.setenv(VARIABLE, url)
    filled = fill(url)
    if request.param == "sqlite":
        with filled.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")  # else a reader keeps writers out
    yield filled
    filled.dispose()


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return extracting(tmp_path / "site", {"connection": "petitions", "table": "petition"})


def extracting(folder: Path, source: dict[str, str]) -> SmallSite:
    site = SmallSite.make(folder, "cases")
    path = folder / "feeds" / "cases.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    custom = {item["property"]: item for item in document["customProperties"]}
    custom["time"]["value"] |= {"kind": "extract", "delivery": "upsert"}
    custom["files"]["value"] = ["parquet"]
    document["customProperties"].append({"property": "extract", "value": source})
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return site


def taken_from(contract: Contract) -> Snapshot:
    assert contract.extract
    return take_snapshot(contract, contract.extract, zone="Asia/Shanghai")


@contextmanager
def after_the_first_count(act) -> Generator[list[str]]:
    done: list[str] = []

    def between(_connection, _cursor, statement, *_):
        if "AS counted" in statement and not done:
            done.append(statement)
            act()

    event.listen(Engine, "after_cursor_execute", between)
    try:
        yield done
    finally:
        event.remove(Engine, "after_cursor_execute", between)


def test_a_table_is_taken_judged_and_staged_and_the_same_rows_again_do_nothing(small, database):
    report = small.ingest()
    assert report.held == []
    counts = report.counts  # the header is a row that landed, too
    assert (counts["rows_landed"], counts["rows_accepted"]) == (3, 2)
    (kept,) = small.rows("select * from extract_snapshot")
    assert (kept["connection"], kept["source"]) == ("petitions", "petition")
    assert (kept["rows_before"], kept["rows_taken"], kept["rows_after"]) == (2, 2, 2)

    run(database, "CREATE TABLE again AS SELECT * FROM petition ORDER BY case_no")
    run(database, "DELETE FROM petition")
    run(database, "INSERT INTO petition SELECT * FROM again ORDER BY case_no")
    again = small.ingest(now=NOW + timedelta(hours=1))
    assert again.counts["duplicate"] == 1
    assert [verdict for _, verdict, _ in small.verdicts()] == ["accepted", "duplicate"]


def test_only_declared_columns_are_taken(small, database):
    contract = small.contract("cases")
    taken = taken_from(contract)
    assert "phone" not in dict(taken.columns)
    assert b"secret" not in taken.parquet


def test_a_writer_who_commits_in_the_middle_changes_nothing(small, database):
    contract: Contract = small.contract("cases")
    alone = taken_from(contract)
    late = ("C3", "东坡镇", "2026-08-09", None, None, "赵某", "")
    with after_the_first_count(lambda: add(database, late)) as done:
        disturbed = taken_from(contract)
    assert done
    assert disturbed == alone
    assert taken_from(contract).rows_taken == 3


def test_a_column_of_another_type_is_held_until_it_is_confirmed(small, database):
    small.ingest()
    run(database, "ALTER TABLE petition RENAME TO old")
    run(
        database,
        "CREATE TABLE petition AS SELECT case_no, unit, due_on, replied_on, CAST(outcome AS text) AS outcome, "
        "petitioner FROM old",
    )
    (held,) = small.ingest(now=NOW + timedelta(hours=1)).held
    assert held.fault.code == "H-SCHEMA"
    assert "outcome: varchar" in held.fault.en
    assert "→ text" in held.fault.en
    assert len(small.effective("cases")) == 1

    (waiting,) = small.rows("select max(delivery_id) as number from delivery")
    confirm_hold(small.site, waiting["number"], "H-SCHEMA", by="陈", reason="系统升级", now=NOW)
    assert small.ingest(now=NOW + timedelta(hours=2)).held == []
    assert small.effective("cases")[-1].delivery.delivery_id == waiting["number"]


def test_a_missing_column_is_held_by_its_name(small, database):
    run(database, "ALTER TABLE petition DROP COLUMN due_on")
    (held,) = small.ingest().held
    assert held.fault.code == "F-COL"
    assert "due_on" in held.fault.en


def test_a_missing_table_is_held_with_what_the_database_says(small, database):
    run(database, "DROP TABLE petition")
    (held,) = small.ingest().held
    assert held.fault.code == "F-SOURCE"
    assert "petition" in held.fault.en
    assert small.verdicts() == []


def test_a_query_may_stand_in_place_of_a_table(tmp_path, database):
    query = "SELECT * FROM petition WHERE case_no = 'C1'"
    small = extracting(tmp_path / "other", {"connection": "petitions", "query": query})
    assert small.ingest().counts["rows_accepted"] == 1


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all.sqlite", "postgresql://someone:hush@127.0.0.1:1/none"]
)
def test_a_database_that_does_not_answer_is_tried_again_and_its_password_is_not_told(small, monkeypatch, url):
    monkeypatch.setenv(VARIABLE, url)
    with pytest.raises(SourceUnreachable, match=VARIABLE) as said:
        small.ingest()
    assert isinstance(said.value, OSError)
    assert "hush" not in str(said.value)


def test_check_names_the_variable_that_is_not_set(small, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert any(VARIABLE in finding.text and finding.fatal for finding in check_site(small.site))
    (held,) = small.ingest().held
    assert held.fault.code == "F-SOURCE"


def test_an_extract_may_come_as_a_file(tmp_path):
    bare = SmallSite.make(tmp_path / "bare", "cases", kind="extract", delivery="upsert").contract("cases")
    assert bare.extract is None
