"""The one place that knows Airflow's partition API (tried on a live 3.3.2 scheduler).

Keys: `<jurisdiction>.<quarter>` (`jiaokou.2026Q3`) for scoring, `<quarter>` for a back-fill of an ingest DAG,
and `inbox` for its scheduled runs. What was found, and what rests on it:

* A task that calls `outlet_events[asset].add_partitions(key)` starts the DAG that listens once per key, within a
  second. The same key fires again after the run that it created: a correction needs no suffix. Events for one
  key that arrive before that run is created are merged into it.
* A task that declares an outlet emits an event even when it added no partition; listeners then log a warning
  ("the run has no partition key") for every quiet run. So `announce` drops the outlet when nothing is ready.
* `extra` is one mapping for all keys of an emission: it holds one entry per key.
* Back-fill wants a periodic, partitioned timetable that lists its own runs; the built-in asset timetable is
  none. It tells runs apart by partition date alone, so two jurisdictions may not share one.
* `dag.test()` and `airflow dags test` start no consumer and know no partition key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pendulum
from airflow.exceptions import InvalidPartitionKeyError
from airflow.partition_mappers.base import PartitionMapper
from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import Asset
from airflow.timetables.base import DagRunInfo
from airflow.timetables.simple import PartitionedAssetTimetable
from airflow.timetables.trigger import CronPartitionTimetable

from include.quarters import Quarter

if TYPE_CHECKING:
    from airflow.serialization.definitions.assets import SerializedAsset
    from airflow.utils.types import DagRunType

INBOX = "inbox"
"""Partition key of scheduled ingest runs, which judge whatever is pending."""

_KEY = re.compile(r"(?:(?P<jurisdiction>[0-9A-Za-z_]+)\.)?(?P<quarter>[12]\d{3}Q[1-4])")

quarter_ready = Asset(name="quarter_ready", uri="x-mingjing://quarter_ready", group="mingjing")
quarter_released = Asset(name="quarter_released", uri="x-mingjing://quarter_released", group="mingjing")
quarter_reviewed = Asset(name="quarter_reviewed", uri="x-mingjing://quarter_reviewed", group="mingjing")


def partition_key(jurisdiction: str, quarter: str) -> str:
    """Write the key of a jurisdiction's quarter; InvalidPartitionKeyError for anything but `2026Q3`."""
    key = f"{jurisdiction}.{quarter}"
    parse_key(key)
    return key


def parse_key(key: str) -> tuple[str | None, str]:
    """Read `<jurisdiction>.<quarter>` or `<quarter>`; InvalidPartitionKeyError for anything else."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise InvalidPartitionKeyError(
            f"分区键 [{key}] 应写作 jiaokou.2026Q3。 Partition key [{key}] is not like jiaokou.2026Q3."
        )
    return match["jurisdiction"], match["quarter"]


def partition_date(key: str) -> datetime:
    """The key's first day, 00:00 UTC, plus up to 72 minutes that only tell jurisdictions apart."""
    jurisdiction, quarter = parse_key(key)
    day = Quarter.parse(quarter).start
    return pendulum.datetime(day.year, day.month, day.day) + timedelta(
        microseconds=crc32(jurisdiction.encode()) if jurisdiction else 0
    )


def announce(context: Mapping[str, Any], asset: Asset, keys: Mapping[str, Mapping[str, Any]]) -> None:
    """Emit `asset` from the running task for every one of `keys`; emit nothing when there are none.

    Args:
        context: The task's context; `asset` must be among the task's outlets.
        asset: What happened to the quarters.
        keys: By partition key, what consumers may see: counts and digests, never rows.
    """
    if not keys:
        context["task"].outlets = [outlet for outlet in context["task"].outlets if outlet != asset]
        return
    event = context["outlet_events"][asset]
    event.add_partitions([partition_key(*parse_key(key)) for key in keys])
    event.extra = {key: dict(about) for key, about in keys.items()}


