"""Checks of a zipped workbook before any reader opens it, on the zip directory and on the raw XML.

Runs in the limited child. Readers are lenient where a steward must not be misled: calamine turns an error
cell into an empty one and lets the last of two cells with one address win, so what they hide is found here,
in one pass of regular expressions over the stream of each sheet.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from xml.etree import ElementTree as ET  # ruff: ignore[suspicious-xml-etree-import] entities are refused before

from include.feeds.ods_scan import scan_ods
from include.feeds.sheet_scan import SheetScan, scan_sheet
from include.feeds.sniff import Limits, Refused

_CHUNK_BYTES = 4 << 20
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_MACRO = re.compile(r"(?:^|/)(?:vbaProject\.bin|activeX/|embeddings/|macrosheets/)|^Basic/|^Scripts/", re.I)
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"


@dataclass(frozen=True)
class Container:
    """What a zipped workbook holds, after every member was inflated once and its checksum compared."""

    kind: str
    """`xlsx` or `ods`, or another word for what a zip may be."""
    scans: dict[str, SheetScan] = field(default_factory=dict)
    """Sheet name to what its raw XML says."""
    external_links: int = 0
    connections: int = 0


def open_container(data: bytes, limits: Limits) -> Container:
    """Check the zip `data` and scan its sheets.

    Raises:
        Refused: F-TRUNC, F-ZIP, F-BOMB, F-ZIPDUP, F-ZIPNAME, F-PASS, F-MACRO, F-XML, F-CORRUPT, F-DUPADDR, F-SPARSE.
    """
    archive = _open(data)
    members = archive.infolist()
    _check_end(data, len(members))
    _check_directory(members, len(data), limits)
    kind = _kind(archive)
    if kind not in {"xlsx", "ods"}:
        return Container(kind)
    names = [member.filename for member in members]
    if macro := next((name for name in names if _MACRO.search(name)), ""):
        raise Refused("F-MACRO", member=macro)
    parts = _sheet_parts(archive) if kind == "xlsx" else {}
    scans = dict(_inflate(archive, members, {part: name for name, part in parts.items()}, limits))
    links = sum(name.startswith("xl/externalLinks/externalLink") for name in names)
    connections = sum(name.startswith("xl/queryTables/") for name in names)
    return Container(kind, scans, links, max(connections, int("xl/connections.xml" in names)))


def _open(data: bytes) -> zipfile.ZipFile:
    if b"PK\x05\x06" not in data[-66_000:]:
        raise Refused("F-TRUNC", bytes=len(data))
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, UnicodeError) as error:
        raise Refused("F-ZIP", reason=str(error)) from error


def _check_end(data: bytes, members: int) -> None:
    """The directory's own count of its members; one that says "see zip64" must have a zip64 directory."""
    end = data.rindex(b"PK\x05\x06")
    told = int.from_bytes(data[end + 10 : end + 12], "little")
    if told == 0xFFFF and data[end - 20 : end - 16] != b"PK\x06\x07":
        raise Refused("F-ZIP", reason="zip64")
    if told not in (members, 0xFFFF):
        raise Refused("F-ZIP", reason=f"{members} members, {told} told")


