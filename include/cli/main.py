"""The `mingjing` command: the same use cases that the DAGs call, for one person at a terminal.

Exit codes: 0 done; 1 something was held or there was nothing to score; 2 the configuration is wrong.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from include.cli import deliveries, documents
from include.cli.certainty import certainty, leads
from include.cli.corrections import corrections, respelled, superseded
from include.cli.describe import describe
from include.cli.exchange import send
from include.cli.frameworks import frameworks
from include.cli.key_ring import keys
from include.cli.objections import objections, publicity
from include.cli.options import AsJson, QuarterKey, SiteFolder, up_to_date
from include.cli.precision import precision
from include.cli.preview import preview
from include.cli.reasons import explain, why
from include.cli.rectify import rectify
from include.cli.returns import return_book
from include.cli.reviews import reviews
from include.cli.sentences import HELD, WRONG, SayingGroup, refuse, say, say_json
from include.cli.stewards import aliases, contract, due, suppliers, template
from include.cli.vault import retain, vault
from include.cli.year import year
from include.quarters import Quarter
from include.site import Site, open_site

app = typer.Typer(
    cls=SayingGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="明镜 — 季度清廉指数流水线。 Quarterly integrity index.",
)
units = typer.Typer(no_args_is_help=True, help="单位与岗位名录。 The register of units and posts.")
app.add_typer(units, name="units")
app.command()(describe)
app.add_typer(frameworks, name="framework")
app.command()(send)
app.command("return")(return_book)
app.add_typer(reviews, name="review")
app.add_typer(rectify, name="rectify")
app.add_typer(objections, name="objection")
app.add_typer(publicity, name="publicity")
app.add_typer(year, name="year")
app.add_typer(aliases, name="aliases")
app.add_typer(keys, name="keys")
app.command()(certainty)
app.command()(leads)
app.add_typer(vault, name="vault")
app.command()(due)
app.command()(retain)
app.command()(suppliers)
app.command()(template)
app.command()(contract)
deliveries.add_to(app)
documents.add_to(app)
for command in (corrections, superseded, respelled):
    app.command()(command)
app.command()(explain)
app.command()(why)
app.command()(preview)
app.command()(precision)


Feeds = Annotated[list[str] | None, typer.Argument(help="数据源,缺省为全部 Feeds; all by default")]


class Comparisons(StrEnum):
    """What to compare with."""

    peers = "peers"
    time = "time"
    area = "area"
    problems = "problems"

    @property
    def column(self) -> str:
        """The table of `include.pipeline.compare.Comparison`."""
        return "over_time" if self is Comparisons.time else self.value


def run() -> None:
    """Entry point."""
    app()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="新站点目录 Folder of the new site")],
    code: Annotated[str, typer.Option(help="行政区划代码 Administrative code")],
    name: Annotated[str, typer.Option(help="地区名称 Name of the area, in Chinese")],
    name_en: Annotated[str, typer.Option(help="英文名称 Name in English")] = "",
    first_quarter: Annotated[
        str, typer.Option(help="第一个要评价的季度 The first quarter to be scored")
    ] = "2024Q4",
) -> None:
    """建立一个县的站点。 Lay out a county of one's own: settings, register workbook, inboxes."""
    from include.pipeline.new_site import new_site

    path = new_site(folder, code=code, name_zh=name, name_en=name_en, first_quarter=first_quarter)
    say(
        f"已建立站点 {path}。下一步:改 site.yaml,填 {folder / 'register.xlsx'},"
        "运行 mingjing units import,再运行 mingjing check。\n"
        f"Site laid out. Next: edit site.yaml, fill in {folder / 'register.xlsx'}, run mingjing units import, "
        "then mingjing check."
    )


@app.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(envvar="MINGJING_SITE", help="站点目录 Folder of the site")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """检查站点的一切。 Validate settings, contracts, measures SQL, frameworks, suppliers, register."""
    from include.pipeline.check_site import check_site

    findings = check_site(open_site(folder))
    fatal = any(finding.fatal for finding in findings)
    if as_json:
        say_json({"fit": not fatal, "findings": [{"fatal": one.fatal, "text": one.text} for one in findings]})
    else:
        for finding in findings:
            word, style = ("错误 error", "red") if finding.fatal else ("提醒 note", "yellow")
            say(f"{word}: {finding.text}", style=style)
        if not fatal:
            say("站点可用。 The site is fit for use.", style="green")
    if fatal:
        raise typer.Exit(WRONG)


