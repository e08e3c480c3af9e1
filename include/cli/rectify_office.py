"""`mingjing rectify` for the office: lists, opening, campaigns, the daily follow-up, results, the workbook."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from include.cli.accounts import As, acting
from include.cli.options import AsJson, QuarterKey, SiteFolder, area_of, up_to_date
from include.cli.rectify_tables import colour_table, follow_up_figures, item_table, list_table
from include.cli.sentences import WRONG, refuse, say, say_json

Area = Annotated[
    str, typer.Option(help="地区代码,只有一个地区时可省 Code of the area; needed where there are several")
]
Unit = Annotated[str, typer.Option(help="单位代码,缺省为全部 Code of a unit; all by default")]
Framework = Annotated[
    str, typer.Option(help="指标体系,缺省为站点的全部 Framework; all of the site by default")
]


def add_to(app: typer.Typer) -> None:
    """Add the office's commands."""
    app.command("list")(list_items)
    app.command("open")(open_now)
    app.command()(campaign)
    app.command("follow-up")(follow_up_now)
    app.command()(results)
    app.command()(book)


def list_items(
    which: Annotated[
        str,
        typer.Option(
            "--list",
            help="problems 问题 | rectification 整改 | responsibility 责任 | results 成果;缺省为未销号事项",
        ),
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="含已销号和已取消的 Also what is done")] = False,
    unit: Unit = "",
    area: Area = "",
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """列出整改事项或四张清单之一。 List the items, or one of the four lists."""
    from include.pipeline.rectify_lists import (
        LISTS,
        rectification_items,
        rectification_lists,
        standing_colours,
    )

    chosen = up_to_date(site)
    place = area_of(chosen, area)
    if which and which not in LISTS:
        refuse(
            f"没有清单 [{which}],可用:{list(LISTS)}。 There is no list [{which}]; there are {list(LISTS)}.",
            WRONG,
        )
    if which:
        frame = rectification_lists(chosen, place, unit=unit)[which]
        if as_json:
            say_json({which: _records(frame)})
        else:
            Console().print(list_table(which, frame))
        return
    frame = rectification_items(chosen, place, now=datetime.now(UTC), unit=unit, unresolved=not everything)
    colours = standing_colours(chosen, place, unit=unit)
    if as_json:
        say_json({"items": _records(frame), "colours": _records(colours)})
        return
    Console().print(item_table(frame))
    Console().print(colour_table(colours))


def open_now(
    quarter: QuarterKey, framework: Framework = "", area: Area = "", site: SiteFolder = None, account: As = ""
) -> None:
    """按定稿的预警建立整改事项。 Open items for the confirmed warnings of a final quarter."""
    from include.pipeline.rectify import open_items

    chosen = up_to_date(site)
    names = [framework] if framework else [name.partition("@")[0] for name in chosen.settings.frameworks]
    for name in names:
        found = open_items(
            chosen,
            area_of(chosen, area),
            name,
            str(quarter),
            now=datetime.now(UTC),
            actor=acting(chosen, account),
        )
        say(
            f"{name} {quarter}:新建 {len(found.opened)} 项,保留 {len(found.kept)} 项,取消 {len(found.cancelled)} 项。 "
            f"{len(found.opened)} opened, {len(found.kept)} kept, {len(found.cancelled)} cancelled.",
            style="green",
        )


def campaign(
    name: Annotated[str, typer.Argument(help="专项行动名称 Name of the campaign")],
    before: Annotated[str, typer.Option(help="此季度之前的未销号事项 Items of quarters before this one")],
    area: Area = "",
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """双起底、双清零:重启往期逾期未销号事项。 Reopen what is unresolved of earlier quarters."""
    from include.pipeline import rectify as acts
    from include.quarters import Quarter

    chosen = up_to_date(site)
    found = acts.campaign(
        chosen,
        area_of(chosen, area),
        name,
        before=Quarter.parse(before),
        account=acting(chosen, account),
        now=datetime.now(UTC),
    )
    say(f"“{name}”重启 {len(found)} 项:{list(found)}。 Reopened {len(found)} items.", style="green")


def follow_up_now(
    days: Annotated[int, typer.Option(min=0, help="列出今后几天内到期的 Days to look ahead")] = 7,
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """每日跟进(Airflow 每日自动运行):记逾期、提醒、到期清单。 The daily follow-up; Airflow runs it every morning."""
    from include.pipeline.follow_up import follow_up

    found = follow_up(up_to_date(site), now=datetime.now(UTC), within_days=days)
    if as_json:
        say_json(follow_up_figures(found))
        return
    say("  ".join(f"{name} {count}" for name, count in found.counts.items()))
    for one in found.due_soon:
        late = "已过 late" if one.late else f"剩 {one.days_left} 天 left"
        say(f"{one.due_on}  {one.kind} {one.key}  {one.unit_code}  {late}", style="red" if one.late else "")
    for proposal in found.proposals:
        say(
            f"建议移交 {proposal.item_id} {proposal.unit_code}({proposal.because}),须由人决定。 "
            f"Proposed for referral; people decide.",
            style="yellow",
        )


def results(quarter: QuarterKey, area: Area = "", site: SiteFolder = None) -> None:
    """把一季整改结果写入收件目录,作为数据源评分。 Write a quarter's results into the inbox, to be scored."""
    from include.pipeline.rectify_feed import write_results

    chosen = up_to_date(site)
    written = write_results(chosen, area_of(chosen, area), quarter, now=datetime.now(UTC))
    if written is None:
        say(f"{quarter} 没有新的整改结果。 Nothing new for {quarter}.")
        return
    say(
        f"已写 {written.name},{written.rows} 行;请运行 mingjing ingest。 Written; run mingjing ingest.",
        style="green",
    )


def book(
    output: Annotated[Path, typer.Option("--output", "-o", help="要写的 .xlsx The .xlsx to write")],
    quarter: Annotated[str, typer.Option(help="季度,缺省为全部 A quarter; all by default")] = "",
    unit: Unit = "",
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
) -> None:
    """把问题、整改、责任三清单和成果清单写成工作簿。 Write the four lists as a workbook."""
    from include.pipeline.rectify_lists import rectification_workbook
    from include.quarters import Quarter

    chosen = up_to_date(site)
    content = rectification_workbook(
        chosen,
        area_of(chosen, area),
        today=datetime.now(chosen.zone).date(),
        quarter=Quarter.parse(quarter) if quarter else None,
        unit=unit,
        framework=framework,
    )
    output.write_bytes(content)
    say(f"已写 {output}。 Written.", style="green")


def _records(frame: Any) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    records: list[dict[str, Any]] = plain.to_dict("records")
    return records
