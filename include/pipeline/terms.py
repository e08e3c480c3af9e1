"""A site's own calendar and clocks, and the last day of a term that a pack declares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from include.clocks import Clock, Due, Pause, WorkingCalendar, due, load_calendar, load_clocks
from include.reviews.loop import Term
from include.site import Site


def calendar_of(site: Site) -> WorkingCalendar:
    """The published holiday calendar, corrected by the site's `calendar.yaml` where there is one."""
    own = site.folder / "calendar.yaml"
    return load_calendar(own if own.is_file() else None)


def clock_files(site: Site) -> list[Path]:
    """The site's own clocks, which add to the shipped ones or replace them."""
    own = site.folder / "clocks.yaml"
    return [own] if own.is_file() else []


def clocks_of(site: Site) -> dict[str, Clock]:
    """Every clock of the site, by code."""
    return load_clocks(*clock_files(site))


def due_of(
    site: Site, term: Term, start: date, *, pauses: Sequence[Pause] = (), extension_days: int = 0
) -> Due:
    """The last day of a term that begins on the local day `start`; provisional past the calendar's coverage.

    Raises:
        KeyError: the term names a clock that does not exist (`mingjing check` says so first).
        include.clocks.ClockError: an extension beyond what the clock allows.
    """
    calendar = calendar_of(site)
    if term.days is None or term.kind is None:
        clock = clocks_of(site)[term.clock]
        return clock.due(start, calendar, pauses=tuple(pauses), extension_days=extension_days)
    return due(
        start,
        days=term.days,
        kind=term.kind,
        calendar=calendar,
        pauses=pauses,
        extension_days=extension_days,
    )
