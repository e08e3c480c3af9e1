"""评价情况反馈表: every score of one unit, with room for its objections."""

from __future__ import annotations

from typing import Any

from include.documents.official.common import common, group_row, properties_of
from include.documents.official.facts import FeedbackFacts, GroupScore, IndicatorScore
from include.documents.official.figures import (
    STATES,
    colour_words,
    percent,
    plain,
    points,
    rank_words,
    term_words,
)
from include.documents.official.phrases import Phrases
from include.documents.official.sheet import fill_sheet
from include.documents.official.small_cells import NOTHING, counted_words
from include.documents.official.templates import Template

_KINDS = {"bonus": "加分", "deduction": "减分", "veto": "否决"}


def render_feedback(facts: FeedbackFacts, template: Template, phrases: Phrases) -> bytes:
    """The form as .xlsx; TemplateError for the template."""
    return fill_sheet(template, feedback_context(facts, phrases), properties_of(facts.paper))


def feedback_context(facts: FeedbackFacts, phrases: Phrases) -> dict[str, Any]:
    """The texts of the form by placeholder."""
    unit, ask = facts.unit, facts.paper.ask
    rate = None if unit.published is None else unit.published / unit.full
    return {
        **common(facts.paper, phrases),
        "unit": unit.name,
        "unit_code": unit.code,
        "total": points(unit.published),
        "full": plain(unit.full),
        "rate": percent(rate),
        "level": colour_words(unit.colour),
        "grade": unit.grade or NOTHING,
        "rank": rank_words(unit.rank),
        "how": phrases.say("feedback_how"),
        "back": phrases.say(
            "feedback_return", day=term_words(facts.object_by), department=ask.department, role=ask.role
        ),
        "object_by": term_words(facts.object_by),
        "groups": [_group(one) for one in unit.groups],
        "indicators": [_indicator(number, one) for number, one in enumerate(facts.indicators, 1)],
        "adjustments": [
            {
                "code": one.code,
                "title": one.title,
                "kind": _KINDS.get(one.kind, one.kind),
                "points": points(one.points),
            }
            for one in facts.adjustments
        ],
    }


def _group(one: GroupScore) -> dict[str, Any]:
    lost = None if one.rate is None or one.points is None else max(0.0, one.full - one.points)
    title = "　" * (one.depth - 1) + one.title
    return {
        **group_row(one),
        "title": title,
        "code": one.code,
        "lost": points(lost),
        "state": STATES.get(one.state, one.state),
    }


def _indicator(number: int, one: IndicatorScore) -> dict[str, Any]:
    return {
        "number": number,
        "code": one.code,
        "group": one.group,
        "title": one.title,
        "full": plain(one.full),
        "points": points(one.points),
        "lost": points(one.lost),
        "counted": counted_words(one.counted),
        "rated_by": one.rated_by,
        "state": STATES.get(one.state, one.state),
    }
