from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from include.cli.main import app
from tests.pipeline.small_site import SmallSite
from tests.pipeline.test_review import ACCOUNTS, send

PEOPLE = {name: {**account, "logins": ["*"]} for name, account in ACCOUNTS.items()}


def run(small: SmallSite, *line: str) -> str:
    done = CliRunner().invoke(app, [*line, "--site", str(small.folder)])
    assert done.exit_code == 0, done.output
    return done.output


def digest(small: SmallSite) -> str:
    found = re.search(r"digest ([0-9a-f]{12})", run(small, "review", "show", "1"))
    assert found
    return found[1]


def test_two_reviews_at_a_terminal_keep_what_the_first_dismissed(tmp_path: Path) -> None:
    small = SmallSite.make(tmp_path, "cases", settings={"accounts": PEOPLE})
    send(small, kept={"东坡镇": 9, "西沟乡": 3, "县水利局": 8, "县林业局": 2})
    small.score()
    run(small, "review", "open", "2026Q3", "--as", "runner")
    assert "U2/low/index" in run(small, "review", "show", "1")
    first = ("--dismiss", "U2/low/index", "--reason", "漏登记,已核实", "--as", "first")
    run(small, "review", "confirm", "1", "--digest", digest(small), *first)
    said = run(small, "review", "confirm", "1", "--digest", digest(small), "--as", "second")
    assert "定稿" in said
    verdicts = small.rows(
        "select unit_code, verdict, reason from review_decision order by answer_id, unit_code"
    )
    assert [(row["unit_code"], row["verdict"]) for row in verdicts] == [
        ("U2", "dismissed"),
        ("U4", "confirmed"),
    ] * 2
    assert "没有待办" in run(small, "review", "list")
