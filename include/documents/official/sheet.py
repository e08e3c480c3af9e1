"""Filling in an Excel template: placeholders in cells, and rows that repeat for each item of a list."""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Mapping
from math import ceil
from typing import Any
from unicodedata import east_asian_width

from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from include.documents.official.errors import TemplateError
from include.documents.official.packing import Properties, repack
from include.documents.official.templates import Template, placeholders, unknown_placeholder

_MARK = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")
_HALF = re.compile(r"\{\{|\}\}")


def open_sheet(template: Template) -> Any:
    """Open a .xlsx template and look at every placeholder; TemplateError where it cannot be used."""
    try:
        book = load_workbook(io.BytesIO(template.content))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise TemplateError(
            f"模板 [{template.path}] 不是可读的 .xlsx:请用 Excel 或 WPS 另存为 .xlsx。",
            f"Template [{template.path}] is no readable .xlsx: save it again as .xlsx.",
        ) from error
    used: set[str] = set()
    for sheet in book.worksheets:
        used |= _check(sheet, template)
    if lacking := sorted(placeholders(template.kind).required - used):
        raise TemplateError(
            f"模板 [{template.path}] 缺少必备的占位符 {lacking}:请补上。",
            f"Template [{template.path}] lacks placeholders that it must have, {lacking}: put them back.",
        )
    return book


def fill_sheet(template: Template, context: Mapping[str, Any], properties: Properties) -> bytes:
    """Fill in a .xlsx template; TemplateError where it cannot be used.

    A row with `{{ list.name }}` in a cell is repeated once for each item of the list; merged cells, heights, styles and
    data validations of what stands below move along.
    """
    book = open_sheet(template)
    for sheet in book.worksheets:
        _fill(sheet, context)
    written = io.BytesIO()
    book.save(written)
    return repack(written.getvalue(), properties)


def _check(sheet: Any, template: Template) -> set[str]:
    """The names that a sheet uses; TemplateError for one that does not exist."""
    allowed, used = placeholders(template.kind), set()
    for row in sheet.iter_rows():
        for cell in row:
            if not isinstance(cell.value, str):
                continue
            if _HALF.search(_MARK.sub("", cell.value)):
                raise TemplateError(
                    f"模板 [{template.path}] 单元格 {sheet.title}!{cell.coordinate} 的占位符写法有误:"
                    "应为 {{ 名称 }}。",
                    f"Template [{template.path}], cell {sheet.title}!{cell.coordinate}: write placeholders as "
                    "{{ name }}.",
                )
            for found in _MARK.findall(cell.value):
                name, _, item = found.partition(".")
                items = allowed.names.get(name)
                if name not in allowed.names or bool(items) != bool(item):
                    raise unknown_placeholder(template, found, _choices(allowed.names))
                if items and item not in items:
                    raise unknown_placeholder(template, found, sorted(items))
                used.add(name)
    return used


def _choices(names: Mapping[str, Any]) -> list[str]:
    return sorted(
        one
        for name, items in names.items()
        for one in ([f"{name}.{item}" for item in items] if items else [name])
    )


def _fill(sheet: Any, context: Mapping[str, Any]) -> None:
    # From below, so that rows above stay where they are.
    for row in range(sheet.max_row, 0, -1):
        items = _list_of(sheet, row, context)
        if items is None:
            _fill_row(sheet, row, context, {})
            continue
        _make_room(sheet, row, len(items))
        for place in range(len(items)):
            _copy_row(sheet, row, row + place)
        for place, item in enumerate(items):
            _fill_row(sheet, row + place, context, item)
            sheet.row_dimensions[row + place].height = _height(sheet, row + place)
        if not items:
            for cell in sheet[row]:
                cell.value = None


def _height(sheet: Any, row: int) -> float:
    """High enough for the text that wraps most: not every program works it out when a file is opened."""
    lines = 1
    for cell in sheet[row]:
        if isinstance(cell.value, str) and not isinstance(cell, MergedCell):
            width = sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in cell.value)
            room = max(2.0, sheet.column_dimensions[cell.column_letter].width - 1)
            lines = max(lines, ceil(width * (cell.font.sz or 11) / 11 / room))
    return 4 + 15.0 * lines


def _list_of(sheet: Any, row: int, context: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    for cell in sheet[row]:
        for found in _MARK.findall(cell.value) if isinstance(cell.value, str) else ():
            if "." in found:
                items: list[dict[str, Any]] = context[found.partition(".")[0]]
                return items
    return None


def _fill_row(sheet: Any, row: int, context: Mapping[str, Any], item: Mapping[str, Any]) -> None:
    for cell in sheet[row]:
        if not isinstance(cell.value, str) or "{{" not in cell.value:
            continue

        def value(found: re.Match[str]) -> str:
            name = found[1]
            return str(item[name.partition(".")[2]] if "." in name else context[name])

        text = _MARK.sub(value, cell.value)
        cell.value = text
        # Text stays text: a name that begins with = is no formula.
        cell.data_type = "s"


def _make_room(sheet: Any, row: int, count: int) -> None:
    """Move everything below `row` down, so that `count` rows have room."""
    extra = count - 1
    if extra < 1:
        return
    last, width = sheet.max_row, get_column_letter(sheet.max_column)
    merged = [one.bounds for one in sheet.merged_cells.ranges if one.min_row > row]
    heights = {number: sheet.row_dimensions[number].height for number in range(row + 1, last + 1)}
    for left, top, right, bottom in merged:
        sheet.unmerge_cells(start_row=top, end_row=bottom, start_column=left, end_column=right)
    sheet.move_range(f"A{row + 1}:{width}{last}", rows=extra)
    for number, height in sorted(heights.items(), reverse=True):
        sheet.row_dimensions[number + extra].height = height
    for left, top, right, bottom in sorted(merged):
        sheet.merge_cells(start_row=top + extra, end_row=bottom + extra, start_column=left, end_column=right)
    for rule in sheet.data_validations.dataValidation:
        _stretch(rule, row, extra)


def _stretch(rule: Any, row: int, extra: int) -> None:
    """A validation of the repeated row holds for every copy; one of a row below moves with it."""
    moved = []
    for span in sorted(rule.sqref.ranges, key=lambda one: (one.min_row, one.min_col)):
        new = copy.copy(span)
        if new.min_row > row:
            new.shift(row_shift=extra)
        elif new.min_row <= row <= new.max_row:
            new.expand(down=extra)
        moved.append(new.coord)
    rule.sqref = type(rule.sqref)(" ".join(moved))


def _copy_row(sheet: Any, source: int, target: int) -> None:
    if source == target:
        return
    sheet.row_dimensions[target].height = sheet.row_dimensions[source].height
    for cell in sheet[source]:
        other = sheet.cell(target, cell.column)
        other.value = cell.value
        other._style = copy.copy(cell._style)
