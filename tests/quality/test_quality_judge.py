from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

ENOUGH = 60
"""Good rows enough that a few bad ones hold nothing."""


FAULTS = [
    ({"no": None}, "A", "R-REQUIRED"),
    ({"unit": " 无".strip()}, "B", "R-REQUIRED"),
    ({"no": ("110105194912310016", 2)}, "A", "R-IDPREC"),
    ({"no": ("1.10105194912310e+17", 2)}, "A", "R-IDPREC"),
    ({"unit": "丙县信访局"}, "B", "R-UNIT"),
    ({"day": ("45474", 2)}, "C", "R-DATEFMT"),
    ({"day": "2026-02-30"}, "C", "R-DATEFMT"),
    ({"day": "26/1/5"}, "C", "R-DATEFMT"),
    ({"day": "0026-08-01"}, "C", "R-DATEFMT"),
    ({"day": "2027-01-01", "closed": None, "done": "否"}, "C", "R-PERIOD"),
    ({"day": "2023-09-30"}, "C", "R-PERIOD"),
    ({"amount": "1_000"}, "E", "R-NUM"),
    ({"amount": "1,23"}, "E", "R-NUM"),
    ({"amount": "NaN"}, "E", "R-NUM"),
    ({"amount": "inf"}, "E", "R-NUM"),
    ({"amount": ("1e308", 2)}, "E", "R-NUM"),
    ({"amount": "壹佰"}, "E", "R-NUM"),
    ({"amount": "1.2亿"}, "E", "R-NUM"),
    ({"amount": "1e3"}, "E", "R-NUM"),
    ({"count": "3万"}, "G", "R-NUM"),
    ({"count": "2.5"}, "G", "R-NUM"),
    ({"count": "99999999999999999999"}, "G", "R-NUM"),
    ({"count": ("2026-08-01", 3)}, "G", "R-NUM"),
    ({"done": "也许"}, "H", "R-TYPE"),
    ({"amount": ("#REF!", 5)}, "E", "R-ERRCELL"),
    ({"channel": ("#N/A", 5)}, "I", "R-ERRCELL"),
    ({"amount": (None, 6)}, "E", "R-NOCACHE"),
    ({"unit": (None, 7)}, "B", "R-MERGED"),
    ({"channel": "来\x00信"}, "I", "R-CTRL"),
    ({"person": "张\ufffd"}, "L", "R-CHAR"),
    ({"person": "\ue123三"}, "L", "R-CHAR"),
    ({"channel": "微信"}, "I", "channel_known"),
    ({"count": "101"}, "G", "count_range"),
    ({"count": "-1"}, "G", "count_range"),
    ({"code": "A012"}, "J", "code_form"),
    ({"closed": "2026-07-31"}, "C", "closed_after"),
    ({"closed": None}, "D", "closed_if_done"),
    ({"at": "2026-08-01 25:00"}, "K", "R-DATEFMT"),
]
"""What is changed in a good row, and the one cell and rule that the judgement must name."""

VALUES = [
    ("amount", "1,234.56", Decimal("12345600")),
    ("amount", "0.1", Decimal("1000")),
    ("amount", "1.5万元", Decimal("15000")),
    ("amount", "-.5", Decimal("-5000")),
    ("amount", ("0.30000000000000004", 2), Decimal("3000")),
    ("amount", ("1e-05", 2), Decimal("0.1")),
    ("amount", "123456789012345.1234567891", Decimal("1234567890123451234.567891")),
    ("share", "33.3333", Decimal("0.333333")),
    ("share", "85%", Decimal("0.85")),
    ("count", "99", 99),
    ("count", "+7.0", 7),
    ("count", ("3.0000000000000004", 2), 3),
    ("done", "√", True),
    ("done", ("FALSE", 4), False),
    ("day", "2026年8月1日", date(2026, 8, 1)),
    ("day", "2026.8.1", date(2026, 8, 1)),
    ("day", "20260801", date(2026, 8, 1)),
    ("day", ("20260801", 2), date(2026, 8, 1)),
    ("day", ("2026-08-01T00:00:00", 3), date(2026, 8, 1)),
    ("at", ("2026-08-01 08:30:15", 3), datetime(2026, 8, 1, 8, 30, 15)),
    ("at", "2026/8/1 8:30", datetime(2026, 8, 1, 8, 30)),
    ("channel", "/", None),
    ("closed", "2026-08-09", date(2026, 8, 9)),
]
"""A cell and the value it must be read as."""


