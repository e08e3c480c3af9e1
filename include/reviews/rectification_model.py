"""What the life of a rectification item is made of: the item, its records, where it stands, what may follow what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from include.clocks import Due, Kind

EventKind = Literal[
    "measure_added", "reported", "verified", "refused", "extension_asked", "extension_approved",
    "extension_refused", "paused", "resumed", "overdue", "reminded", "referred", "reopened", "rechecked",
    "cancelled",
]  # fmt: skip
Code = Literal[
    "open", "refused", "paused", "overdue", "referred", "reported", "verified", "cancelled"
]  # fmt: skip
DONE: tuple[Code, ...] = ("verified", "cancelled")

_RUNNING = frozenset({"open", "refused", "overdue", "referred"})
_UNRESOLVED = _RUNNING | {"paused", "reported"}
FOLLOWS: dict[str, frozenset[str]] = {
    "measure_added": _UNRESOLVED,
    "reported": _RUNNING,
    "verified": frozenset({"reported"}),
    "refused": frozenset({"reported"}),
    "extension_asked": frozenset({"open", "refused", "referred"}),
    "extension_approved": _UNRESOLVED,
    "extension_refused": _UNRESOLVED,
    "paused": frozenset({"open", "refused"}),
    "resumed": frozenset({"paused"}),
    "overdue": _RUNNING,
    "reminded": _RUNNING,
    "referred": _UNRESOLVED,
    "reopened": frozenset({"verified", "overdue", "referred", "paused"}),
    "rechecked": frozenset({"verified"}),
    "cancelled": _UNRESOLVED,
}
"""Kind of record → states of an item that it may follow."""


@dataclass(frozen=True)
class Item:
    """What the clock of an item needs to know; the term is kept as it was when the item was opened."""

    opened_on: date
    days: int
    kind: Kind
    extension_days: int = 0
    """The most that may be added in one round, in days of the same kind."""


@dataclass(frozen=True)
class Event:
    """One record about an item; `order` tells apart those of one day."""

    kind: EventKind
    on: date
    order: int = 0
    actor: str = ""
    days: int = 0
    """Of an extension; of a reminder, how many days before due; of a reopening, the new term (0: as before)."""
    false_report: bool = False
    """Of a refusal: what was reported had not been done."""
    points: float = 0.0
    """Of a verification, on 100."""


@dataclass(frozen=True)
class Standing:
    """Where an item stands on a local day."""

    code: Code
    due: Due
    round: int = 1
    """One more than the number of times it was reopened."""
    started_on: date = date.min
    reported_on: date | None = None
    """Of the report that waits or was verified."""
    verified_on: date | None = None
    points: float | None = None
    late: bool = False
    """Whether it is certainly past its due day and still to be done."""
    late_days: int = 0
    """Calendar days past the due day, until the report or, without one, until the day looked at."""
    extended_days: int = 0
    asked_days: int = 0
    """Of an extension that waits for a decision; 0: none does."""
    first_verified_on: date | None = None
    """Of any round."""
    rebounds: int = 0
    """How often it was reopened after it had been verified."""
    refusals: int = 0
    false_reports: int = 0
    overdue_recorded: bool = False
    """In this round."""
    ever_overdue: bool = False
    referred: bool = False
    reminded: tuple[int, ...] = ()
    """How many days before due reminders of this round went out."""
    reported_by: str = ""
    asked_by: str = ""

    @property
    def resolved(self) -> bool:
        """Whether nothing is left to be done."""
        return self.code in DONE

    @property
    def reopened(self) -> int:
        """How often it was reopened."""
        return self.round - 1
