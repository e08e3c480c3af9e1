"""评价报告: the area in a quarter or a year."""

from __future__ import annotations

from typing import Any

from include.documents.official.charts import WIDTH_MM, colours_chart, trend_chart
from include.documents.official.common import common, numbered, properties_of
from include.documents.official.facts import RankedUnit, ReportFacts, UnitChange, YearDimension
from include.documents.official.figures import (
    colour_words,
    percent,
    period_words,
    plain,
    points,
    short_rank,
)
from include.documents.official.phrases import Phrases
from include.documents.official.small_cells import NOTHING
from include.documents.official.templates import Template
from include.documents.official.word import Picture, fill_word


def render_report(facts: ReportFacts, template: Template, phrases: Phrases) -> bytes:
    """The report as .docx, of a quarter or, with `dimensions`, of a year; TemplateError for the template."""
    pictures = {
        "colour_chart": Picture(colours_chart(facts.colours), WIDTH_MM, "各类单位的颜色分布"),
        "trend_chart": Picture(trend_chart(facts.trend), WIDTH_MM, "各类单位平均指数的走势"),
    }
    return fill_word(template, report_context(facts, phrases), properties_of(facts.paper), pictures)


def report_context(facts: ReportFacts, phrases: Phrases) -> dict[str, Any]:
    """The texts of the report by placeholder."""
    paper = facts.paper
    total = {
        colour: sum(getattr(one, colour) for one in facts.colours)
        for colour in ("units", "green", "yellow", "red", "unrated")
    }
    problems = _problems(facts, phrases)
    context = {
        **common(paper, phrases),
        "opening": phrases.say(
            "report_opening",
            period=period_words(paper.period),
            area=paper.area,
            framework=paper.framework,
            version=paper.framework_version,
            units=total["units"],
            rated=total["units"] - total["unrated"],
        ),
        "grades": _grades(facts, phrases),
        "colours": phrases.say("report_colours", **total),
        "colour_rows": [
            {
                "peer_group": one.peer_group,
                **{name: getattr(one, name) for name in ("units", "green", "yellow", "red", "unrated")},
            }
            for one in facts.colours
        ],
        "groups": [{"text": _group_words(one, phrases)} for one in facts.groups],
        "changed": _changed(facts, phrases),
        "moves": numbered(
            [_move_words("report_better", one, phrases) for one in facts.changes.better]
            + [_move_words("report_worse", one, phrases) for one in facts.changes.worse]
        ),
        "problems": problems,
        "no_problems": "" if problems else phrases.say("report_no_problems"),
        "warnings": phrases.say(
            "report_warnings",
            raised=sum(one.raised for one in facts.warnings),
            confirmed=sum(one.confirmed for one in facts.warnings),
        ),
        "missing": (
            phrases.say("report_missing", feeds="、".join(facts.missing_feeds)) if facts.missing_feeds else ""
        ),
        "methods": numbered(_methods(facts, phrases)),
        "ranked": [_ranked(one) for one in facts.units],
    }
    if facts.dimensions:
        context["taken"] = (
            phrases.say("year_taken", taken=period_words(facts.taken_from)) if facts.taken_from else ""
        )
        context["dimensions"] = [
            _dimension(number, one, phrases) for number, one in enumerate(facts.dimensions, 1)
        ]
    return context


def _grades(facts: ReportFacts, phrases: Phrases) -> str:
    said = "，".join(phrases.say("report_grade", grade=one.grade, units=one.units) for one in facts.grades)
    return phrases.say("report_grades", grades=said) if said else ""


def _group_words(one: Any, phrases: Phrases) -> str:
    change = ""
    if one.rate is not None and one.peer_median is not None:
        change = phrases.say("group_change", change=_by(one.rate - one.peer_median, phrases))
        if points(abs(one.rate - one.peer_median) * 100, 1) == "0.0":
            change = f"，较上期{phrases.say('level')}"
    return phrases.say("report_group", title=one.title, rate=percent(one.rate), change=change)


def _by(change: float, phrases: Phrases) -> str:
    """A change of a rate in percentage points."""
    return phrases.say("up" if change > 0 else "down", by=points(abs(change) * 100, 1))


def _changed(facts: ReportFacts, phrases: Phrases) -> str:
    changes = facts.changes
    if not changes.previous:
        return phrases.say("report_no_previous")
    previous = period_words(changes.previous)
    if changes.better or changes.worse:
        said = phrases.say(
            "report_changed", previous=previous, better=len(changes.better), worse=len(changes.worse)
        )
    else:
        said = phrases.say("report_unchanged", previous=previous)
    if changes.version_before and changes.version_before != facts.paper.framework_version:
        said += phrases.say(
            "report_version", before=changes.version_before, now=facts.paper.framework_version
        )
    return said


def _move_words(sentence: str, one: UnitChange, phrases: Phrases) -> str:
    return phrases.say(
        sentence,
        name=one.name,
        colour_before=colour_words(one.colour_before),
        colour=colour_words(one.colour),
        before=points(one.before),
        after=points(one.after),
        reason=phrases.say("reason", factor=one.reason) if one.reason else "",
    )


def _problems(facts: ReportFacts, phrases: Phrases) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "text": phrases.say(
                "report_problem",
                peer_group=one.peer_group,
                title=one.title,
                low=one.low_units,
                rated=one.rated_units,
                share=percent(one.low_units / one.rated_units),
            ),
            "lead": one.lead or NOTHING,
            "form": one.form or NOTHING,
        }
        for number, one in enumerate(facts.problems, 1)
    ]


def _methods(facts: ReportFacts, phrases: Phrases) -> list[str]:
    full = plain(facts.full)
    ranks = phrases.say("method_bands", draws=facts.draws) if facts.draws else phrases.say("method_ranks")
    return [
        phrases.say("method_points", full=full),
        ranks,
        phrases.say("method_review"),
        phrases.say("method_source"),
    ]


def _ranked(one: RankedUnit) -> dict[str, Any]:
    return {
        "band": one.rank.band if one.rank.is_interval and one.rank.band else NOTHING,
        "name": one.name,
        "peer_group": one.peer_group,
        "points": points(one.published),
        "grade": one.grade or NOTHING,
        "colour": colour_words(one.colour),
        "rank": short_rank(one.rank),
        "sure": percent(one.certainty),
    }


def _dimension(number: int, one: YearDimension, phrases: Phrases) -> dict[str, Any]:
    if one.mean_rate is None:
        text = phrases.say("year_dimension_none", title=one.title)
    else:
        change = ""
        if one.change is not None and points(abs(one.change) * 100, 1) != "0.0":
            change = phrases.say("year_change", change=_by(one.change, phrases))
        text = phrases.say("year_dimension", title=one.title, rate=percent(one.mean_rate), change=change)
    shortfalls = [
        phrases.say("year_shortfall", title=lack.title, rate=percent(lack.rate)) for lack in one.shortfalls
    ]
    measures = [
        phrases.say("year_measure", title=lack.title, advice=lack.measure or phrases.say("year_measure_none"))
        for lack in one.shortfalls
    ]
    return {
        "number": number,
        "title": one.title,
        "text": text,
        "shortfalls": "".join(shortfalls)
        or (NOTHING if one.mean_rate is None else phrases.say("year_no_shortfall")),
        "measures": "".join(measures) or NOTHING,
    }
