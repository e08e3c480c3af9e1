"""The returned workbook as bytes: 说明 first, then the rows; built from nothing, so that nothing rides along.

No hidden sheet, no link, no name of a person; every cell is written as text, so that no content becomes a formula.
"""

from __future__ import annotations

import io
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import xlsxwriter

from include.quality.returns.content import Facts, Note, ReturnBook, ShownColumn, ShownRow
from include.quality.returns.tokens import MARK

ABOUT, ROWS = "说明", "请改正"
PLACE_HEAD, FAULT_HEAD, REPLY_HEAD = "原文件位置", "问题与办法", "回复（可不填）"
CODE_HEAD = f"行码（请勿改动） {MARK}"
HEAD_ROWS = 1

_CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Excel wants a date of creation; a fixed one keeps the bytes the same."""
_OPTIONS = {
    "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip
_INK, _QUIET, _LINE = "#1F2933", "#6B7280", "#D5DAE1"
_FONT = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "top", "font_color": _INK}
_GRID = {"border": 1, "border_color": _LINE}
_TEXT = {"num_format": "@", "text_wrap": True}
_BAD, _MASKED, _REPLY, _HEAD, _BAD_MASKED = "#FBD5D0", "#ECEEF1", "#FFF8DB", "#DDE7F2", "#E6CFD0"
_FAULT_WIDTH, _LINE_HEIGHT, _MOST_LINES = 46, 15.0, 8
_LONGEST_LIST = 255
"""Characters that Excel allows in the list of a drop-down."""


def write_workbook(book: ReturnBook) -> bytes:
    """Write the workbook; the same book gives the same bytes."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, _OPTIONS) as workbook:
        workbook.set_properties({"title": "退回修改 Returned for correction", "created": _CREATED})
        formats = {name: workbook.add_format(look) for name, look in _looks().items()}
        _about(workbook.add_worksheet(ABOUT), book, formats)
        _rows(workbook.add_worksheet(ROWS), book, formats)
    return target.getvalue()


def _looks() -> dict[str, dict[str, Any]]:
    cell = {**_FONT, **_GRID, **_TEXT}
    open_cell = {**cell, "locked": False}
    return {
        "title": {**_FONT, "font_size": 18, "bold": True, "valign": "vcenter"},
        "lead": {**_FONT, "text_wrap": True, "font_size": 11},
        "section": {**_FONT, "bold": True, "font_size": 12, "bottom": 2, "bottom_color": "#7A93B5"},
        "label": {**_FONT, **_GRID, "font_color": _QUIET, "text_wrap": True},
        "value": cell,
        "figure": {**_FONT, **_GRID, "align": "left", "font_size": 10},
        "due": {**cell, "bold": True, "font_color": "#B42318"},
        "head": {**_FONT, **_GRID, "bold": True, "bg_color": _HEAD, "text_wrap": True, "valign": "vcenter"},
        "quiet": {**_FONT, **_GRID, "text_wrap": True, "font_color": _QUIET, "font_size": 9},
        "mark": {**_FONT, "font_color": "#A3ABB6", "font_size": 8},
        "place": {**cell, "font_color": _QUIET},
        "todo": {**cell, "font_size": 9},
        "code": {
            **_FONT,
            **_GRID,
            "num_format": "@",
            "font_color": "#A3ABB6",
            "font_size": 7,
            "shrink": True,
        },
        "cell": open_cell,
        "bad": {**open_cell, "bg_color": _BAD, "bold": True},
        "masked": {**cell, "bg_color": _MASKED, "font_color": _QUIET},
        "bad_masked": {**cell, "bg_color": _BAD_MASKED, "font_color": _QUIET, "bold": True},
        "reply": {**open_cell, "bg_color": _REPLY},
    }


