from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from include.clocks import WorkingCalendar
from include.reviews.rectification import FOLLOWS, Event, Item, Standing, fold, refusal
from include.reviews.rectification_refusals import ACTS, STATES

START = date(2026, 10, 26)
"""A Monday."""
PLAIN = WorkingCalendar(date(2026, 1, 1), date(2027, 12, 31), frozenset(), frozenset())
UNKNOWN = WorkingCalendar(date(2026, 1, 1), date(2026, 10, 31), frozenset(), frozenset())
"""A calendar that ends before any term of ours does."""
ITEM = Item(START, 10, "working", 5)
CALENDAR_ITEM = Item(START, 10, "calendar", 5)
ACTORS = ("officer", "verifier")
KINDS = tuple(FOLLOWS)
patient = settings(deadline=None, max_examples=60)


def day(steps: int) -> date:
    return START + timedelta(days=steps)


def event(kind: str, steps: int, order: int = 0, **more: object) -> Event:
    return Event(kind, day(steps), order, **more)  # type: ignore[arg-type]


def at(steps: int, *events: Event, item: Item = CALENDAR_ITEM, calendar: WorkingCalendar = PLAIN) -> Standing:
    return fold(item, events, calendar, day(steps))


def test_ten_working_days_are_two_weeks_and_ten_days_are_ten():
    assert at(0, item=ITEM).due.on == date(2026, 11, 9)
    assert at(0).due.on == date(2026, 11, 5)


def test_a_day_off_moves_the_due_day_of_working_days_only():
    rest = WorkingCalendar(date(2026, 1, 1), date(2027, 12, 31), frozenset({date(2026, 11, 3)}), frozenset())
    assert at(0, item=ITEM, calendar=rest).due.on == date(2026, 11, 10)
    assert at(0, calendar=rest).due.on == date(2026, 11, 5)


def test_the_due_day_itself_is_in_time_and_the_next_is_not():
    assert (at(10).code, at(10).late_days) == ("open", 0)
    assert (at(11).code, at(11).late_days) == ("overdue", 1)


def test_a_report_in_time_stays_in_time_however_long_the_verifier_takes():
    reported = event("reported", 10, actor="officer")
    assert (at(40, reported).code, at(40, reported).late_days) == ("reported", 0)
    verified = at(60, reported, event("verified", 60, points=80, actor="verifier"))
    assert (verified.code, verified.late_days, verified.points) == ("verified", 0, 80)
    assert (verified.reported_on, verified.verified_on) == (day(10), day(60))


def test_a_late_report_keeps_its_late_days():
    done = at(60, event("reported", 13), event("verified", 60, points=80))
    assert (done.code, done.late_days) == ("verified", 3)


def test_waiting_for_an_honest_refusal_does_not_count_and_after_a_false_report_it_does():
    reported = event("reported", 6)
    honest = at(26, reported, event("refused", 26))
    assert (honest.code, honest.due.on, honest.refusals) == ("refused", day(30), 1)
    false = at(26, reported, event("refused", 26, false_report=True))
    assert (false.code, false.late_days, false.false_reports) == ("overdue", 16, 1)


def test_a_pause_takes_its_days_out_and_the_day_of_resuming_counts():
    paused, resumed = event("paused", 4), event("resumed", 9)
    assert at(6, paused).code == "paused"
    assert at(9, paused, resumed).due.on == day(15)
    assert at(5, paused, event("resumed", 4, 1)).due.on == day(10), "paused and resumed on one day"


def test_an_extension_in_time_holds_lateness_off_until_it_is_decided():
    asked = event("extension_asked", 9, days=5)
    assert at(14, asked).code == "open"
    assert at(14, asked, event("extension_refused", 12)).late_days == 4
    granted = at(14, asked, event("extension_approved", 12, days=5))
    assert (granted.code, granted.due.on, granted.extended_days) == ("open", day(15), 5)


def test_a_reopening_begins_a_new_term_and_keeps_the_history():
    history = [
        event("overdue", 11),
        event("reported", 12, actor="officer"),
        event("verified", 13, points=90),
        event("reopened", 40),
    ]
    again = at(41, *history)
    assert (again.code, again.due.on, again.round, again.reopened) == ("open", day(50), 2, 1)
    assert again.ever_overdue
    assert not again.overdue_recorded
    assert again.points is None
    assert at(41, *history[:-1], replace(history[-1], days=3)).due.on == day(43)


def test_a_referred_item_that_is_late_may_be_recorded_as_such_and_one_that_is_not_may_not():
    false = [
        event("reported", 2),
        event("refused", 3, false_report=True),
        event("referred", 4),
    ]
    assert at(5, *false).code == "referred"
    assert not at(5, *false, event("overdue", 5)).overdue_recorded
    assert at(20, *false, event("overdue", 20)).overdue_recorded


