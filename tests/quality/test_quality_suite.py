from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.feeds.contract import Contract
from include.limited.client import Server
from include.quality import second, second_work
from include.quality import suite as suite_module
from include.quality.checks import ANY_COLUMN, checks
from include.quality.suite import build_suite

SHIPPED = sorted((Path(suite_module.__file__).parents[1] / "feeds" / "contracts").glob("*.yaml"))


def covered(contract):
    delivered = frozenset(column.name for column in contract.columns)
    suite = build_suite(contract, earliest="2023Q4", current="2026Q4", delivered=delivered)
    metas = [(e.meta["rule_id"], e.meta["column"]) for e in suite.expectations]
    wanted = {
        (check.rule_id, "" if check.rule_id in ANY_COLUMN else check.column)
        for check in checks(contract, delivered=delivered)
    }
    return metas, wanted


def test_every_rule_has_one_expectation(kit, contract):
    metas, wanted = covered(contract)
    assert len(metas) == len(set(metas)) and wanted <= set(metas)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_contracts_compile_to_both_judges(kit, path):
    contract = Contract.from_yaml(path)
    metas, wanted = covered(contract)
    assert len(metas) == len(set(metas)) and wanted <= set(metas)
    blank = kit.run(contract, kit.table(contract, [{}, {column.name: "x" for column in contract.columns}]))
    assert blank.held is not None and blank.held.code != "F-JUDGES"


@pytest.mark.parametrize("pair", [("count", "other"), ("day", "closed"), ("channel", "code")])
def test_judges_agree_on_every_comparison(kit, pair):
    left, right = pair
    failing = {"<=": 3, "<": 6, ">=": 3, ">": 6, "==": 6, "!=": 3}
    rules = [
        {"id": f"r{at}", "kind": "compare", "left": left, "op": op, "right": right, "severity": "warn"}
        for at, op in enumerate(failing)
    ]
    columns = [*kit.columns, {"name": "other", "title": "另数", "type": "number"}]
    contract = kit.contract(columns=columns, rules=rules)
    values = {"count": "123", "other": "123", "day": ("2026-08-01", "2026-08-02", "2026-08-03")}
    values |= {"closed": values["day"], "channel": "abc", "code": "abc"}
    rows = kit.rows(12)
    for at, row in enumerate(rows):
        row[left] = [*values[left]][at % 3]
        row[right] = [*values[right], None][at % 4]
    judgement = kit.run(contract, kit.table(contract, rows))
    assert judgement.held is None
    assert judgement.warnings.query("row > 0").groupby("rule_id").size().to_dict() == {
        f"r{at}": count for at, count in enumerate(failing.values())
    }


@pytest.mark.parametrize("column", ["count", "done", "day"])
def test_lists_of_values_work_on_any_type(kit, column):
    values = {"count": ["1", "3.0"], "done": ["是"], "day": ["2026-08-01"]}[column]
    rules = [
        {"id": "listed", "kind": "one_of", "column": column, "values": values},
        {"id": "due", "kind": "required_if", "column": "code", "other": column, "values": values},
    ]
    contract = kit.contract(rules=rules)
    wrong = {"count": "2", "done": "否", "day": "2026-08-02"}[column]
    rows = kit.rows(60, {column: wrong, "code": None}, {"code": None})
    judgement = kit.run(contract, kit.table(contract, rows))
    assert judgement.held is None
    assert list(zip(judgement.quarantined["row"], judgement.quarantined["rule_id"], strict=True)) == [
        (5, "listed"),
        (6, "due"),
    ]


def test_a_disagreement_holds_the_file(kit, contract, monkeypatch):
    honest = second._failures
    lie = {("count_range", "count"): np.array([0, 1])}
    monkeypatch.setattr(second, "_failures", lambda outcome: honest(outcome) | lie)
    held = kit.run(contract, kit.table(contract, kit.rows(60, {"count": "101"}))).held
    assert held.code == "F-JUDGES" and "count_range" in held.zh and "1 行" in held.zh


