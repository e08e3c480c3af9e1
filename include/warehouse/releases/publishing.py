"""Publishing: one transaction that adds a revision whole, or finds that nothing needs adding."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, func, select

from include.warehouse import audit, bulk
from include.warehouse.canonical import lines_digest, table_digest
from include.warehouse.errors import (
    ApprovalNeeded,
    BadFacts,
    InputsChanged,
    NotReproducible,
    RowsNotConserved,
)
from include.warehouse.ledger import balances
from include.warehouse.releases.dimensions import framework_key_of, keep_periods, register_import_of
from include.warehouse.releases.draft import Published, ReleaseDraft
from include.warehouse.releases.leases import check_lease, is_key, lock_release
from include.warehouse.releases.reading import Release, current, get, latest_status
from include.warehouse.releases.status import add_status, move_pointer
from include.warehouse.reviews import end_reviews_of
from include.warehouse.store import writing
from include.warehouse.tables import FACTS, REASONS, release, release_input, release_measure, verification


def publish(engine: Engine, draft: ReleaseDraft) -> Published:
    """Publish `draft` as the next revision of its key, in one transaction.

    Nothing is added when the current revision has the same input digest: with the same code, nothing at all;
    with other code and equal figures, a verification entry. A caller that does not know whether its commit
    arrived publishes again.

    Raises:
        BadFacts: a frame does not fit its table.
        StaleLease: another attempt took the lease.
        InputsChanged: an input delivery was judged again, or is not accepted.
        RowsNotConserved: the rows of an input delivery do not add up.
        ApprovalNeeded: other code gave other figures, or the same inputs were withdrawn, and nobody approved.
        NotReproducible: the same inputs and the same code gave other figures.
    """
    facts = prepare_facts(draft)
    reasons = _prepare_reasons(draft)
    result_digest = facts_digest(facts)
    with writing(engine) as connection:
        lock_release(connection, draft.key)
        check_lease(connection, draft.key, draft.fencing_token)
        standing = current(connection, draft.key)
        known = _already_published(connection, draft, standing, result_digest)
        if known is not None:
            return known
        _check_deliveries(connection, draft)
        return _add_revision(connection, draft, standing, facts, reasons, result_digest)


def prepare_facts(draft: ReleaseDraft) -> dict[str, pa.Table]:
    """Every fact table of the draft, typed and quantised, empty where the draft has none; raises BadFacts."""
    unknown = sorted(set(draft.facts) - set(FACTS))
    if unknown:
        raise BadFacts(f"没有事实表 [{unknown[0]}]。", f"There is no fact table [{unknown[0]}].")
    prepared = {}
    for name, table in FACTS.items():
        columns = [column.name for column in table.columns if column.name != "release_id"]
        frame = draft.facts.get(name, pd.DataFrame(columns=columns))
        constants = {"jurisdiction": draft.key.jurisdiction}
        if "quarter" not in frame.columns:
            constants["quarter"] = draft.key.period
        if "change" in frame.columns and "change_state" not in frame.columns:
            frame = frame.assign(change_state=frame["change"].notna().map({True: "value", False: "none"}))
        prepared[name] = bulk.prepare(table, frame, constants)
    return prepared


def _prepare_reasons(draft: ReleaseDraft) -> dict[str, pa.Table]:
    """The tables of why, typed and quantised; raises BadFacts."""
    unknown = sorted(set(draft.reasons) - set(REASONS))
    if unknown:
        raise BadFacts(f"没有原因表 [{unknown[0]}]。", f"There is no table of reasons [{unknown[0]}].")
    constants = {"jurisdiction": draft.key.jurisdiction}
    return {name: bulk.prepare(REASONS[name], frame, constants) for name, frame in draft.reasons.items()}


def facts_digest(facts: dict[str, pa.Table]) -> str:
    """Digest of a release's figures: the same whatever the order of rows and the backend."""
    return lines_digest(f"{name} {table_digest(facts[name])}" for name in sorted(facts))


def _already_published(
    connection: Connection, draft: ReleaseDraft, standing: Release | None, result_digest: str
) -> Published | None:
    if standing is None or standing.input_digest != draft.input_digest:
        _refuse_withdrawn(connection, draft)
        return None
    equal = standing.result_digest == result_digest
    if standing.code_digest == draft.code_digest:
        if not equal:
            raise NotReproducible(
                f"[{draft.key}] 输入与程序均未变,结果却不同;未发布。请报告此缺陷。",
                f"[{draft.key}] The same inputs and the same code gave other figures; nothing was published. "
                "Report this as a defect.",
            )
        return Published(standing.release_id, standing.revision, created=False, unchanged=True)
    if equal:
        _verify(connection, draft, standing, result_digest)
        return Published(standing.release_id, standing.revision, created=False, unchanged=True, verified=True)
    if not draft.approved_by:
        raise ApprovalNeeded(
            f"[{draft.key}] 输入未变,新程序算出的结果与第 {standing.revision} 次修订不同,须经批准方可发布。",
            f"[{draft.key}] From the same inputs new code gives other figures than "
            f"revision {standing.revision}; publishing them needs an approver.",
        )
    return None


