"""Every measure of the four main feeds, against figures counted by hand."""

# ruff: file-ignore[unnecessary-collection-call, float-equality-comparison] (rows read as tables; exact equality is the point)
from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from include.quarters import Quarter


def d(month: int, day: int, year: int = 2026) -> date:
    return date(year, month, day)


def value(top, bottom, n=None):
    """A ratio as `figures` shows it."""
    return Decimal(str(top)), Decimal(str(bottom)), int(bottom) if n is None else n, "value"


def number(top, n=None):
    """A plain number as `figures` shows it."""
    return Decimal(str(top)), None, int(top) if n is None else n, "value"


PETITIONS = [
    # first, answered and told in time, satisfied, resolved; studied and received on one day with the next
    dict(matter_type="初信初访", received_on=d(6, 1), notified_on=d(6, 16), due_on=d(7, 31), replied_on=d(7, 31),
         satisfaction="满意", resolved=True, studied_on=d(7, 10), leader_received_on=d(7, 1)),
    # first, a day late in both, mostly satisfied, extended
    dict(matter_type="初信初访", received_on=d(6, 1), notified_on=d(6, 17), due_on=d(7, 31), replied_on=d(8, 1),
         satisfaction="基本满意", resolved=False, extended=True, studied_on=d(7, 10), leader_received_on=d(7, 2)),
    # repeated, leader's case resolved, no notice owed, not satisfied, overturned on review
    dict(matter_type="重信重访", received_on=d(6, 1), notice_exempt=True, due_on=d(8, 1), replied_on=d(7, 1),
         satisfaction="不满意", leader_case=True, resolved=True, review_outcome="撤销", studied_on=d(6, 30)),
    # backlog, leader's case, answered and rated after the quarter: open; upheld; never told; retaliation confirmed
    dict(matter_type="历史积案", received_on=d(6, 1), due_on=d(9, 1), replied_on=d(10, 1), satisfaction="满意",
         leader_case=True, resolved=False, review_outcome="维持", retaliation=True),
    # due on the last day, no reply, notice not yet due on the quarter's last day
    dict(matter_type="历史积案", received_on=d(9, 20), due_on=d(9, 30), resolved=True),
    # returned on the fifth working day (a weekend between): not handled here, whatever else the row says
    dict(matter_type="初信初访", received_on=d(7, 1), returned_on=d(7, 8), due_on=d(8, 30), studied_on=d(7, 20)),
    # returned on the sixth
    dict(matter_type="初信初访", received_on=d(7, 1), returned_on=d(7, 9), due_on=d(8, 30), leader_received_on=d(7, 3)),
]  # fmt: skip


def test_petitions(kit, stage):
    contract, definition = kit.load("petitions")
    rows = [dict(row, petition_no=str(i), unit="a", channel="来信") for i, row in enumerate(PETITIONS)]
    found = kit.figures(kit.compute(contract, definition, [stage(contract, rows)]), "a")
    assert found == {
        "handled": number(5),
        "notified_on_time": value(1, 3),
        "replied_on_time": value(2, 5),
        "repeated": value(1, 5),
        "satisfied": value(2, 3),
        "rated": value(3, 3),
        "assigned_resolved": value(1, 2),
        "studied": number(1, 5),
        "received_by_leader": number(2, 5),
        "first_resolved": value(1, 2),
        "repeat_resolved": value(1, 1),
        "backlog_resolved": value(1, 2),
        "overturned": value(1, 2),
        "extended": value(1, 5),
        "open_overdue": value(2, 5),
        "returned": value(1, 7),
        "retaliation": number(1),
    }


def test_volume_alone_changes_no_petition_figure_that_is_scored(kit, stage):
    contract, definition = kit.load("petitions")
    rows = [dict(row, petition_no=str(i), unit="a", channel="来信") for i, row in enumerate(PETITIONS)]
    more = [
        dict(row, petition_no=f"more {i}", unit="b", channel="来信") for i, row in enumerate(PETITIONS * 9)
    ]
    frame = kit.compute(contract, definition, [stage(contract, rows + more)])
    wide = frame.pivot(index="measure", columns="unit_code", values="value").drop(
        index=["petitions.handled", "petitions.retaliation"]  # context, and a veto on confirmed events
    )
    assert (wide["a"] == wide["b"]).all()


def test_unit_with_only_returned_matters_is_not_judged(kit, stage):
    contract, definition = kit.load("petitions")
    row = dict(petition_no="1", unit="a", received_on=d(7, 1), returned_on=d(7, 2), due_on=d(8, 30))
    found = kit.figures(kit.compute(contract, definition, [stage(contract, [row])]), "a")
    judged = {code for code, figure in found.items() if figure[3] == "value"}
    assert judged == {"handled", "returned", "retaliation"}


