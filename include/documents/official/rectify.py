"""整改通知书 and 共性问题移交单: what one unit puts right, and what a department in charge takes on."""

from __future__ import annotations

from typing import Any

from include.documents.official.common import common, properties_of
from include.documents.official.facts import CommonProblem, RectificationFacts, TransferFacts
from include.documents.official.figures import percent, period_words, short_term, term_words
from include.documents.official.free_text import check_free_text
from include.documents.official.phrases import Phrases
from include.documents.official.templates import Template
from include.documents.official.word import fill_word


def render_rectification(facts: RectificationFacts, template: Template, phrases: Phrases) -> bytes:
    """The rectification notice as .docx; TemplateError, PersonalText."""
    return fill_word(template, rectification_context(facts, phrases), properties_of(facts.paper))


def rectification_context(facts: RectificationFacts, phrases: Phrases) -> dict[str, Any]:
    """Its texts by placeholder."""
    items = [
        {
            "number": number,
            "problem": check_free_text(item.problem, where="整改问题"),
            "goal": check_free_text(item.goal, where="整改目标"),
            "measure": check_free_text(item.measure, where="整改措施"),
            "deadline": short_term(item.deadline),
            "post": item.post,
        }
        for number, item in enumerate(facts.items, 1)
    ]
    return {
        **common(facts.paper, phrases),
        "unit": facts.unit_name,
        "opening": phrases.say(
            "rectify_opening", period=period_words(facts.paper.period), framework=facts.paper.framework
        ),
        "items": items,
        "answer": phrases.say("rectify_answer", day=term_words(facts.answer_by)),
        "answer_by": term_words(facts.answer_by),
    }


def render_transfer(facts: TransferFacts, template: Template, phrases: Phrases) -> bytes:
    """The transfer sheet as .docx; TemplateError, PersonalText."""
    return fill_word(template, transfer_context(facts, phrases), properties_of(facts.paper))


def transfer_context(facts: TransferFacts, phrases: Phrases) -> dict[str, Any]:
    """Its texts by placeholder."""
    return {
        **common(facts.paper, phrases),
        "department": facts.department,
        "opening": phrases.say(
            "transfer_opening", period=period_words(facts.paper.period), framework=facts.paper.framework
        ),
        "problems": [_problem(number, one, phrases) for number, one in enumerate(facts.problems, 1)],
        "units": "、".join(facts.units),
        "answer": phrases.say("transfer_answer", day=term_words(facts.answer_by)),
        "answer_by": term_words(facts.answer_by),
    }


def _problem(number: int, one: CommonProblem, phrases: Phrases) -> dict[str, Any]:
    share = percent(one.low_units / one.rated_units)
    advice = one.advice or phrases.advice.get(one.indicator, "") or phrases.say("transfer_advice_none")
    return {
        "number": number,
        "text": phrases.say(
            "transfer_problem",
            title=one.title,
            peer_group=one.peer_group,
            rated=one.rated_units,
            low=one.low_units,
            share=share,
        ),
        "form": one.form or "—",
        "low": one.low_units,
        "rated": one.rated_units,
        "share": share,
        "advice": check_free_text(advice, where="整治建议"),
    }
