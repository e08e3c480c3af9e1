"""`mingjing send`: a department puts its own file into its place in the inbox."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from include.cli.accounts import As, acting
from include.cli.options import SiteFolder, area_of, up_to_date
from include.cli.sentences import WRONG, refuse, say


def send(
    feed: Annotated[str, typer.Argument(help="数据源 Feed")],
    supplier: Annotated[str, typer.Argument(help="报送单位 Supplier")],
    file: Annotated[Path, typer.Argument(help="文件 File", exists=True, dir_okay=False)],
    area: Annotated[
        str, typer.Option(help="地区;只有一个时可省略 Area; may be left out where there is one")
    ] = "",
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """报送一个文件(只能为本单位)。 Send a file, for one's own department only."""
    from include.pipeline.exchange import send_file

    chosen = up_to_date(site)
    if feed not in chosen.feeds:
        refuse(f"站点没有数据源 [{feed}],可用:{list(chosen.feeds)}。 The site takes no feed [{feed}].", WRONG)
    try:
        lies = send_file(
            chosen,
            area_of(chosen, area, option="--area"),
            feed,
            supplier,
            file,
            account=acting(chosen, account),
            now=datetime.now(UTC),
        )
    except FileExistsError:
        refuse(
            f"收件目录已有同名文件 {file.name},请改名再送。 A file named {file.name} lies there already.",
            WRONG,
        )
    say(f"已放入 {lies.name},等待接收。 It lies in the inbox.", style="green")
