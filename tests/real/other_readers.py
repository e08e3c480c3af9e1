"""What other readers see in a table file: openpyxl, xlrd, Python's csv, the bare XML of an .ods, LibreOffice.

xlrd and LibreOffice are used where they are installed, the latter for workbooks that none of the others opens.

None of the product's code is used here, so that two opinions on a cell are two.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msoffcrypto
import openpyxl

# Pictures are not looked at: a missing one is no reason not to read the cells.
openpyxl.reader.excel.find_images = lambda *_: ([], [])

Place = tuple[int, int]
_OLE = b"\xd0\xcf\x11\xe0"
ERRORS = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")


class Unknown(Exception):
    """This reader does not open the file, or there is no such reader here."""


@dataclass(frozen=True)
class Odd:
    """A cell without a value of its own: an error such as `#REF!`."""

    said: str


@dataclass
class Grid:
    """The filled cells of one sheet by (row, column), 0-based; of a text file, rows are lines."""

    name: str
    cells: dict[Place, Any] = field(default_factory=dict)
    wide: set[Place] = field(default_factory=set)
    """Cells that are merged over several columns: no header of one of them."""
    digits: int = 17
    """Significant digits that the reader gives of a number."""


def grids(path: Path, *, delimiter: str = ",", encoding: str = "") -> list[Grid]:
    """The visible sheets of a file that have a filled cell, by the bytes of the file and not by its name."""
    data = path.read_bytes()
    try:
        found = _opened(data, delimiter, encoding)
    except Exception as error:
        if not data.startswith((b"PK", _OLE)):
            raise Unknown(f"{type(error).__name__}: {str(error)[:80]}") from error
        found = _by_office(path)
    for grid in found:
        grid.cells = {place: value for place, value in grid.cells.items() if str(value).strip()}
    return [grid for grid in found if grid.cells]


def _opened(data: bytes, delimiter: str, encoding: str) -> list[Grid]:
    if data.startswith(b"PK"):
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
        return _ods(data) if "content.xml" in names else _xlsx(data)
    if data.startswith(_OLE):
        return _xls(data)
    if data.lstrip()[:1] == b"<" or (b"\0" in data and encoding != "utf-16"):
        raise Unknown("no table file")
    return [_text(data, delimiter, encoding)]


def _by_office(path: Path) -> list[Grid]:
    """The workbook as LibreOffice saves it anew."""
    office = shutil.which("soffice")
    if office is None:
        raise Unknown("LibreOffice is not installed")
    with tempfile.TemporaryDirectory(prefix="other-readers-") as scratch:
        copied = shutil.copyfile(path, Path(scratch) / f"a{path.suffix}")
        profile = f"-env:UserInstallation=file://{tempfile.gettempdir()}/other-readers-profile"
        command = [office, profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir",
                   f"{scratch}/out", str(copied)]  # fmt: skip
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=30)
            saved = _xlsx((Path(scratch) / "out" / "a.xlsx").read_bytes())
            return [replace(grid, digits=15) for grid in saved]
        except Exception as error:
            raise Unknown(f"LibreOffice: {type(error).__name__}") from error


def _xlsx(data: bytes) -> list[Grid]:
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    found = []
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            cells = {(row - 1, column - 1): cell for (row, column), cell in sheet._cells.items()}
            filled = {place: _of_openpyxl(cell) for place, cell in cells.items() if _filled(cell)}
            merges = sheet.merged_cells.ranges
            wide = {(one.min_row - 1, one.min_col - 1) for one in merges if one.max_col > one.min_col}
            found.append(Grid(sheet.title, filled, wide))
    return found


def _filled(cell: Any) -> bool:
    return cell.value is not None and cell.value != ""


def _of_openpyxl(cell: Any) -> Any:
    return Odd(cell.value) if cell.data_type == "e" else cell.value


def _xls(data: bytes) -> list[Grid]:
    try:
        import xlrd
    except ImportError as error:
        raise Unknown("xlrd is not installed") from error
    try:
        book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), formatting_info=True)
    except xlrd.XLRDError:
        book = xlrd.open_workbook(file_contents=_decrypted(data), logfile=io.StringIO(), formatting_info=True)

    def value(cell: Any) -> Any:
        if cell.ctype == xlrd.XL_CELL_DATE:
            return xlrd.xldate_as_datetime(cell.value, book.datemode)
        if cell.ctype == xlrd.XL_CELL_ERROR:
            return Odd(xlrd.error_text_from_code.get(cell.value, "#?"))
        return bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value

    found = []
    for sheet in book.sheets():
        if sheet.visibility == 0:
            cells = {
                (row, column): value(cell)
                for row in range(sheet.nrows)
                for column, cell in enumerate(sheet.row(row))
                if cell.ctype not in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK) and cell.value != ""
            }
            merges = sheet.merged_cells
            found.append(
                Grid(sheet.name, cells, {(top, left) for top, _, left, end in merges if end > left + 1})
            )
    return found


def _decrypted(data: bytes) -> bytes:
    """The workbook without the password that Excel itself uses for a locked one."""
    file, clear = msoffcrypto.OfficeFile(io.BytesIO(data)), io.BytesIO()
    file.load_key(password="VelvetSweatshop")
    file.decrypt(clear)
    return clear.getvalue()


_TABLE, _OFFICE = (f"{{urn:oasis:names:tc:opendocument:xmlns:{part}:1.0}}" for part in ("table", "office"))
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MOST_REPEATED = 1000


def _ods(data: bytes) -> list[Grid]:
    root = ET.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("content.xml"))
    hidden = {
        style.get("{urn:oasis:names:tc:opendocument:xmlns:style:1.0}name")
        for style in root.iter("{urn:oasis:names:tc:opendocument:xmlns:style:1.0}style")
        if any(one.get(f"{_TABLE}display") == "false" for one in style)
    }
    found = []
    for table in root.iter(f"{_TABLE}table"):
        if table.get(f"{_TABLE}style-name") in hidden:
            continue
        grid, row = Grid(table.get(f"{_TABLE}name", "")), 0
        for line in table.iter(f"{_TABLE}table-row"):
            rows, column = int(line.get(f"{_TABLE}number-rows-repeated", 1)), 0
            for cell in line:
                if cell.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                    columns = int(cell.get(f"{_TABLE}number-columns-repeated", 1))
                    value = _of_ods(cell)
                    if cell.get(f"{_TABLE}number-columns-spanned", "1") != "1":
                        grid.wide.add((row, column))
                    if value is not None and value != "":
                        grid.cells |= {
                            (row + down, column + right): value
                            for down in range(min(rows, _MOST_REPEATED))
                            for right in range(min(columns, _MOST_REPEATED))
                        }
                    column += columns
            row += rows
        found.append(grid)
    return found


def _of_ods(cell: ET.Element) -> Any:
    kind = cell.get(f"{_OFFICE}value-type", "")
    text = "\n".join(_paragraph(part) for part in cell if part.tag == f"{_TEXT}p")
    if (
        cell.get("{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type")
        == "error"
    ):
        return Odd(text)
    if cell.get(f"{_TABLE}formula") and text in ERRORS:
        return Odd(text)
    if kind in ("float", "percentage", "currency"):
        return float(cell.get(f"{_OFFICE}value", "nan"))
    if kind == "date":
        return dt.datetime.fromisoformat(cell.get(f"{_OFFICE}date-value", ""))
    if kind == "time":
        parts = re.fullmatch(r"PT(\d+)H(\d+)M([\d.]+)S", cell.get(f"{_OFFICE}time-value", ""))
        hours, minutes, seconds = map(float, parts.groups()) if parts else (0, 0, 0)
        return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value") == "true"
    return (cell.get(f"{_OFFICE}string-value") or text) if kind else None


def _paragraph(part: ET.Element) -> str:
    said = part.text or ""
    for item in part:
        name = item.tag.rpartition("}")[2]
        if name == "s":
            said += " " * int(item.get(f"{_TEXT}c", 1))
        elif name in ("tab", "line-break"):
            said += "\t" if name == "tab" else "\n"
        elif name not in ("annotation", "note"):
            said += _paragraph(item)
        said += item.tail or ""
    return said


def _text(data: bytes, delimiter: str, encoding: str) -> Grid:
    csv.field_size_limit(1 << 24)
    reader = csv.reader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter, strict=True)
    grid, line, widths = Grid(""), 0, {}
    for record in reader:
        widths.setdefault(len(record), line)
        grid.cells |= {(line, column): value for column, value in enumerate(record) if value != ""}
        line = reader.line_num
    if len({width for width in widths if width}) > 1:
        raise Unknown(f"records of {sorted(widths)} fields")
    return grid