def _check_directory(members: list[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    if len(members) > limits.zip_members:
        raise Refused("F-ZIP", reason=f"{len(members)} members > {limits.zip_members}")
    unzipped = sum(member.file_size for member in members)
    if unzipped > limits.unzipped_bytes or unzipped > limits.zip_ratio * max(size, 10_000):
        raise Refused("F-BOMB", bytes=unzipped, ratio=unzipped // max(size, 1), limit=limits.unzipped_bytes)
    repeated = [name for name, count in Counter(m.filename.lower() for m in members).items() if count > 1]
    if repeated:
        raise Refused("F-ZIPDUP", member=repeated[0])
    packed = 0
    for member in members:
        name = member.filename.replace("\\", "/")
        if name.startswith("/") or ":" in name or ".." in name.split("/"):
            raise Refused("F-ZIPNAME", member=member.filename)
        if member.flag_bits & 1:
            raise Refused("F-PASS")
        packed += member.compress_size
    starts = sorted((member.header_offset, member.compress_size) for member in members)
    overlap = any(at + length > after for (at, length), (after, _) in pairwise(starts))
    if packed > size or overlap:
        raise Refused("F-ZIP", reason="members overlap")


def _kind(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "[Content_Types].xml" in names:
        if any(name.startswith("word/") for name in names):
            return "Word"
        if any(name.startswith("ppt/") for name in names):
            return "PowerPoint"
        return "xlsx" if any(name.startswith("xl/") for name in names) else "Office Open XML"
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
        mime = archive.read("mimetype")
        return "ods" if mime.startswith(b"application/vnd.oasis.opendocument.spreadsheet") else "OpenDocument"
    return "ZIP"


def _inflate(
    archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], parts: dict[str, str], limits: Limits
) -> Iterator[tuple[str, SheetScan]]:
    """Read every member once: real size, checksum, no entities; yield the scan of each sheet."""
    left = limits.unzipped_bytes
    for member in members:
        chunks = _chunks(archive, member, left)
        left -= member.file_size
        if not member.filename.lower().endswith((".xml", ".rels", ".vml")):
            for _ in chunks:
                pass
        elif member.filename in parts:
            sheet = parts[member.filename]
            yield sheet, scan_sheet(_safe_xml(chunks, member.filename), sheet=sheet)
        elif member.filename == "content.xml":
            yield from scan_ods(_safe_xml(chunks, member.filename)).items()
        else:
            for _ in _safe_xml(chunks, member.filename):
                pass


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> Iterator[bytes]:
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise Refused("F-BOMB", bytes=member.file_size, ratio=0, limit=left)
                yield chunk
    except (zipfile.BadZipFile, EOFError, zlib.error, OSError) as error:
        raise Refused("F-CORRUPT", member=member.filename) from error
    except (NotImplementedError, RuntimeError, ValueError, UnicodeError) as error:
        raise Refused("F-ZIP", reason=f"{member.filename}: {error}") from error


def _safe_xml(chunks: Iterator[bytes], member: str) -> Iterator[bytes]:
    """Pass UTF-8 XML on; refuse any document type or entity declaration, and any other encoding."""
    tail = b""
    for at, chunk in enumerate(chunks):
        if at == 0 and (chunk.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in chunk[:4]):
            raise Refused("F-XML", member=member, zh="不是 UTF-8 编码", en="is not UTF-8")
        if _ENTITY.search(tail + chunk):
            raise Refused("F-XML", member=member, zh="含实体声明", en="declares a document type or entities")
        tail = chunk[-10:]
        yield chunk


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name to zip member, by the workbook's own relations."""
    try:
        book = _parsed(archive, "xl/workbook.xml")
        relations = _parsed(archive, "xl/_rels/workbook.xml.rels")
    except KeyError as error:
        raise Refused("F-CORRUPT", member=str(error)) from error
    targets = {item.get("Id"): item.get("Target", "") for item in relations}
    found = {}
    for sheet in (*book.iter(f"{_MAIN}sheet"), *book.iter(f"{_STRICT}sheet")):
        key = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), None)
        target = targets.get(key, "")
        part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        found[sheet.get("name", "")] = part
    return found


def _parsed(archive: zipfile.ZipFile, name: str) -> ET.Element:
    member = archive.getinfo(name)
    content = b"".join(_safe_xml(_chunks(archive, member, 16 << 20), name))
    try:
        return ET.fromstring(content)  # ruff: ignore[suspicious-xml-element-tree-usage] entities were refused above
    except ET.ParseError as error:
        zh, en = f"无法解析({error})", f"cannot be parsed ({error})"
        raise Refused("F-XML", member=name, zh=zh, en=en) from error
