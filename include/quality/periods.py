"""A delivery beside the supplier's earlier ones: volume, money in the wrong unit, sums against the quarter before.

Everything compared is passed in; what is earlier is a matter of the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean, median

import duckdb
import pyarrow as pa

from include.engine.scratch import scratch
from include.feeds.contract import Contract
from include.feeds.faults import Fault
from include.quality.grammar import name
from include.quality.sentences import file_fault
from include.quarters import Quarter

JUMP = 1000
"""From which ratio on amounts are taken for 元 written as 万元, or the reverse: 10⁴, give or take what they vary."""
LEAST_AMOUNTS = 5
"""Amounts a column needs on both sides before their size says anything."""


@dataclass(frozen=True)
class Amounts:
    """A column of one delivery in one quarter."""

    values: int
    """How many are there and are not zero."""
    total: Decimal
    median: float
    """Of the absolute values that are not zero; 0 where there are none."""


@dataclass(frozen=True)
class Past:
    """An earlier accepted delivery of the same supplier."""

    file_name: str
    rows: int
    amounts: Mapping[tuple[str, str], Amounts]
    """(quarter, column) → what it held."""


def compared_columns(contract: Contract) -> tuple[str, ...]:
    """The staged columns whose amounts are compared with earlier ones."""
    history = contract.history
    money = [one.name for one in contract.columns if one.unit in ("元", "万元")] if history.money_jump else []
    wanted = {*money, *(rule.column for rule in history.sums)}
    return tuple(one.name for one in contract.columns if one.name in wanted and not one.is_hidden)


def amounts_of(
    con: duckdb.DuckDBPyConnection, rows: str, columns: Sequence[str]
) -> dict[str, dict[tuple[str, str], Amounts]]:
    """Sum up `rows`, a table or query with `filename` and `_quarter`: file → (quarter, column) → amounts."""
    found: dict[str, dict[tuple[str, str], Amounts]] = {}
    if not columns:
        return found
    fields = ", ".join(
        f"count(nullif({own}, 0)), coalesce(sum(cast({own} as decimal(28, 6))), 0), "
        f"coalesce(median(abs(cast(nullif({own}, 0) as double))), 0)"
        for own in map(name, columns)
    )
    for file, quarter, *rest in con.execute(
        f"select filename, _quarter, {fields} from {rows} group by all order by all"  # ruff: ignore[hardcoded-sql-expression]
    ).fetchall():
        own_figures = found.setdefault(file, {})
        for place, column in enumerate(columns):
            values, total, middle = rest[place * 3 : place * 3 + 3]
            own_figures[quarter, column] = Amounts(values, total, middle)
    return found


def amounts_in(accepted: pa.Table, columns: Sequence[str]) -> dict[tuple[str, str], Amounts]:
    """The same of the accepted rows of one delivery."""
    if not columns or not accepted.num_rows:
        return {}
    with scratch(rows=accepted.num_rows) as con:
        con.register("accepted", accepted)
        return amounts_of(con, "(select *, '' as filename from accepted)", columns).get("", {})


def against_history(
    contract: Contract,
    *,
    file_name: str,
    rows: int,
    amounts: Mapping[tuple[str, str], Amounts],
    past: Sequence[Past],
    confirmed: Collection[str],
) -> tuple[Fault | None, tuple[Fault, ...]]:
    """Compare a delivery with the supplier's earlier ones.

    Args:
        contract: with its `history`.
        file_name: for the sentences.
        rows: accepted rows.
        amounts: of the delivery, as `amounts_in` gives them.
        past: the supplier's accepted deliveries before it, in order of arrival.
        confirmed: codes of holds that a steward confirmed for this delivery.

    Returns:
        (the first reason to hold the file that nobody confirmed, warnings).
    """
    faults = [
        *_volume(contract, file_name, rows, past),
        *_unit(contract, file_name, amounts, past),
        *_sums(contract, file_name, amounts, past),
    ]
    holds = (fault for fault in faults if fault.code.startswith("H-") and fault.code not in confirmed)
    return next(holds, None), tuple(fault for fault in faults if fault.code.startswith("W-"))


def _volume(contract: Contract, file_name: str, rows: int, past: Sequence[Past]) -> Iterator[Fault]:
    history, time = contract.history, contract.time
    # A file of changes, or of what happened to happen, is as long as it is; only where it is declared is it compared.
    declared = "volume_within_pct" in history.model_fields_set
    steady = time.delivery == "replace" and time.cadence != "on_event" and time.kind != "register"
    last = past[-history.deliveries :]
    if history.volume_within_pct is None or not (declared or steady) or len(last) < history.deliveries:
        return
    usual = fmean(one.rows for one in last)
    if max(usual, rows) < history.at_least_rows:
        return
    off_pct = abs(rows - usual) / usual * 100 if usual else 100.0
    if off_pct > history.volume_within_pct:
        yield file_fault(
            "H-VOLUME", file=file_name, rows=rows, usual=f"{usual:.0f}", deliveries=len(last),
            allowed_pct=f"{history.volume_within_pct:g}",
        )  # fmt: skip


def _unit(
    contract: Contract,
    file_name: str,
    amounts: Mapping[tuple[str, str], Amounts],
    past: Sequence[Past],
) -> Iterator[Fault]:
    for column in compared_columns(contract):
        if not contract.history.money_jump or contract.column(column).unit not in ("元", "万元"):
            continue
        before = [
            whole for one in past[-contract.history.deliveries :] if (whole := _whole(one.amounts, column))
        ]
        own = _whole(amounts, column)
        if own is None or not before:
            continue
        middle = own.median / median(one.median for one in before)
        sums = median(abs(float(one.total)) for one in before)
        total = abs(float(own.total)) / sums if sums else middle
        if min(middle, total) >= JUMP or max(middle, total) <= 1 / JUMP:
            title = contract.column(column).title
            ratio = f"{middle:.3g}"
            yield file_fault("H-UNIT", file=file_name, title=title, ratio=ratio, deliveries=len(before))


def _whole(amounts: Mapping[tuple[str, str], Amounts], column: str) -> Amounts | None:
    """A column over the quarter that holds most of it; None where there are too few amounts to say anything."""
    parts = [one for (_, own), one in sorted(amounts.items()) if own == column]
    largest = max(parts, key=lambda one: one.values, default=None)
    return largest if largest is not None and largest.values >= LEAST_AMOUNTS else None


def _sums(
    contract: Contract,
    file_name: str,
    amounts: Mapping[tuple[str, str], Amounts],
    past: Sequence[Past],
) -> Iterator[Fault]:
    for rule in contract.history.sums:
        for quarter in sorted(own for own, column in amounts if column == rule.column):
            before = str(Quarter.parse(quarter).shift(-1))
            totals = [
                one.amounts[before, rule.column].total for one in past if (before, rule.column) in one.amounts
            ]
            if not totals or not totals[-1]:
                continue
            now = amounts[quarter, rule.column].total
            off_pct = abs(now - totals[-1]) / abs(totals[-1]) * 100
            if off_pct > Decimal(repr(rule.within_pct)):
                code = "H-SUM" if rule.severity == "hold_file" else "W-SUM"
                facts = {
                    "file": file_name, "title": contract.column(rule.column).title, "quarter": quarter,
                    "before": before, "off_pct": f"{off_pct:.1f}", "allowed_pct": f"{rule.within_pct:g}",
                }  # fmt: skip
                zh = file_fault(code, rule=rule.title.zh, **facts).zh
                yield Fault(code, zh, file_fault(code, rule=rule.title.en or rule.title.zh, **facts).en)
