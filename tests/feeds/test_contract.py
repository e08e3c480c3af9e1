from __future__ import annotations

from pathlib import Path

import pytest

import include
from include.config import ConfigError
from include.feeds.contract import Contract

FOLDER = Path(include.__file__).parent / "feeds" / "contracts"
SHIPPED = sorted(FOLDER.glob("*.yaml"))
MAIN = ("petitions", "audit", "finance", "inspection")
GOOD = (FOLDER / "audit.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_contract_is_read(path):
    contract = Contract.from_yaml(path)
    assert contract.feed == path.stem
    assert contract.title.en
    assert contract.suppliers
    assert contract.key, "a row of every feed can be named"
    assert contract.grain and contract.purpose


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_header_belongs_to_one_column(path):
    headers = [header for column in Contract.from_yaml(path).columns for header in set(column.headers)]
    assert sorted({header for header in headers if headers.count(header) > 1}) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_column_has_a_chinese_and_a_code_header(path):
    for column in Contract.from_yaml(path).columns:
        assert column.name in column.headers, f"{column.name}: the code itself is a header"
        assert any(not header.isascii() for header in column.headers), f"{column.name}: a Chinese header"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_rule_speaks_both_languages(path):
    for rule in Contract.from_yaml(path).rules:
        assert rule.title.zh and rule.title.en, rule.id


def test_main_feeds_are_as_departments_send_them():
    petitions, audit, finance, inspection = (
        Contract.from_yaml(FOLDER / f"{feed}.yaml")
        for feed in ("petitions", "audit", "finance", "inspection")
    )
    assert audit.files == ("csv",) and "gb18030" in audit.layout.encodings
    assert petitions.layout.header_rows == finance.layout.header_rows == 2
    assert {column.name for column in finance.columns if column.unit == "万元"} >= {
        "budget",
        "spent",
        "reception",
    }
    assert finance.time.lookback_quarters == 7, "a year to date against the same months of last year"
    assert petitions.column("petitioner").privacy == "personal"
    severities = {
        rule.severity for contract in (petitions, audit, finance, inspection) for rule in contract.rules
    }
    assert severities == {"reject_row", "hold_file", "warn"}


def test_digest_follows_the_bytes(tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text(GOOD, encoding="utf-8")
    two.write_text(GOOD + "\n# a remark\n", encoding="utf-8")
    assert Contract.from_yaml(one).digest != Contract.from_yaml(two).digest


MISTAKES = {
    "unknown key at the top": ("status: active", "statuss: active", "statuss"),
    "unknown key of a column": ("businessName: 问题编号", "bussinessName: 问题编号", "finding_no"),
    "unknown custom property": ("property: suppliers", "property: supliers", "supliers"),
    "type that does not exist": ("logicalType: boolean", "logicalType: bool", "columns.11.type"),
    "unit that does not exist": ("value: 万元", "value: 百万元", "columns.4.unit"),
    "rule kind that does not exist": ("kind: compare", "kind: compares", "compare"),
    "rule on a column that does not exist": (
        "column: audited_amount",
        "column: amount",
        "audited_amount_not_negative",
    ),
    "severity that does not exist": ("severity: warn", "severity: mild", "severity"),
    "no deadline": ("property: deadline_days", "property: deadline", "deadline_days"),
    "quarter from a column that does not exist": (
        "{column: due_on}",
        "{column: due}",
        "time.quarter_from.column",
    ),
    "quarter from nowhere": ("quarter_from: {column: due_on}", "quarter_from: {}", "time.quarter_from"),
    "unit column that does not exist": ("value: {column: unit}", "value: {column: units}", "unit.column"),
    "column named as the system's own": ("name: project\n", "name: filename\n", "another"),
    "column declared twice": ("name: project\n", "name: unit\n", "declared twice"),
    "upsert without a key": ("primaryKey: true", "primaryKey: false", "primaryKey"),
    "broken YAML": ("schema:\n", "schema: [\n", "YAML"),
    "two tables": ("  - name: audit\n", "  - name: other\n  - name: audit\n", "one table"),
}


@pytest.mark.parametrize(("old", "new", "says"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_name_the_file_and_the_place(tmp_path, old, new, says):
    assert old in GOOD, "the fixture still makes the mistake"
    path = tmp_path / "broken.yaml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Contract.from_yaml(path)
    assert says in str(caught.value)
    assert "broken.yaml" in str(caught.value)


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        Contract.from_yaml(tmp_path / "none.yaml")
