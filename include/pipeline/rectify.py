"""What people do about rectification, from a report to a referral; each act with its trace and its effect.

An act is taken in one transaction with its audit entry, the item's new standing and, where it follows, the unit's
colour. Nobody verifies what they reported themselves, or decides on an extension that they asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from include.feeds.landing import land
from include.feeds.persons import without_persons
from include.pipeline.access import authorise
from include.pipeline.rectify_act import RectificationRefused, act, item_of, needed, new_event, record
from include.pipeline.rectify_open import Opened, open_items
from include.pipeline.rectify_state import SURVEYED_AT_LEAST, known_items
from include.pipeline.terms import calendar_of
from include.pipeline.vault import vault_key
from include.quarters import Quarter
from include.reviews.loop import Rectification, loop_of
from include.reviews.rectification import Standing
from include.site import Site
from include.warehouse import audit
from include.warehouse.store import lock, open_warehouse, writing

__all__ = [
    "Opened",
    "RectificationRefused",
    "add_measure",
    "approve_extension",
    "ask_extension",
    "campaign",
    "look_back",
    "open_items",
    "pause",
    "refer",
    "refuse",
    "refuse_extension",
    "report_done",
    "resume",
    "verify",
]


def add_measure(site: Site, item_id: int, *, account: str, measure: str, now: datetime) -> Standing:
    """Register what a unit undertakes; `measure` holds no personal data (what looks like it is masked)."""
    needed(measure, "整改措施", "the measure")
    return act(site, item_id, "measure_added", "rectify_report", account, now, reason=measure)


def report_done(
    site: Site, item_id: int, *, account: str, reason: str, now: datetime, evidence: Path | None = None
) -> Standing:
    """Record that a unit says it is done; `reason` says what was done, `evidence` is kept in the vault under its hash.

    The clock stops with the report; a refusal that finds it false lets the days run as if it had not been made.
    """
    needed(reason, "完成情况", "what was done")
    digest = ""
    if evidence is not None:
        area = item_of(site, item_id).jurisdiction
        authorise(site, account, "rectify_report", jurisdiction=area)
        digest = land(evidence, site.lake / area / "vault" / "rectification", key=vault_key(site)).sha256
    return act(
        site, item_id, "reported", "rectify_report", account, now, reason=reason, evidence_sha256=digest
    )


def verify(
    site: Site,
    item_id: int,
    *,
    account: str,
    quality: Mapping[str, float],
    now: datetime,
    surveyed: int = 0,
    satisfied: int = 0,
    reason: str = "",
) -> Standing:
    """Verify a reported item by points for each criterion of the pack; counts of fewer than five asked are not kept.

    Raises:
        RectificationRefused: not reported, by the same account, a criterion missing or beyond its points, or fewer
            points than the pack's pass mark.
    """
    item = item_of(site, item_id)
    _check_quality(loop_of(site, item.framework_code).rectification, quality)
    if not 0 <= satisfied <= surveyed:
        raise RectificationRefused(
            f"满意人数 {satisfied} 应在 0 至测评人数 {surveyed} 之间。",
            f"Of {surveyed} persons asked, {satisfied} cannot be satisfied.",
        )
    counted = {"surveyed": surveyed, "satisfied": satisfied} if surveyed >= SURVEYED_AT_LEAST else {}
    points = {name: float(value) for name, value in sorted(quality.items())}
    return act(
        site, item_id, "verified", "rectify_verify", account, now, reason=reason, quality=points, **counted
    )


def refuse(
    site: Site, item_id: int, *, account: str, reason: str, now: datetime, false_report: bool = False
) -> Standing:
    """Send a report back; `false_report`: what was reported had not been done, which may be referred."""
    needed(reason, "退回理由", "why it is refused")
    return act(
        site, item_id, "refused", "rectify_verify", account, now, reason=reason, false_report=false_report
    )


def ask_extension(
    site: Site, item_id: int, *, account: str, days: int, reason: str, now: datetime
) -> Standing:
    """Ask for more days of the term's kind, before it has run out."""
    needed(reason, "延期理由", "why an extension is needed")
    return act(site, item_id, "extension_asked", "rectify_extend", account, now, days=days, reason=reason)


def approve_extension(
    site: Site, item_id: int, *, account: str, now: datetime, days: int = 0, reason: str = ""
) -> Standing:
    """Grant the extension that was asked for, or fewer days of it (0: all of it)."""
    return act(site, item_id, "extension_approved", "rectify_approve", account, now, days=days, reason=reason)


