"""Keys, dates and runs of the timetables; that they fire is shown on a live scheduler in tests/dags."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest
import quarter_timetable
from airflow.exceptions import InvalidPartitionKeyError
from airflow.sdk.execution_time.context import OutletEventAccessors
from hypothesis import given
from hypothesis import strategies as st

from include.quarters import Quarter

QUARTERS = st.builds(lambda year, number: f"{year}Q{number}", st.integers(1990, 2100), st.integers(1, 4))
AREAS = st.from_regex(r"[0-9A-Za-z_]{1,20}", fullmatch=True)


@given(AREAS, QUARTERS)
def test_key_reads_back(area: str, quarter: str) -> None:
    assert quarter_timetable.parse_key(quarter_timetable.partition_key(area, quarter)) == (area, quarter)


@pytest.mark.parametrize("key", ["", "inbox", "2026-Q3", "a.2026Q5", "a.b.2026Q3", "县.2026Q3", ".2026Q3"])
def test_malformed_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidPartitionKeyError):
        quarter_timetable.parse_key(key)


@given(AREAS, AREAS, QUARTERS)
def test_dates_fall_on_the_first_day_and_tell_jurisdictions_apart(one: str, other: str, quarter: str) -> None:
    dates = [quarter_timetable.partition_date(f"{area}.{quarter}") for area in (one, other)]
    assert {date.date() for date in dates} == {Quarter.parse(quarter).start}
    assert (dates[0] == dates[1]) == (one == other)


def test_backfill_window_gives_each_quarter_of_each_jurisdiction_once() -> None:
    timetable = quarter_timetable.QuarterAssetTimetable(
        assets=quarter_timetable.quarter_ready, jurisdictions=["jiaokou", "licheng"]
    )
    window = {"earliest": datetime(2025, 10, 1, tzinfo=UTC), "latest": datetime(2026, 7, 1, tzinfo=UTC)}
    runs = list(timetable.iter_partition_dagrun_infos(**window))
    quarters = ["2025Q4", "2026Q1", "2026Q2", "2026Q3"]
    assert [run.partition_key for run in runs] == [
        f"{area}.{quarter}" for quarter in quarters for area in ("jiaokou", "licheng")
    ]
    assert len({run.partition_date for run in runs}) == len(runs)
    assert all(timetable.resolve_partition_date(run.partition_key) == run.partition_date for run in runs)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)), st.integers(0, 2000))
def test_backfill_window_holds_quarters_that_begin_in_it(start: datetime, days: int) -> None:
    timetable = quarter_timetable.InboxTimetable("7 * * * *", timezone="Asia/Shanghai")
    earliest = start.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    latest = earliest + timedelta(days=days)
    runs = list(timetable.iter_partition_dagrun_infos(earliest=earliest, latest=latest))
    starts = [earliest.date() + timedelta(days=offset) for offset in range(days + 1)]
    expected = [str(Quarter.of(day)) for day in starts if day == Quarter.of(day).start]
    assert [run.partition_key for run in runs] == expected


def test_scheduled_ingest_runs_carry_the_inbox_key() -> None:
    timetable = quarter_timetable.InboxTimetable("7 * * * *", timezone="Asia/Shanghai")
    restriction = SimpleNamespace(earliest=pendulum.datetime(2026, 1, 1), latest=None, catchup=True)
    info = timetable.next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)
    assert info.partition_key == quarter_timetable.INBOX
    assert info.run_after.minute == 7


def test_timetables_survive_serialisation() -> None:
    ready = quarter_timetable.QuarterAssetTimetable(
        assets=quarter_timetable.quarter_ready, jurisdictions=["a", "b"]
    )
    inbox = quarter_timetable.InboxTimetable("7 * * * *", timezone="Asia/Shanghai")
    for timetable in (ready, inbox):
        data = json.loads(json.dumps(timetable.serialize()))
        assert type(timetable).deserialize(data).serialize() == timetable.serialize()


def context(
    key: str | None = None, *, run_type: str = "manual", conf: Any = None, **params: Any
) -> dict[str, Any]:
    return {
        "dag_run": SimpleNamespace(partition_key=key, run_type=run_type, conf=conf),
        "params": params,
        "task": SimpleNamespace(
            outlets=[quarter_timetable.quarter_ready, quarter_timetable.quarter_released]
        ),
        "outlet_events": OutletEventAccessors(),
    }


def test_nothing_ready_means_no_event() -> None:
    task = context()
    quarter_timetable.announce(task, quarter_timetable.quarter_ready, {})
    assert task["task"].outlets == [quarter_timetable.quarter_released]


def test_every_ready_quarter_is_one_partition_with_its_own_entry() -> None:
    task = context()
    ready = {"a.2026Q3": {"digest": "x"}, "b.2026Q2": {"digest": "y"}}
    quarter_timetable.announce(task, quarter_timetable.quarter_ready, ready)
    event = task["outlet_events"][quarter_timetable.quarter_ready]
    assert event.partition_keys == set(ready)
    assert event.extra == ready
    with pytest.raises(InvalidPartitionKeyError):
        quarter_timetable.announce(context(), quarter_timetable.quarter_ready, {"a.2026-Q3": {}})


def test_partition_key_goes_before_the_form() -> None:
    form = {"jurisdiction": "a", "quarter": "2025Q1"}
    assert quarter_timetable.run_key(context("b.2026Q3", **form)) == ("b", "2026Q3")
    assert quarter_timetable.run_key(context("2026Q3", **form)) == (None, "2026Q3")
    assert quarter_timetable.run_key(context(quarter_timetable.INBOX, **form)) == ("a", "2025Q1")
    assert quarter_timetable.run_key(context()) == (None, None)


@pytest.mark.parametrize(
    ("run_type", "conf", "expected"),
    [
        ("manual", None, False),
        ("manual", {"dry_run": True}, True),
        ("asset_triggered", None, False),
        ("backfill", None, True),
        ("backfill", {}, True),
        ("backfill", {"dry_run": False}, False),
    ],
)
def test_backfill_is_a_trial_unless_told_otherwise(run_type: str, conf: Any, expected: bool) -> None:
    run = context(run_type=run_type, conf=conf, dry_run=bool((conf or {}).get("dry_run", False)))
    assert quarter_timetable.is_dry_run(run) is expected
