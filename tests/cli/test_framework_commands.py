"""`mingjing framework`: show, export, import, diff, rule-book; sentences and exit codes."""

from __future__ import annotations

import json

import openpyxl
import pytest
from typer.testing import CliRunner

from include.cli.main import app
from include.scoring import Framework
from include.site import FRAMEWORKS

JIAOKOU = FRAMEWORKS / "jiaokou" / "framework.yaml"


def mingjing(*arguments):
    result = CliRunner(env={"MINGJING_SITE": None}).invoke(app, ["framework", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_framework_goes_out_to_excel_and_back(tmp_path):
    book, file = tmp_path / "jiaokou.xlsx", tmp_path / "framework.yaml"
    assert mingjing("export", "jiaokou@2026.1", book).exit_code == 0
    assert mingjing("import", book, file).exit_code == 0
    assert Framework.from_yaml(file).digest == Framework.from_yaml(JIAOKOU).digest
    assert "The two are the same" in mingjing("diff", "jiaokou@2026.1", file).output
    assert mingjing("export", file, book).exit_code == 2
    assert mingjing("export", file, book, "--replace").exit_code == 0


def test_an_edit_shows_in_the_difference(tmp_path):
    book = tmp_path / "jiaokou.xlsx"
    mingjing("export", "jiaokou", book)
    opened = openpyxl.load_workbook(book)
    opened["体系"]["B4"] = "2099.1"
    opened.save(book)
    assert "2099.1" in mingjing("diff", "jiaokou", book).output
    (change,) = json.loads(mingjing("diff", "jiaokou", book, "--json").output)["changes"]
    assert (change["field"], change["new"]) == ("version", '"2099.1"')


def test_a_broken_workbook_is_refused_in_one_sentence_and_nothing_is_written(tmp_path):
    book, file = tmp_path / "jiaokou.xlsx", tmp_path / "framework.yaml"
    mingjing("export", "jiaokou", book)
    opened = openpyxl.load_workbook(book)
    opened["指标"]["I3"] = "guess"
    opened.save(book)
    result = mingjing("import", book, file)
    assert result.exit_code == 2
    assert "Sheet 指标, cell I3 is [guess]" in result.output
    assert not file.exists()


def test_show_lists_every_indicator_and_speaks_json():
    shown = json.loads(mingjing("show", "jiaokou@2026.1", "--json").output)
    framework = Framework.from_yaml(JIAOKOU)
    assert [one["code"] for one in shown["indicators"]] == [one.code for one in framework.indicators]
    assert shown["digest"] == framework.digest
    assert f"{len(framework.indicators)} 个指标" in mingjing("show", "jiaokou@2026.1").output


def test_a_name_alone_is_the_version_that_took_effect_last():
    shown = json.loads(mingjing("show", "jiaokou", "--json").output)
    assert shown["version"] == "2026.2"
    assert len(shown["indicators"]) == 111


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rule_book_holds_the_formulas_of_the_measures(tmp_path, language):
    page = tmp_path / "book.html"
    assert mingjing("rule-book", "jiaokou", page, "--language", language).exit_code == 0
    assert {"zh": "公式", "en": "Formula:"}[language] in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "nowhere"), "There is no framework [nowhere]"),
        (("show", "jiaokou@0"), "There is no framework [jiaokou@0]"),
        (("export", "jiaokou", "book.ods"), "must end in .xlsx"),
        (("rule-book", "jiaokou", "no/such/folder/book.html"), "There is no folder"),
        (("show", "nothing.xlsx"), "cannot be opened"),
    ],
)
def test_what_cannot_be_done_is_said(arguments, said):
    result = mingjing(*arguments)
    assert result.exit_code == 2
    assert said in result.output
