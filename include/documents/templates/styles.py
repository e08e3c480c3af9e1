"""Styles of an official document after GB/T 9704-2012: fonts, sizes, line pitch, as Word's paragraph styles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn

TITLE, BODY, HEAD, SUBHEAD = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"
SONG, LATIN = "宋体", "Times New Roman"
FONTS = {
    # name → (what a machine without it takes instead, family)
    TITLE: ("方正小标宋_GBK,Noto Serif CJK SC,Source Han Serif SC,宋体", "roman"),
    BODY: ("仿宋,FandolFang,Noto Serif CJK SC,Source Han Serif SC", "roman"),
    HEAD: ("SimHei,FandolHei,Noto Sans CJK SC,Source Han Sans SC", "swiss"),
    SUBHEAD: ("楷体,FandolKai,Noto Serif CJK SC,Source Han Serif SC", "roman"),
    SONG: ("SimSun,FandolSong,Noto Serif CJK SC,Source Han Serif SC", "roman"),
    LATIN: ("Liberation Serif", "roman"),
}
TEXT_WIDTH_MM = 156.0
LINE = 580
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
    line: int = LINE
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
    "附注": Style(align="left", size=14, first=2, line=480),
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


def font_xml(font: str) -> str:
    """The fonts of a run: digits and Latin letters in their own where the Chinese one is of text."""
    latin = LATIN if font in {BODY, SUBHEAD} else font
    return f'<w:rFonts w:ascii="{latin}" w:hAnsi="{latin}" w:cs="{latin}" w:eastAsia="{font}"/>'


def add_style(book: Any, name: str, style: Style) -> None:
    """Add a paragraph style to a document."""
    made = book.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    element = made.element
    element.append(parse_xml(f"<w:pPr {nsdecls('w')}>{_paragraph_xml(style)}</w:pPr>"))
    half = round(style.size * 2)
    run = font_xml(style.font)
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
