"""The page of an official document after GB/T 9704-2012, as styles that an office can edit.

A4; margins 37, 28, 26 and 35 mm (top, left, right, bottom); 22 lines of 28 characters; title in 小标宋 of size 二号,
body in 仿宋 of size 三号, headings in 黑体 and 楷体; page numbers `— 1 —`, odd pages right, even pages left.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm

TITLE, BODY, HEAD, SUBHEAD = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"
SONG, LATIN = "宋体", "Times New Roman"
_FONTS = {
    # name → (what a machine without it takes instead, family)
    TITLE: ("方正小标宋_GBK,Noto Serif CJK SC,Source Han Serif SC,宋体", "roman"),
    BODY: ("仿宋,FandolFang,Noto Serif CJK SC,Source Han Serif SC", "roman"),
    HEAD: ("SimHei,FandolHei,Noto Sans CJK SC,Source Han Sans SC", "swiss"),
    SUBHEAD: ("楷体,FandolKai,Noto Serif CJK SC,Source Han Serif SC", "roman"),
    SONG: ("SimSun,FandolSong,Noto Serif CJK SC,Source Han Serif SC", "roman"),
    LATIN: ("Liberation Serif", "roman"),
}
TEXT_WIDTH_MM = 156.0
_LINE = 580
"""Twentieths of a point: 225 mm in 22 lines."""
_CHARACTER = -5
"""Twentieths of a point between characters: 28 of them in 156 mm."""


@dataclass(frozen=True)
class Style:
    """A paragraph style: sizes in points, indents in characters, `line` in twentieths of a point (0 = as needed)."""

    font: str = BODY
    size: float = 16.0
    align: str = "both"
    first: float = 0.0
    left: float = 0.0
    right: float = 0.0
    line: int = _LINE
    before: float = 0.0
    after: float = 0.0
    colour: str = ""
    bold: bool = False
    keep: bool = False
    tight: bool = True
    new_page: bool = False
    close: bool = False
    """No room between Chinese and digits: dates fit a narrow column."""


STYLES = {
    "发文机关标志": Style(TITLE, 30, "center", line=0, before=6, after=14, colour="C00000", tight=False),
    "发文字号": Style(BODY, 16, "center", after=4),
    "公文标题": Style(TITLE, 22, "center", line=700, before=18, after=14, keep=True, tight=False),
    "主送机关": Style(align="left"),
    "公文正文": Style(first=2),
    "一级标题": Style(HEAD, 16, "left", first=2, keep=True),
    "二级标题": Style(SUBHEAD, 16, "left", first=2, keep=True),
    "附件说明": Style(align="left", first=2, before=8, keep=True),
    "署名": Style(align="right", right=2, before=24, keep=True),
    "成文日期": Style(align="right", right=4),
    "附注": Style(align="both", size=14, first=2, line=480),
    "附件": Style(HEAD, 16, "left", new_page=True),
    "附件标题": Style(TITLE, 18, "center", line=0, before=2, after=8, keep=True, tight=False),
    "版记": Style(size=14, align="left", left=1, right=1, line=480, tight=False),
    "表头": Style(HEAD, 12, "center", line=0, before=2, after=2, tight=False),
    "表格文字": Style(BODY, 12, "center", line=0, before=1, after=1, tight=False, close=True),
    "表格左文": Style(BODY, 12, "left", line=0, before=1, after=1, tight=False, close=True),
    "附表头": Style(HEAD, 10.5, "center", line=0, before=1, after=1, tight=False),
    "附表文字": Style(BODY, 10.5, "center", line=0, tight=False, close=True),
    "附表左文": Style(BODY, 10.5, "left", line=0, tight=False, close=True),
    "图": Style(BODY, 12, "center", line=0, before=6, after=2, keep=True, tight=False),
    "图题": Style(HEAD, 12, "center", line=0, before=2, after=8, tight=False),
    "页码单": Style(SONG, 14, "right", right=1, line=0, tight=False),
    "页码双": Style(SONG, 14, "left", left=1, line=0, tight=False),
}


def new_document() -> Any:
    """An empty document with the page and the styles, and nothing of Word's own."""
    book = docx.Document()
    _only_ours(book)
    for name, style in STYLES.items():
        _add_style(book, name, style)
    _page(book.sections[0])
    book.settings.odd_and_even_pages_header_footer = True
    _fonts(book)
    return book


