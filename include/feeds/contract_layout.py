"""How a contract declares the way its table lies on the sheet."""

from __future__ import annotations

from pydantic import Field

from include.config import Strict


class Layout(Strict):
    """How the table lies on its sheet."""

    sheets: tuple[str, ...] = ()
    """Names of the sheets to read; empty: the first visible one."""
    header_rows: int = Field(default=1, ge=1, le=5)
    search_rows: int = Field(default=15, ge=1)
    """The header is looked for in the first rows, by the declared headers; rows above it are titles."""
    totals: tuple[str, ...] = ("合计", "总计", "小计", "Total", "TOTAL")
    """A row whose first filled cell begins with one of these is a total, not data."""
    notes: tuple[str, ...] = ("注:", "注：", "备注:", "备注：", "说明:", "说明：", "填表人", "制表人", "Note")
    delimiter: str = ","
    encodings: tuple[str, ...] = ("utf-8-sig", "gb18030")
