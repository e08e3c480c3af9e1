"""Issuing documents: from a final release that is on show no longer, into the lake, the warehouse and the audit chain.

Everything is rendered before anything is stored. The rows, their statuses and the audit entry live or die together;
what was written into the lake for an issue that failed is taken away again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from include.documents.official.distribution import KINDS, Kind
from include.pipeline.access import authorise
from include.pipeline.document_drafting import Drafted, Drafting, previous_standing
from include.pipeline.document_facts import QUARTERLY, drafts
from include.pipeline.document_standing import read_standing
from include.pipeline.document_texts import texts_of
from include.pipeline.issued_files import (
    IssueRefused,
    Rendered,
    folder_of,
    manifest_entry,
    manifest_head,
    notice_row,
    remove_files,
    rendered,
    write_files,
)
from include.pipeline.manifests import make_manifest
from include.pipeline.publicity import check_shown
from include.site import Site
from include.warehouse import audit, notices, releases, reviews
from include.warehouse.notices import Notice
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.store import lock, open_warehouse, reading, writing

__all__ = ["IssueRefused", "IssueReport", "issue", "list_documents", "withdraw_notice"]


@dataclass(frozen=True)
class IssueReport:
    """What one issue came to."""

    release: Release
    folder: str
    """Where the documents lie, in the lake; '' where there was nothing to issue."""
    manifest_sha256: str
    issued: tuple[Notice, ...]
    known: int
    """Documents of this release that had been issued before and stand."""
    superseded: int
    """Documents of earlier revisions that these replace."""


def issue(
    site: Site,
    key: ReleaseKey,
    *,
    account: str,
    now: datetime,
    kinds: Sequence[Kind] = QUARTERLY,
    units: Sequence[str] = (),
    pdf: bool = False,
) -> IssueReport:
    """Issue the documents of a period's final release; what stands already is not issued twice.

    Args:
        site: the site.
        key: area, framework and quarter.
        account: who issues, as site.yaml lists it.
        now: the moment, with a time zone.
        kinds: which documents.
        units: only documents to these units, by code.
        pdf: a PDF beside each, where LibreOffice is present.

    Raises:
        include.pipeline.access.NotAllowed: the account may not issue here.
        IssueRefused: nothing is final, a newer revision is under review, a unit is unknown, or somebody else issued
            meanwhile.
        include.pipeline.publicity.OnShow: the release is still on show.
        include.documents.official.errors.DocumentError: a template or a text cannot be used.
        ConfigError: the ring has no key for signatures, or a text of the site is wrong.
    """
    role = authorise(site, account, "issue", jurisdiction=key.jurisdiction)
    check_shown(site, key, now=now)
    signing = site.keys.key_for("sign")
    engine = open_warehouse(site.warehouse_url)
    with reading(engine) as connection:
        release = _final(connection, key)
        drafting = _drafting(connection, site, release, now)
        _check_units(drafting, units)
        standing = {one.file_name for one in _standing(connection, release)}
        ordered = [kind for kind in KINDS if kind in kinds]
        found = list(drafts(connection, drafting, ordered, units))
        new = [one for one in found if one.file_name not in standing]
        new, counters = _numbered(connection, drafting, new)
        head = audit.head(connection)
    if not new:
        return IssueReport(release, "", "", (), len(found), 0)
    made = [rendered(drafting, one, pdf=pdf) for one in new]
    about = manifest_head(release, drafting.standing.status, head, account, now)
    manifest = make_manifest(about, [manifest_entry(one) for one in made], signing)
    folder = folder_of(site, key, release.revision, now)
    write_files(folder, made, manifest)
    rows = [notice_row(one, release, head.hash, manifest.sha256, account, now) for one in made]
    try:
        with writing(engine) as connection:
            lock(connection, "issue", key.jurisdiction)
            _check_unchanged(connection, release, key, {one.draft.file_name for one in made}, counters)
            review_id = _review(connection, release.release_id)
            numbers = notices.add_notices(
                connection, [{**row, "review_id": review_id} for row in rows], actor=account, at=now
            )
            gone = _supersede(connection, key, release, made, bool(units), account, now)
            notices.trace(
                connection,
                key.jurisdiction,
                "document.issue",
                f"release/{release.release_id}",
                actor=account,
                role=role,
                at=now,
                before_digest=release.result_digest,
                after_digest=manifest.sha256,
                detail={"documents": len(numbers), "superseded": gone, "key_id": signing.id},
            )
            issued = [notices.get_notice(connection, number) for number in numbers]
    except BaseException:
        remove_files(folder)
        raise
    return IssueReport(
        release,
        str(folder),
        manifest.sha256,
        tuple(one for one in issued if one is not None),
        len(found) - len(new),
        gone,
    )


def withdraw_notice(site: Site, notice_id: int, *, account: str, reason: str, now: datetime) -> Notice:
    """Withdraw one document; it stays listed, as withdrawn.

    Raises:
        include.pipeline.access.NotAllowed: the account may not do so here.
        IssueRefused: there is no such document, it stands no more, or no reason is given.
    """
    engine = open_warehouse(site.warehouse_url)
    with reading(engine) as connection:
        found = _known(connection, notice_id)
    role = authorise(site, account, "withdraw_notice", jurisdiction=found.jurisdiction)
    if not reason.strip():
        raise IssueRefused("撤回文书须写明理由。", "Say why the document is withdrawn.")
    with writing(engine) as connection:
        lock(connection, "issue", found.jurisdiction)
        found = _known(connection, notice_id)
        if not found.stands:
            raise IssueRefused(
                f"文书 {notice_id} 的状态是 {found.status},不能撤回。",
                f"Document {notice_id} is {found.status} and cannot be withdrawn.",
            )
        notices.add_status(
            connection, notice_id, found.jurisdiction, "withdrawn", actor=account, at=now, reason=reason
        )
        notices.trace(
            connection,
            found.jurisdiction,
            "document.withdraw",
            f"notice/{notice_id}",
            actor=account,
            role=role,
            at=now,
            before_digest=found.sha256,
            reason=reason,
        )
        return _known(connection, notice_id)


def list_documents(site: Site, key: ReleaseKey) -> list[Notice]:
    """Every document issued on a period, withdrawn and superseded ones too."""
    with reading(open_warehouse(site.warehouse_url)) as connection:
        return notices.notices_of(connection, key)


def _final(connection: Connection, key: ReleaseKey) -> Release:
    final = releases.current(connection, key, kind="final")
    if final is None:
        raise IssueRefused(
            f"[{key}] 尚未定稿,不能出具文书:请先完成两次审核。",
            f"[{key}] has no final release yet: documents wait for both reviews.",
        )
    newest = releases.current(connection, key)
    if newest is not None and newest.release_id != final.release_id:
        raise IssueRefused(
            f"[{key}] 第 {newest.revision} 次修订正在审核,定稿前不出具文书。",
            f"[{key}] Revision {newest.revision} is under review; no documents until it is final.",
        )
    return final


def _drafting(connection: Connection, site: Site, release: Release, now: datetime) -> Drafting:
    standing = read_standing(connection, site, release)
    return Drafting(
        standing,
        previous_standing(connection, standing),
        texts_of(site, release.framework_code),
        now.astimezone(site.zone).date(),
        audit.head(connection).hash,
    )


def _check_units(drafting: Drafting, units: Sequence[str]) -> None:
    if unknown := sorted(set(units) - set(drafting.standing.scores["unit_code"])):
        raise IssueRefused(
            f"[{drafting.standing.release.key}] 没有参评单位 {unknown}。",
            f"[{drafting.standing.release.key}] does not score the units {unknown}.",
        )


def _standing(connection: Connection, release: Release) -> list[Notice]:
    known = notices.notices_of(connection, release.key)
    return [one for one in known if one.release_id == release.release_id and one.stands]


def _numbered(
    connection: Connection, drafting: Drafting, found: Sequence[Drafted]
) -> tuple[list[Drafted], dict[str, int]]:
    """The drafts with their numbers 文号, and the last numbers that were given before."""
    kinds = drafting.texts.distribution.kinds
    marks = {kind: f"{kinds[kind].mark}〔{drafting.issued_on.year}〕" for kind in KINDS if kinds[kind].mark}
    counters = notices.last_numbers(connection, drafting.standing.release.jurisdiction, marks.values())
    given, made = dict(counters), []
    for one in found:
        if mark := marks.get(one.kind):
            given[mark] += 1
            one = one.numbered(f"{mark}{given[mark]}号")
        made.append(one)
    return made, counters


def _check_unchanged(
    connection: Connection,
    release: Release,
    key: ReleaseKey,
    names: set[str],
    counters: dict[str, int],
) -> None:
    same = _final(connection, key).release_id == release.release_id
    given = notices.last_numbers(connection, key.jurisdiction, counters)
    if not same or given != counters or names & {one.file_name for one in _standing(connection, release)}:
        raise IssueRefused(
            f"[{key}] 在生成文书期间已有变化或他人已出具,本次未出具任何文书,请重办。",
            f"[{key}] changed, or somebody else issued, while documents were made; nothing was issued, do it again.",
        )


def _review(connection: Connection, release_id: int) -> int:
    done = [one for one in reviews.reviews_of(connection, release_id) if one.outcome == "completed"]
    return done[-1].review_id if done else 0


def _supersede(
    connection: Connection,
    key: ReleaseKey,
    release: Release,
    made: Sequence[Rendered],
    only_some: bool,
    account: str,
    now: datetime,
) -> int:
    """Mark what earlier revisions issued as superseded: all of it, or with `only_some` what is replaced now."""
    names = {one.draft.file_name for one in made}
    kinds = {one.draft.kind for one in made}
    gone = 0
    for old in notices.notices_of(connection, key):
        if old.release_id == release.release_id or not old.stands:
            continue
        if old.file_name in names or (not only_some and old.kind in kinds):
            reason = f"release/{release.release_id}"
            notices.add_status(
                connection,
                old.notice_id,
                key.jurisdiction,
                "superseded",
                actor=account,
                at=now,
                reason=reason,
            )
            gone += 1
    return gone


def _known(connection: Connection, notice_id: int) -> Notice:
    found = notices.get_notice(connection, notice_id)
    if found is None:
        raise IssueRefused(f"没有文书 {notice_id}。", f"There is no document {notice_id}.")
    return found
