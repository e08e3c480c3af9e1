"""Row codes: what binds a row of a returned workbook to the row of the delivery that it came from.

A code reads `MJ-<delivery>-<sheet>-<row>-<check>`. The check covers area, feed, supplier, file, sheet and row, so a
code that was damaged, typed by hand or taken from another supplier's workbook is known as such.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

MARK = "MJRETURN1"
"""Stands on both sheets of a returned workbook and in the head of its row codes."""

Signer = Callable[[bytes], bytes]
_DOMAIN = b"mingjing/returned-workbook/1\0"
_CODE = re.compile(r"MJ-([0-9a-f]{16})-(\d{1,4})-(\d{1,8})-([0-9a-f]{16})")


def signer(key: bytes) -> Signer:
    """Sign with HMAC-SHA-256 under `key`; an empty key leaves a checksum, which finds damage but no forger."""
    if not key:
        return lambda message: hashlib.sha256(_DOMAIN + message).digest()
    return lambda message: hmac.digest(key, _DOMAIN + message, "sha256")


@dataclass(frozen=True)
class Origin:
    """The delivery whose rows went back; `sheets` in the order in which they are read."""

    jurisdiction: str
    feed: str
    supplier: str
    file_name: str
    sha256: str
    sheets: tuple[str, ...]

    @cached_property
    def key(self) -> str:
        """What a code calls the delivery."""
        return origin_key(self.jurisdiction, self.feed, self.supplier, self.file_name, self.sha256)


def origin_key(jurisdiction: str, feed: str, supplier: str, file_name: str, sha256: str) -> str:
    """The first 16 hexadecimal digits of a hash over what makes a delivery one of its own."""
    whole = "\0".join((jurisdiction, feed, supplier, file_name, sha256))
    return hashlib.sha256(_DOMAIN + whole.encode()).hexdigest()[:16]


def row_code(origin: Origin, sheet: str, row: int, sign: Signer) -> str:
    """The code of a row; ValueError for a sheet that `origin` does not have."""
    place = origin.sheets.index(sheet)
    check = sign(f"{origin.key}\0{sheet}\0{row}".encode()).hex()[:16]
    return f"MJ-{origin.key}-{place}-{row}-{check}"


def says_code(text: str) -> bool:
    """Whether a text has the form of a row code."""
    return _CODE.fullmatch(text.strip()) is not None


def named_origin(codes: Sequence[str]) -> str:
    """The delivery that most codes name, '' where none has the form of one."""
    keys = [match[1] for code in codes if (match := _CODE.fullmatch(code.strip()))]
    return max(sorted(set(keys)), key=keys.count) if keys else ""


def address_of(code: str, origin: Origin, signs: Sequence[Signer]) -> tuple[str, int] | None:
    """(sheet, row) of a code that is whole, of `origin` and signed by one of `signs`; None for any other."""
    match = _CODE.fullmatch(code.strip())
    if match is None or match[1] != origin.key or int(match[2]) >= len(origin.sheets):
        return None
    sheet, row = origin.sheets[int(match[2])], int(match[3])
    sound = any(hmac.compare_digest(row_code(origin, sheet, row, sign), code.strip()) for sign in signs)
    return (sheet, row) if sound else None
