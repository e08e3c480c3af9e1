"""A delivery beside those before it: volume, money in the wrong unit, sums against the quarter before."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from include.feeds.contract_history import History
from include.quality.periods import Amounts, Past, against_history, amounts_in


def with_history(kit, **history):
    return kit.contract(history=History.model_validate(history))


def past(rows: int, *, total: str = "0", median: float = 0, values: int = 0, quarter: str = "2026Q2") -> Past:
    return Past("before.xlsx", rows, {(quarter, "amount"): Amounts(values, Decimal(total), median)})


def told(contract, *, rows=100, amounts=None, before=(), confirmed=()):
    held, warnings = against_history(
        contract, file_name="a.xlsx", rows=rows, amounts=amounts or {}, past=before, confirmed=confirmed
    )
    return held.code if held else None, [one.code for one in warnings]


@pytest.mark.parametrize(
    ("rows", "before", "code"),
    [
        (151, [100, 100, 100, 100], "H-VOLUME"),
        (150, [100, 100, 100, 100], None),
        (50, [100, 100, 100, 100], None),
        (49, [100, 100, 100, 100], "H-VOLUME"),
        (9, [100, 100, 100], None),
        (100, [9999, 100, 100, 100, 100], None),
        (2, [20, 29, 20, 20], None),
        (0, [100, 100, 100, 100], "H-VOLUME"),
    ],
)
def test_volume_is_held_beyond_half_of_the_last_four(kit, rows, before, code):
    assert told(with_history(kit), rows=rows, before=[past(number) for number in before]) == (code, [])


def test_a_file_of_changes_is_compared_only_where_it_is_declared(kit):
    time = {"kind": "events", "delivery": "upsert", "quarter_from": {"column": "day"}}
    before = [past(100)] * 4
    assert told(kit.contract(time=time), rows=3, before=before) == (None, [])
    declared = kit.contract(time=time, history=History(volume_within_pct=80))
    assert told(declared, rows=3, before=before) == ("H-VOLUME", [])
    assert told(kit.contract(history=History(volume_within_pct=None)), rows=3, before=before) == (None, [])


def test_a_confirmed_hold_is_waived_and_only_that(kit):
    before = [past(100)] * 4
    assert told(with_history(kit), rows=3, before=before, confirmed={"H-VOLUME"}) == (None, [])
    assert told(with_history(kit), rows=3, before=before, confirmed={"H-UNIT"}) == ("H-VOLUME", [])


def amounts(total: str, median: float, values: int = 50, quarter: str = "2026Q3"):
    return {(quarter, "amount"): Amounts(values, Decimal(total), median)}


@pytest.mark.parametrize(
    ("own", "code"),
    [
        (amounts("50000000000", 800_000_000), "H-UNIT"),
        (amounts("500", 8), "H-UNIT"),
        (amounts("50000000", 800_000), None),
        (amounts("50000000000", 80_000), None),
        (amounts("50000000000", 800_000_000, values=4), None),
        ({}, None),
    ],
    ids=["times 10^4", "a 10^4th", "ten times", "one large amount", "too few", "none"],
)
def test_money_in_the_wrong_unit_is_held(kit, own, code):
    before = [past(100, total="5000000", median=80_000, values=50)]
    assert told(with_history(kit), amounts=own, before=before) == (code, [])
    assert told(with_history(kit, money_jump=False), amounts=own, before=before) == (None, [])


def test_a_sum_is_compared_with_the_quarter_before(kit):
    rule = {"id": "steady", "column": "amount", "within_pct": 30, "title": {"zh": "合计应平稳"}}
    contract = with_history(kit, sums=[rule], money_jump=False)
    before = [past(1, total="90"), past(1, total="100")]
    assert told(contract, amounts=amounts("131", 1), before=before) == (None, ["W-SUM"])
    assert told(contract, amounts=amounts("130", 1), before=before) == (None, [])
    assert told(contract, amounts=amounts("131", 1, quarter="2026Q4"), before=before) == (None, [])
    strict = with_history(kit, sums=[rule | {"severity": "hold_file"}], money_jump=False)
    assert told(strict, amounts=amounts("69", 1), before=before) == ("H-SUM", [])


def test_amounts_leave_blanks_and_zeros_out():
    table = pa.table(
        {
            "_quarter": ["2026Q3"] * 4 + ["2026Q2"],
            "amount": pa.array(
                [Decimal("-10.5"), Decimal("0"), None, Decimal("2"), Decimal("7")], pa.decimal128(28, 6)
            ),
        }
    )
    found = amounts_in(table, ["amount"])
    assert found["2026Q3", "amount"] == Amounts(2, Decimal("-8.5"), 6.25)
    assert found["2026Q2", "amount"] == Amounts(1, Decimal("7"), 7)