def _refuse_withdrawn(connection: Connection, draft: ReleaseDraft) -> None:
    same = select(release.c.release_id).where(
        is_key(release, draft.key), release.c.input_digest == draft.input_digest
    )
    newest = connection.scalar(same.order_by(release.c.revision.desc()).limit(1))
    if newest is None or draft.approved_by or latest_status(connection, newest) != "withdrawn":
        return
    raise ApprovalNeeded(
        f"[{draft.key}] 用同样输入的发布已被撤回,再次发布须经批准。",
        f"[{draft.key}] A release from the same inputs was withdrawn; publishing it again needs an approver.",
    )


def _verify(connection: Connection, draft: ReleaseDraft, standing: Release, result_digest: str) -> None:
    values = {
        "release_id": standing.release_id,
        "code_digest": draft.code_digest,
        "result_digest": result_digest,
    }
    known = select(verification.c.verification_id).filter_by(**values)
    if connection.scalar(known) is None:
        connection.execute(
            verification.insert().values(
                **values, jurisdiction=draft.key.jurisdiction, at=draft.created_at, equal=True
            )
        )


def _check_deliveries(connection: Connection, draft: ReleaseDraft) -> None:
    used = {item.verdict_id: item.name for item in draft.inputs if item.kind == "delivery"}
    found = {row.verdict_id: row for row in balances(connection, used)}
    for verdict_id, name in used.items():
        row = found.get(verdict_id)
        if row is None or row.latest != verdict_id or row.verdict not in ("accepted", "nil_return"):
            raise InputsChanged(
                f"报送 [{name}] 在计算之后被重新判定或不再采用,请重新计算。",
                f"Delivery [{name}] was judged again or is no longer accepted since the figures "
                "were computed; compute them again.",
            )
        parts = row.accepted + row.quarantined + row.exact_duplicates + row.structural
        if (row.landed, row.accepted, row.quarantined) != (parts, row.staged_rows, row.refused_rows):
            raise RowsNotConserved(
                f"报送 [{name}] 行数不守恒:收到 {row.landed},采用 {row.accepted}(暂存 {row.staged_rows}),"
                f"隔离 {row.quarantined}(登记 {row.refused_rows}),重复 {row.exact_duplicates},"
                f"结构 {row.structural};未发布。",
                f"The rows of delivery [{name}] are not conserved: {row.landed} landed, "
                f"{row.accepted} accepted ({row.staged_rows} staged), "
                f"{row.quarantined} quarantined ({row.refused_rows} listed), "
                f"{row.exact_duplicates} duplicates, {row.structural} structural; nothing was published.",
            )


def _add_revision(
    connection: Connection,
    draft: ReleaseDraft,
    standing: Release | None,
    facts: dict[str, pa.Table],
    reasons: dict[str, pa.Table],
    result_digest: str,
) -> Published:
    keep_periods(connection, {draft.key.period, *_quarters(facts)})
    last = connection.scalar(select(func.max(release.c.revision)).where(is_key(release, draft.key))) or 0
    release_id = bulk.add(
        connection,
        release,
        **vars(draft.key),
        framework_version=draft.framework.version,
        framework_key=framework_key_of(connection, draft.framework),
        revision=last + 1,
        input_digest=draft.input_digest,
        code_digest=draft.code_digest,
        result_digest=result_digest,
        reason=draft.reason,
        approved_by=draft.approved_by,
        created_at=draft.created_at,
        fencing_token=draft.fencing_token,
        register_import_id=register_import_of(connection, draft),
        incomplete=bool(draft.missing_feeds),
        missing_feeds=sorted(draft.missing_feeds),
    )
    common = {"release_id": release_id, "jurisdiction": draft.key.jurisdiction}
    inputs = [{**common, "position": place, **asdict(item)} for place, item in enumerate(draft.inputs)]
    if inputs:
        connection.execute(release_input.insert(), inputs)
    meanings = bulk.prepare(release_measure, draft.measures, common)
    bulk.insert(connection, release_measure, meanings)
    for name, rows in facts.items():
        bulk.insert(connection, FACTS[name], bulk.with_constant(FACTS[name], rows, "release_id", release_id))
    for name, rows in reasons.items():
        bulk.insert(
            connection, REASONS[name], bulk.with_constant(REASONS[name], rows, "release_id", release_id)
        )
    if standing is not None and latest_status(connection, standing.release_id) == "provisional":
        add_status(
            connection, standing, "superseded", at=draft.created_at, actor=draft.actor, reason=draft.reason
        )
    if standing is not None:
        end_reviews_of(
            connection,
            standing.release_id,
            "superseded",
            actor=draft.actor,
            at=draft.created_at,
            reason=draft.reason,
        )
    made = get(connection, release_id)
    add_status(connection, made, "provisional", at=draft.created_at, actor=draft.actor, reason=draft.reason)
    move_pointer(connection, made, "current")
    audit.append(
        connection,
        jurisdiction=draft.key.jurisdiction,
        at=draft.created_at,
        actor=draft.actor,
        action="release.publish",
        subject=f"{draft.key}/r{last + 1}",
        before_digest=standing.result_digest if standing else "",
        after_digest=result_digest,
        reason=draft.reason,
        code_version=draft.code_digest,
        detail={"input_digest": draft.input_digest, "approved_by": draft.approved_by},
    )
    return Published(release_id, last + 1, created=True, unchanged=False)


def _quarters(facts: dict[str, pa.Table]) -> set[str]:
    return {quarter for rows in facts.values() for quarter in pc.unique(rows.column("quarter")).to_pylist()}
