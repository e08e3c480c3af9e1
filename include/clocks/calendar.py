"""Which days are worked: the published holiday calendar, a site's own override, and weekends beyond both."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

HORIZON_FIRST = date(1900, 1, 1)
HORIZON_LAST = date(2199, 12, 31)

_ONE_DAY = np.timedelta64(1, "D")


class CalendarError(ValueError):
    """A calendar, or a day asked of it, that cannot be used; the message is for a steward."""


@dataclass(frozen=True)
class WorkingCalendar:
    """Working days: known from `covered_from` to `covered_to`, Monday to Friday assumed outside.

    `holidays` are days off, `workdays` worked weekend days (调休); days that change nothing may be listed.
    Days exist from 1900-01-01 to 2199-12-31.
    """

    covered_from: date
    covered_to: date
    holidays: frozenset[date]
    workdays: frozenset[date]

    def __post_init__(self) -> None:
        for day in sorted(self.holidays & self.workdays):
            raise CalendarError(
                f"{day} 同时列为放假日和上班日,请只保留一处。"
                f" {day} is listed as a holiday and as a working day; keep one of them."
            )

    @cached_property
    def _days(self) -> NDArray[np.datetime64]:
        return np.arange(np.datetime64(HORIZON_FIRST), np.datetime64(HORIZON_LAST) + _ONE_DAY)

    @cached_property
    def _is_working(self) -> NDArray[np.bool_]:
        working = np.is_busday(self._days)
        working[np.isin(self._days, _as_days(self.holidays))] = False
        working[np.isin(self._days, _as_days(self.workdays))] = True
        return working

    @cached_property
    def rest_days(self) -> NDArray[np.datetime64]:
        """All days off, weekends included, as sorted datetime64[D]."""
        return self._days[~self._is_working]

    @cached_property
    def busdays(self) -> np.busdaycalendar:
        """The same days for numpy's busday functions."""
        # numpy has no exception for a worked Sunday, so every weekend is listed as a holiday.
        return np.busdaycalendar(weekmask="1111111", holidays=self.rest_days)

    def is_working(self, day: date) -> bool:
        """Say whether `day` is worked (outside the coverage: whether it is a weekday)."""
        return bool(self._is_working[self._between(day, day)][0])

    def is_covered(self, day: date) -> bool:
        """Say whether the calendar knows `day`, rather than assuming a plain week."""
        return self.covered_from <= day <= self.covered_to

    def digest(self, first: date | None = None, last: date | None = None) -> str:
        """Return the SHA-256 of the days from `first` to `last` (default: the coverage).

        Give the days that a release used: a calendar that grows by a year then leaves older releases' digests
        as they were.
        """
        frame = working_days(self, first or self.covered_from, last or self.covered_to)
        digest = hashlib.sha256(f"{frame['date'].iloc[0]:%Y-%m-%d}".encode() if len(frame) else b"")
        for column in ("is_working", "provisional"):
            digest.update(frame[column].to_numpy(dtype=np.uint8).tobytes())
        return digest.hexdigest()

    def _between(self, first: date, last: date) -> slice:
        if first < HORIZON_FIRST or last > HORIZON_LAST:
            raise CalendarError(outside_horizon(first if first < HORIZON_FIRST else last))
        return slice((first - HORIZON_FIRST).days, (last - HORIZON_FIRST).days + 1)


def working_days(calendar: WorkingCalendar, first: date, last: date) -> pd.DataFrame:
    """Return one row per day from `first` to `last`, for measures SQL to join on.

    Columns: `date` (datetime64[s]); `is_working`; `provisional` (assumed, not known); `working_ordinal`
    (int64: working days from `first` up to and including the day). So the working days after a, up to and
    including b, are ordinal(b) - ordinal(a); and n working days from a are due on the row with `is_working`
    and `working_ordinal = ordinal(a) + n`.

    Raises:
        CalendarError: a day before 1900 or after 2199.
    """
    span = calendar._between(first, last)
    days = calendar._days[span]
    is_working = calendar._is_working[span]
    return pd.DataFrame(
        {
            "date": days.astype("datetime64[s]"),
            "is_working": is_working,
            "provisional": (days < np.datetime64(calendar.covered_from))
            | (days > np.datetime64(calendar.covered_to)),
            "working_ordinal": np.cumsum(is_working, dtype=np.int64),
        }
    )


def load_calendar(override: Path | None = None) -> WorkingCalendar:
    """Return the calendar of the `chinesecalendar` library, corrected by a site's `override` file.

    The override is YAML: `holidays: [2027-02-05]`, `workdays: [2027-02-06]` (both win over the library) and
    `complete_years: [2027]` for years whose official arrangement the file holds in full: these extend the
    coverage.

    Raises:
        CalendarError: names file, path, found and allowed.
    """
    calendar = _of_the_library()
    return calendar if override is None else _overridden(calendar, override)


@cache
def _of_the_library() -> WorkingCalendar:
    from chinese_calendar import constants

    years = {day.year for day in constants.holidays}
    return WorkingCalendar(
        covered_from=date(min(years), 1, 1),
        covered_to=date(max(years), 12, 31),
        holidays=frozenset(constants.holidays),
        workdays=frozenset(constants.workdays),
    )


class _Override(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    holidays: list[date] = Field(default_factory=list)
    workdays: list[date] = Field(default_factory=list)
    complete_years: list[int] = Field(default_factory=list)


def _overridden(calendar: WorkingCalendar, path: Path) -> WorkingCalendar:
    own = _read_override(path)
    holidays, workdays = frozenset(own.holidays), frozenset(own.workdays)
    covered_to = calendar.covered_to
    for year in sorted(set(own.complete_years)):
        if year > covered_to.year + 1:
            raise CalendarError(
                f"{path} complete_years:{year} 年之前的 {covered_to.year + 1} 年还没有放假安排,请先补上。"
                f" {path} complete_years: found {year}, but {covered_to.year + 1} is not; add it first."
            )
        covered_to = max(covered_to, date(year, 12, 31))
    try:
        return WorkingCalendar(
            covered_from=calendar.covered_from,
            covered_to=covered_to,
            holidays=(calendar.holidays - workdays) | holidays,
            workdays=(calendar.workdays - holidays) | workdays,
        )
    except CalendarError as error:
        raise CalendarError(f"{path}:{error}") from None


def _read_override(path: Path) -> _Override:
    try:
        found: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _Override.model_validate({} if found is None else found)
    except ValidationError as error:
        places = ";".join(
            f"{'.'.join(map(str, fault['loc'])) or '/'} = {fault['input']!r}" for fault in error.errors()
        )
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
        places = str(error)
    raise CalendarError(
        f"{path} 的放假安排无法读取:{places}。只允许 holidays、workdays(日期列表,如 2027-02-05,不加引号)"
        f"和 complete_years(年份列表)。 The calendar override {path} cannot be read: {places}. "
        "Allowed: holidays, workdays (lists of dates like 2027-02-05, unquoted) and complete_years."
    )


def outside_horizon(day: object) -> str:
    """Return the sentence for a day that no calendar here holds."""
    return (
        f"日期 {day} 超出 {HORIZON_FIRST} 至 {HORIZON_LAST},无法计算工作日,请核对日期。"
        f" The day {day} is outside {HORIZON_FIRST} to {HORIZON_LAST}: "
        "working days cannot be counted; check the date."
    )


def _as_days(days: frozenset[date]) -> NDArray[np.datetime64]:
    return np.array(sorted(days), dtype="datetime64[D]")
