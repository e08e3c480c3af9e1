"""Made-up tables as departments write them, of every kind and from a seed, with the truth beside each."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field

import openpyxl

UNITS = (
    "城关镇", "河东乡", "县教育局", "县卫生健康局", "县自然资源局", "县公安局", "西街道办", "县民政局", "县水务局",
    "南山镇", "北川镇", "县医疗保障局", "县应急管理局", "县市场监督管理局", "柳林乡", "县财政局",
)  # fmt: skip
MEASURES = (
    "受理件数",
    "办结件数",
    "整改问题数",
    "满意率",
    "预算数",
    "决算数",
    "信访总量",
    "检查次数",
    "罚没金额",
    "项目数",
)
ITEMS = ("办公费", "会议费", "培训费", "公务接待", "车辆运行")


@dataclass
class DepartmentTable:
    """Rows are counted from 0; `kind` xlsx or csv."""

    data: bytes
    name: str
    header: tuple[int, int]
    rows: list[int]
    """Rows of data."""
    totals: list[int]
    banners: list[int]
    notes: list[int]
    beside: str = ""
    about: list[str] = field(default_factory=list)


class _Sheet:
    def __init__(self) -> None:
        self.rows: list[list[object]] = []
        self.merges: list[tuple[int, int, int, int]] = []

    def add(self, *cells: object) -> int:
        self.rows.append(list(cells))
        return len(self.rows) - 1


def department_table(seed: int) -> DepartmentTable:
    """The table of a seed."""
    r = random.Random(seed)
    kind = r.choice(("xlsx", "xlsx", "xlsx", "csv", "gb18030", "tsv"))
    sheet, about = _Sheet(), [kind]
    depth = r.choice((1, 1, 2, 2, 3))
    serial, item = r.random() < 0.4, r.random() < 0.3
    measures = r.sample(MEASURES, r.randint(2, 3) * (2 if depth > 1 else 1))
    left = (["序号"] if serial else []) + ["单位名称"] + (["项目"] if item else [])
    width = len(left) + len(measures)
    if r.random() < 0.8:
        top = sheet.add(f"某县2026年第三季度{r.choice(('信访办理', '经费决算', '监督检查'))}情况表")
        if kind == "xlsx" and r.random() < 0.6:
            sheet.merges.append((top, 0, top, width - 1))
        if r.random() < 0.3:
            sheet.add()
        if r.random() < 0.3:
            sheet.add("填报单位：县纪委监委", *[None] * (width - 2), "2026年10月8日")
        if r.random() < 0.5:
            sheet.add(*[None] * (width - 1), r.choice(("单位：件", "单位：万元", "金额单位：元")))
    header_rows = _header(sheet, left, measures, depth, merged=kind == "xlsx")
    first = len(sheet.rows)
    sheet.rows += [list(row) for row in header_rows]
    sheet.merges += [
        (first + a, b, first + c, d) for a, b, c, d in _merges(left, measures, depth) if kind == "xlsx"
    ]
    if numbering := r.random() < 0.25:
        sheet.add(*"甲乙丙"[: len(left)], *range(1, len(measures) + 1))
        about.append("numbering")
    table = DepartmentTable(b"", "", (first, first + depth - 1), [], [], [], [], about=about)
    style = r.choice(("plain", "plain", "subtotals", "banners", "stacked", "top"))
    about.append(style)
    _body(r, sheet, table, style, left, measures, header_rows, serial=serial, item=item)
    _foot(r, sheet, table, width)
    if style == "plain" and not numbering and r.random() < 0.25 and kind == "xlsx":
        table.beside = r.choice(("same", "other"))
        _neighbour(sheet, table, width)
        about.append(f"beside {table.beside}")
    table.data, table.name = _saved(sheet, kind)
    return table


def _header(sheet: _Sheet, left: list[str], measures: list[str], depth: int, *, merged: bool) -> list[list]:
    if depth == 1:
        return [[*left, *measures]]
    pairs = [measures[at : at + 2] for at in range(0, len(measures), 2)]
    upper = [word for at, pair in enumerate(pairs) for word in (f"第{at + 1}类", *[None] * (len(pair) - 1))]
    blank = [None] * len(left)
    if depth == 2:
        return [[*left, *upper], [*blank, *measures]]
    return [[*left, "合计情况", *[None] * (len(measures) - 1)], [*blank, *upper], [*blank, *measures]]


def _merges(left: list[str], measures: list[str], depth: int) -> list[tuple[int, int, int, int]]:
    if depth == 1:
        return []
    found = [(0, place, depth - 1, place) for place in range(len(left))]
    start, end = len(left), len(left) + len(measures)
    found += [(depth - 2, at, depth - 2, at + 1) for at in range(start, end, 2)]
    return found + ([(0, start, 0, end - 1)] if depth == 3 else [])


def _body(
    r: random.Random, sheet: _Sheet, table: DepartmentTable, style: str, left: list[str], measures: list[str],
    header_rows: list[list], *, serial: bool, item: bool,
) -> None:  # fmt: skip
    units = r.sample(UNITS, r.randint(6, 14))
    count = len(measures)

    def figures() -> list[object]:
        return [
            round(r.uniform(1, 999), 2) if name.endswith(("数", "额")) else r.randint(0, 99)
            for name in measures
        ]

    def total(word: str, values: list[list[object]]) -> None:
        sums = [round(sum(row[at] for row in values), 2) for at in range(count)]
        place = r.choice(range(len(left))) if style != "top" and serial else (1 if serial else 0)
        labels = [None] * len(left)
        labels[place] = word
        table.totals.append(sheet.add(*labels, *sums))

    values = [figures() for _ in units]
    if style == "top":
        total(r.choice(("合计", "全县", "总 计")), values)
    group: list[list[object]] = []
    half = len(units) // 2
    for at, (unit, row) in enumerate(zip(units, values, strict=True)):
        if style == "banners" and at in (0, half):
            table.banners.append(sheet.add(("一、乡镇街道", "二、县直部门")[at > 0]))
        if style == "stacked" and at == half:
            if r.random() < 0.5:
                sheet.add()
            if r.random() < 0.7:
                sheet.add(r.choice(("续表", "某县监督检查情况表（续）")))
            below = len(sheet.rows)
            sheet.rows += [list(cells) for cells in header_rows]
            if sheet.merges:
                sheet.merges += [
                    (below + a, b, below + c, d) for a, b, c, d in _merges(left, measures, len(header_rows))
                ]
        cells = [*([at + 1] if serial else []), unit, *([r.choice(ITEMS)] if item else []), *row]
        table.rows.append(sheet.add(*cells))
        group.append(row)
        if style == "subtotals" and at in (half - 1, len(units) - 1):
            total(r.choice(("小计", "小　计")), group)
            group = []
    if style in ("plain", "banners", "stacked", "subtotals") and r.random() < 0.7:
        total(r.choice(("合计", "合　计", "总计", "本页合计")), values)


def _foot(r: random.Random, sheet: _Sheet, table: DepartmentTable, width: int) -> None:
    if r.random() < 0.4:
        if r.random() < 0.5:
            sheet.add()
        table.notes.append(sheet.add("注：1.本表由各单位据实填报。"))
        if r.random() < 0.5:
            table.notes.append(sheet.add("2.满意率为抽样数。"))
    if r.random() < 0.4:
        table.notes.append(sheet.add("填表人：张某", *[None] * (width - 2), "审核人：李某"))


def _neighbour(sheet: _Sheet, table: DepartmentTable, width: int) -> None:
    first, last = table.header
    for row in (*range(first, last + 1), *table.rows[:4]):
        cells = sheet.rows[row]
        cells += [None] * (width + 1 - len(cells))
        if table.beside == "same":
            cells += [
                value if row <= last or not isinstance(value, str) else f"外{value}"
                for value in cells[:width]
            ]
        else:
            cells += (
                ["编制科室", "核定编制"] if row == last else ["综合科", 5] if row > last else [None, None]
            )
    if table.beside == "same":
        shift = width + 1
        sheet.merges += [(a, b + shift, c, d + shift) for a, b, c, d in sheet.merges if a >= first]


def _saved(sheet: _Sheet, kind: str) -> tuple[bytes, str]:
    if kind == "xlsx":
        book = openpyxl.Workbook()
        page = book.active
        for at, cells in enumerate(sheet.rows, start=1):
            for place, value in enumerate(cells, start=1):
                if value is not None:
                    page.cell(at, place, value)
        for top, left, bottom, right in sheet.merges:
            page.merge_cells(
                start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1
            )
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue(), "表.xlsx"
    delimiter = "\t" if kind == "tsv" else ","
    width = max(map(len, sheet.rows))
    lines = [
        delimiter.join("" if cell is None else str(cell) for cell in [*cells, *[None] * (width - len(cells))])
        for cells in sheet.rows
    ]
    encoding = "gb18030" if kind == "gb18030" else "utf-8"
    return ("\r\n".join(lines) + "\r\n").encode(encoding), "表.csv"
