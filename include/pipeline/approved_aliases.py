"""The aliases that count: those that the register lists, and beside them those that a steward approved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pandas as pd

from include.units import Register
from include.warehouse.aliases import AliasDecision

Span = tuple[date, date]
_COLUMNS = ["alias", "unit_code", "valid_from", "valid_to", "kind", "approved_by"]


def with_approved(
    listed: pd.DataFrame, approvals: Iterable[AliasDecision], units: pd.DataFrame
) -> pd.DataFrame:
    """Aliases as the warehouse stores them.

    An approval adds the days on which the register does not list the same alias for the same unit already; one for
    a unit that the register no longer knows rests until it does.

    Args:
        listed: aliases of the register: alias, unit_code, valid_from, valid_to (days or ISO texts), kind, approved_by.
        approvals: the standing ones.
        units: of the register, by unit_code.
    """
    known = set(units["unit_code"])
    taken: dict[tuple[str, str], list[Span]] = defaultdict(list)
    rows: list[tuple[Any, ...]] = []
    for row in listed[_COLUMNS].itertuples(index=False, name=None):
        alias, unit_code, valid_from, valid_to, *rest = row
        span = _day(valid_from), _day(valid_to)
        taken[alias, unit_code].append(span)
        rows.append((alias, unit_code, *span, *rest))
    for one in approvals:
        if one.unit_code in known:
            same = taken[one.name, one.unit_code]
            for span in outside((one.valid_from, one.valid_to), same):
                same.append(span)
                rows.append((one.name, one.unit_code, *span, "approved", one.decided_by))
    return pd.DataFrame(rows, columns=_COLUMNS, dtype=object)


def check_unambiguous(units: pd.DataFrame, aliases: pd.DataFrame) -> None:
    """Raise RegisterError where an alias means two units on one day; both frames as the register has them."""
    spans = aliases[["unit_code", "alias", "valid_from", "valid_to"]]
    days = {
        column: pd.to_datetime(spans[column].where(spans[column] != blank)).astype("datetime64[s]")
        for column, blank in (("valid_from", date.min), ("valid_to", date.max))
    }
    Register.from_frames(units, spans.assign(**days), allow_shared_names=True)


def outside(span: Span, taken: Iterable[Span]) -> list[Span]:
    """The parts of `span` that none of `taken` covers; all days inclusive."""
    parts = [span]
    for first, last in taken:
        cut: list[Span] = []
        for start, end in parts:
            if last < start or first > end:
                cut.append((start, end))
                continue
            if start < first:
                cut.append((start, first - timedelta(days=1)))
            if end > last:
                cut.append((last + timedelta(days=1), end))
        parts = cut
    return parts


def _day(value: Any) -> date:
    return date.fromisoformat(str(value)[:10])