@units.command("import")
def units_import(
    workbook: Annotated[
        Path | None,
        typer.Argument(help="名录工作簿,缺省为站点的 register.xlsx Register; the site's by default"),
    ] = None,
    site: SiteFolder = None,
) -> None:
    """导入单位名录。 Fill the register from its workbook; nothing is imported where anything is wrong."""
    from include.pipeline.registers import import_workbook

    chosen = open_site(site)
    counts = import_workbook(chosen, workbook or chosen.folder / "register.xlsx", now=datetime.now(UTC))
    for jurisdiction, count in counts.items():
        say(f"{jurisdiction}: {count} 个单位 units")
    say(
        "因单位不明而隔离的行,将在下次 mingjing ingest 时重新判定。\n"
        "Rows that were quarantined for an unknown unit are judged again at the next mingjing ingest."
    )


@app.command()
def ingest(
    feeds: Feeds = None,
    site: SiteFolder = None,
    dry_run: Annotated[bool, typer.Option(help="只判定不记录 Judge, record nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """收取并判定收件目录中的文件。 Land and judge what lies in the inbox."""
    from include.cli.tables import ingest_table
    from include.pipeline.due import record_expectations
    from include.pipeline.ingest import ingest_feed

    chosen = up_to_date(site)
    if not dry_run:
        record_expectations(chosen, now=datetime.now(UTC))
    reports = [
        ingest_feed(chosen, feed, now=datetime.now(UTC), dry_run=dry_run) for feed in _taken(chosen, feeds)
    ]
    held = [(report.feed, item) for report in reports for item in report.held]
    if as_json:
        say_json(
            {
                "feeds": [
                    {
                        "feed": report.feed,
                        "counts": dict(report.counts),
                        "quarters": sorted(f"{place}.{quarter}" for place, quarter in report.quarters),
                    }
                    for report in reports
                ],
                "held": [
                    {"feed": feed, "file": item.file_name, "code": item.fault.code}
                    | {"zh": item.fault.zh, "en": item.fault.en}
                    for feed, item in held
                ],
            }
        )
    else:
        Console().print(ingest_table(reports))
        for feed, item in held:
            say(
                f"扣留 held: {feed}/{item.file_name} [{item.fault.code}] {item.fault.zh} {item.fault.en}",
                style="yellow",
            )
        if arriving := sum(report.counts["arriving"] for report in reports):
            say(
                f"{arriving} 个文件刚放入或仍在变化,稳定两分钟后再运行一次。 {arriving} files have just been dropped "
                "or still change: run it again once they have lain still for two minutes.",
                style="yellow",
            )
        if any(report.counts["rows_quarantined"] for report in reports):
            say(
                "隔离的行及原因:mingjing refused;退回工作簿在 lake/<地区>/returns。 "
                "Rows in quarantine, and why: mingjing refused; what goes back lies in lake/<area>/returns.",
                style="yellow",
            )
    if held:
        raise typer.Exit(HELD)


@app.command()
def refused(
    feeds: Feeds = None,
    site: SiteFolder = None,
    settled: Annotated[bool, typer.Option("--all", help="连同已了结的 With those that are settled")] = False,
    as_json: AsJson = False,
) -> None:
    """列出隔离的行和办法。 List the rows in quarantine: where they stand and what to do about them."""
    from include.cli.refused import refused_rows

    chosen = up_to_date(site)
    wanted = _taken(chosen, feeds)
    rows = [
        {"jurisdiction": jurisdiction, **row}
        for jurisdiction in chosen.jurisdictions
        for row in refused_rows(chosen, jurisdiction, feeds=wanted, settled=settled).to_dict("records")
    ]
    if as_json:
        say_json({"rows": rows})
        return
    for row in rows:
        state = "" if row["status"] == "open" else f" ({row['status']})"
        say(
            f"{row['feed']}/{row['file_name']} #{row['delivery_id']}{state} [{row['rule_id']}] "
            f"{row['message_zh']} {row['message_en']}"
        )
    say(f"隔离 {len(rows)} 处。 {len(rows)} in quarantine.", style="yellow" if rows else "green")


@app.command()
def score(
    quarter: QuarterKey,
    site: SiteFolder = None,
    dry_run: Annotated[bool, typer.Option(help="只计算不发布 Compute, publish nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """给一个季度评分并发布。 Score a quarter in every area of the site and publish a release."""
    from include.pipeline.score_quarter import score_quarter

    chosen = up_to_date(site)
    reports = [
        report
        for jurisdiction in chosen.jurisdictions
        if _anything_received(chosen, jurisdiction, quarter)
        for report in score_quarter(chosen, jurisdiction, quarter, now=datetime.now(UTC), dry_run=dry_run)
    ]
    if as_json:
        say_json({"reports": [vars(report) for report in reports]})
    else:
        for report in reports:
            say(report.sentence)
    if not reports:
        refuse(
            f"{quarter} 没有可评分的内容:没有收到并采用的数据,或没有生效的指标体系。"
            f"可用 mingjing status {quarter} 查看。\n"
            f"Nothing to score in {quarter}: no accepted delivery, or no framework in force. See mingjing status.",
            HELD,
        )


@app.command()
def status(quarter: QuarterKey, site: SiteFolder = None, as_json: AsJson = False) -> None:
    """查看报送情况。 Show what of a quarter is missing, late or held, and whom to call."""
    from include.cli.tables import readiness_table, state_of
    from include.pipeline.ready import quarter_readiness

    chosen = up_to_date(site)
    states = {
        jurisdiction: quarter_readiness(chosen, jurisdiction, quarter, now=datetime.now(UTC))
        for jurisdiction in chosen.jurisdictions
    }
    if as_json:
        say_json(
            {
                jurisdiction: {
                    "status": state.status,
                    "missing": [
                        {"feed": item.feed, "supplier": item.supplier, "deadline": item.deadline.isoformat()}
                        | {"state": state_of(state, item)}
                        for item in state.missing
                    ],
                }
                for jurisdiction, state in states.items()
            }
        )
        return
    for jurisdiction, state in states.items():
        Console().print(readiness_table(chosen, jurisdiction, state))


@app.command()
def warnings(quarter: QuarterKey, site: SiteFolder = None, as_json: AsJson = False) -> None:
    """查看预警名单。 Show the warning list of a quarter's current release."""
    from include.cli.tables import as_figures, warning_table
    from include.pipeline.warning_list import warning_list

    chosen = up_to_date(site)
    lists = [
        warning_list(chosen, jurisdiction, name.partition("@")[0], str(quarter))
        for jurisdiction in chosen.jurisdictions
        for name in chosen.settings.frameworks
    ]
    if as_json:
        say_json({"lists": [as_figures(found) for found in lists]})
        return
    for found in lists:
        Console().print(warning_table(found))


@app.command()
def compare(
    quarter: QuarterKey,
    what: Annotated[
        Comparisons, typer.Argument(help="peers 同类 · time 历期 · area 全域 · problems 共性与个性问题")
    ] = Comparisons.peers,
    unit: Annotated[str, typer.Option(help="只看一个单位(代码) One unit only, by code")] = "",
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """与同类、历期、全域比较,列出共性问题。 Compare published figures with peers, over time, as a whole."""
    from include.cli.tables import plain_table
    from include.pipeline import compare as comparing

    chosen = up_to_date(site)
    comparisons = []
    for jurisdiction in chosen.jurisdictions:
        for name in chosen.settings.frameworks:
            code = name.partition("@")[0]
            frame = getattr(comparing.compare(chosen, jurisdiction, code, quarter), what.column)
            if unit and "unit" in frame.columns:
                frame = frame[frame["unit"] == unit]
            if as_json:
                rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
                comparisons.append({"jurisdiction": jurisdiction, "framework": code, "rows": rows})
            else:
                Console().print(plain_table(frame, title=f"{jurisdiction} {code} {quarter} {what.value}"))
    if as_json:
        say_json({"comparisons": comparisons})


def _taken(site: Site, feeds: list[str] | None) -> list[str]:
    if unknown := sorted(set(feeds or ()) - set(site.feeds)):
        refuse(
            f"站点没有数据源 {unknown},可用:{list(site.feeds)}。 "
            f"The site takes no feeds {unknown}; it takes {list(site.feeds)}.",
            WRONG,
        )
    return feeds or list(site.feeds)


def _anything_received(site: Site, jurisdiction: str, quarter: Quarter) -> bool:
    from include.pipeline.ready import received_deliveries
    from include.warehouse.store import open_warehouse, reading

    with reading(open_warehouse(site.warehouse_url)) as connection:
        received = received_deliveries(connection, site, jurisdiction)
    return any(item.accepted and item.quarter == quarter for item in received)
