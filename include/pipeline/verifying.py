"""Is this document ours, and does it stand? Asked with nothing but the file that somebody holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, exists, select

from include.lake import StorePath
from include.pipeline.issued_files import folder_of
from include.pipeline.manifests import read_manifest
from include.site import Site
from include.warehouse import notices, releases
from include.warehouse.notices import Notice
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import open_warehouse, reading
from include.warehouse.tables import audit_entry

State = Literal["genuine", "superseded", "withdrawn", "unproven", "unknown"]
_FAULTS = {
    "missing": ("清单或签名不在数据湖中", "its manifest or signature is not in the lake"),
    "unreadable": ("清单无法读取", "its manifest cannot be read"),
    "unknown_key": ("密钥环上没有签名所用的密钥", "the key that signed its manifest is not on the ring"),
    "bad_signature": ("清单签名不符", "the signature of its manifest does not hold"),
    "other_manifest": ("清单不是登记的那一份", "its manifest is not the one on record"),
    "not_listed": ("清单中没有这份文件", "its manifest does not list it"),
    "no_trace": ("留痕链中没有这次出具", "the audit chain has no trace of its issue"),
}


@dataclass(frozen=True)
class Verdict:
    """What can be said of a file; `notice` is None where nothing is known of it."""

    state: State
    sha256: str
    notice: Notice | None
    zh: str
    en: str

    @property
    def is_good(self) -> bool:
        """Whether it is ours and stands."""
        return self.state == "genuine"


def verify_document(site: Site, document: Path | bytes) -> Verdict:
    """Say what a file is: found by its digest among the documents issued, its manifest's signature checked.

    Args:
        site: the site.
        document: the file, or its bytes; a PDF counts where it was made when the document was issued.
    """
    content = document if isinstance(document, bytes) else document.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    with reading(open_warehouse(site.warehouse_url)) as connection:
        found = notices.find_notices(connection, digest) or _by_pdf(connection, site, digest)
        if not found:
            return _unknown(digest)
        one = found[-1]
        fault = _fault(connection, site, one, digest)
        final = releases.current(connection, _key(one), kind="final")
    if fault:
        return _said("unproven", digest, one, fault)
    if one.status == "withdrawn":
        return _said("withdrawn", digest, one)
    if one.status == "superseded" or final is None or final.release_id != one.release_id:
        return _said("superseded", digest, one)
    return _said("genuine", digest, one)


def _fault(connection: Connection, site: Site, one: Notice, digest: str) -> str:
    """What its manifest lacks; '' where everything holds."""
    folder = folder_of(site, _key(one), one.revision, one.issued_at)
    manifest, fault = read_manifest(folder, site.keys)
    if manifest is None:
        return fault
    if hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest() != one.manifest_sha256:
        return "other_manifest"
    listed = {entry["sha256"] for entry in manifest["documents"]}
    listed |= {entry["pdf"]["sha256"] for entry in manifest["documents"] if "pdf" in entry}
    if digest not in listed:
        return "not_listed"
    trace = exists().where(
        audit_entry.c.action == "document.issue", audit_entry.c.after_digest == one.manifest_sha256
    )
    return "" if connection.scalar(select(trace)) else "no_trace"


def _by_pdf(connection: Connection, site: Site, digest: str) -> list[Notice]:
    """The document whose PDF has these bytes: only its manifest knows it."""
    for area in site.jurisdictions:
        place: StorePath = site.lake / area / "documents"
        for file in sorted(place.glob("*/*/*/*/manifest.json")) if place.exists() else ():
            manifest, _ = read_manifest(file.parent, site.keys)
            for entry in (manifest or {}).get("documents", ()):
                if entry.get("pdf", {}).get("sha256") == digest:
                    return notices.find_notices(connection, entry["sha256"])
    return []


def _key(one: Notice) -> ReleaseKey:
    return ReleaseKey(one.jurisdiction, one.framework_code, one.period)


def _unknown(digest: str) -> Verdict:
    return Verdict(
        "unknown",
        digest,
        None,
        f"不是登记在册的文书,或内容已被改动(摘要 {digest[:16]})。",
        f"Not a document on record, or its content was changed (digest {digest[:16]}).",
    )


def _said(state: State, digest: str, one: Notice, fault: str = "") -> Verdict:
    day = f"{one.issued_at:%Y-%m-%d}"
    about_zh = f"{one.title} {one.number},第 {one.revision} 次发布,{day} 由 [{one.issued_by}] 出具".replace(
        " ,", ","
    )
    about_en = f"{one.kind} {one.number}, revision {one.revision}, issued {day} by [{one.issued_by}]".replace(
        " ,", ","
    )
    why = f":{one.status_reason}" if one.status_reason else ""
    words: dict[str, tuple[Any, Any]] = {
        "genuine": ("文书真实有效", "Genuine and in force"),
        "superseded": ("文书真实,但已被后来的修订取代", "Genuine, but a later revision took its place"),
        "withdrawn": (
            f"文书真实,但已于 {one.status_at:%Y-%m-%d} 由 [{one.status_by}] 撤回{why}",
            f"Genuine, but withdrawn on {one.status_at:%Y-%m-%d} by [{one.status_by}]{why}",
        ),
        "unproven": (
            f"登记在册,但不能证明:{_FAULTS.get(fault, ('', ''))[0]}",
            f"On record, but unproven: {_FAULTS.get(fault, ('', ''))[1]}",
        ),
    }
    zh, en = words[state]
    return Verdict(state, digest, one, f"{zh}:{about_zh}。", f"{en}: {about_en}.")
