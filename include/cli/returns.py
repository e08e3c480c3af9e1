"""`mingjing return`: the returned workbook of a delivery, for whoever has to correct it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from include.cli.sentences import HELD, WRONG, refuse, say
from include.site import open_site

_DELIVERY = "批次号、文件名或哈希开头 Number, file name or beginning of the hash"


def return_book(
    delivery: Annotated[str, typer.Argument(help=_DELIVERY)],
    as_csv: Annotated[
        bool, typer.Option("--csv", help="CSV 和一页说明 CSV, with a page that says what is wrong")
    ] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="写到哪里 Where to write it")] = None,
    site: Annotated[
        Path | None, typer.Option("--site", envvar="MINGJING_SITE", help="站点目录 Folder of the site")
    ] = None,
) -> None:
    """写出退回工作簿。 Write what goes back to the supplier of a delivery with faults."""
    from include.pipeline.return_again import UnknownDelivery, composed_again
    from include.quality.returns.delimited import write_csv, write_page
    from include.quality.returns.workbook import write_workbook

    try:
        name, book = composed_again(open_site(site), delivery, now=datetime.now(UTC))
    except UnknownDelivery as error:
        refuse(str(error), WRONG)
    if book is None:
        refuse(
            "这份文件没有需要逐行改正的内容。 There is nothing in this delivery to correct row by row.", HELD
        )
    path = output or Path(name).with_suffix(".csv" if as_csv else ".xlsx")
    if as_csv:
        path.write_bytes(write_csv(book))
        path.with_suffix(".txt").write_bytes(write_page(book))
    else:
        path.write_bytes(write_workbook(book))
    say(f"已写出 {path}({len(book.rows)} 行)。 Written: {path} ({len(book.rows)} rows).")
