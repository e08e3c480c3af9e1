"""`mingjing preview`: past quarters under a draft framework, before it applies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console

from include.cli.reasons import AsJson, SiteFolder, quarter_of, up_to_date
from include.cli.sentences import WRONG, refuse, say, say_json

_TABLES = ("units", "scores", "items")


def preview(
    draft: Annotated[Path, typer.Argument(metavar="DRAFT", help="指标体系草案 .yaml The draft framework")],
    quarters: Annotated[
        list[str] | None,
        typer.Option(help="只看这些季度,可多次 These quarters only; all released by default"),
    ] = None,
    units: Annotated[
        list[str] | None, typer.Option(help="只看这些单位(代码),可多次 These units only, say a pilot's")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="另存为 .xlsx Save everything as .xlsx")
    ] = None,
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """用草案重算已发布的季度,看谁变色。 Replay released quarters under a draft; nothing is published or stored."""
    from include.cli.tables import plain_table
    from include.pipeline.explain import plain_records
    from include.pipeline.preview import preview as previewed

    if output is not None and (output.suffix != ".xlsx" or not output.parent.is_dir()):
        refuse(
            f"[{output}] 应为已有目录中的 .xlsx。 [{output}] must be an .xlsx in a folder that exists.", WRONG
        )
    chosen = up_to_date(site)
    when = [quarter_of(one) for one in quarters or ()]
    found = {
        area: previewed(chosen, area, draft, quarters=when, units=units or ())
        for area in chosen.jurisdictions
    }
    if unknown := [one for one in units or () if all(one in each.unknown for each in found.values())]:
        refuse(
            f"所看的季度没有单位 {unknown},请写名录中的单位代码。 "
            f"There are no units {unknown}: no quarter shown knows them; give codes of the register.",
            WRONG,
        )
    if output is not None:
        with pd.ExcelWriter(output, engine="xlsxwriter") as book:
            for name in _TABLES:
                areas = pd.concat({area: getattr(each, name) for area, each in found.items()})
                areas = areas.reset_index(0, names="jurisdiction")
                areas.to_excel(book, sheet_name=name, index=False)
    if as_json:
        say_json(
            {
                "areas": [
                    {"jurisdiction": area} | {name: plain_records(getattr(each, name)) for name in _TABLES}
                    for area, each in found.items()
                ]
            }
        )
        return
    for area, each in found.items():
        shown = each.units if units else each.changed
        named = f"{each.draft.framework}@{each.draft.version}"
        scores = each.scores.rename(columns=_HEADS)
        Console().print(plain_table(scores, title=f"{area} {named} 预演 preview"))
        title = "变色的单位 Units whose colour changes" if not units else named
        Console().print(plain_table(_unit_rows(shown), title=title))
        say(
            f"{len(each.changed)} 个单位次变色;未发布、未保存。 {len(each.changed)} changes of colour; "
            "nothing was published or stored."
        )


_HEADS = {
    "quarter": "季度 quarter",
    "figure": "数字 figure",
    "before": "此前 before",
    "after": "此后 after",
}


def _unit_rows(units: pd.DataFrame) -> pd.DataFrame:
    """Units as a reader compares them: figure, colour and rank together, before and after."""

    def told(when: str) -> list[str]:
        figures = units[[when, f"colour_{when}", f"rank_{when}"]].itertuples(index=False, name=None)
        return [
            "—" if pd.isna(index) else f"{index:.2f} {colour} #{rank:g}" for index, colour, rank in figures
        ]

    return pd.DataFrame(
        {
            "季度 quarter": units["quarter"],
            "单位 unit": [f"{name} {unit}" for name, unit in zip(units["name"], units["unit"], strict=True)],
            "此前 before": told("before"),
            "此后 after": told("after"),
            "变化 change": units["change"],
            "解除 lifted": units["rules_lifted"],
            "触发 raised": units["rules_raised"],
            "由何承载 carried by": units["carried_by"],
        }
    )
