"""What many commands take: the site's folder, an area, a framework, a quarter, JSON; the site opened, up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from include.cli.sentences import WRONG, refuse
from include.quarters import Quarter
from include.site import Site, open_site


def _quarter(key: str | Quarter) -> Quarter:
    try:
        return key if isinstance(key, Quarter) else Quarter.parse(key)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


SiteFolder = Annotated[
    Path | None, typer.Option("--site", envvar="MINGJING_SITE", help="站点目录 Folder of the site")
]
QuarterKey = Annotated[
    Quarter, typer.Argument(parser=_quarter, metavar="QUARTER", help="季度,如 2026Q3 Quarter such as 2026Q3")
]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON Print JSON")]
Framework = Annotated[
    str, typer.Option(help="指标体系,缺省为站点的第一个 Framework; the site's first by default")
]
Area = Annotated[str, typer.Option(help="地区,缺省为站点的第一个 Area; the site's first by default")]


def area_of(site: Site, area: str, *, option: str = "--area") -> str:
    """The area that an option names, or the only one; refused where there is no such area, or several."""
    if area in site.jurisdictions:
        return area
    if area or len(site.jurisdictions) > 1:
        areas = list(site.jurisdictions)
        refuse(f"请用 {option} 写明地区,可用:{areas}。 Give {option}: one of {areas}, not [{area}].", WRONG)
    return site.jurisdictions[0]


def chosen_framework(site: Site, framework: str) -> str:
    """The framework that a command is about, the site's first by default; refused where the site has none such."""
    known = [name.partition("@")[0] for name in site.settings.frameworks]
    if framework and framework not in known:
        refuse(
            f"站点没有指标体系 [{framework}],可用:{known}。 The site has no framework [{framework}]: {known}.",
            WRONG,
        )
    return framework or known[0]


def up_to_date(folder: Path | None) -> Site:
    """Open the site and bring its warehouse up to date, as at every start."""
    from include.warehouse.store import migrate

    site = open_site(folder)
    migrate(site.warehouse_url)
    return site