@pytest.fixture(scope="module")
def judged_faults(kit):
    contract = kit.contract()
    rows = kit.rows(1000, *(change for change, _, _ in FAULTS))
    return kit.run(contract, kit.table(contract, rows))


@pytest.mark.parametrize("at", range(len(FAULTS)), ids=lambda at: f"{FAULTS[at][2]}-{FAULTS[at][0]}")
def test_each_fault_has_one_line_with_its_address(judged_faults, at):
    _, column, rule = FAULTS[at]
    cell = f"{column}{5 + at}"
    lines = judged_faults.quarantined.query(f"row == {5 + at}")
    assert list(zip(lines["cell"], lines["rule_id"], strict=True)) == [(cell, rule)]
    for language in ("message_zh", "message_en"):
        message = lines[language].iloc[0]
        assert message.startswith(f"报送.xlsx [表1] {cell}") and "{w" not in message


def test_good_rows_beside_them_are_accepted(judged_faults):
    assert judged_faults.held is None
    assert judged_faults.quarantined_rows == len(FAULTS)
    assert judged_faults.accepted["_row"].to_pylist() == list(range(5 + len(FAULTS), 1005))


@pytest.fixture(scope="module")
def judged_values(kit):
    contract = kit.contract()
    changes = [{"closed": "2026-08-09", column: cell} for column, cell, _ in VALUES]
    return kit.run(contract, kit.table(contract, kit.rows(len(VALUES), *changes)))


@pytest.mark.parametrize("at", range(len(VALUES)), ids=lambda at: f"{VALUES[at][:2]}")
def test_values_are_read_exactly(judged_values, at):
    column, _, value = VALUES[at]
    assert judged_values.held is None and judged_values.quarantined.empty
    assert judged_values.accepted[column][at].as_py() == value


def test_accepted_table_is_typed_and_has_no_personal_column(kit, contract):
    accepted = kit.run(contract, kit.table(contract, kit.rows(3))).accepted
    assert accepted.schema == pa.schema(
        [
            ("_sheet", pa.string()), ("_row", pa.int32()), ("_quarter", pa.string()), ("_unit", pa.string()),
            ("no", pa.string()), ("unit", pa.string()), ("day", pa.date32()), ("closed", pa.date32()),
            ("amount", pa.decimal128(28, 6)), ("share", pa.decimal128(28, 6)), ("count", pa.int64()),
            ("done", pa.bool_()), ("channel", pa.string()), ("code", pa.string()), ("at", pa.timestamp("us")),
        ]
    )  # fmt: skip
    assert accepted.select(["_sheet", "_row", "_quarter", "_unit"]).slice(0, 1).to_pylist() == [
        {"_sheet": "表1", "_row": 5, "_quarter": "2026Q3", "_unit": "U001"}
    ]
    assert kit.run(contract, kit.table(contract, [])).accepted.schema == accepted.schema


def test_identical_rows_are_kept_once_and_the_lowest_row_stays(kit, contract):
    same = kit.rows(4)
    same[3] = same[1] | {"day": "2026/8/1"}
    judgement = kit.run(contract, kit.table(contract, same).take([3, 2, 1, 0]))
    assert judgement.accepted["_row"].to_pylist() == [5, 6, 7]
    assert judgement.duplicates.to_dict("records") == [
        {"sheet": "表1", "row": 8, "of_sheet": "表1", "of_row": 6}
    ]
    assert judgement.quarantined.empty and judgement.held is None


def test_same_key_with_other_values_quarantines_every_row_of_it(kit, contract):
    judgement = kit.run(contract, kit.table(contract, kit.rows(ENOUGH, {}, {}, {"no": "A0", "count": "9"})))
    assert kit.faults(judgement) == [("A5", "R-CONFLICT"), ("A7", "R-CONFLICT")]
    assert "编号 A5=A0 在第 5、7 行" in judgement.quarantined["message_zh"][0]


