"""What all documents of one issue share, and one document before it has its number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from include.documents.official.distribution import Kind, addressed
from include.documents.official.facts import Paper, Term
from include.documents.official.figures import period_words
from include.pipeline.document_area import released
from include.pipeline.document_standing import Standing, read_standing
from include.pipeline.document_texts import DocumentTexts, ask_of
from include.pipeline.terms import due_of
from include.reviews.loop import loop_of


@dataclass(frozen=True)
class Drafted:
    """One document that may be issued: its facts, lacking only its number."""

    kind: Kind
    unit: str
    """Code of the unit; '' for the area."""
    file_name: str
    facts: Any
    answer_by: Term | None = None

    @property
    def paper(self) -> Paper:
        """What it says of itself."""
        paper: Paper = self.facts.paper
        return paper

    def numbered(self, number: str) -> Drafted:
        """The same document with its number."""
        return replace(self, facts=replace(self.facts, paper=replace(self.paper, number=number)))


@dataclass(frozen=True)
class Drafting:
    """What all documents of one issue share."""

    standing: Standing
    previous: Standing | None
    texts: DocumentTexts
    issued_on: date
    audit_head: str

    @property
    def area(self) -> str:
        """Name of the area."""
        areas = self.standing.site.settings.jurisdictions
        return next(one.name.zh for one in areas if one.code == self.standing.release.jurisdiction)

    def term(self, name: str) -> Term:
        """The last day of a term of the framework's loop, counted from the day of issue."""
        site, framework = self.standing.site, self.standing.release.framework_code
        due = due_of(site, getattr(loop_of(site, framework), name), self.issued_on)
        return Term(due.on, due.provisional)

    def paper(self, kind: Kind, *, period: str = "", unit: str = "", department: str = "") -> Paper:
        """What a document says of itself, its number still to come."""
        release, framework = self.standing.release, self.standing.framework
        title = framework.title.zh if framework.title else framework.framework
        shown = period or release.period
        said = addressed(
            self.texts.distribution,
            kind,
            area=self.area,
            unit=unit,
            department=department,
            period=period_words(shown),
            framework=title,
        )
        return Paper(
            title=said.title,
            area=self.area,
            issuer=said.issuer,
            framework=title,
            framework_version=release.framework_version,
            period=shown,
            revision=release.revision,
            status=self.standing.status,
            number="",
            issued_on=self.issued_on,
            released_at=release.created_at,
            to=said.to,
            copies=said.copies,
            purpose=said.purpose,
            ask=ask_of(self.standing.site, self.texts.distribution, area=self.area),
            result_digest=release.result_digest,
            audit_head=self.audit_head,
        )


def previous_standing(connection: Connection, standing: Standing) -> Standing | None:
    """The release of the quarter before, where there is one."""
    release = standing.release
    before = released(connection, release, 2)
    return next(
        (
            read_standing(connection, standing.site, one)
            for period, one in before.items()
            if period != release.period
        ),
        None,
    )
