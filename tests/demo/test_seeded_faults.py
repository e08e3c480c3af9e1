"""Mistakes put into sound rows of the demo's files: nearly all are found under their rule, and no other row is refused.

The mistakes are made in the cells as read, so that what is measured is the judges; the readers have tests of their own.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import pytest

from include.demo import county
from include.demo.story import lay_out, send
from include.feeds.contract import Contract
from include.feeds.contract_rules import Between, Matches, OneOf, RequiredIf
from include.feeds.read import read_delivery
from include.pipeline.catalogue import contract_of
from include.pipeline.judging import judge_batch
from include.pipeline.registers import standing_register
from include.quality import grammar
from include.quality.checks import dating_column, type_code
from include.warehouse.ledger import Delivery
from include.warehouse.store import open_warehouse

NOW = datetime(2026, 10, 10, 12, tzinfo=UTC)
MOST_PER_FILE = 120
Cell = tuple[str | None, int]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return lay_out(tmp_path_factory.mktemp("seeded") / "site")


@pytest.fixture(scope="module")
def found(site):
    """(feed, kind of mistake) → how many were made, and found; how many sound rows there were, and were refused."""
    made, seen, sound, refused = Counter(), Counter(), 0, 0
    register = standing_register(open_warehouse(site.warehouse_url), county.JURISDICTION)
    for file in send(site, county.LAST):
        contract = contract_of(site, file.feed)
        data = file.path.read_bytes()
        text = read_delivery(data, file_name=file.path.name, contract=contract)
        sent = Delivery(
            0, county.JURISDICTION, file.feed, file.supplier, file.path.name, "", len(data), NOW, NOW,
            contract.version, contract.digest, 0, "",
        )  # fmt: skip

        def judged(table, contract=contract, text=text, sent=sent):
            changed = text.__class__(**(vars(text) | {"table": table}))
            (judgement,) = judge_batch(site, contract, register, [(sent, changed)], NOW, {}, {})
            return judgement

        accepted = judged(text.table).accepted.select(["_sheet", "_row"]).to_pandas()
        rows = text.table.to_pandas().merge(accepted, on=["_sheet", "_row"]).to_dict("records")
        chance = random.Random(file.path.name)
        chosen = chance.sample(range(len(rows)), min(MOST_PER_FILE, len(rows) // 2))
        expected = []
        kinds = list(mistakes(contract))
        for place, number in enumerate(chosen):
            kind, column, cell, rule = kinds[place % len(kinds)]
            rows[number] |= cell_of(column, cell)
            for other, value in also(contract, rule):
                rows[number] |= cell_of(other, value)
            expected.append((kind, (rows[number]["_sheet"], rows[number]["_row"]), rule))
        judgement = judged(as_sent(rows, text.table.schema))
        lines = pd.concat([judgement.quarantined, judgement.warnings])
        told = set(lines[["sheet", "row", "rule_id"]].itertuples(index=False, name=None))
        for kind, address, rule in expected:
            made[file.feed, kind] += 1
            seen[file.feed, kind] += (*address, rule) in told
        wrong = {address for _, address, _ in expected}
        sound += len(rows) - len(wrong)
        refused += len(
            set(judgement.quarantined[["sheet", "row"]].itertuples(index=False, name=None)) - wrong
        )
    return made, seen, sound, refused


def cell_of(column: str, cell: Cell) -> dict[str, object]:
    return {column: cell[0], f"{column}__kind": cell[1]}


def as_sent(rows: list[dict], schema: pa.Schema) -> pa.Table:
    frame = pd.DataFrame(rows)
    return pa.table(
        {field.name: pa.array(frame[field.name], field.type, from_pandas=True) for field in schema}
    )


def mistakes(contract: Contract) -> Iterator[tuple[str, str, Cell, str]]:
    """(kind, column, the wrong cell, the rule that must find it), every kind that the contract has a rule for."""
    for column in contract.columns:
        if (column.required or column.key) and not column.blank_means_above:
            yield "nothing where a value is required", column.name, (None, grammar.BLANK), "R-REQUIRED"
        if column.type != "string":
            yield "what is no " + column.type, column.name, ("二月三十一", grammar.TEXT), type_code(column)
        if column.type in ("date", "timestamp"):
            yield "a day that is none", column.name, ("2026-02-31", grammar.TEXT), "R-DATEFMT"
        yield "an error", column.name, ("#REF!", grammar.ERROR), "R-ERRCELL"
        yield "a control character", column.name, ("甲\x07乙", grammar.TEXT), "R-CTRL"
        yield "a private character", column.name, ("甲\ue000", grammar.TEXT), "R-CHAR"
    yield "a unit of nowhere", contract.unit.column, ("无此单位办公室", grammar.TEXT), "R-UNIT"
    dated = dating_column(contract)
    if dated and contract.column(dated).type == "date":
        yield "a quarter to come", dated, ("2031-01-05", grammar.DATE), "R-PERIOD"
    for rule in contract.rules:
        match rule:
            case OneOf() if contract.column(rule.column).type == "string":
                yield "a word that is not listed", rule.column, ("从未列入", grammar.TEXT), rule.id
            case Matches() if contract.column(rule.column).type == "string":
                yield "another form", rule.column, ("？？", grammar.TEXT), rule.id
            case Between(min=low) if low is not None:
                yield "too little", rule.column, (str(int(low) - 1), grammar.TEXT), rule.id
            case RequiredIf():
                yield "nothing where something else asks for it", rule.column, (None, grammar.BLANK), rule.id


def also(contract: Contract, rule_id: str) -> Iterator[tuple[str, Cell]]:
    """What else must stand in the row for the rule to ask."""
    for rule in contract.rules:
        if rule.id == rule_id and isinstance(rule, RequiredIf):
            yield rule.other, (rule.values[0], grammar.TEXT)


def test_of_seeded_faults_99_in_100_are_found(found):
    made, seen, _, _ = found
    missed = {what: (number, seen[what]) for what, number in made.items() if seen[what] < number}
    assert made.total() > 1000
    assert seen.total() >= 0.99 * made.total(), missed


def test_of_sound_rows_not_one_in_a_thousand_is_refused(found):
    _, _, sound, refused = found
    assert sound > 10_000
    assert refused <= 0.001 * sound
