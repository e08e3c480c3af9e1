"""What a year is settled from: the final quarters, the tasks, the measures over the year, the confirmed warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from include.pipeline.catalogue import contract_of, known_versions, packs_of
from include.pipeline.figures import read_history
from include.pipeline.packs import Pack
from include.pipeline.registers import StandingRegister, standing_register
from include.pipeline.year_tasks import FEED, YearRefused, progress_in
from include.quarters import Quarter
from include.reviews.loop import loop_of
from include.reviews.settlement import Figures, YearFigures, columns_of, year_framework
from include.reviews.tasks import by_unit
from include.reviews.year import SUFFIX, Item, Year, quarterly_code
from include.scoring import Framework
from include.site import Site
from include.warehouse import ledger, releases, reviews
from include.warehouse.canonical import canonical_json, sha256_text
from include.warehouse.releases import Release, ReleaseInput, ReleaseKey
from include.warehouse.store import open_warehouse, reading

_COLUMNS = ["numerator", "denominator", "n", "state"]


@dataclass(frozen=True)
class YearInputs:
    """Everything that a settlement rests on; equal digests mean equal figures."""

    key: ReleaseKey
    quarterly: Pack
    settings: Year
    framework: Framework
    finals: Mapping[str, Release]
    """Final releases by quarter, the first first."""
    missing: tuple[str, ...]
    """Quarters of the year without a final release."""
    figures: YearFigures
    items: tuple[ReleaseInput, ...]

    @property
    def digest(self) -> str:
        """Digest of all items, as the warehouse stores it."""
        return releases.input_digest(self.items)


def year_key(jurisdiction: str, framework: str, year: int) -> ReleaseKey:
    """What a settlement is a release of."""
    return ReleaseKey(jurisdiction, framework + SUFFIX, str(year))


def gather_year(
    connection: Connection,
    site: Site,
    jurisdiction: str,
    framework: str,
    year: int,
    register: StandingRegister,
) -> YearInputs:
    """Gather what the year of a framework is settled from.

    Raises:
        YearRefused: no quarter of the year is final, or its tasks came and were never frozen.
        include.config.ConfigError, include.scoring.FrameworkError: loop.yaml is wrong.
    """
    last = Quarter(year, 4)
    pack = next((one for one in packs_of(site, last) if one.framework.framework == framework), None)
    if pack is None:
        raise YearRefused(
            f"{last} 没有生效的指标体系 [{framework}]。", f"No framework [{framework}] is in force in {last}."
        )
    settings = loop_of(site, framework).year
    settling = year_framework(pack.framework, settings, year)
    finals, missing = _finals(connection, jurisdiction, framework, year)
    units = register.register.on(last.end)
    units = units[units["peer_group"].fillna("") != ""]
    items = [
        ReleaseInput("register", jurisdiction, register.digest_on(last.end)),
        ReleaseInput("framework", f"{settling.framework}@{settling.version}", settling.digest),
        *(ReleaseInput("prior_release", period, one.result_digest) for period, one in finals.items()),
    ]
    points = {one.framework.version: one.framework.points or 100.0 for one in known_versions(site, framework)}
    found: dict[str, Figures] = {}
    for item in settings.items:
        if item.source == "tasks":
            figures, rested = _tasks(connection, site, jurisdiction, framework, year, register, settings)
            found[columns_of(item)[0]] = figures
            items += rested
        elif item.source == "measures":
            found[columns_of(item)[0]] = _pooled(connection, finals.values(), item)
        else:
            for column, number in zip(columns_of(item), range(1, 5), strict=True):
                found[column] = _quarter(connection, finals.get(f"{year}Q{number}"), points)
    problems, digest = _problems(connection, finals.values())
    items.append(ReleaseInput("site", "confirmed warnings", digest))
    before = releases.current(connection, year_key(jurisdiction, framework, year - 1))
    history = {}
    if before is not None:
        items.append(ReleaseInput("prior_release", before.period, before.result_digest))
        history = read_history(connection, {before.period: before}, settling)
    made = YearFigures(year, units, found, problems, history)
    key = year_key(jurisdiction, framework, year)
    return YearInputs(key, pack, settings, settling, finals, missing, made, tuple(items))


def is_year_outdated(site: Site, jurisdiction: str, framework_code: str, year: int) -> bool:
    """Whether what a settlement rests on is no longer what it was published from."""
    engine = open_warehouse(site.warehouse_url)
    framework = quarterly_code(framework_code)
    register = standing_register(engine, jurisdiction)
    with reading(engine) as connection:
        standing = releases.current(connection, year_key(jurisdiction, framework, year))
        inputs = gather_year(connection, site, jurisdiction, framework, year, register)
    return standing is None or standing.input_digest != inputs.digest


def measure_rows(inputs: YearInputs) -> pd.DataFrame:
    """The figures of the year as rows of fct_measure, of the units that stand at its end."""
    parts = []
    for column, figures in inputs.figures.figures.items():
        frame = figures.frame.reindex(inputs.figures.units.index)
        rate = figures.rate.reindex(frame.index)
        state = frame["state"].fillna("not_applicable")
        part = frame.assign(
            measure=column, key="", value=rate, state=state, n=frame["n"].fillna(0).astype("int64")
        )
        parts.append(part.rename_axis("unit_code").reset_index())
    return pd.concat(parts, ignore_index=True)


def _finals(
    connection: Connection, jurisdiction: str, framework: str, year: int
) -> tuple[dict[str, Release], tuple[str, ...]]:
    quarters = [str(Quarter(year, number)) for number in range(1, 5)]
    found = {
        one: release
        for one in quarters
        if (release := releases.current(connection, ReleaseKey(jurisdiction, framework, one), kind="final"))
    }
    if not found:
        raise YearRefused(
            f"[{jurisdiction}/{framework}] {year} 年没有定稿的季度,无可结算。",
            f"[{jurisdiction}/{framework}] No quarter of {year} is final, so there is nothing to settle.",
        )
    return found, tuple(one for one in quarters if one not in found)


def _quarter(connection: Connection, release: Release | None, points: Mapping[str, float]) -> Figures:
    """The unrounded index over the points of the version that it was scored under."""
    if release is None:
        return Figures(pd.DataFrame(columns=_COLUMNS).rename_axis("unit_code"))
    units = releases.read_facts(connection, release.release_id, "fct_unit_score").set_index("unit_code")
    full = points.get(release.framework_version, 100.0)
    known = units["index_value"].notna()
    return Figures(
        pd.DataFrame(
            {
                "numerator": units["index_value"],
                "denominator": np.where(known, full, np.nan),
                "n": 0,
                "state": np.where(known, "value", "missing"),
            },
            index=units.index,
        )
    )


def _pooled(connection: Connection, finals: Iterable[Release], item: Item) -> Figures:
    """Numerators over denominators of the item's measures, added up over the final quarters."""
    rows = []
    for release in finals:
        facts = releases.read_facts(connection, release.release_id, "fct_measure")
        rows.append(facts[facts["measure"].isin(item.measures) & (facts["key"] == "")])
    every = pd.concat(rows, ignore_index=True)
    counted = every[(every["state"] == "value") & (every["denominator"] > 0)]
    sums = counted.groupby("unit_code")[["numerator", "denominator", "n"]].sum()
    # A unit of which no quarter knows anything is missing; one that had nothing to do is not applicable.
    states = every.groupby("unit_code")["state"].agg(lambda seen: set(seen) == {"missing"})
    frame = sums.reindex(states.index)
    state = np.where(frame["denominator"].notna(), "value", np.where(states, "missing", "not_applicable"))
    return Figures(frame.assign(state=state))


