"""What follows a finished review: the period on show where the pack asks for one, then the documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from include.pipeline.catalogue import packs_of
from include.pipeline.issuing import IssueRefused, IssueReport, issue
from include.pipeline.publicity import OnShow, publicity_of
from include.quarters import Quarter
from include.reviews.loop import loop_of
from include.site import Site
from include.warehouse import releases, reviews
from include.warehouse.errors import UnknownRelease
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import open_warehouse, reading

AUTOMATIC = "issue_notices"
"""The account that issues by itself, where site.yaml lists it as issuer."""


@dataclass(frozen=True)
class Issued:
    """What issuing came to for one framework."""

    framework: str
    report: IssueReport | None
    """None where nothing was issued."""
    sentence: str = ""
    """Why nothing was."""


def on_show(site: Site, review_id: int, *, now: datetime) -> Literal["waiting", "over", "superseded"]:
    """Whether the list of a completed review still has to be on show; superseded once another release is final.

    Raises:
        UnknownRelease: there is no such review.
    """
    with reading(open_warehouse(site.warehouse_url)) as connection:
        made = reviews.get_review(connection, review_id)
        if made is None:
            raise UnknownRelease(f"没有审核 {review_id}。", f"There is no review {review_id}.")
        key = ReleaseKey(made.jurisdiction, made.framework_code, made.period)
        final = releases.current(connection, key, kind="final")
    if final is None or final.release_id != made.release_id:
        return "superseded"
    return "waiting" if publicity_of(site, key, now=now).blocks else "over"


def issue_quarter(
    site: Site, jurisdiction: str, quarter: Quarter, *, account: str, now: datetime
) -> list[Issued]:
    """Issue the documents of every framework of a quarter that may go out; what stands already is not issued twice.

    The account `AUTOMATIC` leaves out frameworks whose loop says `issue_by: hand`.

    Raises:
        include.pipeline.access.NotAllowed: the account may not issue here.
        include.documents.official.errors.DocumentError: a template or a text cannot be used.
        ConfigError: the ring has no key for signatures, or a text of the site is wrong.
    """
    found = []
    for framework in sorted(pack.framework.framework for pack in packs_of(site, quarter)):
        if account == AUTOMATIC and loop_of(site, framework).issue_by == "hand":
            found.append(Issued(framework, None, "由人工出具。 Issued by hand."))
            continue
        key = ReleaseKey(jurisdiction, framework, str(quarter))
        try:
            found.append(Issued(framework, issue(site, key, account=account, now=now)))
        except (IssueRefused, OnShow) as refusal:
            found.append(Issued(framework, None, str(refusal)))
    return found
