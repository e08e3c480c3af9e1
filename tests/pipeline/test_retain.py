"""What has lain its time is deleted, leaves a tombstone, and takes nothing with it that a quarter still needs."""

from __future__ import annotations

import os

import pytest

from include.pipeline.retain import retain
from tests.pipeline.small_site import NOW, PLACE, SENT, SmallSite, cases, on_time

LATER = NOW.replace(year=2030, month=11)


@pytest.fixture
def small(tmp_path):
    return SmallSite.make(tmp_path / "site", "cases")


def landed(small):
    return sorted(path.name for path in small.folder.glob(f"lake/{PLACE}/vault/landing/*/*"))


def test_a_file_goes_after_four_years_and_the_figures_stay(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 3, 4)))
    small.ingest()
    small.score()
    (name,) = landed(small)
    before, staged = small.figures("cases.on_time"), small.staged()
    assert retain(small.site, now=NOW.replace(year=2030, month=10, day=19)) == []
    (stone,) = retain(small.site, now=LATER)
    assert landed(small) == []
    assert (stone.sha256, stone.feed, stone.store, stone.rows) == (name, "cases", "raw", 5)
    assert small.figures("cases.on_time") == before and small.staged() == staged
    (row,) = small.rows("select sha256, rule from tombstone")
    assert row == {"sha256": name, "rule": "raw_years=4"}
    assert retain(small.site, now=LATER) == [], "what is gone is not deleted again"


def test_a_dry_run_deletes_nothing(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 3, 4)))
    small.ingest()
    small.score()
    assert len(retain(small.site, now=LATER, dry_run=True)) == 1
    assert len(landed(small)) == 1 and not small.rows("select * from tombstone")


def test_what_an_unreleased_quarter_needs_stays_whatever_its_age(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 3, 4)))
    small.ingest()
    assert retain(small.site, now=LATER) == [], "2026Q3 has no release"
    small.score()
    assert len(retain(small.site, now=LATER)) == 1


def test_what_was_never_judged_stays(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 3, 4)))
    small.ingest()
    small.score()
    from include.pipeline.arrivals import arrived, record
    from include.pipeline.ingest_report import IngestReport

    small.send("cases", "b.csv", cases(*on_time("U1", 1, 4)))
    contract, report = small.contract("cases"), IngestReport("cases")
    for supplier, file in arrived(small.site, contract, PLACE, NOW, report):
        record(small.site, contract, PLACE, small.engine, file, supplier, NOW, report)
    assert len(retain(small.site, now=LATER)) == 1 and len(landed(small)) == 1


def test_bytes_that_came_again_later_are_kept_from_then(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 3, 4)))
    small.ingest()
    small.score()
    small.send("cases", "again.csv", cases(*on_time("U1", 3, 4)), at=SENT.replace(year=2029))
    small.ingest(now=NOW.replace(year=2029))
    assert retain(small.site, now=LATER) == []


def test_judged_again_after_deletion_it_says_so(small):
    small.send("cases", "a.csv", cases(*on_time("U1", 3, 4), ("c9", "新局", "2026-09-30", "2026-09-30")))
    small.ingest()
    small.score()
    before = small.figures("cases.on_time")
    retain(small.site, now=LATER)
    small.register({"U1": "东坡镇", "U2": "西沟乡", "U3": "县水利局", "U9": "新局"})
    report = small.ingest(now=LATER)
    assert [(one.fault.code, "2030-11-20" in one.fault.zh) for one in report.held] == [("F-DELETED", True)]
    assert small.figures("cases.on_time") == before


def test_returned_workbooks_go_after_their_days(small):
    folder = small.folder / "lake" / PLACE / "returns" / "cases" / "office"
    folder.mkdir(parents=True)
    for name, sent in (("old.xlsx", NOW), ("new.xlsx", LATER)):
        (folder / name).write_bytes(b"PK")
        os.utime(folder / name, (sent.timestamp(), sent.timestamp()))
    (stone,) = retain(small.site, now=LATER)
    assert [path.name for path in folder.iterdir()] == ["new.xlsx"]
    assert (stone.store, stone.feed, stone.place) == (
        "returns",
        "cases",
        f"{PLACE}/returns/cases/office/old.xlsx",
    )
