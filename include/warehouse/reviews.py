"""Reviews as they are stored: opened, answered step by step, ended; never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, Row, case, func, select

from include.warehouse import audit, bulk
from include.warehouse.canonical import canonical_json, sha256_text
from include.warehouse.tables import (
    AS_FLOAT,
    dim_rule,
    fct_colour_reason,
    release,
    review,
    review_answer,
    review_decision,
    review_end,
)

ITEM_KEY = ["unit_code", "rule_code", "target"]


@dataclass(frozen=True)
class Review:
    """One round of review of one release."""

    review_id: int
    release_id: int
    jurisdiction: str
    framework_code: str
    period: str
    round: int
    list_digest: str
    opened_at: datetime
    opened_by: str
    outcome: str
    """'' while it is open; completed, sent_back, superseded or withdrawn"""


@dataclass(frozen=True)
class Answer:
    """What one step of a review said."""

    answer_id: int
    step: int
    account: str
    role: str
    confirmed: bool
    seen_digest: str
    reason: str
    answered_at: datetime
    via: str


@dataclass(frozen=True)
class Decision:
    """What was decided on one warning."""

    unit_code: str
    rule_code: str
    target: str
    verdict: str
    reason: str = ""
    advice_zh: str = ""


_COLUMNS = [*review.columns, func.coalesce(review_end.c.outcome, "").label("outcome")]
_QUERY = select(*_COLUMNS).outerjoin(review_end, review_end.c.review_id == review.c.review_id)


def get_review(connection: Connection, review_id: int) -> Review | None:
    """One round of review, if there is such a one."""
    row = connection.execute(_QUERY.where(review.c.review_id == review_id)).first()
    return _review(row) if row else None


def reviews_of(connection: Connection, release_id: int) -> list[Review]:
    """Every round of review of a release, the first first."""
    query = _QUERY.where(review.c.release_id == release_id).order_by(review.c.round)
    return [_review(row) for row in connection.execute(query)]


def open_reviews_of(connection: Connection, jurisdiction: str) -> list[Review]:
    """The reviews of an area that nobody has ended, the oldest first."""
    query = _QUERY.where(review.c.jurisdiction == jurisdiction, review_end.c.review_id.is_(None))
    return [_review(row) for row in connection.execute(query.order_by(review.c.review_id))]


def answers_of(connection: Connection, review_id: int) -> list[Answer]:
    """What the steps of a review have said so far, in order."""
    columns = [column for column in review_answer.columns if column.name not in ("review_id", "jurisdiction")]
    query = select(*columns).where(review_answer.c.review_id == review_id).order_by(review_answer.c.step)
    return [Answer(**row._mapping) for row in connection.execute(query)]


def decisions_of(connection: Connection, answer_id: int) -> pd.DataFrame:
    """What an answer decided: one row per warning, in order of their keys."""
    columns = [*ITEM_KEY, "verdict", "reason", "advice_zh"]
    query = select(*(review_decision.c[name] for name in columns))
    rows = connection.execute(query.where(review_decision.c.answer_id == answer_id)).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=columns)
    return frame.sort_values(ITEM_KEY, ignore_index=True)


def items_of(connection: Connection, release_id: int) -> pd.DataFrame:
    """What is under review in a release: every reason that keeps a unit from green.

    Columns unit_code, rule_code (a warning's code, `band` or `veto.<code>`), target, colour, title_zh, title_en,
    figure, threshold (NaN where there is none), sentence_zh, sentence_en; in order of the keys.
    """
    reason = fct_colour_reason.c
    query = (
        select(
            reason.unit_code,
            reason.kind,
            reason.rule_code,
            reason.target,
            reason.colour,
            func.coalesce(dim_rule.c.title_zh, "").label("title_zh"),
            func.coalesce(dim_rule.c.title_en, "").label("title_en"),
            reason.figure.cast(AS_FLOAT).label("figure"),
            reason.threshold.cast(AS_FLOAT).label("threshold"),
            reason.sentence_zh,
            reason.sentence_en,
        )
        .join(release, release.c.release_id == reason.release_id)
        .outerjoin(
            dim_rule,
            (dim_rule.c.framework_key == release.c.framework_key)
            & (dim_rule.c.kind == case((reason.kind == "veto", "adjustment"), else_=reason.kind))
            & (dim_rule.c.code == reason.rule_code),
        )
        .where(reason.release_id == release_id)
    )
    rows = connection.execute(query).all()
    columns = [column.name for column in query.selected_columns]
    frame = pd.DataFrame([tuple(row) for row in rows], columns=columns)
    names = zip(frame["kind"], frame["rule_code"], strict=True)
    frame["rule_code"] = [_item_rule(kind, rule) for kind, rule in names]
    for title, sentence in (("title_zh", "sentence_zh"), ("title_en", "sentence_en")):
        frame[title] = frame[title].mask(frame[title] == "", frame[sentence])
    frame = frame.drop(columns="kind").drop_duplicates(ITEM_KEY)
    return frame.sort_values(ITEM_KEY, ignore_index=True)


def _item_rule(kind: str, rule: str) -> str:
    """What a reason is called in a review: a unit's colour has one band, and a veto goes by its adjustment."""
    return {"band": "band", "veto": f"veto.{rule}"}.get(kind, rule)


def list_digest(connection: Connection, release_id: int, answers: Iterable[Answer] = ()) -> str:
    """What an approval is bound to: the release's figures, its list, and what the steps before have decided."""
    figures = connection.scalar(select(release.c.result_digest).where(release.c.release_id == release_id))
    items = items_of(connection, release_id)[[*ITEM_KEY, "colour", "sentence_zh"]]
    decided = [
        [answer.step, answer.account, decisions_of(connection, answer.answer_id).to_numpy().tolist()]
        for answer in answers
    ]
    return sha256_text(canonical_json([release_id, figures, items.to_numpy().tolist(), decided]))


def add_review(connection: Connection, made: Review, *, actor: str, at: datetime) -> int:
    """Open a round of review with its audit entry; return its number."""
    review_id = bulk.add(
        connection,
        review,
        release_id=made.release_id,
        jurisdiction=made.jurisdiction,
        framework_code=made.framework_code,
        period=made.period,
        round=made.round,
        list_digest=made.list_digest,
        opened_at=at,
        opened_by=actor,
    )
    audit.append(
        connection,
        jurisdiction=made.jurisdiction,
        at=at,
        actor=actor,
        action="review.open",
        subject=f"review/{review_id}",
        after_digest=made.list_digest,
        detail={"release_id": made.release_id, "round": made.round},
    )
    return review_id


def add_answer(
    connection: Connection,
    made: Review,
    *,
    step: int,
    account: str,
    role: str,
    confirmed: bool,
    seen_digest: str,
    decisions: Iterable[Decision],
    reason: str,
    at: datetime,
    via: str,
) -> None:
    """Store one answer with its decisions and their audit entry."""
    rows = [vars(one) for one in decisions]
    answer_id = bulk.add(
        connection,
        review_answer,
        review_id=made.review_id,
        jurisdiction=made.jurisdiction,
        step=step,
        account=account,
        role=role,
        confirmed=confirmed,
        seen_digest=seen_digest,
        reason=reason,
        answered_at=at,
        via=via,
    )
    if rows:
        connection.execute(
            review_decision.insert(),
            [{**row, "answer_id": answer_id, "jurisdiction": made.jurisdiction} for row in rows],
        )
    audit.append(
        connection,
        jurisdiction=made.jurisdiction,
        at=at,
        actor=account,
        role=role,
        action="review.confirm" if confirmed else "review.send_back",
        subject=f"review/{made.review_id}/step{step}",
        before_digest=seen_digest,
        after_digest=sha256_text(canonical_json(rows)),
        reason=reason,
        detail={"via": via, "release_id": made.release_id, "warnings": len(rows)}
        | {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in ("confirmed", "dismissed")},
    )


def end_review(
    connection: Connection, made: Review, outcome: str, *, actor: str, at: datetime, reason: str = ""
) -> None:
    """End a round of review; nobody can answer it any more."""
    connection.execute(
        review_end.insert().values(
            review_id=made.review_id,
            jurisdiction=made.jurisdiction,
            outcome=outcome,
            ended_at=at,
            actor=actor,
            reason=reason,
        )
    )
    if outcome in ("superseded", "withdrawn"):
        audit.append(
            connection,
            jurisdiction=made.jurisdiction,
            at=at,
            actor=actor,
            action=f"review.{outcome}",
            subject=f"review/{made.review_id}",
            before_digest=made.list_digest,
            reason=reason,
        )


def end_reviews_of(
    connection: Connection, release_id: int, outcome: str, *, actor: str, at: datetime, reason: str = ""
) -> None:
    """End every open review of a release: its figures are no longer what is to be decided on."""
    for made in reviews_of(connection, release_id):
        if not made.outcome:
            end_review(connection, made, outcome, actor=actor, at=at, reason=reason)


def confirmed_warnings(connection: Connection, release_id: int) -> pd.DataFrame:
    """What the last step of a completed review confirmed; columns of `items_of` and advice_zh ('': as the rule says).

    Empty where no review of the release was completed.
    """
    items = items_of(connection, release_id)
    done = [made for made in reviews_of(connection, release_id) if made.outcome == "completed"]
    if not done:
        return items.head(0).assign(advice_zh="")
    last = answers_of(connection, done[-1].review_id)[-1]
    decided = decisions_of(connection, last.answer_id)
    decided = decided[decided["verdict"] == "confirmed"]
    return items.merge(decided[[*ITEM_KEY, "advice_zh"]], on=ITEM_KEY, how="inner", validate="1:1")


def _review(row: Row) -> Review:
    return Review(**row._mapping)
