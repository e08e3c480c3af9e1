"""What becomes of a file in the inbox; whatever is wrong with one, the others and the old figures stand."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import xlsxwriter

from include.pipeline.arrivals import arrived, record, unrecorded
from include.pipeline.ingest_report import IngestReport
from include.warehouse.releases import ReleaseKey
from tests.pipeline.small_site import NOW, PLACE, SENT, SmallSite, cases, on_time, ratings

GOOD = cases(*on_time("U1", 3, 4), *on_time("U2", 1, 2))
BROKEN_ZIP = b"PK\x03\x04" + bytes(range(200))
MASKED = "张某某"
LATER = SENT + timedelta(hours=1)


@pytest.fixture
def small(tmp_path):
    return SmallSite.make(tmp_path / "site", "cases")


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.lstat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def landed(small: SmallSite, feed: str = "cases") -> set[str]:
    return {path.name for path in (small.folder / "lake" / PLACE / "vault" / "landing" / feed).glob("*")}


def workbook(path: Path, rows: list[list[object]]) -> bytes:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("台账")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return path.read_bytes()


def test_files_are_copied_and_never_moved_or_changed(small):
    small.send("cases", "a.csv", GOOD)
    small.send("cases", "b.xlsx", BROKEN_ZIP)
    before = everything(small.folder / "inbox")
    small.ingest()
    assert everything(small.folder / "inbox") == before
    assert landed(small) == {hashlib.sha256(data).hexdigest() for data, _ in before.values()}


def test_what_is_landed_is_the_bytes_under_their_hash(small):
    path = small.send("cases", "a.csv", GOOD)
    small.ingest()
    (name,) = landed(small)
    at_rest = small.folder / "lake" / PLACE / "vault" / "landing" / "cases" / name
    assert at_rest.read_bytes() == path.read_bytes()
    assert at_rest.stat().st_mode & 0o222 == 0, "landing is read-only"
    (recorded,) = small.rows("select feed, supplier, file_name, sha256, bytes, arrived_at from delivery")
    assert recorded | {"arrived_at": ""} == {
        "feed": "cases",
        "supplier": "office",
        "file_name": "a.csv",
        "sha256": name,
        "bytes": len(GOOD.encode()),
        "arrived_at": "",
    }
    assert str(recorded["arrived_at"]).startswith("2026-10-05 01:00:00")


def test_a_file_that_stays_in_the_inbox_is_recorded_once(small):
    small.send("cases", "a.csv", GOOD)
    assert small.ingest().counts["recorded"] == 1
    again = small.ingest()
    assert again.counts["recorded"] == again.counts["accepted"] == 0
    assert small.verdicts() == [("a.csv", "accepted", "")]


def test_the_same_bytes_again_are_recorded_and_change_nothing(small):
    small.send("cases", "a.csv", GOOD)
    small.ingest()
    small.score()
    staged, before = small.staged(), small.release()
    small.send("cases", "a copy.csv", GOOD, at=LATER)
    report = small.ingest()
    assert report.counts["duplicate"] == 1
    assert (report.counts["accepted"], report.quarters) == (0, set())
    assert small.verdicts()[-1] == ("a copy.csv", "duplicate", "I-SAME")
    (told,) = small.rows("select message_zh, message_en from delivery_verdict where verdict = 'duplicate'")
    assert "a.csv" in told["message_zh"]
    assert "2026-10-05" in told["message_en"]
    assert small.staged() == staged
    assert small.ready() == []
    assert small.release() == before


def test_the_same_name_with_other_content_is_a_new_delivery(small):
    small.send("cases", "a.csv", GOOD)
    small.ingest()
    small.send("cases", "a.csv", cases(*on_time("U1", 4, 4)), at=LATER)
    assert small.ingest().counts["accepted"] == 1
    assert small.verdicts() == [("a.csv", "accepted", "")] * 2
    small.score()
    assert small.figures("cases.on_time")["U1"] == (4, 4)
    assert small.figures("cases.on_time")["U2"] == "not_applicable", (
        "the newest file replaces the whole quarter"
    )


def test_a_file_that_still_arrives_waits(small):
    now = SENT + timedelta(seconds=119)
    small.send("cases", "a.csv", GOOD)
    report = small.ingest(now=now)
    assert (report.counts["arriving"], report.counts["recorded"]) == (1, 0)
    assert (landed(small), small.verdicts()) == (set(), [])
    report = small.ingest(now=now + timedelta(seconds=1))
    assert (report.counts["arriving"], report.counts["accepted"]) == (0, 1)


def test_a_link_is_refused_and_said_and_nothing_behind_it_is_read(small, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text(GOOD, encoding="utf-8")
    os.utime(secret, (SENT.timestamp(), SENT.timestamp()))
    (small.inbox("cases") / "link.csv").symlink_to(secret)
    small.send("cases", "real.csv", cases(*on_time("U3", 1, 1)))
    report = small.ingest()
    assert report.counts["refused"] == 1
    (held,) = report.held
    assert (held.jurisdiction, held.file_name, held.fault.code) == (PLACE, "link.csv", "F-NOTFILE")
    assert "link.csv" in held.fault.zh
    assert "Put the file itself there" in held.fault.en
    assert small.verdicts() == [("real.csv", "accepted", "")]
    assert hashlib.sha256(secret.read_bytes()).hexdigest() not in landed(small)


def test_odd_names_are_judged_like_others_and_recorded_once(small):
    names = [
        "甲\n乙.csv",
        "甲\u202evsc.exe",
        "甲'; drop table delivery;--.csv",
        "x" * 251 + ".csv",
        b"\xff\xb4\xfa.csv",
    ]
    for at, name in enumerate(names):
        content = cases(*on_time("U1", 1, 1 + at, name=str(at)))
        small.send("cases", os.fsdecode(name) if isinstance(name, bytes) else name, content)
    assert small.ingest().counts["accepted"] == len(names)
    assert small.ingest().counts["recorded"] == 0
    assert {name for name, _, _ in small.verdicts()} == {*names[:-1], "\\udcff\\udcb4\\udcfa.csv"}


def test_a_file_that_may_not_be_read_is_said_to_be_so_and_stops_no_other(small, monkeypatch):
    small.send("cases", "mine.csv", GOOD)
    small.send("cases", "real.csv", cases(*on_time("U3", 1, 1)))
    opened = os.open

    def refuse(path, *args, **named):
        if str(path).endswith("mine.csv"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **named)

    monkeypatch.setattr("include.feeds.landing.os.open", refuse)
    report = small.ingest()
    assert [(held.file_name, held.fault.code) for held in report.held] == [("mine.csv", "F-ACCESS")]
    assert small.verdicts() == [("real.csv", "accepted", "")]
    monkeypatch.undo()
    assert small.ingest().counts["accepted"] == 1


def test_a_held_file_stops_no_other_and_the_previous_figures_stand(small):
    small.send("cases", "good.csv", GOOD)
    small.ingest()
    small.score()
    before, figures = small.release(), small.figures("cases.on_time")
    small.send("cases", "broken.xlsx", BROKEN_ZIP, at=LATER)
    small.send("cases", "columns.csv", "编号,单位\n1,U1\n", at=LATER)
    small.send("cases", "empty.csv", "", at=LATER)
    small.send("cases", "header.csv", cases(), at=LATER)
    report = small.ingest()
    assert report.counts["held"] == 4
    assert {held.file_name: held.fault.code for held in report.held} == {
        "broken.xlsx": "F-TRUNC",
        "columns.csv": "F-COL",
        "empty.csv": "F-TRUNC",
        "header.csv": "F-EMPTY",
    }
    assert all(held.fault.zh and held.fault.en for held in report.held)
    columns = next(held.fault for held in report.held if held.file_name == "columns.csv")
    assert "case_no" in columns.en
    assert small.ready() == []
    assert (small.release(), small.figures("cases.on_time")) == (before, figures)
    small.send("cases", "zz.csv", cases(*on_time("U1", 4, 4)), at=LATER)
    small.send("cases", "aa.xlsx", BROKEN_ZIP + b"x", at=LATER)
    assert small.ingest().counts == {
        "recorded": 2,
        "held": 1,
        "accepted": 1,
        "rows_landed": 5,
        "rows_accepted": 4,
        "rows_quarantined": 0,
        "rows_duplicate": 0,
    }
    small.score()
    assert small.figures("cases.on_time")["U1"] == (4, 4)


def test_a_held_file_is_not_judged_again_until_its_contract_changes(small):
    small.send("cases", "columns.csv", "case_no,unit,deadline\n1,U1,2026-09-30\n")
    small.ingest()
    assert small.ingest().counts["held"] == 0
    path = small.folder / "feeds" / "cases.yaml"
    text = path.read_text(encoding="utf-8")
    changed = text.replace(
        "name: due_on\n", "name: due_on\n    customProperties: [{property: headers, value: [deadline]}]\n"
    )
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    assert small.ingest().counts["accepted"] == 1
    assert [verdict for _, verdict, _ in small.verdicts()] == ["held", "accepted"]


def test_refused_rows_go_to_quarantine_with_their_address_and_a_sentence(small):
    wrong = (
        "7,县水利所,2026-08-01,2026-08-01\n"
        "8,U1,2026-02-30,\n"
        "9,U1,,\n"
        "10,U1,2026-08-01,昨天\n"
        "11,U1,2027-01-01,\n"
        "12,U2,2026-08-02,\n"
        "12,U2,2026-08-03,\n"
    )
    small.send("cases", "台账.csv", cases(*on_time("U1", 8, 8), *on_time("U2", 8, 8), more=wrong))
    report = small.ingest()
    assert (report.counts["accepted"], report.counts["rows_quarantined"]) == (1, 7)
    found = {
        (row["row_number"], row["rule_id"], row["column_name"]): row
        for row in small.rows("select * from quarantined_row")
    }
    assert set(found) == {
        (18, "R-UNIT", "unit"),
        (19, "R-DATEFMT", "due_on"),
        (20, "R-REQUIRED", "due_on"),
        (21, "R-DATEFMT", "replied_on"),
        (22, "R-PERIOD", "due_on"),
        (23, "R-CONFLICT", "case_no"),
        (24, "R-CONFLICT", "case_no"),
    }
    unknown = found[18, "R-UNIT", "unit"]
    assert unknown["sheet"] == ""
    assert unknown["masked_value"] == "县水利所"
    assert "台账.csv 第 18 行 unit" in unknown["message_zh"]
    assert "县水利局(U3)" in unknown["message_zh"], "the nearest registered name is proposed"
    assert "台账.csv row 18 unit" in unknown["message_en"]
    assert "have an alias approved" in unknown["message_en"]
    assert "2026-02-30" in found[19, "R-DATEFMT", "due_on"]["message_en"]
    assert all(row["message_zh"] and row["message_en"] for row in found.values())


def test_the_address_in_a_workbook_is_sheet_and_cell_below_title_rows(small, tmp_path):
    rows = [["二〇二六年三季度台账"], ["case_no", "unit", "due_on", "replied_on", "outcome"]]
    rows += [[f"c{number}", "东坡镇", "2026-08-01", "2026-08-01", "good"] for number in range(9)]
    rows += [["c9", "东坡镇", "2026-08-01", "", "unclear"], ["合计", "", "", "", ""], ["注:以上为全部"]]
    small.send("cases", "a.xlsx", workbook(tmp_path / "made.xlsx", rows))
    small.ingest()
    (row,) = small.rows("select * from quarantined_row")
    assert (row["sheet"], row["row_number"], row["rule_id"]) == ("台账", 12, "outcome_known")
    assert "a.xlsx [台账] E12" in row["message_zh"]
    assert "a.xlsx [台账] E12" in row["message_en"]
    assert "unclear" in row["message_en"]
    (staged,) = small.staged()
    assert pq.read_table(staged)["_row"].to_pylist() == list(range(3, 12))
    (balance,) = small.rows("select * from row_balance")
    assert [balance[name] for name in ("landed", "accepted", "quarantined", "structural")] == [14, 9, 1, 4]


def test_rows_are_conserved_in_every_verdict(small, tmp_path):
    small.send("cases", "good.csv", GOOD)
    repeated = cases(*on_time("U1", 2, 2), *on_time("U1", 2, 2), *on_time("某局", 1, 1, name="x"))
    small.send("cases", "repeated.csv", repeated + "\n\n合计,,,\n", at=LATER)
    small.send("cases", "all bad.csv", cases(*on_time("某局", 1, 3)), at=LATER)
    small.send(
        "cases", "many bad.csv", cases(*on_time("某局", 1, 3, name="y"), *on_time("U1", 1, 1)), at=LATER
    )
    small.send("cases", "broken.xlsx", BROKEN_ZIP, at=LATER)
    small.send("cases", "copy.csv", GOOD, at=LATER)
    small.ingest()
    small.register({"U1": "东坡镇", "U2": "西沟乡", "U9": "某局"})
    small.ingest()
    balances = small.rows(
        "select file_name, verdict, reason_code, row_balance.*, "
        "(select coalesce(sum(rows), 0) from staged_file s where s.verdict_id = v.verdict_id) as staged, "
        "(select count(distinct sheet || row_number) from quarantined_row q where q.verdict_id = v.verdict_id) "
        "as refused "
        "from delivery_verdict v join row_balance using (verdict_id) join delivery using (delivery_id)"
    )
    assert len(balances) == len(small.verdicts()) == 9, "every verdict has its balance"
    for row in balances:
        parts = row["accepted"], row["quarantined"], row["exact_duplicates"], row["structural"]
        assert row["landed"] == sum(parts), row
        assert row["staged"] == row["accepted"], row
        if row["verdict"] == "accepted":
            assert row["refused"] == row["quarantined"], row
    told = {(row["file_name"], row["verdict"], row["reason_code"]) for row in balances}
    assert told == {
        ("good.csv", "accepted", ""),
        ("repeated.csv", "accepted", ""),
        ("all bad.csv", "held", "H-ALLBAD"),
        ("all bad.csv", "accepted", ""),
        ("many bad.csv", "held", "H-BADSHARE"),
        ("many bad.csv", "accepted", ""),
        ("broken.xlsx", "held", "F-TRUNC"),
        ("copy.csv", "duplicate", "I-SAME"),
    }
    first = next(row for row in balances if row["file_name"] == "repeated.csv")
    # A header, four rows (two of them twins), one of an unknown unit, blank lines and a total.
    counted = {key: first[key] for key in ("accepted", "exact_duplicates", "quarantined")}
    assert counted == {"accepted": 2, "exact_duplicates": 2, "quarantined": 1}


def test_a_file_whose_sender_cannot_be_told_is_held_until_it_lies_in_the_senders_folder(tmp_path):
    small = SmallSite.make(tmp_path / "site", "ratings")
    at_root = small.send("ratings", "2026Q3.csv", ratings(U1=7, U2=9))
    (held,) = small.ingest("ratings").held
    assert held.fault.code == "F-SENDER"
    assert "[north, south]" in held.fault.en
    assert small.ready() == []
    at_root.rename(small.inbox("ratings", "north") / "2026Q3.csv")
    assert small.ingest("ratings").counts["accepted"] == 1, "what the sentence asks for must help"
    small.score()
    assert small.figures("ratings.score")["U1"] == (7, 1)


def test_the_sentence_names_the_suppliers_that_the_site_has(tmp_path):
    settings = {"feeds": {"ratings": {"suppliers": ["south", "office"]}}}
    small = SmallSite.make(tmp_path / "site", "ratings", settings=settings)
    small.send("ratings", "2026Q3.csv", ratings(U1=7))
    (held,) = small.ingest("ratings").held
    assert "[south, office]" in held.fault.zh


def test_a_file_in_the_folder_of_nobody_known_is_held_and_said(tmp_path):
    small = SmallSite.make(tmp_path / "site", "ratings")
    small.send("ratings", "2026Q3.csv", ratings(U1=7), supplier="nroth")
    (held,) = small.ingest("ratings").held
    assert (held.file_name, held.fault.code) == ("2026Q3.csv", "F-SENDER")


def test_equal_files_of_two_suppliers_are_two_deliveries(tmp_path):
    small = SmallSite.make(tmp_path / "site", "ratings")
    for supplier in ("north", "south"):
        small.send("ratings", "2026Q3.csv", ratings(U1=10, U2=10), supplier=supplier)
    assert small.ingest("ratings").counts["accepted"] == 2
    small.score()
    assert small.figures("ratings.score")["U1"] == (20, 2)
    assert small.release().missing_feeds == ()


def test_an_unchanged_table_sent_for_the_next_quarter_counts_for_it(tmp_path):
    """Only the file's name says the quarter: the same bytes under another quarter's name are another statement."""
    small = SmallSite.make(tmp_path / "site", "ratings")
    for quarter in ("2026Q2", "2026Q3"):
        small.send("ratings", f"{quarter}.csv", ratings(U1=10), supplier="north")
    assert small.ingest("ratings").counts["accepted"] == 2
    small.score()
    assert [small.figures("ratings.score", quarter)["U1"] for quarter in ("2026Q2", "2026Q3")] == [
        (10, 1)
    ] * 2


def test_rows_of_unknown_units_are_judged_again_when_the_register_changes(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 2, 2), *on_time("新局", 1, 2, name="n")))
    small.ingest()
    small.score()
    (old,) = small.staged()
    old_bytes = old.read_bytes()
    assert small.ingest().counts["accepted"] == 0, "nothing new, nothing judged"
    small.register({"U1": "东坡镇", "U2": "西沟乡", "U5": "新局"})
    report = small.ingest()
    assert (report.counts["recorded"], report.counts["accepted"]) == (0, 1)
    assert report.counts["rows_quarantined"] == 0
    assert len(small.staged()) == 2
    assert old.read_bytes() == old_bytes, "the file that the first release rests on is still there"
    small.score()
    assert small.figures("cases.on_time") == {"U1": (2, 2), "U2": "not_applicable", "U5": (1, 2)}
    assert small.release().revision == 2
    assert small.ingest().counts["accepted"] == 0, "judged once per register"


def test_an_approved_alias_lets_rows_in(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 2, 2), *on_time("水利", 1, 1)))
    assert small.ingest().counts["rows_quarantined"] == 1
    small.register({"U1": "东坡镇", "U3": "县水利局"}, {"水利": "U3"})
    assert small.ingest().counts["rows_accepted"] == 3


def test_a_rehearsal_tells_what_would_happen_and_leaves_no_trace(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 2, 3), *on_time("某局", 1, 1, name="x")))
    small.send("cases", "b.xlsx", BROKEN_ZIP)
    report = small.ingest(dry_run=True)
    assert (report.counts["accepted"], report.counts["held"], report.counts["recorded"]) == (1, 1, 0)
    assert (report.counts["rows_accepted"], report.counts["rows_quarantined"]) == (3, 1)
    assert [held.file_name for held in report.held] == ["b.xlsx"]
    assert everything(small.folder / "lake") == {}
    for table in ("delivery", "delivery_verdict", "quarantined_row", "validation_result", "staged_file"):
        assert small.rows(f"select * from {table}") == [], table
    assert small.ingest().counts["recorded"] == 2, "the real run is none the wiser"


def test_a_register_feed_fills_the_register(tmp_path):
    small = SmallSite.make(tmp_path / "site", "offices", "cases")
    small.send("cases", "a.csv", cases(*on_time("U1", 1, 1), *on_time("乙", 1, 1)))
    assert small.ingest().counts["rows_quarantined"] == 1
    header = "unit_code,name,peer_group,effective_from,effective_to,aliases\n"
    listed = header + "U1,东坡镇,office,2020-01-01,,\nU7,乙局,office,2020-01-01,,乙;老乙\n"
    small.send("offices", "名册.csv", listed)
    report = small.ingest("offices")
    assert (report.counts["accepted"], report.counts["rows_accepted"]) == (1, 2)
    live = "select unit_code, name from dim_unit where retired_import_id = 0 order by unit_code"
    assert [tuple(row.values()) for row in small.rows(live)] == [("U1", "东坡镇"), ("U7", "乙局")]
    aliases = small.rows("select alias, unit_code from unit_alias where retired_import_id = 0")
    assert {row["alias"]: row["unit_code"] for row in aliases} == {"乙": "U7", "老乙": "U7"}
    assert small.staged() == [] or all("offices" not in str(path) for path in small.staged())
    assert small.ingest().counts["rows_quarantined"] == 0, "the waiting row has found its unit"
    small.score()
    assert small.figures("cases.on_time") == {"U1": (1, 1), "U7": (1, 1)}


def test_a_register_that_contradicts_itself_is_held_and_the_standing_one_stays(tmp_path):
    small = SmallSite.make(tmp_path / "site", "offices")
    header = "unit_code,name,peer_group,effective_from,effective_to,aliases\n"
    overlapping = header + "U1,东坡镇,office,2020-01-01,,\nU1,东坡新镇,office,2021-01-01,,\n"
    small.send("offices", "a.csv", overlapping)
    small.send("offices", "b.csv", header + "U8,丙局,office,2020-01-01,,\n", at=LATER)
    report = small.ingest("offices")
    assert [held.file_name for held in report.held] == ["a.csv"]
    assert "U1" in report.held[0].fault.zh
    assert report.counts["accepted"] == 1, "the next register is taken all the same"
    live = small.rows("select unit_code from dim_unit where retired_import_id = 0")
    assert [row["unit_code"] for row in live] == ["U8"]


def test_no_personal_value_leaves_landing(small):
    named = "case_no,unit,due_on,replied_on,outcome,petitioner\n"
    rows = [f"c{number},U1,2026-08-01,2026-08-01,good,{MASKED}" for number in range(9)]
    rows += [f"c9,U1,2026-02-30,,good,{MASKED}", f"c10,某局,2026-08-01,,unclear,{MASKED}"]
    rows += ["c11,U1,2026-08-01,,good,李四\x07光", "c12,U1,2026-08-01,,good,110101199003070015"]
    text = named + "\n".join(rows) + "\n"
    small.send("cases", "a.csv", text)
    small.send("cases", "held.csv", named + f"c1,某局,2026-08-01,,good,{MASKED}\n", at=LATER)
    report = small.ingest()
    assert (report.counts["accepted"], report.counts["held"]) == (1, 1)
    small.score()
    (staged,) = small.staged()
    assert "petitioner" not in pq.read_schema(staged).names
    warehouse = b"".join(path.read_bytes() for path in small.folder.glob("warehouse.sqlite*"))
    outside = warehouse + repr(report).encode()
    outside += b"".join(path.read_bytes() for path in small.folder.glob("lake/**/staged/**/*.parquet"))
    for value in (MASKED, "李四", "110101199003070015", "19900307"):
        assert value.encode() not in outside, value
        assert value.encode() in b"".join(
            path.read_bytes() for path in (small.folder / "lake").glob("*/vault/landing/cases/*")
        ), "the test looks for what was really sent"
    assert "县水利局".encode() in warehouse, "the search would find a text that is there"


def test_several_files_judged_together_stay_apart(small):
    """A batch is judged in one go; a bad neighbour must not change a file's verdict, rows or addresses."""
    files = {
        "a.csv": cases(*on_time("U1", 1, 2)),
        "b.csv": cases(*on_time("U2", 2, 3), ("bad", "某局", "2026-08-01", "")),
        "c.csv": cases(*on_time("某局", 1, 4)),
        "d.csv": cases(*on_time("U1", 1, 2), *on_time("U3", 1, 1)),
    }
    for hour, (name, content) in enumerate(files.items()):
        small.send("cases", name, content, at=SENT + timedelta(hours=hour))
    small.ingest()
    together = outcome(small)
    assert [row["verdict"] for row in together] == ["accepted", "accepted", "held", "accepted"]
    apart = SmallSite.make(small.folder.parent / "apart", "cases")
    for hour, (name, content) in enumerate(files.items()):
        apart.send("cases", name, content, at=SENT + timedelta(hours=hour))
        apart.ingest()
    assert outcome(apart) == together


