"""`mingjing objection` and `mingjing publicity`: what a unit contests, and what is on show before documents go out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from include.cli.accounts import As, acting
from include.cli.options import (
    Area,
    AsJson,
    Framework,
    QuarterKey,
    SiteFolder,
    area_of,
    chosen_framework,
    up_to_date,
)
from include.cli.sentences import say, say_json

objections = typer.Typer(no_args_is_help=True, help="异议:登记、决定。 Objections: register, decide.")
publicity = typer.Typer(no_args_is_help=True, help="公示。 Publicity.")

Reason = Annotated[str, typer.Option(help="理由 Reason")]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"[{text}] 应为 2026-11-05 这样的日期。 A day such as 2026-11-05."
        ) from error


Day = Annotated[
    date | None, typer.Option(parser=_day, metavar="DAY", help="日期,缺省为今天 Day; today by default")
]


@objections.command()
def register(
    quarter: QuarterKey,
    unit: Annotated[str, typer.Option(help="提出单位代码 Code of the unit")],
    target: Annotated[str, typer.Option(help="异议对象代码,或 index What is objected to")],
    claim: Annotated[str, typer.Option(help="异议内容 What is wrong")],
    filed: Day = None,
    evidence: Annotated[
        Path | None, typer.Option(help="佐证文件 Evidence", exists=True, dir_okay=False)
    ] = None,
    late: Annotated[str, typer.Option(help="逾期仍受理的理由 Why it is taken although late")] = "",
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """登记一项异议。 Register an objection: its clock begins."""
    from include.pipeline.objections import list_objections, register_objection

    chosen = up_to_date(site)
    place = area_of(chosen, area)
    objection_id = register_objection(
        chosen,
        place,
        chosen_framework(chosen, framework),
        str(quarter),
        unit,
        target=target,
        claim=claim,
        filed_on=filed or datetime.now(chosen.zone).date(),
        account=acting(chosen, account),
        now=datetime.now(UTC),
        evidence=evidence,
        late_because=late,
    )
    made = next(one for one in list_objections(chosen, place) if one.objection_id == objection_id)
    unsure = "(暂定 provisional)" if made.due_provisional else ""
    say(f"已登记异议 {objection_id},须于 {made.due_on}{unsure} 前决定。 Registered; to be decided by then.")


@objections.command("import")
def import_form(
    quarter: QuarterKey,
    form: Annotated[
        Path, typer.Argument(help="单位退回的评价情况反馈表 The form as the unit sent it back", exists=True)
    ],
    filed: Day = None,
    late: Annotated[str, typer.Option(help="逾期仍受理的理由 Why it is taken although late")] = "",
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """登记反馈表上的全部异议。 Register every objection of a feedback form."""
    from include.pipeline.feedback_forms import register_form

    chosen = up_to_date(site)
    numbers = register_form(
        chosen,
        area_of(chosen, area),
        chosen_framework(chosen, framework),
        str(quarter),
        form,
        filed_on=filed or datetime.now(chosen.zone).date(),
        account=acting(chosen, account),
        now=datetime.now(UTC),
        late_because=late,
    )
    say(f"登记异议 {numbers or '无'}。 Objections registered: {len(numbers)}.")


@objections.command()
def decide(
    objection_id: Annotated[int, typer.Argument(help="异议号 Number of the objection")],
    outcome: Annotated[
        str, typer.Argument(help="upheld 支持 | partly_upheld 部分支持 | rejected 不支持 | withdrawn 撤回")
    ],
    reason: Reason,
    correction: Annotated[
        list[str] | None, typer.Option(help="据以更正的更正编号,可重复 Id of a correction; may be repeated")
    ] = None,
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """决定一项异议。 Decide an objection; where upheld, ingest and score follow."""
    from include.pipeline.objections import decide_objection

    chosen = up_to_date(site)
    made = decide_objection(
        chosen,
        objection_id,
        outcome,
        corrections=correction or [],
        reason=reason,
        account=acting(chosen, account),
        now=datetime.now(UTC),
    )
    say(f"异议 {objection_id}:{made.outcome}。", style="green")
    if made.corrections:
        say(
            f"请运行 mingjing ingest 和 mingjing score {made.period},修订将注明此项异议。 "
            f"Run mingjing ingest and mingjing score {made.period}: the revision will name it."
        )


@objections.command("list")
def list_all(site: SiteFolder = None, as_json: AsJson = False) -> None:
    """列出异议、期限与结论。 List objections with their clocks and outcomes."""
    from include.pipeline.objections import list_objections

    chosen = up_to_date(site)
    found = [one for area in chosen.jurisdictions for one in list_objections(chosen, area)]
    if as_json:
        say_json({"objections": [vars(one) for one in found]})
        return
    today = datetime.now(chosen.zone).date()
    for one in found:
        late = not one.outcome and not one.due_provisional and one.due_day < today
        state = one.outcome or ("逾期未决 overdue" if late else f"{one.due_on} 前决定 due")
        say(
            f"{one.objection_id}  {one.period}  {one.unit_code}  {one.target}  {state}",
            style="red" if late else "",
        )
    if not found:
        say("没有异议。 No objections.", style="green")


@publicity.command("open")
def open_now(
    quarter: QuarterKey,
    starts: Day = None,
    place: Annotated[str, typer.Option(help="公示处 Where it is on show")] = "",
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """登记公示开始。 Record that a final release is on show."""
    from include.pipeline.publicity import open_publicity
    from include.warehouse.releases import ReleaseKey

    chosen = up_to_date(site)
    key = ReleaseKey(area_of(chosen, area), chosen_framework(chosen, framework), str(quarter))
    found = open_publicity(
        chosen,
        key,
        starts_on=starts or datetime.now(chosen.zone).date(),
        account=acting(chosen, account),
        now=datetime.now(UTC),
        place=place,
    )
    say(f"[{key}] 公示至 {found.ends_on}。 On show until then.", style="green")


@publicity.command("show")
def show(
    quarter: QuarterKey,
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """查看公示是否期满。 Show whether a period on show is over."""
    from include.pipeline.publicity import publicity_of
    from include.warehouse.releases import ReleaseKey

    chosen = up_to_date(site)
    key = ReleaseKey(area_of(chosen, area), chosen_framework(chosen, framework), str(quarter))
    found: Any = publicity_of(chosen, key, now=datetime.now(UTC))
    if as_json:
        say_json(vars(found) | {"blocks": found.blocks})
        return
    say(f"[{key}] {found.state} {found.starts_on or ''} → {found.ends_on or ''} {found.place}".rstrip(" →"))
