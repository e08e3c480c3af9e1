"""Why something may not happen to a rectification item now, said in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from include.reviews.rectification_model import Event, Item, Standing

STATES = {
    "open": ("整改中", "open"),
    "refused": ("已退回重改", "refused"),
    "paused": ("已中止计时", "paused"),
    "overdue": ("已逾期", "overdue"),
    "referred": ("已移交", "referred"),
    "reported": ("待验收", "reported"),
    "verified": ("已销号", "verified"),
    "cancelled": ("已取消", "cancelled"),
}
"""State of an item → what it is called."""
ACTS = {
    "measure_added": ("登记措施", "a measure cannot be added"),
    "reported": ("报告完成", "it cannot be reported done"),
    "verified": ("验收", "it cannot be verified"),
    "refused": ("退回", "it cannot be refused"),
    "extension_asked": ("申请延期", "no extension can be asked for"),
    "extension_approved": ("批准延期", "no extension can be approved"),
    "extension_refused": ("不准延期", "no extension can be refused"),
    "paused": ("中止计时", "its clock cannot be paused"),
    "resumed": ("恢复计时", "its clock cannot be resumed"),
    "overdue": ("记逾期", "it is not overdue"),
    "reminded": ("提醒", "nobody is to be reminded"),
    "referred": ("移交", "it cannot be referred"),
    "reopened": ("重启", "it cannot be reopened"),
    "rechecked": ("回头看", "there is nothing to look back on"),
    "cancelled": ("取消", "it cannot be cancelled"),
}


@dataclass(frozen=True)
class Refusal:
    """One sentence in each language: what was found, and what to do instead."""

    zh: str
    en: str


_WAITING = Refusal(
    "已有一项延期申请等待决定,请先决定。",
    "An extension has been asked for and waits for a decision: decide first.",
)


def refusal_of(item: Item, standing: Standing, event: Event, *, allowed: bool) -> Refusal | None:
    """The first reason why `event` may not follow; `allowed` says whether its kind may follow the state at all."""
    if event.kind == "paused" and standing.asked_days:
        return _WAITING
    if not allowed:
        return _out_of_turn(standing, event)
    match event.kind:
        case "verified" if event.actor == standing.reported_by:
            return Refusal(
                f"[{event.actor}] 报告了完成情况,须由他人验收。",
                f"[{event.actor}] reported it done; somebody else has to verify it.",
            )
        case "extension_asked":
            return _asking(item, standing, event)
        case "extension_approved" | "extension_refused":
            return _deciding(standing, event)
        case "referred" if not (standing.overdue_recorded or standing.false_reports):
            return Refusal(
                "只有逾期或虚假整改的事项可以移交;本项两者都不是。",
                "Only an overdue or falsely reported item can be referred; this one is neither.",
            )
        case "referred" if standing.referred:
            return Refusal("本项已移交,不必再移交。", "The item has been referred already.")
        case "overdue" if standing.overdue_recorded:
            return Refusal("本轮逾期已记录。", "That this round is overdue is on record already.")
    return None


def _out_of_turn(standing: Standing, event: Event) -> Refusal:
    (act_zh, act_en), (zh, en) = ACTS[event.kind], STATES[standing.code]
    return Refusal(
        f"该事项现为“{zh}”,不能{act_zh}。请先查看 mingjing rectify list。",
        f"The item is {en} now: {act_en}. Look at mingjing rectify list first.",
    )


def _asking(item: Item, standing: Standing, event: Event) -> Refusal | None:
    left = item.extension_days - standing.extended_days
    if standing.asked_days:
        return Refusal(
            "已有一项延期申请等待决定。", "An extension has been asked for and waits for a decision."
        )
    if not standing.due.provisional and event.on > standing.due.on:
        return Refusal(
            f"期限 {standing.due.on} 已过,延期须在期限内申请。",
            f"It was due on {standing.due.on}; an extension has to be asked for in time.",
        )
    if not 0 < event.days <= left:
        return Refusal(
            f"本轮还可延长 {left} 天,申请了 {event.days} 天。",
            f"This round may be extended by {left} days more; {event.days} were asked for.",
        )
    return None


def _deciding(standing: Standing, event: Event) -> Refusal | None:
    if not standing.asked_days:
        return Refusal("没有等待决定的延期申请。", "No extension waits for a decision.")
    if event.actor == standing.asked_by:
        return Refusal(
            f"[{event.actor}] 申请了延期,须由他人决定。",
            f"[{event.actor}] asked for the extension; somebody else has to decide on it.",
        )
    if event.kind == "extension_approved" and not 0 < event.days <= standing.asked_days:
        return Refusal(
            f"申请延长 {standing.asked_days} 天,批准不得少于 1 天或超过申请,填写了 {event.days} 天。",
            f"{standing.asked_days} days were asked for; from 1 to as many may be approved, not {event.days}.",
        )
    return None
