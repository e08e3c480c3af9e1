"""A returned workbook comes home: what it fixes is used and settled, once, and nothing else is touched."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.feeds.child import parse_in_child
from include.keys import KeyRing
from include.quarters import Quarter
from include.site import open_site
from tests.pipeline.returned_files import as_csv, as_xlsx, case, edited, returned, shown
from tests.pipeline.small_site import SENT, SmallSite

LATER, LATEST = SENT + timedelta(hours=1), SENT + timedelta(hours=2)
GOOD = [case(f"G{number}") for number in range(8)]
BAD = [case("B1", due_on="2026-13-01"), case("B2", outcome="maybe"), case("B3", unit="没有的单位")]


@pytest.fixture
def small(tmp_path):
    return SmallSite.make(tmp_path / "site", "cases")


def sent_back(small: SmallSite, *rows, name: str = "台账.xlsx"):
    """Deliver `rows` and take what goes back."""
    content = as_xlsx(*rows) if name.endswith("xlsx") else as_csv(*rows)
    small.send("cases", name, content)
    small.ingest()
    (path,) = returned(small)
    return path


def quarantine(small: SmallSite) -> dict[tuple[str, int], str]:
    found = small.rows("select file_name, row_number, status from vw_quarantine order by 1, 2")
    return {(row["file_name"], row["row_number"]): row["status"] for row in found}


def balances(small: SmallSite) -> dict[str, tuple[int, ...]]:
    found = small.rows(
        "select file_name, landed, accepted, quarantined, exact_duplicates, structural from vw_delivery"
    )
    for row in found:
        assert row["landed"] == sum(row[name] for name in list(row)[2:]), row
    return {row["file_name"]: tuple(row[name] for name in list(row)[1:]) for row in found}


def used(small: SmallSite) -> dict[str, int]:
    """Case number → how often it stands among the rows that count."""
    from include.pipeline.inputs import effective_parts
    from include.quarters import Quarter

    parts = effective_parts(small.site, small.contract("cases"), small.effective("cases"), Quarter(2026, 3))
    numbers = [number for part, _ in parts for number in pq.read_table(part.path)["case_no"].to_pylist()]
    return {number: numbers.count(number) for number in numbers}


def test_a_corrected_row_is_used_beside_the_file_that_it_came_in(small):
    path = sent_back(small, *GOOD, *BAD)
    small.score()
    before = small.release()
    small.send(
        "cases",
        "改好了.xlsx",
        edited(path, ("B1", "due_on", "2026-09-30"), ("B2", "outcome", "bad")),
        at=LATER,
    )
    assert small.ingest().counts["rows_accepted"] == 2
    assert set(used(small)) == {*(f"G{n}" for n in range(8)), "B1", "B2"}
    assert set(used(small).values()) == {1}
    assert balances(small)["改好了.xlsx"] == (4, 2, 1, 0, 1)
    assert quarantine(small) == {
        ("台账.xlsx", 10): "closed",
        ("台账.xlsx", 11): "closed",
        ("台账.xlsx", 12): "answered",
        ("改好了.xlsx", 4): "open",
    }
    small.score()
    assert small.release() != before
    assert small.figures("cases.on_time")["U1"] == (10, 10)


def test_it_is_known_as_an_answer_in_the_ledger(small):
    path = sent_back(small, *GOOD, *BAD)
    small.send(
        "cases",
        "x.xlsx",
        edited(path, ("B1", "due_on", "2026-09-30"), ("B1", "回复（可不填）", "笔误,电话13812345678")),
        at=LATER,
    )
    small.ingest()
    (answer,) = small.rows(
        "select r.file_name as came, f.file_name as first from return_answer "
        "join delivery r using (delivery_id) join delivery f on f.delivery_id = answers_delivery_id"
    )
    assert answer == {"came": "x.xlsx", "first": "台账.xlsx"}
    rows = small.rows(
        "select answers_sheet, answers_row, outcome, changed_columns, reply from return_row order by 2"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("台账", 10, "accepted", "due_on", "笔误,电话138****5678"),
        ("台账", 11, "refused", "", ""),
        ("台账", 12, "refused", "", ""),
    ]


def test_the_same_return_twice_does_nothing(small):
    path = sent_back(small, *GOOD, *BAD)
    content = edited(path, ("B1", "due_on", "2026-09-30"))
    small.send("cases", "x.xlsx", content, at=LATER)
    small.ingest()
    before = quarantine(small), used(small)
    small.send("cases", "x 副本.xlsx", content, at=LATEST)
    assert small.ingest().counts["duplicate"] == 1
    assert (quarantine(small), used(small)) == before


def test_the_same_return_saved_anew_does_nothing(small):
    path = sent_back(small, *GOOD, *BAD)
    small.send(
        "cases",
        "x.xlsx",
        edited(path, ("B1", "due_on", "2026-09-30"), ("B2", "outcome", "bad"), ("B3", "unit", "U2")),
        at=LATER,
    )
    small.ingest()
    before = quarantine(small), used(small)
    small.send(
        "cases",
        "y.csv",
        as_exported(path, B1={"due_on": "2026-09-30"}, B2={"outcome": "bad"}, B3={"unit": "U2"}),
        at=LATEST,
    )
    small.ingest()
    assert balances(small)["y.csv"] == (4, 0, 0, 3, 1)
    assert (quarantine(small), used(small)) == before


def as_exported(path, **changes: dict[str, str]) -> str:
    rows = shown(path)
    for row in rows:
        row |= changes.get(row["case_no"], {})
    return "\ufeff" + as_csv(*rows, heads=tuple(rows[0]))


def test_an_older_return_never_undoes_a_newer_one(small):
    path = sent_back(small, *GOOD, *BAD)
    small.send("cases", "new.xlsx", edited(path, ("B2", "outcome", "bad")), at=LATER)
    small.ingest()
    small.send("cases", "old.xlsx", edited(path, ("B2", "outcome", "good")), at=LATEST)
    small.ingest()
    kept = [pq.read_table(path).to_pylist() for path in small.staged()]
    assert [row["outcome"] for rows in kept for row in rows if row["case_no"] == "B2"] == ["bad"]
    (told,) = small.rows("select message_zh from vw_quarantine where rule_id = 'R-SETTLED'")
    assert "new.xlsx" in told["message_zh"]


def test_a_mask_never_overwrites_a_value(small):
    """The petitioner's cell is edited in spite of its lock: the first delivery's value stands."""
    path = sent_back(
        small, *GOOD, case("B1", due_on="2026-13-01", petitioner="坏\x01字"), case("B2", outcome="maybe")
    )
    assert {row["petitioner"] for row in shown(path)} == {"坏*", "张*"}
    fixed = (("B1", "due_on", "2026-09-30"), ("B1", "petitioner", "李四"), ("B2", "outcome", "bad"))
    small.send("cases", "x.xlsx", edited(path, *fixed), at=LATER)
    small.ingest()
    assert "B2" in used(small)
    assert "B1" not in used(small), "its fault lies in the personal column, and that is the first file's"
    (told,) = small.rows("select column_name, status from vw_quarantine where file_name = 'x.xlsx'")
    assert tuple(told.values()) == ("petitioner", "open")


def test_a_half_edited_mask_in_an_open_column_is_refused(small):
    path = sent_back(small, *GOOD, case("B1", outcome="问110101800101123"))
    (row,) = shown(path)
    assert row["outcome"] == "问110********1123"
    small.send("cases", "x.xlsx", edited(path, ("B1", "outcome", "再问110********1123")), at=LATER)
    small.ingest()
    (told,) = small.rows("select rule_id, message_zh from vw_quarantine where file_name = 'x.xlsx'")
    assert told["rule_id"] == "R-MASK"


def test_an_address_that_was_hidden_is_not_overwritten_by_its_mask(small):
    path = sent_back(small, *GOOD, case("B1", outcome="幸福路12号楼东侧"))
    (row,) = shown(path)
    assert row["outcome"] == "*楼东侧"
    small.send("cases", "x.xlsx", edited(path, ("B1", "outcome", "*楼东侧路口")), at=LATER)
    small.ingest()
    assert [
        one["rule_id"] for one in small.rows("select rule_id from vw_quarantine where file_name = 'x.xlsx'")
    ] == ["R-MASK"]


def damaged(code: str) -> str:
    return code[:-1] + ("0" if code[-1] != "0" else "1")


@pytest.mark.parametrize(("code", "rule"), [("", "R-NOCODE"), ("MJ-1234", "R-CODE"), (damaged, "R-CODE")])
def test_a_row_without_a_sound_code_is_refused_and_not_guessed(small, code, rule):
    path = sent_back(small, *GOOD, *BAD[:2])
    head = next(head for head in shown(path)[0] if head.startswith("行码"))
    old = shown(path)[0][head]
    new = code(old) if callable(code) else code
    small.send(
        "cases",
        "x.xlsx",
        edited(path, ("B1", "due_on", "2026-09-30"), ("B1", head, new), ("B2", "outcome", "bad")),
        at=LATER,
    )
    small.ingest()
    assert "B1" not in used(small)
    assert "B2" in used(small)
    assert [
        row["rule_id"] for row in small.rows("select rule_id from vw_quarantine where file_name = 'x.xlsx'")
    ] == [rule]


def test_the_workbook_of_another_supplier_is_held_with_a_sentence(tmp_path):
    small = SmallSite.make(tmp_path / "site", "ratings")
    small.send("ratings", "2026Q3.csv", "unit,points\nU1,9\nU2,nine\nU3,8\n", supplier="north")
    small.ingest("ratings")
    (path,) = returned(small, "ratings")
    small.send("ratings", "2026Q3 back.xlsx", path.read_bytes(), supplier="south", at=LATER)
    report = small.ingest("ratings")
    assert [held.fault.code for held in report.held] == ["F-RETSENDER"]
    assert "north" in report.held[0].fault.zh


def test_the_quarter_is_that_of_the_first_file_whatever_the_return_is_called(tmp_path):
    small = SmallSite.make(tmp_path / "site", "ratings")
    small.send("ratings", "2026Q3.csv", "unit,points\nU1,9\nU2,nine\nU3,8\n", supplier="north")
    small.ingest("ratings")
    (path,) = returned(small, "ratings")
    import openpyxl

    book = openpyxl.load_workbook(path)
    book["请改正"]["D2"].value = "7"
    book.save(tmp_path / "x.xlsx")
    small.send("ratings", "2026Q2 改.xlsx", (tmp_path / "x.xlsx").read_bytes(), supplier="north", at=LATER)
    small.ingest("ratings")
    assert [(v.delivery.file_name, v.staged[0].quarter) for v in small.effective("ratings")] == [
        ("2026Q3.csv", "2026Q3"),
        ("2026Q2 改.xlsx", "2026Q3"),
    ]


def test_a_held_file_comes_home_whole_or_not_at_all(small):
    path = sent_back(small, *GOOD[:2], *(case(f"B{n}", outcome="maybe") for n in range(6)))
    assert small.verdicts() == [("台账.xlsx", "held", "H-BADSHARE")]
    assert len(shown(path)) == 8, "nothing of it was used, so every row goes back"
    few = edited(path, ("B1", "outcome", "bad"), few=lambda book: book["请改正"].delete_rows(5, 5))
    small.send("cases", "few.xlsx", few, at=LATER)
    small.ingest()
    assert small.verdicts()[-1] == ("few.xlsx", "held", "H-PARTIAL")
    assert used(small) == {}
    small.send("cases", "all.xlsx", edited(path, *((f"B{n}", "outcome", "bad") for n in range(6))), at=LATEST)
    small.ingest()
    assert len(used(small)) == 8
    assert set(quarantine(small).values()) == {"closed"}
    assert balances(small)["all.xlsx"] == (9, 8, 0, 0, 1)


def test_one_row_many_times_over_is_no_whole_file(small):
    path = sent_back(small, *GOOD[:2], *(case(f"B{n}", outcome="maybe") for n in range(6)))

    def again(book):
        rows = book["请改正"]
        first = [cell.value for cell in rows[2]]
        rows.delete_rows(3, 7)
        for place in range(3, 11):
            for column, value in enumerate(first, start=1):
                rows.cell(place, column, value)

    small.send("cases", "again.xlsx", edited(path, few=again), at=LATER)
    small.ingest()
    assert small.verdicts()[-1] == ("again.xlsx", "held", "H-PARTIAL")


def test_deleting_the_wrong_one_of_two_rivals_settles_both(small):
    path = sent_back(small, *GOOD, case("B1"), case("B1", outcome="bad"))
    assert [row["outcome"] for row in shown(path)] == ["good", "bad"]
    small.send("cases", "x.xlsx", edited(path, drop=lambda book: book["请改正"].delete_rows(3)), at=LATER)
    small.ingest()
    assert used(small)["B1"] == 1
    assert set(quarantine(small).values()) == {"closed"}


def test_a_return_to_a_file_that_was_replaced_is_answered_truthfully(small):
    path = sent_back(small, *GOOD, *BAD)
    small.send("cases", "新台账.xlsx", as_xlsx(*GOOD, case("B1")), at=LATER)
    small.ingest()
    assert set(quarantine(small).values()) == {"closed"}, (
        "a whole new file settles what the old one left open"
    )
    small.send("cases", "x.xlsx", edited(path, ("B2", "outcome", "bad")), at=LATEST)
    report = small.ingest()
    assert [held.fault.code for held in report.held] == ["F-RETREPLACED"]
    assert "新台账.xlsx" in report.held[0].fault.zh
    assert "B2" not in used(small)


def test_a_newer_file_takes_the_return_away_with_the_file_that_it_answers(small):
    path = sent_back(small, *GOOD, *BAD)
    small.send("cases", "x.xlsx", edited(path, ("B1", "due_on", "2026-09-30")), at=LATER)
    small.ingest()
    small.send("cases", "新.xlsx", as_xlsx(*GOOD[:3]), at=LATEST)
    small.ingest()
    assert set(used(small)) == {"G0", "G1", "G2"}


def test_under_append_a_later_file_settles_by_key_and_counts_once(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases", delivery="append")
    sent_back(small, *GOOD, *BAD)
    small.send("cases", "补.csv", as_csv(case("B2")), at=LATER)
    small.ingest()
    assert quarantine(small) == {
        ("台账.xlsx", 10): "open",
        ("台账.xlsx", 11): "closed",
        ("台账.xlsx", 12): "open",
    }
    small.register({"U1": "东坡镇", "U9": "没有的单位"})
    small.ingest()
    assert used(small)["B2"] == used(small)["B3"] == 1


def test_two_keys_that_look_alike_when_masked_are_two_rows(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases", delivery="append")
    KeyRing(file=small.folder / "keys.yaml").with_new("token", Quarter(2026, 1)).save()
    small = SmallSite(small.folder, open_site(small.folder))
    sent_back(small, *GOOD, case("330100202607010001", outcome="maybe"))
    small.send("cases", "补.csv", as_csv(case("330100202607020001")), at=LATER)
    small.ingest()
    assert list(quarantine(small).values()) == ["open"]
    small.send("cases", "再补.csv", as_csv(case("330100202607010001")), at=LATEST)
    small.ingest()
    assert list(quarantine(small).values()) == ["closed"]


def test_a_row_that_was_fixed_counts_once_when_the_first_file_is_judged_again(tmp_path):
    """The unit's name was changed in the return; later the register learns the name that the file had."""
    small = SmallSite.make(tmp_path / "site", "cases", delivery="append")
    path = sent_back(small, *GOOD, BAD[2])
    small.send("cases", "x.xlsx", edited(path, ("B3", "unit", "U2")), at=LATER)
    small.ingest()
    small.register({"U1": "东坡镇", "U2": "西沟乡", "U9": "没有的单位"})
    small.ingest()
    assert used(small)["B3"] == 1
    assert balances(small)["台账.xlsx"] == (10, 8, 0, 1, 1)


