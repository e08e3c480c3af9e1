"""`mingjing certainty` and `mingjing leads`: how sure a release is, and what of its data asks for a second look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from include.cli.options import AsJson, QuarterKey, SiteFolder, up_to_date
from include.cli.sentences import say, say_json
from include.quarters import Quarter

if TYPE_CHECKING:
    from include.pipeline.certainty import Certainty

_SURE = 0.95
_NOT_LOOKED = {
    "no_feed": ("本地区没有此数据源", "the county does not have the feed"),
    "not_received": ("本期未收到", "the feed did not come for the period"),
    "column_missing": ("契约缺所需的列", "the contract lacks a column that it reads"),
}


OneFramework = Annotated[str, typer.Option("--framework", help="只看一个体系 One framework only, by code")]
OneUnit = Annotated[str, typer.Option("--unit", help="只看一个单位(代码) One unit only, by code")]


def certainty(
    quarter: QuarterKey,
    framework: OneFramework = "",
    unit: OneUnit = "",
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """颜色和名次有多可靠。 Show how sure the colours and ranks of a quarter's current release are."""
    analyses: list[dict[str, Any]] = []
    for jurisdiction, code, found in _read(site, quarter, framework):
        units = found.units[found.units["unit_code"] == unit] if unit else found.units
        if as_json:
            analyses.append(
                {
                    "jurisdiction": jurisdiction,
                    "framework": code,
                    "run": found.run,
                    "units": _records(units),
                    "choices": [] if unit else _records(found.choices),
                    "nodes": [] if unit else _records(found.nodes),
                    "fairness": _records(found.fairness[found.fairness["unit_code"] == unit]) if unit else [],
                }
            )
            continue
        if found.run is None or found.run["state"] != "value":
            say(_why_none(code, quarter, found), style="yellow")
            continue
        if not unit:
            units = units[(units["p_green"] < _SURE)]
        Console().print(_unit_table(f"{jurisdiction} {code} {quarter}", units))
        if unit:
            Console().print(_funnel_table(found, unit))
        else:
            Console().print(_choice_table(found))
    if as_json:
        say_json({"analyses": analyses})


def leads(
    quarter: QuarterKey, framework: OneFramework = "", site: SiteFolder = None, as_json: AsJson = False
) -> None:
    """数据质量线索,从不计分。 List what of a quarter's data asks for a second look; never scored."""
    rows: list[dict[str, Any]] = []
    checks: list[dict[str, Any]] = []
    for jurisdiction, code, found in _read(site, quarter, framework):
        if found.run is None:
            say(_why_none(code, quarter, found), style="yellow")
        rows += [{"jurisdiction": jurisdiction, **row} for row in _records(found.leads)]
        checks += [{"jurisdiction": jurisdiction, "framework": code, **row} for row in _records(found.checks)]
    # The leads are on the data, which several frameworks share.
    seen: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        seen.setdefault(
            tuple(row[name] for name in ("jurisdiction", "unit_code", "feed", "signal", "detail")), row
        )
    if as_json:
        say_json({"leads": list(seen.values()), "checks": checks})
        return
    for row in seen.values():
        say(
            f"{row['name']} {row['unit_code']} [{row['feed']}.{row['signal']}] {row['title_zh']} {row['title_en']}"
        )
        say(f"  {row['sentence_zh']}\n  {row['sentence_en']}")
    say(
        f"{len(seen)} 条线索,须核实后方可下结论。 {len(seen)} leads; none is a finding before it is checked.",
        style="yellow" if seen else "green",
    )
    for row in checks:
        if row["state"] != "looked":
            zh, en = _NOT_LOOKED[row["state"]]
            say(f"未查 [{row['feed']}.{row['signal']}]:{zh}。 Not looked for: {en}.", style="yellow")


def _read(folder: Path | None, quarter: Quarter, framework: str) -> Iterator[tuple[str, str, Certainty]]:
    from include.pipeline.certainty import read_certainty

    site = up_to_date(folder)
    codes = [name.partition("@")[0] for name in site.settings.frameworks]
    for jurisdiction in site.jurisdictions:
        for code in codes:
            if framework in ("", code):
                yield jurisdiction, code, read_certainty(site, jurisdiction, code, str(quarter))


def _why_none(code: str, quarter: Quarter, found: Certainty) -> str:
    if found.run is not None:
        return (
            f"指标体系 {code} 没有 certainty 一节,未做确定性分析。 "
            f"{code} has no section certainty, so nothing was worked out."
        )
    return (
        f"{code} {quarter} 尚未分析,请再运行 mingjing score {quarter}。 "
        f"{code} {quarter} has not been analysed yet: run mingjing score {quarter} again."
    )


def _records(frame: Any) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return records


def _unit_table(title: str, units: Any) -> Table:
    table = Table(
        title=f"{title} 颜色与名次的可靠程度 How sure",
        caption="同组单位不可分高下。 Units of one band cannot be told apart.",
    )
    for header in (
        "单位 unit",
        "颜色 colour",
        "红 red",
        "黄 yellow",
        "绿 green",
        "指数 index",
        "名次 rank",
        "组 band",
    ):
        table.add_column(header, overflow="fold")
    for row in units.to_dict("records"):
        if row["band"] == 0:
            continue
        table.add_row(
            f"{escape(row['name'])} [dim]{escape(row['unit_code'])}[/dim]",
            row["colour"] or "—",
            *(f"{row[name]:.0%}" for name in ("p_red", "p_yellow", "p_green")),
            f"{row['published']:g} ({row['index_low']:.1f}–{row['index_high']:.1f})",
            f"{int(row['rank'])} ({int(row['rank_low'])}–{int(row['rank_high'])})",
            f"{row['band']} ({row['band_units']})",
        )
    return table


def _choice_table(found: Certainty) -> Table:
    table = Table(title="哪项选择影响名次 What moves the ranks")
    for header in ("选择 choice", "单独 first", "连同交互 total", "± 95%"):
        table.add_column(header)
    rows = found.choices[found.choices["figure"] == "rank_shift"].sort_values("total", ascending=False)
    for row in rows.to_dict("records"):
        table.add_row(row["choice"], *(f"{row[name]:.2f}" for name in ("first", "total", "total_conf")))
    return table


def _funnel_table(found: Certainty, unit: str) -> Table:
    table = Table(title="与同类相比 Against its peers")
    for header in (
        "指标 indicator",
        "值 value",
        "件数 n",
        "同类 peers",
        "95%",
        "位置 position",
        "收缩后 shrunk",
    ):
        table.add_column(header)
    for row in found.fairness[found.fairness["unit_code"] == unit].to_dict("records"):
        table.add_row(
            row["indicator_code"],
            f"{row['value']:.3g}",
            str(row["n"]),
            f"{row['peer_mean']:.3g}",
            f"{row['low_95']:.3g}–{row['high_95']:.3g}",
            row["position"],
            f"{row['shrunk']:.3g}",
        )
    return table
