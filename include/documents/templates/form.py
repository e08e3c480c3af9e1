"""The Excel template of the feedback form: one row of each list stands for all; objections are left to fill in."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.page import PageMargins

OBJECTIONS = ("数据有误", "漏报或重复", "规则适用不当", "不应由本单位承担", "其他")
_HEAD = PatternFill("solid", fgColor="E7ECF1")
_FILL_IN = PatternFill("solid", fgColor="FFF8DC")
_THIN = Side(style="thin", color="808080")
_BOX = Border(_THIN, _THIN, _THIN, _THIN)
_WIDTHS = dict(zip("ABCDEFGHIJKL", (5, 19, 28, 6.5, 6.5, 6.5, 17, 14, 11, 22, 16, 18), strict=True))
_LAST = "L"
_BLANK = "\u3000" * 11
_SIGNED = f"填表岗位：{_BLANK}审核岗位：{_BLANK}日期：　　　　年　　月　　日"

_INDICATORS = [
    ("序号", "{{ indicators.number }}"),
    ("所属维度", "{{ indicators.group }}"),
    ("指标", "{{ indicators.title }}"),
    ("满分", "{{ indicators.full }}"),
    ("得分", "{{ indicators.points }}"),
    ("失分", "{{ indicators.lost }}"),
    ("办理情况", "{{ indicators.counted }}"),
    ("评价部门或状态", "{{ indicators.rated_by }} {{ indicators.state }}"),
    ("异议类型", ""),
    ("异议理由", ""),
    ("佐证材料名称", ""),
    ("代码", "{{ indicators.code }}"),
]
_GROUPS = [
    ("", ""),
    ("大类、维度", "{{ groups.title }}"),
    ("同类中位得分率", "{{ groups.peer }}"),
    ("可评分值", "{{ groups.full }}"),
    ("得分", "{{ groups.points }}"),
    ("失分", "{{ groups.lost }}"),
    ("得分率", "{{ groups.rate }}"),
    ("状态", "{{ groups.state }}"),
    ("异议类型", ""),
    ("异议理由", ""),
    ("佐证材料名称", ""),
    ("代码", "{{ groups.code }}"),
]
_ADJUSTMENTS = [
    ("", ""),
    ("加减分种类", "{{ adjustments.kind }}"),
    ("事项", "{{ adjustments.title }}"),
    ("", ""),
    ("分值", "{{ adjustments.points }}"),
    ("", ""),
    ("", ""),
    ("", ""),
    ("异议类型", ""),
    ("异议理由", ""),
    ("佐证材料名称", ""),
    ("代码", "{{ adjustments.code }}"),
]


def feedback_form() -> bytes:
    """The template as bytes."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = "评价情况反馈表"
    for column, width in _WIDTHS.items():
        sheet.column_dimensions[column].width = width
    _line(sheet, 1, "{{ title }}", Font(name="方正小标宋简体", size=18), height=34, align="center")
    _line(
        sheet,
        2,
        "单位：{{ unit }}（{{ unit_code }}）　期间：{{ period }}　第{{ revision }}次发布（{{ status }}）",
    )
    _line(
        sheet,
        3,
        "总分：{{ total }}（满分{{ full }}）　得分率：{{ rate }}　等次：{{ grade }}　预警等级：{{ level }}",
    )
    _line(sheet, 4, "名次：{{ rank }}")
    _line(sheet, 5, "填写说明：{{ how }}", height=36)
    _line(sheet, 6, "退回要求：{{ back }}")
    row = _block(sheet, 8, "一、大类和维度", _GROUPS)
    row = _block(sheet, row + 1, "二、指标", _INDICATORS)
    row = _block(sheet, row + 1, "三、加减分和否决", _ADJUSTMENTS)
    _line(sheet, row + 1, "联系：{{ contact }}")
    _line(sheet, row + 2, "说明：{{ basis }}")
    _line(
        sheet,
        row + 3,
        _SIGNED,
    )
    _validated(sheet)
    _paper(sheet)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _line(
    sheet: Any, row: int, text: str, font: Font | None = None, *, height: float = 22, align: str = "left"
) -> None:
    sheet.merge_cells(f"A{row}:{_LAST}{row}")
    cell = sheet[f"A{row}"]
    cell.value = text
    cell.font = font or Font(name="仿宋_GB2312", size=12)
    cell.alignment = Alignment(horizontal=align, vertical="center", wrap_text=True)
    sheet.row_dimensions[row].height = height


def _block(sheet: Any, row: int, heading: str, columns: list[tuple[str, str]]) -> int:
    """A heading, a head and one row that stands for all; returns the row after it."""
    _line(sheet, row, heading, Font(name="黑体", size=13), height=24)
    for place, (head, text) in enumerate(columns, 1):
        top, below = sheet.cell(row + 1, place, head), sheet.cell(row + 2, place, text or None)
        top.font, below.font = Font(name="黑体", size=11), Font(name="仿宋_GB2312", size=11)
        top.fill = _HEAD
        left = head in {"指标", "所属维度", "大类、维度", "事项", "异议理由", "佐证材料名称"}
        top.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        below.alignment = Alignment(
            horizontal="left" if left else "center", vertical="center", wrap_text=True
        )
        if head == "代码":
            below.font = Font(name="Times New Roman", size=8)
        top.border = below.border = _BOX
        if head in {"异议类型", "异议理由", "佐证材料名称"}:
            below.fill, below.protection = _FILL_IN, Protection(locked=False)
    sheet.row_dimensions[row + 1].height = 30
    return row + 3


def _validated(sheet: Any) -> None:
    """The kinds of objection as a list, and a reason that is not endless; both for the rows to fill in."""
    kinds = DataValidation("list", formula1=f'"{",".join(OBJECTIONS)}"', allow_blank=True)
    kinds.error, kinds.errorTitle = "请从列表中选择。", "异议类型"
    reasons = DataValidation("textLength", operator="lessThanOrEqual", formula1="300", allow_blank=True)
    reasons.error, reasons.errorTitle = "不超过300字，不得写姓名、证件号、电话、住址。", "异议理由"
    reasons.prompt, reasons.promptTitle = "不得写姓名、证件号、电话、住址。", "异议理由"
    for rule in (kinds, reasons):
        rule.showErrorMessage = rule.showInputMessage = True
        sheet.add_data_validation(rule)
    for row in range(1, sheet.max_row + 1):
        if not sheet.cell(row, 9).protection.locked:
            kinds.add(f"I{row}")
            reasons.add(f"J{row}")


def _paper(sheet: Any) -> None:
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins = PageMargins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.oddFooter.center.text = "— &P —"
    sheet.print_options.horizontalCentered = True
    sheet.sheet_view.showGridLines = False
    sheet.freeze_panes = "A7"
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = False
