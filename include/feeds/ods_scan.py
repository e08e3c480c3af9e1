"""What the content of an .ods says and calamine does not: error cells, empty formulas, links, hidden rows.

Runs in the limited child. OpenDocument 1.3 part 3, section 9.1 (tables) and 19.6 (repeated rows and cells).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.parsers import expat

from include.feeds.sheet_scan import SheetScan
from include.feeds.sniff import Refused

_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_CELLS = (_TABLE + "table-cell", _TABLE + "covered-table-cell")
_ERRORS = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
_EXTERNAL = re.compile(r"'[^']*'#|\bDDE\(", re.I)
_MOST_MARKS = 1_000_000


def scan_ods(chunks: Iterable[bytes]) -> dict[str, SheetScan]:
    """Scan `content.xml`; return what it says by sheet.

    Raises:
        Refused: F-XML (it is no well-formed XML), F-SPARSE (more marked cells than a sheet may hold).
    """
    reader = _Reader()
    try:
        for chunk in chunks:
            reader.parser.Parse(chunk, False)
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        zh, en = f"无法解析({error})", f"cannot be parsed ({error})"
        raise Refused("F-XML", member="content.xml", zh=zh, en=en) from error
    return reader.sheets


class _Reader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.sheets: dict[str, SheetScan] = {}
        self._scan = SheetScan()
        self._row, self._rows = -1, 1
        self._column, self._columns = -1, 1
        self._marks = 0
        self._suspect = False
        self._said: list[str] = []

    def _start(self, name: str, about: dict[str, str]) -> None:
        if name in _CELLS:
            self._cell(about)
        elif name == _TABLE + "table-row":
            self._row += self._rows
            self._rows = _repeated(about, _TABLE + "number-rows-repeated")
            self._column, self._columns = -1, 1
            if about.get(_TABLE + "visibility", "visible") != "visible":
                self._scan.hidden_rows += self._rows
        elif name == _TABLE + "table":
            self._scan = self.sheets.setdefault(about.get(_TABLE + "name", ""), SheetScan())
            self._row, self._rows = -1, 1

    def _cell(self, about: dict[str, str]) -> None:
        self._column += self._columns
        self._columns = _repeated(about, _TABLE + "number-columns-repeated")
        kind = about.get(_CALC + "value-type") or about.get(_OFFICE + "value-type", "")
        formula = about.get(_TABLE + "formula", "")
        if not (kind or formula):
            return
        self._scan.last_row = max(self._scan.last_row, self._row + self._rows - 1)
        self._scan.last_column = max(self._scan.last_column, self._column + self._columns - 1)
        self._scan.filled += self._rows * self._columns
        if not kind:
            self._scan.without_value += self._places()
        elif formula and _EXTERNAL.search(formula):
            self._scan.external += self._places()
        if kind == "error" or (formula and kind == "string"):
            self._suspect, self._said = kind != "error", [] if kind != "error" else ["#ERROR!"]
            self.parser.CharacterDataHandler = self._said.append

    def _end(self, name: str) -> None:
        if name not in _CELLS or self.parser.CharacterDataHandler is None:
            return
        self.parser.CharacterDataHandler = None
        text = self._said[-1].strip() if self._said else ""
        if not self._suspect or text in _ERRORS:
            self._scan.errors.update(dict.fromkeys(self._places(), text))

    def _places(self) -> list[tuple[int, int]]:
        self._marks += self._rows * self._columns
        if self._marks > _MOST_MARKS:
            raise Refused(
                "F-SPARSE", sheet="content.xml", cell="-", filled=self._marks, limit=_MOST_MARKS,
            )  # fmt: skip
        return [
            (row, column)
            for row in range(self._row, self._row + self._rows)
            for column in range(self._column, self._column + self._columns)
        ]


def _repeated(about: dict[str, str], name: str) -> int:
    text = about.get(name, "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1
