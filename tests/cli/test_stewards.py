"""Commands for stewards: due, suppliers, aliases; sentences, exit codes and JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from typer.testing import CliRunner

from include.cli.main import app
from include.quarters import Quarter
from tests.pipeline.small_site import PLACE, SmallSite, cases, on_time

CONTACT = {"role": "数据专管员", "phone": "内线 8001"}


def mingjing(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def small(tmp_path, monkeypatch):
    settings = {"suppliers": {"office": {"name": {"zh": "信访局"}, "contacts": [CONTACT]}}}
    made = SmallSite.make(tmp_path / "site", "cases", settings=settings)
    monkeypatch.setenv("MINGJING_SITE", str(made.folder))
    monkeypatch.delenv("MINGJING_WAREHOUSE_URL", raising=False)
    return made


@pytest.fixture
def last() -> Quarter:
    """The commands read the clock: the last quarter that has ended."""
    return Quarter.of(datetime.now(UTC).date()).shift(-1)


def send(small, last, *rows) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    kept = on_time("U1", 3, 3, quarter=str(last))
    small.send("cases", "a.csv", cases(*kept, *rows), at=at)
    assert mingjing("ingest", "--json").exit_code == 0


def test_due_names_whom_to_call(small):
    result = mingjing("due", "--days", "100")
    assert result.exit_code == 0
    assert all(word in result.output for word in ("cases", "信访局", "数据专管员 内线 8001"))
    found = json.loads(mingjing("due", "--days", "100", "--json").output)["due"]
    assert found[0]["contacts"] == [CONTACT | {"mail": ""}]
    assert {"feed", "supplier", "quarter", "deadline", "days_left", "held"} <= found[0].keys()


def test_suppliers_shows_the_scorecard(small, last):
    send(small, last, ("9", "U1", "not a day", ""))
    result = mingjing("suppliers", last)
    assert result.exit_code == 0
    assert "信访局" in result.output and "差错%" in result.output
    scores = json.loads(mingjing("suppliers", last, "--json").output)
    (row,) = scores["feeds"]
    assert (row["data_rows"], row["faulty_rows"], row["fix"]) == (4, 1, "open")
    assert len(scores["suppliers"]) == 1
    assert mingjing("suppliers", "2026-3").exit_code == 2


def test_a_name_is_proposed_approved_and_let_in(small, last):
    send(small, last, *on_time("水利局", 1, 1, quarter=str(last)))
    result = mingjing("aliases", "proposed")
    assert all(word in result.output for word in ("水利局", "县水利局 (U3)", "少“县”"))
    (area,) = json.loads(mingjing("aliases", "proposed", "--json").output)["areas"]
    assert area["names"][0]["nearest"][0]["unit_code"] == "U3"
    signed = ("--by", "王主任", "--reason", "来函")
    result = mingjing("aliases", "approve", "水利局", "U3", "--from", "2020-01-01", *signed)
    assert result.exit_code == 0 and "judged again at the next mingjing ingest" in result.output
    assert mingjing("ingest").exit_code == 0
    assert json.loads(mingjing("refused", "--json").output) == {"rows": []}
    assert mingjing("aliases", "reject", "水利局", *signed).exit_code == 0


def test_refusals_are_sentences(small):
    signed = ("--by", "王主任", "--reason", "来函")
    result = mingjing("aliases", "approve", "水利局", "U8", *signed)
    assert result.exit_code == 1 and "no unit code [U8]" in result.output
    result = mingjing("aliases", "approve", "水利局", "U3", "--from", "2020/01/01", *signed)
    assert result.exit_code == 2 and "2026-07-01" in result.output
    result = mingjing("aliases", "approve", "水利局", "U3", "--area", "elsewhere", *signed)
    assert result.exit_code == 2 and PLACE in result.output
    assert mingjing("aliases", "approve", "水利局", "U3").exit_code == 2, "who decides must be said"


def test_a_template_and_a_page_are_written(small, tmp_path):
    book = tmp_path / "模板.xlsx"
    assert mingjing("template", "cases", "-o", book).exit_code == 0
    sheets = openpyxl.load_workbook(book)
    assert sheets.sheetnames == ["填报说明", "cases"]
    choices = [cell.value for cell in sheets["填报说明"]["A"]]
    assert "县水利局" in choices, "the unit column offers the register"
    page = tmp_path / "page.html"
    assert mingjing("contract", "cases", "-o", page).exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert mingjing("contract", "cases").output.startswith("# cases")
    assert mingjing("template", "petitions", "-o", book).exit_code == 2
