"""The Excel template of a feed: a guide sheet, and a sheet with the header, drop-downs, checks and notes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from include.config import ConfigError
from include.documents.feed_guide import ColumnGuide, FeedGuide, bounds_of
from include.feeds.contract import Contract
from include.feeds.workbook import GUIDE_SHEET

ROWS = 5000
"""How many rows below the header have drop-downs and checks."""
_CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Fixed, so that the same contract gives the same bytes."""
_FONT = "宋体"
_DARK, _LIGHT, _GREY, _LINE = "#1F4E79", "#DDEBF7", "#7F7F7F", "#BFBFBF"
_FIRST_DAY, _LAST_DAY = date(1901, 1, 1), date(2075, 12, 31)
_LIST_CHARACTERS = 255
"""Excel takes a list of choices up to this length; a longer one must stand in cells."""
_GUIDE_WIDTHS = (18, 30, 8, 34, 16, 44)
_WIDE = {"date": 13, "timestamp": 18, "boolean": 9, "integer": 11, "number": 13, "string": 16}
_FORMATS = {
    "string": "@",
    "integer": "0",
    "number": "General",
    "date": "yyyy-mm-dd",
    "timestamp": "yyyy-mm-dd hh:mm",
}


def write_template(guide: FeedGuide, *, units: Sequence[str] = ()) -> bytes:
    """Make the workbook that a department fills in and sends back.

    Args:
        guide: of the feed.
        units: names that the unit column offers; other names may be typed after a warning, since the register decides.

    Raises:
        ConfigError: the contract's layout is transposed, or its sheets have no fixed name.
    """
    import xlsxwriter

    contract = guide.contract
    name = _sheet_name(contract)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        title = f"{contract.title.zh} 报送模板"
        workbook.set_properties(
            {"title": title, "comments": f"{contract.feed} {contract.version}", "created": _CREATED}
        )
        styles = _Styles(workbook)
        notes = workbook.add_worksheet(GUIDE_SHEET)
        data = workbook.add_worksheet(name)
        places = _write_guide(notes, guide, styles, units)
        _write_header(data, guide, styles)
        for place, column in enumerate(guide.columns):
            data.data_validation(1, place, ROWS, place, _validation(contract, column, places))
        data.activate()
    return buffer.getvalue()


class _Styles:
    """The few formats of a template."""

    def __init__(self, workbook: Any) -> None:
        def style(**settings: Any) -> Any:
            return workbook.add_format({"font_name": _FONT, "font_size": 10, "valign": "vcenter"} | settings)

        cell = {"text_wrap": True, "border": 1, "border_color": _LINE, "valign": "top"}
        head = {"bold": True, "border": 1, "border_color": _LINE, "text_wrap": True, "align": "center"}
        self.title = style(font_size=16, bold=True, font_color=_DARK)
        self.english = style(font_color=_GREY, italic=True)
        self.section = style(font_size=12, bold=True, font_color=_DARK, bottom=2, bottom_color=_DARK)
        self.label = style(**cell | {"bold": True, "bg_color": _LIGHT})
        self.cell = style(**cell)
        self.head = style(**head, bg_color=_DARK, font_color="#FFFFFF")
        self.required = style(**head, bg_color=_DARK, font_color="#FFFFFF", font_size=11)
        self.optional = style(**head, bg_color=_LIGHT, font_color=_DARK, font_size=11)
        self.columns = {kind: style(num_format=form) for kind, form in _FORMATS.items()}
        self.columns["boolean"] = style(align="center")


def _sheet_name(contract: Contract) -> str:
    layout = contract.layout
    names = layout.sheets or (contract.title.zh[:31],)
    if layout.transposed or len(names) > 1 or any(mark in names[0] for mark in "*[]:?/\\"):
        raise ConfigError(
            f"{contract.feed}.yaml",
            [
                "[layout] 转置的表、多张工作表或用通配符命名的工作表没有模板,请用原表格式报送。 "
                "A layout that is transposed, or of several sheets or a pattern of names, has no template."
            ],
        )
    return names[0]


