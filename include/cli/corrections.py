"""`mingjing corrections`, `mingjing superseded` and `mingjing respelled`: what was read otherwise than it was sent."""

from __future__ import annotations

from typing import Annotated

import typer

from include.cli.options import AsJson, SiteFolder
from include.cli.sentences import say, say_json
from include.site import open_site

_STATES = {
    "applied": ("已更正", "applied", "green"),
    "stale": ("不再适用", "stale", "yellow"),
    "unmatched": ("没有对上", "unmatched", "yellow"),
}


def corrections(site: SiteFolder = None, as_json: AsJson = False) -> None:
    """列出更正及其状态。 List the corrections and what became of each: applied, stale, unmatched."""
    from include.pipeline.correcting import correction_states
    from include.warehouse.store import migrate

    chosen = open_site(site)
    migrate(chosen.warehouse_url)
    states = correction_states(chosen)
    if as_json:
        say_json(
            {
                "corrections": [
                    {
                        "id": one.correction.id,
                        "feed": one.correction.feed,
                        "column": one.correction.column,
                        "state": one.state,
                        "applied": one.applied,
                        "stale": one.stale,
                        "where": list(one.where),
                        "reason": one.correction.reason,
                        "approved_by": one.correction.approved_by,
                        "approved_on": one.correction.approved_on.isoformat(),
                    }
                    for one in states
                ]
            }
        )
        return
    for one in states:
        zh, en, style = _STATES[one.state]
        about = one.correction
        approval = f"{about.approved_by} {about.approved_on}: {about.reason}"
        counts = f"更正 applied {one.applied}, 不符 stale {one.stale}"
        say(f"{about.id} {about.feed}.{about.column}: {zh} {en} ({counts}; {approval})", style=style)
        for where in one.where:
            say(f"  {where}")
    if not states:
        say("没有更正。 There are no corrections.")


def superseded(
    feed: Annotated[str, typer.Argument(help="数据源 Feed")], site: SiteFolder = None, as_json: AsJson = False
) -> None:
    """列出后来的报送改了哪些行。 List which rows of a feed later deliveries changed, and in which columns."""
    from include.pipeline.superseding import superseded_by

    rows = superseded_by(open_site(site), feed)
    if as_json:
        say_json({"rows": rows})
        return
    for row in rows:
        say(
            f"{row['new_file']} {row['new_sheet']} {row['new_row']} ({row['new_quarter']}) ← "
            f"{row['old_file']} {row['old_sheet']} {row['old_row']} ({row['old_quarter']}): {row['changed_columns']}"
        )
    say(f"{len(rows)} 行被后来的报送改过。 {len(rows)} rows were changed by later deliveries.")


def respelled(
    feed: Annotated[str, typer.Argument(help="数据源 Feed")], site: SiteFolder = None, as_json: AsJson = False
) -> None:
    """列出规范了写法的列。 List the columns whose cells were respelled, with an example each."""
    from include.pipeline.superseding import respelled_in

    rows = respelled_in(open_site(site), feed)
    if as_json:
        say_json({"columns": rows})
        return
    for row in rows:
        say(f"{row['file']} {row['column_name']}: {row['cells']} 格 cells, {row['masked_example']}")
    say(f"{len(rows)} 列规范了写法。 {len(rows)} columns were respelled.")
