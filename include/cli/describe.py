"""`mingjing describe`: what a file looks like, the layout to declare for it, and how a contract reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Shown

from include.cli.sentences import HELD, WRONG, refuse, say, say_json

_EDGE_ROWS = 3
_SHOWN_COLUMNS = 12
_SHOWN_CHARACTERS = 18


def describe(
    file: Annotated[Path, typer.Argument(help="要看的文件 The file")],
    contract: Annotated[
        str, typer.Option(help="再按此数据源的契约读一遍 Also read it by the contract of this feed")
    ] = "",
    sheet: Annotated[str, typer.Option(help="工作表,缺省为第一张有表的 Sheet; the first with a table")] = "",
    site: Annotated[
        Path | None, typer.Option("--site", envvar="MINGJING_SITE", help="站点目录 Folder of the site")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON Print JSON")] = False,
) -> None:
    """看一份没见过的文件:表在哪里,版式怎么写。 Propose the layout of a file, and show how it reads."""
    from include.feeds.describing.describe import look
    from include.feeds.describing.write import as_figures, as_yaml
    from include.feeds.faults import Held

    if not file.is_file():
        refuse(f"文件 [{file}] 不存在。 File [{file}] does not exist.", WRONG)
    data = file.read_bytes()
    try:
        found = look(data, file_name=file.name, sheet=sheet or None)
    except Held as held:
        refuse(f"{held.fault.code} {held.fault.zh} {held.fault.en}", HELD)
    headers = [*(column.header for column in found.columns), *found.shared]
    declared = _by_contract(data, file, contract, site, headers) if contract else {}
    if as_json:
        say_json(as_figures(found) | ({"contract": declared} if declared else {}))
    elif found.table is None:
        say(
            f"工作表 [{found.sheet}] 中没有找到表头和数据行。 "
            f"No header above rows of data was found on sheet [{found.sheet}]; sheets: {', '.join(found.sheets)}.",
            style="yellow",
        )
    else:
        _show(found, as_figures(found)["table"])
        say(
            "\n建议写入契约(名称与类型请核对) Proposed for the contract; check names and types:\n",
            style="bold",
        )
        typer.echo(as_yaml(found))
        if found.difference:
            say(f"按此建议读出的行与所见不同: {found.difference}", style="yellow")
        else:
            say("按此建议读出的行与所见完全相同。 The proposal reads exactly these rows.", style="green")
    if declared and not as_json:
        _show_contract(contract, declared)
    if found.table is None or declared.get("held"):
        raise typer.Exit(HELD)


def _by_contract(data: bytes, file: Path, feed: str, site: Path | None, headers: list[str]) -> dict[str, Any]:
    """How the contract of a feed reads the file, and which of the headers found it does not accept."""
    from include.feeds.faults import Held
    from include.feeds.normalise import plain
    from include.feeds.read import read_delivery
    from include.pipeline.catalogue import contract_of
    from include.site import open_site

    contract = contract_of(open_site(site), feed)
    try:
        read = read_delivery(data, file_name=file.name, contract=contract)
    except Held as held:
        fault = held.fault
        accepted = {
            plain(alias): column.title
            for column in contract.columns
            for alias in (*column.headers, column.title)
        }
        met = {accepted[plain(header)] for header in headers if plain(header) in accepted}
        return {
            "held": fault.code,
            "message_zh": fault.zh,
            "message_en": fault.en,
            "absent": [c.title for c in contract.columns if c.title not in met and not c.may_be_absent],
            "undeclared": [header for header in headers if plain(header) not in accepted],
        }
    roles: dict[str, int] = {}
    for role in read.structural["role"].to_pylist():
        roles[role] = roles.get(role, 0) + 1
    return {
        "held": "",
        "rows": read.table.num_rows,
        "structural": roles,
        "columns": {contract.column(name).title: place for name, place in read.letters.items()},
        "absent": [column.title for column in contract.columns if column.name not in read.letters],
        "undeclared": list(read.extra_headers),
        "warnings": [f"{one.code} {one.zh} {one.en}" for one in read.warnings],
    }


def _show(found: Any, figures: dict[str, Any]) -> None:
    grid, table = found.grid, found.table
    shown = Shown(title=f"{found.kind} {found.encoding} · {found.sheet}", show_lines=False)
    shown.add_column("行\nrow", justify="right")
    shown.add_column("角色\nrole")
    columns = found.columns[:_SHOWN_COLUMNS]
    for column in columns:
        shown.add_column(
            escape(f"{column.header}\n{column.type}"), overflow="fold", max_width=_SHOWN_CHARACTERS
        )
    data = table.data(grid)
    edges = data if len(data) <= 2 * _EDGE_ROWS else [*data[:_EDGE_ROWS], -1, *data[-_EDGE_ROWS:]]
    roles = dict.fromkeys(edges, "数据 data") | {
        row: word
        for key, word in (
            ("totals", "合计 total"), ("notes", "附注 note"), ("banners", "类别 banner"),
            ("repeats", "表头 header"), ("titles", "标题 title"),
        )
        for row in getattr(table, key)[: 2 * _EDGE_ROWS]
    }  # fmt: skip
    for row in sorted(row for row in roles if row >= 0):
        cells = [_cell(grid.text(row, column.place), personal=column.personal) for column in columns]
        shown.add_row(str(row + 1 + grid.part.top), roles[row], *cells)
    Console().print(shown)
    header = f"{figures['header_first_row']}–{figures['header_last_row']}"
    say(f"表头 header: {header} · 首行 first row: {figures['first_row']} · 数据行 rows of data: {len(data)}")
    for key, word in (("totals", "合计 totals"), ("notes", "附注 notes"), ("banners", "类别 banners")):
        if figures[key]:
            say(f"{word}: {', '.join(map(str, figures[key]))}")
    if figures["other_table_from_row"]:
        say(f"另一张表自第 {figures['other_table_from_row']} 行起 Another table begins there", style="yellow")
    if found.corner:
        say(f"金额单位 unit of money: {found.corner.units[0]} ({found.corner.cell})")
    if found.shared:
        headers = "、".join(header[:40] for header in found.shared[:10])
        say(
            f"多列同名,无法按名称区分,未列入: [{headers}]。 Several columns share these headers and are left out.",
            style="yellow",
        )


def _cell(text: str, *, personal: bool) -> str:
    from include.feeds.persons import masked

    shown = f"{text[:1]}*" if personal and text else masked(text)
    return escape(shown[:60])


def _show_contract(feed: str, read: dict[str, Any]) -> None:
    say(f"\n按契约 [{feed}] 读取 As the contract reads it:", style="bold")
    if read["held"]:
        say(f"{read['held']} {read['message_zh']} {read['message_en']}", style="red")
    else:
        say(f"数据行 rows of data: {read['rows']} · 其余 structural: {read['structural']}")
        say("列 columns: " + ", ".join(f"{title} {place}" for title, place in read["columns"].items()))
    if read["absent"]:
        say(f"文件中没有 not in the file: {'、'.join(read['absent'])}", style="yellow")
    if read["undeclared"]:
        say(f"契约中没有 not in the contract: {'、'.join(read['undeclared'])}", style="yellow")
    for warning in read.get("warnings", ()):
        say(warning, style="yellow")
