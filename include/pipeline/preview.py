"""Past quarters under a draft framework: who would change colour, and why. Nothing is published and nothing stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, select

from include.config import ConfigError
from include.pipeline.catalogue import measures_of
from include.pipeline.inputs import gather_inputs
from include.pipeline.packs import Pack, read_draft
from include.pipeline.registers import StandingRegister, standing_register
from include.pipeline.replay import inputs_of, matrices, read_framework, read_measures
from include.pipeline.score_quarter import quarter_matrix
from include.quarters import Quarter
from include.scoring import Framework, ScoreResult
from include.scoring.moves import REST, ScoreInputs, item_points
from include.site import Site
from include.warehouse import releases
from include.warehouse.errors import UnknownRelease
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.store import open_warehouse, reading
from include.warehouse.tables import release_pointer

_CARRIED, _SHOWN = 3, 0.005
_COLOURS = ("red", "yellow", "green", "")


@dataclass(frozen=True)
class Preview:
    """Released quarters beside the same data under a draft.

    `units`: quarter, unit, name, peer_group, before, after (published), change, colour_before, colour_after,
    rank_before, rank_after, rules_lifted and rules_raised (codes of warnings no longer holding, or now), carried_by
    (the items that carry most of the change, with their points). `items`: quarter, unit, kind, item, points: the change
    of the index by indicator and adjustment; adds up to it exactly. `scores`: quarter, figure, before, after: units by
    colour, and the least, quartiles and most of the published index. `unknown`: the codes asked for that none of the
    quarters shown knows.
    """

    draft: Framework
    units: pd.DataFrame
    items: pd.DataFrame
    scores: pd.DataFrame
    unknown: tuple[str, ...] = ()

    @property
    def changed(self) -> pd.DataFrame:
        """Units whose colour would be another."""
        return self.units[self.units["colour_before"] != self.units["colour_after"]]


def preview(
    site: Site,
    jurisdiction: str,
    draft_path: Path,
    *,
    quarters: Sequence[Quarter] = (),
    units: Sequence[str] = (),
) -> Preview:
    """Score released quarters again under a draft.

    Data, register and missing feeds are those of the releases. All quarters that are released are replayed, oldest
    first, so that a condition that looks back sees the draft's own past; `quarters` says which are shown.

    Args:
        site: the site.
        jurisdiction: one of its jurisdictions.
        draft_path: a framework file (it may extend a version of another), whatever its effective dates.
        quarters: quarters to show; all released ones by default.
        units: units to show, say a pilot's; all by default. Ranks stay those among all. A quarter that does not know
            one shows the others.

    Raises:
        ConfigError: the draft names a measure that the site does not have.
        include.scoring.FrameworkError: the draft itself is wrong.
        UnknownRelease: a quarter was never released under the framework of this name.
    """
    pack = read_draft(site, draft_path)
    draft = pack.framework.altered(effective_from=None, effective_to=None)
    _check_measures(site, pack.framework, draft_path)
    engine = open_warehouse(site.warehouse_url)
    register = standing_register(engine, jurisdiction)
    past: dict[str, ScoreResult] = {}
    parts = []
    with reading(engine) as connection:
        released = _released(connection, jurisdiction, draft.framework)
        if missing := [quarter for quarter in quarters if quarter not in released]:
            key = ReleaseKey(jurisdiction, draft.framework, str(missing[0]))
            raise UnknownRelease(f"[{key}] 尚未发布,无从预演。", f"[{key}] has no release to replay.")
        for quarter, release in released.items():
            if quarters and quarter > max(quarters):
                break
            measures = read_measures(connection, release.release_id)
            before = inputs_of(
                connection, release, read_framework(connection, release.framework_key), measures
            )
            measures = _with_new_feeds(connection, site, jurisdiction, pack, quarter, register, measures)
            values, states, counts = matrices(measures, draft)
            after = replace(
                before, framework=draft, values=values, states=states, counts=counts, history=dict(past)
            )
            past[str(quarter)] = after.score()
            if not quarters or quarter in quarters:
                parts.append(_compared(before, after, past[str(quarter)], units))
    if not parts:
        key = ReleaseKey(jurisdiction, draft.framework, "")
        raise UnknownRelease(f"[{key}] 尚无发布,无从预演。", f"[{key}] has no release to replay.")
    table, items, scores = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    shown = set(table["unit"])
    return Preview(pack.framework, table, items, scores, tuple(one for one in units if one not in shown))


def _check_measures(site: Site, draft: Framework, path: Path) -> None:
    """Say which measures of a draft nobody computes."""
    mistakes = []
    for column in draft.measures:
        feed, _, code = column.partition("|")[0].partition(".")
        if feed in site.settings.feeds and feed not in site.feeds:
            continue
        known = sorted(measures_of(site, feed).measures) if feed in site.feeds else []
        if code not in known:
            mistakes.append(
                f"[{column}] 无此计量:数据源 {list(site.feeds)},[{feed}] 的计量 {known}。请改正,或先写其 SQL。 "
                f"[{column}] is measured by nobody: the site takes {list(site.feeds)}, and [{feed}] has the measures "
                f"{known}. Correct the draft, or write the measure's SQL first."
            )
    if mistakes:
        raise ConfigError(path, mistakes)


def _released(connection: Connection, jurisdiction: str, framework_code: str) -> dict[Quarter, Release]:
    """The current releases of a framework, oldest first."""
    query = select(release_pointer.c.period).where(
        release_pointer.c.jurisdiction == jurisdiction,
        release_pointer.c.framework_code == framework_code,
        release_pointer.c.kind == "current",
    )
    found = {}
    for period in sorted(connection.scalars(query)):
        release = releases.current(connection, ReleaseKey(jurisdiction, framework_code, period))
        if release is not None:
            found[Quarter.parse(period)] = release
    return found


def _with_new_feeds(
    connection: Connection,
    site: Site,
    jurisdiction: str,
    pack: Pack,
    quarter: Quarter,
    register: StandingRegister,
    measures: pd.DataFrame,
) -> pd.DataFrame:
    """Add what feeds that the release did not need would have measured, from what is staged now."""
    known = set(measures["measure"].str.partition(".")[0])
    inputs = gather_inputs(
        connection, site, jurisdiction, pack, quarter, register_digest=register.digest_on(quarter.end)
    )
    new = {name: feed for name, feed in inputs.feeds.items() if name not in known}
    if not new:
        return measures
    read = {other for feed in new.values() for other in feed.definition.reads}
    needed = {name: feed for name, feed in inputs.feeds.items() if name in new or name in read}
    added = quarter_matrix(replace(inputs, feeds=needed), register)[0]
    added = added[added["measure"].str.partition(".")[0].isin(new)]
    added = added[added["unit_code"].isin(measures["unit_code"])]
    figures = added.astype({"numerator": "float64", "denominator": "float64", "n": "float64"})
    return pd.concat([measures, figures.assign(state=figures["state"].astype(str))], ignore_index=True)


def _compared(
    before: ScoreInputs, after: ScoreInputs, new: ScoreResult, units: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    old = before.score()
    every = old.index.index
    shown = pd.Index([one for one in units if one in every], dtype=every.dtype) if units else every
    items = _items(old, new, before.framework, after.framework).loc[shown]
    table = pd.DataFrame(
        {
            "quarter": before.quarter,
            "unit": shown,
            "name": before.units["name"].reindex(shown).to_numpy(),
            "peer_group": old.peer_groups.reindex(shown).to_numpy(),
        }
    )
    for name, result in (("before", old), ("after", new)):
        table[name] = result.published.reindex(shown).to_numpy()
        table[f"colour_{name}"] = result.colours.fillna("").reindex(shown).to_numpy()
        table[f"rank_{name}"] = result.ranks.reindex(shown).to_numpy()
    table["change"] = (table["after"] - table["before"]).round(9)
    raised = [_raised(result) for result in (old, new)]
    table["rules_lifted"] = [_listed(raised[0].get(one, set()) - raised[1].get(one, set())) for one in shown]
    table["rules_raised"] = [_listed(raised[1].get(one, set()) - raised[0].get(one, set())) for one in shown]
    table["carried_by"] = [_carried(row) for _, row in items.iterrows()]
    unit, item = items.to_numpy().nonzero()
    long = pd.DataFrame(
        {
            "quarter": before.quarter,
            "unit": shown.to_numpy()[unit],
            "kind": items.columns.get_level_values(0).to_numpy()[item],
            "item": items.columns.get_level_values(1).to_numpy()[item],
            "points": items.to_numpy()[unit, item],
        }
    )
    return table, long, _distribution(before.quarter, old, new)


def _items(old: ScoreResult, new: ScoreResult, was: Framework, now: Framework) -> pd.DataFrame:
    """The change of the index by item; the last column is what no item carries, so that a row adds up to the change."""
    first, last = item_points(old, was).fillna(0.0), item_points(new, now).fillna(0.0)
    columns = first.columns.union(last.columns, sort=False)
    change = last.reindex(columns=columns, fill_value=0.0) - first.reindex(columns=columns, fill_value=0.0)
    change = change.round(9).where(new.index.notna() & old.index.notna(), 0.0)
    rest = (new.index - old.index).fillna(0.0) - change.sum(axis=1)
    change[REST, ""] = rest.round(9)
    return change


def _raised(result: ScoreResult) -> dict[str, set[str]]:
    return {str(unit): set(own) for unit, own in result.warnings.groupby("unit")["rule"]}


def _listed(codes: set[str]) -> str:
    return "、".join(sorted(codes))


def _carried(row: pd.Series) -> str:
    largest = row[row.abs().sort_values(ascending=False, kind="stable").index][:_CARRIED]
    names = [code or kind for kind, code in zip(*map(largest.index.get_level_values, (0, 1)), strict=True)]
    points = largest.to_numpy(dtype=float)
    return "、".join(
        f"{name} {one:+.2f}" for name, one in zip(names, points, strict=True) if abs(one) > _SHOWN
    )


def _distribution(quarter: str, old: ScoreResult, new: ScoreResult) -> pd.DataFrame:
    rows = [
        {
            "figure": colour or "not_rated",
            "before": float((old.colours.fillna("") == colour).sum()),
            "after": float((new.colours.fillna("") == colour).sum()),
        }
        for colour in _COLOURS
    ]
    for name, share in (
        ("least", 0),
        ("quartile_1", 0.25),
        ("median", 0.5),
        ("quartile_3", 0.75),
        ("most", 1),
    ):
        rows.append(
            {
                "figure": name,
                "before": float(old.published.quantile(share)),
                "after": float(new.published.quantile(share)),
            }
        )
    return pd.DataFrame(rows).assign(quarter=quarter)[["quarter", "figure", "before", "after"]]
