"""Files as accidents and attackers make them, one function per accident, named after it."""

from __future__ import annotations

import io
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from msoffcrypto.format.ooxml import OOXMLFile

HEADER = ["单位", "编号", "件数", "日期", "金额", "身份证号"]
GOOD = ["甲局", "A-1", 3, "2026-07-01", 12.5, "11010519491231002X"]
ROWS = [HEADER, GOOD, ["乙局", "A-2", 4, "2026-07-02", 1, "110105194912310038"]]


def save(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def xlsx(rows: Sequence[Sequence[Any]] = ROWS, *, merges: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "台账"
    for row in rows:
        book.active.append(list(row))
    for merge in merges:
        book.active.merge_cells(merge)
    return save(book)


def with_cell(value: Any, *, column: int = 2, row: int = 1, number_format: str = "") -> bytes:
    """The good workbook with one cell changed; row 1 is the first data row."""
    book = openpyxl.Workbook()
    book.active.title = "台账"
    for line in ROWS:
        book.active.append(line)
    cell = book.active.cell(row + 1, column + 1, value)
    if number_format:
        cell.number_format = number_format
    return save(book)


def csv(rows: Sequence[Sequence[Any]] = ROWS, *, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows).encode(encoding)


def csv_cell(value: str, *, column: int = 2) -> bytes:
    rows = [list(row) for row in ROWS]
    rows[1][column] = value
    return csv(rows)


def with_members(data: bytes, changes: dict[str, bytes | Callable[[bytes], bytes]]) -> bytes:
    """The zip with members replaced or added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *changes]):
            change = changes.get(name, lambda before: before)
            new.writestr(name, change(old.read(name)) if callable(change) else change)
    return buffer.getvalue()


def with_sheet(change: Callable[[str], str], data: bytes | None = None) -> bytes:
    """The workbook with the XML of its first sheet changed."""
    return with_members(
        data or xlsx(), {"xl/worksheets/sheet1.xml": lambda old: change(old.decode()).encode()}
    )


def with_rows(rows: str) -> bytes:
    """The workbook with these rows behind its header, as raw XML, and no dimension."""

    def change(old: str) -> str:
        head = re.search(r'<row r="1".*?</row>', old, re.S)[0]
        old = re.sub(
            r"<sheetData>.*</sheetData>", lambda _: f"<sheetData>{head}{rows}</sheetData>", old, flags=re.S
        )
        return re.sub(r"<dimension[^>]*/>", "", old)

    return with_sheet(change)


def row_of(cases: str, *, number: int = 2, unit: str = "甲局") -> str:
    """Raw XML of a data row whose cell 件数 is `cases`."""

    def text(column: str, said: str) -> str:
        return f'<c r="{column}{number}" t="inlineStr"><is><t>{said}</t></is></c>'

    return (
        f'<row r="{number}">{text("A", unit)}{text("B", f"A-{number}")}{cases.format(number=number)}'
        f"{text('D', '2026-07-01')}</row>"
    )


def zip_bomb_by_ratio() -> bytes:
    return with_members(
        xlsx(), {"xl/media/zeros.xml": b"<a>" + bytes(30_000_000).replace(b"\0", b" ") + b"</a>"}
    )


def zip_bomb_nested_in_many_members() -> bytes:
    return with_members(xlsx(), {f"xl/media/{number}.bin": bytes(4_000_000) for number in range(12)})


def zip_that_lies_about_its_size() -> bytes:
    data = bytearray(zip_bomb_by_ratio())
    at = data.rindex(b"xl/media/zeros.xml") - 46
    struct.pack_into("<I", data, at + 24, 100)
    return bytes(data)


def hundred_thousand_members() -> bytes:
    return with_members(xlsx(), {f"docs/{number}.xml": b"" for number in range(2_100)})


def overlapping_members() -> bytes:
    """Every entry of the directory points at one and the same content."""
    data = bytearray(with_members(xlsx(), {"xl/media/one.bin": b"x" * 400, "xl/media/two.bin": b"x" * 400}))
    one = data.rindex(b"xl/media/one.bin") - 46
    two = data.rindex(b"xl/media/two.bin") - 46
    data[two + 42 : two + 46] = data[one + 42 : one + 46]
    return bytes(data)


def zip64_directory_that_lies() -> bytes:
    data = bytearray(xlsx())
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<HH", data, end + 8, 0xFFFF, 0xFFFF)
    return bytes(data)


def two_members_of_one_name(name: str = "xl/worksheets/sheet1.xml") -> bytes:
    buffer = io.BytesIO(xlsx())
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(name, "<worksheet/>")
    return buffer.getvalue()


def bit_rot(*, member: str) -> bytes:
    data = bytearray(with_members(xlsx(), {"xl/media/photo.bin": bytes(range(256)) * 20}))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        info = archive.getinfo(member)
    start = info.header_offset + 30 + len(info.filename)
    data[start + info.compress_size // 2] ^= 0xFF
    return bytes(data)


def wrong_checksum(*, member: str) -> bytes:
    data = bytearray(xlsx())
    at = data.rindex(member.encode()) - 46
    data[at + 16] ^= 0xFF
    return bytes(data)


def encrypted(password: str) -> bytes:
    container = io.BytesIO()
    OOXMLFile(io.BytesIO(xlsx())).encrypt(password, container)
    return container.getvalue()


def ole(*streams: str) -> bytes:
    """The magic of a compound file and the names of streams; nothing in it can be read."""
    names = b"".join(name.encode("utf-16-le") + bytes(64) for name in streams)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + names + bytes(1024)


def encrypted_zip_member() -> bytes:
    data = bytearray(xlsx())
    for magic, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = data.index(magic)
        data[at + place] |= 1
    return bytes(data)


def formula(text: str, *, value: str = "<v>7</v>", attributes: str = "") -> bytes:
    """件数 is a formula with a cached value."""
    own = row_of(f'<c r="C{{number}}"{attributes}><f>{text}</f>{value}</c>')
    return with_rows(own + row_of('<c r="C{number}"><v>4</v></c>', number=3, unit="乙局"))


def shared_external_formula() -> bytes:
    first = row_of('<c r="C{number}"><f t="shared" ref="C2:C3" si="0">[1]台账!B2</f><v>7</v></c>')
    second = row_of('<c r="C{number}"><f t="shared" si="0"/><v>8</v></c>', number=3, unit="乙局")
    return with_rows(first + second)


def ods(rows: str, *, tail: str = "") -> bytes:
    """An OpenDocument spreadsheet of raw rows behind the header."""
    header = "".join(ods_cell(text) for text in HEADER)
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="台账"><table:table-row>{header}</table:table-row>{rows}</table:table>{tail}'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return buffer.getvalue()


def ods_cell(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def ods_row(cases: str, *, unit: str = "甲局", attributes: str = "") -> str:
    cells = ods_cell(unit) + ods_cell(f"A-{unit}") + cases + ods_cell("2026-07-01")
    return f"<table:table-row{attributes}>{cells}</table:table-row>"


def ods_number(value: int, *, formula: str = "") -> str:
    said = f' table:formula="{formula}"' if formula else ""
    return (
        f'<table:table-cell{said} office:value-type="float" office:value="{value}"><text:p>{value}</text:p>'
        "</table:table-cell>"
    )


def parquet(**columns: Any) -> bytes:
    """A Parquet file of good rows with columns replaced or, by None, left out."""
    good = {
        "单位": ["甲局", "乙局"],
        "编号": ["A-1", "A-2"],
        "件数": [3, 4],
        "日期": pa.array(["2026-07-01", "2026-07-02"]).cast(pa.date32()),
        "金额": [12.5, 1.0],
        "身份证号": ["11010519491231002X", None],
    }
    chosen = {name: column for name, column in (good | columns).items() if column is not None}
    sink = io.BytesIO()
    pq.write_table(pa.table(chosen), sink)
    return sink.getvalue()


def parquet_bomb() -> bytes:
    sink = io.BytesIO()
    pq.write_table(
        pa.table({"单位": pa.array(["甲" * 400_000] * 3000).dictionary_encode().cast(pa.string())}),
        sink, use_dictionary=False, compression="zstd",
    )  # fmt: skip
    return sink.getvalue()
