"""What the yearly report says of a settled year: grades, bands of ranks, dimensions with shortfalls and measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd
from sqlalchemy import Connection

from include.documents.official.facts import GradeCount, RankedUnit, Shortfall, YearDimension
from include.documents.official.phrases import Phrases
from include.pipeline.document_area import grade_counts, ranked_units
from include.pipeline.document_standing import Standing, read_standing
from include.pipeline.year_figures import year_key
from include.quarters import Quarter
from include.reviews.loop import loop_of
from include.reviews.year import Dimension
from include.site import Site
from include.warehouse import releases
from include.warehouse.releases import ReleaseKey


@dataclass(frozen=True)
class YearFacts:
    """The parts of the yearly report that come from a final settlement."""

    full: float
    grades: tuple[GradeCount, ...]
    units: tuple[RankedUnit, ...]
    """Total, grade and rank of the year; the colour is that of the last quarter, since a settlement has none."""
    dimensions: tuple[YearDimension, ...]
    draws: int


def year_facts(connection: Connection, last: Standing, phrases: Phrases) -> YearFacts | None:
    """Read the final settlement of the year of `last`, a quarter's standing; None where there is none."""
    site, release = last.site, last.release
    year = int(release.period[:4])
    final = releases.current(
        connection, year_key(release.jurisdiction, release.framework_code, year), kind="final"
    )
    if final is None:
        return None
    settled = read_standing(connection, site, final)
    colours = {last.names.get(unit, unit): str(row["colour"]) for unit, row in last.scored.items()}
    units = tuple(
        replace(one, colour=colours.get(one.name, ""), certainty=None) for one in ranked_units(settled)
    )
    return YearFacts(
        settled.full,
        grade_counts(settled),
        units,
        year_dimensions(connection, site, settled, release.framework_code, year, phrases),
        settled.draws,
    )


def year_dimensions(
    connection: Connection, site: Site, settled: Standing, framework: str, year: int, phrases: Phrases
) -> tuple[YearDimension, ...]:
    """The three dimensions: mean rates over the year's final quarters, against the year before where it is known.

    A dimension is the mean of its groups' and items' mean rates; what is below the declared share is a shortfall.
    """
    settings = loop_of(site, framework).year
    area = settled.release.jurisdiction
    now, before = (_quarterly(connection, area, framework, one) for one in (year, year - 1))
    titles = {group.code: group.label.zh for group in settled.framework.groups}
    titles |= {one.code: one.label.zh for one in settled.framework.indicators}
    titles |= now.titles
    items = _items(settled)
    return tuple(
        _dimension(one, now.rates, before.rates, items, titles, settings.shortfall_below, phrases.advice)
        for one in settings.dimensions
    )


@dataclass(frozen=True)
class _Quarterly:
    rates: Mapping[str, float]
    """Mean rate of each group over units and final quarters."""
    titles: Mapping[str, str]


def _quarterly(connection: Connection, area: str, framework: str, year: int) -> _Quarterly:
    rates: list[pd.DataFrame] = []
    titles: dict[str, str] = {}
    for number in range(1, 5):
        key = ReleaseKey(area, framework, str(Quarter(year, number)))
        release = releases.current(connection, key, kind="final")
        if release is None:
            continue
        facts = releases.read_facts(connection, release.release_id, "fct_group_score")
        rates.append(facts[["group_code", "rate"]])
        titles |= releases.group_titles(connection, release.framework_key)
    if not rates:
        return _Quarterly({}, {})
    means = pd.concat(rates, ignore_index=True).groupby("group_code")["rate"].mean().dropna()
    return _Quarterly({str(code): float(rate) for code, rate in means.items()}, titles)


def _items(settled: Standing) -> dict[str, float]:
    """Mean rate of each item of the settlement, groups and indicators alike."""
    rates = [settled.groups[["group_code", "rate"]].rename(columns={"group_code": "code"})]
    own = settled.indicators
    share = own["points"] / own["attainable"].where(own["attainable"] > 0)
    rates.append(pd.DataFrame({"code": own["indicator_code"], "rate": share}))
    means = pd.concat(rates, ignore_index=True).groupby("code")["rate"].mean().dropna()
    return {str(code): float(rate) for code, rate in means.items()}


def _dimension(
    one: Dimension,
    now: Mapping[str, float],
    before: Mapping[str, float],
    items: Mapping[str, float],
    titles: Mapping[str, str],
    below: float,
    advice: Mapping[str, str],
) -> YearDimension:
    rates = {code: now[code] for code in one.groups if code in now}
    then = [before[code] for code in rates if code in before]
    change = None
    if rates and len(then) == len(rates):
        change = sum(rates.values()) / len(rates) - sum(then) / len(then)
    every = rates | {code: items[code] for code in one.items if code in items}
    lacks = sorted(((rate, code) for code, rate in every.items() if rate < below))
    return YearDimension(
        title=one.title.zh,
        mean_rate=sum(every.values()) / len(every) if every else None,
        change=change,
        shortfalls=tuple(
            Shortfall(titles.get(code, code), rate, advice.get(code, "")) for rate, code in lacks
        ),
    )
