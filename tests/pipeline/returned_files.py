"""Returned workbooks in the hands of a supplier: opened, edited, saved by another program, dropped into the inbox."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter

from include.quality.returns.workbook import ROWS
from tests.pipeline.small_site import PLACE, SmallSite

HEADS = ("case_no", "unit", "due_on", "replied_on", "outcome", "petitioner")
GOOD_DAY = "2026-09-30"


def case(number: str, **changes: str) -> dict[str, str]:
    row = {"case_no": number, "unit": "U1", "due_on": GOOD_DAY, "replied_on": GOOD_DAY, "outcome": "good"}
    return row | {"petitioner": "张某某"} | changes


def as_csv(*rows: dict[str, str], heads: tuple[str, ...] = HEADS) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, heads, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def as_xlsx(*rows: dict[str, Any], heads: tuple[str, ...] = HEADS) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("台账")
        sheet.write_row(0, 0, heads)
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, [row[head] for head in heads])
    return target.getvalue()


def returned(small: SmallSite, feed: str = "cases") -> list[Path]:
    """What lies in the returns folder, by the time of writing."""
    found = (small.folder / "lake" / PLACE / "returns" / feed).glob("*/*.xlsx")
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def edited(path: Path, *edits: tuple[str, str, object], **more: Callable[[Any], None]) -> bytes:
    """The workbook saved anew by openpyxl after `edits`: (case number, head, value)."""
    book = openpyxl.load_workbook(path)
    sheet = book[ROWS]
    heads = [cell.value for cell in sheet[1]]
    number = heads.index("case_no")
    for row in sheet.iter_rows(min_row=2):
        for case_no, head, value in edits:
            if row[number].value == case_no:
                row[heads.index(head)].value = value
    for change in more.values():
        change(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def shown(path: Path) -> list[dict[str, Any]]:
    """The rows of a returned workbook by head."""
    rows = list(openpyxl.load_workbook(path)[ROWS].iter_rows(values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
