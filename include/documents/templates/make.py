"""Writes the shipped templates: `python -m include.documents.templates.make`. The same code gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from include.documents.official.packing import Properties, repack
from include.documents.templates import page
from include.documents.templates.form import feedback_form

FOLDER = Path(__file__).parent
_MADE = datetime(2026, 1, 1, tzinfo=UTC)


def make() -> dict[str, bytes]:
    """Every shipped template: file name → bytes."""
    made = {name: _packed(build()) for name, build in _WORD.items()}
    return {**made, "feedback_form.xlsx": repack(feedback_form(), _properties("评价情况反馈表"))}


def _packed(book: Any) -> bytes:
    return repack(page.save(book), _properties("公文模板"))


def _properties(title: str) -> Properties:
    return Properties(title, "Mingjing", _MADE)


def _head(book: Any, addressee: str) -> None:
    page.paragraph(book, "发文机关标志", "{{ issuer }}")
    page.red_line(page.paragraph(book, "发文字号", "{{ number }}"))
    page.paragraph(book, "公文标题", "{{ title }}")
    page.paragraph(book, "主送机关", addressee)


def _listed(book: Any, items: str, text: str, style: str = "公文正文") -> None:
    page.paragraph(book, style, f"{{%p for item in {items} %}}")
    page.paragraph(book, style, text)
    page.paragraph(book, style, "{%p endfor %}")


def _sentence(book: Any, name: str) -> None:
    """A sentence that may be empty: no blank line is left then."""
    page.paragraph(book, "公文正文", f"{{%p if {name} %}}")
    page.paragraph(book, "公文正文", f"{{{{ {name} }}}}")
    page.paragraph(book, "公文正文", "{%p endif %}")


def _signed(book: Any) -> None:
    page.paragraph(book, "署名", "{{ issuer }}")
    page.paragraph(book, "成文日期", "{{ date }}")


def _reservations(book: Any, *, caveats: bool = True) -> None:
    if caveats:
        page.paragraph(book, "附注", "{%p for item in caveats %}")
        page.paragraph(book, "附注", "{{ item.text }}")
        page.paragraph(book, "附注", "{%p endfor %}")
    page.paragraph(book, "附注", "{{ basis }}用途：{{ purpose }}").paragraph_format.keep_with_next = True


def _heading(book: Any, text: str) -> None:
    page.paragraph(book, "一级标题", text)


def _warning_notice() -> Any:
    book = page.new_document()
    _head(book, "{{ unit }}：")
    page.paragraph(book, "公文正文", "{{ opening }}")
    _heading(book, "一、各大类得分")
    cells = ["<{{ row.title }}", "{{ row.full }}", "{{ row.points }}", "{{ row.rate }}", "{{ row.peer }}"]
    heads = ["类别", "可评分值", "得分", "得分率", "同类中位得分率"]
    page.table(book, [52, 22, 24, 24, 34], heads, cells, ("row", "classes"))
    page.paragraph(book, "图", "{{ chart }}")
    page.paragraph(book, "图题", "各大类和得分率最低维度的得分率")
    _sentence(book, "standing")
    _heading(book, "二、暴露问题")
    page.paragraph(book, "二级标题", "（一）经审核确认的预警")
    _listed(book, "problems", "{{ item.number }}．{{ item.text }}")
    page.paragraph(book, "二级标题", "（二）失分较多的指标")
    _listed(book, "losses", "{{ item.number }}．{{ item.text }}")
    _heading(book, "三、建议")
    _listed(book, "advice", "{{ item.number }}．{{ item.text }}")
    _heading(book, "四、答复要求")
    page.paragraph(book, "公文正文", "{{ answer }}")
    page.paragraph(book, "公文正文", "{{ contact }}").paragraph_format.keep_with_next = True
    page.paragraph(book, "附件说明", "附件：评价情况反馈表")
    _signed(book)
    _reservations(book)
    page.closing(book)
    return book


def _report(*, year: bool) -> Any:
    book = page.new_document()
    _head(book, "{{ to }}：")
    page.paragraph(book, "公文正文", "{{ opening }}")
    if year:
        _sentence(book, "taken")
    _heading(book, "一、总体情况")
    _sentence(book, "grades")
    page.paragraph(book, "公文正文", "{{ colours }}")
    cells = [f"{{{{ row.{name} }}}}" for name in ("units", "green", "yellow", "red", "unrated")]
    heads = ["类别", "单位数", "● 绿色", "◆ 黄色", "▲ 红色", "○ 未评"]
    page.table(
        book, [41, 23, 23, 23, 23, 23], heads, ["<{{ row.peer_group }}", *cells], ("row", "colour_rows")
    )
    _listed(book, "groups", "{{ item.text }}")
    page.paragraph(book, "图", "{{ colour_chart }}")
    page.paragraph(book, "图题", "图1　各类单位颜色分布")
    _heading(book, "二、变化和走势")
    page.paragraph(book, "公文正文", "{{ changed }}")
    _listed(book, "moves", "{{ item.number }}．{{ item.text }}")
    page.paragraph(book, "图", "{{ trend_chart }}")
    page.paragraph(book, "图题", "图2　各类单位平均指数走势")
    headings = iter("三四五六七")
    if year:
        _heading(book, f"{next(headings)}、三个维度的短板和措施")
        page.paragraph(book, "公文正文", "{%p for item in dimensions %}")
        page.paragraph(book, "二级标题", "（{{ ['一', '二', '三'][item.number - 1] }}）{{ item.title }}")
        page.paragraph(book, "公文正文", "{{ item.text }}")
        page.paragraph(book, "公文正文", "短板：{{ item.shortfalls }}")
        page.paragraph(book, "公文正文", "措施：{{ item.measures }}")
        page.paragraph(book, "公文正文", "{%p endfor %}")
    _heading(book, f"{next(headings)}、共性问题")
    _listed(book, "problems", "{{ item.number }}．{{ item.text }}牵头单位：{{ item.lead }}。")
    _sentence(book, "no_problems")
    _heading(book, f"{next(headings)}、预警审核和数据情况")
    page.paragraph(book, "公文正文", "{{ warnings }}")
    _sentence(book, "missing")
    _heading(book, f"{next(headings)}、方法和说明")
    _listed(book, "methods", "{{ item.number }}．{{ item.text }}")
    _listed(book, "caveats", "{{ item.text }}")
    page.paragraph(book, "公文正文", "{{ contact }}").paragraph_format.keep_with_next = True
    page.paragraph(book, "附件说明", "附件：各单位评价结果")
    _signed(book)
    _reservations(book, caveats=False)
    page.paragraph(book, "附件", "附件")
    page.paragraph(book, "附件标题", "各单位评价结果")
    heads = ["组别", "单位", "类别", "得分", "等次", "颜色", "名次", "颜色把握"]
    cells = [
        "{{ row.band }}",
        "<{{ row.name }}",
        "{{ row.peer_group }}",
        "{{ row.points }}",
        "{{ row.grade }}",
    ]
    cells += ["{{ row.colour }}", "{{ row.rank }}", "{{ row.sure }}"]
    page.table(book, [12, 49, 18, 15, 11, 16, 17, 18], heads, cells, ("row", "ranked"), small=True)
    page.closing(book)
    return book


def _rectification() -> Any:
    book = page.new_document()
    _head(book, "{{ unit }}：")
    page.paragraph(book, "公文正文", "{{ opening }}")
    cells = ["{{ row.number }}", "<{{ row.problem }}", "<{{ row.goal }}", "<{{ row.measure }}"]
    cells += ["{{ row.deadline }}", "{{ row.post }}"]
    heads = ["序号", "问题", "目标", "措施", "时限", "责任岗位"]
    page.table(book, [11, 32, 30, 30, 35, 18], heads, cells, ("row", "items"), small=True)
    page.paragraph(book, "公文正文", "{{ answer }}")
    page.paragraph(book, "公文正文", "{{ contact }}").paragraph_format.keep_with_next = True
    _signed(book)
    _reservations(book)
    page.closing(book)
    return book


def _transfer() -> Any:
    book = page.new_document()
    _head(book, "{{ department }}：")
    page.paragraph(book, "公文正文", "{{ opening }}")
    _heading(book, "一、移交的共性问题")
    _listed(book, "problems", "{{ item.number }}．{{ item.text }}")
    cells = ["{{ row.number }}", "<{{ row.form }}", "{{ row.low }}", "{{ row.rated }}", "{{ row.share }}"]
    heads = ["序号", "问题分类", "涉及单位数", "参评单位数", "占比", "建议"]
    page.table(
        book, [12, 40, 20, 20, 16, 48], heads, [*cells, "<{{ row.advice }}"], ("row", "problems"), small=True
    )
    _heading(book, "二、涉及单位")
    page.paragraph(book, "公文正文", "{{ units }}。")
    _heading(book, "三、工作要求")
    page.paragraph(book, "公文正文", "{{ answer }}")
    page.paragraph(book, "公文正文", "{{ contact }}").paragraph_format.keep_with_next = True
    _signed(book)
    _reservations(book)
    page.closing(book)
    return book


_WORD: dict[str, Callable[[], Any]] = {
    "warning_notice.docx": _warning_notice,
    "quarter_report.docx": lambda: _report(year=False),
    "year_report.docx": lambda: _report(year=True),
    "rectification_notice.docx": _rectification,
    "transfer_sheet.docx": _transfer,
}

if __name__ == "__main__":
    for name, content in make().items():
        page.write(FOLDER / name, content)
