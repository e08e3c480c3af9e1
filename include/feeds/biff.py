"""What the records of an old .xls say and calamine does not: error cells, hidden rows, the default password.

Runs in the limited child. Layouts: [MS-CFB] for the compound file, [MS-XLS] for the records, [MS-OFFCRYPTO]
2.3.6 for RC4. Excel opens a file that has its default password without asking, so it is read here too.
"""

from __future__ import annotations

import functools
import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from include.feeds.sheet_scan import SheetScan
from include.feeds.sniff import Refused

_DEFAULT_PASSWORD = "VelvetSweatshop".encode("utf-16-le")  # the one Excel uses by itself ([MS-XLS] 2.4.117)
_md5 = functools.partial(hashlib.md5, usedforsecurity=False)
_sha1 = functools.partial(hashlib.sha1, usedforsecurity=False)
_BOF, _FILEPASS, _BOUNDSHEET, _ROW, _FORMULA, _BOOLERR = 0x809, 0x2F, 0x85, 0x208, 0x06, 0x205
_SUPBOOK, _EXTERNSHEET = 0x1AE, 0x17
_OWN_SHEETS, _ADD_INS = b"\x01\x04", b"\x01\x3a"
_MACRO_SHEET = 1
_ACTIVE = ("_VBA_PROJECT_CUR", "MBD", "Ctls")
"""Names that storages of macros, embedded objects and controls begin with ([MS-XLS] 2.1)."""
_KINDS = {"Workbook": "xls", "Book": "xls", "WordDocument": "Word"}
_BROKEN = (struct.error, IndexError, ValueError, UnicodeDecodeError)
_NEVER_ENCRYPTED = {_BOF, _FILEPASS, 0xE1, 0x194, 0x195, 0x196, 0x138}
_IGNORED_RECORD = 0x5A5A
_RC4_BLOCK_BYTES = 1024
_HIDDEN_ROW = 0x20
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


def open_biff(data: bytes) -> tuple[bytes, dict[str, SheetScan]]:
    """Decrypt an .xls that has the default password, and scan its sheets; return (bytes to read, scans).

    Raises:
        Refused: F-PASS (another password), F-MACRO, F-CORRUPT (the structure is broken).
    """
    try:
        places = _stream(data)
        stream = b"".join(data[at : at + size] for at, size in places)
        if (at := _find(stream, _FILEPASS)) >= 0:
            stream = _decrypted(stream, at)
            data = _written(data, places, stream)
        return data, _scans(stream)
    except _BROKEN as error:
        raise Refused("F-CORRUPT", member="Workbook") from error


def kind_of(data: bytes) -> str:
    """What a compound file is, `xls`, `Word` or `OLE`: by what lies in its root, not in an object embedded there."""
    try:
        names = {*_directory(data).root}
    except _BROKEN:
        names = {name for name in _KINDS if name.encode("utf-16-le") in data}
    return next((kind for name, kind in _KINDS.items() if name in names), "OLE")


@dataclass(frozen=True)
class _Directory:
    sector: int
    table: np.ndarray
    root: dict[str, tuple[int, int]]
    """Name → (first sector, bytes) of what lies in the root; the root itself is `/`."""
    names: tuple[str, ...]
    """Every name, of embedded objects too."""