def outcome(small: SmallSite) -> list[dict]:
    verdicts = small.rows(
        "select file_name, verdict, reason_code, message_zh, cell_digest, landed, accepted, quarantined, "
        "exact_duplicates, structural, v.verdict_id from delivery_verdict v join delivery using (delivery_id) "
        "join row_balance using (verdict_id) order by arrived_at"
    )
    for row in verdicts:
        number = row.pop("verdict_id")
        about = f"where verdict_id = {number} order by"
        row["staged"] = small.rows(f"select quarter, path, rows, sha256 from staged_file {about} path")
        row["refused"] = small.rows(
            f"select row_number, rule_id, message_zh from quarantined_row {about} row_number, rule_id"
        )
        row["results"] = small.rows(
            "select rule_id, column_name, judge, severity, rows_checked, rows_failed, passed "
            f"from validation_result {about} rule_id, column_name, judge"
        )
    return verdicts


def test_both_judges_say_something_of_every_accepted_delivery(small):
    small.send("cases", "a.csv", GOOD)
    small.ingest()
    results = small.rows("select judge, rows_checked, rows_failed, passed from validation_result")
    assert {row["judge"] for row in results} == {"gx", "duckdb"}
    assert all(row["rows_checked"] > 0 for row in results if row["passed"]), "nothing checked is no success"