def _about(sheet: Any, book: ReturnBook, formats: dict[str, Any]) -> None:
    facts = book.facts
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    for place, width in enumerate((20, 11, 24, 84)):
        sheet.set_column(place, place, width)
    sheet.set_row(0, 34)
    sheet.write_string(0, 0, "退回修改　Returned for correction", formats["title"])
    row = _say(sheet, 1, lead(book), formats["lead"])
    row = _section(sheet, row + 1, "一、这份文件　The file", formats)
    for label, value, look in file_facts(facts):
        sheet.write_string(row, 0, label, formats["label"])
        sheet.merge_range(row, 1, row, 3, "", formats[look])
        sheet.write_string(row, 1, value, formats[look])
        sheet.set_row(row, _height(value, 110))
        row += 1
    row = _section(sheet, row + 1, "二、问题汇总　Faults by column and rule", formats)
    for place, head in enumerate(("列 column", "处数 rows", "例：位置 e.g.", "问题与办法 fault and remedy")):
        sheet.write_string(row, place, head, formats["head"])
    for count in book.counts:
        row += 1
        text = f"{count.zh}\n{count.en}"
        sheet.write_string(row, 0, f"{count.title}\n{count.rule_id}", formats["value"])
        sheet.write_number(row, 1, count.rows, formats["figure"])
        sheet.write_string(row, 2, count.place, formats["value"])
        sheet.write_string(row, 3, text, formats["value"])
        sheet.set_row(row, max(_height(text, 82), 2 * _LINE_HEIGHT))
    row = _section(sheet, row + 2, "三、怎么改、怎么交　How to correct it and send it back", formats)
    for number, (zh, en) in enumerate(how_to(book), start=1):
        row = _say(sheet, row, f"{number}. {zh}\n    {en}", formats["lead"])
    row = _section(sheet, row + 1, "四、颜色　Legend", formats)
    for look, zh, en in _LEGEND:
        sheet.write_string(row, 0, "示例 sample", formats[look])
        sheet.merge_range(row, 1, row, 3, "", formats["value"])
        sheet.write_string(row, 1, f"{zh}　{en}", formats["value"])
        sheet.set_row(row, 18)
        row += 1
    sheet.write_string(row + 1, 0, f"明镜退回工作簿 Mingjing returned workbook · {MARK}", formats["mark"])
    sheet.protect("", {"format_columns": True, "format_rows": True})


_LEGEND = (
    ("bad", "有误，请改正；鼠标停在格上可看规则", "wrong: please correct; hover for the rule"),
    ("cell", "无误，确有需要也可改", "found in order; may be changed if need be"),
    ("masked", "个人信息，已遮盖并锁定，交回时不读取", "personal data: masked, locked, ignored on return"),
    ("bad_masked", "个人信息有误，请在原文件中改正", "personal data at fault: correct it in your own file"),
    ("reply", "给数据管理员的话，可不填", "a word to the data steward, if you like"),
)


def lead(book: ReturnBook) -> str:
    """The sentence that says it all."""
    facts, wrong = book.facts, sum(bool(row.notes) for row in book.rows) + book.left_out
    if facts.held_zh:
        return f"这份文件暂未采用：{facts.held_zh}\nNothing of this file was used yet: {facts.held_en}"
    return (
        f"这份文件有 {wrong} 行没有采用，其余的已采用。请在“{ROWS}”表中改正后交回。\n"
        f"{wrong} rows of this file were not used, the others were. Please correct them on the sheet {ROWS} and send "
        "this workbook back."
    )


