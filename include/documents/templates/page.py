"""The page of an official document after GB/T 9704-2012: size, margins, page numbers, tables, the closing record.

A4; margins 37, 28, 26 and 35 mm (top, left, right, bottom); 22 lines of 28 characters; title in 小标宋 of size 二号,
body in 仿宋 of size 三号, headings in 黑体 and 楷体; page numbers `— 1 —`, odd pages right, even pages left.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import docx
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm

from include.documents.templates.styles import (
    BODY,
    FONTS,
    LATIN,
    LINE,
    STYLES,
    TEXT_WIDTH_MM,
    add_style,
    font_xml,
)


def new_document() -> Any:
    """An empty document with the page and the styles, and nothing of Word's own."""
    book = docx.Document()
    _only_ours(book)
    for name, style in STYLES.items():
        add_style(book, name, style)
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
    paragraph(book, "版记", "").paragraph_format.keep_with_next = True
    made = book.add_table(rows=2, cols=1)
    for row, text in zip(
        made.rows, ("抄送：{{ copies or '无' }}。", "{{ issuer }}\t{{ date }}印发"), strict=True
    ):
        cell = row.cells[0].paragraphs[0]
        cell.style = "版记"
        cell.add_run(text)
    made.rows[0].cells[0].paragraphs[0].paragraph_format.keep_with_next = True
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
            f'<w:docDefaults {nsdecls("w")}><w:rPrDefault><w:rPr>{font_xml(BODY)}<w:kern w:val="2"/>'
            '<w:sz w:val="32"/><w:szCs w:val="32"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'
            "</w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>"
        ),
    )
    package = book.part.package
    for key, relation in list(package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            del package.rels[key]


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
    grid.set(qn("w:linePitch"), str(LINE))
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
        for name, (instead, family) in FONTS.items()
    )
    xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:fonts {nsdecls("w")}>{entries}</w:fonts>'
    for relation in book.part.rels.values():
        if relation.reltype.endswith("/fontTable"):
            relation.target_part._blob = xml.encode()


def write(path: Path, content: bytes) -> None:
    """Write bytes only where they differ."""
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)