def refuse_extension(site: Site, item_id: int, *, account: str, reason: str, now: datetime) -> Standing:
    """Refuse the extension that was asked for; the term is what it was."""
    needed(reason, "不准延期的理由", "why it is refused")
    return act(site, item_id, "extension_refused", "rectify_approve", account, now, reason=reason)


def pause(site: Site, item_id: int, *, account: str, reason: str, now: datetime) -> Standing:
    """Stop the clock of an item that is not late, while something outside the unit has to happen."""
    needed(reason, "中止理由", "why the clock is paused")
    return act(site, item_id, "paused", "rectify_approve", account, now, reason=reason)


def resume(site: Site, item_id: int, *, account: str, now: datetime, reason: str = "") -> Standing:
    """Let the clock run again from today."""
    return act(site, item_id, "resumed", "rectify_approve", account, now, reason=reason)


def look_back(
    site: Site, item_id: int, *, account: str, lasting: bool, now: datetime, reason: str = ""
) -> Standing:
    """Check a verified item again (回头看): it has lasted, or it is reopened with a term of its own."""
    if not lasting:
        needed(reason, "回头看发现的问题", "what the look back found")
    kind = "rechecked" if lasting else "reopened"
    return act(site, item_id, kind, "rectify_verify", account, now, reason=reason)


def refer(site: Site, item_id: int, *, account: str, reason: str, now: datetime) -> Standing:
    """Refer an overdue or falsely reported item for review by people; nothing else follows by itself."""
    needed(reason, "移交理由", "why it is referred")
    return act(site, item_id, "referred", "rectify_refer", account, now, reason=reason)


def campaign(
    site: Site, jurisdiction: str, name: str, *, before: Quarter, account: str, now: datetime
) -> tuple[int, ...]:
    """Reopen everything of earlier quarters that is unresolved and no longer running in time (双起底、双清零).

    Reopened are items of quarters before `before` that are overdue, referred or paused; what still runs in time keeps
    its clock, what was reported waits for its verification. Returns the numbers of the items reopened.

    Raises:
        RectificationRefused: the campaign has no name, or ran before under this name.
    """
    needed(name, "专项行动名称", "the name of the campaign")
    role = authorise(site, account, "rectify_campaign", jurisdiction=jurisdiction)
    calendar, today = calendar_of(site), now.astimezone(site.zone).date()
    with writing(open_warehouse(site.warehouse_url)) as connection:
        lock(connection, "rectification", jurisdiction)
        items = known_items(connection, jurisdiction, calendar, today)
        if any(event.campaign == without_persons(name) for one in items for event in one.events):
            raise RectificationRefused(
                f"专项行动“{name}”已办理过,请另取名称。",
                f"Campaign [{name}] has run already; name another one.",
            )
        chosen = [
            one
            for one in items
            if Quarter.parse(one.row.period) < before
            and one.standing.code in ("overdue", "referred", "paused")
        ]
        for one in chosen:
            event = new_event(
                site, one.row, "reopened", account, role, now, campaign=without_persons(name), reason=name
            )
            record(connection, one, event, calendar)
        if chosen:
            audit.append(
                connection,
                jurisdiction=jurisdiction,
                at=now,
                actor=account,
                role=role,
                action="rectification.campaign",
                subject=f"rectification/{jurisdiction}/before {before}",
                reason=without_persons(name),
                detail={"items": [one.row.item_id for one in chosen]},
            )
    return tuple(one.row.item_id for one in chosen)


def _check_quality(rules: Rectification, quality: Mapping[str, float]) -> None:
    most = {one.code: one.points for one in rules.criteria}
    if set(quality) != set(most):
        raise RectificationRefused(
            f"质效须按 {list(most)} 逐项打分,填写了 {sorted(quality)}。",
            f"Quality needs points for each of {list(most)}; found {sorted(quality)}.",
        )
    if beyond := {name: points for name, points in quality.items() if not 0 <= points <= most[name]}:
        raise RectificationRefused(
            f"质效得分 {beyond} 超出满分 {most}。",
            f"Points {beyond} are beyond what the criteria give: {most}.",
        )
    if (whole := sum(quality.values())) < rules.pass_points:
        raise RectificationRefused(
            f"质效合计 {whole:g} 分,不足 {rules.pass_points:g} 分不能销号;请退回重改。",
            f"{whole:g} points are below the {rules.pass_points:g} that a verified rectification needs; refuse it.",
        )
