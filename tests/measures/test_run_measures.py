"""Which rows count, what a unit without figures gets, and what cannot change a figure."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.measures.errors import MeasureError
from include.measures.matrix import to_matrix
from include.measures.run import ReadFeed
from include.quarters import Quarter

ON_TIME = """\
-- feed: audit
-- measures:
--   due:
--     title: {zh: 到期, en: Due}
--     formula: {zh: 件数, en: count}
--     source: test
--     absent: ABSENT
SELECT _unit AS unit, COUNT(*) AS due__num, SUM(audited_amount) AS due__n FROM audit GROUP BY _unit
"""


def finding(number, *, unit="a", amount=1, due_on=date(2026, 8, 1), **more):
    return {"finding_no": str(number), "unit": unit, "audited_amount": amount, "due_on": due_on, **more}


@pytest.fixture
def audit(kit):
    return kit.load("audit")[0]


@pytest.fixture
def define(kit, tmp_path):
    def write(sql=ON_TIME, absent="zero"):
        path = tmp_path / "audit.sql"
        path.write_text(sql.replace("ABSENT", absent), encoding="utf-8")
        return kit.MeasuresDefinition.from_sql(path)

    return write


def delivered(contract, **time):
    return contract.model_copy(update={"time": contract.time.model_copy(update=time)})


def due(kit, contract, definition, parts, **more):
    """(count, sum of amounts) of unit a."""
    found = kit.figures(kit.compute(contract, definition, parts, **more), "a")["due"]
    return int(found[0]), found[2]


def test_replace_takes_late_rows_of_a_supplier_over_its_older_ones(kit, audit, define, stage):
    contract = delivered(audit, delivery="replace")
    parts = [
        stage(contract, [finding(1), finding(2)], sequence=1, supplier="x"),
        stage(contract, [finding(2, amount=10), finding(3)], sequence=5, supplier="x"),
    ]
    assert due(kit, contract, define(), parts) == (3, 12)


def test_equal_numbers_of_two_suppliers_are_kept_apart(kit, audit, define, stage):
    parts = [
        stage(audit, [finding(1)], sequence=1, supplier="x"),
        stage(audit, [finding(1, amount=10)], sequence=2, supplier="y"),
    ]
    assert due(kit, delivered(audit, delivery="replace"), define(), parts) == (2, 11)
    assert due(kit, delivered(audit, delivery="upsert"), define(), parts) == (2, 11)


def test_a_part_given_twice_counts_once(kit, audit, define, stage):
    part = stage(audit, [finding(1)])
    for delivery in ("replace", "upsert", "append"):
        assert due(kit, delivered(audit, delivery=delivery), define(), [part, part]) == (1, 1)


def test_upsert_takes_the_newest_row_of_each_key(kit, audit, define, stage):
    parts = [
        stage(audit, [finding(1, amount=10), finding(3, amount=30)], sequence=7),
        stage(audit, [finding(1), finding(2)], sequence=3),
    ]
    assert due(kit, audit, define(), parts) == (3, 41)


def test_upserted_event_whose_date_was_corrected_moves_to_its_new_quarter(kit, audit, define, stage):
    before, now = Quarter(2026, 2), Quarter(2026, 3)
    parts = [
        stage(audit, [finding(1, amount=5, due_on=date(2026, 8, 1))], quarter=now, sequence=1),
        stage(audit, [finding(1, amount=7, due_on=date(2026, 6, 1))], quarter=before, sequence=2),
    ]
    assert due(kit, audit, define(), parts) == (0, 0)
    assert due(kit, audit, define(), parts, quarter=before) == (1, 7)
    snapshot = delivered(audit, kind="snapshot")
    assert due(kit, snapshot, define(), parts) == (1, 5)


def test_append_takes_all_rows(kit, audit, define, stage):
    contract = delivered(audit, delivery="append")
    parts = [stage(contract, [finding(1)], sequence=1), stage(contract, [finding(1, amount=2)], sequence=2)]
    assert due(kit, contract, define(), parts) == (2, 3)


def test_history_reaches_back_as_far_as_the_contract_says(kit, audit, define, stage):
    definition = define(ON_TIME.replace("FROM audit", "FROM audit_history"))
    parts = [
        stage(audit, [finding(back, amount=10**back)], quarter=kit.QUARTER.shift(-back))
        for back in range(-1, 7)
    ]
    assert due(kit, audit, definition, parts) == (5, 11111)
    assert due(kit, delivered(audit, lookback_quarters=0), definition, parts) == (1, 1)


def test_column_that_an_older_file_lacks_has_no_value(kit, audit, define, stage):
    parts = [stage(audit, [finding(1, amount=3)]), stage(audit, [finding(2)], drop=["audited_amount"])]
    assert due(kit, audit, define(), parts) == (2, 3)


@pytest.mark.parametrize(
    ("absent", "expected"),
    [
        ("zero", (Decimal(0), None, 0, "value")),
        ("not_applicable", (None, None, 0, "not_applicable")),
        ("missing", (None, None, None, "missing")),
    ],
)
def test_unit_without_rows_takes_the_absent_rule(kit, audit, define, stage, absent, expected):
    parts = [stage(audit, [finding(1)])]
    assert kit.figures(kit.compute(audit, define(absent=absent), parts), "b")["due"] == expected
    assert kit.figures(kit.compute(audit, define(absent=absent), []), "b")["due"] == expected  # a nil return


@pytest.mark.parametrize("absent", ["zero", "not_applicable", "missing"])
def test_feed_that_did_not_arrive_is_missing_whatever_the_rule(kit, audit, define, stage, absent):
    frame = kit.compute(audit, define(absent=absent), [stage(audit, [finding(1)])], arrived=False)
    assert list(frame["state"]) == ["missing", "missing"]
    assert frame["value"].isna().all()


def test_unit_outside_the_register_is_left_out_and_logged(kit, audit, define, stage, caplog):
    frame = kit.compute(audit, define(), [stage(audit, [finding(1, unit="gone")])])
    assert list(frame["unit_code"]) == ["a", "b"]
    assert "gone" in caplog.text


KEYED = ON_TIME.replace("AS unit,", "AS unit, finding_no AS key,").replace("_unit\n", "_unit, finding_no\n")


def test_keys_that_are_found_or_declared(kit, audit, define, stage):
    parts = [stage(audit, [finding("L1"), finding("L2"), finding("L2b", unit="b")])]
    found = kit.compute(audit, define(KEYED), parts)
    assert sorted(set(found["key"])) == ["L1", "L2", "L2b"]
    assert len(found) == 6
    declared = define(KEYED.replace("--     absent", "--     keys: [L2, L1, L3, L2b]\n--     absent"))
    values, _, _ = to_matrix(kit.compute(audit, declared, parts))
    assert list(values.columns) == ["audit.due|L2", "audit.due|L1", "audit.due|L3", "audit.due|L2b"]
    assert values.loc["a"].tolist() == [1, 1, 0, 0]
    with pytest.raises(MeasureError, match="L9"):
        kit.compute(audit, declared, [stage(audit, [finding("L9")])])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("COUNT(*) AS due__num", "COUNT(*) / 2 AS due__num", "double"),
        ("COUNT(*) AS due__num", "COUNT(*) AS undue__num", "undue__num"),
        ("GROUP BY _unit", "GROUP BY _unit, finding_no", "Several rows"),
        ("FROM audit", "FROM finance", "finance"),
        ("FROM audit", "FROM audit WHERE due_on < $today", "today"),
        ("GROUP BY _unit", "GROUP BY _unit; DROP TABLE x", "one SELECT"),
        ("_unit AS unit", "CAST(NULL AS VARCHAR) AS unit", "without a unit"),
    ],
)
def test_sql_that_breaks_the_convention_is_refused(kit, audit, define, stage, old, new, says):
    with pytest.raises(MeasureError) as caught:
        kit.compute(audit, define(ON_TIME.replace(old, new)), [stage(audit, [finding(1), finding(2)])])
    assert says in str(caught.value)
    assert "audit.sql" in str(caught.value)


def test_other_feeds_are_read_only_if_declared_and_given(kit, audit, define, stage):
    finance, _ = kit.load("finance")
    parts = [stage(audit, [finding(1)])]
    sql = ON_TIME.replace("-- measures:", "-- reads: [finance]\n-- measures:")
    definition = define(sql.replace("FROM audit", "FROM finance"))
    with pytest.raises(MeasureError, match="finance"):
        kit.compute(audit, definition, parts)
    money = stage(finance, [{"unit": "a", "quarter": "2026Q3"}])
    definition = define(definition_text(definition).replace("SUM(audited_amount)", "COUNT(*)"))
    assert due(kit, audit, definition, parts, reads={"finance": ReadFeed(finance, [money])}) == (1, 1)


def definition_text(definition):
    return definition.path.read_text(encoding="utf-8")


def test_nothing_is_left_on_the_engine(kit, audit, define, stage):
    with kit.open_engine(threads=1) as engine:
        for _ in range(2):
            kit.run_measures(
                engine,
                definition=define(),
                contract=audit,
                parts=[stage(audit, [finding(1)])],
                quarter=kit.QUARTER,
                units=pd.DataFrame({"unit_code": ["a"]}),
                working_days=kit.working_days(),
                arrived=True,
            )
        left = "SELECT count(*) FROM duckdb_views() WHERE NOT internal"
        assert engine.execute(left).fetchone() == (0,)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "unit": st.sampled_from("ab"),
            "project": st.sampled_from("pq"),
            "audited_amount": st.none() | st.decimals(0, 10**9, places=2),
            "irregular_amount": st.none() | st.decimals(0, 10**9, places=2),
            "due_on": st.dates(date(2026, 7, 1), date(2026, 9, 30)),
            "rectified_on": st.none() | st.dates(date(2026, 5, 1), date(2026, 12, 1)),
            "reported_on": st.none() | st.dates(date(2026, 5, 1), date(2026, 12, 1)),
            "repeat_finding": st.none() | st.booleans(),
            "falsified_on": st.none() | st.dates(date(2026, 5, 1), date(2026, 12, 1)),
        }
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, seed=st.integers(0, 99), delivery=st.sampled_from(["replace", "upsert", "append"]))
def test_order_files_and_threads_change_nothing(kit, audit, stage, rows, seed, delivery):
    contract = delivered(audit, delivery=delivery)
    definition = kit.load("audit")[1]
    numbered = [row | {"finding_no": str(number)} for number, row in enumerate(rows)]
    shuffled = random.Random(seed).sample(numbered, len(numbered))
    cut = seed % (len(rows) + 1)
    whole = kit.compute(contract, definition, [stage(contract, numbered)], threads=1)
    split = [stage(contract, shuffled[cut:]), stage(contract, shuffled[:cut])]
    pieces = kit.compute(contract, definition, split, threads=2)
    pd.testing.assert_frame_equal(whole, pieces, check_exact=True)


def test_matrix_of_several_feeds(kit, audit, define, stage):
    finance, definition = kit.load("finance")
    first = kit.compute(audit, define(absent="not_applicable"), [stage(audit, [finding(1, amount=4)])])
    second = kit.compute(finance, definition, [], arrived=False, units=["b", "c"])
    values, states, counts = to_matrix(pd.concat([first, second]))
    assert list(values.index) == ["a", "b", "c"]
    assert values.shape == states.shape == counts.shape == (3, 15)
    assert values["audit.due"].tolist()[0] == 1
    assert states["audit.due"].tolist() == [0, 2, 1]  # value, not_applicable, and no cell: missing
    assert counts["audit.due"].tolist()[:2] == [4, 0]
    with pytest.raises(ValueError, match="two rows"):
        to_matrix(pd.concat([first, first]))