def _write_header(sheet: Any, guide: FeedGuide, styles: _Styles) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 34)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    for place, column in enumerate(guide.columns):
        kind = column.column.type
        width = max(_WIDE[kind], 2 * len(column.header) + 3)
        sheet.set_column(place, place, min(width, 26), styles.columns[kind])
        sheet.write_string(0, place, column.header, styles.required if column.required else styles.optional)
        note = _comment(guide.contract, column)
        sheet.write_comment(
            0, place, note, {"author": "", "x_scale": 2.2, "y_scale": 0.35 + 0.28 * (note.count("\n") + 1)}
        )


def _comment(contract: Contract, column: ColumnGuide) -> str:
    must = ("必填", "required") if column.required else ("可不填", "may be empty")
    lines = [f"{column.kind.zh};{must[0]}", f"{column.kind.en}; {must[1]}"]
    if column.choices:
        lines.append(f"可选 one of:{_listed(column.choices)}")
    low, high = bounds_of(contract, column.column)
    if low is not None or high is not None:
        lines.append(f"范围 range:{_bound(low)} … {_bound(high)}")
    if column.example:
        lines.append(f"例 e.g. {column.example}")
    if column.note:
        lines.append(column.note.zh)
    return "\n".join(lines)


def _validation(contract: Contract, column: ColumnGuide, places: dict[str, str]) -> dict[str, Any]:
    """The check of a column's cells; never stricter than the contract."""
    declared = column.column
    rule: dict[str, Any] = {"validate": "any"}
    told = f"{column.kind.zh}。"
    if declared.name in places:
        rule = {"validate": "list", "source": f"={places[declared.name]}"}
        told = "请从列表中选择。"
    elif column.choices:
        rule = {"validate": "list", "source": list(column.choices)}
        told = f"请选择:{_listed(column.choices)}。"
    elif declared.type in ("integer", "number"):
        whole = declared.type == "integer" and not declared.unit
        low, high = bounds_of(contract, declared)
        rule = _between("integer" if whole else "decimal", low, high)
        told = f"应为{column.kind.zh}" + (
            f",{_bound(low)} 至 {_bound(high)}。" if low is not None or high is not None else "。"
        )
    elif declared.type in ("date", "timestamp"):
        rule = {"validate": "date", "criteria": "between", "minimum": _FIRST_DAY, "maximum": _LAST_DAY}
        told = "应为真实日期,如 2026-07-01。"
    rule |= {"ignore_blank": True, "error_title": column.header[:32], "error_message": told[:255]}
    if declared.name == contract.unit.column:
        rule |= {
            "error_type": "warning",
            "error_message": "单位名录中没有这个名称,该行可能被退回。仍要填写吗?",
        }
    elif declared.null_values[1:] or declared.formats or declared.true_values:
        # Other spellings are read too (—, 2026年7月1日, √): the sender is warned, not stopped.
        rule |= {"error_type": "warning"}
    return rule


def _between(kind: str, low: float | None, high: float | None) -> dict[str, Any]:
    whole = kind == "integer"
    if low is not None and high is not None:
        bounds = {"criteria": "between", "minimum": _number(low, whole), "maximum": _number(high, whole)}
    elif low is not None:
        bounds = {"criteria": ">=", "value": _number(low, whole)}
    elif high is not None:
        bounds = {"criteria": "<=", "value": _number(high, whole)}
    else:
        bounds = {"criteria": "between", "minimum": -(10**15), "maximum": 10**15}
    return {"validate": kind, **bounds}


def _number(bound: float, whole: bool) -> float:
    return int(bound) if whole and bound == int(bound) else bound


