"""预警通知书: what one warned unit is told."""

from __future__ import annotations

from typing import Any

from include.documents.official.charts import WIDTH_MM, rates_chart
from include.documents.official.common import (
    advice_of,
    common,
    group_row,
    numbered,
    opening_words,
    properties_of,
    standing_words,
    warning_words,
)
from include.documents.official.facts import IndicatorScore, NoticeFacts
from include.documents.official.figures import colour_words, percent, plain, points, term_words
from include.documents.official.phrases import Phrases
from include.documents.official.small_cells import counted_words as counted
from include.documents.official.small_cells import may_be_shown
from include.documents.official.templates import Template
from include.documents.official.word import Picture, fill_word

LOWEST = 3
"""How many of the lowest dimensions are listed."""


def render_notice(facts: NoticeFacts, template: Template, phrases: Phrases) -> bytes:
    """The notice as .docx; TemplateError for the template, PersonalText for an advice that may not be printed."""
    classes = [group for group in facts.unit.groups if group.depth == 1]
    lowest = _lowest(facts)
    chart = Picture(
        rates_chart([*classes, *lowest]), WIDTH_MM, "各大类和得分率最低维度的得分率，与同类单位中位比较"
    )
    return fill_word(template, notice_context(facts, phrases), properties_of(facts.paper), {"chart": chart})


def notice_context(facts: NoticeFacts, phrases: Phrases) -> dict[str, Any]:
    """The texts of the notice by placeholder."""
    unit = facts.unit
    problems = [warning_words(one, phrases) for one in facts.warnings]
    losses = [_loss_words(one, phrases) for one in facts.losses] or [phrases.say("no_losses")]
    return {
        **common(facts.paper, phrases),
        "unit": unit.name,
        "opening": opening_words(facts.paper, unit, phrases),
        "standing": standing_words(unit, phrases),
        "total": points(unit.published),
        "rate": percent(None if unit.published is None else unit.published / unit.full),
        "level": colour_words(unit.colour),
        "classes": [group_row(group) for group in unit.groups if group.depth == 1],
        "dimensions": [group_row(group) for group in _lowest(facts)],
        "problems": numbered(problems),
        "losses": numbered(losses),
        "advice": numbered(advice_of(facts.warnings, phrases)),
        "answer": phrases.say(
            "answer", day=term_words(facts.answer_by), object_day=term_words(facts.object_by)
        ),
        "answer_by": term_words(facts.answer_by),
    }


def _lowest(facts: NoticeFacts) -> list[Any]:
    below = [group for group in facts.unit.groups if group.depth > 1 and group.rate is not None]
    return sorted(below, key=lambda group: (group.rate, group.code))[:LOWEST]


def _loss_words(one: IndicatorScore, phrases: Phrases) -> str:
    values = {
        "title": phrases.problems.get(one.code, one.title),
        "lost": points(one.lost),
        "points": points(one.points),
        "full": plain(one.full),
    }
    has_pair = one.counted.denominator is not None and one.counted.numerator is not None
    if has_pair and may_be_shown(one.counted):
        return phrases.say("loss_counted", **values, counted=counted(one.counted))
    return phrases.say("loss", **values)
