"""The `mingjing` command: sentences without tracebacks, exit codes 0, 1 and 2, and JSON for programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import openpyxl
import pytest
import xlsxwriter
import yaml
from typer.testing import CliRunner

from include.cli.main import app
from include.cli.sentences import exit_code_of
from include.config import ConfigError
from include.measures.errors import MeasureError
from include.scoring.errors import FrameworkError, Mistake, ScoringError
from include.site import REPOSITORY
from include.units import RegisterError
from include.warehouse.errors import UnknownRelease, WarehouseError


def mingjing(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def site(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    monkeypatch.setenv("MINGJING_SITE", str(folder))
    monkeypatch.delenv("MINGJING_WAREHOUSE_URL", raising=False)
    assert mingjing("init", folder, "--code", "000001", "--name", "示例县").exit_code == 0
    return folder


def put(folder, place, text):
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def drop(folder, header, *, name="信访.xlsx"):
    path = folder / "inbox" / "000001" / "petitions" / name
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, header)
        sheet.write_row(1, 0, ["1"] * len(header))
    os.utime(path, (1_760_000_000, 1_760_000_000))


def test_a_new_site_passes_its_own_check(site):
    result = mingjing("check")
    assert result.exit_code == 0
    assert "站点可用。 The site is fit for use." in result.output
    assert mingjing("check", site).output == result.output
    found = json.loads(mingjing("check", "--json").output)
    assert found["fit"] is True
    assert [finding["fatal"] for finding in found["findings"]] == [False]


def test_init_refuses_a_folder_that_holds_a_site_and_a_wrong_code(site, tmp_path):
    result = mingjing("init", site, "--code", "2", "--name", "另一县")
    assert result.exit_code == 2 and "holds a site already" in result.output
    result = mingjing("init", tmp_path / "other", "--code", "14/11", "--name", "县")
    assert result.exit_code == 2 and "[jurisdictions.0.code] found [14/11]" in result.output
    assert not (tmp_path / "other").exists()


def test_sentences_keep_their_brackets_and_their_lines(site):
    put(site, "site.yaml", "site: county\ncolour: [red]\n")
    result = mingjing("check")
    assert result.exit_code == 2
    lines = result.output.splitlines()
    assert f"[{site / 'site.yaml'}] [colour] 不认识这个键" in result.output
    assert all(line.startswith(f"[{site / 'site.yaml'}] [") for line in lines), "one mistake, one line"


def test_without_a_site_it_says_how_to_name_one(monkeypatch):
    monkeypatch.delenv("MINGJING_SITE", raising=False)
    for command in (["check"], ["ingest"], ["score", "2026Q3"], ["units", "import"]):
        result = mingjing(*command)
        assert result.exit_code == 2 and "set MINGJING_SITE" in result.output


@pytest.mark.parametrize("command", ["score", "status", "warnings"])
def test_a_quarter_that_is_no_quarter_is_refused(site, command):
    result = mingjing(command, "2026-Q3")
    assert result.exit_code == 2 and "2026Q3" in result.output


def test_a_feed_that_the_site_does_not_take_is_refused(site):
    for command in ("ingest", "refused"):
        result = mingjing(command, "parking")
        assert result.exit_code == 2 and "takes no feeds ['parking']" in result.output


def test_a_register_with_faults_imports_nothing_and_names_the_cells(site):
    workbook = openpyxl.load_workbook(site / "register.xlsx")
    for row, values in ((3, ("T01", "青石镇", "村")), (4, ("", "白水乡", "乡镇"))):
        for place, value in enumerate(values, start=1):
            workbook["单位"].cell(row, place, value)
    workbook.save(site / "register.xlsx")
    result = mingjing("units", "import")
    assert result.exit_code == 2
    assert "register.xlsx 单位!C3" in result.output and "register.xlsx 单位!A4" in result.output
    assert "The register of units is empty" in mingjing("check").output
    assert mingjing("units", "import", site / "none.xlsx").exit_code == 2


def test_a_held_file_is_told_and_ends_with_1(site):
    drop(site, ["甲", "乙"])
    result = mingjing("ingest", "petitions", "--dry-run")
    assert result.exit_code == 1 and "F-COL" in result.output
    found = json.loads(mingjing("ingest", "--json").output)
    (held,) = found["held"]
    assert (held["feed"], held["file"], held["code"]) == ("petitions", "信访.xlsx", "F-COL")
    assert held["zh"] and held["en"]
    again = mingjing("ingest", "petitions")
    assert again.exit_code == 0, "what was held is held, not held anew"


def test_a_file_that_has_just_come_is_left_for_later_and_said_so(site):
    drop(site, ["甲", "乙"])
    os.utime(site / "inbox" / "000001" / "petitions" / "信访.xlsx")
    result = mingjing("ingest", "petitions")
    assert result.exit_code == 0
    assert "1 files have just been dropped" in result.output


def test_nothing_to_score_and_no_release_end_with_1(site):
    result = mingjing("score", "2026Q3")
    assert result.exit_code == 1 and "Nothing to score in 2026Q3" in result.output
    assert json.loads(mingjing("score", "2026Q3", "--json").stdout) == {"reports": []}
    result = mingjing("warnings", "2026Q3")
    assert result.exit_code == 1 and "has no release yet" in result.output


def test_status_tells_who_has_to_send_what_until_when(site):
    found = json.loads(mingjing("status", "2024Q4", "--json").output)["000001"]
    assert found["status"] == "overdue"
    petitions = next(item for item in found["missing"] if item["feed"] == "petitions")
    assert petitions["supplier"] == "petitions_office" and petitions["state"] == "late"
    assert petitions["deadline"] == "2025-01-15T23:59:59.999999+08:00"
    future = json.loads(mingjing("status", "2099Q1", "--json").output)["000001"]
    assert {item["state"] for item in future["missing"]} == {"not_yet"}


def test_a_warehouse_that_cannot_be_reached_is_a_sentence(site, monkeypatch):
    monkeypatch.setenv("MINGJING_WAREHOUSE_URL", "postgresql+psycopg://loader:hunter2@127.0.0.1:9/mingjing")
    result = mingjing("score", "2026Q3")
    assert result.exit_code == 2
    assert "127.0.0.1" in result.output and "hunter2" not in result.output


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("site.yaml", ["x"]), 2),
        (FrameworkError((Mistake("f", "p", "x", "y", "z"),)), 2),
        (ScoringError("甲", "a"), 2),
        (RegisterError([]), 2),
        (MeasureError("m.sql", "甲", "a"), 2),
        (WarehouseError("甲", "a"), 1),
        (UnknownRelease("甲", "a"), 1),
        (ZeroDivisionError("a defect of ours"), None),
    ],
)
def test_refusals_have_an_exit_code_and_defects_have_none(error, code):
    assert exit_code_of(error) == code


def test_the_installed_command_ends_with_the_code_and_without_a_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "from include.cli.main import run; run()", "check", str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "The file does not exist" in done.stderr and "Traceback" not in done.stderr


def test_keys_are_made_listed_and_rotated_and_never_shown(site):
    ring = site / "keys.yaml"
    assert ring.stat().st_mode & 0o777 == 0o600
    assert "keys.yaml" in (site / ".gitignore").read_text()
    before = yaml.safe_load(ring.read_text())["keys"]
    assert {key["purpose"] for key in before} == {"pseudonym", "vault", "token", "sign"}
    done = mingjing("keys", "rotate", "pseudonym", "--from", "2031Q1", "--site", str(site))
    assert done.exit_code == 0, done.output
    listed = mingjing("keys", "list", "--site", str(site), "--json")
    found = json.loads(listed.output)["keys"]
    assert [key["begins"] for key in found if key["purpose"] == "pseudonym"][-1] == "2031Q1"
    assert not any(key["secret"] in listed.output + done.output for key in before)
    again = mingjing("keys", "rotate", "pseudonym", "--from", "2030Q1", "--site", str(site))
    assert again.exit_code == 2 and "2031Q1" in again.output
