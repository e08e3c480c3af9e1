"""`mingjing explain` and `mingjing why`: a unit's score taken apart, and why it moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console

from include.cli.options import AsJson, SiteFolder, up_to_date
from include.cli.sentences import WRONG, refuse, say, say_json
from include.quarters import Quarter
from include.site import Site

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from include.pipeline.explain import Explanation
    from include.warehouse.releases import Release

Found = TypeVar("Found")

Unit = Annotated[str, typer.Argument(help="单位代码或全称 Code or full name of the unit")]
FrameworkCode = Annotated[
    str, typer.Option("--framework", help="指标体系,缺省为全部 Framework; all by default")
]


def explain(
    unit: Unit,
    quarter: Annotated[str, typer.Argument(metavar="QUARTER", help="季度,如 2026Q3 Quarter such as 2026Q3")],
    framework: FrameworkCode = "",
    rows: Annotated[
        list[str] | None,
        typer.Option(
            help="列出指标背后的明细行:指标代码,可多次;all 为全部 Rows behind an indicator; all for every one"
        ),
    ] = None,
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """解释一个单位的得分。 Explain a unit: points lost, rules, rows, colour and what would turn it green."""
    from include.cli.reason_tables import explanation_tables, row_table
    from include.pipeline.explain import as_records, plain_records, rows_behind_indicators
    from include.pipeline.explain import explain as explained

    chosen, when = up_to_date(site), quarter_of(quarter)
    explanations = []
    for found in _each(chosen, framework, lambda area, code: explained(chosen, area, code, when, unit)):
        behind = {}
        if rows:
            wanted = [] if "all" in rows else _known(rows, found)
            behind = rows_behind_indicators(chosen, found, wanted)
        if as_json:
            explanations.append(
                as_records(found) | {"rows": {name: plain_records(one.rows) for name, one in behind.items()}}
            )
            continue
        for part in explanation_tables(found):
            Console().print(part)
        for one in behind.values():
            Console().print(row_table(one))
            if one.changed:
                say(one.changed, style="yellow")
    if as_json:
        say_json({"explanations": explanations})


def why(
    unit: Unit,
    earlier: Annotated[
        str, typer.Argument(metavar="FROM", help="2026Q2,或某次修订 2026Q2/1 A quarter, or a revision of one")
    ],
    later: Annotated[str, typer.Argument(metavar="TO", help="2026Q3,或某次修订 2026Q3/2")],
    framework: FrameworkCode = "",
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """解释得分为什么变了。 Say why a score moved between two releases; the parts add up to the difference exactly."""
    from include.cli.reason_tables import move_tables
    from include.pipeline.moves import move_of, move_records
    from include.warehouse.store import open_warehouse, reading

    chosen = up_to_date(site)
    ends = _revision(earlier), _revision(later)

    def moved(area: str, code: str) -> Any:
        with reading(open_warehouse(chosen.warehouse_url)) as connection:
            first, last = (_release(connection, area, code, *end) for end in ends)
            return move_of(connection, first, last, unit)

    moves = _each(chosen, framework, moved)
    if as_json:
        say_json({"moves": [move_records(found) for found in moves]})
        return
    for found in moves:
        for part in move_tables(found):
            Console().print(part)


def _each(site: Site, framework: str, look: Callable[[str, str], Found]) -> list[Found]:
    """What `look` finds in each area and framework; where it finds nothing anywhere, its first refusal."""
    from include.warehouse.errors import UnknownRelease

    codes = [framework] if framework else [name.partition("@")[0] for name in site.settings.frameworks]
    found, refused = [], []
    for area in site.jurisdictions:
        for code in codes:
            try:
                found.append(look(area, code))
            except UnknownRelease as error:
                refused.append(error)
    if not found:
        raise refused[0]
    return found


def _known(rows: list[str], found: Explanation) -> list[str]:
    if unknown := sorted(set(rows) - set(found.indicators["indicator"])):
        refuse(
            f"指标体系没有指标 {unknown};代码见上表或 mingjing framework show。 "
            f"The framework has no indicators {unknown}: see mingjing framework show.",
            WRONG,
        )
    return rows


def _release(connection: Connection, area: str, code: str, period: str, revision: int) -> Release:
    from include.warehouse import releases
    from include.warehouse.errors import UnknownRelease
    from include.warehouse.releases import ReleaseKey

    key = ReleaseKey(area, code, period)
    if not revision:
        found = releases.current(connection, key)
    else:
        every = {one.revision: one for one in releases.revisions(connection, key)}
        found = every.get(revision)
    if found is None:
        which = f"第 {revision} 次修订" if revision else "现行发布"
        raise UnknownRelease(
            f"[{key}] 没有{which}。", f"[{key}] has no {f'revision {revision}' if revision else 'release'}."
        )
    return found


def _revision(text: str) -> tuple[str, int]:
    period, _, revision = text.partition("/")
    if revision and not revision.isdecimal():
        raise typer.BadParameter(f"[{text}] 应写作 2026Q2 或 2026Q2/1。 Write 2026Q2 or 2026Q2/1.")
    return str(quarter_of(period)), int(revision or 0)


def quarter_of(key: str) -> Quarter:
    """Read a quarter key; a wrong one is refused as a parameter."""
    try:
        return Quarter.parse(key)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