def run_key(context: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Jurisdiction and quarter of the run: its partition key, else the form's; None where neither says."""
    key = context["dag_run"].partition_key
    if key and key != INBOX:
        return parse_key(key)
    params = context["params"]
    return params.get("jurisdiction"), params.get("quarter")


def is_dry_run(context: Mapping[str, Any]) -> bool:
    """What the form says; a back-fill whose conf does not say `dry_run: false` writes nothing."""
    dag_run = context["dag_run"]
    if dag_run.run_type == "backfill":
        return bool((dag_run.conf or {}).get("dry_run", True))
    return bool(context["params"].get("dry_run", False))


def _runs(jurisdictions: Iterable[str | None], earliest: datetime, latest: datetime) -> Iterator[DagRunInfo]:
    quarter = Quarter.of(earliest.date())
    if quarter.start < earliest.date():
        quarter = quarter.shift(1)
    while quarter.start <= latest.date():
        for jurisdiction in jurisdictions:
            key = partition_key(jurisdiction, str(quarter)) if jurisdiction else str(quarter)
            date = partition_date(key)
            yield DagRunInfo(run_after=date, data_interval=None, partition_date=date, partition_key=key)
        quarter = quarter.shift(1)


def _run_id(run_type: DagRunType, run_after: datetime, key: str | None) -> str:
    now = pendulum.now("UTC").strftime("%Y%m%dT%H%M%S.%f")
    return run_type.generate_run_id(suffix=f"{key or run_after.isoformat()}__{now}")


class QuarterMapper(PartitionMapper):
    """Hands keys on as they are, refuses malformed ones, and dates them."""

    def to_downstream(self, key: str) -> str:
        """Return the key; InvalidPartitionKeyError where it names no jurisdiction and quarter."""
        jurisdiction, quarter = parse_key(key)
        return partition_key(jurisdiction or "", quarter)

    def to_partition_date(self, downstream_key: str) -> datetime:
        """Return the instant that stands for the key."""
        return partition_date(downstream_key)


class QuarterAssetTimetable(PartitionedAssetTimetable):
    """Starts once per emitted key; by hand and by back-fill for any quarter of the given jurisdictions."""

    periodic = True

    def __init__(self, *, assets: Asset | SerializedAsset, jurisdictions: Sequence[str]) -> None:
        super().__init__(assets=assets, default_partition_mapper=QuarterMapper())
        self.jurisdictions = tuple(jurisdictions)

    @property
    def summary(self) -> str:
        """Shown in the list of DAGs."""
        return ", ".join(asset.name for _, asset in self.asset_condition.iter_assets())

    def iter_partition_dagrun_infos(self, *, earliest: datetime, latest: datetime) -> Iterable[DagRunInfo]:
        """One run per jurisdiction and quarter whose first day lies in the window."""
        return _runs(self.jurisdictions, earliest, latest)

    def generate_run_id(self, *, run_type: DagRunType, run_after: datetime, **extra: Any) -> str:
        """Readable and unique: type, key, time of creation."""
        return _run_id(run_type, run_after, extra.get("partition_key"))

    def serialize(self) -> dict[str, Any]:
        """Asset and jurisdictions."""
        from airflow.serialization.encoders import encode_asset_like

        return {"assets": encode_asset_like(self.asset_condition), "jurisdictions": list(self.jurisdictions)}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> QuarterAssetTimetable:
        """Rebuild from `serialize`."""
        from airflow.serialization.decoders import decode_asset_like

        return cls(assets=decode_asset_like(data["assets"]), jurisdictions=data["jurisdictions"])


class InboxTimetable(CronPartitionTimetable):
    """Looks into the inbox by cron under the key `inbox`; a back-fill makes one run per quarter instead."""

    def __init__(self, cron: str, *, timezone: str) -> None:
        super().__init__(cron, timezone=timezone, key_format=INBOX)

    def iter_partition_dagrun_infos(self, *, earliest: datetime, latest: datetime) -> Iterable[DagRunInfo]:
        """One run per quarter whose first day lies in the window."""
        return _runs([None], earliest, latest)

    def _decode_partition_date(self, partition_key: str) -> datetime | None:
        return None if partition_key == INBOX else partition_date(partition_key)

    def generate_run_id(self, *, run_type: DagRunType, run_after: datetime, **extra: Any) -> str:
        """Readable and unique: type, key, time of creation."""
        return _run_id(run_type, run_after, extra.get("partition_key"))

    def serialize(self) -> dict[str, Any]:
        """Cron expression and zone."""
        from airflow.serialization.encoders import encode_timezone

        return {"expression": self._expression, "timezone": encode_timezone(self._timezone)}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> InboxTimetable:
        """Rebuild from `serialize`."""
        return cls(data["expression"], timezone=data["timezone"])


class QuarterTimetablePlugin(AirflowPlugin):
    """Registers the timetables, which Airflow asks for by name when it reads a serialised DAG."""

    name = "quarter_timetable"
    timetables = (QuarterAssetTimetable, InboxTimetable)
    partition_mappers = (QuarterMapper,)