def paragraph(place: Any, style: str, text: str = "") -> Any:
    """Add a paragraph to a document or a cell."""
    return place.add_paragraph(text, style=style)


def table(
    book: Any,
    widths_mm: list[float],
    heads: list[str],
    row: list[str],
    loop: tuple[str, str],
    *,
    small: bool = False,
) -> Any:
    """A table with a head that repeats on every page and one row that repeats for each item of a list.

    Args:
        book: the document.
        widths_mm: width of each column.
        heads: texts of the head.
        row: texts of the repeated row; the first column that starts with `<` is set left.
        loop: (name of the item, name of the list).
        small: for a long list of an annex.
    """
    item, items = loop
    made = book.add_table(rows=0, cols=len(widths_mm))
    _borders(made)
    for place, texts in enumerate([heads, [f"{{%tr for {item} in {items} %}}"], row, ["{%tr endfor %}"]]):
        cells = made.add_row().cells
        for cell, text in zip(cells, texts, strict=False):
            kind = "头" if place == 0 else "左文" if text.startswith("<") else "文字"
            cell.paragraphs[0].style = f"附表{kind}" if small else "表头" if place == 0 else f"表格{kind}"
            cell.paragraphs[0].add_run(text.removeprefix("<"))
            cell.vertical_alignment = 1
    _no_split(made)
    made.autofit = False
    for row_ in made.rows:
        for cell, width in zip(row_.cells, widths_mm, strict=True):
            cell.width = Mm(width)
    for column, width in zip(made.columns, widths_mm, strict=True):
        column.width = Mm(width)
    return made


def closing(book: Any) -> None:
    """Who else gets it, who printed it and when, at the end of the last page."""
    paragraph(book, "版记", "")
    made = book.add_table(rows=2, cols=1)
    for row, text in zip(
        made.rows, ("抄送：{{ copies or '无' }}。", "{{ issuer }}\t{{ date }}印发"), strict=True
    ):
        cell = row.cells[0].paragraphs[0]
        cell.style = "版记"
        cell.add_run(text)
    made.rows[1].cells[0].paragraphs[0].paragraph_format.tab_stops.add_tab_stop(
        Mm(TEXT_WIDTH_MM - 8), WD_TAB_ALIGNMENT.RIGHT
    )
    _lines(made)
    _no_split(made, head=False)


def red_line(place: Any) -> None:
    """The red line below the number of the document."""
    borders = parse_xml(
        f'<w:pBdr {nsdecls("w")}><w:bottom w:val="single" w:sz="12" w:space="6" w:color="C00000"/></w:pBdr>'
    )
    properties = place._p.get_or_add_pPr()
    properties.append(borders)