AUDIT = [
    dict(project="p1", audited_amount=1000, irregular_amount=30, comment_sent_on=d(3, 1), comment_replied_on=d(3, 11),
         due_on=d(9, 30), rectified_on=d(9, 30), reported_on=d(9, 30), repeat_finding=True),
    dict(project="p1", audited_amount=1000, irregular_amount=20.5, comment_sent_on=d(3, 1),
         comment_replied_on=d(3, 11), due_on=d(9, 30), rectified_on=d(10, 1), reported_on=d(9, 29),
         repeat_finding=False),
    dict(project="p2", audited_amount=500, comment_sent_on=d(3, 1), comment_replied_on=d(3, 12), due_on=d(8, 1),
         rectified_on=d(7, 1), reported_on=d(8, 1), falsified_on=d(7, 1)),
    dict(project="p2", audited_amount=500, due_on=d(8, 1), reported_on=d(8, 2)),
    dict(project="p3", irregular_amount=99, due_on=d(8, 1), reported_on=d(7, 2), comment_sent_on=d(3, 1)),
]  # fmt: skip


def test_audit(kit, stage):
    contract, definition = kit.load("audit")
    rows = [dict(row, finding_no=str(i), unit="a") for i, row in enumerate(AUDIT)]
    older = [
        dict(finding_no="x1", unit="a", project="p0", due_on=d(5, 1), falsified_on=d(9, 30)),
        dict(finding_no="x2", unit="b", project="p0", due_on=d(5, 1), falsified_on=d(6, 30)),
    ]
    parts = [stage(contract, rows), stage(contract, older, quarter=Quarter(2026, 2))]
    frame = kit.compute(contract, definition, parts)
    assert kit.figures(frame, "a") == {
        "rectified": value(2, 5),
        "report_on_time": value(2, 3),
        "falsified": number(2),
        "repeat_findings": value(1, 5),
        "irregular_share": value("50.5", 1500, n=2),
        "comment_on_time": value(1, 3),
    }
    other = kit.figures(frame, "b")
    assert other["falsified"] == number(0)  # established in the quarter before
    assert {figure[3] for code, figure in other.items() if code != "falsified"} == {"not_applicable"}


def finance_rows(quarter: Quarter, **changes):
    row = dict(
        unit="a", quarter=str(quarter), budget=120, adjustment=-6, spent=100, carryover=40, payable=20, receivable=10,
        abroad=1, reception=2, vehicle_purchase=3, vehicle_running=4, staff_posts=50, staff=51,
        procurement_budget=30, procurement_spent=27, sme_due=8, sme_paid_on_time=6,
    )  # fmt: skip
    return [row | changes]


@pytest.fixture(params=[pa.decimal128(18, 2), pa.float64()], ids=["decimal", "double"])
def finance_parts(kit, stage, request):
    """2025Q1 to 2026Q3: this year's three quarters lower in reception, higher in vehicles."""
    contract, _ = kit.load("finance")
    parts = []
    for back in range(7):
        quarter = kit.QUARTER.shift(-back)
        changes = (
            dict(reception="1.5", vehicle_purchase=5, vehicle_running=None) if quarter.year == 2026 else {}
        )
        if back == 0:
            changes |= dict(carryover=36, approved_on=d(9, 10), disclosed_on=d(9, 30))
        rows = finance_rows(quarter, **changes)
        if request.param == pa.float64():
            rows = [{k: v if v is None or k in AS_IS else float(v) for k, v in rows[0].items()}]
        parts.append(stage(contract, rows, quarter=quarter, money=request.param))
    return parts


AS_IS = {
    "unit",
    "quarter",
    "staff_posts",
    "staff",
    "sme_due",
    "sme_paid_on_time",
    "approved_on",
    "disclosed_on",
}


def test_finance(kit, finance_parts):
    frame = kit.compute(*kit.load("finance"), finance_parts)
    assert kit.figures(frame, "a") == {
        "sangong_change": value("-7.5", 30),  # 3 × 7.5 against 3 × 10
        "reception_change": value("-1.5", 6),
        "vehicle_change": value(-6, 21),
        "staff_control": value(51, 50),
        "sangong_yoy": value("-2.5", 10),
        "budget_execution": value(100, 120),
        "carryover_rate": value(36, 400),
        "carryover_change": value(-4, 40),
        "payable_rate": value(20, 400),
        "receivable_rate": value(10, 400),
        "budget_adjustment": value(6, 120),
        "procurement_execution": value(27, 30),
        "disclosure_on_time": value(1, 1),
        "sme_paid_on_time": value(6, 8),
    }
    assert {figure[3] for figure in kit.figures(frame, "b").values()} == {"missing"}


