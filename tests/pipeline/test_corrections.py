"""Corrections on the record: applied, masked, in the digest; stale ones said; nothing repaired silently."""

from __future__ import annotations

from datetime import timedelta

import pyarrow.parquet as pq
import pytest
import yaml

from include.config import ConfigError
from include.pipeline.check_site import check_site
from include.pipeline.correcting import correction_states
from tests.pipeline.small_site import NOW, PLACE, SENT, SmallSite, cases, on_time

LATER = SENT + timedelta(hours=5)


@pytest.fixture
def small(tmp_path):
    return SmallSite.make(tmp_path / "site", "cases")


def correct(small, *corrections, **changes):
    made = [
        {
            "id": f"k{number}", "feed": "cases", "column": "replied_on", "reason": "抄录错误",
            "approved_by": "纪检监察室", "approved_on": "2026-10-06",
        } | one | changes
        for number, one in enumerate(corrections)
    ]  # fmt: skip
    folder = small.folder / "corrections"
    folder.mkdir(exist_ok=True)
    (folder / "2026.yaml").write_text(
        yaml.safe_dump({"corrections": made}, allow_unicode=True), encoding="utf-8"
    )


FILE = cases(*on_time("U1", 1, 3), ("late", "U2", "2026-08-01", "2026-08-20"))
BY_KEY = {"key": {"case_no": "late"}, "from": "2026-08-20", "to": "2026-07-20"}


def states(small):
    return [(one.correction.id, one.state, one.applied, one.stale) for one in correction_states(small.site)]


def test_a_correction_counts_is_listed_and_is_part_of_the_input(small):
    small.send("cases", "a.csv", FILE)
    small.ingest()
    small.score()
    assert small.figures("cases.on_time")["U2"] == (0, 1)
    correct(small, BY_KEY)
    assert small.ingest().counts["accepted"] == 1, "judged again for it"
    (line,) = small.rows(
        "select correction_id, sheet, row_number, column_name, outcome, masked_found, masked_to from applied_correction"
    )
    assert tuple(line.values()) == ("k0", "", 5, "replied_on", "applied", "2026-08-20", "2026-07-20")
    small.score()
    assert small.figures("cases.on_time")["U2"] == (1, 1)
    assert small.release().revision == 2
    inputs = small.rows(
        f"select kind, name from release_input where release_id = {small.release().release_id}"
    )
    assert {"kind": "corrections", "name": "cases"} in inputs
    staged = pq.read_table(small.staged()[-1]).to_pylist() + pq.read_table(small.staged()[0]).to_pylist()
    assert "2026-08-20" in [row.get("replied_on__raw") for row in staged], "what was sent stays beside it"
    assert states(small) == [("k0", "applied", 1, 0)]
    assert small.ingest().counts["accepted"] == 0


def test_a_correction_that_is_taken_back_is_undone(small):
    small.send("cases", "a.csv", FILE)
    correct(small, BY_KEY)
    small.ingest()
    (small.folder / "corrections" / "2026.yaml").unlink()
    assert small.ingest().counts["accepted"] == 1
    small.score()
    assert small.figures("cases.on_time")["U2"] == (0, 1)


def test_a_mended_source_makes_the_correction_fail_loudly(small):
    correct(small, BY_KEY)
    small.send("cases", "a.csv", FILE)
    small.ingest()
    small.send("cases", "b.csv", FILE.replace("2026-08-20", "2026-07-21"), at=LATER)
    small.ingest()
    small.score()
    assert small.figures("cases.on_time")["U2"] == (1, 1), "used as sent"
    assert states(small) == [("k0", "stale", 1, 1)]
    (told,) = small.rows("select message_zh, message_en from file_fault where code = 'W-CORRECTION'")
    assert (
        "2026-08-20" in told["message_zh"]
        and "2026-07-21" in told["message_zh"]
        and "k0" in told["message_en"]
    )
    (finding,) = [one for one in check_site(small.site) if "k0" in one.text]
    assert not finding.fatal and "no longer applies" in finding.text and "b.csv" in finding.text


