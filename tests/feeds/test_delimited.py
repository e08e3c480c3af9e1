"""Text files: encodings, quotes, line numbers, ragged records."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.feeds.delimited import read_delimited
from include.feeds.faults import Held
from include.feeds.read import read_delivery
from include.feeds.sniff import Refused


def cells(data, *, delimiter=",", encodings=("utf-8-sig", "gb18030")):
    table, _ = read_delimited(data, delimiter=delimiter, encodings=encodings)
    names = [name for name in table.column_names if name.startswith("c")]
    return [[row[name] for name in names] for row in table.to_pylist()], table


def refused(data, **options):
    with pytest.raises(Refused) as caught:
        cells(data, **options)
    return caught.value


def test_gb18030_short_header(unit_count):
    table = read_delivery("单位,件数\n甲,1\n".encode("gb18030"), file_name="a.csv", contract=unit_count)
    assert table.encoding == "gb18030"
    assert table.table["unit"].to_pylist() == ["甲"]


def test_byte_order_mark_is_no_part_of_the_first_header(unit_count):
    table = read_delivery("\ufeff单位,件数\n甲,1\n".encode(), file_name="a.csv", contract=unit_count)
    assert table.letters["unit"] == "单位"


def test_utf16_only_where_declared(contract_of):
    data = "单位,件数\n甲,1\n".encode("utf-16")
    plain = contract_of(unit=("单位",), cases=("件数",))
    with pytest.raises(Held):
        read_delivery(data, file_name="a.csv", contract=plain)
    declared = contract_of(unit=("单位",), cases=("件数",), layout={"encodings": ["utf-8-sig", "utf-16"]})
    assert read_delivery(data, file_name="a.csv", contract=declared).table["unit"].to_pylist() == ["甲"]


def test_cp1252_where_declared():
    rows, _ = cells("name,£\ncafé,1\n".encode("cp1252"), encodings=("utf-8-sig", "cp1252"))
    assert rows[1] == ["café", "1"]


def test_no_declared_encoding_fits_names_the_byte():
    fault = refused(b"a,b\n\xff\xff,1\n")
    assert fault.code == "F-ENC" and fault.facts["offset"] == 4


def test_nul_stays_in_its_cell_for_the_judges_to_refuse():
    cells, _ = read_delimited(b"a,b\n1,2\n3,\x004\n", delimiter=",", encodings=["utf-8"])
    assert cells["c1"].to_pylist() == ["b", "2", "\x004"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'a,b\n1,"2\n3,4\n', 2),
        (b'a,b\n1,2\n5" pipe,4\n', 3),
        (b'a,b\n"1"x,2\n', 2),
        (b'a,b\n"x\ny"z,2\n', 3),
        (b'a,b\n1,"2\n3,"4"\n5,6\n', 3),
    ],
)
def test_quotes_unbalanced_or_misplaced(text, line):
    fault = refused(text)
    assert fault.code == "F-CSV" and fault.facts["line"] == line


def test_embedded_newline_moves_line_numbers():
    rows, table = cells(b'a,b\r\n"x\r\ny","q ""z"""\r\n3,4\r\n')
    assert rows == [["a", "b"], ["x\r\ny", 'q "z"'], ["3", "4"]]
    assert table["_row"].to_pylist() == [1, 2, 4]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(end, last):
    text = end.join(["a,b", "1,2", "", "3,4"]) + (end if last else "")
    rows, table = cells(text.encode())
    assert rows == [["a", "b"], ["1", "2"], [None, None], ["3", "4"]]
    assert table["_fields"].to_pylist() == [2, 2, 0, 2]
    assert table["_row"].to_pylist() == [1, 2, 3, 4]


def test_ragged_data_row_is_held_with_its_line(unit_count):
    with pytest.raises(Held) as held:
        read_delivery("单位,件数\n甲,1\n乙,2,3\n丙,3\n".encode(), file_name="a.csv", contract=unit_count)
    assert held.value.fault.code == "F-CSV" and "第 [3] 行" in held.value.fault.zh


def test_ragged_titles_and_notes_are_no_fault(unit_count):
    text = '某县台账\n单位,件数\n甲,1\n"注：,x"\n'
    table = read_delivery(text.encode(), file_name="a.csv", contract=unit_count)
    assert table.structural["role"].to_pylist() == ["title", "header", "note"]
    assert table.table["_row"].to_pylist() == [3]


def test_text_na_and_null_stay_text():
    rows, _ = cells(b"a,b\nNA,null\nNaN,\n")
    assert rows[1:] == [["NA", "null"], ["NaN", None]]


def test_quoted_empty_is_blank():
    assert cells(b'a,b\n"",1\n')[0][1] == [None, "1"]


def test_tsv(contract_of):
    contract = contract_of(files=("csv", "tsv"), unit=("单位",), cases=("件数",))
    table = read_delivery("单位\t件数\n甲,乙\t1\n".encode(), file_name="a.txt", contract=contract)
    assert (table.kind, table.table["unit"].to_pylist()) == ("tsv", ["甲,乙"])


def test_formula_text_is_text(unit_count):
    table = read_delivery(
        "单位,件数\n=cmd|' /C calc'!A0,+1\n".encode(), file_name="a.csv", contract=unit_count
    )
    assert table.table["unit"].to_pylist() == ["=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("rows", [65_536, 1_048_576])
def test_as_many_lines_as_a_spreadsheet_can_hold(rows):
    assert refused(b"a\n" * rows).code == "H-GRID"
    assert len(cells(b"a\n" * 65_537)[0]) == 65_537


def test_record_longer_than_a_block():
    rows, _ = cells(b"a,b\n1," + b"x" * 900_000 + b"\n" + b"2,y\n" * 10)
    assert len(rows) == 12 and len(rows[1][1]) == 900_000


_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda w: st.lists(st.lists(_CELL, min_size=w, max_size=w), min_size=1, max_size=8)
    )
)
def test_every_cell_survives(rows):
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    if not any(cell for row in rows for cell in row):
        return
    found, table = cells(buffer.getvalue().encode())
    assert found == [[cell or None for cell in row] for row in rows]
    # csv and Python agree on lines: each record begins where the text before it ends.
    assert table["_row"][0].as_py() == 1


@settings(max_examples=200, deadline=None)
@given(st.text('a,"\n\r', max_size=24))
def test_what_is_accepted_is_what_a_strict_reader_reads(text):
    try:
        found, table = cells(text.encode())
    except Refused:
        return
    expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert [len(row) for row in expected] == table["_fields"].to_pylist()
    width = len(found[0])
    assert found == [[(row + [""] * width)[i] or None for i in range(width)] for row in expected]
