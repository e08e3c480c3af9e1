"""The three lists (problems, rectification, responsibility) and the list of results as one workbook."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from include.documents.book import printed

_CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Fixed, so that the same rows give the same bytes."""
_AS_TYPED = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_ITEM = (("item_id", "序号", 7), ("unit_name", "责任单位", 18), ("problem_zh", "问题", 42))
SHEETS: dict[str, tuple[str, tuple[tuple[str, str, int], ...]]] = {
    "problems": (
        "问题清单",
        (*_ITEM, ("kind", "种类", 8), ("colour", "颜色", 8), ("period_title", "来源季度", 16),
         ("opened_on", "立项日", 12), ("state_title", "状态", 10)),
    ),
    "rectification": (
        "整改清单",
        (*_ITEM, ("goal_zh", "整改目标", 30), ("required_action_zh", "要求", 24), ("last_measure_zh", "整改措施", 30),
         ("due_on", "完成时限", 12), ("state_title", "状态", 10)),
    ),
    "responsibility": (
        "责任清单",
        (*_ITEM, ("post_title", "责任岗位", 14), ("post_duties", "岗位职责", 36), ("due_on", "完成时限", 12),
         ("late_days", "逾期天数", 9), ("state_title", "状态", 10)),
    ),
    "results": (
        "成果清单",
        (*_ITEM, ("reported_on", "报告日", 12), ("verified_on", "销号日", 12), ("is_on_time", "是否按期", 9),
         ("quality_points", "质效得分", 9), ("surveyed", "测评人数", 9), ("satisfied", "满意人数", 9),
         ("reopened", "重启次数", 9)),
    ),
}  # fmt: skip
"""List → its sheet and columns: name in the view, heading, width."""
_WORDS: dict[str, dict[Any, str]] = {
    "kind": {"individual": "个性", "common": "共性"},
    "colour": {"red": "▲ 红", "yellow": "◆ 黄", "green": "● 绿", "": ""},
    "is_on_time": {1: "是", 0: "否"},
}


def write_lists(lists: Mapping[str, pd.DataFrame], *, title: str, as_of: date) -> bytes:
    """Write the lists of an area or a unit, a sheet each.

    Args:
        lists: by name as in `SHEETS`; columns as in the views of the warehouse.
        title: over every sheet.
        as_of: the day of the lists.

    Returns:
        An .xlsx; the same lists and day give the same bytes.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **_AS_TYPED}) as workbook:
        workbook.set_properties({"title": title, "created": _CREATED})
        formats = _formats(workbook)
        for name, (sheet_name, columns) in SHEETS.items():
            sheet = workbook.add_worksheet(sheet_name)
            sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(2)
            sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
            sheet.set_footer("&C第 &P 页 共 &N 页")
            sheet.freeze_panes(3, 2)
            sheet.set_row(0, 30)
            sheet.merge_range(0, 0, 0, len(columns) - 1, f"{title} {sheet_name}", formats["title"])
            sheet.merge_range(1, 0, 1, len(columns) - 1, _about(lists[name], as_of), formats["about"])
            for place, (column, heading, width) in enumerate(columns):
                sheet.set_column(place, place, width)
                sheet.write_string(2, place, heading, formats["head"])
                for row, value in enumerate(shown(lists[name], column), start=3):
                    _write(sheet, row, place, value, formats["cell"])
            for row, height in enumerate(_heights(lists[name], columns), start=3):
                sheet.set_row(row, height)
            sheet.autofilter(2, 0, 2 + max(len(lists[name]), 1), len(columns) - 1)
    return buffer.getvalue()


def _about(frame: pd.DataFrame, as_of: date) -> str:
    note = "责任落实到岗位，不列人名；测评不足 5 人的不列。"
    return f"截至 {as_of:%Y年%m月%d日}，共 {len(frame)} 项。{note}"


def _heights(frame: pd.DataFrame, columns: tuple[tuple[str, str, int], ...]) -> list[float]:
    """Row heights in points that hold the longest wrapped cell: no program fits merged or copied rows by itself."""
    lines = [1] * len(frame)
    for column, _, width in columns:
        for row, cell in enumerate(shown(frame, column)):
            letters = sum(2 if ord(letter) > 0xFF else 1 for letter in str(cell))
            lines[row] = max(lines[row], -(-letters // (width - 2)))
    return [6 + 13.5 * count for count in lines]


def shown(frame: pd.DataFrame, column: str) -> list[Any]:
    """The cells of a column as people read them; None where there is nothing to show."""
    if column in ("surveyed", "satisfied"):
        # 0 asked means that nobody was, or fewer than may be shown.
        asked = frame["surveyed"] > 0
        return [value if known else None for value, known in zip(frame[column], asked, strict=True)]
    words = _WORDS.get(column, {})
    return [words.get(value, value) for value in frame[column]]


def _write(sheet: Any, row: int, place: int, value: Any, form: Any) -> None:
    if value is None or (isinstance(value, float) and pd.isna(value)) or value == "":
        sheet.write_blank(row, place, None, form)
    elif isinstance(value, str):
        sheet.write_string(row, place, printed(value), form)
    else:
        sheet.write_number(row, place, float(value) if isinstance(value, Decimal) else value, form)


def _formats(workbook: Any) -> dict[str, Any]:
    font = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
    boxed = {**font, "text_wrap": True, "border": 1}
    return {
        "title": workbook.add_format({**font, "font_name": "黑体", "font_size": 16, "align": "center"}),
        "about": workbook.add_format({**font, "align": "right"}),
        "head": workbook.add_format({**boxed, "bold": True, "align": "center", "bg_color": "#DDEBF7"}),
        "cell": workbook.add_format(boxed),
    }
