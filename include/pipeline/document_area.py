"""What reports and transfer sheets say of an area: colours, bands, common problems, trend and change."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from sqlalchemy import Connection

from include.documents.official.facts import (
    Changes,
    ColourCount,
    CommonProblem,
    GradeCount,
    GroupScore,
    RankedUnit,
    Shortfall,
    TrendPoint,
    UnitChange,
    WarningCount,
    YearDimension,
)
from include.documents.official.phrases import Phrases
from include.pipeline.document_standing import Standing, number_of
from include.pipeline.document_texts import department_of
from include.pipeline.document_units import VETO, rank_band
from include.pipeline.figures import read_history
from include.pipeline.moves import FACTOR_WORDS
from include.quarters import Quarter
from include.scoring.comparisons import problems as low_scores
from include.warehouse import moves, releases
from include.warehouse.releases import Release, ReleaseKey

TREND_QUARTERS = 8
_WORST = {"red": 0, "yellow": 1, "green": 2}


def colour_counts(standing: Standing) -> tuple[ColourCount, ...]:
    """Units by peer group and colour, peer groups in the framework's order."""
    scores = standing.scores
    order = [group for group in standing.framework.peer_groups or () if group in set(scores["peer_group"])]
    order += sorted(set(scores["peer_group"]) - set(order))
    found = []
    for group in order:
        own = scores[scores["peer_group"] == group]
        by_colour = {colour: int((own["colour"] == colour).sum()) for colour in ("green", "yellow", "red")}
        unrated = len(own) - sum(by_colour.values())
        found.append(
            ColourCount(standing.peer_groups.get(group, group), len(own), unrated=unrated, **by_colour)
        )
    return tuple(found)


def grade_counts(standing: Standing) -> tuple[GradeCount, ...]:
    """Units by grade, the best first."""
    return tuple(
        GradeCount(title, int((standing.scores["grade"] == code).sum()))
        for code, title in standing.grades.items()
    )


def ranked_units(standing: Standing) -> tuple[RankedUnit, ...]:
    """Every unit, by peer group and band; inside a band by code, so that no order is suggested."""
    found = []
    for unit, row in standing.scored.items():
        rank, colour = rank_band(standing, unit), str(row["colour"])
        one = RankedUnit(
            name=standing.names.get(unit, unit),
            peer_group=rank.peer_group,
            published=number_of(row["published"]),
            grade=standing.grades.get(str(row["grade"]), str(row["grade"])),
            colour=colour,
            rank=rank,
            certainty=number_of(standing.sure[unit][f"p_{colour}"])
            if unit in standing.sure and colour
            else None,
        )
        place = rank.band or rank.low or 10**6
        found.append(((str(row["peer_group"]), place, unit), one))
    return tuple(one for _, one in sorted(found, key=lambda pair: pair[0]))


def area_groups(standing: Standing, previous: Standing | None) -> tuple[GroupScore, ...]:
    """Mean rate of each class over all units, with that of the period before."""
    now, then = _mean_rates(standing), _mean_rates(previous) if previous is not None else {}
    return tuple(
        GroupScore(
            group.code,
            group.label.zh,
            1,
            None,
            float(group.points or 0),
            now.get(group.code),
            then.get(group.code),
        )
        for group in standing.framework.groups
        if group.code in standing.depth_one
    )


def trend_of(connection: Connection, standing: Standing) -> tuple[TrendPoint, ...]:
    """Mean index by peer group in the released quarters of the last eight, this one the last."""
    found = []
    for period, release in released(connection, standing.release, TREND_QUARTERS).items():
        scores = releases.read_facts(connection, release.release_id, "fct_unit_score")
        means = scores.groupby("peer_group")["published"].mean().dropna()
        found += [
            TrendPoint(period, standing.peer_groups.get(str(group), str(group)), float(mean))
            for group, mean in means.items()
        ]
    return tuple(found)


def released(connection: Connection, release: Release, quarters: int) -> dict[str, Release]:
    """The releases of the last quarters up to this one, oldest first; of this period, this one."""
    last = Quarter.parse(release.period)
    found = {}
    for back in range(quarters - 1, 0, -1):
        period = str(last.shift(-back))
        key = ReleaseKey(release.jurisdiction, release.framework_code, period)
        known = releases.current(connection, key, kind="final") or releases.current(connection, key)
        if known is not None:
            found[period] = known
    return {**found, release.period: release}


