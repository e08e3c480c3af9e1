"""The guard on small counts: nothing from 1 to 4 leaves the office, nor what would give it away.

For counts of cases, people, returns (numerators, denominators, n), after 信访工作条例 art. 30 and 46. Counts of units
are not among them: units are public bodies, listed by name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

LEAST = 5
HIDDEN = "＜5"
TOO_FEW = "件数过少，不列"
NOTHING = "—"


@dataclass(frozen=True)
class Counted:
    """What lies behind a figure. `denominator` is None for a plain count, `numerator` None where there is no figure."""

    numerator: float | None
    denominator: float | None = None
    n: int | None = None


def is_small(count: float | None) -> bool:
    """Whether a count lies between 0 and 5; 0 itself says that there was none and is shown."""
    return count is not None and not math.isnan(count) and 0 < abs(count) < LEAST


def suppress(count: float | None) -> str:
    """The count as shown: its digits, `＜5`, or a dash where there is none."""
    if count is None or math.isnan(count):
        return NOTHING
    return HIDDEN if is_small(count) else f"{count:g}" if abs(count) < 1e6 else f"{count:.0f}"


def counted_words(counted: Counted) -> str:
    """`18/30(60.0%)`, a mean with its sample, a count alone, or the one sentence for whatever is too small.

    A numerator above its denominator is a sum of points over returns: a mean, never a share of more than all.

    A pair is shown whole or not at all: with one of numerator, denominator and their difference small, the others and
    the rate would give it away.
    """
    top, below = counted.numerator, counted.denominator
    if top is None or math.isnan(top):
        return NOTHING
    if below is None or math.isnan(below):
        return suppress(top)
    if not may_be_shown(counted):
        return TOO_FEW
    if top > below > 0:
        return f"平均{top / below:.2f}（样本{suppress(below)}）"
    share = f"（{top / below * 100:.1f}%）" if below else ""
    return f"{suppress(top)}/{suppress(below)}{share}"


def may_be_shown(counted: Counted) -> bool:
    """Whether the figure made of these counts may be shown at all."""
    top, below = counted.numerator, counted.denominator
    cells = [top, below, counted.n]
    if top is not None and below is not None:
        cells.append(below - top)
    return not any(is_small(cell) for cell in cells)
