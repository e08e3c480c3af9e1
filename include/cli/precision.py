"""`mingjing precision`: how often each rule was right, and which should be retired."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer
from rich.console import Console

from include.cli.options import Area, AsJson, Framework, SiteFolder, area_of, chosen_framework, up_to_date
from include.cli.sentences import say, say_json
from include.cli.year import plain


def precision(
    year: Annotated[int | None, typer.Option(help="只看一年 One year only")] = None,
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """规则精度账:确认率、不予确认的理由、与巡察结果的对照。 How often each rule was right."""
    from include.cli.tables import plain_table
    from include.pipeline.precision import precision_ledger

    chosen = up_to_date(site)
    place, code = area_of(chosen, area), chosen_framework(chosen, framework)
    found = precision_ledger(chosen, place, code, year=year)
    if as_json:
        frames = ("rules", "reasons", "backtest", "to_retire")
        said = {name: plain(getattr(found, name)) for name in frames}
        say_json({"jurisdiction": place, "framework": code, "year": year, "quarters": found.quarters, **said})
        return
    when = "" if year is None else f" {year}"
    title = f"{place} {code}{when}"
    Console().print(plain_table(found.rules, title=f"{title} 规则精度 precision of rules"))
    if len(found.reasons):
        Console().print(plain_table(found.reasons, title="不予确认的理由 Reasons of dismissal"))
    if len(found.backtest):
        tried = f"{found.settings.backtest.feed},其后 next {found.settings.backtest.quarters} 季 quarters"
        Console().print(plain_table(found.backtest, title=f"与巡察结果对照 Against inspection ({tried})"))
        say(
            "circular: whole 以巡察数据为对象,不检验 not tried; part 对象含巡察指标,仅供参考 read with care。"
            f" 季度 quarters: {', '.join(found.quarters) or '—'}"
        )
    _say_retired(found.to_retire, found.settings.minimum, found.settings.after)


def _say_retired(rules: pd.DataFrame, minimum: float, after: int) -> None:
    for row in rules.to_dict("records"):
        say(
            f"建议停用 retire: {row['rule_code']} ({row['framework_version']}) 确认率 {row['share']:.0%},"
            f"区间 {row['low_95']:.0%}–{row['high_95']:.0%},低于 {minimum:.0%}。",
            style="yellow",
        )
    if rules.empty:
        say(
            f"没有低于 {minimum:.0%}(满 {after} 条决定后)的规则。 No rule is below the declared precision.",
            style="green",
        )