def changes_of(connection: Connection, standing: Standing, previous: Standing | None) -> Changes:
    """Which units changed colour since the period before, and what moved them most."""
    if previous is None:
        return Changes()
    now, then = standing.scored, previous.scored
    factors, _ = moves.read_moves(connection, standing.release.release_id, previous.release.release_id)
    better: list[UnitChange] = []
    worse: list[UnitChange] = []
    for unit in now:
        if unit not in then:
            continue
        before, after = str(then[unit]["colour"]), str(now[unit]["colour"])
        if before == after or not before or not after:
            continue
        one = UnitChange(
            standing.names.get(unit, unit),
            float(then[unit]["published"]),
            float(now[unit]["published"]),
            before,
            after,
            _reason(standing, factors, unit, rises=_WORST[after] > _WORST[before]),
        )
        (better if _WORST[after] > _WORST[before] else worse).append(one)
    return Changes(previous.release.period, tuple(better), tuple(worse), previous.release.framework_version)


def common_problems(
    connection: Connection, standing: Standing, phrases: Phrases
) -> tuple[tuple[str, CommonProblem, tuple[str, ...]], ...]:
    """Common problems with the code of the department in charge and the units concerned, the widest first."""
    quarter = Quarter.parse(standing.release.period)
    result = read_history(connection, {quarter: standing.release}, standing.framework)[str(quarter)]
    table = low_scores(result, standing.framework)
    table = table[table["common"]]
    indicators = {one.code: one for one in standing.framework.indicators}
    groups = {group.code: group.label.zh for group in standing.framework.groups}
    forms = {form.code: form for form in standing.framework.common_problems.forms}
    found = []
    for (code, peer_group), own in table.groupby(["indicator", "peer_group"], sort=True):
        one, row = indicators[str(code)], own.iloc[0]
        form = forms.get(one.problem or "")
        words = [form.aspect, form.class_, form.title.zh if form.title else ""] if form is not None else []
        lead = standing.department(one)
        found.append(
            (
                lead,
                CommonProblem(
                    indicator=one.code,
                    title=one.label.zh,
                    group=groups.get(one.group or "", ""),
                    peer_group=standing.peer_groups.get(str(peer_group), str(peer_group)),
                    low_units=int(row["low_units"]),
                    rated_units=int(row["rated_units"]),
                    form="—".join(word for word in words if word),
                    lead=department_of(standing.site, lead) if lead else "",
                    advice=phrases.advice.get(one.code, phrases.advice.get(one.problem or "", "")),
                ),
                tuple(standing.names.get(str(unit), str(unit)) for unit in own["unit"]),
            )
        )
    return tuple(sorted(found, key=lambda each: (-each[1].low_units, each[1].indicator, each[1].peer_group)))


def warning_counts(standing: Standing) -> tuple[WarningCount, ...]:
    """What the reviews made of the list, by rule."""
    titles = {one.code: one.label.zh for one in standing.framework.warnings}
    raised = standing.items["rule_code"].value_counts()
    confirmed = standing.confirmed["rule_code"].value_counts()
    return tuple(
        WarningCount(titles.get(str(rule), str(rule)), int(count), int(confirmed.get(rule, 0)))
        for rule, count in sorted(raised.items())
    )


def year_dimensions(
    standing: Standing, first: Standing | None, phrases: Phrases
) -> tuple[YearDimension, ...]:
    """The three dimensions of the yearly report; `first` is the year's first release, to compare with."""
    now, then = _mean_rates(standing), _mean_rates(first) if first is not None else {}
    titles = {group.code: group.label.zh for group in standing.framework.groups}
    found = []
    for part in phrases.year:
        rates = {code: now[code] for code in part.groups if code in now}
        mean = sum(rates.values()) / len(rates) if rates else None
        earlier = [then[code] for code in rates if code in then]
        change = (
            mean - sum(earlier) / len(earlier) if mean is not None and len(earlier) == len(rates) else None
        )
        lacks = tuple(
            Shortfall(titles[code], rate, phrases.advice.get(code, ""))
            for code, rate in sorted(rates.items(), key=lambda pair: (pair[1], pair[0]))
            if rate < phrases.shortfall_below
        )
        found.append(YearDimension(part.title, mean, change, lacks))
    return tuple(found)


def _mean_rates(standing: Standing) -> Mapping[str, float]:
    means: pd.Series = standing.groups.groupby("group_code")["rate"].mean().dropna()
    return {str(code): float(mean) for code, mean in means.items()}


def _reason(standing: Standing, factors: pd.DataFrame, unit: str, *, rises: bool) -> str:
    """A veto, or the factor that moved the score most; '' where the score did not move the way the colour did."""
    of_unit = standing.items[standing.items["unit_code"] == unit]
    if not rises and of_unit["rule_code"].astype(str).str.startswith("veto.").any():
        return VETO
    own = factors[(factors["unit_code"] == unit) & (factors["state"] == "value")] if len(factors) else factors
    total = float(own["points"].sum())
    if own.empty or (total > 0) != rises:
        return ""
    largest = own.loc[own["points"].abs().sort_values(ascending=False, kind="stable").index[0], "factor"]
    return FACTOR_WORDS[str(largest)][0]