def test_finance_period_with_a_quarter_lacking_is_missing_not_smaller(kit, finance_parts):
    gap = [part for part in finance_parts if part.quarter != Quarter(2026, 1)]
    found = kit.figures(kit.compute(*kit.load("finance"), gap), "a")
    missing = {code for code, figure in found.items() if figure[3] == "missing"}
    spent_in_four = {"carryover_rate", "payable_rate", "receivable_rate"}
    assert missing == {"sangong_change", "reception_change", "vehicle_change"} | spent_in_four


def test_finance_without_current_row_is_missing(kit, finance_parts):
    found = kit.figures(kit.compute(*kit.load("finance"), finance_parts[1:]), "a")
    assert {figure[3] for figure in found.values()} == {"missing"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (dict(approved_on=d(9, 10), disclosed_on=d(10, 1)), (Decimal(0), Decimal(1), 1, "value")),
        (dict(approved_on=d(9, 10)), (Decimal(0), Decimal(1), 1, "value")),
        (dict(approved_on=d(9, 11), disclosed_on=d(9, 12)), (Decimal(0), Decimal(0), 0, "not_applicable")),
        (dict(), (Decimal(0), Decimal(0), 0, "not_applicable")),
    ],
    ids=["a day late", "never", "not yet due", "nothing approved"],
)
def test_disclosure_term_of_twenty_days(kit, stage, changes, expected):
    contract, definition = kit.load("finance")
    part = stage(contract, finance_rows(kit.QUARTER, **changes))
    assert kit.figures(kit.compute(contract, definition, [part]), "a")["disclosure_on_time"] == expected


INSPECTION = [
    dict(source="巡察反馈", due_on=d(7, 1), rectified_on=d(9, 30), reopened_on=d(10, 2), published_inside=True,
         published_outside=True, quality_points="90.5", surveyed=10, satisfied=9, leads_referred=3, leads_handled=2,
         proposals_issued=4, proposals_executed=4, measures_taken=2, recovered="1200.5", rules_adopted=1),
    dict(source="巡察反馈", due_on=d(8, 1), rectified_on=d(7, 1), reopened_on=d(9, 1), published_inside=True,
         quality_points=80, surveyed=30, satisfied=21, leads_referred=1),
    dict(source="巡察反馈", due_on=d(9, 30), rectified_on=d(10, 1), published_outside=True, surveyed=5),
    dict(source="自查", due_on=d(8, 1), rectified_on=d(8, 2), rules_adopted=2),
    dict(source="自查", due_on=d(8, 1), recovered=100),
]  # fmt: skip


def test_inspection(kit, stage):
    contract, definition = kit.load("inspection")
    rows = [dict(row, problem_no=str(i), unit="a", found_on=d(1, 5)) for i, row in enumerate(INSPECTION)]
    older = [
        dict(problem_no="x1", unit="a", source="巡察反馈", due_on=d(4, 1), rectified_on=None),
        dict(problem_no="x2", unit="a", source="巡察反馈", due_on=d(4, 1), rectified_on=d(5, 1),
             reopened_on=d(9, 30)),
    ]  # fmt: skip
    oldest = [
        # closed on the day a year before the quarter's end: outside; the day after: inside
        dict(problem_no="y1", unit="a", source="巡察反馈", due_on=d(9, 1, 2025), rectified_on=d(9, 30, 2025)),
        dict(problem_no="y2", unit="a", source="巡察反馈", due_on=d(9, 1, 2025), rectified_on=d(10, 1, 2025)),
    ]
    parts = [
        stage(contract, rows),
        stage(contract, older, quarter=Quarter(2026, 2)),
        stage(contract, oldest, quarter=Quarter(2025, 3)),
    ]
    frame = kit.compute(contract, definition, parts)
    assert kit.figures(frame, "a") == {
        "rectified": value(2, 3),
        "quality": value("170.5", 2),
        "satisfaction": value(30, 40),
        "overdue": value(2, 7),
        "both_published": value(1, 3),
        "rebound": value(2, 5),
        "leads_handled": value(2, 4),
        "proposals_executed": value(4, 4),
        "self_check_rectified": value(1, 2),
        "leads_referred": number(4),
        "measures_taken": number(2),
        "recovered_yuan": number("1300.5", 5),
        "rules_adopted": number(3),
    }
    found = frame.set_index(["unit_code", "measure"])["value"]
    assert found["a", "inspection.quality"] == 85.25
    assert found["b", "inspection.rules_adopted"] == 0.0


