"""What the raw XML of a worksheet says and readers do not: addresses, errors, empty formulas, hidden rows.

Runs in the limited child. One pass in chunks that end between rows; expat needs four times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from include.feeds.sniff import Refused

Cell = tuple[int, int]
_ANY_CELL = re.compile(rb"<c[\s/>]")
_ROW_OR_CELL = re.compile(rb"<(row|c)(?=[\s/>])([^>]*)>")
_ADDRESS = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,7})[\"']")
_NUMBER = re.compile(rb"\sr\s*=\s*[\"']([0-9]{1,7})[\"']")
# From here on cells are written `<c r="AB12" …>`: anything else was rewritten so.
_CELL = re.compile(rb'<c r="([A-Z]{1,3}[0-9]{1,7})"')
_FILLED = re.compile(rb'<c r="([A-Z]{1,3}[0-9]{1,7})"[^>]*(?<!/)>')
_HIDDEN = re.compile(rb"<row\b[^>]*\shidden\s*=\s*[\"'](?:1|true)[\"']")
_ERROR = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"(?=[^>]*\st\s*=\s*["\']e["\'])[^>/]*>(?:(?!</c>).)*?<v(?:\s[^>]*)?>([^<]{0,40})',
    re.S,
)
_NO_VALUE = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"([^>]*)>\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(<v\s*/>|<v>\s*</v>)?\s*</c>'
)
# `[1]Sheet1!A1` or `'[1]台账'!A1` reads another workbook, `Table1[1]` a column of this one, `app|topic!item` a program.
_EXTERNAL = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"[^>]*>\s*<f((?:\s[^>]*)?)>[^<]*?'
    rb"(?:(?<![\w\].\x80-\xff])\[[0-9]+\][^<\"\]]*!|\w\|(?:'[^<']*'|&apos;[^<]*?&apos;|\w+)!)[^<]*</f>"
)
_SHARED = re.compile(rb'<c r="([A-Z]+[0-9]+)"[^>]*>\s*<f(?=[^>]*\st="shared")[^>]*\ssi="([0-9]+)"[^>]*/>')
_SHARED_ID = re.compile(rb'\ssi="([0-9]+)"')
_LONGEST_ROW_BYTES = 64 << 20
_TAIL_BYTES = 1 << 16


@dataclass
class SheetScan:
    """Rows and columns are 0-based."""

    last_row: int = -1
    last_column: int = -1
    """Of the filled cells; a cell that is only formatted is not filled."""
    last_value_row: int = -1
    """The last row in which a value is written."""
    filled: int = 0
    hidden_rows: int = 0
    errors: dict[Cell, str] = field(default_factory=dict)
    """Cells that are an error, such as `#REF!`."""
    without_value: list[Cell] = field(default_factory=list)
    """Formulas whose result was never saved."""
    external: list[Cell] = field(default_factory=list)
    """Formulas that read another workbook or program."""
    shared_external: set[bytes] = field(default_factory=set)
    """Numbers of shared formulas that do; the cells that share one do not repeat its text."""


def scan_sheet(chunks: Iterable[bytes], *, sheet: str) -> SheetScan:
    """Scan one worksheet's XML.

    Raises:
        Refused: F-DUPADDR where addresses repeat or go backwards, F-XML where a row never ends or is row 0.
    """
    scan = SheetScan()
    before = -1
    for chunk in _between_rows(chunks, sheet):
        found = _CELL.findall(chunk)
        part = chunk
        if len(found) != chunk.count(b"<c") and len(found) != len(_ANY_CELL.findall(chunk)):
            part = _rewritten(chunk, before)
            found = _CELL.findall(part)
        if not found:
            continue
        keys = _keys(found)
        if keys.min() < 0:
            cell = found[int(keys.argmin())].decode()
            zh, en = f"含不存在的单元格地址 {cell}", f"has a cell at {cell}, which does not exist"
            raise Refused("F-XML", member=sheet, zh=zh, en=en)
        wrong = np.flatnonzero(np.diff(keys, prepend=before) <= 0)
        if wrong.size:
            raise Refused("F-DUPADDR", sheet=sheet, cell=address(*_cell(keys[wrong[0]])))
        before = int(keys[-1])
        _measure(scan, part, keys)
        _mark(scan, part)
    return scan


def address(row: int, column: int) -> str:
    """The cell's address as Excel shows it; row and column are 0-based."""
    return f"{letters(column)}{row + 1}"


def letters(column: int) -> str:
    """The column's letters as Excel shows them; `column` is 0-based."""
    text, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        text = chr(65 + digit) + text
    return text


