"""What stewards ask at a terminal: who is late, how suppliers do, and what unknown names mean."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from include.cli.options import AsJson, SiteFolder, area_of, up_to_date
from include.cli.sentences import WRONG, SayingGroup, refuse, say, say_json
from include.quarters import Quarter
from include.site import Site, open_site

aliases = typer.Typer(
    cls=SayingGroup,
    no_args_is_help=True,
    help="名录中没有的名称:待定、批准、否决。 Names that the register does not know.",
)

Area = Annotated[
    str, typer.Option(help="地区代码,只有一个地区时可省 Code of the area; needed where there are several")
]
Name = Annotated[str, typer.Argument(help="文件中的名称 The name as it stands in the file")]
Feed = Annotated[str, typer.Argument(help="数据源 Feed")]
By = Annotated[str, typer.Option(help="决定人 Who decides")]
Reason = Annotated[str, typer.Option(help="理由 Why")]


def _day(text: str | date) -> date:
    try:
        return text if isinstance(text, date) else date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"日期应写作 2026-07-01,现为 [{text}]。 A day is written 2026-07-01."
        ) from error


def _quarter(key: str | Quarter) -> Quarter:
    try:
        return key if isinstance(key, Quarter) else Quarter.parse(key)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@aliases.command()
def proposed(site: SiteFolder = None, as_json: AsJson = False) -> None:
    """列出隔离行中名录没有的名称及最接近的单位。 List unknown names in quarantine and what they may mean."""
    from include.cli.steward_tables import unknown_names_table
    from include.pipeline.aliases import unknown_names

    chosen = up_to_date(site)
    found = [unknown_names(chosen, jurisdiction) for jurisdiction in chosen.jurisdictions]
    if as_json:
        say_json({"areas": [asdict(one) for one in found]})
        return
    for one in found:
        Console().print(unknown_names_table(one))
        for feed, rows in one.hidden:
            say(
                f"{feed}:单位列有 {rows} 行像是人名或号码,不显示也不登记。请核对该文件的列是否错位。 "
                f"{feed}: the unit column of {rows} rows seems to hold persons or numbers; they are neither shown nor "
                "stored. See whether the columns of the file are shifted.",
                style="yellow",
            )


@aliases.command()
def approve(
    name: Name,
    unit: Annotated[str, typer.Argument(help="名录中的单位代码 Code of the unit in the register")],
    by: By,
    reason: Reason,
    valid_from: Annotated[
        date | None, typer.Option("--from", parser=_day, metavar="DATE", help="生效日 First day")
    ] = None,
    valid_to: Annotated[
        date | None, typer.Option("--to", parser=_day, metavar="DATE", help="失效日(含) Last day")
    ] = None,
    area: Area = "",
    site: SiteFolder = None,
) -> None:
    """批准一个别名。 Let a name mean a unit, on the record, from the next ingest on."""
    from include.pipeline.aliases import approve_alias

    chosen = up_to_date(site)
    days: dict[str, Any] = {"valid_from": valid_from, "valid_to": valid_to}
    approved = approve_alias(
        chosen,
        area_of(chosen, area),
        name,
        unit,
        by=by,
        reason=reason,
        now=datetime.now(UTC),
        **{key: day for key, day in days.items() if day},
    )
    say(
        f"“{approved}”已批准为 {unit} 的别名。相关的行将在下次 mingjing ingest 时重新判定。\n"
        f"[{approved}] is an alias of {unit} now. The rows that carry it are judged again at the next mingjing ingest.",
        style="green",
    )


@aliases.command()
def reject(name: Name, by: By, reason: Reason, area: Area = "", site: SiteFolder = None) -> None:
    """否决一个名称,或撤销已批准的别名。 Say that a name means no unit; ends aliases approved for it."""
    from include.pipeline.aliases import reject_alias

    chosen = up_to_date(site)
    rejected = reject_alias(chosen, area_of(chosen, area), name, by=by, reason=reason, now=datetime.now(UTC))
    say(
        f"“{rejected}”已否决,不再列为待定;此前批准的别名自此失效。\n"
        f"[{rejected}] is rejected: it is not proposed again, and aliases approved for it have ended.",
        style="green",
    )


def due(
    days: Annotated[int, typer.Option(help="列出今后几天内到期的 Days to look ahead")] = 14,
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """列出将到期和已逾期的数据及联系人。 List what is due soon or late already, and whom to call."""
    from include.cli.steward_tables import due_table
    from include.pipeline.due import due_deliveries, record_expectations

    chosen, now = up_to_date(site), datetime.now(UTC)
    record_expectations(chosen, now=now)
    found = due_deliveries(chosen, now=now, within_days=days)
    if as_json:
        say_json({"due": [_due(one) for one in found]})
        return
    Console().print(due_table(chosen, found))


def suppliers(
    quarter: Annotated[
        Quarter | None,
        typer.Argument(
            parser=_quarter, metavar="[QUARTER]", help="季度,缺省为全部 A quarter; all by default"
        ),
    ] = None,
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """报送单位计分卡:及时、完整、差错、更正。 Scorecard of suppliers: timeliness, completeness, faults, corrections."""
    from include.cli.steward_tables import supplier_feed_table, supplier_table
    from include.pipeline.due import record_expectations, supplier_scores

    chosen, now = up_to_date(site), datetime.now(UTC)
    record_expectations(chosen, now=now)
    scores = supplier_scores(chosen, quarter)
    if as_json:
        say_json(scores)
        return
    Console().print(supplier_table(chosen, scores["suppliers"]))
    Console().print(supplier_feed_table(chosen, scores["feeds"], now=now))


def template(
    feed: Feed,
    output: Annotated[Path, typer.Option("--output", "-o", help="要写的 .xlsx The .xlsx to write")],
    site: SiteFolder = None,
) -> None:
    """生成一个数据源的 Excel 报送模板。 Write the Excel template of a feed: header, drop-downs, checks, notes."""
    from include.pipeline.feed_documents import feed_template

    chosen = _taking(up_to_date(site), feed)
    output.write_bytes(feed_template(chosen, feed, today=datetime.now(chosen.zone).date()))
    say(f"已写 {output}。 Written.", style="green")


def contract(
    feed: Feed,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="要写的 .html 或 .md,缺省为打印 The .html or .md to write"),
    ] = None,
    site: SiteFolder = None,
) -> None:
    """把数据契约写成给部门看的一页。 Print a feed's contract as a page for the department."""
    from include.pipeline.feed_documents import feed_page

    chosen = _taking(open_site(site), feed)
    html = output is not None and output.suffix.lower() in (".html", ".htm")
    page = feed_page(chosen, feed, html=html)
    if output is None:
        typer.echo(page, nl=False)
        return
    output.write_text(page, encoding="utf-8", newline="\n")
    say(f"已写 {output}。 Written.", style="green")


def _due(one: Any) -> dict[str, Any]:
    return {
        "jurisdiction": one.jurisdiction,
        "quarter": str(one.expected.quarter),
        "feed": one.expected.feed,
        "supplier": one.expected.supplier,
        "deadline": one.expected.deadline.isoformat(),
        "days_left": one.days_left,
        "held": one.held,
        "contacts": [contact.model_dump() for contact in one.contacts],
    }


def _taking(site: Site, feed: str) -> Site:
    if feed not in site.feeds:
        refuse(
            f"站点没有数据源 [{feed}],可用:{list(site.feeds)}。 The site takes {list(site.feeds)}, not [{feed}].",
            WRONG,
        )
    return site