@pytest.mark.parametrize(
    ("standing", "given_event", "word"),
    [
        (at(0), event("verified", 0), "整改中"),
        (at(1, event("reported", 1, actor="officer")), event("verified", 1, actor="officer"), "他人验收"),
        (at(12), event("paused", 12), "已逾期"),
        (at(12), event("extension_asked", 12, days=1), "已逾期"),
        (at(1), event("extension_asked", 1, days=6), "还可延长 5 天"),
        (at(1), event("extension_asked", 1, days=0), "还可延长 5 天"),
        (at(1, event("extension_asked", 1, days=3)), event("extension_asked", 1, 1, days=1), "等待决定"),
        (at(1), event("extension_approved", 1, days=3), "没有等待决定"),
        (
            at(1, event("extension_asked", 1, days=3, actor="officer")),
            event("extension_approved", 1, 1, days=3, actor="officer"),
            "他人决定",
        ),
        (
            at(1, event("extension_asked", 1, days=3, actor="officer")),
            event("extension_approved", 1, 1, days=4, actor="verifier"),
            "超过申请",
        ),
        (at(1), event("referred", 1), "两者都不是"),
        (at(12, event("overdue", 12), event("referred", 12, 1)), event("referred", 12, 2), "不必再移交"),
        (at(12, event("overdue", 12)), event("overdue", 12, 1), "逾期已记录"),
        (at(1), event("reopened", 1), "整改中"),
        (at(10), event("overdue", 10), "整改中"),
    ],
)
def test_what_may_not_follow_says_why(standing: Standing, given_event: Event, word: str):
    said = refusal(CALENDAR_ITEM, standing, given_event)
    assert said is not None
    assert word in said.zh
    assert said.en.isascii()


def test_every_kind_and_state_has_its_words():
    assert set(FOLLOWS) == set(ACTS)
    assert {code for codes in FOLLOWS.values() for code in codes} | {"cancelled"} == set(STATES)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Records of any kind in any order over some sixty days."""
    return [
        Event(
            draw(st.sampled_from(KINDS)),  # type: ignore[arg-type]
            day(draw(st.integers(0, 60))),
            order,
            actor=draw(st.sampled_from(ACTORS)),
            days=draw(st.integers(1, 5)),
            false_report=draw(st.booleans()),
            points=80,
        )
        for order in range(draw(st.integers(0, 12)))
    ]


items = st.builds(
    Item, st.just(START), st.integers(1, 20), st.sampled_from(("calendar", "working")), st.just(5)
)


@patient
@given(items, histories(), st.integers(0, 80))
def test_a_paused_clock_never_runs(item: Item, history: list[Event], steps: int):
    quiet = [*(one for one in history if one.on <= day(steps)), event("paused", steps, 99)]
    before = fold(item, quiet, PLAIN, day(steps))
    assume(before.code == "paused")
    later = fold(item, quiet, PLAIN, day(steps + 30))
    assert later.code == "paused"
    assert not later.late
    left = [
        sum(PLAIN.is_working(found.due.on - timedelta(days=back)) or item.kind == "calendar"
            for back in range((found.due.on - on).days))
        for found, on in ((before, day(steps)), (later, day(steps + 30)))
    ]  # fmt: skip
    assert left[0] == left[1] > 0


@patient
@given(items, histories(), st.integers(0, 80), st.integers(1, 5))
def test_an_extension_never_shortens(item: Item, history: list[Event], steps: int, days: int):
    until = [one for one in history if one.on <= day(steps)]
    before = fold(item, until, PLAIN, day(steps))
    after = fold(item, [*until, event("extension_approved", steps, 99, days=days)], PLAIN, day(steps))
    assert after.due.on >= before.due.on
    assert after.late_days <= before.late_days or before.asked_days


@patient
@given(items, histories(), histories())
def test_no_verified_item_is_overdue_by_a_later_record(item: Item, history: list[Event], more: list[Event]):
    history = [*history, event("reported", 60, 98), event("verified", 60, 99, points=80)]
    done = fold(item, history, PLAIN, day(60))
    assume(done.code == "verified")
    later = [replace(one, on=day(61)) for one in more if one.kind != "reopened"]
    found = fold(item, [*history, *later], PLAIN, day(500))
    assert found.code == "verified"
    assert (found.late, found.late_days, found.overdue_recorded) == (
        False,
        done.late_days,
        done.overdue_recorded,
    )


@patient
@given(st.integers(1, 20), histories(), st.integers(0, 400))
def test_a_provisional_due_day_never_escalates(days: int, history: list[Event], steps: int):
    found = fold(Item(START, days, "working", 5), history, UNKNOWN, day(steps))
    if found.due.provisional:
        assert not found.late
        assert found.late_days == 0
        assert refusal(ITEM, found, event("overdue", steps, 99)) is not None
        assert found.code != "overdue"


COMMUTING = [
    event("measure_added", 3),
    event("reminded", 3, days=7),
    event("extension_approved", 3, days=2),
    event("measure_added", 3),
]


@patient
@given(items, histories())
def test_the_order_of_one_day_does_not_matter_where_it_must_not(item: Item, history: list[Event]):
    found = {
        fold(item, [*history, *(replace(one, order=100 + place) for place, one in enumerate(shuffled))], PLAIN, day(70))
        for shuffled in permutations(COMMUTING)
    }  # fmt: skip
    assert len(found) == 1


@patient
@given(items, histories(), st.integers(0, 80))
def test_the_order_in_which_records_are_read_does_not_matter(item: Item, history: list[Event], steps: int):
    assert fold(item, history, PLAIN, day(steps)) == fold(item, history[::-1], PLAIN, day(steps))


@patient
@given(items, histories(), st.integers(0, 80))
def test_what_is_refused_changes_nothing_but_the_day(item: Item, history: list[Event], steps: int):
    until = [one for one in history if one.on <= day(steps)]
    before = fold(item, until, PLAIN, day(steps))
    for kind in KINDS:
        one = event(kind, steps, 99, actor="x", days=1)
        said = refusal(item, before, one)
        if said is not None and before.code not in FOLLOWS[kind]:
            assert fold(item, [*until, one], PLAIN, day(steps)) == before