def test_agreed_measures_are_there(kit):
    """The 16 of petitions (15 is `returned`) and `handled`, 6, 14, and 9 with 4 plain counts."""
    sizes = {
        feed: len(kit.load(feed)[1].measures) for feed in ("petitions", "audit", "finance", "inspection")
    }
    assert sizes == {"petitions": 17, "audit": 6, "finance": 14, "inspection": 13}


def test_pandas_computes_the_same_on_many_rows(kit, stage):
    contract, definition = kit.load("petitions")
    units = [f"u{i}" for i in range(20)]
    days = pd.date_range("2026-07-01", "2026-09-30")
    rng = pd.Series(range(3000)).sample(3000, random_state=7).to_numpy()
    frame = pd.DataFrame(
        {
            "petition_no": [str(i) for i in range(3000)],
            "unit": [units[i % 20] for i in rng],
            "due_on": days[rng * 13 % len(days)].date,
            "received_on": (days[rng * 13 % len(days)] - pd.Timedelta(days=60)).date,
            "satisfaction": [("满意", "基本满意", "不满意", None)[i % 7 % 4] for i in rng],
        }
    )
    lag = pd.to_timedelta(rng * 31 % 12 - 6, unit="D")
    frame["replied_on"] = (pd.to_datetime(frame["due_on"]) + lag).dt.date.where(rng % 9 != 0)
    rows = [{k: None if pd.isna(v) else v for k, v in row.items()} for row in frame.to_dict("records")]
    found = kit.compute(contract, definition, [stage(contract, rows)], units=units)
    found = found.set_index(["measure", "unit_code"])

    end = date(2026, 9, 30)
    replied = frame["replied_on"].map(lambda day: not pd.isna(day) and day <= end)
    on_time = replied & (pd.to_datetime(frame["replied_on"]) <= pd.to_datetime(frame["due_on"]))
    rated = replied & frame["satisfaction"].notna()
    satisfied = rated & frame["satisfaction"].isin(["满意", "基本满意"])
    by = frame["unit"]
    expected = {
        "petitions.replied_on_time": on_time.groupby(by).sum() / on_time.groupby(by).size(),
        "petitions.satisfied": satisfied.groupby(by).sum() / rated.groupby(by).sum(),
        "petitions.open_overdue": 1 - replied.groupby(by).sum() / replied.groupby(by).size(),
    }
    for measure, series in expected.items():
        pd.testing.assert_series_equal(
            found.loc[measure, "value"].sort_index(),
            series.sort_index(),
            check_names=False,
            check_index_type=False,
        )


RECTIFICATION = [
    # due; in time, verified: counts everywhere
    dict(due_on=d(8, 31), reported_on=d(8, 31), verified_on=d(9, 10), first_verified_on=d(9, 10), rebounds=0,
         quality_points=90.5, surveyed=20, satisfied=18),
    # due; a day late, verified
    dict(due_on=d(8, 31), reported_on=d(9, 1), verified_on=d(9, 30), first_verified_on=d(9, 30), rebounds=0,
         quality_points=80, surveyed=None, satisfied=None),
    # due; reported in time, waits for its verification: the office's delay is not the unit's
    dict(due_on=d(9, 30), reported_on=d(9, 30), rebounds=0),
    # due; nothing done
    dict(due_on=d(7, 1), rebounds=0),
    # not due yet, but verified now
    dict(due_on=d(10, 8), reported_on=d(9, 1), verified_on=d(9, 2), first_verified_on=d(9, 2), rebounds=0,
         quality_points=100, surveyed=10, satisfied=4),
    # verified within the year, reopened by a look back, due again later
    dict(due_on=d(12, 1), first_verified_on=d(10, 1, 2025), rebounds=1),
    # verified on the day a year before the quarter's end: outside
    dict(due_on=d(9, 1, 2025), reported_on=d(9, 1, 2025), verified_on=d(9, 30, 2025),
         first_verified_on=d(9, 30, 2025), rebounds=2, quality_points=60),
    # cancelled: counts nowhere
    dict(due_on=d(8, 1), rebounds=0, cancelled=True),
]  # fmt: skip


def test_rectification(kit, stage):
    contract, definition = kit.load("rectification")
    common = dict(unit="a", kind="个性", opened_on=d(7, 1, 2025), cancelled=False)
    rows = [common | row | dict(item_no=str(i)) for i, row in enumerate(RECTIFICATION)]
    found = kit.figures(kit.compute(contract, definition, [stage(contract, rows)]), "a")
    assert found == {
        "verified": value(2, 3),
        "on_time": value(2, 4),
        "quality": value("270.5", 3),
        "rebound": value(1, 4),
        "satisfaction": value(22, 30),
    }
