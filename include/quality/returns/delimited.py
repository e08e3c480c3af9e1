"""The returned rows as CSV, for suppliers who send CSV, and the page that says what is wrong."""

from __future__ import annotations

import csv
import io

from include.quality.returns.content import ReturnBook
from include.quality.returns.workbook import (
    CODE_HEAD,
    FAULT_HEAD,
    PLACE_HEAD,
    REPLY_HEAD,
    file_facts,
    how_to,
    lead,
    todo_of,
)

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the beginning of a formula."""


def write_csv(book: ReturnBook) -> bytes:
    """The rows in UTF-8 with a byte order mark, every field quoted, none of which a spreadsheet runs as a formula."""
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    heads = [PLACE_HEAD, FAULT_HEAD, *(column.header for column in book.columns), REPLY_HEAD, CODE_HEAD]
    writer.writerow([guarded(head) for head in heads])
    for row in book.rows:
        texts = [row.place, todo_of(row, book.columns), *row.cells, "", row.code]
        writer.writerow([guarded(text) for text in texts])
    return b"\xef\xbb\xbf" + target.getvalue().encode("utf-8")


def write_page(book: ReturnBook) -> bytes:
    """The first sheet of the workbook as plain text, UTF-8 with a byte order mark."""
    lines = ["退回修改　Returned for correction", "", lead(book), ""]
    lines += [f"{label}: {value}" for label, value, _ in file_facts(book.facts)]
    for count in book.counts:
        lines += [
            "",
            f"[{count.title} {count.rule_id}] {count.rows} 行 rows, {count.place}",
            count.zh,
            count.en,
        ]
    lines.append("")
    for number, (zh, en) in enumerate(how_to(book), start=1):
        lines += [f"{number}. {zh}", f"   {en}"]
    lines += [
        "",
        "用 Excel 打开 CSV 会改动长编号和日期：请以“文本”导入，或改用退回工作簿（.xlsx）。",
        "Excel alters long numbers and dates when it opens a CSV: import it as text, or use the workbook (.xlsx).",
    ]
    return b"\xef\xbb\xbf" + ("\r\n".join(lines) + "\r\n").encode("utf-8")


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula; see unguarded."""
    return f"'{text}" if text.startswith(_RISKY) or text.startswith("'") else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text.startswith("'") and (text[1:].startswith(_RISKY) or text[1:2] == "'") else text