def file_facts(facts: Facts) -> list[tuple[str, str, str]]:
    """Label, value and look of each line about the file."""
    due = "—"
    if facts.deadline is not None:
        due = f"{facts.deadline:%Y-%m-%d} 24:00 前　by the end of {facts.deadline:%Y-%m-%d}"
        if facts.judged > facts.deadline:
            due = (
                f"截止日 {facts.deadline:%Y-%m-%d} 已过，请尽快；改正后的数据作为更正计入　"
                "The deadline has passed: as soon as you can; it counts as a correction"
            )
    rows = (
        f"共 {facts.landed} 行：采用 {facts.accepted}，未采用 {facts.refused}，完全重复 {facts.duplicates}，"
        f"标题、空行与合计 {facts.structural}　{facts.landed} rows: {facts.accepted} used, {facts.refused} not, "
        f"{facts.duplicates} exact duplicates, {facts.structural} titles, blanks and totals"
    )
    return [
        ("文件 file", facts.file_name, "value"),
        ("数据 feed", f"{facts.feed_zh}　{facts.feed_en}", "value"),
        ("报送单位 sender", f"{facts.supplier_zh}　{facts.supplier_en}", "value"),
        ("收到时间 received", facts.received, "value"),
        ("所属季度 quarter", facts.quarter or "—", "value"),
        ("行数 rows", rows, "value"),
        ("请于何时交回 due", due, "due"),
    ]


def how_to(book: ReturnBook) -> list[tuple[str, str]]:
    """What to do, step by step."""
    steps = [
        (
            f"在“{ROWS}”表中改红色的格。改哪格就算哪格，没改的格按原文件计。",
            f"Correct the red cells on the sheet {ROWS}. What you change counts; the rest stays as in your file.",
        ),
        (
            "不要改动“行码”列和列名；行可以换次序，暂时改不了的行可以删去，仍留待以后改。",
            "Leave the row codes and the column heads alone. Rows may be moved; delete one to leave it for later.",
        ),
        (
            "灰色的列是个人信息，已遮盖：这里不能改。其中有误的，请在原文件中改正后重新报送原文件。",
            "Grey columns hold personal data and cannot be changed here: correct your own file and send that again.",
        ),
        (
            "另存后放进原来的收件目录即可，文件名随意；系统认得它，不会与原文件重复计算。",
            "Save it and put it into the same inbox under any name: it is recognised and never counted twice.",
        ),
        (
            "也可以不用本表，直接改原文件并整份重新报送。",
            "Or leave this workbook be, correct your own file and send the whole of it again.",
        ),
    ]
    if book.left_out:
        told = (
            f"另有 {book.left_out} 行有误但未列入本表（过多，或行码已损坏），请在原文件中改正后整份重新报送。",
            f"{book.left_out} more rows are wrong and not listed here (too many, or without a sound row code): correct "
            "your own file and send the whole of it again.",
        )
        steps.insert(0, told)
    return steps


def _rows(sheet: Any, book: ReturnBook, formats: dict[str, Any]) -> None:
    first, last = 2, 2 + len(book.columns)
    sheet.freeze_panes(HEAD_ROWS, first)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    heads = [PLACE_HEAD, FAULT_HEAD, *(column.header for column in book.columns), REPLY_HEAD, CODE_HEAD]
    for place, head in enumerate(heads):
        sheet.write_string(0, place, head, formats["head"])
    sheet.set_row(0, 15.0 * max(2, *(_lines(head, 12) for head in heads)))
    sheet.set_column(0, 0, 17)
    sheet.set_column(1, 1, _FAULT_WIDTH)
    for place, column in enumerate(book.columns, start=first):
        sheet.set_column(place, place, _width(book, place - first, column))
        _drop_down(sheet, column, place, len(book.rows))
    sheet.set_column(last, last, 26)
    sheet.set_column(last + 1, last + 1, 18)
    for number, row in enumerate(book.rows, start=HEAD_ROWS):
        _row(sheet, number, row, book.columns, formats)
    if book.rows:
        sheet.autofilter(0, 0, len(book.rows), last + 1)
    sheet.protect(
        "",
        {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True, "delete_rows": True},
    )


