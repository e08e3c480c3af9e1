from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.clocks import ClockError, Due, Pause, load_calendar, load_clocks

CALENDAR = load_calendar()
CLOCKS = load_clocks()


def test_terms_of_the_catalogue():
    found = {
        code: (clock.days or f"{clock.months} months", clock.kind, clock.extension_days)
        for code, clock in CLOCKS.items()
    }
    assert (
        found.items()
        >= {
            "petition_transfer": (15, "calendar", 0),
            "petition_transfer_objection": (5, "working", 0),
            "petition_handling": (60, "calendar", 30),
            "petition_review_decision": (30, "calendar", 0),
            "message_enquiry": (3, "calendar", 0),
            "message_livelihood": (7, "calendar", 0),
            "message_complex": (15, "calendar", 0),
            "report_acceptance_notice": (15, "working", 0),
            "inspection_rectification_report": ("2 months", "calendar", 0),
            "budget_publication": (20, "calendar", 0),
            "information_request": (20, "working", 20),
            "contract_publication": (2, "working", 0),
            "procurement_complaint_decision": (30, "working", 0),
            "sme_complaint": (30, "calendar", 60),
        }.items()
    )


def test_which_terms_are_shortest_times():
    assert {code for code, clock in CLOCKS.items() if clock.limit == "at_least"} == {
        "bid_submission",
        "tender_documents",
        "member_points_publicity",
        "rectification_evaluation_not_before",
    }


@pytest.mark.parametrize(
    ("code", "start", "on"),
    [
        ("petition_handling", date(2026, 1, 1), date(2026, 3, 2)),
        ("report_transfer", date(2026, 9, 30), date(2026, 10, 13)),
        ("inspection_rectification_report", date(2026, 7, 15), date(2026, 9, 15)),
        ("inspection_rectification_report", date(2025, 12, 31), date(2026, 2, 28)),
        ("inspection_rectification_report", date(2023, 12, 31), date(2024, 2, 29)),
        ("county_inspection_rectification", date(2026, 8, 31), date(2027, 2, 28)),
    ],
)
def test_known_due_days(code, start, on):
    assert CLOCKS[code].due(start, CALENDAR) == Due(on, False)


@settings(deadline=None)
@given(st.lists(st.dates(date(2010, 1, 1), date(2026, 6, 1)), max_size=8), st.sampled_from(sorted(CLOCKS)))
def test_the_column_form_agrees_with_the_single_one(starts, code):
    on, _ = CLOCKS[code].due_dates(np.array(starts, dtype="M8[D]"), CALENDAR)
    assert on.tolist() == [CLOCKS[code].due(start, CALENDAR).on for start in starts]


def test_a_missing_start_has_no_due_day_in_months_either():
    on, provisional = CLOCKS["county_inspection_rectification"].due_dates(
        np.array(["NaT", "2026-01-31"], "M8[D]"), CALENDAR
    )
    assert np.isnat(on[0])
    assert on[1] == np.datetime64("2026-07-31")
    assert not provisional.any()


def test_a_hearing_pauses_and_an_extension_has_its_limit():
    recheck, handling = CLOCKS["petition_recheck_decision"], CLOCKS["petition_handling"]
    start = date(2026, 3, 1)
    hearing = Pause(date(2026, 3, 10), date(2026, 3, 14))
    assert recheck.due(start, CALENDAR, pauses=(hearing,)).on == date(2026, 4, 5)
    assert handling.due(start, CALENDAR, extension_days=30).on == date(2026, 5, 30)
    with pytest.raises(ClockError, match="30"):
        handling.due(start, CALENDAR, extension_days=31)


CLOCK = """
clocks:
  - code: {code}
    title: {{zh: 本县限办, en: Our own limit}}
    starts: {{zh: 收到之日, en: received}}
    kind: {kind}
    {term}
    source: 本县办法
"""


def test_a_site_adds_and_replaces_clocks(tmp_path):
    own = tmp_path / "clocks.yaml"
    own.write_text(CLOCK.format(code="petition_handling", kind="working", term="days: 20"))
    assert load_clocks(own)["petition_handling"].days == 20
    assert load_clocks(own).keys() == CLOCKS.keys()


@pytest.mark.parametrize(
    ("code", "kind", "term", "found"),
    [
        ("ours", "weekly", "days: 20", "weekly"),
        ("ours", "working", "months: 2", "months"),
        ("ours", "calendar", "days: 20\n    months: 2", "either days or months"),
        ("ours", "calendar", "note: {zh: 无, en: none}", "either days or months"),
        ("ours", "calendar", "days: 0", "clocks.0.days"),
        ("ours", "calendar", "dayz: 3", "dayz"),
        ("Ours!", "calendar", "days: 3", "Ours!"),
    ],
)
def test_a_faulty_clock_names_file_path_and_found(tmp_path, code, kind, term, found):
    own = tmp_path / "clocks.yaml"
    own.write_text(CLOCK.format(code=code, kind=kind, term=term))
    with pytest.raises(ClockError) as caught:
        load_clocks(own)
    assert str(own) in str(caught.value)
    assert found in str(caught.value)


def test_a_code_may_stand_once_in_a_file(tmp_path):
    own = tmp_path / "clocks.yaml"
    item = CLOCK.format(code="ours", kind="calendar", term="days: 3")
    own.write_text(item + item.replace("clocks:\n", ""))
    with pytest.raises(ClockError, match="ours"):
        load_clocks(own)
