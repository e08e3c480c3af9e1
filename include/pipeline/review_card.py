"""What a reviewer is shown: counts, what changed since last quarter, how sure the colours are, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from include.pipeline.review import item_key
from include.pipeline.warning_list import WarningList, warning_list
from include.reviews.loop import loop_of
from include.scoring.periods import previous
from include.site import Site
from include.warehouse import releases, reviews
from include.warehouse.errors import UnknownRelease
from include.warehouse.releases import ReleaseKey
from include.warehouse.reviews import Answer, Review
from include.warehouse.store import open_warehouse, reading

_MARKS = {"red": "▲ 红 red", "yellow": "◆ 黄 yellow", "green": "● 绿 green", "": "– 未评 not rated"}


@dataclass(frozen=True)
class Item:
    """One warning of the list, and how it stood before."""

    key: str
    unit_code: str
    colour: str
    title_zh: str
    title_en: str
    sentence_zh: str
    sentence_en: str
    is_new: bool
    """Not on the list of the quarter before."""
    verdict: str
    """What the step before decided; '' at the first."""


@dataclass(frozen=True)
class ReviewCard:
    """One step of a review as a person sees it."""

    review: Review
    step: int
    title: str
    role: str
    digest: str
    """What an answer to this card is bound to."""
    items: tuple[Item, ...]
    answers: tuple[Answer, ...]
    """What the steps before said."""
    is_answered: bool
    """Somebody has answered this step already."""
    lists: WarningList | None
    gone: int
    """Warnings of the quarter before that are no longer there."""
    before: dict[str, int]
    """Units by colour in the quarter before; empty where it has no release."""

    @property
    def ended(self) -> str:
        """How the review ended; '' while this or another step of it is due."""
        return self.review.outcome

    @property
    def due_step(self) -> int:
        """The step that is due; one more than there are when all have answered."""
        return len(self.answers) + 1

    @property
    def choices(self) -> tuple[str, ...]:
        """Keys of the warnings that an answer may dismiss."""
        return tuple(item.key for item in self.items)

    @property
    def dismissed(self) -> tuple[str, ...]:
        """Keys that the step before dismissed."""
        return tuple(item.key for item in self.items if item.verdict == "dismissed")

    @property
    def subject(self) -> str:
        """One line: what is to be decided."""
        made = self.review
        again = f",第 {made.round} 轮 round {made.round}" if made.round > 1 else ""
        return f"{self.title}:{made.framework_code} {made.period}{again} · 预警 {len(self.items)} 条 warnings"


def review_card(site: Site, review_id: int, *, step: int) -> ReviewCard:
    """Read a review for one of its steps; UnknownRelease where there is no such review."""
    with reading(open_warehouse(site.warehouse_url)) as connection:
        made = reviews.get_review(connection, review_id)
        if made is None:
            raise UnknownRelease(f"没有审核 {review_id}。", f"There is no review {review_id}.")
        said = reviews.answers_of(connection, review_id)
        answers = tuple(one for one in said if one.step < step)
        digest = reviews.list_digest(connection, made.release_id, answers)
        items = reviews.items_of(connection, made.release_id)
        verdicts = _verdicts(connection, answers)
        past, before = _quarter_before(connection, made)
    known = set(past["key"])
    items = _keyed(items)
    rows = tuple(
        Item(
            row["key"], row["unit_code"], row["colour"], row["title_zh"], row["title_en"], row["sentence_zh"],
            row["sentence_en"], row["key"] not in known, verdicts.get(row["key"], ""),
        )
        for row in items.to_dict("records")
    )  # fmt: skip
    wanted = loop_of(site, made.framework_code).review[step - 1]
    return ReviewCard(
        made, step, f"{wanted.title.zh} {wanted.title.en}".strip(), wanted.role, digest, rows, answers,
        len(said) >= step, _list(site, made), len(known - set(items["key"])), before,
    )  # fmt: skip


def card_text(card: ReviewCard) -> str:
    """The card as Markdown, Chinese before English, units of the worst colour first."""
    made = card.review
    lines = [
        f"**{made.jurisdiction} · {made.framework_code} · {made.period}** · 审核 review {made.review_id}",
        "",
        "预警是线索,不是结论。请逐条核对证据后确认;不予确认的列入 dismissed 并写明理由。",
        "A warning is a lead, not a finding. Check the evidence; name what you do not confirm, and why.",
        "",
        *_counts(card),
        *(_said(one, card) for one in card.answers),
    ]
    if card.lists is not None:
        for row in card.lists.units.to_dict("records"):
            of_unit = [item for item in card.items if item.unit_code == row["unit_code"]]
            if of_unit:
                lines += ["", _unit_line(row), *(_item_line(item) for item in of_unit)]
    return "\n".join([*lines, "", f"`{card.digest[:12]}`"])


def _counts(card: ReviewCard) -> list[str]:
    new = sum(item.is_new for item in card.items)
    now = card.lists.counts() if card.lists is not None else {}
    head = "| | " + " | ".join(_MARKS.values()) + " |"
    rows = [head, "|" + "---|" * (len(_MARKS) + 1)]
    rows.append("| 本季 now | " + " | ".join(str(now.get(colour, 0)) for colour in _MARKS) + " |")
    if card.before:
        rows.append("| 上季 before | " + " | ".join(str(card.before.get(c, 0)) for c in _MARKS) + " |")
    return [
        *rows,
        "",
        f"预警 {len(card.items)} 条:新增 {new},延续 {len(card.items) - new},较上季消除 {card.gone}。 "
        f"{len(card.items)} warnings: {new} new, {len(card.items) - new} lasting; {card.gone} gone since.",
    ]


def _said(one: Answer, card: ReviewCard) -> str:
    dropped = len(card.dismissed)
    return f"前一审 step {one.step}:{one.account}({one.role}),不予确认 dismissed {dropped}" + (
        f";{one.reason}" if one.reason else ""
    )


def _unit_line(row: Mapping[Any, Any]) -> str:
    change, sure = row["change"], row["certainty"]
    moved = "" if pd.isna(change) else f",较上季 change {change:+.2f}"
    chance = "" if pd.isna(sure) else f",颜色把握 sure {100 * sure:.0f} %"
    return f"**{_MARKS[str(row['colour'])]} {row['name']}** {row['published']:.2f}{moved}{chance}"


def _item_line(item: Item) -> str:
    new = "【新 new】" if item.is_new else ""
    verdict = f"〔{item.verdict}〕" if item.verdict else ""
    return f"- {new}{verdict}{item.title_zh}:{item.sentence_zh} `{item.key}`"


def _verdicts(connection: Connection, answers: tuple[Answer, ...]) -> dict[str, str]:
    if not answers:
        return {}
    decided = _keyed(reviews.decisions_of(connection, answers[-1].answer_id))
    return dict(zip(decided["key"], decided["verdict"], strict=True))


def _quarter_before(connection: Connection, made: Review) -> tuple[pd.DataFrame, dict[str, int]]:
    """The list of the quarter before, and its units by colour."""
    earlier = previous(made.period)
    release = releases.current(connection, ReleaseKey(made.jurisdiction, made.framework_code, earlier))
    if release is None:
        return pd.DataFrame({"key": []}), {}
    colours = releases.read_facts(connection, release.release_id, "fct_unit_score")["colour"]
    counts = {str(colour): int(count) for colour, count in colours.value_counts().items()}
    return _keyed(reviews.items_of(connection, release.release_id)), counts


def _keyed(rows: pd.DataFrame) -> pd.DataFrame:
    keys = rows[reviews.ITEM_KEY].itertuples(index=False, name=None)
    return rows.assign(key=[item_key(*key) for key in keys])


def _list(site: Site, made: Review) -> WarningList | None:
    """The list as it stands; None once the release is no longer the current one."""
    try:
        found = warning_list(site, made.jurisdiction, made.framework_code, made.period)
    except UnknownRelease:
        return None
    return found if found.release.release_id == made.release_id else None