def test_a_rule_that_could_not_be_judged_holds_the_file(kit, contract, monkeypatch):
    honest = second.judged_cells
    monkeypatch.setattr(second, "judged_cells", lambda *a, **k: honest(*a, **k).drop_columns("count"))
    judgement = kit.run(contract, kit.table(contract, kit.rows(5)))
    assert judgement.held.code == "F-JUDGES" and "count_range" in judgement.held.en
    assert not any(r.passed for r in judgement.results if r.judge == "gx" and r.rule_id == "count_range")


def test_a_second_judge_that_dies_holds_the_file_and_the_next_file_is_judged(kit, contract, monkeypatch):
    monkeypatch.setattr(second, "_WALL_SECONDS", 0.05)
    table = kit.table(contract, kit.rows(60))
    judgement = kit.run(contract, table)
    assert judgement.held.code == "H-ONEJUDGE" and judgement.accepted.num_rows == 60
    monkeypatch.undo()
    assert kit.run(contract, table).held is None


def test_a_delivery_past_the_declared_size_is_judged_once_and_says_so(kit):
    contract = kit.contract(second_judge_rows=5)
    judgement = kit.run(contract, kit.table(contract, kit.rows(6)))
    assert judgement.held is None and list(judgement.warnings["rule_id"]) == ["W-ONEJUDGE"]
    assert {result.judge for result in judgement.results} == {"duckdb"}
    within = kit.run(contract, kit.table(contract, kit.rows(5)))
    assert {result.judge for result in within.results} == {"duckdb", "gx"}


def test_a_shared_judge_with_other_code_gives_no_opinion(kit, contract, monkeypatch):
    monkeypatch.setattr(second, "code_state", lambda: "older")
    assert kit.run(contract, kit.table(contract, kit.rows(5))).held.code == "H-ONEJUDGE"


def test_a_judge_that_another_process_shares_is_taken(kit, contract, monkeypatch, tmp_path):
    address = str(tmp_path / "judge")
    server = Server("include.quality.second_work", address)
    server.wait_ready()
    monkeypatch.setenv(second.ADDRESS_VARIABLE, address)
    monkeypatch.setattr(second._SUITES, "_running", lambda: pytest.fail("took a judge of its own"))
    try:
        assert kit.run(contract, kit.table(contract, kit.rows(5))).held is None
    finally:
        server.close()


def test_a_judge_ends_without_a_word(capfd):
    server = Server("include.quality.second_work")
    server.wait_ready()
    server.close()
    assert server.process.returncode == 0
    assert capfd.readouterr().err == "", "a library found its own modules alive after the interpreter"


def test_a_configuration_built_once_gives_the_verdicts_of_one_built_anew(contract, monkeypatch):
    frame = pd.DataFrame(
        {
            "unit": ["a", "b", "b"],
            "unit__given": ["a", None, "b"],
            "day": [None] * 3,
            "day__read": [True, False, True],
        }
        | {
            "_at": [0, 1, 2],
            "_kinds": ["1", "5", "1"],
            "_cells": ["a", "\x01", "b"],
            "_clean": ["a", "b", "b"],
        }
        | {"_numbers": ["", "", ""], "_unit": ["U1", "", "U2"], "_quarter_due": ["2026Q3", None, "2019Q1"]}
        | {"_quarter_number": [8106.0, None, 8076.0], "_delivery": [0, 0, 0]}
    )
    facts = {"earliest": "2020Q1", "current": "2026Q3", "delivered": frozenset({"unit", "day"})}
    once = suite_module.run_suite(frame, second_work._TINY, **facts)
    monkeypatch.setattr(suite_module, "_configurations_built_once", nullcontext)
    anew = suite_module.run_suite(frame, second_work._TINY, **facts)
    assert len(once) >= 5 and once.keys() == anew.keys()
    assert all(np.array_equal(once[rule], anew[rule]) for rule in once)


def test_great_expectations_is_not_imported_with_the_module():
    code = "import sys, include.quality.judge; sys.exit('great_expectations' in sys.modules)"
    root = Path(suite_module.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_results_carry_no_values(kit, contract):
    judgement = kit.run(contract, kit.table(contract, kit.rows(60, {"channel": "微信"})))
    assert "微信" not in repr(judgement.results)