def _write_guide(sheet: Any, guide: FeedGuide, styles: _Styles, units: Sequence[str]) -> dict[str, str]:
    """Write the guide; return where choices too long for a list stand: column → range of cells."""
    contract = guide.contract
    for place, width in enumerate(_GUIDE_WIDTHS):
        sheet.set_column(place, place, width)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_row(0, 28)
    sheet.write(0, 0, f"{contract.title.zh} 填报说明", styles.title)
    sheet.write(1, 0, f"{contract.title.en or contract.feed}: how to fill in and send", styles.english)
    row = 3
    for label, text in guide.facts:
        sheet.write(row, 0, f"{label.zh}\n{label.en}", styles.label)
        shown = text.zh + (f"\n{text.en}" if text.en else "")
        sheet.merge_range(row, 1, row, len(_GUIDE_WIDTHS) - 1, shown, styles.cell)
        sheet.set_row(row, 14 * max(2, _lines(shown, sum(_GUIDE_WIDTHS[1:]))) + 4)
        row += 1
    row = _section(sheet, row + 1, "各列怎样填", "Columns", styles)
    heads = (
        "列名 column",
        "填写内容 what to enter",
        "必填 required",
        "可选值 choices",
        "示例 example",
        "说明 notes",
    )
    for place, head in enumerate(heads):
        sheet.write(row, place, head.replace(" ", "\n", 1), styles.head)
    sheet.set_row(row, 30)
    for column in guide.columns:
        row += 1
        cells = (
            column.header,
            f"{column.kind.zh}\n{column.kind.en}",
            "是 yes" if column.required else "",
            _range(contract, column) or _listed(column.choices),
            column.example,
            column.note.zh if column.note else "",
        )
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, cell, styles.label if place == 0 else styles.cell)
        lines = max(_lines(cell, width) for cell, width in zip(cells, _GUIDE_WIDTHS, strict=True))
        sheet.set_row(row, 14 * lines + 4)
    row += 1
    if guide.rules:
        row = _section(sheet, row + 1, "校验规则", "Rules", styles)
        for number, rule in enumerate(guide.rules, start=1):
            shown = rule.zh + (f"\n{rule.en}" if rule.en else "")
            sheet.write_number(row, 0, number, styles.label)
            sheet.merge_range(row, 1, row, len(_GUIDE_WIDTHS) - 1, shown, styles.cell)
            sheet.set_row(row, 14 * _lines(shown, sum(_GUIDE_WIDTHS[1:])) + 4)
            row += 1
    return _write_lists(sheet, row + 1, guide, styles, units)


def _write_lists(
    sheet: Any, row: int, guide: FeedGuide, styles: _Styles, units: Sequence[str]
) -> dict[str, str]:
    unit_column = guide.contract.unit.column
    lists = {
        column.column.name: (column.header, column.choices)
        for column in guide.columns
        if len(",".join(column.choices)) > _LIST_CHARACTERS or any("," in choice for choice in column.choices)
    }
    if units and unit_column not in lists and not guide.contract.unit.register_from_feed:
        header = next((one.header for one in guide.columns if one.column.name == unit_column), "")
        lists |= {unit_column: (header, tuple(units))} if header else {}
    if not lists:
        return {}
    row = _section(sheet, row, "选项清单", "Lists of choices", styles)
    found = {}
    for name, (header, choices) in lists.items():
        sheet.write(row, 0, header, styles.label)
        for number, choice in enumerate(choices, start=row + 1):
            sheet.write_string(number, 0, choice, styles.cell)
        found[name] = f"{GUIDE_SHEET}!$A${row + 2}:$A${row + 1 + len(choices)}"
        row += len(choices) + 2
    return found


def _section(sheet: Any, row: int, zh: str, en: str, styles: _Styles) -> int:
    sheet.set_row(row, 22)
    for place in range(len(_GUIDE_WIDTHS)):
        sheet.write_blank(row, place, None, styles.section)
    sheet.write(row, 0, f"{zh} {en}", styles.section)
    return row + 1


def _range(contract: Contract, column: ColumnGuide) -> str:
    low, high = bounds_of(contract, column.column)
    return "" if low is None and high is None else f"{_bound(low)} … {_bound(high)}"


def _bound(bound: float | None) -> str:
    return "不限" if bound is None else f"{bound:.12g}"


def _listed(choices: Sequence[str]) -> str:
    return "、".join(choices)


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column; a Chinese character is two wide."""
    return sum(
        max(1, -(-sum(2 if ord(letter) > 0x2E80 else 1 for letter in line) // max(1, int(width * 0.95))))
        for line in text.split("\n")
    )