def test_an_address_is_of_one_file_only(small):
    small.send("cases", "a.csv", FILE)
    small.send("cases", "b.csv", FILE.replace("2026Q3-", "x").replace("late,", "late2,"), at=LATER)
    small.ingest()
    sha256 = small.rows("select sha256 from delivery where file_name = 'a.csv'")[0]["sha256"]
    about = {"row": {"sha256": sha256, "sheet": "", "row": 5}, "from": "2026-08-20", "to": ""}
    correct(small, about)
    assert small.ingest().counts["accepted"] == 1, "the other file is left alone"
    assert states(small) == [("k0", "applied", 1, 0)]


def test_an_unmatched_correction_is_said(small):
    correct(small, BY_KEY | {"key": {"case_no": "nobody"}})
    small.send("cases", "a.csv", FILE)
    small.ingest()
    assert states(small) == [("k0", "unmatched", 0, 0)]
    assert any("met no row" in one.text and not one.fatal for one in check_site(small.site))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"column": "petitioner"}, "personal"),
        ({"column": "nothing"}, "no column"),
        ({"key": {"unit": "U1"}}, "all of them"),
        ({"feed": "praise"}, "takes no feed"),
        ({"jurisdiction": "elsewhere"}, "no area"),
        ({"to": "2026-08-20"}, "the same"),
        ({"key": {}}, "exactly one of"),
        ({"colum": "x"}, "Unknown key"),
    ],
)
def test_what_does_not_fit_is_refused_by_check(small, change, says):
    correct(small, BY_KEY | change)
    assert any(one.fatal and says in one.text for one in check_site(small.site))


def test_two_corrections_of_one_cell_are_refused_at_ingest(small):
    correct(small, BY_KEY, BY_KEY | {"to": "2026-06-01"})
    small.send("cases", "a.csv", FILE)
    with pytest.raises(ConfigError, match="about one cell"):
        small.ingest(now=NOW)


def test_respelled_cells_are_counted_and_keep_their_original(small):
    text = "case_no,unit,due_on,replied_on,petitioner\n"
    text += "Ｃ１,U1,2026-08-01,2026-08-01,张三\u3000\n\u200bC2,U1, 2026-08-01,,\n"
    text += "⼈1,U2,2026-08-01,,\nC4,U2,2026-08-01,,\n"
    small.send("cases", "a.csv", text)
    small.ingest()
    lines = small.rows(
        "select column_name, cells, masked_example from normalised_column order by column_name"
    )
    found = {line["column_name"]: (line["cells"], line["masked_example"]) for line in lines}
    assert found == {
        "case_no": (3, "Ｃ１ → C1"),
        "due_on": (1, "⟨U+0020⟩2026-08-01 → 2026-08-01"),
        "petitioner": (1, ""),
    }
    (path,) = small.staged()
    staged = pq.read_table(path)
    assert staged["case_no__raw"].to_pylist() == ["Ｃ１", "\u200bC2", "⼈1", None]
    assert staged["due_on__raw"].to_pylist() == [None, " 2026-08-01", None, None]
    assert "petitioner__raw" not in staged.column_names
    small.score()
    assert small.figures("cases.on_time")["U1"] == (1, 2)
    assert small.release().key.jurisdiction == PLACE


def test_a_file_that_stands_though_its_correction_is_gone_is_not_judged_for_ever(small):
    small.send("cases", "a.csv", cases(("late", "U2", "2026-13-01", "")))
    correct(small, {"key": {"case_no": "late"}, "column": "due_on", "from": "2026-13-01", "to": "2026-08-01"})
    small.ingest()
    correct(small)
    assert [held.fault.code for held in small.ingest(now=NOW + timedelta(hours=1)).held] == ["H-ALLBAD"]
    assert small.ingest(now=NOW + timedelta(hours=2)).held == []