def _row(
    sheet: Any, number: int, row: ShownRow, columns: tuple[ShownColumn, ...], formats: dict[str, Any]
) -> None:
    by_column: dict[str, list[Note]] = {}
    for note in row.notes:
        by_column.setdefault(note.column, []).append(note)
    todo = todo_of(row, columns)
    sheet.write_string(number, 0, row.place, formats["place"])
    sheet.write_string(number, 1, todo, formats["todo"])
    for place, (column, text) in enumerate(zip(columns, row.cells, strict=True), start=2):
        notes = by_column.get(column.name, [])
        look = ("bad_" if notes else "") + "masked" if column.locked else "bad" if notes else "cell"
        sheet.write_string(number, place, text, formats[look])
        if notes:
            comment = "\n".join(_comment(note, column, row) for note in notes)
            height = 16 * min(16, _lines(comment, 44)) + 16
            options = {
                "author": "",
                "width": 330,
                "height": height,
                "font_name": "Microsoft YaHei",
                "font_size": 9,
            }
            sheet.write_comment(number, place, comment[:2000], options)
    last = 2 + len(columns)
    sheet.write_string(number, last, "", formats["reply"])
    sheet.write_string(number, last + 1, row.code, formats["code"])
    tallest = max((_lines(text, 22) for text in row.cells), default=1)
    lines = min(_MOST_LINES, max(_lines(todo, _FAULT_WIDTH + 4), tallest))
    sheet.set_row(number, _LINE_HEIGHT * lines + 4)


def todo_of(row: ShownRow, columns: tuple[ShownColumn, ...]) -> str:
    """What is wrong with a row and what to do, a line per fault; faults in personal columns by their place alone."""
    locked = {column.name: column.header for column in columns if column.locked}
    lines = [
        f"「{locked[note.column]}」有误（{note.rule_id}），请在原文件 {row.place} 改正。"
        if note.column in locked
        else note.zh
        for note in row.notes
    ]
    return "\n".join(lines)


def _comment(note: Note, column: ShownColumn, row: ShownRow) -> str:
    if column.locked:
        return (
            f"规则 {note.rule_id}：本列为个人信息，这里只能看，不能改。请在原文件 {row.place} 改正后重新报送原文件。\n"
            f"Rule {note.rule_id}: personal data, for reading only. Correct it in your own file and send that again."
        )
    return f"规则 rule {note.rule_id}\n{note.zh}\n{note.en}"


def _drop_down(sheet: Any, column: ShownColumn, place: int, rows: int) -> None:
    fits = len(",".join(column.choices)) <= _LONGEST_LIST and not any("," in one for one in column.choices)
    if not column.choices or column.locked or not rows or not fits:
        return
    told = "可填：" + "、".join(column.choices)
    sheet.data_validation(
        HEAD_ROWS, place, rows, place,
        {
            "validate": "list", "source": list(column.choices), "error_type": "stop", "ignore_blank": True,
            "error_title": "不在可选范围", "error_message": told[:250],
        },
    )  # fmt: skip


def _section(sheet: Any, row: int, text: str, formats: dict[str, Any]) -> int:
    for place in range(4):
        sheet.write_blank(row, place, None, formats["section"])
    sheet.write_string(row, 0, text, formats["section"])
    sheet.set_row(row, 21)
    return row + 1


def _say(sheet: Any, row: int, text: str, look: Any) -> int:
    sheet.merge_range(row, 0, row, 3, "", look)
    sheet.write_string(row, 0, text, look)
    sheet.set_row(row, _height(text, 128) + 4)
    return row + 1


def _width(book: ReturnBook, index: int, column: ShownColumn) -> float:
    longest = max((_cells_wide(row.cells[index]) for row in book.rows[:500]), default=0)
    return min(30.0, max(11.0, longest + 2.5, _cells_wide(column.header) / 2 + 3))


@lru_cache(maxsize=4096)
def _cells_wide(text: str) -> int:
    """How many half-width cells a text takes: a Chinese character takes two."""
    return max(
        (sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line) for line in text.split("\n")),
        default=0,
    )


def _lines(text: str, width: float) -> int:
    return sum(max(1, -(-_cells_wide(line) // int(width))) for line in text.split("\n"))


def _height(text: str, width: float) -> float:
    return _LINE_HEIGHT * _lines(text, width) + 3