def test_staging_is_the_same_bytes_whatever_the_moment_and_the_order(small, tmp_path):
    rows = [*on_time("U1", 1, 3), *on_time("U2", 1, 2)]
    small.send("cases", "a.csv", cases(*rows))
    small.ingest()
    other = SmallSite.make(tmp_path / "other", "cases")
    other.send("cases", "another name.csv", cases(*rows), at=LATER)
    other.ingest(now=NOW + timedelta(days=3))
    assert (
        everything(small.folder / "lake" / PLACE / "staged").keys()
        == everything(other.folder / "lake" / PLACE / "staged").keys()
    )
    assert [path.read_bytes() for path in small.staged()] == [path.read_bytes() for path in other.staged()]


def test_a_release_is_of_the_jurisdiction_that_sent(tmp_path):
    places = [{"code": code, "name": {"zh": code, "en": code}} for code in (PLACE, "other")]
    small = SmallSite.make(tmp_path / "site", "cases", settings={"jurisdictions": places})
    small.send("cases", "a.csv", GOOD)
    assert small.ingest().quarters == {(PLACE, "2026Q3")}
    assert [(report.jurisdiction, report.quarter) for report in small.score()] == [(PLACE, "2026Q3")]
    assert small.release().key == ReleaseKey(PLACE, "small", "2026Q3")


def test_two_runs_that_saw_the_same_new_files_record_each_once(small):
    small.send("cases", "a.csv", GOOD)
    small.send("cases", "a copy.csv", GOOD, at=LATER)
    contract, report = small.contract("cases"), IngestReport("cases")
    seen = unrecorded(small.engine, contract, PLACE, arrived(small.site, contract, PLACE, NOW, report))
    for _ in ("one", "other"):
        for supplier, file in seen:
            record(small.site, contract, PLACE, small.engine, file, supplier, NOW, report)
    assert report.counts["recorded"] == len(small.rows("select * from delivery")) == 2
