"""One final release as documents need it: its facts, framework, certainty and reviews, read in one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from include.pipeline.catalogue import contract_of
from include.pipeline.replay import read_framework, read_scored_units
from include.quarters import Quarter
from include.reviews.loop import loop_of
from include.scoring import Framework
from include.scoring.periods import ends
from include.site import Site
from include.warehouse import rectification, releases
from include.warehouse.register import read_posts
from include.warehouse.releases import Release
from include.warehouse.reviews import confirmed_warnings, items_of
from include.warehouse.tables import dim_peer_group


@dataclass(frozen=True)
class Task:
    """What a document says of an item of rectification; never its sentence, which may hold small counts."""

    due_on: date
    provisional: bool
    post: str
    """Code of the post; '' where the register lists none."""
    action: str


@dataclass(frozen=True)
class Standing:
    """One release as documents need it; frames as stored, read in one snapshot."""

    site: Site
    release: Release
    framework: Framework
    status: str
    names: dict[str, str]
    peer_groups: dict[str, str]
    scores: pd.DataFrame
    groups: pd.DataFrame
    indicators: pd.DataFrame
    adjustments: pd.DataFrame
    measures: pd.DataFrame
    certainty: pd.DataFrame
    draws: int
    items: pd.DataFrame
    confirmed: pd.DataFrame
    posts: pd.DataFrame
    tasks: dict[tuple[str, str, str], Task]
    """Open items of rectification by unit, rule and target."""

    @property
    def full(self) -> float:
        """Full marks of the index."""
        return float(self.framework.points or 100)

    @cached_property
    def grades(self) -> dict[str, str]:
        """Titles of grades by code."""
        return {one.code: one.title.zh if one.title else one.code for one in self.framework.grades}

    @cached_property
    def scored(self) -> dict[str, dict[str, Any]]:
        """Rows of fct_unit_score by unit."""
        return {str(row["unit_code"]): row for row in _records(self.scores)}

    @cached_property
    def sure(self) -> dict[str, dict[str, Any]]:
        """Rows of certainty_unit by unit."""
        return {str(row["unit_code"]): row for row in _records(self.certainty)}

    @cached_property
    def group_rows(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Rows of fct_group_score by unit and group."""
        return _nested(self.groups, "group_code")

    @cached_property
    def indicator_rows(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Rows of fct_indicator_score by unit and indicator."""
        return _nested(self.indicators, "indicator_code")

    @cached_property
    def adjustment_rows(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Rows of fct_adjustment by unit and adjustment."""
        return _nested(self.adjustments, "adjustment_code")

    @cached_property
    def measure_rows(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Rows of fct_measure by unit and column: `measure`, or `measure|key`."""
        keyed = self.measures["measure"].where(
            self.measures["key"] == "", self.measures["measure"] + "|" + self.measures["key"]
        )
        return _nested(self.measures.assign(column=keyed), "column")

    @cached_property
    def depth_one(self) -> tuple[str, ...]:
        """Codes of the classes, in the framework's order."""
        return tuple(group.code for group in self.framework.groups if not group.parent)

    @cached_property
    def medians(self) -> dict[tuple[str, str], float]:
        """Median rate by peer group and group."""
        peers = self.scores.set_index("unit_code")["peer_group"]
        rates = self.groups.assign(peer_group=self.groups["unit_code"].map(peers))
        found = rates.groupby(["peer_group", "group_code"])["rate"].median().dropna().reset_index()
        return {(str(row["peer_group"]), str(row["group_code"])): row["rate"] for row in _records(found)}

    def department(self, indicator: Any) -> str:
        """Code of the department in charge of an indicator: the pack's lead, else who rates it or sends its feed."""
        leads = loop_of(self.site, self.release.framework_code).rectification.leads
        if named := leads.get(indicator.problem or "") or leads.get(indicator.code) or indicator.rated_by:
            return str(named)
        feed = (indicator.measure or "").partition(".")[0]
        if feed not in self.site.settings.feeds:
            return ""
        suppliers = self.site.settings.feeds[feed].suppliers or contract_of(self.site, feed).suppliers
        return suppliers[0] if suppliers else ""


def read_standing(connection: Connection, site: Site, release: Release) -> Standing:
    """Read what documents need of a release."""
    day = Quarter(*ends(release.period)).end
    named = select(dim_peer_group.c.peer_group, dim_peer_group.c.title_zh).where(
        dim_peer_group.c.jurisdiction == release.jurisdiction, dim_peer_group.c.retired_import_id == 0
    )
    run = releases.read_analyses(connection, release.release_id, "certainty_run")
    return Standing(
        site=site,
        release=release,
        framework=read_framework(connection, release.framework_key),
        status=releases.latest_status(connection, release.release_id),
        names={str(code): str(name) for code, name in read_scored_units(connection, release)["name"].items()},
        peer_groups={row.peer_group: row.title_zh for row in connection.execute(named)},
        **{
            name: releases.read_facts(connection, release.release_id, table)
            for name, table in (
                ("scores", "fct_unit_score"),
                ("groups", "fct_group_score"),
                ("indicators", "fct_indicator_score"),
                ("adjustments", "fct_adjustment"),
                ("measures", "fct_measure"),
            )
        },
        certainty=releases.read_analyses(connection, release.release_id, "certainty_unit"),
        draws=int(run["draws"].iloc[0]) if len(run) else 0,
        items=items_of(connection, release.release_id),
        confirmed=confirmed_warnings(connection, release.release_id),
        posts=read_posts(
            connection, release.jurisdiction, as_of=day, import_id=release.register_import_id or None
        ),
        tasks=_tasks(connection, release),
    )


def _tasks(connection: Connection, release: Release) -> dict[tuple[str, str, str], Task]:
    rows = rectification.items_of(
        connection, release.jurisdiction, framework=release.framework_code, period=release.period
    )
    now = rectification.standings_of(connection, release.jurisdiction, [row.item_id for row in rows])
    found = {}
    for row in rows:
        stands = now.get(row.item_id)
        if row.kind == "individual" and (stands is None or stands.state not in ("cancelled", "verified")):
            due = stands or row
            found[row.unit_code, row.rule_code, row.target] = Task(
                date.fromisoformat(due.due_on), due.due_provisional, row.post, row.required_action_zh
            )
    return found


def in_order(framework: Framework, parent: str | None = None) -> list[Any]:
    """Groups with those below them behind each, in the framework's order."""
    found: list[Any] = []
    for group in framework.groups:
        if (group.parent or None) == parent:
            found += [group, *in_order(framework, group.code)]
    return found


def number_of(value: Any) -> float | None:
    """A figure as a float; None where there is none."""
    return None if value is None or pd.isna(value) else float(value)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(row) for row in frame.to_dict("records")]  # type: ignore[arg-type]


def _nested(frame: pd.DataFrame, column: str) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in _records(frame):
        found.setdefault(str(row["unit_code"]), {})[str(row[column])] = row
    return found
