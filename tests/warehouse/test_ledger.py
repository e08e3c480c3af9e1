"""The delivery ledger: arrivals, verdicts, what is pending and what counts."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, exc, func, select

from include.warehouse import errors, ledger
from include.warehouse.ledger import (
    AppliedCorrection,
    Judging,
    NilReturn,
    NormalisedColumn,
    RowBalance,
    Verdict,
)
from include.warehouse.ledger.records import storable_name
from include.warehouse.store import reading, writing
from include.warehouse.tables import delivery, delivery_verdict, quarantined_row, row_balance
from tests.warehouse.warehouse_samples import COUNTY, accepted, deliver, later


def _pending(connection) -> list[int]:
    found = ledger.pending(connection, jurisdiction=COUNTY, feed="petitions")
    return [item.delivery_id for item in found]


def test_the_same_arrival_is_recorded_once(warehouse: Engine) -> None:
    with writing(warehouse) as connection:
        assert deliver(connection) == deliver(connection)
        assert connection.scalar(select(func.count()).select_from(delivery)) == 1


def test_the_same_bytes_again_point_to_the_first(warehouse: Engine) -> None:
    with writing(warehouse) as connection:
        first = deliver(connection)
        renamed = deliver(connection, name="副本.xlsx")
        tomorrow = deliver(connection, hours=24)
        elsewhere = deliver(connection, jurisdiction="licheng")
        query = select(delivery.c.delivery_id, delivery.c.duplicate_of)
        found = dict(tuple(row) for row in connection.execute(query))
    assert found == {first: 0, renamed: first, tomorrow: first, elsewhere: 0}


def test_odd_file_names_are_kept_readable(warehouse: Engine) -> None:
    with writing(warehouse) as connection:
        for name in ("a\x00b.csv", "b\udcffc.csv", "../../x\n.csv"):
            deliver(connection, name=name)
            deliver(connection, name=name)
            known = ledger.recorded_arrivals(connection, jurisdiction=COUNTY, feed="petitions")
            assert ("petition_office", storable_name(name), 5120, later(0)) in known
            assert ("petition_office", storable_name(name), 5120, later(1)) not in known
        names = connection.scalars(select(delivery.c.file_name).order_by(delivery.c.delivery_id)).all()
    assert names == ["a␀b.csv", "b\\udcffc.csv", "../../x\n.csv"]


def test_a_verdict_is_stored_whole(warehouse: Engine) -> None:
    with writing(warehouse) as connection:
        fault = ledger.FileFault("F-HDR", "重复列名", "duplicate header", "台账", "B2")
        verdict_id = ledger.record_verdict(connection, deliver(connection), accepted(faults=(fault,)))
    with reading(warehouse) as connection:
        rows = (
            connection.execute(select(quarantined_row).order_by(quarantined_row.c.rule_id)).mappings().all()
        )
        standing = ledger.effective_verdicts(connection, COUNTY, "petitions")
        [balance] = ledger.balances(connection, [verdict_id])
    assert [row["masked_value"] for row in rows] == ["", "康城␀县"]
    assert [row["column_name"] for row in rows] == ["", ""]
    assert [(item.verdict_id, item.supplier) for item in standing] == [(verdict_id, "petition_office")]
    assert [file.quarter for file in standing[0].staged] == ["2026Q2", "2026Q3"]
    assert (balance.landed, balance.staged_rows, balance.refused_rows) == (10, 6, 1)


def test_a_verdict_that_fails_midway_leaves_nothing(warehouse: Engine) -> None:
    bad = accepted(staged=(ledger.StagedFile("2026Q3", "x", 1, "x"),) * 2)
    with writing(warehouse) as connection:
        delivery_id = deliver(connection)
    with pytest.raises(exc.IntegrityError), writing(warehouse) as connection:
        ledger.record_verdict(connection, delivery_id, bad)
    with reading(warehouse) as connection:
        assert connection.scalar(select(func.count()).select_from(delivery_verdict)) == 0
        assert connection.scalar(select(func.count()).select_from(quarantined_row)) == 0
        assert _pending(connection) == [delivery_id]


def test_unknown_delivery_and_wrong_quarantine_are_refused(warehouse: Engine) -> None:
    with pytest.raises(errors.WarehouseError, match="77"), writing(warehouse) as connection:
        ledger.record_verdict(connection, 77, accepted())
    frame = accepted().quarantined.drop(columns="message_zh")
    with pytest.raises(errors.BadFacts, match="message_zh"), writing(warehouse) as connection:
        ledger.record_verdict(connection, deliver(connection), accepted(quarantined=frame))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_rows_are_conserved_or_refused(sqlite_engine: Engine, counts: list[int]) -> None:
    balance = RowBalance(*counts)
    adds_up = counts[0] == sum(counts[1:])
    verdict = Verdict("accepted", later(1), balance=balance)
    try:
        with writing(sqlite_engine) as connection:
            verdict_id = ledger.record_verdict(connection, deliver(connection), verdict)
    except errors.RowsNotConserved:
        assert not adds_up
    else:
        assert adds_up
        with reading(sqlite_engine) as connection:
            query = select(row_balance.c.landed).where(row_balance.c.verdict_id == verdict_id)
            assert connection.scalar(query) == counts[0]


def test_the_table_itself_refuses_rows_that_do_not_add_up(warehouse: Engine) -> None:
    with writing(warehouse) as connection:
        verdict_id = ledger.record_verdict(
            connection, deliver(connection), accepted(balance=RowBalance(), staged=())
        )
    values = {"landed": 3, "accepted": 2, "quarantined": 0, "exact_duplicates": 0, "structural": 0}
    with pytest.raises(exc.IntegrityError, match="conserved"), writing(warehouse) as connection:
        connection.execute(row_balance.insert().values(verdict_id=verdict_id, jurisdiction=COUNTY, **values))


def test_pending_is_what_was_never_judged(warehouse: Engine) -> None:
    with writing(warehouse) as connection:
        judged = deliver(connection, name="1", sha256="1")
        fresh = deliver(connection, name="2", sha256="2", hours=-2)
        ledger.record_verdict(connection, judged, accepted(1))
        assert _pending(connection) == [fresh]


def test_a_standing_verdict_says_what_it_rests_on_and_which_rules_were_broken(warehouse: Engine) -> None:
    judging = Judging(
        {"period": "p1", "corrections": "k1"},
        corrections=(AppliedCorrection("k", "d", "表", 7, "due_on", "stale", "2026", ""),),
        normalised=(NormalisedColumn("due_on", 3, "１ → 1"),),
        superseded=pd.DataFrame(
            {
                "feed": ["petitions"], "new_sha256": ["2"], "new_sheet": ["表"], "new_row": [5], "old_sha256": ["1"],
                "old_sheet": ["表"], "old_row": [4], "new_delivery_id": [2], "new_quarter": ["2026Q3"],
                "old_delivery_id": [1], "old_quarter": ["2026Q2"], "changed_columns": ["due_on"],
            }
        ),
    )  # fmt: skip
    with writing(warehouse) as connection:
        first = deliver(connection, name="1", sha256="1")
        duplicate = deliver(connection, name="3", sha256="3")
        ledger.record_verdict(connection, first, accepted(1))
        ledger.record_verdict(connection, duplicate, Verdict("duplicate", later(1)))
        verdict_id = ledger.record_verdict(connection, first, accepted(2, judging=judging))
        ledger.note_basis(
            connection, COUNTY, [(verdict_id, "period", "p2"), (verdict_id, "register", "r2")],
            at=later(3), outcome="unchanged",
        )  # fmt: skip
        (standing,) = ledger.standing_verdicts(connection, COUNTY, "petitions")
        assert (standing.delivery.delivery_id, standing.verdict_id) == (first, verdict_id)
        assert standing.basis == {"register": "r2", "contract": "c1", "period": "p2", "corrections": "k1"}
        assert standing.broken == {
            one.rule_id for one in accepted().results if one.judge == "duckdb" and one.rows_failed
        }
        ((met_by, met),) = ledger.met_corrections(connection, COUNTY)
        assert (met_by.delivery_id, met) == (first, judging.corrections[0])
        assert ledger.moved_rows(connection, COUNTY, "petitions") == {"2026Q2": {(2, "2026Q3")}}
        assert list(ledger.superseded_rows(connection, COUNTY, "petitions")["changed_columns"]) == ["due_on"]
        assert ledger.corrections_digest(connection, [verdict_id]) == "", "a stale one changed nothing"


def test_the_latest_verdict_counts_and_the_past_can_be_asked(warehouse: Engine) -> None:
    with writing(warehouse) as connection:
        late = deliver(connection, name="late", sha256="2", hours=5)
        early = deliver(connection, name="early", sha256="1", hours=0)
        ledger.record_verdict(connection, late, accepted(6))
        ledger.record_verdict(connection, early, accepted(7))
        ledger.record_verdict(connection, early, Verdict("withdrawn", later(9), reason_code="sender"))

        def names(hours: float | None) -> list[str]:
            moment = None if hours is None else later(hours)
            found = ledger.effective_verdicts(connection, COUNTY, "petitions", as_of=moment)
            return [item.delivery.file_name for item in found]

        assert [names(hours) for hours in (5.5, 6, 8, 9, None)] == [
            [],
            ["late"],
            ["early", "late"],
            ["late"],
            ["late"],
        ]


def test_received_tells_readiness_what_came_for_which_quarter(warehouse: Engine) -> None:
    with writing(warehouse) as connection:
        whole = deliver(connection, name="1", sha256="1")
        ledger.record_verdict(connection, whole, accepted(1))
        copy = deliver(connection, name="2", sha256="1")
        ledger.record_verdict(connection, copy, Verdict("duplicate", later(1)))
        nil = deliver(connection, name="3", sha256="3", supplier="town", declared_quarter="2026Q3")
        ledger.record_verdict(
            connection, nil, Verdict("nil_return", later(1), nil=NilReturn("2026Q3", "town", ""))
        )
        deliver(connection, name="4", sha256="4", hours=3)
        found = ledger.received(connection, COUNTY)
        before = ledger.received(connection, COUNTY, as_of=later(0.5))
    seen = [(item.supplier, item.quarter, item.verdict, item.rows) for item in found]
    assert seen == [
        ("petition_office", "2026Q2", "accepted", 2),
        ("petition_office", "2026Q3", "accepted", 4),
        ("town", "2026Q3", "nil_return", 0),
        ("petition_office", "", "pending", 0),
    ]
    assert {item.verdict for item in before} == {"pending"}


def test_same_cells_in_other_bytes_are_found(warehouse: Engine) -> None:
    with writing(warehouse) as connection:
        first = deliver(connection)
        ledger.record_verdict(connection, first, accepted(1))
        search = {"jurisdiction": COUNTY, "feed": "petitions"}
        assert ledger.find_delivery_by_cells(connection, **search, cell_digest="cells").delivery_id == first
        assert ledger.find_delivery_by_cells(connection, **search, cell_digest="other") is None
        assert ledger.find_delivery_by_sha(connection, **search, sha256="b" * 64).delivery_id == first


def test_fifty_thousand_refused_rows_are_stored_in_one_go(warehouse: Engine) -> None:
    size = 50_000
    rows = pd.DataFrame({"row_number": range(size)}).assign(
        sheet="台账", rule_id="in_list", masked_value="张*", message_zh="不在列表", message_en="not listed"
    )
    verdict = replace(accepted(), balance=RowBalance(size, 0, size, 0, 0), quarantined=rows, staged=())
    with writing(warehouse) as connection:
        verdict_id = ledger.record_verdict(connection, deliver(connection), verdict)
        assert ledger.balances(connection, [verdict_id])[0].refused_rows == size