def test_what_is_still_wrong_goes_back_again_and_comes_home_again(small):
    path = sent_back(small, *GOOD, *BAD)
    small.send(
        "cases",
        "x.xlsx",
        edited(path, ("B1", "due_on", "2026-09-30"), ("B2", "outcome", "perhaps")),
        at=LATER,
    )
    small.ingest()
    _, again = returned(small)
    assert [(row["case_no"], row["outcome"]) for row in shown(again)] == [("B2", "perhaps"), ("B3", "good")]
    assert shown(again)[0]["原文件位置"] == "台账 第 11 行"
    small.send("cases", "y.xlsx", edited(again, ("B2", "outcome", "bad"), ("B3", "unit", "U3")), at=LATEST)
    small.ingest()
    assert set(quarantine(small).values()) == {"closed"}
    assert len(used(small)) == 11
    balances(small)


def test_a_return_is_tried_out_without_a_trace(small):
    path = sent_back(small, *GOOD, *BAD)
    small.send("cases", "x.xlsx", edited(path, ("B1", "due_on", "2026-09-30")), at=LATER)
    report = small.ingest(dry_run=True)
    assert report.counts["rows_accepted"] == len(GOOD) + 1, (
        "the first file is tried out again, and the return"
    )
    assert len(small.verdicts()) == 1