def _tasks(
    connection: Connection,
    site: Site,
    jurisdiction: str,
    framework: str,
    year: int,
    register: StandingRegister,
    settings: Year,
) -> tuple[Figures, list[ReleaseInput]]:
    """Weight achieved over weight known; not applicable where the county has no such feed, or a unit no task."""
    if not site.takes(FEED, Quarter(year, 4)):
        return Figures(pd.DataFrame(columns=_COLUMNS).rename_axis("unit_code")), []
    found = progress_in(connection, site, jurisdiction, framework, str(year), register)
    units = by_unit(found.tasks).set_index("unit_code")
    enough = units["known_weight"] >= settings.min_attainable * units["weight"]
    frame = pd.DataFrame(
        {
            "numerator": units["achieved"].where(enough),
            "denominator": units["known_weight"].where(enough),
            "n": units["tasks"] - units["missing"],
            "state": np.where(enough, "value", "missing"),
        },
        index=units.index,
    )
    plan = f"year plan {year} r{found.plan.revision}"
    items = [*found.sources, ReleaseInput("site", plan, found.plan.plan_digest)]
    if corrected := ledger.corrections_digest(connection, {one.verdict_id for one in found.sources}):
        items.append(ReleaseInput("corrections", FEED, corrected))
    items.append(ReleaseInput("contract", FEED, contract_of(site, FEED).digest))
    return Figures(frame), items


def _problems(connection: Connection, finals: Iterable[Release]) -> tuple[pd.Series, str]:
    """How many problems of the final quarters were confirmed, by unit, and the digest of their list.

    A band and a warning on the same index are one problem of the quarter, not two.
    """
    listed = []
    for release in finals:
        confirmed = reviews.confirmed_warnings(connection, release.release_id)
        confirmed = confirmed.drop_duplicates(["unit_code", "target"])
        listed += [[release.period, *row] for row in confirmed[reviews.ITEM_KEY].to_numpy().tolist()]
    counts = pd.Series([row[1] for row in listed], dtype=object).value_counts()
    return counts.astype(float), sha256_text(canonical_json(sorted(listed)))
