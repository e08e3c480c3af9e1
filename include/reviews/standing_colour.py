"""The colour of a unit that stands now, apart from the one that was released and never changes.

It starts from the final release, worsens while something is overdue, and is relieved only when every item has been
verified. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from include.reviews.loop import Colour, Rectification

Cause = Literal["released", "escalated", "held", "relieved"]
_ORDER: dict[str, int] = {"green": 0, "yellow": 1, "red": 2}


@dataclass(frozen=True)
class StandingColour:
    """What stands and why.

    released: as the final release says. escalated: something is overdue, or was and waits with other items.
    held: an item of an earlier period is still unresolved. relieved: every item of the period is verified.
    """

    colour: Colour
    cause: Cause
    period: str


@dataclass(frozen=True)
class ItemOutcome:
    """One item of the unit as the colour sees it."""

    period: str
    unresolved: bool
    verified: bool
    late: bool
    """On record as overdue in its present round, and unresolved."""


def standing_colour(
    released: Colour,
    period: str,
    before: StandingColour | None,
    items: Iterable[ItemOutcome],
    rules: Rectification,
) -> StandingColour:
    """The colour that stands.

    Args:
        released: of the unit in the newest final release.
        period: of that release.
        before: what stood so far; None where nothing did.
        items: all individual items of the unit under the framework, of any period, but the cancelled ones.
        rules: how colours worsen and are relieved.
    """
    known = list(items)
    left = [one for one in known if one.unresolved]
    if not left:
        if any(one.period == period and one.verified for one in known):
            return StandingColour(rules.relieve.get(released, released), "relieved", period)
        return StandingColour(released, "released", period)
    colour: Colour = released
    cause: Cause = "released"
    if any(one.late for one in left):
        colour, cause = rules.escalate.get(released, released), "escalated"
    if before is not None and _persists(before, left, period) and _ORDER[before.colour] > _ORDER[colour]:
        colour, cause = before.colour, "held" if before.cause in ("released", "relieved") else before.cause
    return StandingColour(colour, cause, period)


def _persists(before: StandingColour, left: list[ItemOutcome], period: str) -> bool:
    """Whether what stood before may only be left by verification."""
    if before.period != period:
        return any(one.period != period for one in left)
    return before.cause in ("escalated", "held")
