"""People planted wherever people turn up in department files are found nowhere outside the vault."""

from __future__ import annotations

from itertools import count

import pytest
import xlsxwriter
from typer.testing import CliRunner

from include.cli.main import app
from include.keys import PURPOSES, KeyRing
from include.quarters import Quarter
from tests.pipeline.canary import kept, leaks, people
from tests.pipeline.small_site import SmallSite

PEOPLE = 120
HEADER = ["case_no", "unit", "due_on", "replied_on", "outcome", "petitioner", "身份证号", "电话", "住址"]
_numbers = count(1)


@pytest.fixture
def small(tmp_path):
    made = SmallSite.make(tmp_path / "site", "cases")
    ring = KeyRing(file=made.folder / "keys.yaml")
    for purpose in PURPOSES:
        ring = ring.with_new(purpose, Quarter(2025, 1))
    ring.save()
    return made


def row(person, **changes):
    """A sound row of a person, with changes by column."""
    sound = [f"c{next(_numbers)}", "U1", "2026-08-01", "2026-08-01", "good"]
    found = dict(
        zip(HEADER, [*sound, person.name, person.identity, person.mobile, person.address], strict=True)
    )
    return [(found | changes)[name] for name in HEADER]


def csv(rows, header=HEADER):
    return "\n".join(",".join(line) for line in ([header] if header else []) + rows) + "\n"


def sheet(path, name, rows):
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet(name)
        for number, line in enumerate([HEADER, *rows]):
            page.write_row(number, 0, line)
    return path.read_bytes()


def plant(small, tmp_path):
    """Send files of every fate; a person each row and a person each name."""
    who = people(PEOPLE)
    some = [who[at : at + 10] for at in range(0, PEOPLE, 10)]

    def send(name, content):
        small.send("cases", name, content)

    send("a.csv", csv([row(one) for one in some[0]]))
    send("gb.csv", csv([row(one) for one in some[1]]).encode("gb18030"))
    refused = [row(one, due_on="2026-02-30") for one in some[2]]
    refused += [row(one, outcome=one.name) for one in some[2]] + [row(one, unit=one.name) for one in some[2]]
    refused += [row(one, outcome=one.address) for one in some[2]]
    send("refused.csv", csv([*refused, *[row(some[2][0]) for _ in range(40)]]))
    send("shifted.csv", csv([[one.name, *row(one)[:-1]] for one in some[3]]))
    send("inside.csv", csv([row(one, outcome=f"来电{one.mobile}") for one in some[4]]))
    send("inside2.csv", csv([row(one, outcome=f"姓名:{one.name},身份证{one.identity}") for one in some[5]]))
    send("no_header.csv", csv([row(one) for one in some[6]], header=None))
    send(
        "half_header.csv",
        csv([row(one) for one in some[7]], header=["case_no", "unit", *row(some[7][0])[2:]]),
    )
    extra = some[8][0]
    send(
        "headers.csv",
        csv([[*row(one), "", ""] for one in some[8]], header=[*HEADER, extra.name, f"电话{extra.mobile}"]),
    )
    for at, one in enumerate(some[9]):
        send(f"{one.name}信访材料{at}.csv", csv([row(one)]))
        send(f"{one.identity}-{one.mobile}({one.name}).csv", csv([row(one)], header=HEADER[:3]))
    for at, one in enumerate(some[10]):
        send(f"sheet{at}.xlsx", sheet(tmp_path / f"{at}.xlsx", one.name, [row(one), row(one, due_on="x")]))
    send("broken.xlsx", b"PK\x03\x04" + some[11][0].name.encode())
    return who


def test_planted_people_are_found_nowhere_outside_the_vault(small, tmp_path, monkeypatch, capfd):
    who = plant(small, tmp_path)
    assert leaks(who, [("a file", f"x{who[5].name}".encode("utf-16-le"))]), "the search finds what is there"
    monkeypatch.setenv("MINGJING_SITE", str(small.folder))
    said = [
        CliRunner().invoke(app, list(line)).output
        for line in (["ingest"], ["refused"], ["refused", "--json"])
    ]
    report = small.ingest()
    small.score()
    fates = {verdict for _, verdict, _ in small.verdicts()}
    assert {"accepted", "held"} <= fates and small.rows("select * from quarantined_row")
    reasons = {reason for _, _, reason in small.verdicts()}
    assert {"F-PERSONAL", "F-COL"} <= reasons, reasons
    captured = capfd.readouterr()
    places = [*kept(small.folder), ("report", repr(report).encode())]
    places += [("command line", text.encode()) for text in (*said, captured.out, captured.err)]
    assert leaks(who, places) == []


def test_the_vault_itself_shows_nobody_without_the_key(small, tmp_path):
    who = plant(small, tmp_path)
    small.ingest()
    vault = [
        (str(path), path.read_bytes()) for path in small.folder.glob("lake/**/vault/**/*") if path.is_file()
    ]
    assert len(vault) > 30 and leaks(who, vault) == []
