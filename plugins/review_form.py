"""The card of a review as Airflow shows it, and what a person filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param

if TYPE_CHECKING:
    from include.pipeline.review_card import ReviewCard

CONFIRM = "确认 Confirm"
SEND_BACK = "退回 Send back"
_ADVICE = re.compile(r"\s*(?P<key>[^\s:=:]+)\s*[:=:]\s*(?P<text>.+?)\s*")


class FormError(ValueError):
    """What was filled in cannot be read; the sentence says what is expected."""


def params(card: ReviewCard | None = None) -> dict[str, Param]:
    """Form fields below the card: what is not confirmed, why, other advice. Without a card: as a DAG has them."""
    items = card.items if card else ()
    # What the first review dismissed would count again if the second left it out.
    dismissed = list(card.dismissed) if card else []
    reason = card.answers[-1].reason if card and dismissed else None
    return {
        "dismissed": Param(
            dismissed,
            type=["null", "array"],
            items={"type": "string"},
            examples=[item.key for item in items],
            values_display={item.key: f"{item.unit_code} {item.title_zh}" for item in items},
            title="不予确认的预警 Dismissed warnings",
            description="其余的即为确认。 All others are confirmed.",
        ),
        "reason": Param(
            reason or None,
            type=["null", "string"],
            minLength=3,
            title="理由 Reason",
            description="退回或不予确认时必填;不写个人姓名。 Needed to send back or dismiss; no names of persons.",
        ),
        "advice": Param(
            None,
            type=["null", "string"],
            format="multiline",
            title="改写的整改建议 Advice in other words",
            description="每行一条:“预警键: 建议”,不写即用规则自带的建议。 One a line: `key: advice`.",
        ),
    }


def label(title: str, refusal: str = "") -> str:
    """What stands beside the card in lists: the framework, and why the last answer was not taken (250 characters)."""
    return f"{title} · 未记录 Not recorded: {refusal}"[:250] if refusal else title


def read(chosen: list[str], filled: Mapping[str, Any]) -> dict[str, Any]:
    """What a person chose and filled in, as the pipeline takes it.

    Returns:
        `confirm`, `dismissed` (keys), `reason`, `advice` (key → text).

    Raises:
        FormError: a field is not what the form declares, which REST does not check.
    """
    if chosen not in ([CONFIRM], [SEND_BACK]):
        raise FormError(f"应选 {CONFIRM} 或 {SEND_BACK} 之一。 Choose one of {CONFIRM} and {SEND_BACK}.")
    dismissed = filled.get("dismissed") or []
    if not isinstance(dismissed, list) or not all(isinstance(key, str) for key in dismissed):
        raise FormError("dismissed 应为预警键的列表。 dismissed must be a list of keys of warnings.")
    reason, lines = filled.get("reason") or "", filled.get("advice") or ""
    if not isinstance(reason, str) or not isinstance(lines, str):
        raise FormError("reason 和 advice 应为文字。 reason and advice must be text.")
    advice = {}
    for line in lines.splitlines():
        if not line.strip():
            continue
        match = _ADVICE.fullmatch(line)
        if match is None:
            raise FormError(
                f"建议 [{line.strip()[:60]}] 应写作“预警键: 建议”。 Advice must be written as `key: advice`."
            )
        advice[match["key"]] = match["text"]
    return {"confirm": chosen == [CONFIRM], "dismissed": dismissed, "reason": reason, "advice": advice}
