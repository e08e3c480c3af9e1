"""Describe: where the table lies in a file no contract knows, and that the proposal reads it so."""

from __future__ import annotations

import io

import openpyxl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from include.config import read_yaml
from include.feeds.contract import Contract
from include.feeds.describing.describe import guess_delimiter, look
from include.feeds.describing.write import as_figures, as_yaml
from include.feeds.faults import Held
from include.feeds.read import read_delivery
from tests.feeds.department_tables import DepartmentTable, department_table

SEEDS = range(120)

AROUND = """
apiVersion: v3.1.0
kind: DataContract
id: described
name: 描述
version: 1.0.0
description: {purpose: 测试}
slaProperties: [{property: deadline_days, value: 15}]
"""


def found_as_made(table: DepartmentTable) -> str:
    """'' where everything was found as it was made, else what was not."""
    found = look(table.data, file_name=table.name)
    if found.table is None:
        return "no table"
    got = found.table
    for key, said, true in (
        ("header", got.header, table.header),
        ("rows", got.data(found.grid), table.rows),
        ("totals", list(got.totals), table.totals),
        ("banners", list(got.banners), table.banners),
        ("notes", list(got.notes), table.notes),
        ("beside", found.layout.get("beside", ""), table.beside),
        ("reads the same", found.difference, ""),
    ):
        if said != true:
            return f"{key}: {said} for {true} ({', '.join(table.about)})"
    return ""


def test_every_kind_of_department_table_is_found():
    wrong = {seed: said for seed in SEEDS if (said := found_as_made(department_table(seed)))}
    assert wrong == {}


def put_into_a_contract(found, folder) -> Contract:
    """The YAML of a description, as a steward takes it into a contract."""
    document = yaml.safe_load(AROUND) | yaml.safe_load(as_yaml(found))
    table = document["schema"][0]
    table["name"] = "described"
    named = next((p for p in table["properties"] if p.get("required")), table["properties"][0])
    named["required"] = True
    document["customProperties"] += [
        {"property": "suppliers", "value": ["office"]},
        {"property": "time", "value": {"kind": "register", "delivery": "replace"}},
        {"property": "unit", "value": {"column": named["name"]}},
    ]
    path = folder / "described.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    assert read_yaml(path)
    return Contract.from_yaml(path)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(1_000, 10_000_000))
def test_the_proposal_put_into_a_contract_reads_the_rows_that_were_found(tmp_path_factory, seed):
    table = department_table(seed)
    found = look(table.data, file_name=table.name)
    assert found.table is not None
    contract = put_into_a_contract(found, tmp_path_factory.mktemp("contract"))
    read = read_delivery(table.data, file_name=table.name, contract=contract)
    assert read.landed == read.table.num_rows + read.structural.num_rows
    first = [row - 1 for row in read.table["_row"].to_pylist()][: len(found.table.data(found.grid))]
    assert first == found.table.data(found.grid)
    assert read.cell_digest == found.read.cell_digest


def book(rows, merges=(), **sheets):
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, cells in (sheets or {"表": rows}).items():
        page = workbook.create_sheet(name)
        for row in cells:
            page.append(row)
        for merge in merges:
            page.merge_cells(merge)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def test_types_units_and_personal_columns():
    rows = [
        ["单位", "姓名", "日期", "金额(万元)", "件数", "比例", "结案", "编号"],
        ["甲局", "张三", "2026-07-01", 1.5, 3, "12.5%", "是", "007"],
        ["乙局", "李四", "2026-07-02", 2, 4, "3%", "否", "008"],
    ]
    found = look(book(rows), file_name="a.xlsx")
    columns = {column.header: column for column in found.columns}
    assert {header: column.type for header, column in columns.items()} == {
        "单位": "string", "姓名": "string", "日期": "date", "金额(万元)": "number", "件数": "integer",
        "比例": "number", "结案": "boolean", "编号": "string",
    }  # fmt: skip
    assert (columns["金额(万元)"].unit, columns["比例"].unit) == ("万元", "百分比")
    assert columns["姓名"].personal and not columns["单位"].personal
    assert "classification: personal" in as_yaml(found)
    assert "张" not in str(as_figures(found)), "values stay in the file"


def test_the_corner_decides_the_unit_of_money_columns():
    rows = [
        ["决算表"],
        [None, None, "单位：千元"],
        ["单位", "人数", "决算数"],
        ["甲", 3, 1500],
        ["乙", 4, 2500],
    ]
    found = look(book(rows), file_name="a.xlsx")
    assert found.layout["corner_unit"] == "convert"
    assert [column.unit for column in found.columns] == ["", "", "万元"]
    assert found.read.table["column_c"].to_pylist() == ["150", "250"]


def test_another_table_below_is_left_out():
    rows = [
        ["单位", "件数"],
        ["甲局", 1],
        ["乙局", 2],
        [],
        ["表二 编制"],
        ["科室", "编制", "实有"],
        ["办公室", 5, 4],
    ]
    found = look(book(rows), file_name="a.xlsx")
    assert as_figures(found)["table"]["other_table_from_row"] == 5
    assert found.layout["ends"] and found.reads_the_same
    assert found.read.table.num_rows == 2


def test_the_first_sheet_with_a_table_is_described_and_named():
    data = book(None, 说明=[["填报说明"], ["请据实填报"]], 台账=[["单位", "件数"], ["甲", 1], ["乙", 2]])
    found = look(data, file_name="a.xlsx")
    assert (found.sheet, found.layout["sheets"]) == ("台账", ["台账"])
    assert look(data, file_name="a.xlsx", sheet="说明").table is None


def test_years_over_figures_are_a_header():
    rows = [["地区", 2023, 2024, 2025], ["甲", 10, 20, 30], ["乙", 11, 21, 31]]
    found = look(book(rows), file_name="a.xlsx")
    assert found.table.header == (0, 0) and found.table.first == 1


def test_a_supplier_named_like_a_total_is_data():
    rows = [
        ["Supplier", "Category", "Spend"],
        ["Total Gas & Power", "Fuel", 5],
        ["Costain", "Rail", 7],
        ["Total", None, 12],
    ]
    found = look(book(rows), file_name="a.xlsx")
    assert found.table.totals == (3,)


def test_columns_of_one_name_are_told_and_left_out():
    rows = [["单位", "件数", "件数", "备注"], ["甲", 1, 2, "x"], ["乙", 3, 4, "y"]]
    found = look(book(rows), file_name="a.xlsx")
    assert found.shared == ("件数",)
    assert [column.header for column in found.columns] == ["单位", "备注"]
    assert found.reads_the_same


@pytest.mark.parametrize("rows", [[["只有一句话"]], [["a", "b"]], [[1, 2], [3, 4]]])
def test_a_sheet_without_a_table(rows):
    assert look(book(rows), file_name="a.xlsx").table is None


def test_a_broken_file_is_held_in_the_child_like_any_other():
    with pytest.raises(Held) as caught:
        look(book([["单位", "件数"], ["甲", 1]])[:200], file_name="a.xlsx")
    assert caught.value.fault.code in {"F-CORRUPT", "F-ZIP", "F-TRUNC"}


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b\n1;2\n", ";"), ("a\tb\n1,5\t2\n", "\t"), ("a,b\n\"1;2;3\",2\n", ","), ("a|b|c\n1|2|3\n", "|"),
        ("一句话\n", ","), ("", ","),
    ],
)  # fmt: skip
def test_delimiter(text, delimiter):
    assert guess_delimiter(text.encode()) == delimiter
