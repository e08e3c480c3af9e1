"""A steward confirms a hold: the file is judged again with that hold waived and no other, and the trace says who."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import DatabaseError

from include.pipeline.confirm_hold import NotConfirmed, confirm_hold
from include.warehouse import audit
from include.warehouse.store import reading, writing
from tests.pipeline.small_site import NOW, SmallSite, cases, on_time

LATER = NOW + timedelta(hours=1)
BAD = cases(*on_time("U1", 1, 2), *[(f"X{n}", "查无此局", "2026-08-01", "") for n in range(4)])


@pytest.fixture
def held(tmp_path):
    """A site with one delivery, number 1, held for its share of bad rows (4 of 6)."""
    small = SmallSite.make(tmp_path / "site", "cases")
    small.send("cases", "a.csv", BAD)
    small.ingest()
    assert small.verdicts() == [("a.csv", "held", "H-BADSHARE")]
    return small


def confirm(small, code="H-BADSHARE", *, delivery=1, by="王某", reason="电话核对无误"):
    return confirm_hold(small.site, delivery, code, by=by, reason=reason, now=LATER)


def test_the_file_is_used_and_its_bad_rows_stay_in_quarantine(held):
    assert confirm(held) == "cases"
    report = held.ingest(now=LATER)
    assert held.verdicts()[-1] == ("a.csv", "accepted", "")
    assert (report.counts["rows_accepted"], report.counts["rows_quarantined"]) == (2, 4)
    assert held.rows("select code from file_fault order by verdict_id") == [
        {"code": "H-BADSHARE"},
        {"code": "I-CONFIRMED"},
    ]


def test_it_is_judged_once_more_and_not_at_every_run(held):
    confirm(held)
    for _ in range(3):
        held.ingest(now=LATER)
    assert len(held.verdicts()) == 2


def test_no_other_hold_is_waived(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases")
    rows = "".join(f"X{n},查无此局,2026-08-01,\n" for n in range(65_535))
    small.send("cases", "a.csv", "case_no,unit,due_on,replied_on\n" + rows)
    small.ingest()
    assert small.verdicts()[-1][2] == "H-GRID"
    confirm(small, "H-GRID")
    small.ingest(now=LATER)
    assert small.verdicts()[-1] == ("a.csv", "held", "H-ALLBAD")
    confirm(small, "H-ALLBAD")
    small.ingest(now=LATER)
    assert small.verdicts()[-1] == ("a.csv", "accepted", "")


def test_another_contract_asks_anew(held):
    confirm(held)
    path = held.folder / "feeds" / "cases.yaml"
    path.write_text(path.read_text().replace("hold_above_bad_share: 0.6", "hold_above_bad_share: 0.5"))
    held.ingest(now=LATER)
    assert held.verdicts()[-1] == ("a.csv", "held", "H-BADSHARE")


def test_the_trace_stands_in_the_audit_chain_and_cannot_be_changed(held):
    confirm(held)
    (trace,) = held.rows("select actor, action, subject, reason from audit_entry")
    assert trace == {
        "actor": "王某",
        "action": "confirm_hold",
        "subject": "delivery/1",
        "reason": "电话核对无误",
    }
    with reading(held.engine) as connection:
        assert audit.verify(connection).ok
    with pytest.raises(DatabaseError, match="append-only"), writing(held.engine) as connection:
        connection.exec_driver_sql("update hold_confirmation set reason = 'x'")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"delivery": 99}, "99"),
        ({"code": "H-GRID"}, "H-BADSHARE"),
        ({"reason": ""}, "why"),
        ({"by": " "}, "who"),
    ],
)
def test_what_cannot_be_confirmed_is_said_and_leaves_no_trace(held, changes, says):
    with pytest.raises(NotConfirmed, match=says):
        confirm(held, **changes)
    assert held.rows("select * from hold_confirmation") == held.rows("select * from audit_entry") == []


def test_a_second_confirmation_is_refused(held):
    confirm(held)
    with pytest.raises(NotConfirmed, match="confirmed it already"):
        confirm(held, by="李某")


def test_a_broken_file_is_never_confirmed(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases")
    small.send("cases", "a.xlsx", b"PK\x03\x04 cut short")
    small.ingest()
    with pytest.raises(NotConfirmed, match="sent again"):
        confirm(small, "F-TRUNC")


def test_a_register_is_whole_or_held(tmp_path):
    small = SmallSite.make(tmp_path / "site", "offices")
    rows = "unit_code,name,peer_group,effective_from\nU1,甲,office,2020-01-01\nU2,乙,office,not a day\n"
    small.send("offices", "a.csv", rows)
    small.ingest("offices")
    with pytest.raises(NotConfirmed, match="whole"):
        confirm(small, small.verdicts()[-1][2])
