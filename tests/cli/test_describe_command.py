"""`mingjing describe`: what a steward sees of a file, alone and beside a contract."""

from __future__ import annotations

import json

import pytest
import xlsxwriter
import yaml
from typer.testing import CliRunner

from include.cli.main import app


def mingjing(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def book(tmp_path):
    def build(rows, name="表.xlsx"):
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as workbook:
            sheet = workbook.add_worksheet("台账")
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
        return path

    return build


ROWS = [
    ["某县台账"],
    ["单位", "联系人", "件数"],
    ["甲局", "张三丰", 1],
    ["乙局", "李四光", 2],
    ["合计", None, 3],
    ["注：x"],
]


def test_it_shows_rows_roles_and_the_yaml_to_declare(book):
    result = mingjing("describe", book(ROWS))
    assert result.exit_code == 0
    assert "header: 2–2" in result.output and "totals: 5" in result.output and "notes: 6" in result.output
    assert "甲局" in result.output and "张三丰" not in result.output, (
        "a person's name shows its first character"
    )
    assert "The proposal reads exactly these rows." in result.output
    written = result.output.partition("check names and types:")[2].partition("按此建议")[0]
    assert [column["businessName"] for column in yaml.safe_load(written)["schema"][0]["properties"]] == [
        "单位", "联系人", "件数",
    ]  # fmt: skip


def test_json_holds_rows_and_columns_and_no_cells(book):
    result = mingjing("describe", book(ROWS), "--json")
    found = json.loads(result.output)
    assert found["table"]["header_first_row"] == 2 and found["table"]["first_data_row"] == 3
    assert found["table"]["totals"] == [5] and found["reads_the_same"]
    assert "甲局" not in result.output


def test_beside_a_contract_it_names_what_does_not_match(book, tmp_path, monkeypatch):
    monkeypatch.delenv("MINGJING_SITE", raising=False)
    site = tmp_path / "site"
    assert mingjing("init", site, "--code", "000001", "--name", "示例县").exit_code == 0
    result = mingjing("describe", book(ROWS), "--contract", "petitions", "--site", site)
    assert result.exit_code == 1
    assert "F-COL" in result.output
    assert "契约中没有 not in the contract: 单位、联系人、件数" in result.output
    told = json.loads(
        mingjing("describe", book(ROWS), "--contract", "petitions", "--site", site, "--json").output
    )
    assert told["contract"]["held"] == "F-COL"


def test_a_file_that_is_no_table_or_no_file(book, tmp_path):
    result = mingjing("describe", book([["只有一句话"]]))
    assert result.exit_code == 1 and "No header above rows of data" in result.output
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 nothing")
    result = mingjing("describe", broken)
    assert result.exit_code == 1 and "F-" in result.output and "Traceback" not in result.output
    assert mingjing("describe", tmp_path / "none.xlsx").exit_code == 2
