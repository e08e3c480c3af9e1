"""Two people in turn decide on a quarter's warnings; then, and only then, its release is final.

An answer is bound to the digest of the list that was seen, and is void once anything has changed. It is stored with
its audit entry and its effect in one transaction; the same answer given twice has its effect once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select

from include.feeds.persons import without_persons
from include.pipeline.access import accounts_for, authorise
from include.pipeline.catalogue import packs_of
from include.pipeline.ready import is_outdated
from include.pipeline.year_figures import is_year_outdated
from include.quarters import Quarter
from include.reviews.year import quarterly_code
from include.site import Site
from include.warehouse import releases, reviews
from include.warehouse.errors import WarehouseError
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.reviews import Answer, Decision, Review, confirmed_warnings
from include.warehouse.store import lock, open_warehouse, reading, writing
from include.warehouse.tables import release_status

ACTS = {1: "review_first", 2: "review_second"}

__all__ = [
    "Outcome",
    "ReviewEnded",
    "ReviewRefused",
    "accounts_for",
    "answer",
    "confirmed_warnings",
    "item_key",
    "open_review",
    "open_reviews",
]

Outcome = Literal["next_step", "final", "sent_back"]


class ReviewRefused(WarehouseError):
    """The answer is not taken; the review waits for another one."""


class ReviewEnded(WarehouseError):
    """The review has ended: superseded by a revision, withdrawn, or decided already."""


def open_reviews(site: Site, jurisdiction: str, quarter: Quarter, *, now: datetime, actor: str) -> list[int]:
    """Open a review of each framework's current provisional release; return the numbers of those that are open.

    One round is open at a time. A release that was sent back gets its next round; a final one gets none.
    """
    with writing(open_warehouse(site.warehouse_url)) as connection:
        opened = [
            open_review(
                connection,
                ReleaseKey(jurisdiction, pack.framework.framework, str(quarter)),
                now=now,
                actor=actor,
            )
            for pack in packs_of(site, quarter)
        ]
    return [review_id for review_id in opened if review_id is not None]


def open_review(connection: Connection, key: ReleaseKey, *, now: datetime, actor: str) -> int | None:
    """Open a review of a key's current provisional release, or find the one that is open; None where none is due."""
    lock(connection, "review", str(key))
    release = releases.current(connection, key)
    if release is None or releases.latest_status(connection, release.release_id) != "provisional":
        return None
    rounds = reviews.reviews_of(connection, release.release_id)
    if rounds and not rounds[-1].outcome:
        return rounds[-1].review_id
    digest = reviews.list_digest(connection, release.release_id)
    made = Review(
        0, release.release_id, **vars(key), round=len(rounds) + 1, list_digest=digest,
        opened_at=now, opened_by=actor, outcome="",
    )  # fmt: skip
    return reviews.add_review(connection, made, actor=actor, at=now)


def answer(
    site: Site,
    review_id: int,
    *,
    step: int,
    account: str,
    digest: str,
    confirm: bool,
    dismissed: Mapping[str, str] | Collection[str] = (),
    advice: Mapping[str, str] | None = None,
    reason: str = "",
    now: datetime,
    via: str,
) -> Outcome:
    """Record one reviewer's answer: every warning confirmed but those dismissed, or the list sent back.

    Args:
        site: the site.
        review_id: as `open_reviews` gives it.
        step: 1 or 2.
        account: who answers, as site.yaml lists it.
        digest: what `review_card` showed; the answer is to that list and no other.
        confirm: False sends the list back: a new round begins with the first review.
        dismissed: keys of warnings that are not confirmed; a mapping gives each its own reason.
        advice: key of a warning → advice to print instead of the rule's.
        reason: needed to send back, and for what is dismissed without a reason of its own.
        now: the moment, with a time zone.
        via: airflow, cli or desk.

    Raises:
        include.pipeline.access.NotAllowed: the account has not the role, or not in this area.
        ReviewEnded: the review has ended.
        ReviewRefused: another step is due, the same person answered before, or made the list; the list has changed;
            a key is unknown; a reason is missing.
    """
    made = _review(site, review_id)
    role = authorise(site, account, ACTS[step], jurisdiction=made.jurisdiction)
    reasons = dict(dismissed) if isinstance(dismissed, Mapping) else dict.fromkeys(dismissed, "")
    _check_words(confirm, reasons, reason)
    _check_current(site, made, now=now)
    with writing(open_warehouse(site.warehouse_url)) as connection:
        lock(connection, "review", str(ReleaseKey(made.jurisdiction, made.framework_code, made.period)))
        made, before = _open(connection, review_id)
        _check_turn(connection, made, before, step=step, account=account)
        if digest != reviews.list_digest(connection, made.release_id, before):
            raise ReviewRefused(
                f"名单在您查看之后已有变化,本次答复无效;请重新打开审核 {review_id} 再办。",
                f"The list has changed since you saw it, so this answer is void; open review {review_id} again.",
            )
        decisions = _decisions(connection, made, before, confirm, reasons, advice or {}, reason)
        reviews.add_answer(
            connection, made, step=step, account=account, role=role, confirmed=confirm, seen_digest=digest,
            decisions=decisions, reason=without_persons(reason), at=now, via=via,
        )  # fmt: skip
        if not confirm:
            reviews.end_review(connection, made, "sent_back", actor=account, at=now, reason=reason)
            return "sent_back"
        if step < len(ACTS):
            return "next_step"
        reviews.end_review(connection, made, "completed", actor=account, at=now)
        releases.finalise_in(connection, made.release_id, actor=account, at=now, reason=f"review/{review_id}")
    return "final"


