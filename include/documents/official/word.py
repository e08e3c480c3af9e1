"""Filling in a Word template: the same template and facts give the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import TemplateError as JinjaError

from include.documents.official.errors import TemplateError
from include.documents.official.packing import Properties, repack
from include.documents.official.templates import Template, check_source, environment


@dataclass(frozen=True)
class Picture:
    """A chart for a placeholder; `words` say what it shows to whoever cannot see it."""

    png: bytes
    width_mm: float
    words: str


def open_word(template: Template) -> Any:
    """Open a .docx template and look at every placeholder; TemplateError where it cannot be used."""
    try:
        book = DocxTemplate(io.BytesIO(template.content))
        book.init_docx()
        sources = [book.patch_xml(book.get_xml())]
        for uri in (book.HEADER_URI, book.FOOTER_URI):
            sources += [book.patch_xml(book.get_part_xml(part)) for _, part in book.get_headers_footers(uri)]
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise TemplateError(
            f"模板 [{template.path}] 不是可读的 .docx:请用 Word 或 WPS 另存为 .docx。",
            f"Template [{template.path}] is no readable .docx: save it again as .docx.",
        ) from error
    check_source(template, sources)
    return book


def fill_word(
    template: Template,
    context: Mapping[str, Any],
    properties: Properties,
    pictures: Mapping[str, Picture] | None = None,
) -> bytes:
    """Fill in a .docx template; TemplateError where it cannot be used."""
    pictures = pictures or {}
    book = open_word(template)
    images = {
        name: InlineImage(book, io.BytesIO(picture.png), width=Mm(picture.width_mm))
        for name, picture in pictures.items()
    }
    try:
        book.render({**context, **images}, environment(), autoescape=True)
    except JinjaError as error:
        raise TemplateError(
            f"模板 [{template.path}] 无法填写:{error}。",
            f"Template [{template.path}] cannot be filled in: {error}.",
        ) from error
    _describe(book, pictures)
    written = io.BytesIO()
    book.save(written)
    return repack(written.getvalue(), properties)


def _describe(book: Any, pictures: Mapping[str, Picture]) -> None:
    """Give each picture its words; pictures stand in the document in the order of their bytes' first use."""
    words = {picture.png: picture.words for picture in pictures.values()}
    for drawing in book.docx.element.body.iter(qn("wp:inline")):
        blip = next(drawing.iter(qn("a:blip")), None)
        part = book.docx.part.related_parts.get(blip.get(qn("r:embed"))) if blip is not None else None
        if part is not None and part.blob in words:
            drawing.find(qn("wp:docPr")).set("descr", words[part.blob])
