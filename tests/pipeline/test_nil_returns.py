"""Nothing to report is a report: zero where a count is zero, never missing, and never by silence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.pipeline.evidence import evidence
from include.pipeline.nil_returns import Declaration, NotNil, declare_nil
from include.pipeline.ready import quarter_readiness
from include.warehouse import audit
from include.warehouse.store import reading
from tests.pipeline.small_site import NOW, PLACE, Q3, SENT, UNITS, SmallSite, cases, on_time

LETTERS = "letter_no,unit,given_on\n"
LATER = SENT + timedelta(hours=1)


@pytest.fixture
def letters(tmp_path):
    """A site whose letters of praise are due each quarter; its measure counts them, and none is zero."""
    return SmallSite.make(tmp_path / "site", "praise", "cases", cadence="quarter")


def nil(small, **changes):
    said = {
        "feed": "praise",
        "supplier": "office",
        "quarter": "2026Q3",
        "declared_by": "王某",
        "reason": "电话确认",
    }
    return declare_nil(small.site, Declaration(jurisdiction=PLACE, **(said | changes)), now=NOW)


def counted(small):
    """Unit → letters counted, or the state where there is no count."""
    found = small.figures("praise.letters")
    return {unit: figure if isinstance(figure, str) else figure[0] for unit, figure in found.items()}


def missing(small):
    return [item.feed for item in quarter_readiness(small.site, PLACE, Q3, now=NOW).missing]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("2026Q3零报送.csv", LETTERS),
        ("praise.csv", LETTERS + "2026年第三季度零报送,,\n"),
        ("praise.csv", "2026Q3 零报告\n"),
    ],
)
def test_a_file_that_says_so_counts_as_zero_and_not_as_missing(letters, name, content):
    letters.send("cases", "cases.csv", cases(*on_time("U1", 1, 2)))
    letters.send("praise", name, content)
    letters.ingest("cases")
    report = letters.ingest("praise")
    assert report.counts["nil_return"] == 1 and not report.held
    assert report.quarters == {(PLACE, "2026Q3")}
    assert "praise" not in missing(letters)
    letters.score()
    assert counted(letters) == dict.fromkeys(UNITS, 0)


def test_without_it_the_same_figures_are_missing(letters):
    letters.send("cases", "cases.csv", cases(*on_time("U1", 1, 2)))
    letters.send("praise", "praise.csv", LETTERS)
    letters.ingest("cases")
    report = letters.ingest("praise")
    assert [item.fault.code for item in report.held] == ["F-EMPTY"]
    assert "零报送" in report.held[0].fault.zh and "mingjing nil" in report.held[0].fault.en
    assert missing(letters) == ["praise"]
    letters.score()
    assert counted(letters) == dict.fromkeys(UNITS, "missing")


def test_a_nil_return_that_names_no_quarter_is_held(letters):
    letters.send("praise", "praise.csv", LETTERS + "零报送,,\n")
    assert [item.fault.code for item in letters.ingest("praise").held] == ["F-NILQUARTER"]


def test_a_quarter_that_cannot_be_is_held(letters):
    letters.send("praise", "2031Q3零报送.csv", LETTERS)
    assert [item.fault.code for item in letters.ingest("praise").held] == ["F-PERIOD"]


def test_rows_are_conserved_in_a_nil_return(letters):
    letters.send("praise", "praise.csv", "台账,,\n" + LETTERS + "2026Q3零报送,,\n")
    letters.ingest("praise")
    (balance,) = letters.rows("select landed, accepted, quarantined, structural from row_balance")
    assert balance == {"landed": 3, "accepted": 0, "quarantined": 0, "structural": 3}


def test_a_steward_declares_it_once_and_the_trace_says_who(letters):
    assert nil(letters) is True
    assert nil(letters, reason="再次") is False
    assert missing(letters) == ["cases"]
    (trace,) = letters.rows("select actor, action, reason from audit_entry")
    assert trace == {"actor": "王某", "action": "declare_nil_return", "reason": "电话确认"}
    with reading(letters.engine) as connection:
        assert audit.verify(connection).ok
    assert letters.verdicts() == [("零报送 2026Q3.json", "nil_return", "W-NIL")]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"supplier": "north"}, "north"),
        ({"quarter": "2019Q1"}, "2019Q1"),
        ({"reason": " "}, "理由"),
    ],
)
def test_what_cannot_be_declared_is_said(letters, changes, says):
    with pytest.raises(NotNil, match=says):
        nil(letters, **changes)
    assert letters.verdicts() == []


def test_a_nil_return_over_rows_in_use_waits_for_a_steward(letters):
    letters.send("praise", "a.csv", LETTERS + "L1,U1,2026-08-01\n")
    letters.ingest("praise")
    with pytest.raises(NotNil, match="1"):
        nil(letters)
    letters.send("praise", "2026Q3零报送.csv", LETTERS, at=LATER)
    assert [item.fault.code for item in letters.ingest("praise").held] == ["H-NILOVER"]
    letters.score()
    assert counted(letters)["U1"] == 1


def test_a_file_that_comes_after_all_takes_its_place(letters):
    letters.send("cases", "cases.csv", cases(*on_time("U1", 1, 2)))
    letters.ingest("cases")
    nil(letters)
    letters.score()
    assert counted(letters)["U1"] == 0
    letters.send("praise", "a.csv", LETTERS + "L1,U1,2026-08-01\n", at=NOW)
    letters.ingest("praise", now=NOW + timedelta(hours=1))
    letters.score(now=NOW + timedelta(hours=1))
    assert counted(letters)["U1"] == 1
    assert letters.release().revision == 2


def test_the_rows_behind_a_nil_return_are_none_and_no_traceback(letters):
    letters.send("cases", "cases.csv", cases(*on_time("U1", 1, 2)))
    letters.ingest("cases")
    nil(letters)
    letters.score()
    found = evidence(
        letters.engine, letters.site, letters.release(), "U1", ["praise.letters", "cases.on_time"]
    )
    assert found["praise.letters"].rows.empty
    assert len(found["cases.on_time"].rows) == 2


def test_a_register_is_never_nil(tmp_path):
    small = SmallSite.make(tmp_path / "site", "offices")
    small.send("offices", "2026Q3零报送.csv", "unit_code,name,peer_group,effective_from\n")
    assert [item.fault.code for item in small.ingest("offices").held] == ["F-NILREGISTER"]
    with pytest.raises(NotNil):
        nil(small, feed="offices")


def test_rows_that_came_in_the_same_run_are_not_taken_back_by_a_nil_return(letters):
    letters.send("praise", "a.csv", LETTERS + "L1,U1,2026-08-01\n")
    letters.send("praise", "b.csv", "2026Q3 零报告\n", at=LATER)
    letters.ingest("praise")
    assert [reason for _, _, reason in letters.verdicts()] == ["", "H-NILOVER"]
