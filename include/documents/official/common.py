"""What all documents share: who issues them, on what basis, to whom, with which reservations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from include.documents.official.facts import Ask, ConfirmedWarning, GroupScore, Paper, UnitFacts
from include.documents.official.figures import (
    STATUSES,
    change_words,
    colour_words,
    date_words,
    percent,
    period_words,
    plain,
    points,
    rank_words,
)
from include.documents.official.free_text import check_free_text
from include.documents.official.packing import Properties
from include.documents.official.phrases import Phrases

_SHOWN_DIGEST = 12


def common(paper: Paper, phrases: Phrases) -> dict[str, Any]:
    """The placeholders of every kind."""
    return {
        "title": paper.title,
        "area": paper.area,
        "issuer": paper.issuer,
        "number": paper.number,
        "date": date_words(paper.issued_on),
        "to": "、".join(paper.to),
        "copies": "、".join(paper.copies),
        "purpose": paper.purpose,
        "period": period_words(paper.period),
        "framework": paper.framework,
        "version": paper.framework_version,
        "revision": paper.revision,
        "status": STATUSES.get(paper.status, paper.status),
        "contact": contact_words(paper.ask, phrases),
        "basis": phrases.say(
            "basis",
            area=paper.area,
            framework=paper.framework,
            version=paper.framework_version,
            period=period_words(paper.period),
            revision=paper.revision,
            status=STATUSES.get(paper.status, paper.status),
            digest=paper.result_digest[:_SHOWN_DIGEST],
            audit=paper.audit_head[:_SHOWN_DIGEST],
        ),
        "caveats": [{"text": phrases.say(name)} for name in ("caveat_lead", "caveat_counts")],
    }


def properties_of(paper: Paper) -> Properties:
    """What the file says of itself."""
    return Properties(paper.title, paper.issuer, paper.released_at)


def contact_words(ask: Ask, phrases: Phrases) -> str:
    """Whom to ask."""
    name = "ask" if ask.phone else "ask_no_phone"
    return phrases.say(name, department=ask.department, role=ask.role, phone=ask.phone)


def numbered(texts: Iterable[str]) -> list[dict[str, Any]]:
    """Items of a list placeholder."""
    return [{"number": number, "text": text} for number, text in enumerate(texts, 1)]


def group_row(group: GroupScore) -> dict[str, str]:
    """A group as a row of a table."""
    return {
        "title": group.title,
        "full": plain(group.full),
        "points": points(group.points),
        "rate": percent(group.rate),
        "peer": percent(group.peer_median),
    }


def standing_words(unit: UnitFacts, phrases: Phrases) -> str:
    """The rank as a band, and how sure the colour is; '' where it was not rated."""
    if not unit.rank.low:
        return ""
    said = phrases.say("rank", rank=rank_words(unit.rank))
    if unit.certainty is not None:
        said += phrases.say("certainty", share=percent(unit.certainty))
    return said


def opening_words(paper: Paper, unit: UnitFacts, phrases: Phrases) -> str:
    """Total, rate, grade and level in one sentence."""
    values: dict[str, object] = {
        "period": period_words(paper.period),
        "framework": paper.framework,
        "colour": colour_words(unit.colour),
    }
    if unit.published is None:
        return phrases.say("notice_unrated", **values)
    change = change_words(unit.change)
    values |= {
        "published": points(unit.published),
        "full": plain(unit.full),
        "rate": percent(unit.published / unit.full),
        "grade": unit.grade,
        "change": phrases.say("change", change=change) if change else "",
    }
    return phrases.say("notice_opening" if unit.grade else "notice_opening_no_grade", **values)


def warning_words(warning: ConfirmedWarning, phrases: Phrases) -> str:
    """A confirmed warning as a problem."""
    if warning.rule in phrases.problems:
        return phrases.problems[warning.rule]
    values = {"target": warning.target, "title": warning.title, "colour": colour_words(warning.colour)}
    if warning.rate is None:
        return phrases.say("warning", **values)
    return phrases.say("warning_rate", **values, rate=percent(warning.rate))


def advice_of(warnings: Iterable[ConfirmedWarning], phrases: Phrases) -> list[str]:
    """Advice once each, in the order of the warnings; checked, since a reviewer may have written it."""
    found = dict.fromkeys(one.advice.strip() for one in warnings if one.advice.strip())
    checked = [check_free_text(text, where="建议") for text in found]
    return checked or [phrases.say("advice_none")]
