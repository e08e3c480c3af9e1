from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from include.pipeline.feedback_forms import read_form, register_form
from include.pipeline.objections import ObjectionRefused, list_objections
from tests.documents.official.sample import feedback, indicators, rendered, unit
from tests.pipeline.small_site import NOW, PLACE
from tests.pipeline.test_objections import final_site


def filled(form: bytes, *said: tuple[str, str, str]) -> bytes:
    """The form as a unit sends it back from Excel: (code of the line, kind, why) written into its yellow cells."""
    book = openpyxl.load_workbook(io.BytesIO(form))
    sheet: Any = book.active
    for row in sheet.iter_rows():
        for target, kind, why in said:
            if row[11].value == target:
                row[8].value, row[9].value = kind, why
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def form_of(unit_code: str, indicator: str) -> bytes:
    """A form of ours for one unit with one indicator."""
    (first, *_) = indicators()
    changed = feedback(unit=unit(code=unit_code), indicators=(replace(first, code=indicator),))
    return rendered("feedback_form", changed)


def test_what_a_unit_wrote_into_the_form_becomes_objections(tmp_path: Path) -> None:
    small = final_site(tmp_path)
    path = tmp_path / "form.xlsx"
    path.write_bytes(filled(form_of("U2", "cases_on_time"), ("cases_on_time", "数据有误", "两件已按期答复")))
    numbers = register_form(
        small.site, PLACE, "small", "2026Q3", path, filed_on=date(2026, 10, 20), account="desk", now=NOW
    )
    (made,) = list_objections(small.site, PLACE)
    assert [made.objection_id] == numbers
    assert (made.unit_code, made.target, made.claim) == ("U2", "cases_on_time", "数据有误；两件已按期答复")
    assert len(made.evidence_sha256) == 64


def test_a_form_that_was_not_filled_in_objects_to_nothing() -> None:
    form = read_form(form_of("U2", "cases_on_time"), file_name="form.xlsx")
    assert (form.unit_code, form.lines) == ("U2", ())


def test_one_objection_that_cannot_be_taken_registers_none(tmp_path: Path) -> None:
    small = final_site(tmp_path)
    path = tmp_path / "form.xlsx"
    path.write_bytes(filled(form_of("U2", "moon"), ("moon", "其他", "不认识")))
    with pytest.raises(ObjectionRefused, match="moon"):
        register_form(
            small.site, PLACE, "small", "2026Q3", path, filed_on=date(2026, 10, 20), account="desk", now=NOW
        )
    assert list_objections(small.site, PLACE) == []


@pytest.mark.parametrize("content", [b"not a workbook", b"", b"PK\x03\x04broken"])
def test_a_hostile_or_strange_file_is_a_sentence(content: bytes) -> None:
    with pytest.raises(ObjectionRefused):
        read_form(content, file_name="form.xlsx")


def test_another_workbook_is_no_form(small_book: bytes) -> None:
    with pytest.raises(ObjectionRefused):
        read_form(small_book, file_name="form.xlsx")


@pytest.fixture
def small_book() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"] = "单位"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