def test_two_faults_of_a_row_are_two_lines_and_one_row(kit, contract):
    rows = kit.rows(ENOUGH, {"count": "x", "channel": "微信"})
    judgement = kit.run(contract, kit.table(contract, rows))
    assert kit.faults(judgement) == [("G5", "R-NUM"), ("I5", "channel_known")]
    assert judgement.quarantined_rows == 1


def test_unknown_unit_gets_proposals_which_are_not_applied(kit, contract):
    rows = kit.rows(ENOUGH, {"unit": "甲区信访厅"}, {"unit": "某处"})
    judgement = kit.run(contract, kit.table(contract, rows))
    near, none = judgement.quarantined["message_zh"]
    assert "最接近：甲区信访局" in near and "最接近：—" in none
    assert "甲区信访厅" not in judgement.accepted["unit"].to_pylist()


def test_units_are_looked_up_on_the_declared_day_else_at_the_quarters_end(kit):
    asked = []

    def resolve(names, days):
        asked.append((names.to_pylist(), days.to_pylist()))
        return pa.array(["U"] * len(names))

    rows = kit.rows(2, {}, {"day": "2026-05-05"})
    for on in ("", "day"):
        contract = kit.contract(unit={"column": "unit", "on": on})
        kit.run(contract, kit.table(contract, rows), resolve_units=resolve)
    name = "甲区信访局"
    assert asked == [
        ([name, name], [date(2026, 6, 30), date(2026, 9, 30)]),
        ([name, name], [date(2026, 5, 5), date(2026, 8, 1)]),
    ]


def test_a_register_feed_declares_its_own_units(kit):
    contract = kit.contract(
        unit={"column": "code", "register_from_feed": True}, time={"kind": "register", "delivery": "replace"}
    )
    judgement = kit.run(contract, kit.table(contract, kit.rows(3)))
    assert judgement.accepted["_unit"].to_pylist() == ["A01"] * 3
    assert judgement.accepted["_quarter"].to_pylist() == [None] * 3 and judgement.held is None


@pytest.mark.parametrize(
    ("cadence", "text", "quarter"),
    [
        ("quarter", "2026Q3", "2026Q3"),
        ("quarter", "2026年第三季度", "2026Q3"),
        ("quarter", "2026年2季度", "2026Q2"),
        ("quarter", "2026-Q1", "2026Q1"),
        ("year", "2025年", "2025Q4"),
        ("month", "2026年8月", "2026Q3"),
        ("quarter", "2026-08", None),
        ("month", "2026-13", None),
        ("quarter", "第三季度", None),
    ],
)
def test_quarter_from_a_text_column(kit, cadence, text, quarter):
    time = {"kind": "events", "delivery": "replace", "quarter_from": {"column": "code"}, "cadence": cadence}
    contract = kit.contract(time=time, rules=[])
    judgement = kit.run(contract, kit.table(contract, kit.rows(ENOUGH, {"code": text})[:1] + kit.rows(0)))
    if quarter is None:
        assert kit.faults(judgement) == [("J5", "R-QUARTER")]
    else:
        assert judgement.accepted["_quarter"].to_pylist() == [quarter]


def test_quarter_from_the_file_name(kit):
    source = {"filename": r"(?P<year>\d{4})年第?(?P<quarter>[1-4一二三四])季度"}
    contract = kit.contract(time={"kind": "events", "delivery": "replace", "quarter_from": source})
    table = kit.table(contract, kit.rows(3))

    def judged(file_name, declared=None):
        return kit.run(contract, table, file_name=file_name, declared_quarter=declared)

    assert judged("演示2026年第三季度.xlsx").accepted["_quarter"].to_pylist() == ["2026Q3"] * 3
    assert judged("演示.xlsx", "2026Q2").accepted["_quarter"].to_pylist() == ["2026Q2"] * 3
    assert judged("演示.xlsx").held.code == "F-PERIOD"
    assert judged("演示2026年三季度.xlsx", "2026Q2").held.code == "F-PERIOD"
    assert judged("演示2036年三季度.xlsx").held.code == "F-PERIOD"


