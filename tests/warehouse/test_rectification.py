from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine, exc, text

from include.warehouse import rectification
from include.warehouse.store import reading, writing
from tests.warehouse.warehouse_samples import COUNTY, NOON, published, rectified


def rows(engine: Engine, query: str) -> list[dict]:
    with reading(engine) as connection:
        return [dict(row._mapping) for row in connection.execute(text(query))]


def test_the_views_count_days_to_the_latest_follow_up(county: Engine) -> None:
    late, done = rectified(county, published(county).release_id)
    found = {row["item_id"]: row for row in rows(county, "SELECT * FROM vw_rectification")}
    names = ("state", "as_of", "days_left", "late_days", "referral_due", "state_title")
    assert [found[late][name] for name in names] == ["overdue", "2026-12-17", -10, 10, 1, "逾期"]
    assert [found[done][name] for name in names] == ["verified", "2026-12-17", None, 3, 0, "已销号"]
    assert found[late]["unit_name"] == "石口镇"
    (result,) = rows(county, "SELECT * FROM vw_results_list")
    assert (result["item_id"], result["is_on_time"], float(result["quality_points"])) == (done, 0, 88.5)
    assert [row["item_id"] for row in rows(county, "SELECT * FROM vw_problem_list ORDER BY 1")] == [
        late,
        done,
    ]
    measures = rows(county, "SELECT measures, last_measure_zh FROM vw_rectification_list ORDER BY item_id")
    assert [tuple(row.values()) for row in measures] == [(1, "清理积压"), (0, "")]
    (colour,) = rows(county, "SELECT * FROM vw_standing_colour")
    assert (colour["colour"], colour["cause"], colour["unresolved"], colour["late"]) == (
        "red",
        "escalated",
        1,
        1,
    )


def test_what_was_stored_comes_back(county: Engine) -> None:
    late, done = rectified(county, published(county).release_id)
    with reading(county) as connection:
        one = rectification.get_item(connection, late)
        assert one is not None
        assert one.key == ("individual", "T01", "low", "index")
        assert [item.item_id for item in rectification.items_of(connection, COUNTY, unit="T01")] == [
            late,
            done,
        ]
        assert rectification.items_of(connection, COUNTY, period="2020Q1") == []
        (event,) = rectification.events_of(connection, COUNTY)[late]
        assert (event.kind, event.reason, event.quality) == ("measure_added", "清理积压", {})
        standings = rectification.standings_of(connection, COUNTY)
        assert {number: standing.state for number, standing in standings.items()} == {
            late: "overdue",
            done: "verified",
        }
        colours = rectification.colours_of(connection, COUNTY, one.framework_code)
        assert {unit: colour.since for unit, colour in colours.items()} == {"T01": date(2026, 12, 8)}
        assert rectification.followed_up(connection, COUNTY, date(2026, 12, 17))
        assert not rectification.followed_up(connection, COUNTY, date(2026, 12, 18))


@pytest.mark.parametrize(
    "table", ["rectification_item", "rectification_event", "standing_colour", "follow_up_day"]
)
def test_nothing_is_changed_or_removed(county: Engine, table: str) -> None:
    rectified(county, published(county).release_id)
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET jurisdiction = 'x'"):
        with pytest.raises(exc.DatabaseError, match="append-only"), writing(county) as connection:
            connection.execute(text(statement))


def test_a_day_is_followed_up_once(county: Engine) -> None:
    rectified(county, published(county).release_id)
    with pytest.raises(exc.IntegrityError), writing(county) as connection:
        rectification.add_follow_up(connection, COUNTY, day=date(2026, 12, 17), at=NOON, counts={})
