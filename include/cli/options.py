"""What many commands take: the site's folder, an area, a framework, a quarter, JSON; the site opened, up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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


def chosen_framework(site: Site, framework: str) -> str:
    """The code of the framework that a command is about."""
    return framework or site.settings.frameworks[0].partition("@")[0]


def up_to_date(folder: Path | None) -> Site:
    """Open the site and bring its warehouse up to date, as at every start."""
    from include.warehouse.store import migrate

    site = open_site(folder)
    migrate(site.warehouse_url)
    return site
