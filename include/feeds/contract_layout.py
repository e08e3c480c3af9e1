"""How a contract declares the way its table lies on the sheet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Literal

from pydantic import Field

from include.config import Strict

TOTALS = (
    "合计", "总计", "小计", "共计", "本页合计", "本页小计", "本表合计", "本月合计", "本季合计",
    "Total", "TOTAL", "Subtotal",
)  # fmt: skip
NOTES = (
    "注:", "注：", "备注:", "备注：", "说明:", "说明：", "填表人", "制表人", "Note",
)  # fmt: skip


class Layout(Strict):
    """How the table lies on its sheet."""

    sheets: tuple[str, ...] = ()
    """Names of the sheets to read, `*` for any text (visible sheets only); empty: the first visible but 填报说明."""
    transposed: bool = False
    """Indicators stand in rows and units in columns: the sheet is turned before anything else."""
    header_rows: int = Field(default=1, ge=1, le=8)
    search_rows: int = Field(default=15, ge=1)
    """The header is looked for in the first rows, by the declared headers; rows above it are titles."""
    numbering: bool = False
    """Rows right below the header that number its columns (甲 乙 1 2 3) belong to the header."""
    stacked: bool = False
    """Continuation tables (续表): the header comes again further down, with titles above it or other places."""
    beside: Literal["none", "same", "other"] = "none"
    """What stands to the right: the same columns again, or other tables, which are not read."""
    banner: str = ""
    """The column that a row with nothing but a category's name fills, down to the next such row."""
    totals: tuple[str, ...] = TOTALS
    """A row whose first filled cell begins with one of these, or with any cell that is one, is a total."""
    totals_in: tuple[str, ...] = ()
    """Columns in which such a word alone makes a total even of a row that lacks nothing."""
    totals_of: tuple[str, ...] = ()
    """Columns whose totals are reconciled with the rows; empty: every number but shares (百分比)."""
    totals_differ: Literal["warn", "hold", "ignore"] = "warn"
    """What a total that is not the sum of its rows does to the file."""
    totals_within: Decimal = Field(default=Decimal(0), ge=0)
    """Difference that is still put down to rounding, in the unit of the file."""
    notes: tuple[str, ...] = NOTES
    ends: tuple[str, ...] = ()
    """A row whose first filled cell begins with one of these, and all below, belong to another table."""
    corner_unit: Literal["check", "convert", "ignore"] = "check"
    """What 单位:万元 above the table does to columns with a money unit: another unit holds the file, or the
    figures are converted and it is told."""
    delimiter: str = ","
    encodings: tuple[str, ...] = ("utf-8-sig", "gb18030")
    nil_marks: tuple[str, ...] = ("零报送", "零报告", "零填报", "nil return")
    """Words by which a file without rows says that there is nothing to report, in a cell or at the end of its name."""


def layout_mistakes(layout: Layout, columns: Collection[str], files: Collection[str]) -> Iterator[str]:
    """Sentences about a layout that does not fit the contract's columns or kinds of file."""
    named = [("banner", layout.banner)]
    named += [("totals_in", name) for name in layout.totals_in]
    named += [("totals_of", name) for name in layout.totals_of]
    for key, name in named:
        if name and name not in columns:
            yield (
                f"[layout.{key}] 指向未声明的列 [{name}]。 "
                f"[layout.{key}] names [{name}]; declared: {list(columns)}."
            )
    if layout.transposed and {"csv", "tsv"} & set(files):
        yield (
            "[layout.transposed] 只用于工作簿,files 中不能有 csv、tsv。 "
            "[layout.transposed] is for workbooks: files may not list csv or tsv."
        )
