"""`mingjing review`: the two reviews of a quarter's warnings, at a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown

from include.cli.accounts import As, acting
from include.cli.options import AsJson, SiteFolder, up_to_date
from include.cli.sentences import WRONG, refuse, say, say_json
from include.quarters import Quarter
from include.site import Site

reviews = typer.Typer(
    no_args_is_help=True, help="预警名单的初审与复审。 First and second review of the warnings."
)

ReviewId = Annotated[int, typer.Argument(help="审核号 Number of the review")]
Reason = Annotated[str, typer.Option(help="理由 Reason")]
Digest = Annotated[
    str, typer.Option(help="show 所给的摘要(前 12 位即可) As `show` gives it; 12 characters do")
]


@reviews.command("list")
def list_reviews(site: SiteFolder = None, as_json: AsJson = False) -> None:
    """列出待办的审核。 List the reviews that wait for somebody."""
    from include.pipeline.review_card import review_card
    from include.warehouse.reviews import answers_of, open_reviews_of
    from include.warehouse.store import open_warehouse, reading

    chosen = up_to_date(site)
    with reading(open_warehouse(chosen.warehouse_url)) as connection:
        waiting = [
            (made, len(answers_of(connection, made.review_id)) + 1)
            for area in chosen.jurisdictions
            for made in open_reviews_of(connection, area)
        ]
    cards = [review_card(chosen, made.review_id, step=step) for made, step in waiting]
    if as_json:
        say_json({"reviews": [_figures(card) for card in cards]})
        return
    for card in cards:
        say(f"{card.review.review_id}  {card.review.jurisdiction}  {card.subject}  → {card.role}")
    if not cards:
        say("没有待办的审核。 No review is waiting.", style="green")


@reviews.command("open")
def open_now(
    quarter: Annotated[str, typer.Argument(help="季度,如 2026Q3 Quarter such as 2026Q3")],
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """发起一个季度的审核(评分后通常自动发起)。 Open a quarter's reviews; Airflow does so after scoring."""
    from include.pipeline.access import authorise
    from include.pipeline.review import open_reviews

    chosen = up_to_date(site)
    who = acting(chosen, account)
    for area in chosen.jurisdictions:
        authorise(chosen, who, "score", jurisdiction=area)
        found = open_reviews(chosen, area, Quarter.parse(quarter), now=datetime.now(UTC), actor=who)
        say(f"{area} {quarter}: 审核 reviews {found}")


@reviews.command()
def show(
    review_id: ReviewId,
    step: Annotated[
        int, typer.Option(min=0, max=2, help="第几审,缺省为应办的 Step; the one due by default")
    ] = 0,
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """查看一项审核。 Show what is to be decided, with its evidence."""
    from include.pipeline.review_card import card_text

    card = _card(up_to_date(site), review_id, step)
    if as_json:
        say_json(_figures(card))
        return
    say(card.subject, style="bold")
    Console().print(Markdown(card_text(card)))
    say(
        f"{card.role} · 摘要 digest {card.digest[:12]}"
        + (f" · 已结束 ended: {card.ended}" if card.ended else "")
    )


@reviews.command()
def confirm(
    review_id: ReviewId,
    digest: Digest,
    dismiss: Annotated[
        list[str] | None, typer.Option(help="不予确认的预警,可重复 A warning not confirmed; may be repeated")
    ] = None,
    advice: Annotated[
        list[str] | None, typer.Option(help="KEY=建议:改写建议 Advice in place of the rule's")
    ] = None,
    confirm_all: Annotated[
        bool,
        typer.Option(
            "--all", help="复审时连初审不予确认的也确认 Confirm what the first review dismissed too"
        ),
    ] = False,
    reason: Reason = "",
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """通过名单。 Confirm the list, but for what is dismissed; the second review keeps what the first dismissed."""
    written = dict(one.partition("=")[::2] for one in advice or ())
    _answer(
        site, review_id, account, digest, confirm=True, dismissed=dismiss or [], keep=not confirm_all,
        advice=written, reason=reason,
    )  # fmt: skip


@reviews.command("send-back")
def send_back(
    review_id: ReviewId, digest: Digest, reason: Reason = "", site: SiteFolder = None, account: As = ""
) -> None:
    """退回名单,从初审重新开始。 Send the list back: it begins again with the first review."""
    _answer(site, review_id, account, digest, confirm=False, reason=reason)


_OUTCOMES = {
    "next_step": "已通过,等待复审。 Passed; the second review is next.",
    "final": "审核完成,本季发布已定稿。 Reviewed; the release is final.",
    "sent_back": "已退回,将重新初审。 Sent back; a new round begins.",
}


def _answer(
    folder: Path | None, review_id: int, account: str, digest: str, *, keep: bool = False, **given: Any
) -> None:
    """Answer the step that is due; `keep`: what the step before dismissed stays dismissed."""
    from include.pipeline.review import answer

    site = up_to_date(folder)
    card = _card(site, review_id, 0)
    if len(digest) < 12 or not card.digest.startswith(digest):
        refuse(
            f"摘要 [{digest}] 不是现在的名单,请先运行 mingjing review show {review_id}。 "
            f"Digest [{digest}] is not of the list as it stands; run mingjing review show {review_id} first.",
            WRONG,
        )
    if keep:
        kept = dict.fromkeys(card.dismissed, "同意初审 As the first review")
        given["dismissed"] = kept | dict.fromkeys(given["dismissed"], given["reason"])
    outcome = answer(
        site,
        review_id,
        step=card.step,
        account=acting(site, account),
        digest=card.digest,
        now=datetime.now(UTC),
        via="cli",
        **given,
    )
    say(_OUTCOMES[outcome], style="green")


def _card(site: Site, review_id: int, step: int) -> Any:
    from include.pipeline.review_card import review_card
    from include.warehouse.reviews import answers_of
    from include.warehouse.store import open_warehouse, reading

    if not step:
        with reading(open_warehouse(site.warehouse_url)) as connection:
            step = min(len(answers_of(connection, review_id)) + 1, 2)
    return review_card(site, review_id, step=step)


def _figures(card: Any) -> dict[str, Any]:
    made = card.review
    return {
        "review_id": made.review_id,
        "jurisdiction": made.jurisdiction,
        "framework": made.framework_code,
        "period": made.period,
        "round": made.round,
        "step": card.step,
        "role": card.role,
        "digest": card.digest,
        "ended": card.ended,
        "warnings": [vars(item) for item in card.items],
    }
