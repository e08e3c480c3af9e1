"""A unit objects to its figures: registered with evidence and a clock, decided by another person, scored again.

Where an objection is upheld, the figure is mended where it came from: by a correction on record. The score then
follows by itself, as a revision that names the objection, and the difference is kept beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from include.feeds.landing import land
from include.feeds.persons import without_persons
from include.pipeline.access import authorise
from include.pipeline.terms import due_of
from include.pipeline.vault import vault_key
from include.quality.corrections import load_corrections
from include.reviews.loop import loop_of
from include.site import Site
from include.warehouse import objections, releases
from include.warehouse.errors import WarehouseError
from include.warehouse.objections import UPHELD, Objection
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.store import lock, open_warehouse, reading, writing
from include.warehouse.tables import (
    OBJECTION_OUTCOMES,
    applied_correction,
    fct_unit_score,
    notice,
    release_input,
)


class ObjectionRefused(WarehouseError):
    """The objection, or the decision on it, is not taken; nothing was recorded."""


def register_objection(
    site: Site,
    jurisdiction: str,
    framework: str,
    period: str,
    unit_code: str,
    *,
    target: str,
    claim: str,
    filed_on: date,
    account: str,
    now: datetime,
    evidence: Path | None = None,
    late_because: str = "",
    check_only: bool = False,
) -> int:
    """Register what a unit objects to; return its number.

    Args:
        site: the site.
        jurisdiction: one of its areas.
        framework: code of the framework.
        period: the period whose final release is objected to.
        unit_code: who objects.
        target: `index`, or the code of an indicator, group, adjustment or warning rule of the framework.
        claim: what is wrong; personal data in it is masked before it is stored.
        filed_on: the local day on which the unit objected; it decides whether it was in time.
        account: who registers it.
        now: the moment, with a time zone.
        evidence: a file, kept in the vault under its hash.
        late_because: why an objection past its term is taken all the same.
        check_only: raise what would be raised, record nothing, return 0.

    Raises:
        include.pipeline.access.NotAllowed: the account may not register objections here.
        ObjectionRefused: there is no final release, the unit was not scored, nothing is said, or the term has run out.
    """
    role = authorise(site, account, "register_objection", jurisdiction=jurisdiction)
    if not claim.strip():
        raise ObjectionRefused("须写明异议内容。", "Say what is objected to.")
    key = ReleaseKey(jurisdiction, framework, period)
    loop = loop_of(site, framework)
    today = now.astimezone(site.zone).date()
    if filed_on > today:
        raise ObjectionRefused(f"提出日 {filed_on} 在今天之后。", f"The day {filed_on} has not come yet.")
    engine = open_warehouse(site.warehouse_url)
    with reading(engine) as connection:
        release = releases.current(connection, key, kind="final")
        if release is None:
            raise ObjectionRefused(f"[{key}] 尚未定稿。", f"[{key}] has no final release yet.")
        _check_target(connection, release, unit_code, target)
        sent = _notice(connection, release, unit_code)
    if sent is not None:
        last = due_of(site, loop.object, sent[1].astimezone(site.zone).date())
        if filed_on > last.on and not last.provisional and not late_because.strip():
            raise ObjectionRefused(
                f"异议期已于 {last.on} 届满(提出日 {filed_on});如有正当理由,请写明后再登记。",
                f"Objections could be filed until {last.on} (filed on {filed_on}); give a reason to take it late.",
            )
    if check_only:
        return 0
    due = due_of(site, loop.decide, today)
    digest = _kept(site, jurisdiction, evidence)
    said = claim if not late_because else f"{claim}(逾期受理 late: {late_because})"
    made = {
        "release_id": release.release_id,
        "jurisdiction": jurisdiction,
        "framework_code": framework,
        "period": period,
        "notice_id": sent[0] if sent is not None else 0,
        "unit_code": unit_code,
        "target": target,
        "claim": without_persons(said),
        "evidence_sha256": digest,
        "filed_on": filed_on.isoformat(),
        "due_on": due.on.isoformat(),
        "due_provisional": due.provisional,
        "registered_at": now,
        "registered_by": account,
    }
    with writing(engine) as connection:
        return objections.add_objection(connection, made, role=role)


def decide_objection(
    site: Site,
    objection_id: int,
    outcome: str,
    *,
    corrections: Sequence[str] = (),
    reason: str,
    account: str,
    now: datetime,
) -> Objection:
    """Decide an objection; where it is upheld, `corrections` names what mends the figures.

    The quarter is scored again once those corrections lie in the site's `corrections/` and the feeds were judged
    again: the revision names the objection.

    Raises:
        include.pipeline.access.NotAllowed: the account may not decide objections here.
        ObjectionRefused: it is decided already, by the one who registered it, without a reason, or upheld without a
            correction that exists.
    """
    engine = open_warehouse(site.warehouse_url)
    with reading(engine) as connection:
        found = _known(objections.get_objection(connection, objection_id), objection_id)
    role = authorise(site, account, "decide_objection", jurisdiction=found.jurisdiction)
    if outcome not in OBJECTION_OUTCOMES:
        raise ObjectionRefused(
            f"结论 [{outcome}] 应为 {list(OBJECTION_OUTCOMES)} 之一。",
            f"[{outcome}] is none of {list(OBJECTION_OUTCOMES)}.",
        )
    if not reason.strip():
        raise ObjectionRefused("须写明理由。", "Give the reason.")
    if account == found.registered_by:
        raise ObjectionRefused(
            f"[{account}] 登记了此项异议,须由他人决定。", f"[{account}] registered it; another must decide."
        )
    _check_corrections(site, outcome, corrections)
    with writing(engine) as connection:
        lock(connection, "objection", str(objection_id))
        found = _known(objections.get_objection(connection, objection_id), objection_id)
        if found.outcome:
            raise ObjectionRefused(
                f"异议 {objection_id} 已由 [{found.decided_by}] 决定:{found.outcome}。",
                f"Objection {objection_id} was decided by [{found.decided_by}]: {found.outcome}.",
            )
        objections.add_decision(
            connection,
            found,
            outcome=outcome,
            corrections=list(corrections),
            reason=without_persons(reason),
            actor=account,
            role=role,
            at=now,
        )
        return _known(objections.get_objection(connection, objection_id), objection_id)


def list_objections(site: Site, jurisdiction: str) -> list[Objection]:
    """The objections of an area, in the order in which they came."""
    with reading(open_warehouse(site.warehouse_url)) as connection:
        return objections.objections_of(connection, jurisdiction)


def upheld_words(engine: Engine, key: ReleaseKey) -> list[str]:
    """What a revision's reason says of the upheld objections that no revision has followed yet."""
    with reading(engine) as connection:
        found = objections.waiting(connection, key)
    return [f"objection {one.objection_id} {one.outcome}" for one in found]


