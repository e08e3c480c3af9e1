"""What a file is, by its bytes and never by its name; and how a reader says no.

Imported by the limited child: nothing here may import more than the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """The file cannot be read truthfully; becomes a Held fault of faults.yaml outside the child."""

    def __init__(self, code: str, *, sheet: str = "", cell: str = "", **facts: Any) -> None:
        self.code = code
        self.sheet = sheet
        self.cell = cell
        self.facts = facts
        super().__init__(code)


@dataclass(frozen=True)
class Limits:
    """What one file may cost to read. A file beyond a limit is held, never cut."""

    file_bytes: int = 256 << 20
    unzipped_bytes: int = 1 << 30
    zip_ratio: int = 100
    zip_members: int = 2_000
    sheet_cells: int = 30_000_000
    """Area of a sheet from A1 to its last filled cell, empty cells counted: the reader allots them all."""
    memory_bytes: int = 1 << 30
    cpu_seconds: int = 120
    wall_seconds: int = 180
    result_bytes: int = 2 << 30


GRID_LIMITS = (65_536, 1_048_576)
"""Rows that .xls and .xlsx can hold: a table of exactly so many may have been cut off."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = (
    (b"%PDF", "PDF"), (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"{\\rtf", "RTF"),
    (b"\x1f\x8b", "gzip"), (b"7z\xbc\xaf", "7z"), (b"Rar!", "RAR"), (b"PAR1", "parquet"),
    (b"SQLite format 3", "SQLite"), (b"\x7fELF", "ELF"), (b"MZ", "EXE"),
    (b"\x09\x00\x04\x00", "Excel 2"), (b"\x09\x02\x06\x00", "Excel 3"), (b"\x09\x04\x06\x00", "Excel 4"),
)  # fmt: skip
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def sniff(data: bytes) -> str:
    """Say what `data` holds: `zip`, `compound`, `text`, or the name of something that is never a table file.

    A `zip` is told apart (xlsx, ods, other) by the container check, which reads its directory; so is a `compound`
    file (xls, Word, other).

    An `encrypted` Office container may still be one that Excel opens without asking: see encrypted.py.

    Raises:
        Refused: F-TRUNC (0 bytes), F-PASS (encrypted Parquet).
    """
    if not data:
        raise Refused("F-TRUNC", bytes=0)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if data.startswith(_OLE):
        return "encrypted" if is_encrypted_office(data) else "compound"
    if data.startswith(b"PARE"):
        raise Refused("F-PASS")
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html", b"<table")) or (head[:1] == b"<" and b"<html" in head):
        return "HTML"
    if head.startswith(b"<?xml") or b"urn:schemas-microsoft-com:office:spreadsheet" in head:
        return "XML"
    return "text" if data.startswith(_UTF16) or is_wide(data) or not _is_binary(data) else "binary"


def is_wide(data: bytes) -> bool:
    """Whether `data` is text of two bytes a character without a mark that says so, as some databases write it."""
    head = data[: 4096 & ~1]
    odd, even = head[1::2].count(0), head[0::2].count(0)
    few, many = sorted((odd, even))
    return many > 8 and few * 20 < many and max(len(head) // 16, 1) < many


def _is_binary(data: bytes) -> bool:
    head = data[:4096]
    return head.count(0) * 8 > len(head)


def is_encrypted_office(data: bytes) -> bool:
    """Whether `data` is an Office file in an encrypted container."""
    return data.startswith(_OLE) and _utf16("EncryptedPackage") in data


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-le")


def shown_extension(file_name: str) -> str:
    """The extension as a steward sees it, for sentences only."""
    return "." + file_name.rsplit(".", 1)[-1].lower() if "." in file_name else "(无 none)"