def save(book: Any) -> bytes:
    """The document as bytes."""
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _only_ours(book: Any) -> None:
    keep = {"Normal", "Default Paragraph Font", "Normal Table", "No List"}
    styles = book.styles.element
    for style in list(styles.style_lst):
        if style.name_val not in keep:
            styles.remove(style)
    if (latent := styles.find(qn("w:latentStyles"))) is not None:
        styles.remove(latent)
    normal = book.styles["Normal"].element
    for child in list(normal):
        if child.tag in {qn("w:rPr"), qn("w:pPr")}:
            normal.remove(child)
    defaults = styles.find(qn("w:docDefaults"))
    styles.remove(defaults)
    styles.insert(
        0,
        parse_xml(
            f'<w:docDefaults {nsdecls("w")}><w:rPrDefault><w:rPr>{_font_xml(BODY)}<w:kern w:val="2"/>'
            '<w:sz w:val="32"/><w:szCs w:val="32"/><w:lang w:val="zh-CN" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'
            "</w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>"
        ),
    )
    package = book.part.package
    for key, relation in list(package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            del package.rels[key]


def _font_xml(font: str) -> str:
    latin = LATIN if font in {BODY, SUBHEAD} else font
    return f'<w:rFonts w:ascii="{latin}" w:hAnsi="{latin}" w:cs="{latin}" w:eastAsia="{font}"/>'


def _add_style(book: Any, name: str, style: Style) -> None:
    made = book.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    element = made.element
    element.append(parse_xml(f"<w:pPr {nsdecls('w')}>{_paragraph_xml(style)}</w:pPr>"))
    half = round(style.size * 2)
    run = _font_xml(style.font)
    run += "<w:b/>" if style.bold else ""
    run += f'<w:color w:val="{style.colour}"/>' if style.colour else ""
    run += f'<w:spacing w:val="{_CHARACTER}"/>' if style.tight else ""
    run += f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/>'
    element.append(parse_xml(f"<w:rPr {nsdecls('w')}>{run}</w:rPr>"))
    for child in ("w:basedOn", "w:qFormat"):
        if element.find(qn(child)) is None and child == "w:qFormat":
            element.find(qn("w:pPr")).addprevious(OxmlElement("w:qFormat"))


def _paragraph_xml(style: Style) -> str:
    indent = "".join(
        f' w:{word}Chars="{round(value * 100)}" w:{word}="{round(value * style.size * 20)}"'
        for word, value in (("left", style.left), ("right", style.right), ("firstLine", style.first))
        if value
    )
    line = f'w:line="{style.line}" w:lineRule="exact"' if style.line else 'w:line="240" w:lineRule="auto"'
    return (
        ("<w:keepNext/>" if style.keep else "")
        + ("<w:pageBreakBefore/>" if style.new_page else "")
        + "<w:widowControl/>"
        + ('<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/>' if style.close else "")
        + '<w:snapToGrid w:val="0"/>'
        + f'<w:spacing w:before="{round(style.before * 20)}" w:after="{round(style.after * 20)}" {line}/>'
        + (f"<w:ind{indent}/>" if indent else "")
        + f'<w:jc w:val="{style.align}"/>'
    )


def _page(section: Any) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance, section.header_distance = Mm(23), Mm(15)
    grid = section._sectPr.find(qn("w:docGrid"))
    if grid is None:
        grid = OxmlElement("w:docGrid")
        section._sectPr.append(grid)
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(_LINE))
    for footer, style in ((section.footer, "页码单"), (section.even_page_footer, "页码双")):
        footer.is_linked_to_previous = False
        _page_number(footer.paragraphs[0], style)


def _page_number(place: Any, style: str) -> None:
    place.style = style
    place.add_run("— ")
    for kind in ("begin", "", "end"):
        run = place.add_run()
        if kind:
            field = OxmlElement("w:fldChar")
            field.set(qn("w:fldCharType"), kind)
        else:
            field = OxmlElement("w:instrText")
            field.text = " PAGE "
        run._r.append(field)
    place.add_run(" —")


def _borders(made: Any) -> None:
    sides = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="404040"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    _table_properties(made, sides)


def _lines(made: Any) -> None:
    sides = "".join(
        f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="000000"/>'
        for side, size in (("top", 8), ("bottom", 8), ("insideH", 4))
    )
    _table_properties(made, sides)


def _table_properties(made: Any, sides: str) -> None:
    properties = made._tbl.tblPr
    for old in list(properties):
        properties.remove(old)
    width = round(TEXT_WIDTH_MM / 25.4 * 1440)
    for xml in (
        f'<w:tblW {nsdecls("w")} w:w="{width}" w:type="dxa"/>',
        f'<w:jc {nsdecls("w")} w:val="center"/>',
        f"<w:tblBorders {nsdecls('w')}>{sides}</w:tblBorders>",
        f'<w:tblLayout {nsdecls("w")} w:type="fixed"/>',
        f'<w:tblCellMar {nsdecls("w")}><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar>',
    ):
        properties.append(parse_xml(xml))


def _no_split(made: Any, *, head: bool = True) -> None:
    for place, row in enumerate(made.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if head and place == 0:
            properties.append(OxmlElement("w:tblHeader"))


def _fonts(book: Any) -> None:
    entries = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{instead}"/><w:charset w:val="{"00" if name == LATIN else "86"}"/>'
        f'<w:family w:val="{family}"/><w:pitch w:val="auto"/></w:font>'
        for name, (instead, family) in _FONTS.items()
    )
    xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:fonts {nsdecls("w")}>{entries}</w:fonts>'
    for relation in book.part.rels.values():
        if relation.reltype.endswith("/fontTable"):
            relation.target_part._blob = xml.encode()


def write(path: Path, content: bytes) -> None:
    """Write bytes only where they differ."""
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)