def test_the_reader_takes_its_own_workbook(small):
    path = sent_back(small, *GOOD, *BAD)
    parsed = parse_in_child(path.read_bytes(), file_name=path.name, kinds=("xlsx",))
    assert (parsed.external_links, parsed.hidden) == (0, ())


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv", "xls"])
def test_it_comes_home_as_libreoffice_saves_it(small, tmp_path, kind):
    path = sent_back(small, *GOOD, *BAD)
    changed = tmp_path / "改.xlsx"
    changed.write_bytes(
        edited(path, ("B1", "due_on", "2026-09-30"), only_rows=lambda book: book.remove(book["说明"]))
    )
    home = tmp_path / "home"
    form = (
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
        if kind == "csv"
        else kind
    )
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{home}", "--headless", "--convert-to", form,
         "--outdir", home / "out", changed],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (saved,) = (home / "out").iterdir()
    small.send("cases", f"另存.{kind}", saved.read_bytes(), at=LATER)
    small.ingest()
    assert used(small)["B1"] == 1
    assert set(used(small)) == {*(f"G{n}" for n in range(8)), "B1"}


EDITS = st.dictionaries(
    st.sampled_from(["B1", "B2", "B3"]),
    st.fixed_dictionaries(
        {},
        optional={
            "due_on": st.sampled_from(["2026-09-30", "2026-13-02", "", "2026年8月1日"]),
            "outcome": st.sampled_from(["good", "bad", "better", "=1+1"]),
            "unit": st.sampled_from(["U1", "U3", "谁"]),
            "petitioner": st.sampled_from(["李四", "张*", ""]),
            "drop": st.just("yes"),
        },
    ),
)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=EDITS, second=EDITS)
def test_whatever_is_edited_rows_are_conserved_and_none_counts_twice(first, second):
    with tempfile.TemporaryDirectory() as folder:
        small = SmallSite.make(Path(folder) / "site", "cases", delivery="append")
        path = sent_back(small, *GOOD, *BAD)
        for number, edits in enumerate((first, second)):
            heads = tuple(shown(path)[0])
            rows = [row | edits.get(row["case_no"], {}) for row in shown(path)]
            kept = [row for row in rows if "drop" not in row]
            content = "\ufeff" + as_csv(*kept, heads=heads)
            small.send("cases", f"{number}.csv", content, at=LATER + timedelta(hours=number))
            small.ingest()
        balances(small)
        assert set(used(small).values()) == {1}
        assert {f"G{n}" for n in range(8)} <= set(used(small))
        staged = "".join(str(pq.read_table(path).to_pylist()) for path in small.staged())
        assert "李四" not in staged
        stands = small.rows(
            "select row_number, max(status) as status from vw_quarantine where file_name = '台账.xlsx' group by 1"
        )
        closed = {f"B{row['row_number'] - 9}" for row in stands if row["status"] == "closed"}
        assert closed == set(used(small)) - {f"G{n}" for n in range(8)}
