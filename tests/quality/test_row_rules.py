"""Rules beyond one column: sums in exact decimals, rows of other feeds, judged by both judges alike."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.config import ConfigError, parse
from include.feeds.contract import Contract
from include.feeds.contract_rules import ExistsIn

TOTAL = {"name": "total", "title": "合计", "type": "number"}
PART = {"name": "part", "title": "其中", "type": "number"}


def known(*rows: tuple[str, ...]) -> pa.Table:
    """(values…, quarter) of the other feed."""
    columns = list(zip(*rows, strict=True)) if rows else [[], []]
    names = [f"_{place}" for place in range(len(columns) - 1)] + ["_quarter"]
    return pa.table(
        {name: pa.array(list(values), pa.string()) for name, values in zip(names, columns, strict=True)}
    )


def summing(kit, **rule):
    return kit.contract(
        columns=[*kit.columns, TOTAL, PART],
        rules=[{"id": "adds_up", "kind": "sum", "column": "total", "of": ["part", "count"], **rule}],
    )


def test_a_sum_is_exact_where_floats_are_not(kit):
    contract = summing(kit)
    cases = [
        {"total": "0.3", "part": "0.1", "count": "0"},
        {"total": "3.3", "part": "0.3", "count": "3"},
        {"total": "123456789012345.678901", "part": "123456789012342.678901", "count": "3"},
        {"total": "123456789012345.678901", "part": "123456789012342.678902", "count": "3"},
        {"total": "3.30", "part": "0.3", "count": None},
        {"total": None, "part": "9", "count": "3"},
    ]
    judgement = kit.run(contract, kit.table(contract, kit.rows(60, *cases)))
    assert judgement.held is None
    assert list(judgement.quarantined["row"]) == [5, 8]
    assert set(judgement.quarantined["rule_id"]) == {"adds_up"}
    zh = judgement.quarantined["message_zh"][0]
    assert "合计 = 其中 + 件数" in zh and "=0.3" in zh and "=0.1" in zh


def test_a_sum_may_take_off_and_may_be_rounded(kit):
    contract = summing(kit, of=["part"], less=["count"], tolerance=0.01)
    cases = [
        {"total": "1.01", "part": "4", "count": "3"},
        {"total": "1.011", "part": "4", "count": "3"},
        {"total": "0.98", "part": "4", "count": "3"},
    ]
    judgement = kit.run(contract, kit.table(contract, kit.rows(60, *cases)))
    assert judgement.held is None
    assert list(judgement.quarantined["row"]) == [6, 7]
    assert "合计 = 其中 − 件数" in judgement.quarantined["message_zh"][0]


@given(
    st.lists(
        st.tuples(
            *[st.decimals(-(10**12), 10**12, places=6, allow_nan=False)] * 2, st.sampled_from([0, 0, 1, -1])
        ),
        min_size=1,
        max_size=20,
    )
)
@settings(deadline=None, max_examples=20)
def test_both_judges_add_alike(kit, terms):
    contract = summing(kit, of=["part", "amount"], severity="warn")
    rows = kit.rows(
        len(terms),
        *(
            {
                "part": f"{a}",
                "amount": f"{b:.2f}",
                "total": f"{a + round(b, 2) * 10_000 + off * Decimal('0.000001')}",
            }
            for a, b, off in terms
        ),
    )
    judgement = kit.run(contract, kit.table(contract, rows))
    assert judgement.held is None
    assert len(judgement.warnings) == sum(off != 0 for _, _, off in terms)


PROBLEMS = known(("A0", "2026Q1"), ("A0", "2026Q3"), ("A1", "2026Q4"), ("A2", "2026Q3"))


def existing(kit, **rule):
    rules = [{"id": "known", "kind": "exists_in", "columns": ["no"], "feed": "problems"} | rule]
    return kit.contract(rules=rules)


@pytest.mark.parametrize(
    ("quarters", "refused"),
    [
        ("same", [2, 4, 6]),
        ("same_or_earlier", [2, 6]),
        ("any", [6]),
    ],
)
def test_a_value_must_stand_in_the_other_feed(kit, quarters, refused):
    contract = existing(
        kit, quarters=quarters, columns=["code"], feed_columns=["problem_no"], severity="warn"
    )
    codes = [
        ("A0", "2026-08-01"),
        ("A1", "2026-08-01"),
        ("A2", "2026-08-01"),
        ("A2", "2026-10-01"),
        (None, "2026-08-01"),
        ("A9", "2026-08-01"),
    ]
    rows = [
        row | {"code": code, "day": day, "closed": day}
        for row, (code, day) in zip(kit.rows(6), codes, strict=True)
    ]
    judgement = kit.run(contract, kit.table(contract, rows, first=1), references={"known": PROBLEMS})
    assert judgement.held is None
    assert list(judgement.warnings["row"]) == refused
    zh = judgement.warnings["message_zh"].iloc[-1]
    assert "problems" in zh and "A9" in zh


def test_a_tuple_must_stand_in_one_row(kit):
    contract = existing(kit, columns=["no", "count"], severity="warn")
    rows = [row | {"count": str(at)} for at, row in enumerate(kit.rows(3))]
    sent = known(("A0", "0", "2026Q3"), ("A1", "0", "2026Q3"), ("A0", "1", "2026Q3"), ("A2", "2", "2026Q1"))
    judgement = kit.run(contract, kit.table(contract, rows, first=1), references={"known": sent})
    assert judgement.held is None
    assert list(judgement.warnings["row"]) == [2]


def test_nothing_there_yet_refuses_every_row_and_the_judges_agree(kit):
    contract = existing(kit)
    judgement = kit.run(contract, kit.table(contract, kit.rows(3)), references={"known": known()})
    assert judgement.held is not None and judgement.held.code == "H-ALLBAD"
    assert judgement.quarantined_rows == 3


def test_a_rule_whose_rows_were_not_given_is_no_pass(kit):
    contract = existing(kit)
    with pytest.raises(KeyError, match="known"):
        kit.run(contract, kit.table(contract, kit.rows(1)))


def test_columns_that_do_not_pair_are_refused():
    document = {"kind": "exists_in", "id": "x", "title": {"zh": "x"}, "columns": ["a", "b"], "feed": "f"}
    with pytest.raises(ConfigError, match="one by one"):
        parse(ExistsIn, document | {"feed_columns": ["c"]}, file="x.yaml")


def test_a_sum_over_text_and_an_unknown_column_are_refused(tmp_path, kit):
    path = tmp_path / "x.yaml"
    path.write_text(
        """
id: x
version: "1"
name: x
schema:
  - name: x
    properties:
      - {name: unit, logicalType: string, required: true}
      - {name: a, logicalType: number}
    quality:
      - name: adds
        implementation: {kind: sum, column: a, of: [unit, b], title: {zh: x}}
slaProperties: [{property: deadline_days, value: 15}]
customProperties:
  - {property: suppliers, value: [o]}
  - {property: files, value: [csv]}
  - {property: unit, value: {column: unit}}
  - {property: time, value: {kind: register, delivery: append}}
""",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as error:
        Contract.from_yaml(path)
    assert "rule adds.of" in str(error.value) and "[unit], which is no number" in str(error.value)
