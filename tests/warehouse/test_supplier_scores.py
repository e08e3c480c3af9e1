"""The scorecard of suppliers: views over the ledger, the same figures on both backends, checked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from include.warehouse import ledger
from include.warehouse.expected import Expectation, record_expected, standing_expected
from include.warehouse.store import reading, writing
from tests.warehouse.warehouse_samples import COUNTY, deliver

DEADLINE = datetime(2026, 10, 15, 15, 59, 59, 999999, tzinfo=UTC)
"""The end of 15 October in Shanghai."""
QUARTER_END = datetime(2026, 9, 30, 15, 59, 59, 999999, tzinfo=UTC)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
WHO = "petition_office"


def expect(engine: Engine, *, quarter: str = "2026Q3", mode: Any = "replace", **changes: Any) -> None:
    values: dict[str, Any] = {
        "feed": "petitions",
        "supplier": WHO,
        "quarter": quarter,
        "expectation": "due",
        "deadline_at": DEADLINE,
        "quarter_ends_at": QUARTER_END,
        "delivery_mode": mode,
    }
    with writing(engine) as connection:
        kept = [one for one in standing_expected(connection, COUNTY) if one.quarter != quarter]
        wanted = [*kept, Expectation(**(values | changes))]
        record_expected(connection, COUNTY, wanted, now=DEADLINE - 30 * DAY)


def arrive(
    engine: Engine,
    at: datetime,
    *,
    bad: int = 0,
    rows: int = 10,
    blank: int = 0,
    held: bool = False,
    quarters: tuple[str, ...] = ("2026Q3",),
    judged: timedelta = timedelta(hours=1),
    delivery_id: int = 0,
) -> int:
    """One file of `rows` rows and two structural ones, judged a while after; judged again with a `delivery_id`."""
    kept = 0 if held else rows - bad
    staged = tuple(
        ledger.StagedFile(quarter, f"{quarter}/{at:%d%H%M}.parquet", kept if place == 0 else 0, "d" * 64)
        for place, quarter in enumerate(quarters)
    )
    verdict = ledger.Verdict(
        "held" if held else "accepted",
        at + judged,
        balance=ledger.RowBalance(rows + 2, kept, rows if held else bad, 0, 2),
        results=(
            ledger.ValidationResult("R-REQUIRED", "unit", "reject_row", "duckdb", rows, blank, blank == 0),
            ledger.ValidationResult("R-REQUIRED", "due_on", "reject_row", "duckdb", rows, 0, True),
            ledger.ValidationResult("R-REQUIRED", "unit", "reject_row", "gx", rows, blank, blank == 0),
        ),
        quarantined=pd.DataFrame(
            {
                "sheet": "表",
                "row_number": range(bad),
                "rule_id": "R-NUM",
                "message_zh": "错",
                "message_en": "wrong",
            }
        ),
        staged=() if held else staged,
    )
    with writing(engine) as connection:
        if not delivery_id:
            delivery_id = deliver(
                connection,
                name=f"{at.isoformat()}.xlsx",
                sha256=f"{at.isoformat()}",
                arrived_at=at,
                landed_at=at,
            )
        ledger.record_verdict(connection, delivery_id, verdict)
    return delivery_id


def rows(engine: Engine, view: str, order: str = "quarter") -> list[dict[str, Any]]:
    with reading(engine) as connection:
        found = connection.execute(text(f"SELECT * FROM {view} ORDER BY {order}")).mappings().all()
    return [dict(row) for row in found]


def score(engine: Engine) -> dict[str, Any]:
    (row,) = rows(engine, "vw_supplier_feed_score")
    return row


@pytest.mark.parametrize(
    ("arrived", "timeliness", "days_late"),
    [
        (DEADLINE - 20 * DAY, "in_time", 0),
        (DEADLINE, "in_time", 0),
        (DEADLINE + INSTANT, "late", 1),
        (DEADLINE + DAY, "late", 1),
        (DEADLINE + DAY + INSTANT, "late", 2),
        (DEADLINE + timedelta(days=2, hours=23, minutes=59, seconds=59.5), "late", 3),
        (DEADLINE + 400 * DAY, "late", 400),
    ],
)
def test_a_day_late_begins_with_its_first_instant(warehouse: Engine, arrived, timeliness, days_late) -> None:
    expect(warehouse)
    arrive(warehouse, arrived)
    found = score(warehouse)
    assert (found["timeliness"], found["days_late"]) == (timeliness, days_late)
    (delivery,) = rows(warehouse, "vw_delivery")
    assert (delivery["timeliness"], delivery["days_late"], delivery["quarter"]) == (
        timeliness,
        days_late,
        "2026Q3",
    )


def test_what_did_not_come_has_no_days(warehouse: Engine) -> None:
    expect(warehouse)
    found = score(warehouse)
    assert (found["timeliness"], found["days_late"], found["deliveries"]) == ("not_received", None, 0)
    assert (found["fault_pct"], found["filled_pct"], found["days_to_fix"], found["fix"]) == (
        None,
        None,
        None,
        "none",
    )


def test_a_held_file_is_not_received_and_the_one_that_mends_it_decides(warehouse: Engine) -> None:
    """Held on the 14th, found an hour later; accepted on the 18th and judged at once: 3 days late, 4 days to fix."""
    expect(warehouse)
    first = DEADLINE - DAY
    arrive(warehouse, first, held=True)
    assert score(warehouse)["timeliness"] == "not_received"
    assert score(warehouse)["fix"] == "open"
    arrive(warehouse, first + 4 * DAY, judged=timedelta(hours=1))
    found = score(warehouse)
    assert (found["timeliness"], found["days_late"], found["held_deliveries"]) == ("late", 3, 1)
    assert (found["fix"], found["days_to_fix"], found["revisions"]) == ("fixed", 4, 0)


def test_faults_are_counted_as_the_files_came_and_what_is_open_as_it_stands(warehouse: Engine) -> None:
    """3 of 10 rows, then 1 of 10: 4/20 = 20.00 %; one row is open. Blank: 2 of 40 required cells: 95 % filled."""
    expect(warehouse)
    arrive(warehouse, DEADLINE - 9 * DAY, bad=3, blank=2)
    arrive(warehouse, DEADLINE - 8 * DAY, bad=1)
    found = score(warehouse)
    assert (found["data_rows"], found["faulty_rows"], float(found["fault_pct"])) == (20, 4, 20.0)
    assert (found["required_cells"], found["blank_cells"], float(found["filled_pct"])) == (40, 2, 95.0)
    assert (found["open_rows"], found["revisions"], found["fix"], found["days_to_fix"]) == (
        1,
        1,
        "open",
        None,
    )
    arrive(warehouse, DEADLINE - 6 * DAY - timedelta(hours=2))
    found = score(warehouse)
    assert (found["open_rows"], found["revisions"], found["fix"]) == (0, 2, "fixed")
    assert found["days_to_fix"] == 3, "2 days and 22 hours: a day begun is a day"


def test_a_share_is_rounded_half_up_to_two_places(warehouse: Engine) -> None:
    """1 of 8 = 12.5 %; 1 of 800 = 0.125 % → 0.13; the same on both backends."""
    expect(warehouse)
    arrive(warehouse, DEADLINE - DAY, rows=800, bad=1)
    assert Decimal(str(score(warehouse)["fault_pct"])) == Decimal("0.13")


def test_a_file_judged_again_by_a_better_register_counts_as_it_came_and_is_fixed(warehouse: Engine) -> None:
    expect(warehouse)
    again = arrive(warehouse, DEADLINE - 5 * DAY, bad=2)
    arrive(warehouse, DEADLINE - 5 * DAY, delivery_id=again, judged=timedelta(days=2))
    found = score(warehouse)
    assert (found["faulty_rows"], found["open_rows"], found["deliveries"], found["revisions"]) == (2, 0, 1, 0)
    assert (found["fix"], found["days_to_fix"]) == ("fixed", 2)


def test_duplicates_count_for_nothing(warehouse: Engine) -> None:
    expect(warehouse)
    arrive(warehouse, DEADLINE - 2 * DAY)
    with writing(warehouse) as connection:
        again = deliver(connection, name="copy.xlsx", arrived_at=DEADLINE - DAY, landed_at=DEADLINE - DAY)
        ledger.record_verdict(connection, again, ledger.Verdict("duplicate", DEADLINE - DAY))
    found = score(warehouse)
    assert (found["deliveries"], found["revisions"], found["data_rows"]) == (1, 0, 10)


@pytest.mark.parametrize(("mode", "second"), [("replace", "not_received"), ("append", "in_time")])
def test_a_file_with_rows_of_two_quarters(warehouse: Engine, mode: str, second: str) -> None:
    """Late rows do not stand in for a file that replaces; one that adds counts for each quarter, its rows once."""
    for quarter in ("2026Q2", "2026Q3"):
        expect(warehouse, quarter=quarter, mode=mode)
    arrive(warehouse, DEADLINE - DAY, bad=1, quarters=("2026Q3", "2026Q2"))
    old, new = rows(warehouse, "vw_supplier_feed_score")
    assert (old["quarter"], old["timeliness"], old["data_rows"]) == ("2026Q2", second, 0)
    assert (new["quarter"], new["timeliness"], new["data_rows"]) == ("2026Q3", "in_time", 10)


def test_an_unexpected_file_counts_for_its_quarter_without_a_deadline(warehouse: Engine) -> None:
    arrive(warehouse, DEADLINE - DAY, bad=1)
    found = score(warehouse)
    assert (found["expectation"], found["timeliness"], found["deadline_at"]) == (
        "not_due",
        "no_deadline",
        None,
    )
    assert found["faulty_rows"] == 1


def test_a_supplier_is_the_sum_of_its_feeds(warehouse: Engine) -> None:
    """Due: petitions (2 days late), audit (in time), safety (missing). 2/3 = 66.67 %, 1/3 = 33.33 %."""
    with writing(warehouse) as connection:
        wanted = [
            Expectation(feed, WHO, "2026Q3", "due", DEADLINE, QUARTER_END, "replace")
            for feed in ("petitions", "audit", "safety")
        ]
        wanted.append(Expectation("awards", WHO, "2026Q3", "on_event", DEADLINE, QUARTER_END, "append"))
        record_expected(connection, COUNTY, wanted, now=QUARTER_END)
    arrive(warehouse, DEADLINE + 2 * DAY, bad=1)
    with writing(warehouse) as connection:
        audit = deliver(connection, feed="audit", arrived_at=DEADLINE, landed_at=DEADLINE)
        balance = ledger.RowBalance(30, 30, 0, 0, 0)
        staged = (ledger.StagedFile("2026Q3", "audit/b.parquet", 30, "d" * 64),)
        ledger.record_verdict(
            connection, audit, ledger.Verdict("accepted", DEADLINE, balance=balance, staged=staged)
        )
    (found,) = rows(warehouse, "vw_supplier_score")
    assert (found["due"], found["in_time"], found["late"], found["not_received"]) == (3, 1, 1, 1)
    assert (float(found["received_pct"]), float(found["in_time_pct"]), found["days_late"]) == (
        66.67,
        33.33,
        2,
    )
    assert (found["data_rows"], found["faulty_rows"], float(found["fault_pct"])) == (40, 1, 2.5)
    assert (found["fixed"], found["unfixed"]) == (0, 1)


def test_expectations_are_appended_only_where_they_change_and_never_after_their_deadline(
    warehouse: Engine,
) -> None:
    first = Expectation("petitions", WHO, "2026Q3", "due", DEADLINE, QUARTER_END, "replace")
    later = Expectation("petitions", WHO, "2026Q3", "due", DEADLINE + 5 * DAY, QUARTER_END, "replace")

    def record(*wanted: Expectation, now: datetime) -> int:
        with writing(warehouse) as connection:
            return record_expected(connection, COUNTY, wanted, now=now)

    assert record(first, now=QUARTER_END) == 1
    assert record(first, now=QUARTER_END + DAY) == 0
    assert record(later, now=QUARTER_END + DAY) == 1
    assert record(first, now=DEADLINE + 6 * DAY) == 0, "a deadline that has passed is not moved"
    assert record(now=DEADLINE + 6 * DAY) == 0, "nor is what was due forgotten"
    with reading(warehouse) as connection:
        assert standing_expected(connection, COUNTY) == [later]
        assert standing_expected(connection, "elsewhere") == []


def test_what_is_no_longer_expected_before_its_deadline_is_not_due(warehouse: Engine) -> None:
    expect(warehouse)
    with writing(warehouse) as connection:
        assert record_expected(connection, COUNTY, [], now=QUARTER_END) == 1
        assert record_expected(connection, COUNTY, [], now=QUARTER_END) == 0
    assert rows(warehouse, "vw_supplier_score") == []
    with pytest.raises(Exception, match="append-only"), writing(warehouse) as connection:
        connection.exec_driver_sql("DELETE FROM expected_delivery")
