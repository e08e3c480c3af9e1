"""`mingjing rectify`: what was warned of is put right, step by step, at a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from include.cli import rectify_office
from include.cli.accounts import As, acting
from include.cli.options import SiteFolder, up_to_date
from include.cli.sentences import WRONG, SayingGroup, say
from include.cli.sentences import refuse as end

rectify = typer.Typer(
    cls=SayingGroup,
    no_args_is_help=True,
    help="整改:三清单、验收、延期、回头看。 Rectification of what was warned of.",
)

Item = Annotated[int, typer.Argument(help="整改事项号 Number of the item")]
Reason = Annotated[str, typer.Option(help="说明(不写个人信息) What and why, without personal data")]


@rectify.command()
def measure(
    item: Item,
    text: Annotated[str, typer.Argument(help="整改措施 The measure")],
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """登记一项整改措施。 Register a measure."""
    _act(site, account, "add_measure", item, measure=text)


@rectify.command()
def report(
    item: Item,
    reason: Reason,
    evidence: Annotated[
        Path | None, typer.Option(help="佐证文件 Evidence", exists=True, dir_okay=False)
    ] = None,
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """登记单位报告完成。 Record that a unit reports an item done."""
    _act(site, account, "report_done", item, reason=reason, evidence=evidence)


@rectify.command()
def verify(
    item: Item,
    points: Annotated[
        list[str], typer.Option(help="CODE=分,每项一次,如 tasks=45 Points of a criterion, once for each")
    ],
    surveyed: Annotated[int, typer.Option(min=0, help="测评人数 Persons asked")] = 0,
    satisfied: Annotated[int, typer.Option(min=0, help="满意人数 Of them satisfied")] = 0,
    reason: Reason = "",
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """验收销号,按质效打分。 Verify what was reported, with points for its quality."""
    quality = _points(points)
    _act(
        site, account, "verify", item, quality=quality, surveyed=surveyed, satisfied=satisfied, reason=reason
    )


@rectify.command()
def refuse(
    item: Item,
    reason: Reason,
    false: Annotated[
        bool, typer.Option("--false", help="属虚假整改 What was reported had not been done")
    ] = False,
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """退回重改。 Send a report back."""
    _act(site, account, "refuse", item, reason=reason, false_report=false)


@rectify.command()
def extend(
    item: Item,
    days: Annotated[int, typer.Option(min=0, help="天数,与期限同类 Days, of the kind of the term")] = 0,
    approve: Annotated[
        bool, typer.Option("--approve", help="批准所申请的延期 Grant what was asked for")
    ] = False,
    deny: Annotated[bool, typer.Option("--deny", help="不准延期 Refuse it")] = False,
    reason: Reason = "",
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """申请延期;由他人批准或不准。 Ask for an extension; another person grants or refuses it."""
    if approve and deny:
        end("--approve 与 --deny 只能选一个。 Give one of --approve and --deny.", WRONG)
    if approve:
        _act(site, account, "approve_extension", item, days=days, reason=reason)
    elif deny:
        _act(site, account, "refuse_extension", item, reason=reason)
    else:
        _act(site, account, "ask_extension", item, days=days, reason=reason)


@rectify.command()
def pause(item: Item, reason: Reason, site: SiteFolder = None, account: As = "") -> None:
    """中止计时。 Stop the clock of an item that is not late."""
    _act(site, account, "pause", item, reason=reason)


@rectify.command()
def resume(item: Item, reason: Reason = "", site: SiteFolder = None, account: As = "") -> None:
    """恢复计时。 Let the clock run again."""
    _act(site, account, "resume", item, reason=reason)


@rectify.command("look-back")
def look_back(
    item: Item,
    lasting: Annotated[bool, typer.Option("--lasting/--undone", help="成果巩固或反弹 It has lasted, or not")],
    reason: Reason = "",
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """回头看:巩固则记录,反弹则重启。 Check a verified item again; what did not last is reopened."""
    _act(site, account, "look_back", item, lasting=lasting, reason=reason)


@rectify.command()
def refer(item: Item, reason: Reason, site: SiteFolder = None, account: As = "") -> None:
    """移交逾期或虚假整改事项,由人处理。 Refer an overdue or falsely reported item for review by people."""
    _act(site, account, "refer", item, reason=reason)


def _act(folder: Path | None, account: str, name: str, item: int, **given: Any) -> None:
    from include.pipeline import rectify as acts

    site = up_to_date(folder)
    standing = getattr(acts, name)(site, item, account=acting(site, account), now=datetime.now(UTC), **given)
    unsure = "(暂定 provisional)" if standing.due.provisional else ""
    say(
        f"事项 {item}:{standing.code},期限 {standing.due.on}{unsure}。 Item {item}: {standing.code}.",
        style="green",
    )


def _points(given: list[str]) -> dict[str, float]:
    try:
        return {name: float(points) for name, _, points in (one.partition("=") for one in given)}
    except ValueError:
        end(f"分值应写作 tasks=45,现为 {given}。 Points are written tasks=45; found {given}.", WRONG)


rectify_office.add_to(rectify)