def _between_rows(chunks: Iterable[bytes], sheet: str) -> Iterator[bytes]:
    """Cut the stream after a row's end, with the main namespace's prefix taken away."""
    rest, prefix = b"", None
    for chunk in chunks:
        if prefix is None:
            root = re.search(rb"<(\w+:)?worksheet\b", chunk)
            prefix = (root[1] if root else None) or b""
        rest += chunk
        end = b"</" + prefix + b"row>"
        cut = rest.rfind(end) + len(end)
        if cut >= len(end):
            yield _plain(rest[:cut], prefix)
            rest = rest[cut:]
        elif len(rest) > _LONGEST_ROW_BYTES:
            raise Refused("F-XML", member=sheet, zh="一行超过 64 MiB", en="has a row over 64 MiB")
    yield _plain(rest, prefix or b"")


def _plain(part: bytes, prefix: bytes) -> bytes:
    return part.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else part


def _rewritten(part: bytes, before: int) -> bytes:
    """`part` with every cell written `<c r="AB12" …>`; addresses left out follow from the place; slower."""
    row, column = before >> 14 if before >= 0 else -1, -1

    def cell(match: re.Match[bytes]) -> bytes:
        nonlocal row, column
        attributes = match[2]
        if match[1] == b"row":
            number = _NUMBER.search(attributes)
            row, column = (int(number[1]) - 1 if number else row + 1), -1
            return match[0]
        if own := _ADDRESS.search(attributes):
            row, column = _cell(_keys([own[1].upper() + own[2]])[0])
        else:
            column += 1
        rest = _ADDRESS.sub(b"", attributes)
        return b'<c r="%s"%s>' % (address(row, column).encode(), rest)

    return _ROW_OR_CELL.sub(cell, part)


def _keys(addresses: list[bytes]) -> np.ndarray:
    """Addresses such as `AB12` to `row << 14 | column`, 0-based."""
    codes = np.array(addresses, dtype="S10").view(np.uint8).reshape(len(addresses), 10)
    row = np.zeros(len(addresses), dtype=np.int64)
    column = np.zeros(len(addresses), dtype=np.int64)
    for code in codes.T:
        letter = code >= 65
        digit = (code >= 48) & ~letter
        column = np.where(letter, column * 26 + (code - 64), column)
        row = np.where(digit, row * 10 + (code - 48), row)
    return ((row - 1) << 14) | (column - 1)


def _cell(key: int) -> Cell:
    return int(key) >> 14, int(key) & 0x3FFF


def _measure(scan: SheetScan, part: bytes, keys: np.ndarray) -> None:
    if part.count(b"</c>") != keys.size:
        filled = _FILLED.findall(part)
        keys = _keys(filled) if filled else keys[:0]
    if keys.size:
        scan.filled += keys.size
        scan.last_row = max(scan.last_row, int(keys[-1]) >> 14)
        scan.last_column = max(scan.last_column, int((keys & 0x3FFF).max()))
        scan.last_value_row = max(scan.last_value_row, _last_value_row(part))


def _last_value_row(part: bytes) -> int:
    for begin in (max(0, len(part) - _TAIL_BYTES), 0):
        at = len(part)
        while (at := max(part.rfind(tag, begin, at) for tag in (b"<v>", b"<v ", b"<t>", b"<t "))) >= 0:
            content = part.find(b">", at) + 1
            if part[content : content + 1] != b"<" and part[content - 2 : content] != b"/>":
                found = _CELL.match(part, part.rfind(b"<c r=", 0, at))
                return _cell(_keys([found[1]])[0])[0] if found else -1
    return -1


def _mark(scan: SheetScan, part: bytes) -> None:
    if b"hidden" in part:
        scan.hidden_rows += len(_HIDDEN.findall(part))
    if b"#" in part and (b'"e"' in part or b"'e'" in part):
        errors = ((_cell(_keys([cell])[0]), text) for cell, text in _ERROR.findall(part))
        scan.errors.update({cell: text.decode("utf-8", "replace") for cell, text in errors})
    if b"<f" in part:
        empty = (cell for cell, rest, value in _NO_VALUE.findall(part) if not (value and b'"str"' in rest))
        scan.without_value += [_cell(_keys([cell])[0]) for cell in empty]
        if b"[" in part or b"|" in part:
            _mark_external(scan, part)
        if scan.shared_external:
            shared = (cell for cell, number in _SHARED.findall(part) if number in scan.shared_external)
            scan.external += [_cell(_keys([cell])[0]) for cell in shared]


def _mark_external(scan: SheetScan, part: bytes) -> None:
    for cell, attributes in _EXTERNAL.findall(part):
        scan.external.append(_cell(_keys([cell])[0]))
        if number := _SHARED_ID.search(attributes):
            scan.shared_external.add(number[1])
