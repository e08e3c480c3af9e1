"""`mingjing year`: tasks frozen and reviewed, the settlement, a unit's record, the leaderboard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console

from include.cli.accounts import As, acting
from include.cli.options import Area, AsJson, Framework, SiteFolder, area_of, chosen_framework, up_to_date
from include.cli.sentences import say, say_json
from include.scoring.periods import is_period

year = typer.Typer(
    no_args_is_help=True, help="年度:任务、进度、结算、实绩档案、榜单。 The year and its close."
)


def _period(key: str) -> str:
    if not is_period(key):
        raise typer.BadParameter(
            f"期间 [{key}] 应写作 2027H1、2027Q3 或 2027。 [{key}] is no period like 2027H1."
        )
    return key


YearNumber = Annotated[int, typer.Argument(metavar="YEAR", min=1900, max=2999, help="年度,如 2027 Year")]
Period = Annotated[
    str, typer.Argument(parser=_period, metavar="PERIOD", help="期间,如 2027H1、2027Q3、2027 Period")
]
Digest = Annotated[str, typer.Option(help="预览所给的摘要(前 12 位即可) As the preview gives it")]
Reason = Annotated[str, typer.Option(help="已冻结而须调整的理由 Why another list is frozen")]

_STANDINGS = {
    "behind": "▼ 滞后 behind",
    "at": "● 按期 at",
    "ahead": "▲ 超前 ahead",
    "": "– 未报 not reported",
}


@year.command()
def freeze(
    number: YearNumber,
    digest: Digest = "",
    reason: Reason = "",
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    account: As = "",
    as_json: AsJson = False,
) -> None:
    """预览并冻结年度任务、权重与目标。 Preview the tasks of a year; with --digest, freeze them."""
    from include.pipeline import year_tasks

    chosen = up_to_date(site)
    place, code = area_of(chosen, area), chosen_framework(chosen, framework)
    if digest:
        plan = year_tasks.freeze(
            chosen, place, code, number, digest=digest, account=acting(chosen, account),
            now=datetime.now(UTC), reason=reason,
        )  # fmt: skip
        say(
            f"{place} {number} 年任务已冻结(第 {plan.revision} 次)。 Frozen, revision {plan.revision}.",
            style="green",
        )
        return
    seen = year_tasks.preview_plan(chosen, place, code, number)
    if as_json:
        say_json(_preview_json(seen))
        return
    _show_preview(place, seen)


@year.command()
def progress(
    period: Period,
    record: Annotated[bool, typer.Option("--record", help="记入仓库 Record the review")] = False,
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    account: As = "",
    as_json: AsJson = False,
) -> None:
    """检查任务进度:滞后、按期、超前。 Hold the tasks against their plan; with --record, keep the review."""
    from include.pipeline import year_tasks

    chosen = up_to_date(site)
    place, code = area_of(chosen, area), chosen_framework(chosen, framework)
    if record:
        year_tasks.record(chosen, place, code, period, account=acting(chosen, account), now=datetime.now(UTC))
    found = year_tasks.progress(chosen, place, code, period)
    if as_json:
        say_json(
            {
                "jurisdiction": place,
                "framework": code,
                "period": period,
                "arrived": found.arrived,
                "plan": {"year": found.plan.year, "revision": found.plan.revision},
                "units": plain(found.units),
                "tasks": plain(found.tasks),
                "added": plain(found.added),
            }
        )
        return
    _show_progress(place, found)


def _show_preview(place: str, seen: Any) -> None:
    from include.cli.tables import plain_table

    check = seen.check
    units = seen.tasks.groupby("unit_code").agg(tasks=("task_code", "size"), weight=("weight", "sum"))
    units.insert(0, "name", units.index.map(seen.names))
    Console().print(plain_table(units.reset_index(), title=f"{place} {seen.year} 年任务 tasks"))
    for unit, weight in check.weights.items():
        say(f"权重合计不是 100:{unit} {weight:g}。 The weights do not make 100.", style="red")
    if check.without_tasks:
        shown = "、".join(f"{seen.names.get(unit, unit)}" for unit in check.without_tasks)
        say(f"没有任务的单位 units without tasks({len(check.without_tasks)}):{shown}", style="yellow")
    if check.unknown:
        say(f"不在被评价单位中 not among those scored:{list(check.unknown)}", style="yellow")
    if len(check.changes):
        Console().print(
            plain_table(check.changes, title=f"与 {seen.year - 1} 年相比 against the year before")
        )
    if seen.is_frozen:
        say(f"此清单已冻结。 Exactly this list is frozen (revision {seen.standing.revision}).", style="green")
        return
    if seen.standing is not None:
        say("已冻结另一份清单;再冻结须写明 --reason。 Another list is frozen: give --reason.", style="yellow")
    say(f"冻结 To freeze: mingjing year freeze {seen.year} --digest {seen.digest[:12]}")


def _show_progress(place: str, found: Any) -> None:
    from include.cli.tables import plain_table

    if not found.arrived:
        say(f"{found.period} 没有采用的进度报送。 No accepted report of progress.", style="yellow")
    units = found.units[["unit_code", "name", "tasks", "done", "missing", "planned_pct", "progress_pct"]]
    units = units.assign(standing=found.units["standing"].map(_STANDINGS))
    plan = f"第 {found.plan.revision} 次冻结 freeze"
    Console().print(plain_table(units, title=f"{place} {found.period} 任务进度 progress · {plan}"))
    behind = found.tasks[found.tasks["standing"] == "behind"]
    if len(behind):
        shown = behind[["unit_code", "task_code", "task", "weight", "target", "planned_pct", "progress_pct"]]
        Console().print(plain_table(shown, title="滞后的任务 Tasks behind"))
    changed = found.tasks[found.tasks["changed"] != ""]
    for row in changed.to_dict("records"):
        say(
            f"{row['unit_code']} {row['task_code']} 报送的 {row['changed']} 与冻结的不同,不予采用。 "
            f"Its {row['changed']} is not the frozen one and counts for nothing.",
            style="yellow",
        )
    for row in found.added.to_dict("records"):
        say(
            f"{row['unit_code']} {row['task_code']} 不在冻结的清单中,不计。 Not in the frozen plan: not counted.",
            style="yellow",
        )


def _preview_json(seen: Any) -> dict[str, Any]:
    check = seen.check
    return {
        "year": seen.year,
        "digest": seen.digest,
        "is_frozen": seen.is_frozen,
        "weights_not_100": check.weights.to_dict(),
        "units_without_tasks": list(check.without_tasks),
        "unknown_units": list(check.unknown),
        "changes": plain(check.changes),
        "tasks": plain(seen.tasks),
    }


def plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for a program; a figure that is not there is null."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


@year.command()
def settle(
    number: YearNumber,
    dry_run: Annotated[bool, typer.Option(help="只计算不发布 Compute, publish nothing")] = False,
    approved_by: Annotated[
        str, typer.Option(help="批准新程序结果的人 Who approved other figures under new code")
    ] = "",
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    account: As = "",
    as_json: AsJson = False,
) -> None:
    """年度结算并发起审核。 Settle a year, publish it and open its review."""
    from include.pipeline.settle_year import settle_year

    chosen = up_to_date(site)
    place, code = area_of(chosen, area), chosen_framework(chosen, framework)
    made = settle_year(
        chosen, place, code, number, account=acting(chosen, account), now=datetime.now(UTC),
        dry_run=dry_run, approved_by=approved_by,
    )  # fmt: skip
    if as_json:
        said = {name: value for name, value in vars(made).items() if name != "units"}
        say_json(said | {"units": plain(made.units)})
        return
    _show_settlement(made)


@year.command("leaderboard")
def show_leaderboard(
    number: YearNumber,
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """榜单:并列组内不分先后。 The leaderboard; inside a band no order is meant."""
    from include.cli.tables import plain_table
    from include.pipeline.year_record import leaderboard

    chosen = up_to_date(site)
    place, code = area_of(chosen, area), chosen_framework(chosen, framework)
    found = leaderboard(chosen, place, code, number)
    if as_json:
        said = {"jurisdiction": place, "framework": code, "year": number, "revision": found.revision}
        say_json(said | {"status": found.status, "units": plain(found.units)})
        return
    for group, units in found.units.groupby("peer_group_name", sort=False):
        rows = [
            {
                "组 band": row["band"] or "—",
                "单位 unit": f"{row['unit_name']} {row['unit_code']}",
                "总分 total": row["published"],
                **{line: row[line] for line in found.lines},
                "等次 grade": row["grade"] or "—",
                "名次 rank": _rank(row),
                "体检 check-up": "列入 listed" if row["is_listed"] else "",
            }
            for row in units.to_dict("records")
        ]
        title = f"{place} {number} {group} 榜单 leaderboard · 第 {found.revision} 版 {found.status}"
        Console().print(plain_table(pd.DataFrame(rows), title=title, limit=200))
    say("同组单位分不出先后。 Units of one band cannot be told apart.")


@year.command("record")
def show_record(
    unit: Annotated[str, typer.Argument(help="单位代码 Code of the unit")],
    number: Annotated[int, typer.Option("--year", help="年度 Year")],
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """实绩档案:一个单位的一年。 The performance record of a unit."""
    from include.pipeline.year_record import unit_record

    chosen = up_to_date(site)
    place, code = area_of(chosen, area), chosen_framework(chosen, framework)
    found = unit_record(chosen, place, code, unit, number)
    if as_json:
        frames = ("parts", "quarters", "tasks", "warnings", "years")
        said = {name: plain(getattr(found, name)) for name in frames}
        say_json({"unit": found.unit, "check_up": found.check_up, **said})
        return
    _show_record(found)


def _show_settlement(made: Any) -> None:
    from include.cli.tables import plain_table

    revision = f" · 第 {made.revision} 版 revision" if made.revision else ""
    title = f"{made.jurisdiction} {made.framework} {made.year} 年度结算 settlement ({made.outcome}){revision}"
    Console().print(plain_table(made.units, title=title, limit=200))
    if made.missing:
        say(f"未定稿的季度 Quarters that are not final: {', '.join(made.missing)}", style="yellow")
    listed = made.units[made.units["is_listed"]]
    for row in listed.to_dict("records"):
        say(
            f"政治体检 check-up: {row['name']} {row['unit_code']},名次 rank {row['rank']},确认预警 confirmed warnings "
            f"{row['problems']}。是线索,须经审核。 A lead until two reviews confirm it.",
            style="yellow",
        )
    if made.review_id:
        say(f"审核 {made.review_id} 已发起:mingjing review show {made.review_id}。 Its review is open.")


def _show_record(found: Any) -> None:
    from include.cli.tables import plain_table

    unit = found.unit
    total = "未结算 not settled" if unit["published"] is None else f"{float(unit['published']):g}"
    say(
        f"{unit['unit_name']} {unit['unit_code']} · {unit['year']} 年 · {total} · {unit['grade'] or '—'} · "
        f"名次 rank {_rank(unit)} · {unit['peer_group_name']} · {unit['status']}"
    )
    parts = found.parts[["part", "title", "full_points", "points", "rate", "state"]]
    Console().print(plain_table(parts, title="结算各项 Lines and items"))
    for title, frame in (
        ("四个季度 Quarters", found.quarters),
        ("重点任务 Tasks", found.tasks),
        ("确认的预警 Confirmed warnings", found.warnings),
        ("历年 Years", found.years),
    ):
        if len(frame):
            Console().print(plain_table(frame, title=title))
    if found.check_up is not None:
        verdict = found.check_up["verdict"] or "待审核 not decided"
        say(f"列入政治体检名单({verdict})。 On the check-up list.", style="yellow")


def _rank(row: Any) -> str:
    """The rank as what can be said of it: an interval where there is one."""
    if row["rank"] is None or pd.isna(row["rank"]):
        return "—"
    low, high = row["rank_low"], row["rank_high"]
    if low is None or pd.isna(low):
        return f"{int(row['rank'])}/{int(row['peers'])}"
    shown = f"{int(low)}" if int(low) == int(high) else f"{int(low)}–{int(high)}"
    return f"{shown}/{int(row['peers'])}"
