# ruff: file-ignore[line-too-long] -- a table reads best with a case in a line
"""The bad-input catalogue, row by row: each accident ends as declared, as a held file or as a refused row.

A case is a row of the catalogue, a variant, what arrives, and the codes it must end with: of the file (`F-`, `H-`), of
its rows (`R-`), what is told (`W-`), or `read` where nothing is wrong. `and nothing else` is part of it. What is amiss
with the entry of the inbox and not with its content ends at landing.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from include.feeds.contract import Contract
from include.feeds.faults import Held
from include.feeds.landing import land, scan_inbox
from include.feeds.read import read_delivery
from include.quality.judge import Delivered, judge
from include.quarters import Quarter
from tests.feeds import accidents as a

UNITS = {"甲局": "U1", "乙局": "U2", "丙镇人民政府": "U3"}
READ: set[str] = set()


@dataclass(frozen=True)
class Case:
    row: str
    variant: str
    data: Callable[[], bytes]
    codes: set[str]
    name: str = "2026Q3台账.xlsx"
    layout: dict[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ("xlsx", "xls", "ods", "csv", "parquet")
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.row}: {self.variant}"


def contract(case: Case) -> Contract:
    columns = {
        "unit": {"type": "string", "title": "单位", "required": True},
        "case_no": {"type": "string", "title": "编号", "required": True, "key": True},
        "cases": {"type": "integer", "title": "件数", "required": True},
        "happened_on": {"type": "date", "title": "日期", "required": True},
        "amount": {"type": "number", "title": "金额", "unit": "万元", "may_be_absent": True},
        "id_number": {"type": "string", "title": "身份证号", "may_be_absent": True, "privacy": "personal"},
    }
    declared = [{"name": name, **about, **case.changes.get(name, {})} for name, about in columns.items()]
    return Contract.model_validate(
        {
            "feed": "made_up", "version": "1.0.0", "title": {"zh": "测试"}, "purpose": "test", "grain": "row",
            "suppliers": ["office"], "deadline_days": 15, "files": list(case.files),
            "time": {
                "kind": "events", "delivery": "replace", "quarter_from": {"column": "happened_on"},
                "hold_above_bad_share": 1,
            },
            "layout": case.layout, "unit": {"column": "unit"}, "columns": declared, "digest": "0" * 64,
            "rules": [
                {
                    "id": "cases_range", "kind": "between", "column": "cases", "min": 0, "max": 1000000,
                    "severity": "reject_row", "title": {"zh": "件数应为 0 至 100 万"},
                }
            ],
        }
    )  # fmt: skip


def outcome(case: Case) -> set[str]:
    """Every code a delivery ends with."""
    made = contract(case)
    try:
        text = read_delivery(case.data(), file_name=case.name, contract=made)
    except Held as held:
        return {held.fault.code}
    if text.nil:
        return {"nil"}
    (judged,) = judge(
        [Delivered(text.table, text.letters, case.name, None, text.letters_by_sheet)],
        made,
        resolve_units=lambda names, _: pa.array([UNITS.get(name, "") for name in names.to_pylist()]),
        nearest_units=lambda _: [],
        now=dt.date(2026, 10, 20),
        first_quarter=Quarter(2025, 1),
    )
    told = {fault.code for fault in text.warnings}
    # Where every row of so small a file is refused, the share says nothing about the row.
    held = {judged.held.code} - {"H-ALLBAD"} if judged.held else set()
    blank = {"W-ALLNULL"}
    return held | told | set(judged.quarantined["rule_id"]) | set(judged.warnings["rule_id"]) - blank


def entity(declaration: str) -> Callable[[], bytes]:
    return lambda: a.with_sheet(lambda xml: xml.replace("<worksheet", declaration + "<worksheet", 1))


def cell(value: Any, **where: Any) -> Callable[[], bytes]:
    return lambda: a.with_cell(value, **where)


def text_cell(value: str, **where: Any) -> Callable[[], bytes]:
    return lambda: a.csv_cell(value, **where)


def grid(rows: int) -> bytes:
    line = "甲局,A-{},3,2026-07-01,1,\n"
    return (",".join(a.HEADER) + "\n" + "".join(line.format(n) for n in range(rows - 1))).encode()


NUMBER_TEXTS = ["１２３", "1,234", "12\u00a0", "1，234"]
ODD_NUMBERS = ["1.2万", "壹佰", "0x1F", "1_000", "1 234", "约300", "12件", "--5"]
DATES_REFUSED = [
    "26/1/5",
    "01/02/2026",
    "民国115年1月5日",
    "农历正月初五",
    "2026-02-30",
    "2026.13.1",
    "45000",
]
FILES = [
    Case("zip bomb", "ratio", a.zip_bomb_by_ratio, {"F-BOMB"}),
    Case("zip bomb", "many members", a.zip_bomb_nested_in_many_members, {"F-BOMB"}),
    Case("zip bomb", "lies about its size", a.zip_that_lies_about_its_size, {"F-CORRUPT"}),
    Case("zip bomb", "Parquet", a.parquet_bomb, {"F-BOMB"}),
    Case("zip structure", "too many members", a.hundred_thousand_members, {"F-ZIP"}),
    Case("zip structure", "overlapping members", a.overlapping_members, {"F-ZIP"}),
    Case("zip structure", "zip64 directory lies", a.zip64_directory_that_lies, {"F-ZIP"}),
    Case("entities", "billion laughs", entity('<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'), {"F-XML"}),
    Case("entities", "external entity", entity('<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), {"F-XML"}),
    Case("entities", "bare DTD", entity("<!DOCTYPE worksheet>"), {"F-XML"}),
    Case(
        "entities", "in a member that is no sheet",
        lambda: a.with_members(a.xlsx(), {"xl/styles.xml": lambda old: b"<!DOCTYPE a>" + old}),
        {"F-XML"},
    ),
    Case("entities", "hidden by UTF-16", lambda: a.with_members(
        a.xlsx(), {"xl/worksheets/sheet1.xml": lambda old: old.decode().encode("utf-16")}
    ), {"F-XML"}),
    Case("sparse", "one cell at XFD1048576", lambda: a.with_rows('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
         {"F-SPARSE"}),
    Case("sparse", "last row of column F", lambda: a.with_rows(
        '<row r="1048570"><c r="AZ1048570"><v>1</v></c></row>'), {"F-SPARSE"}),
    Case("sparse", "OpenDocument", lambda: a.ods(
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell/></table:table-row>'
        f'<table:table-row><table:table-cell table:number-columns-repeated="16000"/>{a.ods_number(1)}</table:table-row>'
    ), {"F-SPARSE"}),
    Case("false dimension", "says A1", lambda: a.with_sheet(
        lambda xml: a.re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1"', xml)), READ),
    Case("false dimension", "says all of it", lambda: a.with_sheet(
        lambda xml: a.re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"', xml)), READ),
    Case("false dimension", "says nothing", lambda: a.with_sheet(
        lambda xml: a.re.sub(r"<dimension[^>]*/>", "", xml)), READ),
    Case("false address", "row 0", lambda: a.with_sheet(lambda xml: xml.replace('r="A1"', 'r="A0"')), {"F-XML"}),
    Case("duplicate address", "cell", lambda: a.with_rows(
        a.row_of('<c r="C{number}"><v>1</v></c><c r="C{number}"><v>9</v></c>')), {"F-DUPADDR"}),
    Case("duplicate address", "row", lambda: a.with_rows(
        a.row_of('<c r="C{number}"><v>1</v></c>') + a.row_of('<c r="C{number}"><v>9</v></c>')), {"F-DUPADDR"}),
    Case("duplicate address", "rows reversed", lambda: a.with_rows(
        a.row_of('<c r="C{number}"><v>1</v></c>', number=3) + a.row_of('<c r="C{number}"><v>9</v></c>')),
        {"F-DUPADDR"}),
    Case("two members of one name", "sheet", a.two_members_of_one_name, {"F-ZIPDUP"}),
    Case("two members of one name", "other case", lambda: a.two_members_of_one_name("XL/Workbook.xml"), {"F-ZIPDUP"}),
    Case("two members of one name", "strings", lambda: a.two_members_of_one_name("xl/styles.xml"), {"F-ZIPDUP"}),
    Case("bit rot", "in the sheet", lambda: a.bit_rot(member="xl/worksheets/sheet1.xml"), {"F-CORRUPT"}),
    Case("bit rot", "in a member that no reader opens", lambda: a.bit_rot(member="xl/media/photo.bin"), {"F-CORRUPT"}),
    Case("bit rot", "wrong checksum", lambda: a.wrong_checksum(member="xl/styles.xml"), {"F-CORRUPT"}),
    Case("truncated", "0 byte", lambda: b"", {"F-TRUNC"}),
    Case("truncated", "half", lambda: a.xlsx()[:3000], {"F-TRUNC"}),
    Case("truncated", "lacks its last byte", lambda: a.xlsx()[:-25], {"F-TRUNC"}),
    Case("truncated", "Parquet", lambda: a.parquet()[:-30], {"F-TRUNC"}),
    Case("password", "other than Excel's own", lambda: a.encrypted("secret"), {"F-PASS"}),
    Case("password", "Excel's own, nobody is asked", lambda: a.encrypted("VelvetSweatshop"), READ),
    Case("password", "broken container", lambda: a.ole("EncryptedPackage"), {"F-PASS"}),
    Case("password", "of a zip member", a.encrypted_zip_member, {"F-PASS"}),
    Case("mislabelled", "HTML named .xls", lambda: b"<html><table><tr><td>1</td></tr></table></html>", {"F-TYPE"}, "a.xls"),
    Case("mislabelled", "XLSX named .csv is what it is", a.xlsx, READ, "a.csv"),
    Case("mislabelled", "CSV named .xls is what it is", a.csv, READ, "a.xls"),
    Case("mislabelled", "PDF named .xlsx", lambda: b"%PDF-1.7 \n" + bytes(99), {"F-TYPE"}),
    Case("mislabelled", "Word named .xls", lambda: a.ole("WordDocument"), {"F-TYPE"}, "a.xls"),
    Case("mislabelled", "a kind not declared", a.csv, {"F-TYPE"}, files=("xlsx",)),
    Case("grid limit", "65,536 rows", lambda: grid(65_536), {"H-GRID"}, "a.csv"),
    Case("grid limit", "65,535 rows", lambda: grid(65_535), READ, "a.csv"),
    Case("grid limit", "1,048,576 rows", lambda: ("单位\n" * 1_048_576).encode(), {"H-GRID"}, "a.csv"),
    Case("macro", "vbaProject", lambda: a.with_members(a.xlsx(), {"xl/vbaProject.bin": b"x"}), {"F-MACRO"}, "a.xlsm"),
    Case("macro", "OLE object", lambda: a.with_members(a.xlsx(), {"xl/embeddings/oleObject1.bin": b"x"}), {"F-MACRO"}),
    Case("macro", "ActiveX", lambda: a.with_members(a.xlsx(), {"xl/activeX/activeX1.xml": b"<a/>"}), {"F-MACRO"}),
    Case("macro", "Excel 4.0 sheet", lambda: a.with_members(a.xlsx(), {"xl/macrosheets/sheet1.xml": b"<a/>"}), {"F-MACRO"}),
    Case("macro", "Basic in OpenDocument",
         lambda: a.with_members(a.ods(a.ods_row(a.ods_number(3))), {"Basic/script-lc.xml": b"<a/>"}), {"F-MACRO"}),
    Case("external link", "a formula", lambda: a.formula("[1]台账!B2"), {"R-EXTLINK", "W-EXTLINK"}),
    Case("external link", "quoted sheet, inside a sum", lambda: a.formula("SUM('[2]1 季度'!B2:B9)"),
         {"R-EXTLINK", "W-EXTLINK"}),
    Case("external link", "shared formula", a.shared_external_formula, {"R-EXTLINK", "W-EXTLINK"}),
    Case("external link", "DDE", lambda: a.formula("cmd|'/c calc'!A0"), {"R-EXTLINK", "W-EXTLINK"}),
    Case("external link", "OpenDocument", lambda: a.ods(
        a.ods_row(a.ods_number(3, formula="of:=['file:///d:/a.ods'#$Sheet1.A1]"))), {"R-EXTLINK", "W-EXTLINK"}),
    Case("external link", "a column of the own table is none", lambda: a.formula("SUM(Table1[1])"), READ),
    Case("external link", "brackets in a text are none", lambda: a.formula('LEN("[1]")+Sheet2!A1'), READ),
    Case("external link", "in a column that is not used", lambda: a.with_rows(
        a.row_of('<c r="C{number}"><v>1</v></c>').replace("</row>", '<c r="J2"><f>[1]a!B2</f><v>1</v></c></row>')),
        {"W-EXTLINK"}),
    Case("external link", "data connection",
         lambda: a.with_members(a.xlsx(), {"xl/connections.xml": b"<connections/>"}), {"W-CONNECTION"}),
    Case("zip slip", "upwards", lambda: a.with_members(a.xlsx(), {"../../evil.xml": b"<a/>"}), {"F-ZIPNAME"}),
    Case("zip slip", "absolute", lambda: a.with_members(a.xlsx(), {"/etc/cron.d/x": b"x"}), {"F-ZIPNAME"}),
    Case("zip slip", "drive", lambda: a.with_members(a.xlsx(), {"C:\\x.xml": b"<a/>"}), {"F-ZIPNAME"}),
    Case("no cached value", "formula", lambda: a.formula("1+1", value=""), {"R-NOCACHE"}),
    Case("no cached value", "empty value", lambda: a.formula("1+1", value="<v></v>"), {"R-NOCACHE"}),
    Case("no cached value", "written by a program", cell("=1+1"), {"R-NOCACHE"}),
    Case("no cached value", "OpenDocument", lambda: a.ods(
        a.ods_row('<table:table-cell table:formula="of:=1+1"/>') + a.ods_row(a.ods_number(1), unit="乙局")),
        {"R-NOCACHE"}),
    Case("no cached value", "the whole column", lambda: a.ods(
        a.ods_row('<table:table-cell table:formula="of:=1+1"/>')), {"R-NOCACHE"}),
    *(
        Case("error cell", f"{error} in {column}", cell(error, column=place), {"R-ERRCELL"})
        for error in ("#REF!", "#DIV/0!", "#N/A")
        for column, place in (("a number", 2), ("a text", 1))
    ),
    Case("error cell", "OpenDocument", lambda: a.ods(a.ods_row(
        '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" '
        'calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>')), {"R-ERRCELL"}),
    Case("hidden sheet", "hidden", lambda: hidden_sheet("hidden"), {"W-HIDDENSHEET"}),
    Case("hidden sheet", "very hidden", lambda: hidden_sheet("veryHidden"), {"W-HIDDENSHEET"}),
    Case("hidden sheet", "an extra one in sight", lambda: hidden_sheet("visible"), {"W-EXTRASHEET"}),
    Case("hidden rows", "hidden", lambda: a.with_sheet(
        lambda xml: xml.replace('<row r="3"', '<row r="3" hidden="1"')), {"W-HIDDENROWS"}),
    Case("hidden rows", "filtered, written true", lambda: a.with_sheet(
        lambda xml: xml.replace('<row r="2"', '<row hidden="true" r="2"')), {"W-HIDDENROWS"}),
    Case("hidden rows", "OpenDocument", lambda: a.ods(a.ods_row(
        a.ods_number(3), attributes=' table:visibility="filter"')), {"W-HIDDENROWS"}),
    Case("merged cells", "not allowed", lambda: merged_units(), {"R-MERGED"}),
    Case("merged cells", "filled down where declared", lambda: merged_units(), READ,
         changes={"unit": {"blank_means_above": True}}),
    Case("merged cells", "over two columns", lambda: a.xlsx(
        [a.HEADER, ["甲局", "A-1", 3, "2026-07-01"], ["乙局", "A-2", None, "2026-07-01"]], merges=["B3:C3"]),
        {"R-MERGED"}),
    Case("headers", "duplicate", lambda: a.xlsx([[*a.HEADER, "件数"], [*a.GOOD, 9]]), {"F-HDR"}),
    Case("headers", "duplicate but for spaces", lambda: a.xlsx([[*a.HEADER, "件 数"], [*a.GOOD, 9]]), {"F-HDR"}),
    Case("headers", "blank one", lambda: a.xlsx([[*a.HEADER, None], [*a.GOOD, 9]]), READ),
    Case("title, header and total", "all at once", lambda: a.xlsx(
        [["2026年第三季度台账"], a.HEADER, a.GOOD, ["合计", None, 3]]), READ),
    Case("title, header and total", "two header rows", lambda: a.xlsx(
        [["基本", None, "数据"], a.HEADER, a.GOOD]), READ, layout={"header_rows": 2}),
    Case("title, header and total", "a note below", lambda: a.xlsx([a.HEADER, a.GOOD, ["注:以上为第三季度"]]), READ),
    Case("columns", "missing", lambda: a.xlsx([row[:2] for row in a.ROWS]), {"F-COL"}),
    Case("columns", "extra", lambda: a.xlsx([[*a.HEADER, "备考"], [*a.GOOD, "x"]]), {"W-EXTRACOL"}),
    Case("columns", "reordered", lambda: a.xlsx([row[::-1] for row in a.ROWS]), READ),
]  # fmt: skip

CELLS = [
    Case("identity number as a number", "18 digits", cell(110105194912310038, column=5), {"R-IDPREC"}),
    Case("identity number as a number", "scientific", lambda: a.parquet(身份证号=[1.1010519491231e17, None]), {"R-IDPREC"}),
    Case("identity number as a number", "as text it is sound", cell("110105194912310038", column=5), READ),
    *(Case("number as text", repr(text), text_cell(f'"{text}"'), READ, "a.csv") for text in NUMBER_TEXTS),
    *(Case("number as text", repr(text), text_cell(text), {"R-NUM"}, "a.csv") for text in ODD_NUMBERS),
    Case("number as text", "1.2万 where declared", text_cell("1.2万", column=4), READ, "a.csv"),
    *(Case("odd number", text, text_cell(text), {"R-NUM"}, "a.csv") for text in ("NaN", "inf", "1e308", "-Infinity")),
    Case("odd number", "negative", text_cell("-3"), {"cases_range"}, "a.csv"),
    Case("odd number", "float NaN in Parquet", lambda: a.parquet(件数=[float("nan"), 3.0]), {"R-NUM"}),
    Case("odd number", "a share where whole ones are due", text_cell("85%"), {"R-NUM"}, "a.csv"),
    Case("epoch", "1904 workbook", lambda: epoch_1904(), READ),
    Case("epoch", "a number without a date format", cell(45000, column=3), {"R-DATEFMT"}),
    Case("epoch", "day 60 of 1900", cell(60, column=3, number_format="yyyy-mm-dd"), {"R-DATEFMT"}),
    *(Case("date", text, text_cell(text, column=3), {"R-DATEFMT"}, "a.csv") for text in DATES_REFUSED),
    *(Case("date", text, text_cell(text, column=3), READ, "a.csv") for text in ("2026.7.5", "2026年7月5日", "20260705")),
    Case("date out of range", "future", text_cell("2027-07-01", column=3), {"R-PERIOD"}, "a.csv"),
    Case("date out of range", "before the first quarter", text_cell("2019-07-01", column=3), {"R-PERIOD"}, "a.csv"),
    Case("date out of range", "beyond belief", text_cell("2226-07-01", column=3), {"R-DATEFMT"}, "a.csv"),
    Case("date out of range", "a late row goes to its quarter", text_cell("2026-02-01", column=3), READ, "a.csv"),
    Case("byte order mark", "UTF-8", lambda: a.csv(encoding="utf-8-sig"), READ, "a.csv"),
    Case("byte order mark", "UTF-16, not declared", lambda: a.csv(encoding="utf-16"), {"F-ENC"}, "a.csv"),
    Case("byte order mark", "UTF-16, declared", lambda: a.csv(encoding="utf-16"), READ, "a.csv",
         layout={"encodings": ["utf-8-sig", "utf-16"]}),
    Case("byte order mark", "UTF-16 without a mark, not declared", lambda: a.csv(encoding="utf-16-le"), {"F-ENC"}, "a.csv"),
    Case("byte order mark", "UTF-16 without a mark, declared", lambda: a.csv(encoding="utf-16-le"), READ, "a.csv",
         layout={"encodings": ["utf-16-le"]}),
    Case("encoding", "GB18030", lambda: a.csv(encoding="gb18030"), READ, "a.csv"),
    Case("encoding", "GB18030, short", lambda: a.csv([a.HEADER[:4], a.GOOD[:4]], encoding="gb18030"), READ, "a.csv"),
    Case("encoding", "neither", lambda: a.csv() + b"\xff\xff,1\n", {"F-ENC"}, "a.csv"),
    Case("encoding", "cp1252, declared", lambda: a.csv(
        [["unit", *a.HEADER[1:]], ["Büro", *a.GOOD[1:]]], encoding="utf-8"), {"R-UNIT"}, "a.csv",
        changes={"unit": {"headers": ["unit"]}}),
    Case("encoding", "cp1252 bytes, not declared", lambda: latin("cp1252"), {"F-ENC"}, "a.csv",
         layout={"encodings": ["utf-8-sig"]}, changes={}),
    Case("encoding", "cp1252 bytes, declared", lambda: latin("cp1252"), {"R-UNIT"}, "a.csv",
         layout={"encodings": ["utf-8-sig", "cp1252"]}, changes={
             "unit": {"headers": ["unit"]}, "case_no": {"headers": ["no"]},
             "cases": {"headers": ["cases"]}, "happened_on": {"headers": ["day"]}}),
    Case("encoding", "Big5 read as GB18030", lambda: a.csv(
        [["單位", "編號", "件數", "日期"], ["甲局", "A-1", 3, "2026-07-01"]], encoding="big5"), {"F-MOJIBAKE"}, "a.csv",
        changes={"unit": {"headers": ["單位"]}, "case_no": {"headers": ["編號"]}, "cases": {"headers": ["件數"]}}),
    Case("mojibake", "UTF-8 saved as cp1252", lambda: a.csv().decode("latin-1").encode(), {"F-MOJIBAKE"}, "a.csv"),
    Case("mojibake", "GB18030 saved as cp1252", lambda: a.csv(encoding="gb18030").decode("latin-1").encode(),
         {"F-MOJIBAKE"}, "a.csv"),
    Case("mojibake", "UTF-8 saved as GB18030", lambda: a.csv().decode("gb18030", "ignore").encode(), {"F-MOJIBAKE"}, "a.csv"),
    Case("mojibake", "in a workbook", lambda: a.xlsx(
        [[text.encode().decode("latin-1") for text in a.HEADER], a.GOOD]), {"F-MOJIBAKE"}),
    Case("mojibake", "unit names alone", lambda: a.xlsx(
        [a.HEADER, ["丙镇人民政府".encode().decode("latin-1"), *a.GOOD[1:]]]), {"F-MOJIBAKE", "R-CTRL"}),
    Case("mojibake", "U+FFFD", cell("A-\ufffd", column=1), {"R-CHAR"}),
    Case("mojibake", "private use", cell("A-\ue001", column=1), {"R-CHAR"}),
    Case("control characters", "NUL in CSV", text_cell("A\x001", column=1), {"R-CTRL"}, "a.csv"),
    Case("control characters", "bell in CSV", text_cell("A\x071", column=1), {"R-CTRL"}, "a.csv"),
    Case("control characters", "at the end of a cell", text_cell("A1\x1f", column=1), {"R-CTRL"}, "a.csv"),
    Case("control characters", "_x0000_", lambda: a.with_rows(a.row_of('<c r="C{number}"><v>1</v></c>').replace(
        "A-2", "A_x0000_2")), {"R-CTRL"}),
    Case("control characters", "_x0007_", lambda: a.with_rows(a.row_of('<c r="C{number}"><v>1</v></c>').replace(
        "A-2", "A_x0007_2")), {"R-CTRL"}),
    Case("invisible", "zero-width in a unit", cell("甲\u200b局", column=0), READ),
    Case("invisible", "no-break space", cell("\u00a0甲局\u3000", column=0), READ),
    Case("invisible", "Kangxi radical", cell("⼄局", column=0), READ),
    Case("unknown unit", "lookalike", cell("甲扃", column=0), {"R-UNIT"}),
    Case("unknown unit", "renamed", cell("甲管理局", column=0), {"R-UNIT"}),
    Case("unknown unit", "Latin letter for a digit", cell("乙局l", column=0), {"R-UNIT"}),
    Case("CSV", "semicolons where commas are declared", lambda: a.csv(delimiter=";"), {"F-COL"}, "a.csv"),
    Case("CSV", "unbalanced quote", text_cell('"A-1', column=1), {"F-CSV"}, "a.csv"),
    Case("CSV", "newline inside quotes", text_cell('"A\n1"', column=1), READ, "a.csv"),
    Case("CSV", "ragged", lambda: a.csv([a.HEADER, a.GOOD, a.GOOD[:4]]), {"F-CSV"}, "a.csv"),
    Case("CSV", "one field of 2 MiB", text_cell("A" * (2 << 20), column=1), {"F-CSV"}, "a.csv"),
    *(
        Case("formula text", repr(text), text_cell(f'"{text}"', column=1), READ, "a.csv")
        for text in ("=cmd|' /C calc'!A0", "+1", "@SUM(1)", "-2+3", "＝1+1", "\t=1")
    ),
    Case("key twice", "identical", lambda: a.xlsx([*a.ROWS, a.GOOD]), READ),
    Case("key twice", "conflicting", lambda: a.xlsx([*a.ROWS, [*a.GOOD[:2], 9, *a.GOOD[3:]]]), {"R-CONFLICT"}),
    Case("key twice", "the same day written otherwise", lambda: a.xlsx(
        [*a.ROWS, [*a.GOOD[:3], "2026年7月1日", *a.GOOD[4:]]]), READ),
    Case("empty", "empty sheet", lambda: a.xlsx([]), {"F-EMPTY"}),
    Case("empty", "the table on the second sheet", lambda: second_sheet(), {"F-EMPTYSHEET"}),
    Case("empty", "headers only", lambda: a.xlsx([a.HEADER]), {"F-EMPTY", "W-NOROWS"}),
    Case("empty", "blank lines of a CSV", lambda: b"\n \n\n", {"F-EMPTY"}, "a.csv"),
    Case("empty", "a nil return below the header", lambda: a.xlsx([a.HEADER, ["2026年第三季度零报送"]]), {"nil"}),
    Case("empty", "a nil return in the title", lambda: a.xlsx([["台账（零报送）"], a.HEADER]), {"nil"}),
    Case("empty", "a nil return in the name", lambda: a.xlsx([a.HEADER]), {"nil"}, "2026Q3台账（零报送）.xlsx"),
    Case("empty", "a nil return without a table", lambda: a.csv([["2026年第三季度零报送"]]), {"nil"}, "a.csv"),
    Case("empty", "an instruction is no nil return", lambda: a.xlsx([a.HEADER, ["注:无数据的请填零报送"]]),
         {"F-EMPTY", "W-NOROWS"}),
    Case("empty", "a nil return with rows", lambda: a.xlsx([["台账（零报送）"], *a.ROWS]), {"F-NILROWS"}),
]  # fmt: skip


def latin(encoding: str) -> bytes:
    return "unit,no,cases,day\nBüro für Wasser,A-1,3,2026-07-01\n".encode(encoding)


def hidden_sheet(state: str) -> bytes:
    book = a.openpyxl.load_workbook(a.io.BytesIO(a.xlsx()))
    other = book.create_sheet("底稿")
    other.append(["x"])
    other.sheet_state = state
    return a.save(book)


def second_sheet() -> bytes:
    book = a.openpyxl.load_workbook(a.io.BytesIO(a.xlsx()))
    book.create_sheet("Sheet1", 0)
    return a.save(book)


def merged_units() -> bytes:
    rows = [a.HEADER[:4], ["甲局", "A-1", 3, "2026-07-01"], [None, "A-2", 4, "2026-07-01"]]
    return a.xlsx(rows, merges=["A2:A3"])


def epoch_1904() -> bytes:
    book = a.openpyxl.Workbook()
    book.epoch = a.openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(a.HEADER)
    book.active.append([*a.GOOD[:3], dt.datetime(2026, 7, 1), *a.GOOD[4:]])
    return a.save(book)


@pytest.mark.parametrize("case", [*FILES, *CELLS], ids=str)
def test_outcome_is_the_declared_one(case: Case) -> None:
    assert outcome(case) == case.codes


@dataclass(frozen=True)
class Entry:
    """An entry of an inbox, and how it ends: `landed`, `arriving`, `passed over`, or a code."""

    row: str
    variant: str
    put: Callable[[Path], object]
    ends: str

    def __str__(self) -> str:
        return f"{self.row}: {self.variant}"


NOW = dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC)


def drop(name: str | bytes, *, age_seconds: float = 3600) -> Callable[[Path], object]:
    def put(inbox: Path) -> None:
        path = inbox / (os.fsdecode(name) if isinstance(name, bytes) else name)
        path.write_bytes(a.csv())
        os.utime(path, (NOW.timestamp() - age_seconds,) * 2)

    return put


def link(target: str) -> Callable[[Path], object]:
    return lambda inbox: (inbox / "a.csv").symlink_to(target)


def listening(inbox: Path) -> None:
    before = Path.cwd()
    os.chdir(inbox)  # the path of a socket may have 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.bind("a.csv")
    finally:
        os.chdir(before)


ODD_NAMES = [
    "甲\n乙.csv", "甲\t乙\r.csv", " .csv", "-rf.csv", "甲\u202evsc.exe", "甲'; drop table delivery;--.csv", "%s{0}$(id).csv",
    "甲..%2f..%2fetc.csv", "甲\x01.csv", "x" * 251 + ".csv", "CON", b"\xff\xfe\xb4\xfa.csv",
]  # fmt: skip
ENTRIES = [
    Entry("upload in progress", "changed a moment ago", drop("a.csv", age_seconds=5), "arriving"),
    Entry("upload in progress", "a name that says so", drop("a.csv.part"), "passed over"),
    Entry("upload in progress", "still open in Excel", drop("~$a.xlsx"), "passed over"),
    Entry("upload in progress", "a clock far ahead", drop("a.csv", age_seconds=-10_000_000), "landed"),
    Entry("no regular file", "link out of the inbox", link("/etc/passwd"), "F-NOTFILE"),
    Entry("no regular file", "link to nothing", link("nothing.csv"), "F-NOTFILE"),
    Entry("no regular file", "link to itself", link("a.csv"), "F-NOTFILE"),
    Entry("no regular file", "link to a device", link("/dev/zero"), "F-NOTFILE"),
    Entry("no regular file", "link to a folder", link("/etc"), "F-NOTFILE"),
    Entry("no regular file", "FIFO", lambda inbox: os.mkfifo(inbox / "a.csv"), "F-NOTFILE"),
    Entry("no regular file", "socket", listening, "F-NOTFILE"),
    Entry("no regular file", "folder", lambda inbox: (inbox / "a.csv").mkdir(), "passed over"),
    *(Entry("odd name", repr(name), drop(name), "landed") for name in ODD_NAMES),
    Entry("odd name", "hidden", drop(".a.csv"), "passed over"),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_entry_of_an_inbox_ends_as_declared(entry: Entry, tmp_path: Path) -> None:
    inbox, vault = tmp_path / "inbox", tmp_path / "vault"
    inbox.mkdir()
    entry.put(inbox)
    found = scan_inbox(inbox, now=NOW, stability_seconds=120)
    if entry.ends in ("passed over", "arriving"):
        assert [file.state for file in found] == ["arriving"] * (entry.ends == "arriving")
        return
    (file,) = found
    if entry.ends == "landed":
        assert file.state == "ready"
        assert land(file, vault).path.read_bytes() == a.csv()
        return
    assert file.state == "refused"
    with pytest.raises(Held) as held:
        land(file, vault)
    assert held.value.fault.code == entry.ends
    assert not [*vault.iterdir()]
