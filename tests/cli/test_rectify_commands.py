from __future__ import annotations

import getpass
import hashlib
import io
import json
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from include.cli import rectify, rectify_office
from include.cli.main import app
from include.pipeline.rectify_lists import rectification_workbook
from tests.pipeline import rectified_site
from tests.pipeline.rectified_site import GOOD, at, items, opened, warned
from tests.pipeline.small_site import PLACE, SmallSite


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    with pytest.MonkeyPatch.context() as patch:
        for account in rectified_site.ACCOUNTS.values():
            patch.setitem(account, "logins", [getpass.getuser()])
        return warned(tmp_path_factory.mktemp("commands") / "site")


@pytest.fixture
def small(once: SmallSite, tmp_path: Path) -> SmallSite:
    return once.copy(tmp_path / "site")


class Clock:
    """What the commands take for now."""

    def __init__(self) -> None:
        self.day = "2026-10-26"

    def now(self, zone: object = None) -> object:
        return at(self.day).astimezone(zone)  # type: ignore[arg-type]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    for module in (rectify, rectify_office):
        monkeypatch.setattr(module, "datetime", found)
    return found


def say(small: SmallSite, *arguments: object, account: str = "") -> Result:
    env = {"MINGJING_SITE": str(small.folder), "COLUMNS": "200"}
    asked = ["rectify", *map(str, arguments), *(["--as", account] if account else [])]
    result = CliRunner(env=env).invoke(app, asked)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_way_of_an_item_by_command(small: SmallSite, clock: Clock):
    assert "新建 2 项" in say(small, "open", "2026Q3", account="officer").output
    assert "东坡镇" not in say(small, "list").output
    listed = json.loads(say(small, "list", "--json").output)
    item = next(one["item_id"] for one in listed["items"] if one["unit_code"] == "U2")
    assert listed["items"][0]["days_left"] == 42
    clock.day = "2026-11-30"
    assert json.loads(say(small, "list", "--json").output)["items"][0]["days_left"] == 7, (
        "counted anew on each day"
    )
    assert say(small, "measure", item, "清理积压", account="officer").exit_code == 0
    assert say(small, "extend", item, "--days", 5, "--reason", "待批", account="officer").exit_code == 0
    refused = say(small, "extend", item, "--approve", account="officer")
    assert refused.exit_code == 1
    assert "不能办理 [rectify_approve]" in refused.output
    assert "2026-12-14" in say(small, "extend", item, "--approve", account="verifier").output
    assert say(small, "pause", item, "--reason", "封路", account="verifier").exit_code == 0
    assert say(small, "resume", item, account="verifier").exit_code == 0
    clock.day = "2026-12-16"
    follow = json.loads(say(small, "follow-up", "--json").output)
    assert follow["counts"]["overdue"] == 2
    assert "▲" in say(small, "list").output
    proof = small.folder / "proof.pdf"
    proof.write_bytes(b"proof")
    assert (
        say(small, "report", item, "--reason", "已清", "--evidence", proof, account="officer").exit_code == 0
    )
    (event,) = small.rows("SELECT evidence_sha256 FROM rectification_event WHERE kind = 'reported'")
    assert event["evidence_sha256"] == hashlib.sha256(b"proof").hexdigest()
    points = [word for name, value in GOOD.items() for word in ("--points", f"{name}={value}")]
    assert say(small, "refuse", item, "--false", "--reason", "未见", account="verifier").exit_code == 0
    assert say(small, "refer", item, "--reason", "虚假", account="verifier").exit_code == 0
    assert say(small, "report", item, "--reason", "真的已清", account="officer").exit_code == 0
    assert "verified" in say(small, "verify", item, *points, account="verifier").output
    clock.day = "2027-01-05"
    assert say(small, "look-back", item, "--undone", "--reason", "又积压", account="verifier").exit_code == 0
    assert items(small)[item]["reopened"] == 1
    assert "重启 1 项" in say(small, "campaign", "双清零", "--before", "2026Q4", account="verifier").output
    assert "整改结果_2026Q4.xlsx" in say(small, "results", "2026Q4").output
    assert "没有新的" in say(small, "results", "2026Q4").output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "--list", "wishes"), "没有清单"),
        (("verify", "1", "--points", "tasks=many"), "tasks=45"),
        (("extend", "1", "--approve", "--deny"), "只能选一个"),
    ],
)
def test_what_is_written_wrongly_is_said(
    small: SmallSite, clock: Clock, arguments: tuple[str, ...], words: str
):
    result = say(small, *arguments)
    assert result.exit_code == 2
    assert words in result.output


@pytest.mark.parametrize("which", ["problems", "rectification", "responsibility", "results"])
def test_each_list_is_a_table_and_figures(small: SmallSite, clock: Clock, which: str):
    opened(small)
    count = 0 if which == "results" else 2
    assert f"{count} 项" in say(small, "list", "--list", which).output
    assert len(json.loads(say(small, "list", "--list", which, "--json").output)[which]) == count


def test_the_lists_as_a_workbook(small: SmallSite, clock: Clock, tmp_path: Path):
    opened(small)
    target = tmp_path / "lists.xlsx"
    assert say(small, "book", "--output", target, "--quarter", "2026Q3").exit_code == 0
    book = openpyxl.load_workbook(target)
    assert book.sheetnames == ["问题清单", "整改清单", "责任清单", "成果清单"]
    sheet = book["问题清单"]
    assert sheet["A1"].value == "小县2026Q3整改台账 问题清单"
    assert "共 2 项" in sheet["A2"].value
    assert [cell.value for cell in sheet[3]][:3] == ["序号", "责任单位", "问题"]
    assert {sheet["B4"].value, sheet["B5"].value} == {"西沟乡", "县林业局"}
    assert "黄" in sheet["E4"].value
    assert book["成果清单"].max_row == 3
    again = rectification_workbook(small.site, PLACE, today=date(2026, 10, 26), unit="U2")
    assert again == rectification_workbook(small.site, PLACE, today=date(2026, 10, 26), unit="U2")
    own = openpyxl.load_workbook(io.BytesIO(again))["整改清单"]
    assert own["A1"].value == "西沟乡整改台账 整改清单"
    assert own.max_row == 4
