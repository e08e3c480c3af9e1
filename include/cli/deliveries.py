"""What a steward does with deliveries: list them, confirm a hold, declare a nil return."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from sqlalchemy import text

from include.cli.options import SiteFolder, area_of, up_to_date
from include.cli.sentences import WRONG, refuse, say, say_json
from include.site import Site

By = Annotated[str, typer.Option("--by", help="经办人 Who does it")]
Reason = Annotated[str, typer.Option("--reason", help="理由 Why")]

_COLUMNS = [
    "delivery_id", "jurisdiction", "feed", "supplier", "file_name", "arrived_at", "verdict", "reason_code", "landed",
    "accepted", "quarantined", "message_zh", "message_en",
]  # fmt: skip
_DELIVERIES = text("SELECT * FROM vw_delivery ORDER BY delivery_id")
_SHOWN = [
    "delivery_id",
    "feed",
    "supplier",
    "file_name",
    "verdict",
    "reason_code",
    "landed",
    "accepted",
    "quarantined",
]


def add_to(app: typer.Typer) -> None:
    """Put the commands of this module on `app`."""
    for command in (deliveries, confirm, nil):
        app.command()(command)


def deliveries(
    feeds: Annotated[list[str] | None, typer.Argument(help="数据源,缺省为全部 Feeds; all by default")] = None,
    verdict: Annotated[
        str,
        typer.Option(help="只列一种判定 Of one verdict only: accepted, held, duplicate, nil_return, pending"),
    ] = "",
    site: SiteFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON Print JSON")] = False,
) -> None:
    """列出收到的报送批次。 List what was received, with the number, the verdict and the reason of each."""
    from include.cli.tables import plain_table

    rows = listed(up_to_date(site), feeds=feeds or [], verdict=verdict)
    if as_json:
        say_json({"deliveries": rows.to_dict("records")})
        return
    Console().print(plain_table(rows[_SHOWN], title="报送批次 deliveries"))
    for row in rows[rows["verdict"] == "held"].itertuples():
        say(f"{row.delivery_id} [{row.reason_code}] {row.message_zh} {row.message_en}", style="yellow")


def confirm(
    delivery: Annotated[int, typer.Argument(help="报送批次号 Number of the delivery")],
    code: Annotated[str, typer.Argument(help="扣留代码,如 H-GRID Code of the hold")],
    by: By,
    reason: Reason,
    site: SiteFolder = None,
) -> None:
    """确认一个扣留。 Confirm what a file is held for; the next ingest judges it with that hold waived."""
    from include.pipeline.confirm_hold import confirm_hold

    feed = confirm_hold(up_to_date(site), delivery, code, by=by, reason=reason, now=datetime.now(UTC))
    say(
        f"已确认并留痕。下一步:mingjing ingest {feed}\nConfirmed, with its trace. Next: mingjing ingest {feed}",
        style="green",
    )


def nil(
    feed: Annotated[str, typer.Argument(help="数据源 The feed")],
    supplier: Annotated[str, typer.Argument(help="报送单位 The supplier")],
    quarter: Annotated[str, typer.Argument(help="季度,如 2026Q3 The quarter")],
    by: By,
    reason: Reason,
    jurisdiction: Annotated[
        str, typer.Option(help="地区代码;只有一个地区时可省略 Area; may be left out where there is one")
    ] = "",
    site: SiteFolder = None,
) -> None:
    """登记零报送。 Record that a supplier has nothing to report for a quarter: zero, not missing."""
    from include.pipeline.nil_returns import Declaration, declare_nil
    from include.quarters import Quarter

    chosen = up_to_date(site)
    if feed not in chosen.feeds:
        refuse(f"站点没有数据源 [{feed}],可用:{list(chosen.feeds)}。 The site takes no feed [{feed}].", WRONG)
    area = area_of(chosen, jurisdiction, option="--jurisdiction")
    try:
        key = str(Quarter.parse(quarter))
    except ValueError as error:
        refuse(str(error), WRONG)
    new = declare_nil(chosen, Declaration(area, feed, supplier, key, by, reason), now=datetime.now(UTC))
    if new:
        say(
            f"已登记 {feed}/{supplier} {key} 零报送。 Recorded: {feed}/{supplier} has nothing to report for {key}.",
            style="green",
        )
    else:
        say(f"{feed}/{supplier} {key} 零报送已登记过。 That nil return is on record already.")


def listed(site: Site, *, feeds: list[str], verdict: str) -> pd.DataFrame:
    """The ledger: one row per delivery of the site, of `feeds` and of `verdict` where they are given."""
    from include.warehouse.store import open_warehouse, reading

    with reading(open_warehouse(site.warehouse_url)) as connection:
        found = pd.DataFrame(
            connection.execute(_DELIVERIES).mappings().all(),
            columns=_COLUMNS,
        )
    found = found[found["jurisdiction"].isin(site.jurisdictions)]
    found = found[found["feed"].isin(feeds)] if feeds else found
    return found[found["verdict"] == verdict] if verdict else found
