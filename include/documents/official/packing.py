"""The same document gives the same bytes: parts in order, one date for all, properties from the release."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape

_FIRST = "[Content_Types].xml"
_CORE = "docProps/core.xml"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Properties:
    """What a file says of itself."""

    title: str
    creator: str
    at: datetime


def repack(document: bytes, properties: Properties) -> bytes:
    """Write an Office file again so that nothing in it depends on when, where and in which order it was made."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(document)) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target,
    ):
        for name in sorted(source.namelist(), key=lambda one: (one != _FIRST, one)):
            part = zipfile.ZipInfo(name, _EPOCH)
            part.compress_type, part.create_system, part.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            target.writestr(part, _core(properties) if name == _CORE else source.read(name))
    return packed.getvalue()


def _core(properties: Properties) -> bytes:
    at = properties.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stamps = "".join(
        f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{at}</dcterms:{name}>' for name in ("created", "modified")
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(properties.title)}</dc:title><dc:creator>{escape(properties.creator)}</dc:creator>"
        f"<cp:lastModifiedBy>{escape(properties.creator)}</cp:lastModifiedBy><cp:revision>1</cp:revision>"
        f"{stamps}<dc:language>zh-CN</dc:language></cp:coreProperties>"
    ).encode()