def item_key(unit_code: str, rule_code: str, target: str) -> str:
    """How one warning of a list is named in an answer."""
    return f"{unit_code}/{rule_code}/{target}"


def _review(site: Site, review_id: int) -> Review:
    with reading(open_warehouse(site.warehouse_url)) as connection:
        return _open(connection, review_id)[0]


def _open(connection: Connection, review_id: int) -> tuple[Review, list[Answer]]:
    made = reviews.get_review(connection, review_id)
    if made is None:
        raise ReviewEnded(f"没有审核 {review_id}。", f"There is no review {review_id}.")
    if made.outcome:
        raise ReviewEnded(
            f"审核 {review_id} 已结束({made.outcome}),不再接受答复。",
            f"Review {review_id} has ended ({made.outcome}); it takes no answers any more.",
        )
    return made, reviews.answers_of(connection, review_id)


def _check_words(confirm: bool, dismissed: Mapping[str, str], reason: str) -> None:
    if not confirm and not reason.strip():
        raise ReviewRefused("退回须写明理由。", "Say why the list is sent back.")
    if bare := [key for key, why in dismissed.items() if not (why or reason).strip()]:
        raise ReviewRefused(
            f"不予确认的预警 {bare} 须写明理由。", f"Say why the warnings {bare} are dismissed."
        )


def _check_current(site: Site, made: Review, *, now: datetime) -> None:
    if made.framework_code == quarterly_code(made.framework_code):
        outdated = is_outdated(site, made.jurisdiction, Quarter.parse(made.period), now=now)
    else:
        outdated = is_year_outdated(site, made.jurisdiction, made.framework_code, int(made.period))
    if outdated:
        raise ReviewRefused(
            f"{made.period} 的输入在发布之后已有变化,须先重新评分;本次答复未记录。",
            f"Inputs of {made.period} have changed since its release; score it again first. Nothing was recorded.",
        )


def _check_turn(
    connection: Connection, made: Review, before: list[Answer], *, step: int, account: str
) -> None:
    due = len(before) + 1
    if step != due:
        raise ReviewRefused(
            f"审核 {made.review_id} 现应办理第 {due} 审,第 {step} 审{'已办理' if step < due else '尚未轮到'}。",
            f"Review {made.review_id} is at step {due}; step {step} "
            f"{'was answered already' if step < due else 'is not due yet'}.",
        )
    if any(one.account == account for one in before):
        raise ReviewRefused(
            f"[{account}] 已办理前一审,复审须由他人办理。",
            f"[{account}] gave the review before; the next one needs another person.",
        )
    if account in _authors(connection, made.release_id):
        raise ReviewRefused(
            f"[{account}] 制作了这份名单,不能审核自己的名单。",
            f"[{account}] made this list and may not review it.",
        )


def _authors(connection: Connection, release_id: int) -> set[str]:
    """Who made the release or approved its figures."""
    query = select(release_status.c.actor).where(
        release_status.c.release_id == release_id, release_status.c.status == "provisional"
    )
    release: Release = releases.get(connection, release_id)
    return {*connection.scalars(query), release.approved_by} - {""}


def _decisions(
    connection: Connection,
    made: Review,
    before: list[Answer],
    confirm: bool,
    dismissed: Mapping[str, str],
    advice: Mapping[str, str],
    reason: str,
) -> list[Decision]:
    """Every warning of the list with its verdict; advice that an earlier step wrote stands unless written anew."""
    items = reviews.items_of(connection, made.release_id)
    parts = list(items[reviews.ITEM_KEY].itertuples(index=False, name=None))
    keys = [item_key(*part) for part in parts]
    if unknown := sorted({*dismissed, *advice} - set(keys)):
        raise ReviewRefused(
            f"名单中没有这些预警:{unknown};可用的写法如 {keys[:3]}。",
            f"The list has no such warnings: {unknown}; they are named like {keys[:3]}.",
        )
    written = {}
    if before:
        earlier = reviews.decisions_of(connection, before[-1].answer_id)
        known = earlier[[*reviews.ITEM_KEY, "advice_zh"]].itertuples(index=False, name=None)
        written = {item_key(*part): text for *part, text in known}
    rows = []
    for key, (unit, rule, target) in zip(keys, parts, strict=True):
        text = without_persons(advice.get(key, written.get(key, "")))
        one = Decision(unit, rule, target, "confirmed", advice_zh=text)
        if not confirm:
            one = replace(one, verdict="sent_back", reason=without_persons(reason))
        elif key in dismissed:
            one = replace(one, verdict="dismissed", reason=without_persons(dismissed[key] or reason))
        rows.append(one)
    return rows
