"""What is due from whom: recorded, listed before the deadline with whom to call, and scored afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.pipeline.due import due_counts, due_deliveries, record_expectations, supplier_scores
from include.quarters import Quarter
from include.site import open_site
from tests.pipeline.small_site import NOW, PLACE, SENT, SmallSite, cases, on_time, ratings

BEFORE = datetime(2026, 10, 10, 12, tzinfo=UTC)
"""Five days before the deadlines of 2026Q3."""
NORTH = {
    "name": {"zh": "北站", "en": "North"},
    "contacts": [{"role": "数据专管员", "phone": "内线 8001", "mail": "north@example.cn"}],
}
SETTINGS = {
    "first_quarter": "2026Q3",
    "suppliers": {"north": NORTH} | {code: {"name": {"zh": code}} for code in ("office", "south")},
}


@pytest.fixture
def small(tmp_path):
    return SmallSite.make(
        tmp_path / "site", "cases", "ratings", "praise", "appraisal", "offices", settings=SETTINGS
    )


def due(small, now=BEFORE, **more) -> list[tuple[str, str, int, bool]]:
    found = due_deliveries(small.site, now=now, **more)
    return [(one.expected.feed, one.expected.supplier, one.days_left, one.held) for one in found]


def test_what_is_due_is_listed_before_its_deadline_with_whom_to_call(small):
    assert due(small) == [
        ("cases", "office", 5, False),
        ("ratings", "north", 5, False),
        ("ratings", "south", 5, False),
    ]
    north = due_deliveries(small.site, now=BEFORE)[1]
    assert [(one.role, one.phone, one.mail) for one in north.contacts] == [
        ("数据专管员", "内线 8001", "north@example.cn")
    ]
    assert due(small, within_days=4) == []
    assert due_counts(due_deliveries(small.site, now=BEFORE)) == {f"{PLACE}.2026Q3": {"due": 3, "late": 0}}


def test_what_came_is_not_listed_and_what_is_held_says_so(small):
    small.send("ratings", "2026Q3.csv", ratings(U1=5), supplier="north")
    small.ingest("ratings", now=BEFORE)
    small.send("cases", "a.csv", "wrong,columns\n1,2\n")
    small.ingest("cases", now=BEFORE)
    assert due(small) == [("cases", "office", 5, True), ("ratings", "south", 5, False)]


def test_the_last_day_counts_in_the_countys_own_time(small):
    last = datetime(2026, 10, 15, 15, 59, tzinfo=UTC)
    assert {days for _, _, days, _ in due(small, last)} == {0}
    assert {days for _, _, days, _ in due(small, last + timedelta(minutes=1))} == {-1}
    assert due_counts(due_deliveries(small.site, now=NOW)) == {f"{PLACE}.2026Q3": {"due": 0, "late": 3}}


def test_the_coming_quarter_is_listed_when_its_deadline_draws_near(small):
    found = due_deliveries(small.site, now=datetime(2027, 1, 3, tzinfo=UTC))
    assert {(str(one.expected.quarter), one.expected.feed) for one in found} == {
        ("2026Q4", "cases"),
        ("2026Q4", "ratings"),
        ("2026Q4", "appraisal"),
    }, "of 2026Q3 nothing is waited for any more; the yearly feed is due in the fourth quarter"


def test_expectations_follow_the_site_and_rest_when_nothing_changes(small):
    assert record_expectations(small.site, now=datetime(2026, 9, 30, 15, tzinfo=UTC)) == 0, (
        "no quarter has ended"
    )
    assert record_expectations(small.site, now=BEFORE) == 4
    assert record_expectations(small.site, now=BEFORE) == 0
    assert record_expectations(small.site, now=datetime(2027, 1, 3, tzinfo=UTC)) == 5
    rows = small.rows(
        "select feed, supplier, quarter, expectation from vw_expected order by quarter, feed, supplier"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("cases", "office", "2026Q3", "due"),
        ("praise", "office", "2026Q3", "on_event"),
        ("ratings", "north", "2026Q3", "due"),
        ("ratings", "south", "2026Q3", "due"),
        ("appraisal", "office", "2026Q4", "due"),
        ("cases", "office", "2026Q4", "due"),
        ("praise", "office", "2026Q4", "on_event"),
        ("ratings", "north", "2026Q4", "due"),
        ("ratings", "south", "2026Q4", "due"),
    ]


def test_the_scorecard_of_a_played_quarter(small):
    """Cases: 1 of 4 rows bad, in time, mended a day later. North: two days late. South: never. Praise: on event."""
    record_expectations(small.site, now=BEFORE)
    bad = cases(*on_time("U1", 2, 3), ("9", "U1", "2026-99-99", ""))
    small.send("cases", "a.csv", bad, at=SENT)
    small.ingest("cases", now=SENT + timedelta(hours=1))
    small.send("cases", "b.csv", cases(*on_time("U1", 2, 4)), at=SENT + timedelta(days=1))
    small.ingest("cases", now=SENT + timedelta(days=1, minutes=30))
    late = datetime(2026, 10, 17, 2, tzinfo=UTC)
    small.send("ratings", "2026Q3.csv", ratings(U1=5), supplier="north", at=late)
    small.ingest("ratings", now=late + timedelta(hours=1))
    small.send("praise", "p.csv", "letter_no,unit,given_on\n1,U1,2026-08-01\n")
    small.ingest("praise")
    scores = supplier_scores(small.site, Quarter(2026, 3))
    feeds = {(row["feed"], row["supplier"]): row for row in scores["feeds"]}
    first = feeds["cases", "office"]
    assert (first["timeliness"], first["days_late"], first["revisions"]) == ("in_time", 0, 1)
    assert (first["data_rows"], first["faulty_rows"], float(first["fault_pct"]), first["open_rows"]) == (
        8,
        1,
        12.5,
        0,
    )
    assert (first["fix"], first["days_to_fix"]) == ("fixed", 1)
    assert (feeds["ratings", "north"]["timeliness"], feeds["ratings", "north"]["days_late"]) == ("late", 2)
    assert feeds["ratings", "south"]["timeliness"] == "not_received"
    assert (feeds["praise", "office"]["timeliness"], feeds["praise", "office"]["data_rows"]) == (
        "no_deadline",
        1,
    )
    office = next(row for row in scores["suppliers"] if row["supplier"] == "office")
    assert (office["due"], office["in_time"], float(office["received_pct"])) == (1, 1, 100.0)
    assert len(supplier_scores(small.site, None)["feeds"]) == 4, (
        "the fourth quarter had not begun when it was recorded"
    )


def test_a_deadline_that_the_site_moves_later_makes_nobody_late_afterwards(small):
    record_expectations(small.site, now=BEFORE)
    at = datetime(2026, 10, 14, tzinfo=UTC)
    small.send("cases", "a.csv", cases(*on_time("U1", 1, 1)), at=at)
    small.ingest("cases", now=at + timedelta(hours=1))
    settings = (
        (small.folder / "site.yaml")
        .read_text(encoding="utf-8")
        .replace("cases: {}", "cases: {deadline_days: 5}")
    )
    (small.folder / "site.yaml").write_text(settings, encoding="utf-8")
    moved = SmallSite(small.folder, open_site(small.folder))
    assert moved.site.settings.feeds["cases"].deadline_days == 5
    record_expectations(moved.site, now=NOW)
    row = next(
        row for row in supplier_scores(moved.site, Quarter(2026, 3))["feeds"] if row["feed"] == "cases"
    )
    assert row["timeliness"] == "in_time"