def test_a_file_with_no_row_of_the_declared_quarter_is_held(kit, contract):
    table = kit.table(contract, kit.rows(3))
    assert kit.run(contract, table, declared_quarter="2026Q3").held is None
    held = kit.run(contract, table, declared_quarter="2026Q4").held
    assert held.code == "F-PERIOD" and "2026Q4" in held.zh and "2026Q3" in held.en


def test_an_absent_column_that_may_be_absent_asks_for_nothing(kit):
    columns = [c | {"required": True} if c["name"] == "person" else c for c in kit.columns]
    contract = kit.contract(columns=columns)
    letters = {column["name"]: chr(65 + at) for at, column in enumerate(columns[:-1])}
    table = kit.table(contract, kit.rows(3)).drop_columns(["person", "person__kind"])
    assert kit.run(contract, table, letters=letters).held is None
    assert kit.run(contract, kit.table(contract, kit.rows(2, {"person": None}))).quarantined_rows == 1


def test_pseudonyms_are_staged_only_through_the_given_function(kit):
    columns = [c | {"privacy": "pseudonym"} if c["name"] == "person" else c for c in kit.columns]
    contract = kit.contract(columns=columns)
    table = kit.table(contract, kit.rows(2))
    assert "person" not in kit.run(contract, table).accepted.column_names

    def named(rows):
        hidden = pa.array([f"k:{len(text)}" for text in rows["person"].to_pylist()])
        return rows.set_column(rows.column_names.index("person"), "person", hidden)

    staged = kit.run(contract, table, pseudonymise=named)
    assert staged.accepted["person"].to_pylist() == ["k:2", "k:2"]


def test_values_of_the_contract_are_compared_as_the_reader_spells_them(kit):
    columns = [c | {"null_values": ["（无）"]} if c["name"] == "code" else c for c in kit.columns]
    rules = [{"id": "listed", "kind": "one_of", "column": "channel", "values": ["来信（初次）"]}]
    contract = kit.contract(columns=columns, rules=rules)
    rows = [row | {"channel": "来信(初次)", "code": "(无)"} for row in kit.rows(3, {})]
    judgement = kit.run(contract, kit.table(contract, rows))
    assert judgement.held is None and judgement.accepted["code"].to_pylist() == [None] * 3


WORDS = [
    "h", "n", "rows", "of_at", "same", "kept", "said", "place", "name", "day", "row", "sheet", "cell",
    "code", "texts", "cells", "hashed", "suspects", "counted", "twins", "units", "nearest", "conflicts",
    "joined", "masked", "marks", "delivered", "column", "rule_id", "severity", "masked_value", "message_zh",
    "quarter", "value", "on", "at",
]  # fmt: skip


@pytest.mark.parametrize("key", ["h", "n", "rows", "same", "cells"])
def test_columns_may_bear_any_name_that_the_queries_use_themselves(kit, key):
    text = [{"name": word, "title": word, "type": "string", "key": word == key} for word in WORDS]
    columns = [*text, {"name": "unit", "title": "单位", "type": "string", "required": True}]
    contract = kit.contract(
        columns=columns, rules=[], time={"kind": "events", "delivery": "replace", "hold_above_bad_share": 1,
                                         "quarter_from": {"column": "quarter"}},
    )  # fmt: skip
    good = dict.fromkeys(WORDS, "x") | {"unit": "乙镇", "quarter": "2026Q3"}
    rows = [
        *(good | {key: f"{number}"} for number in range(4)),
        good | {key: "0"},
        good | {key: "1", "said" if key != "said" else "h": "y"},
        good | {key: "8", "unit": "丙镇"},
    ]
    judgement = kit.run(contract, kit.table(contract, rows))
    assert judgement.accepted["_row"].to_pylist() == [5, 7, 8]
    assert judgement.duplicates[["row", "of_row"]].to_numpy().tolist() == [[9, 5]]
    refused = {(line.row, line.rule_id) for line in judgement.quarantined.itertuples()}
    assert refused == {(6, "R-CONFLICT"), (10, "R-CONFLICT"), (11, "R-UNIT")}
