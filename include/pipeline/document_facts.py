"""From one release to the facts of every document that follows from it, each with its file name and addressees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from include.documents.official.common import warning_words
from include.documents.official.distribution import Kind
from include.documents.official.facts import (
    ConfirmedWarning,
    FeedbackFacts,
    NoticeFacts,
    RectificationFacts,
    RectificationItem,
    ReportFacts,
    Term,
    TransferFacts,
)
from include.documents.official.feedback import render_feedback
from include.documents.official.figures import percent
from include.documents.official.notice import render_notice
from include.documents.official.rectify import render_rectification, render_transfer
from include.documents.official.report import render_report
from include.documents.official.templates import FILES
from include.pipeline.catalogue import contract_of
from include.pipeline.document_area import (
    area_groups,
    changes_of,
    colour_counts,
    common_problems,
    grade_counts,
    ranked_units,
    released,
    trend_of,
    warning_counts,
    year_dimensions,
)
from include.pipeline.document_drafting import Drafted, Drafting
from include.pipeline.document_standing import read_standing
from include.pipeline.document_units import (
    adjustment_scores,
    colour_of,
    indicator_scores,
    losses,
    unit_facts,
    warned_units,
    warnings_of,
)
from include.pipeline.terms import due_of
from include.pipeline.year_report import year_facts
from include.quarters import Quarter
from include.reviews.loop import loop_of
from include.scoring.when import Condition

RENDER: dict[Kind, Callable[..., bytes]] = {
    "warning_notice": render_notice,
    "feedback_form": render_feedback,
    "quarter_report": render_report,
    "year_report": render_report,
    "rectification_notice": render_rectification,
    "transfer_sheet": render_transfer,
}
QUARTERLY: tuple[Kind, ...] = ("warning_notice", "feedback_form", "quarter_report", "transfer_sheet")
"""What goes out every quarter unless other kinds are asked for."""


def drafts(
    connection: Connection, drafting: Drafting, kinds: Sequence[Kind], units: Sequence[str] = ()
) -> Iterator[Drafted]:
    """Every document of `kinds`, in a fixed order; with `units`, those to these units only."""
    standing = drafting.standing
    wanted = set(units)
    for kind in kinds:
        if kind in ("warning_notice", "rectification_notice"):
            for unit in warned_units(standing):
                if not wanted or unit in wanted:
                    yield _to_warned(drafting, kind, unit)
        elif kind == "feedback_form":
            for unit in sorted(standing.scores["unit_code"]):
                if not wanted or unit in wanted:
                    yield _feedback(drafting, unit)
        elif wanted:
            continue
        elif kind == "transfer_sheet":
            yield from _transfers(connection, drafting)
        else:
            yield _report(connection, drafting, kind)


def _file(kind: Kind, part: str) -> str:
    name, _, suffix = FILES[kind].partition(".")
    return f"{name}-{part}.{suffix}"


def _to_warned(drafting: Drafting, kind: Kind, unit: str) -> Drafted:
    standing = drafting.standing
    warnings = warnings_of(standing, unit)
    facts = unit_facts(standing, unit, colour=colour_of(warnings))
    paper = drafting.paper(kind, unit=facts.name)
    answer_by = drafting.term("answer")
    if kind == "rectification_notice":
        items = _items(drafting, unit, warnings)
        made: Any = RectificationFacts(paper, facts.name, items, answer_by)
    else:
        lost = losses(indicator_scores(standing, unit))
        made = NoticeFacts(paper, facts, warnings, lost, answer_by, drafting.term("object"))
    return Drafted(kind, unit, _file(kind, unit), made, answer_by)


def _items(
    drafting: Drafting, unit: str, warnings: tuple[ConfirmedWarning, ...]
) -> tuple[RectificationItem, ...]:
    """One item per confirmed warning: what its rule asks for, by when, and which post answers for it.

    Deadline, post and required action are those of the item on record; before one is opened, the pack's term from
    today and the unit's first post.
    """
    standing, phrases = drafting.standing, drafting.texts.phrases
    posts = standing.posts[standing.posts["unit_code"] == unit]
    titles = dict(zip(posts["post_code"], posts["title"], strict=True))
    first = next(iter(titles.values()), phrases.say("rectify_post"))
    rules = {one.code: one for one in standing.framework.warnings}
    loop = loop_of(standing.site, standing.release.framework_code)
    due = due_of(standing.site, loop.rectification.term, drafting.issued_on)
    shared = {on: task for (owner, _, on), task in standing.tasks.items() if owner == unit}
    found = []
    for one in warnings:
        limit = _rate_limit(rules[one.rule].when) if one.rule in rules else None
        goal = (
            phrases.say("rectify_goal_plain", target=one.target, title=one.title)
            if limit is None
            else phrases.say("rectify_goal", target=one.target, goal=percent(limit))
        )
        # A band has no item of its own beside that of a warning on the same index.
        task = standing.tasks.get((unit, one.rule, one.on)) or shared.get(one.on)
        deadline = Term(task.due_on, task.provisional) if task else Term(due.on, due.provisional)
        measure = "".join(dict.fromkeys(part for part in (one.advice, task.action if task else "") if part))
        post = str(titles.get(task.post, first) if task else first)
        found.append(RectificationItem(warning_words(one, phrases), goal, deadline, post, measure))
    return tuple(found)


def _rate_limit(when: Condition) -> float | None:
    """What a rate must reach for a rule of the kind `rate < x` to hold no more."""
    if len(when.comparisons) != 1:
        return None
    only = when.comparisons[0]
    return only.operand if only.term.name == "rate" and only.operator in ("<", "<=") else None


def _feedback(drafting: Drafting, unit: str) -> Drafted:
    standing = drafting.standing
    facts = unit_facts(standing, unit)
    object_by = drafting.term("object")
    made = FeedbackFacts(
        drafting.paper("feedback_form", unit=facts.name),
        facts,
        indicator_scores(standing, unit),
        adjustment_scores(standing, unit),
        object_by,
    )
    return Drafted("feedback_form", unit, _file("feedback_form", unit), made, object_by)


def _transfers(connection: Connection, drafting: Drafting) -> Iterator[Drafted]:
    standing = drafting.standing
    by_lead: dict[str, list[Any]] = {}
    for lead, problem, units in common_problems(connection, standing, drafting.texts.phrases):
        if lead:
            by_lead.setdefault(lead, []).append((problem, units))
    answer_by = drafting.term("answer")
    for lead, found in sorted(by_lead.items()):
        department = found[0][0].lead
        made = TransferFacts(
            drafting.paper("transfer_sheet", department=department),
            department,
            tuple(problem for problem, _ in found),
            answer_by,
            tuple(dict.fromkeys(name for _, units in found for name in units)),
        )
        yield Drafted("transfer_sheet", "", _file("transfer_sheet", lead), made, answer_by)


def _report(connection: Connection, drafting: Drafting, kind: Kind) -> Drafted:
    standing, phrases = drafting.standing, drafting.texts.phrases
    release = standing.release
    year = kind == "year_report"
    period = release.period[:4] if year else release.period
    dimensions: tuple[Any, ...] = ()
    if year:
        quarters = Quarter.parse(release.period).number
        in_year = released(connection, release, quarters)
        first = next(iter(in_year.values()))
        beginning = read_standing(connection, standing.site, first) if first != release else None
        dimensions = year_dimensions(standing, beginning, phrases)
    settled = year_facts(connection, standing, phrases) if year else None
    made = ReportFacts(
        paper=drafting.paper(kind, period=period),
        full=standing.full,
        colours=colour_counts(standing),
        grades=grade_counts(standing),
        groups=area_groups(standing, drafting.previous),
        trend=trend_of(connection, standing),
        changes=changes_of(connection, standing, drafting.previous),
        problems=tuple(problem for _, problem, _ in common_problems(connection, standing, phrases)),
        warnings=warning_counts(standing),
        units=ranked_units(standing),
        missing_feeds=_feed_titles(drafting),
        draws=standing.draws,
        dimensions=dimensions,
        taken_from=release.period if year else "",
    )
    if settled is not None:
        made = replace(made, **vars(settled), taken_from="")
    return Drafted(kind, "", _file(kind, period), made)


def _feed_titles(drafting: Drafting) -> tuple[str, ...]:
    site = drafting.standing.site
    return tuple(
        contract_of(site, feed).title.zh if feed in site.settings.feeds else feed
        for feed in drafting.standing.release.missing_feeds
    )
