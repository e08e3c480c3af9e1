"""Old .xls: error cells, hidden rows, links and macros that calamine does not tell, and Excel's default password."""

from __future__ import annotations

import hashlib
import struct

import pytest

from include.feeds import biff
from include.feeds.faults import Held
from include.feeds.read import read_delivery
from include.feeds.workbook import LINKED, NUMBER

FREE, END = 0xFFFFFFFF, 0xFFFFFFFE


def record(kind, body=b""):
    return struct.pack("<HH", kind, len(body)) + body


def label(row, column, text):
    return record(0x204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le"))


def book(*cells, filepass=b"", kind=0, links=()):
    """A stream of one sheet 台账 with these records; `kind` 1 is a sheet of Excel 4.0 macros."""
    bof = struct.pack("<HHHHII", 0x0600, 5, 0x0DBB, 1996, 0, 0x06)
    name = "台账"
    start = (
        record(0x809, bof)
        + (record(0x2F, filepass) if filepass else b"")
        + record(0x42, struct.pack("<H", 1200))
    )
    bound = struct.pack("<BBBB", 0, kind, len(name), 1) + name.encode("utf-16-le")
    linked = b"".join(links)
    position = len(start) + 4 + 4 + len(bound) + len(linked) + 4
    return b"".join([
        start, record(0x85, struct.pack("<I", position) + bound), linked, record(0x0A),
        record(0x809, struct.pack("<HHHHII", 0x0600, 0x10, 0x0DBB, 1996, 0, 0x06)), *cells, record(0x0A),
    ])  # fmt: skip


def formula(row, column, result, tokens=b""):
    head = struct.pack("<HHH", row, column, 0) + result + bytes(6)
    return record(0x06, head + struct.pack("<H", len(tokens)) + tokens)


def workbook(filepass=b""):
    """Header, 甲局 with #REF!, 乙局 with =1/0 in a hidden row."""
    return book(
        record(0x200, struct.pack("<IIHHH", 0, 3, 0, 2, 0)),
        record(0x208, struct.pack("<HHHHHHI", 2, 0, 2, 255, 0, 0, 0x120)),
        label(0, 0, "单位"), label(0, 1, "件数"), label(1, 0, "甲局"),
        record(0x205, struct.pack("<HHHBB", 1, 1, 0, 23, 1)),
        label(2, 0, "乙局"), formula(2, 1, bytes([2, 0, 7, 0, 0, 0, 0xFF, 0xFF])),
        filepass=filepass,
    )  # fmt: skip


def compound(stream, *, name="Workbook", storage="", inside=""):
    """The smallest compound file around one stream, kept out of the mini sectors by padding, and one storage that may
    hold the same stream by another name."""
    size = max(4096, -(-len(stream) // 512) * 512)
    count = size // 512
    table = [0xFFFFFFFD, END, *range(3, count + 2), END]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, END, 0, END, 0) + struct.pack("<109I", 0, *[FREE] * 108)

    def entry(name, kind, child, start, length, right=FREE):
        text = (name.encode("utf-16-le") + b"\0\0") if name else b""
        about = struct.pack("<HBBIII", len(text), kind if name else 0, 1, FREE, right, child)
        return text.ljust(64, b"\0") + about + bytes(36) + struct.pack("<IQ", start, length)

    directory = (
        entry("Root Entry", 5, 1, END, 0)
        + entry(name, 2, FREE, 2, size, right=2 if storage else FREE)
        + entry(storage, 1, 3 if inside else FREE, 0, 0)
        + entry(inside, 2, FREE, 2, size)
    )
    fat = struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff")
    return header + fat + directory + stream.ljust(size, b"\0")


def encrypted(password, *, sha1):
    salt, verifier = bytes(range(16)), bytes(range(100, 116))
    password = password.encode("utf-16-le")
    if sha1:
        base = hashlib.sha1(salt + password).digest()
        key = lambda block: hashlib.sha1(base + struct.pack("<I", block)).digest()[:16]  # ruff: ignore[lambda-assignment]
        proof = biff._rc4(key(0), verifier + hashlib.sha1(verifier).digest())
        about = struct.pack("<IIIIIIII", 4, 0, 0x6801, 0x8004, 128, 1, 0, 0)
        filepass = struct.pack("<HHHII", 1, 4, 2, 4, len(about)) + about
        filepass += struct.pack("<I", 16) + salt + proof[:16] + struct.pack("<I", 20) + proof[16:]
    else:
        seed = hashlib.md5(password).digest()[:5] + salt
        base = hashlib.md5(seed * 16).digest()[:5]
        key = lambda block: hashlib.md5(base + struct.pack("<I", block)).digest()  # ruff: ignore[lambda-assignment]
        filepass = (
            struct.pack("<HHH", 1, 1, 1) + salt + biff._rc4(key(0), verifier + hashlib.md5(verifier).digest())
        )
    plain = workbook(filepass)
    noise = bytearray(b"".join(biff._rc4(key(block), bytes(1024)) for block in range(len(plain) // 1024 + 1)))
    for kind, at, length in biff._records(plain):
        clear = at + length if kind in {0x809, 0x2F} else at + 4 if kind == 0x85 else at
        noise[at - 4 : clear] = bytes(clear - at + 4)
    return compound(bytes(a ^ b for a, b in zip(plain, noise, strict=False)))


@pytest.fixture
def contract(contract_of):
    return contract_of(files=("xls",), unit=("单位",), cases=("件数",))


def check(data, contract):
    table = read_delivery(data, file_name="a.xls", contract=contract)
    rows = table.table.select(["unit", "cases", "cases__kind"]).to_pylist()
    assert rows == [
        {"unit": "甲局", "cases": "#REF!", "cases__kind": 5},
        {"unit": "乙局", "cases": "#DIV/0!", "cases__kind": 5},
    ]
    assert [warning.code for warning in table.warnings] == ["W-HIDDENROWS"]


def test_error_cells_and_hidden_rows(contract):
    check(compound(workbook()), contract)


@pytest.mark.parametrize("sha1", [False, True])
def test_default_password_is_read(contract, sha1):
    check(encrypted("VelvetSweatshop", sha1=sha1), contract)


@pytest.mark.parametrize("sha1", [False, True])
def test_another_password_is_held(contract, sha1):
    with pytest.raises(Held) as held:
        read_delivery(encrypted("secret", sha1=sha1), file_name="a.xls", contract=contract)
    assert held.value.fault.code == "F-PASS"


def test_broken_compound_files_are_held(contract):
    data = compound(workbook())
    for at in [*range(24, 80), *range(512, 560), *range(1024, 1300, 4)]:
        broken = bytearray(data)
        broken[at] ^= 0xFF
        try:
            read_delivery(bytes(broken), file_name="a.xls", contract=contract)
        except Held as held:
            assert held.fault.code != "F-CRASH", (at, held)


def external_book(path):
    """The record that names another workbook of one sheet ([MS-XLS] 2.4.271)."""
    text = [struct.pack("<HB", len(one), 0) + one.encode("latin-1") for one in (path, "Sheet1")]
    return record(0x1AE, struct.pack("<H", 1) + b"".join(text))


OWN_SHEETS = record(0x1AE, struct.pack("<H", 1) + b"\x01\x04")
THREE = struct.pack("<d", 3)


def sheets_named(*books):
    """The list by which formulas name sheets: for each the number of its book."""
    return record(
        0x17, struct.pack("<H", len(books)) + b"".join(struct.pack("<HHH", one, 0, 0) for one in books)
    )


def cell_of(number):
    """The tokens of `=sheet!A1`, the sheet by its number in that list."""
    return b"\x5a" + struct.pack("<HHH", number, 0, 0xC000)


def test_cells_linked_to_another_workbook_are_told_and_not_used(contract):
    linked = book(
        label(0, 0, "单位"), label(0, 1, "件数"),
        label(1, 0, "甲局"), formula(1, 1, THREE, cell_of(0)),
        label(2, 0, "乙局"), formula(2, 1, THREE, cell_of(1)),
        label(3, 0, "丙局"), formula(3, 1, THREE, b"\x17\x02\x00ab" + cell_of(1) + b"\x08"),
        links=[OWN_SHEETS, external_book("other.xls"), sheets_named(0, 1)],
    )  # fmt: skip
    table = read_delivery(compound(linked), file_name="a.xls", contract=contract).table
    assert table["cases"].to_pylist() == ["3", "3", "3"]
    assert table["cases__kind"].to_pylist() == [NUMBER, LINKED, LINKED]


HEADER = (label(0, 0, "单位"), label(0, 1, "件数"))


@pytest.mark.parametrize(
    "data",
    [
        compound(book(*HEADER), storage="_VBA_PROJECT_CUR"),
        compound(book(*HEADER, kind=1)),
        compound(book(*HEADER), storage="MBD0435D8BE", inside="WordDocument"),
        compound(book(*HEADER), storage="MBD0435D8BF", inside="Workbook"),
    ],
    ids=["Visual Basic", "Excel 4.0", "Word document inside", "workbook inside"],
)
def test_macros_and_embedded_objects_are_held(contract, data):
    with pytest.raises(Held) as held:
        read_delivery(data, file_name="a.xls", contract=contract)
    assert held.value.fault.code == "F-MACRO"


def test_a_word_document_with_a_workbook_inside_is_no_workbook(contract):
    data = compound(workbook(), name="WordDocument", storage="ObjectPool", inside="Workbook")
    with pytest.raises(Held) as held:
        read_delivery(data, file_name="a.xls", contract=contract)
    assert held.value.fault.code == "F-TYPE" and "[Word]" in held.value.fault.en
