"""`mingjing return` and `mingjing refused`, as a steward uses them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from typer.testing import CliRunner

from include.cli.main import app
from tests.pipeline.returned_files import as_csv, as_xlsx, case, edited, returned
from tests.pipeline.small_site import SENT, SmallSite


@pytest.fixture
def small(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases")
    small.send("cases", "台账.xlsx", as_xlsx(*(case(f"G{n}") for n in range(8)), case("B", outcome="maybe")))
    small.ingest()
    return small


def run(small, *words):
    return CliRunner().invoke(app, [*words, "--site", str(small.folder)])


@pytest.mark.parametrize("named", ["1", "#1", "台账.xlsx"])
def test_the_workbook_of_the_ingest_is_written_again(small, tmp_path, named):
    path = tmp_path / "out.xlsx"
    result = run(small, "return", named, "-o", str(path))
    assert result.exit_code == 0, result.output
    assert path.read_bytes() == returned(small)[0].read_bytes()


def test_also_of_a_return(small, tmp_path):
    small.send(
        "cases",
        "x.xlsx",
        edited(returned(small)[0], ("B", "outcome", "perhaps")),
        at=SENT + timedelta(hours=1),
    )
    small.ingest()
    assert run(small, "return", "x.xlsx", "-o", str(tmp_path / "out.xlsx")).exit_code == 0
    assert (tmp_path / "out.xlsx").read_bytes() == returned(small)[-1].read_bytes()


def test_a_csv_and_its_page(small, tmp_path):
    assert run(small, "return", "1", "--csv", "-o", str(tmp_path / "out.csv")).exit_code == 0
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert "maybe" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    assert "请改正" in (tmp_path / "out.txt").read_text(encoding="utf-8-sig")


def test_what_is_not_there_is_said(small):
    assert run(small, "return", "99").exit_code == 2
    small.send("cases", "good.csv", as_csv(case("Z")), at=SENT + timedelta(hours=1))
    small.ingest()
    assert run(small, "return", "good.csv").exit_code == 1


def test_only_open_rows_are_listed_unless_all_are_asked_for(small):
    small.send(
        "cases", "x.xlsx", edited(returned(small)[0], ("B", "outcome", "bad")), at=SENT + timedelta(hours=1)
    )
    assert "outcome_known" in run(small, "refused").output
    small.ingest()
    assert "outcome_known" not in run(small, "refused").output
    assert "(closed)" in run(small, "refused", "--all").output
