"""What documents say of units, read from one release: scores, losses, rank bands, confirmed warnings."""

from __future__ import annotations

from typing import Any

from include.documents.official.facts import (
    AdjustmentScore,
    ConfirmedWarning,
    GroupScore,
    IndicatorScore,
    RankBand,
    UnitFacts,
)
from include.documents.official.small_cells import Counted
from include.documents.reason_words import titles_of
from include.pipeline.document_standing import Standing, in_order, number_of
from include.pipeline.document_texts import department_of

MOST_LOSSES = 5
"""How many indicators a notice lists."""
VETO = "触发否决事项"
_WORST = {"red": 0, "yellow": 1, "green": 2, "": 3}


def unit_facts(standing: Standing, unit: str, *, colour: str | None = None) -> UnitFacts:
    """How a unit stands; `colour` instead of the published one where only some warnings were confirmed."""
    row, sure = standing.scored[unit], standing.sure
    shown = str(row["colour"]) if colour is None else colour
    chance = None
    if unit in sure and shown and shown == row["colour"]:
        chance = number_of(sure[unit][f"p_{shown}"])
    grades = standing.grades
    return UnitFacts(
        code=unit,
        name=standing.names.get(unit, unit),
        published=number_of(row["published"]),
        full=standing.full,
        grade=grades.get(str(row["grade"]), str(row["grade"])),
        colour=shown,
        change=number_of(row["change"]),
        rank=rank_band(standing, unit),
        groups=_groups(standing, unit, str(row["peer_group"])),
        certainty=chance,
    )


def rank_band(standing: Standing, unit: str) -> RankBand:
    """The unit's rank among its peers as an interval and a tied band; the plain rank without certainty."""
    row, sure = standing.scored[unit], standing.sure
    peers, group = int(row["peers"]), standing.peer_groups.get(str(row["peer_group"]), str(row["peer_group"]))
    if unit in sure and int(sure[unit]["band"]):
        own = sure[unit]
        return RankBand(
            int(own["rank_low"]),
            int(own["rank_high"]),
            int(own["band"]),
            int(own["band_units"]),
            peers,
            group,
        )
    if number_of(row["rank"]) is None:
        return RankBand(0, 0, 0, 0, peers, group)
    return RankBand(int(row["rank"]), int(row["rank"]), 0, 0, peers, group, is_interval=False)


def indicator_scores(standing: Standing, unit: str) -> tuple[IndicatorScore, ...]:
    """Every indicator of a unit in the framework's order, with the counts behind it."""
    own, counts = standing.indicator_rows.get(unit, {}), standing.measure_rows.get(unit, {})
    groups = {group.code: group.label.zh for group in standing.framework.groups}
    found = []
    for one in standing.framework.indicators:
        if one.code not in own:
            continue
        row = own[one.code]
        points, attainable = number_of(row["points"]), number_of(row["attainable"])
        lost = (attainable or 0.0) - (points or 0.0) if points is not None else 0.0
        found.append(
            IndicatorScore(
                code=one.code,
                title=one.label.zh,
                group=groups.get(one.group or "", ""),
                points=points,
                full=float(one.points or attainable or 0.0),
                attainable=attainable,
                lost=max(0.0, lost),
                state=str(row["state"]),
                counted=Counted(None) if one.rated_by else _counted(counts, one.measure or one.code),
                rated_by=department_of(standing.site, standing.department(one)),
            )
        )
    return tuple(found)


def losses(scores: tuple[IndicatorScore, ...]) -> tuple[IndicatorScore, ...]:
    """Those that lost most, the largest loss first."""
    lost = [one for one in scores if round(one.lost, 2) > 0]
    return tuple(sorted(lost, key=lambda one: (-round(one.lost, 9), one.code))[:MOST_LOSSES])


