"""Keys that come again: corrections on record, two suppliers apart, events dated anew, files sent again."""

from __future__ import annotations

from datetime import timedelta

import yaml

from include.pipeline.superseding import superseded_by
from tests.pipeline.small_site import SENT, SmallSite, cases, on_time

Q3_FILE = cases(*on_time("U1", 1, 3), ("x", "U2", "2026-08-01", "2026-08-20"))
MENDED = Q3_FILE.replace("2026-08-20", "2026-07-30")


def hours(number: int):
    return SENT + timedelta(hours=number)


def codes(small, code: str) -> list[str]:
    return [
        row["message_en"] for row in small.rows(f"select message_en from file_fault where code = '{code}'")
    ]


def test_a_correction_says_which_row_took_whose_place_and_no_value(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases")
    small.send("cases", "a.csv", Q3_FILE)
    small.ingest()
    small.send("cases", "b.csv", MENDED, at=hours(1))
    small.ingest()
    (row,) = superseded_by(small.site, "cases")
    assert (row["old_file"], row["old_row"], row["new_file"], row["new_row"]) == ("a.csv", 5, "b.csv", 5)
    assert (row["changed_columns"], row["old_quarter"], row["new_quarter"]) == (
        "replied_on",
        "2026Q3",
        "2026Q3",
    )
    assert not {"2026-08-20", "2026-07-30"} & {str(value) for value in row.values()}
    (told,) = codes(small, "I-SUPERSEDES")
    assert "1 rows correct" in told


def test_of_two_states_the_older_is_superseded_whatever_came_first(tmp_path):
    small = SmallSite.make(tmp_path / "site", "board")
    header = "message_no,unit,posted_on,state\n"
    small.send("board", "board-state9.csv", header + "m1,U1,2026-08-01,closed\n")
    small.ingest("board")
    small.send("board", "board-state7.csv", header + "m1,U1,2026-08-01,open\n", at=hours(1))
    small.ingest("board")
    (row,) = superseded_by(small.site, "board")
    assert (row["old_file"], row["new_file"]) == ("board-state7.csv", "board-state9.csv")


def test_equal_numbers_of_two_suppliers_do_not_overwrite_each_other(tmp_path):
    settings = {"feeds": {"cases": {"suppliers": ["north", "south"]}}}
    small = SmallSite.make(tmp_path / "site", "cases", settings=settings, delivery="upsert")
    small.send("cases", "a.csv", cases(("1", "U1", "2026-08-01", "2026-08-01")), supplier="north")
    small.send("cases", "b.csv", cases(("1", "U1", "2026-08-02", "")), supplier="south", at=hours(1))
    small.ingest()
    small.score()
    assert small.figures("cases.on_time")["U1"] == (1, 2)
    (told,) = codes(small, "W-OVERLAP")
    assert "north/a.csv" in told and told.startswith("b.csv: 1 keys")
    assert superseded_by(small.site, "cases") == []


def test_an_event_dated_anew_leaves_its_old_quarter_for_a_later_or_an_earlier_one(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases", delivery="upsert")
    rows = [
        *on_time("U1", 1, 2, quarter="2026Q2"),
        *on_time("U1", 1, 2),
        *on_time("U1", 1, 2, quarter="2026Q1"),
    ]
    small.send(
        "cases", "a.csv", cases(*rows, ("later", "U2", "2026-05-01", ""), ("earlier", "U3", "2026-05-01", ""))
    )
    small.ingest()
    small.score()
    assert small.figures("cases.on_time", "2026Q2")["U2"] == (0, 1)
    untouched = small.release("2026Q3")
    small.send(
        "cases",
        "b.csv",
        cases(("later", "U2", "2026-08-01", ""), ("earlier", "U3", "2026-02-01", "")),
        at=hours(1),
    )
    small.ingest()
    small.score()
    was = small.figures("cases.on_time", "2026Q2")
    assert (was["U1"], was["U2"], was["U3"]) == ((1, 2), "not_applicable", "not_applicable")
    assert small.figures("cases.on_time", "2026Q3")["U2"] == (0, 1)
    assert small.figures("cases.on_time", "2026Q1")["U3"] == (0, 1)
    assert small.release("2026Q2").revision == 2
    assert small.release("2026Q3").revision > untouched.revision
    small.send("cases", "c.csv", cases(("other", "U4", "2026-08-09", "")), at=hours(2))
    small.ingest()
    assert small.ready() == ["2026Q3"], "a later file that moves nothing is no input of the earlier quarters"


def test_late_rows_go_to_their_true_quarter_and_raise_a_revision(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases")
    small.send("cases", "q2.csv", cases(*on_time("U1", 1, 2, quarter="2026Q2")))
    small.ingest()
    small.score()
    assert small.figures("cases.on_time", "2026Q2")["U1"] == (1, 2)
    late = on_time("U1", 1, 1, quarter="2026Q2", name="late")
    small.send("cases", "q3.csv", cases(*on_time("U1", 2, 3), *late), at=hours(1))
    small.ingest()
    assert small.ready() == ["2026Q2", "2026Q3"]
    reports = {report.quarter: report for report in small.score()}
    assert (reports["2026Q2"].revision, reports["2026Q2"].outcome) == (2, "created")
    assert small.figures("cases.on_time", "2026Q2")["U1"] == (2, 3)
    assert small.figures("cases.on_time", "2026Q3")["U1"] == (2, 3)


def test_the_original_sent_again_after_a_wrong_correction_counts_again_and_is_told(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases")
    for number, (name, text) in enumerate([("a.csv", MENDED), ("wrong.csv", Q3_FILE), ("again.csv", MENDED)]):
        small.send("cases", name, text, at=hours(number))
        assert small.ingest().counts["accepted"] == 1
        small.score()
    assert small.figures("cases.on_time")["U2"] == (1, 1)
    (told,) = codes(small, "W-RESENT")
    assert "a.csv" in told and "wrong.csv" in told
    small.send("cases", "once more.csv", MENDED, at=hours(5))
    assert small.ingest().counts["duplicate"] == 1, "nothing came in between"


def test_the_original_counts_again_when_all_three_are_dropped_at_once(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases")
    for number, (name, text) in enumerate([("a.csv", MENDED), ("wrong.csv", Q3_FILE), ("again.csv", MENDED)]):
        small.send("cases", name, text, at=hours(number))
    small.send("cases", "last.csv", MENDED, at=hours(4))
    assert small.ingest().counts["accepted"] == 3
    assert small.verdicts()[-1] == ("last.csv", "duplicate", "I-SAME")
    small.score()
    assert small.figures("cases.on_time")["U2"] == (1, 1)


def test_a_key_that_becomes_a_number_is_compared_with_the_texts_before_it(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases", delivery="upsert")
    small.send("cases", "a.csv", cases(("A7", "U1", "2026-08-01", "")))
    small.ingest()
    path = small.folder / "feeds" / "cases.yaml"
    contract = yaml.safe_load(path.read_text(encoding="utf-8"))
    contract["schema"][0]["properties"][0]["logicalType"] = "integer"
    path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    small.send("cases", "b.csv", cases(("8", "U1", "2026-08-02", "")), at=hours(1))
    assert small.ingest().counts["accepted"] == 1
