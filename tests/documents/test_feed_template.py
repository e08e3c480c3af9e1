"""The template that a department fills in is read and accepted by its own contract, and is the same bytes each time."""

from __future__ import annotations

import csv
import io
import re
import string
import subprocess
import sys
from datetime import date

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.config import ConfigError
from include.documents.contract_page import contract_html, contract_markdown
from include.documents.feed_guide import FeedGuide, bounds_of, feed_guide
from include.documents.feed_template import write_template
from include.feeds.contract import Contract
from include.feeds.contract_rules import Matches
from include.feeds.read import read_delivery
from include.quality.judge import Delivered, judge
from include.quarters import Quarter
from include.site import CONTRACTS, REPOSITORY
from tests.quality.conftest import make_contract

FEEDS = sorted(path.stem for path in CONTRACTS.glob("*.yaml"))
NOW = date(2026, 11, 22)
PLAIN = st.sampled_from(string.ascii_letters + string.digits + "_-")


def guide_of(contract: Contract, **more) -> FeedGuide:
    known = {"suppliers": {"office": "信访局"}, "deadline_days": 12, "folders": ["141130/petitions"]}
    return feed_guide(contract, **(known | more))


def shipped(feed: str) -> Contract:
    return Contract.from_yaml(CONTRACTS / f"{feed}.yaml")


def named(contract: Contract) -> str:
    facts = {label.en: text.zh for label, text in guide_of(contract).facts}
    found = re.search(r"如 (\S+)", facts.get("File name", ""))
    return found[1] if found else f"{contract.title.zh}.{contract.files[0]}"


def data_sheet(book: openpyxl.Workbook):
    (name,) = [name for name in book.sheetnames if name != "填报说明"]
    return book[name]


def filled(contract: Contract, rows: list[dict]) -> bytes:
    """The template as a department returns it, saved by another program."""
    guide = guide_of(contract)
    book = openpyxl.load_workbook(io.BytesIO(write_template(guide)))
    sheet = data_sheet(book)
    for number, row in enumerate(rows, start=2):
        for place, column in enumerate(guide.columns, start=1):
            sheet.cell(number, place, row[column.column.name])
    if "xlsx" not in contract.files:
        # As the guide says: the sheet saved as CSV.
        lines = io.StringIO()
        csv.writer(lines).writerows(sheet.iter_rows(values_only=True))
        return lines.getvalue().encode("utf-8-sig")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@st.composite
def valid_rows(draw, contract: Contract) -> list[dict]:
    """Rows that fill every column as the guide asks; dates and figures of a row are equal, so that any order holds."""
    guide, rows = guide_of(contract), []
    patterns = {rule.column: rule.pattern for rule in contract.rules if isinstance(rule, Matches)}
    for number in range(draw(st.integers(1, 4))):
        day, figure = draw(st.dates(date(2026, 1, 1), date(2026, 9, 30))), draw(st.integers(1, 100))
        row = {}
        for column in guide.columns:
            name, kind = column.column.name, column.column.type
            if name == contract.unit.column:
                value = f"示例单位{number}" if not contract.unit.register_from_feed else f"U-{number}"
            elif column.choices:
                value = draw(st.sampled_from(column.choices))
            elif kind in ("date", "timestamp"):
                value = day
            elif kind in ("integer", "number"):
                value = figure
            elif column.example == "2026Q3":
                value = str(Quarter.of(day))
            elif name in patterns:
                value = draw(
                    st.from_regex(
                        patterns[name], fullmatch=True, alphabet=st.sampled_from(string.printable[:62] + "_-")
                    )
                )
            else:
                value = f"{draw(st.sampled_from(['甲', '乙 丙', '１号', 'A-7']))}{number}"
            row[name] = value
        rows.append(row)
    return rows


def known_units(names: pa.Array, days: pa.Array) -> pa.Array:
    return pa.array(["U1"] * len(names), pa.string())