def adjustment_scores(standing: Standing, unit: str) -> tuple[AdjustmentScore, ...]:
    """Bonuses and deductions that came to something, and vetoes that struck."""
    own = standing.adjustment_rows.get(unit, {})
    struck = {
        str(item.rule_code) for item in standing.items[standing.items["unit_code"] == unit].itertuples()
    }
    found = []
    for one in standing.framework.adjustments:
        if one.code not in own:
            continue
        points = number_of(own[one.code]["points"])
        if points or f"veto.{one.code}" in struck:
            found.append(AdjustmentScore(one.code, one.label.zh, one.kind, points))
    return tuple(found)


def warned_units(standing: Standing) -> tuple[str, ...]:
    """Codes of the units with a confirmed warning, in order."""
    return tuple(sorted(set(standing.confirmed["unit_code"])))


def warnings_of(standing: Standing, unit: str) -> tuple[ConfirmedWarning, ...]:
    """The confirmed warnings of a unit, the worst first, else in the framework's order.

    A colour band that says of the same target what a warning rule says already is left out. No figure but a score rate
    travels along: what a warning counted may be a small count.
    """
    own = standing.confirmed[standing.confirmed["unit_code"] == unit]
    titles = titles_of(standing.framework)
    rules = {one.code: one for one in standing.framework.warnings}
    said = {row.target for row in own.itertuples() if row.rule_code in rules}
    found = []
    for row in own.itertuples():
        if row.rule_code == "band" and row.target in said:
            continue
        target = titles[str(row.target)].zh if str(row.target) in titles else str(row.target)
        rule = rules.get(str(row.rule_code))
        advice = str(row.advice_zh) or (
            rule.advice.zh if rule is not None and rule.advice is not None else ""
        )
        found.append(
            ConfirmedWarning(
                rule=str(row.rule_code),
                title=rule.label.zh if rule is not None else _plain_title(str(row.rule_code)),
                target=target,
                colour=str(row.colour),
                rate=_rate(standing, unit, str(row.target)),
                advice=advice,
                on=str(row.target),
            )
        )
    order = {code: place for place, code in enumerate(rules)}
    return tuple(
        sorted(
            found, key=lambda one: (_WORST[one.colour], order.get(one.rule, len(order)), one.rule, one.target)
        )
    )


def colour_of(warnings: tuple[ConfirmedWarning, ...]) -> str:
    """The worst colour of what was confirmed."""
    return min((one.colour for one in warnings), key=lambda colour: _WORST[colour], default="")


def _plain_title(rule: str) -> str:
    return "得分在颜色界限以下" if rule == "band" else VETO


def _rate(standing: Standing, unit: str, target: str) -> float | None:
    kind, _, code = target.partition(".")
    if kind == "index":
        published = number_of(standing.scored[unit]["published"])
        return None if published is None else published / standing.full
    if kind == "groups":
        row = standing.group_rows.get(unit, {}).get(code)
        return number_of(row["rate"]) if row is not None else None
    return None


def _groups(standing: Standing, unit: str, peer_group: str) -> tuple[GroupScore, ...]:
    own = standing.group_rows.get(unit, {})
    found = []
    for group in in_order(standing.framework):
        if group.code not in own:
            continue
        row = own[group.code]
        found.append(
            GroupScore(
                code=group.code,
                title=group.label.zh,
                depth=int(row["depth"]),
                points=number_of(row["points"]),
                full=number_of(row["attainable"]) or float(group.points or 0.0),
                rate=number_of(row["rate"]),
                peer_median=standing.medians.get((peer_group, group.code)),
                state=str(row["state"]),
            )
        )
    return tuple(found)


def _counted(counts: dict[str, dict[str, Any]], column: str) -> Counted:
    """The counts behind a measure, where they are whole numbers: sums of marks are no counts."""
    row = counts.get(column)
    if row is None:
        return Counted(None)
    top, below = number_of(row["numerator"]), number_of(row["denominator"])
    if row["state"] != "value" or any(one is not None and one != int(one) for one in (top, below)):
        return Counted(None)
    return Counted(top, below, int(row["n"]) or None)
