"""Rows of awkward layouts when they are judged: addresses in sentences, and none lost or taken for another."""

from __future__ import annotations

import io

import openpyxl
import pytest

from include.feeds.read import read_delivery

COLUMNS = [
    {"name": "unit", "title": "单位", "type": "string", "required": True},
    {"name": "count", "title": "件数", "type": "integer", "required": True},
]


@pytest.fixture
def judged(kit):
    def judge_rows(rows, *, columns=COLUMNS, **layout):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.active.title = "台账"
        buffer = io.BytesIO()
        book.save(buffer)
        register = {"kind": "register", "delivery": "replace"}
        contract = kit.contract(columns=columns, rules=[], layout=layout, time=register)
        text = read_delivery(buffer.getvalue(), file_name="a.xlsx", contract=contract)
        found = kit.run(contract, text.table, letters=text.letters, letters_by_sheet=text.letters_by_sheet)
        counted = found.accepted.num_rows + found.quarantined_rows + len(found.duplicates)
        assert text.landed == counted + text.structural.num_rows
        return found

    return judge_rows


def test_tables_side_by_side_keep_their_rows_apart(judged):
    head = ["单位", "件数"]
    rows = [[*head, None, *head], ["甲区信访局", 1, None, "乙镇", "约2"], ["乙镇", 2, None, "甲区信访局", 1]]
    found = judged(rows, beside="same")
    assert found.quarantined[["sheet", "row", "cell"]].values.tolist() == [["台账[D:E]", 2, "E2"]]
    assert found.duplicates[["sheet", "row", "of_sheet", "of_row"]].values.tolist() == [
        ["台账[D:E]", 3, "台账[A:C]", 2]
    ]


def test_a_transposed_cell_is_named_as_excel_names_it(judged):
    found = judged([["单位", "甲区信访局", "乙镇"], ["件数", 1, "约2"]], transposed=True)
    assert found.quarantined[["row", "cell"]].values.tolist() == [[3, "R2C3"]]


def test_a_row_above_the_first_banner_lacks_its_category(judged):
    category = {
        "name": "category",
        "title": "类别",
        "type": "string",
        "required": True,
        "may_be_absent": True,
    }
    rows = [["单位", "件数"], ["乙镇", 1], ["一、部门"], ["甲区信访局", 2]]
    found = judged(rows, columns=[*COLUMNS, category], banner="category")
    assert found.quarantined[["row", "column", "rule_id"]].values.tolist() == [[2, "category", "R-REQUIRED"]]
    assert found.accepted["category"].to_pylist() == ["一、部门"]
