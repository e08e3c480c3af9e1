"""Results of rectification as a delivery, and by how much they move the next quarter's score: counted by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from include.pipeline import rectify
from include.pipeline.follow_up import follow_up
from include.pipeline.rectify_feed import write_results
from include.quarters import Quarter
from tests.pipeline.rectified_site import GOOD, at, items, opened, send, warned
from tests.pipeline.small_site import PLACE, SmallSite

Q4 = Quarter(2026, 4)
PACK: dict[str, Any] = {
    "extends": "small@1",
    "framework": "small",
    "version": "2",
    "effective_from": "2026Q4",
    "indicators": [
        {"code": "appraisal_score", "remove": True},
        {"code": "praise_letters", "remove": True},
        *(
            {
                "code": code,
                "group": "all",
                "points": 10,
                "title": {"zh": code, "en": code},
                "measure": f"rectification.{code}",
                "rule": rule,
                "missing": "not_rated",
            }
            for code, rule in (
                ("verified", {"kind": "rate", "full_at": 1, "zero_at": 0}),
                ("on_time", {"kind": "rate", "full_at": 1, "zero_at": 0}),
            )
        ),
    ],
}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    """U2 reports late on 10 December and is verified on the 14th; U4 is in time and verified."""
    small = warned(tmp_path_factory.mktemp("results") / "site", pack=PACK)
    opened(small)
    by_unit = {row["unit_code"]: number for number, row in items(small).items()}
    for unit, day, checked in (("U4", "2026-12-01", "2026-12-02"), ("U2", "2026-12-10", "2026-12-14")):
        follow_up(small.site, now=at(day))
        rectify.report_done(small.site, by_unit[unit], account="officer", reason="已改", now=at(day))
        rectify.verify(small.site, by_unit[unit], account="verifier", quality=GOOD, now=at(checked))
    return small


@pytest.fixture
def small(once: SmallSite, tmp_path: Path) -> SmallSite:
    return once.copy(tmp_path / "site")


def results_file(small: SmallSite) -> Path:
    return small.inbox("rectification") / "整改结果_2026Q4.xlsx"


def published(small: SmallSite, quarter: str = "2026Q4") -> dict[str, float]:
    return small.facts("fct_unit_score", quarter).set_index("unit_code")["published"].to_dict()


def play_q4(small: SmallSite) -> None:
    now = at("2027-01-20")
    send(small, "2026Q4", now=now, U1=9, U2=6, U3=8, U4=6)
    small.ingest("rectification", now=now)
    small.score(now=now)


def test_the_score_moves_by_what_was_counted_by_hand(small: SmallSite):
    before = published(small, "2026Q3")
    done = follow_up(small.site, now=at("2027-01-02"))
    assert [(one.quarter, one.rows) for one in done.results] == [("2026Q4", 2)]
    play_q4(small)
    assert small.figures("rectification.verified", "2026Q4") == {
        "U1": "not_applicable", "U2": (1.0, 1.0), "U3": "not_applicable", "U4": (1.0, 1.0),
    }  # fmt: skip
    assert small.figures("rectification.on_time", "2026Q4") == {
        "U1": "not_applicable", "U2": (0.0, 1.0), "U3": "not_applicable", "U4": (1.0, 1.0),
    }  # fmt: skip
    # Cases alone: 6 of 10 on time is 30 of 50 points, an index of 60 for U2 and U4 alike.
    # With rectification 70 points are attainable. U2: 30 + 10 (verified) + 0 (late) = 40 of 70 = 57.14, 2.86 less.
    # U4: 30 + 10 + 10 = 50 of 70 = 71.43, 11.43 more. U1 and U3 had nothing to rectify: 90 and 80, as by cases alone.
    assert published(small) == pytest.approx({"U1": 90.0, "U2": 57.14, "U3": 80.0, "U4": 71.43})
    assert published(small, "2026Q3") == before == pytest.approx({"U1": 90, "U2": 30, "U3": 80, "U4": 20})


def test_without_results_the_quarter_is_scored_by_cases_alone(small: SmallSite):
    play_q4(small)
    assert published(small) == pytest.approx({"U1": 90.0, "U2": 60.0, "U3": 80.0, "U4": 60.0})
    release = small.release("2026Q4")
    assert release is not None
    assert release.missing_feeds == (), "no file means that nothing fell due, not that one is missing"


def test_past_quarters_are_not_scored_again(small: SmallSite):
    first = small.release("2026Q3")
    follow_up(small.site, now=at("2027-01-02"))
    play_q4(small)
    assert small.release("2026Q3") == first


def test_the_file_is_an_ordinary_delivery_written_once(small: SmallSite):
    written = write_results(small.site, PLACE, Q4, now=at("2027-01-02"))
    content = results_file(small).read_bytes()
    assert written is not None
    assert written.sha256 == hashlib.sha256(content).hexdigest()
    assert write_results(small.site, PLACE, Q4, now=at("2027-01-03")) is None
    results_file(small).unlink()
    assert write_results(small.site, PLACE, Q4, now=at("2027-03-01")) == written, (
        "the same bytes whenever written"
    )
    report = small.ingest("rectification", now=at("2027-03-02"))
    assert (report.counts["accepted"], report.counts["rows_accepted"], report.held) == (1, 2, [])
    (action,) = small.rows("SELECT DISTINCT action FROM audit_entry WHERE subject = 'rectification/2026Q4'")
    assert action["action"] == "rectification.results"


def test_what_happens_after_the_quarter_does_not_count_in_it(small: SmallSite):
    item = next(number for number, row in items(small).items() if row["unit_code"] == "U4")
    before = write_results(small.site, PLACE, Q4, now=at("2027-01-02"))
    rectify.look_back(
        small.site, item, account="verifier", lasting=False, reason="反弹", now=at("2027-01-04")
    )
    results_file(small).unlink()
    assert write_results(small.site, PLACE, Q4, now=at("2027-01-05")) == before


def test_a_quarter_that_has_not_ended_has_no_results(small: SmallSite):
    with pytest.raises(rectify.RectificationRefused, match="尚未结束"):
        write_results(small.site, PLACE, Q4, now=at("2026-12-31"))
    assert write_results(small.site, PLACE, Quarter(2026, 3), now=at("2027-01-02")) is None
    assert follow_up(small.site, now=at("2027-01-25")).results == (), (
        "past the deadline nothing is written by itself"
    )


def test_an_item_without_a_certain_due_day_is_not_counted(small: SmallSite):
    send(small, "2026Q4", now=at("2027-01-20"), U1=3, U2=9, U3=9, U4=9)
    written = write_results(small.site, PLACE, Quarter(2027, 1), now=at("2027-04-02"))
    assert written is not None
    assert written.rows == 2, "verified within the year; nothing fell due for certain"