def _directory(data: bytes) -> _Directory:
    sector = 1 << struct.unpack_from("<H", data, 30)[0]
    first, _, _, _, _, more, _ = struct.unpack_from("<7I", data, 48)
    if not 512 <= sector <= 4096:
        raise ValueError("sector size")
    tables = list(struct.unpack_from("<109I", data, 76))
    for _ in range(len(data) // sector):
        if more >= 0xFFFFFFF0:
            break
        *found, more = struct.unpack_from(f"<{sector // 4}I", data, (more + 1) * sector)
        tables += found
    raw = b"".join(data[(at + 1) * sector : (at + 2) * sector] for at in tables if at < 0xFFFFFFF0)
    table = np.frombuffer(raw[: len(raw) // 4 * 4], dtype="<u4")
    entries = b"".join(data[(at + 1) * sector : (at + 2) * sector] for at in _chain(table, first))
    places = range(0, len(entries) - 127, 128)
    names = [_name(entries, at) for at in places]
    places_in_root = _below_root(entries) or [*places]
    root = {names[at // 128]: struct.unpack_from("<II", entries, at + 116) for at in reversed(places_in_root)}
    return _Directory(sector, table, root | {"/": struct.unpack_from("<II", entries, 116)}, tuple(names))


def _name(entries: bytes, at: int) -> str:
    length = struct.unpack_from("<H", entries, at + 64)[0]
    return entries[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le")


def _below_root(entries: bytes) -> list[int]:
    """Offsets of the entries that lie in the root itself, by the tree of siblings below it."""
    found: set[int] = set()
    waiting = [struct.unpack_from("<I", entries, 76)[0]]
    while waiting:
        at = waiting.pop() * 128
        if at + 128 <= len(entries) and at not in found:
            found.add(at)
            waiting += struct.unpack_from("<II", entries, at + 68)
    return sorted(found)


def _stream(data: bytes) -> list[tuple[int, int]]:
    """Where the bytes of the workbook's stream lie in the file: (offset, size) pieces in order."""
    directory = _directory(data)
    sector, table, root = directory.sector, directory.table, directory.root
    mini = 1 << struct.unpack_from("<H", data, 32)[0]
    _, _, cutoff, mini_table = struct.unpack_from("<4I", data, 48)
    if mini != 64:
        raise ValueError("sector size")
    if active := next((name for name in directory.names if name.startswith(_ACTIVE)), ""):
        raise Refused("F-MACRO", member=active)
    start, size = root.get("Workbook") or root.get("Book") or (0, 0)
    if not size:
        raise ValueError("no workbook stream")
    if size >= cutoff:
        return _pieces([(at + 1) * sector for at in _chain(table, start)], sector, size)
    first = [(at + 1) * sector for at in _chain(table, root["/"][0])]
    rows = b"".join(data[(at + 1) * sector : (at + 2) * sector] for at in _chain(table, mini_table))
    minis = _chain(np.frombuffer(rows, dtype="<u4"), start)
    return _pieces([first[at * mini // sector] + at * mini % sector for at in minis], mini, size)


def _chain(table: np.ndarray, start: int) -> list[int]:
    chain: list[int] = []
    while start < 0xFFFFFFF0:
        if len(chain) > len(table):
            raise ValueError("endless chain")
        chain.append(start)
        start = int(table[start])
    return chain


def _pieces(offsets: list[int], piece: int, size: int) -> list[tuple[int, int]]:
    if len(offsets) * piece < size:
        raise ValueError("chain too short")
    return [(at, min(piece, size - done)) for at, done in zip(offsets, range(0, size, piece), strict=False)]


def _written(data: bytes, places: list[tuple[int, int]], stream: bytes) -> bytes:
    changed, done = bytearray(data), 0
    for at, size in places:
        changed[at : at + size] = stream[done : done + size]
        done += size
    return bytes(changed)


def _records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """(type, offset of the body, length) of each record."""
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if at + 4 + length > len(stream) or (kind == 0 and length == 0):
            return
        yield kind, at + 4, length
        at += 4 + length


def _find(stream: bytes, wanted: int) -> int:
    """Offset of the body of the first such record among the workbook's first, or -1."""
    for count, (kind, at, _) in enumerate(_records(stream)):
        if kind == wanted:
            return at
        if count > 50:
            break
    return -1


def _decrypted(stream: bytes, at: int) -> bytes:
    method, major, minor = struct.unpack_from("<HHH", stream, at)
    if method != 1:
        raise Refused("F-PASS")
    if (major, minor) == (1, 1):
        salt, verifier = stream[at + 6 : at + 22], stream[at + 22 : at + 54]
        seed = _md5(_DEFAULT_PASSWORD).digest()[:5] + salt
        base = _md5(seed * 16).digest()[:5]

        def key(block: int) -> bytes:
            return _md5(base + struct.pack("<I", block)).digest()

        plain = _rc4(key(0), verifier)
        right = _md5(plain[:16]).digest() == plain[16:]
    else:
        header = struct.unpack_from("<I", stream, at + 10)[0]
        bits = struct.unpack_from("<I", stream, at + 14 + 16)[0] or 40
        check = at + 14 + header + 4
        salt, verifier = stream[check : check + 16], stream[check + 16 : check + 32]
        proof = stream[check + 36 : check + 56]
        base = _sha1(salt + _DEFAULT_PASSWORD).digest()

        def key(block: int) -> bytes:
            found = _sha1(base + struct.pack("<I", block)).digest()[: bits // 8]
            return found.ljust(16, b"\0") if bits == 40 else found

        plain = _rc4(key(0), verifier + proof)
        right = _sha1(plain[:16]).digest() == plain[16:]
    if not right:
        raise Refused("F-PASS")
    blocks = range(-(-len(stream) // _RC4_BLOCK_BYTES))
    noise = b"".join(_rc4(key(block), bytes(_RC4_BLOCK_BYTES)) for block in blocks)[: len(stream)]
    mask = np.frombuffer(noise, dtype=np.uint8).copy()
    for kind, body, length in _records(stream):
        mask[body - 4 : body] = 0
        if kind in _NEVER_ENCRYPTED:
            mask[body : body + length] = 0
        elif kind == _BOUNDSHEET:
            mask[body : body + 4] = 0
    clear = bytearray((np.frombuffer(stream, dtype=np.uint8) ^ mask).tobytes())
    struct.pack_into("<H", clear, at - 4, _IGNORED_RECORD)
    return bytes(clear)


def _rc4(key: bytes, content: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    i, j, found = 0, 0, bytearray()
    for byte in content:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        found.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(found)


def _scans(stream: bytes) -> dict[str, SheetScan]:
    sheets, names = _sheets(stream)
    scan: SheetScan | None = None
    books: list[bytes] = []
    others: set[int] = set()
    for kind, at, length in _records(stream):
        if kind == _SUPBOOK:
            books.append(stream[at + 2 : at + 4])
        elif kind == _EXTERNSHEET:
            others = _other_books(stream, at, length, books)
        elif kind == _BOF:
            scan = sheets.get(at - 4, scan)
        elif scan is None:
            continue
        elif kind == _ROW and length >= 14:
            scan.hidden_rows += bool(stream[at + 12] & _HIDDEN_ROW)
        elif kind == _BOOLERR and stream[at + 7]:
            row, column = struct.unpack_from("<HH", stream, at)
            scan.errors[row, column] = _ERRORS.get(stream[at + 6], "#ERROR!")
        elif kind == _FORMULA:
            _scan_formula(scan, stream[at : at + length], others)
    return names


def _sheets(stream: bytes) -> tuple[dict[int, SheetScan], dict[str, SheetScan]]:
    """A scan for each sheet, by the offset of its records and by its name."""
    places: dict[int, SheetScan] = {}
    names: dict[str, SheetScan] = {}
    for kind, at, _ in _records(stream):
        if kind != _BOUNDSHEET:
            continue
        position, of, size, wide = struct.unpack_from("<IxBBB", stream, at)
        if of == _MACRO_SHEET:
            raise Refused("F-MACRO", member="Excel 4.0")
        text = stream[at + 8 : at + 8 + size * (1 + (wide & 1))]
        name = text.decode("utf-16-le" if wide & 1 else "latin-1")
        places[position] = names[name] = SheetScan()
    return places, names


def _scan_formula(scan: SheetScan, body: bytes, others: set[int]) -> None:
    row, column = struct.unpack_from("<HH", body)
    if body[12:14] == b"\xff\xff" and body[6] == 2:
        scan.errors[row, column] = _ERRORS.get(body[8], "#ERROR!")
    if others and not others.isdisjoint(_sheets_read(body[20:])):
        scan.external.append((row, column))


def _other_books(stream: bytes, at: int, length: int, books: list[bytes]) -> set[int]:
    """Numbers by which formulas name sheets of other workbooks or programs ([MS-XLS] 2.4.106, 2.4.271)."""
    count = min(struct.unpack_from("<H", stream, at)[0], (length - 2) // 6)
    found = (struct.unpack_from("<H", stream, at + 2 + 6 * number)[0] for number in range(count))
    return {
        number
        for number, book in enumerate(found)
        if book < len(books) and books[book] not in (_OWN_SHEETS, _ADD_INS)
    }


# Bytes after each token of a formula ([MS-XLS] 2.5.198); those over 0x1f come in three classes of one length.
_TOKEN_BYTES = dict.fromkeys(range(0x03, 0x17), 0) | {
    0x01: 4, 0x02: 4, 0x1C: 1, 0x1D: 1, 0x1E: 2, 0x1F: 8, 0x20: 7, 0x21: 2, 0x22: 3, 0x23: 4, 0x24: 4, 0x25: 8,
    0x26: 6, 0x27: 6, 0x28: 6, 0x29: 2, 0x2A: 4, 0x2B: 8, 0x2C: 4, 0x2D: 8, 0x39: 6, 0x3A: 6, 0x3B: 10, 0x3C: 6,
    0x3D: 10,
}  # fmt: skip
_TEXT_TOKEN, _ATTRIBUTE_TOKEN, _CHOOSE = 0x17, 0x19, 0x04


def _sheets_read(formula: bytes) -> Iterator[int]:
    """The numbers of sheets that a formula's tokens name, up to the first token that is not known."""
    end = 2 + struct.unpack_from("<H", formula)[0] if len(formula) >= 2 else 0
    at = 2
    while at < min(end, len(formula)):
        token = formula[at]
        base = token if token < 0x20 else (token & 0x1F) | 0x20
        at += 1
        if base in range(0x39, 0x3E):
            yield struct.unpack_from("<H", formula, at)[0]
        if base == _TEXT_TOKEN:
            at += 2 + formula[at] * (1 + (formula[at + 1] & 1))
        elif base == _ATTRIBUTE_TOKEN:
            words = struct.unpack_from("<H", formula, at + 1)[0]
            at += 3 + (2 * (words + 1) if formula[at] & _CHOOSE else 0)
        elif base in _TOKEN_BYTES:
            at += _TOKEN_BYTES[base]
        else:
            return
