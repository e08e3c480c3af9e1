"""Judged again where the outcome can change, and only there; what was published stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from include.pipeline.confirm_hold import confirm_hold
from include.site import open_site
from tests.pipeline.small_site import NOW, SENT, SmallSite, cases, on_time

LATER = SENT + timedelta(hours=5)
KNOWN = {
    "name": "case_known",
    "type": "custom",
    "severity": "reject_row",
    "implementation": {
        "kind": "exists_in",
        "columns": ["letter_no"],
        "feed": "cases",
        "feed_columns": ["case_no"],
        "title": {"zh": "表扬信应对应已有事项", "en": "a letter of praise is about a known case"},
    },
}


@pytest.fixture
def small(tmp_path):
    return SmallSite.make(tmp_path / "site", "cases", "praise")


def change_contract(small, feed, change):
    path = small.folder / "feeds" / f"{feed}.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")


def judged(small) -> list[tuple[str, str, int]]:
    """(file, verdict, accepted rows) of every judgement, in order."""
    return [
        tuple(row.values())
        for row in small.rows(
            "select file_name, verdict, accepted from delivery_verdict join delivery using (delivery_id) "
            "join row_balance using (verdict_id) order by verdict_id"
        )
    ]


def basis(small, outcome) -> list[str]:
    return [
        row["part"] for row in small.rows(f"select part from judgement_basis where outcome = '{outcome}'")
    ]


def praise(*rows: tuple[str, str]) -> str:
    """(letter, day) of unit U1."""
    return "letter_no,unit,given_on\n" + "".join(f"{no},U1,{day}\n" for no, day in rows)


def test_nothing_changed_is_nothing_judged(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 2, 3)))
    small.ingest()
    for days in range(3):
        assert small.ingest(now=NOW + timedelta(days=days)).counts["accepted"] == 0
    assert len(judged(small)) == 1


def test_an_accepted_file_is_judged_again_when_its_contract_changes(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 2, 3), more="x,U2,2026-08-01,2026-07-01\n"))
    small.ingest()
    small.score()
    first = small.release()
    on_or_after = {
        "name": "replied_in_august",
        "severity": "reject_row",
        "implementation": {
            "kind": "compare",
            "left": "due_on",
            "op": "<=",
            "right": "replied_on",
            "title": {"zh": "x"},
        },
    }
    change_contract(small, "cases", lambda c: c["schema"][0].update(quality=[on_or_after]))
    small.site = open_site(small.folder)
    report = small.ingest()
    assert (report.counts["recorded"], report.counts["accepted"], report.counts["rows_quarantined"]) == (
        0,
        1,
        1,
    )
    small.score()
    assert small.release().revision == 2, "the first release stays, the next is a revision"
    assert small.rows("select count(*) as n from release")[0]["n"] == 2
    assert first.release_id != small.release().release_id
    assert small.ingest().counts["accepted"] == 0, "judged once per contract"


def test_what_a_new_contract_would_hold_stays_as_it_was_accepted_and_is_said_once(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 2, 3)))
    small.ingest()
    impossible = {
        "name": "never",
        "severity": "hold_file",
        "implementation": {
            "kind": "one_of",
            "column": "case_no",
            "values": ["nothing"],
            "title": {"zh": "x"},
        },
    }
    change_contract(small, "cases", lambda c: c["schema"][0].update(quality=[impossible]))
    assert [held.fault.code for held in small.ingest().held] == ["H-RULE"]
    assert judged(small) == [("a.csv", "accepted", 3)]
    (kept,) = small.rows("select distinct reason_code from judgement_basis where outcome = 'kept'")
    assert kept["reason_code"] == "H-RULE"
    assert small.ingest().held == []


def test_rows_outside_the_first_quarter_come_in_when_it_moves_and_others_are_left_alone(small):
    small.send("cases", "old.csv", cases(*on_time("U1", 1, 2, quarter="2025Q3"), *on_time("U2", 1, 5)))
    small.send("cases", "new.csv", cases(*on_time("U3", 1, 2)), at=LATER)
    assert small.ingest().counts["rows_quarantined"] == 2
    path = small.folder / "site.yaml"
    path.write_text(path.read_text().replace("first_quarter: 2025Q4", "first_quarter: 2025Q3"))
    small.site = open_site(small.folder)
    report = small.ingest()
    assert (report.counts["accepted"], report.counts["rows_accepted"]) == (1, 7)
    path.write_text(path.read_text().replace("first_quarter: 2025Q3", "first_quarter: 2025Q4"))
    small.site = open_site(small.folder)
    assert small.ingest().counts["rows_quarantined"] == 2, "and go out again"
    assert [name for name, _, _ in judged(small)] == ["old.csv", "new.csv", "old.csv", "old.csv"]


def test_a_row_of_a_quarter_still_to_come_waits_for_it(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 1, 3), ("soon", "U1", "2027-02-01", "2026-10-01")))
    assert small.ingest().counts["rows_quarantined"] == 1
    assert small.ingest(now=NOW + timedelta(days=60)).counts["accepted"] == 0
    assert small.ingest(now=NOW + timedelta(days=90)).counts["rows_accepted"] == 4


def test_an_alias_that_moves_takes_only_the_rows_that_name_it(small):
    small.register({"U1": "东坡镇", "U2": "西沟乡", "U3": "县水利局"}, {"水利": "U3"})
    small.send("cases", "a.csv", cases(*on_time("U1", 2, 2)))
    small.send("praise", "p.csv", praise(("l1", "2026-08-01")))
    small.ingest("praise")
    small.send("cases", "b.csv", cases(*on_time("水利", 1, 1, quarter="2026Q2")), at=LATER)
    small.ingest()
    small.score()
    assert small.figures("cases.on_time", "2026Q2")["U3"] == (1, 1)
    staged = len(small.staged())
    small.register({"U1": "东坡镇", "U2": "西沟乡", "U3": "县水利局"}, {"水利": "U2"})
    assert small.ingest().counts["accepted"] == 1
    small.ingest("praise")
    assert [name for name, _, _ in judged(small)] == ["p.csv", "a.csv", "b.csv", "b.csv"]
    assert sorted(basis(small, "unchanged")) == ["register", "register"], "looked at, and nothing to judge"
    assert len(small.staged()) == staged + 1, "the file that the release rests on stays"
    small.score()
    figures = small.figures("cases.on_time", "2026Q2")
    assert (figures["U2"], figures["U3"], small.release("2026Q2").revision) == ((1, 1), "not_applicable", 2)
    assert small.ingest().counts["accepted"] == 0
    assert len(basis(small, "unchanged")) == 2


def test_a_unit_counts_by_the_register_of_the_day(small):
    """The unit code must exist on that date: a unit that ended before the day is unknown on it."""
    header = "unit_code,name,peer_group,effective_from,effective_to,aliases\n"
    offices = SmallSite.make(small.folder.parent / "dated", "cases", "offices")
    offices.send(
        "offices",
        "名册.csv",
        header + "U9,旧局,office,2020-01-01,2026-07-31,\nU1,东坡镇,office,2020-01-01,,\n",
    )
    offices.ingest("offices")
    change_contract(
        offices,
        "cases",
        lambda c: next(p for p in c["customProperties"] if p["property"] == "unit").update(
            value={"column": "unit", "on": "due_on"}
        ),
    )
    offices.send(
        "cases",
        "a.csv",
        cases(*on_time("U1", 1, 3), ("x", "U9", "2026-07-31", ""), ("y", "U9", "2026-08-01", "")),
    )
    offices.ingest()
    refused = offices.rows("select row_number, rule_id from quarantined_row")
    assert [(row["row_number"], row["rule_id"]) for row in refused] == [(6, "R-UNIT")]


@pytest.fixture
def linked(small):
    change_contract(small, "praise", lambda c: c["schema"][0].update(quality=[KNOWN]))
    return small


def test_a_row_waits_for_the_feed_it_refers_to(linked):
    small = linked
    small.send(
        "praise",
        "p.csv",
        praise(("2026Q3-U1-0", "2026-08-01"), ("2026Q3-U1-1", "2026-08-02"), ("none", "2026-08-02")),
    )
    (held,) = small.ingest("praise").held
    assert held.fault.code == "H-ALLBAD"
    small.send("cases", "a.csv", cases(*on_time("U1", 1, 2)), at=LATER)
    report = small.ingest("cases")
    assert report.counts["accepted"] == 2, "the letters are judged again in the run that brought the cases"
    assert judged(small) == [("p.csv", "held", 0), ("a.csv", "accepted", 2), ("p.csv", "accepted", 2)]
    refused = small.rows("select row_number, message_zh from quarantined_row where verdict_id = 3")
    assert [row["row_number"] for row in refused] == [4]
    assert "自动重新判定" in refused[0]["message_zh"]
    assert small.ingest("praise").counts["accepted"] == 0


def test_a_letter_is_not_about_a_case_of_a_later_quarter(linked):
    small = linked
    small.send("cases", "a.csv", cases(*on_time("U1", 1, 2)))
    small.ingest("cases")
    small.send("praise", "p.csv", praise(("2026Q3-U1-0", "2026-08-01"), ("2026Q3-U1-1", "2026-05-02")))
    assert small.ingest("praise").counts["rows_quarantined"] == 1


def test_a_reference_that_was_taken_back_takes_its_rows_along(linked):
    small = linked
    small.send("cases", "a.csv", cases(*on_time("U1", 1, 3)))
    small.ingest("cases")
    small.send("praise", "p.csv", praise(("2026Q3-U1-0", "2026-08-01"), ("2026Q3-U1-2", "2026-08-01")))
    small.send("praise", "q.csv", praise(("2026Q3-U1-1", "2026-05-01")).replace("05-01", "09-01"), at=LATER)
    small.ingest("praise")
    small.send("cases", "b.csv", cases(*on_time("U1", 2, 2)), at=LATER)
    small.ingest("cases")
    assert [line[:2] for line in judged(small)[3:]] == [("b.csv", "accepted"), ("p.csv", "accepted")]
    assert basis(small, "unchanged") == ["reference case_known"], "q.csv lost nothing"


def test_a_file_half_as_long_as_those_before_is_held_in_whatever_company_it_comes(tmp_path):
    """Five quarters dropped at once are judged as if they had come one by one."""
    quarters = ["2025Q4", "2026Q1", "2026Q2", "2026Q3"]

    def sent(folder, *, at_once):
        site = SmallSite.make(folder, "cases")
        for number, quarter in enumerate(quarters):
            site.send(
                "cases",
                f"{quarter}.csv",
                cases(*on_time("U1", 20, 40, quarter=quarter)),
                at=SENT + timedelta(hours=number),
            )
            if not at_once:
                site.ingest()
        site.send("cases", "short.csv", cases(*on_time("U1", 5, 15, name="s")), at=SENT + timedelta(hours=9))
        site.ingest()
        return site.verdicts()

    together, apart = sent(tmp_path / "a", at_once=True), sent(tmp_path / "b", at_once=False)
    assert together == apart
    assert together[-1] == ("short.csv", "held", "H-VOLUME")


def test_a_short_file_that_is_right_is_confirmed(small):
    for number, quarter in enumerate(["2025Q4", "2026Q1", "2026Q2", "2026Q3"]):
        rows = on_time("U1", 20, 40, quarter=quarter)
        small.send("cases", f"{quarter}.csv", cases(*rows), at=SENT + timedelta(hours=number))
    small.send("cases", "short.csv", cases(*on_time("U1", 5, 15, name="s")), at=SENT + timedelta(hours=9))
    small.ingest()
    (held,) = small.rows("select delivery_id from delivery where file_name = 'short.csv'")
    confirm_hold(small.site, held["delivery_id"], "H-VOLUME", by="王某", reason="已核对", now=NOW)
    assert small.ingest().counts["accepted"] == 1
    assert small.verdicts()[-1] == ("short.csv", "accepted", "")
    assert small.ingest().counts["accepted"] == 0