def record_effects(engine: Engine, key: ReleaseKey, release_id: int, *, at: datetime) -> int:
    """Keep the difference that a revision made for each upheld objection whose corrections it rests on."""
    with writing(engine) as connection:
        verdicts = select(release_input.c.verdict_id).where(release_input.c.release_id == release_id)
        query = select(applied_correction.c.correction_id).where(
            applied_correction.c.verdict_id.in_(verdicts), applied_correction.c.outcome == "applied"
        )
        applied = set(connection.scalars(query))
        return objections.add_effects(connection, key, release_id, applied, at=at)


def _check_target(connection: Connection, release: Release, unit_code: str, target: str) -> None:
    scored = select(fct_unit_score.c.unit_code).where(
        fct_unit_score.c.release_id == release.release_id, fct_unit_score.c.unit_code == unit_code
    )
    if connection.scalar(scored) is None:
        raise ObjectionRefused(
            f"单位 [{unit_code}] 不在 [{release.key}] 的被评价单位中。",
            f"Unit [{unit_code}] is not among those scored in [{release.key}].",
        )
    known = {"index"}
    for name, column in (
        ("fct_indicator_score", "indicator_code"),
        ("fct_group_score", "group_code"),
        ("fct_adjustment", "adjustment_code"),
        ("fct_warning", "rule_code"),
    ):
        facts = releases.read_facts(connection, release.release_id, name)
        known |= set(facts.loc[facts["unit_code"] == unit_code, column])
    if target not in known:
        raise ObjectionRefused(
            f"[{target}] 不是该单位的指标、维度、加减分或预警规则;可填 index 或 {sorted(known - {'index'})[:8]} 等。",
            f"[{target}] is no indicator, group, adjustment or warning of the unit; say index, or one of "
            f"{sorted(known - {'index'})[:8]} ….",
        )


def _notice(connection: Connection, release: Release, unit_code: str) -> tuple[int, datetime] | None:
    """The newest document sent to the unit on this release."""
    query = select(notice.c.notice_id, notice.c.issued_at).where(
        notice.c.release_id == release.release_id, notice.c.unit_code == unit_code
    )
    row = connection.execute(query.order_by(notice.c.notice_id.desc()).limit(1)).first()
    return (row.notice_id, row.issued_at) if row else None


def _kept(site: Site, jurisdiction: str, evidence: Path | None) -> str:
    if evidence is None:
        return ""
    folder = site.lake / jurisdiction / "vault" / "objections"
    return land(evidence, folder, key=vault_key(site)).sha256


def _check_corrections(site: Site, outcome: str, corrections: Sequence[str]) -> None:
    if outcome not in UPHELD:
        return
    known = {one.id for one in load_corrections(site.folder / "corrections")}
    if not corrections or (unknown := sorted(set(corrections) - known)):
        missing = list(corrections) and unknown
        raise ObjectionRefused(
            f"支持异议须写明据以更正的更正编号,并已写入站点的 corrections/;现缺 {missing or '编号'}。",
            "An upheld objection names the corrections that mend the figures, which must lie in the site's "
            f"corrections/; missing: {missing or 'their ids'}.",
        )


def _known(found: Objection | None, objection_id: int) -> Objection:
    if found is None:
        raise ObjectionRefused(f"没有异议 {objection_id}。", f"There is no objection {objection_id}.")
    return found
