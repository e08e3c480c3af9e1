"""Looking into the vault: one value at a time, on the record."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from include.cli.sentences import WRONG, SayingGroup, refuse, say, say_json
from include.site import open_site

vault = typer.Typer(
    cls=SayingGroup,
    no_args_is_help=True,
    help="原始文件库:逐个查看,留痕。 The vault of raw files: one value at a time, on the record.",
)


def retain(
    dry_run: Annotated[bool, typer.Option(help="只列出不销毁 List, delete nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON Print JSON")] = False,
    site: Annotated[
        Path | None, typer.Option("--site", envvar="MINGJING_SITE", help="站点目录 Folder of the site")
    ] = None,
) -> None:
    """销毁到期文件。 Delete what has lain its time; a tombstone stays for each file."""
    from dataclasses import asdict

    from include.pipeline.retain import retain as delete_due
    from include.warehouse.store import migrate

    chosen = open_site(site)
    migrate(chosen.warehouse_url)
    stones = delete_due(chosen, now=datetime.now(UTC), dry_run=dry_run)
    if as_json:
        say_json({"dry_run": dry_run, "deleted": [asdict(stone) for stone in stones]})
        return
    for stone in stones:
        say(f"{stone.store} {stone.place} {stone.bytes} B {stone.rows} 行 rows [{stone.rule}]")
    zh, en = ("到期待销毁", "due") if dry_run else ("已销毁", "deleted")
    say(f"{zh} {len(stones)} 个文件。 {len(stones)} files {en}.", style="green")


@vault.callback()
def _vault() -> None:
    """Keep `reveal` a command of its own."""


@vault.command()
def reveal(
    delivery: Annotated[int, typer.Argument(help="批次号 Number of the delivery, see vw_delivery")],
    row: Annotated[int, typer.Argument(help="行号 Row of the sheet")],
    column: Annotated[str, typer.Argument(help="契约列名 Column of the contract")],
    by: Annotated[str, typer.Option(help="查看人 Who looks")],
    reason: Annotated[str, typer.Option(help="理由 Why")],
    sheet: Annotated[str, typer.Option(help="工作表,有多张时必填 Sheet, where there are several")] = "",
    site: Annotated[
        Path | None, typer.Option("--site", envvar="MINGJING_SITE", help="站点目录 Folder of the site")
    ] = None,
) -> None:
    """查看一个单元格的原值。 Show one value as it was sent; who looked, at what and why is recorded first."""
    from include.feeds.faults import Held
    from include.pipeline.vault import reveal as reveal_value
    from include.warehouse.store import migrate

    chosen = open_site(site)
    migrate(chosen.warehouse_url)
    try:
        found = reveal_value(
            chosen, delivery, row, column, by=by, reason=reason, sheet=sheet, now=datetime.now(UTC)
        )
    except (Held, FileNotFoundError) as error:
        said = (
            f"{error.fault.zh} {error.fault.en}"
            if isinstance(error, Held)
            else "文件已不在。 The file is gone."
        )
        refuse(said, WRONG)
    place = f"{found.feed}/{found.file_name} {found.sheet} {found.row} {found.title}"
    say(f"{place}: {found.value or '空 blank'}\n已记录。 This look is on the record.")