@pytest.mark.parametrize("feed", FEEDS)
@settings(
    max_examples=1, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_the_filled_template_is_accepted_by_its_own_contract(feed, data):
    contract = shipped(feed)
    rows = data.draw(valid_rows(contract))
    name = named(contract)
    text = read_delivery(filled(contract, rows), file_name=name, contract=contract)
    assert [one.code for one in text.warnings] == []
    assert text.table.num_rows == len(rows)
    (judgement,) = judge(
        [Delivered(text.table, text.letters, name, None, text.letters_by_sheet)],
        contract,
        resolve_units=known_units,
        nearest_units=lambda _name: [],
        now=NOW,
        first_quarter=Quarter(2025, 1),
    )
    assert judgement.held is None, judgement.held
    assert judgement.quarantined.empty, judgement.quarantined["message_en"].tolist()
    assert judgement.accepted.num_rows == len(rows)


@pytest.mark.parametrize("feed", FEEDS)
def test_every_shipped_feed_has_a_template_with_a_note_on_every_column(feed):
    contract = shipped(feed)
    book = openpyxl.load_workbook(io.BytesIO(write_template(guide_of(contract))))
    assert book.sheetnames[0] == "填报说明"
    sheet = data_sheet(book)
    headers = [cell.value for cell in sheet[1]]
    assert all(cell.comment and cell.comment.text for cell in sheet[1])
    declared = {header for column in contract.columns for header in (column.title, *column.headers)}
    assert set(headers) <= declared and len(headers) == len(set(headers))
    assert sheet.max_row == 1, "nothing that could be taken for a row"


def test_the_same_contract_gives_the_same_bytes_whatever_the_hash_seed():
    code = (
        "import sys, hashlib; from pathlib import Path; from include.feeds.contract import Contract;"
        "from include.documents.feed_guide import feed_guide;"
        "from include.documents.feed_template import write_template;"
        "guide = feed_guide(Contract.from_yaml(Path(sys.argv[1])), suppliers={}, deadline_days=9, folders=[]);"
        "print(hashlib.sha256(write_template(guide, units=['甲', '乙'])).hexdigest())"
    )
    command = [sys.executable, "-c", code, str(CONTRACTS / "finance.yaml")]
    found = set()
    for seed, zone in (("1", "UTC"), ("2", "Asia/Shanghai")):
        environment = {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(REPOSITORY)}
        found.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(found) == 1


def validations(contract: Contract, **more) -> dict[str, tuple]:
    book = openpyxl.load_workbook(io.BytesIO(write_template(guide_of(contract), **more)))
    sheet = data_sheet(book)
    found = {}
    for rule in sheet.data_validations.dataValidation:
        column = str(rule.sqref).split(":")[0].rstrip("0123456789")
        found[sheet[f"{column}1"].value] = (rule.type, rule.operator, rule.formula1, rule.formula2)
    return found


def test_drop_downs_dates_and_numbers_are_checked_as_the_contract_says():
    contract = make_contract()
    found = validations(contract, units=["甲区信访局", "乙镇"])
    assert found["渠道"][0::2] == ("list", '"来信,来访"')
    assert found["是否办结"][2] == '"是,否"'
    assert found["件数"][0] == "whole" and found["件数"][2:] == ("0", "100")
    assert found["日期"][0] == "date"
    assert found["金额"][0] == "decimal"
    unit = found["单位"]
    assert unit[0] == "list" and unit[2].startswith("填报说明!$A$")
    book = openpyxl.load_workbook(
        io.BytesIO(write_template(guide_of(contract), units=["甲区信访局", "乙镇"]))
    )
    first, last = re.findall(r"\$A\$(\d+)", unit[2])
    assert [book["填报说明"][f"A{row}"].value for row in range(int(first), int(last) + 1)] == [
        "甲区信访局",
        "乙镇",
    ]


def test_a_list_longer_than_excel_takes_stands_in_cells():
    values = tuple(f"第{number}类事项办理情况说明" for number in range(40))
    rule = {"id": "kinds", "kind": "one_of", "column": "channel", "values": values}
    found = validations(make_contract(rules=[rule]))
    assert found["渠道"][2].startswith("填报说明!$A$")


def test_a_template_with_a_nil_mark_is_read_as_a_nil_return():
    contract = shipped("petitions")
    facts = {label.en: text.zh for label, text in guide_of(contract).facts}
    mark = re.search(r"“(.+?)”", facts["Nothing to report"])[1]
    guide = guide_of(contract)
    row = {column.column.name: None for column in guide.columns} | {guide.columns[0].column.name: mark}
    text = read_delivery(filled(contract, [row]), file_name=named(contract), contract=contract)
    assert text.table.num_rows == 0 and "2026Q3" in text.nil
    assert "Nothing to report" not in {label.en for label, _ in guide_of(shipped("units")).facts}


def test_nobody_is_asked_for_what_is_thrown_away():
    guide = guide_of(make_contract())
    assert "person" not in {column.column.name for column in guide.columns}
    columns = [dict(one) for one in make_contract().model_dump()["columns"]]
    columns[-1]["may_be_absent"] = False
    guide = guide_of(make_contract(columns=columns))
    assert "不入库" in guide.columns[-1].note.zh


@pytest.mark.parametrize(
    ("unit", "low", "high", "shown"),
    [("", 0, 5, (0, 5)), ("万元", 0, 50000, (0, 5)), ("百分比", 0, 1, (0, 100))],
)
def test_bounds_are_told_as_they_are_typed(unit, low, high, shown):
    columns = [dict(one) for one in make_contract().model_dump()["columns"]]
    next(one for one in columns if one["name"] == "amount")["unit"] = unit
    rule = {"id": "range", "kind": "between", "column": "amount", "min": low, "max": high}
    contract = make_contract(columns=columns, rules=[rule])
    assert bounds_of(contract, contract.column("amount")) == shown


def test_the_guide_says_deadline_supplier_folder_and_file_name():
    facts = {label.zh: text.zh for label, text in guide_of(shipped("petitions")).facts}
    assert "12 日内" in facts["报送期限"] and facts["报送单位"] == "信访局"
    assert "141130/petitions" in facts["怎样报送"]
    assert "文件名" not in facts, "rows are dated by a column"
    assert named(shipped("self_evaluation")).endswith(".xlsx")
    only_csv = {label.en: text.zh for label, text in guide_of(shipped("audit")).facts}
    assert "CSV" in only_csv["How to send"]


def test_a_layout_without_a_plain_sheet_has_no_template():
    with pytest.raises(ConfigError, match="no template"):
        write_template(guide_of(make_contract(layout={"transposed": True})))


def test_a_page_needs_nothing_but_itself_and_escapes_what_it_shows():
    contract = make_contract(title={"zh": "<演示> & 表", "en": "Demo"})
    html = contract_html(guide_of(contract))
    assert "&lt;演示&gt; &amp; 表" in html and "<演示>" not in html
    assert not re.search(r"https?://|<script|<link|url\(", html)
    assert "渠道" in html and "来信、来访" in html
    markdown = contract_markdown(guide_of(shipped("petitions")))
    assert "时间节点\\|登记" in markdown, "a header over two rows does not break the table"
    assert all(line.count("|") >= 2 for line in markdown.splitlines() if line.startswith("|"))
