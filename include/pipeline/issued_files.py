"""The files of one issue: rendered, entered in the manifest and in the warehouse, written into the lake."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from include.documents.official.pdf import to_pdf
from include.documents.official.templates import Template
from include.lake import StorePath
from include.pipeline.document_drafting import Drafted, Drafting
from include.pipeline.document_facts import RENDER
from include.pipeline.manifests import Manifest, write_manifest
from include.site import Site
from include.warehouse import audit
from include.warehouse.errors import WarehouseError
from include.warehouse.releases import Release, ReleaseKey


class IssueRefused(WarehouseError):
    """Nothing was issued, or nothing was withdrawn."""


@dataclass(frozen=True)
class Rendered:
    """One document ready to go out."""

    draft: Drafted
    template: Template
    content: bytes
    pdf: bytes | None

    @property
    def sha256(self) -> str:
        """Digest of its bytes."""
        return hashlib.sha256(self.content).hexdigest()


def folder_of(site: Site, key: ReleaseKey, revision: int, at: datetime) -> StorePath:
    """Where the documents of one issue lie."""
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    place = site.lake / key.jurisdiction / "documents" / key.framework_code / key.period
    return place / f"r{revision}" / stamp


def rendered(drafting: Drafting, draft: Drafted, *, pdf: bool) -> Rendered:
    """Render a draft by the template and phrases of its framework; DocumentError where one cannot be used."""
    template = drafting.texts.template(draft.kind)
    content = RENDER[draft.kind](draft.facts, template, drafting.texts.phrases)
    made = to_pdf(content, suffix=f".{draft.file_name.rpartition('.')[2]}") if pdf else None
    return Rendered(draft, template, content, made)


def manifest_entry(one: Rendered) -> dict[str, Any]:
    """A document as the manifest lists it."""
    draft, paper = one.draft, one.draft.paper
    entry: dict[str, Any] = {
        "kind": draft.kind,
        "unit": draft.unit,
        "number": paper.number,
        "title": paper.title,
        "file": draft.file_name,
        "sha256": one.sha256,
        "size": len(one.content),
        "purpose": paper.purpose,
        "recipients": _recipients(draft),
        "template_digest": one.template.digest,
    }
    if one.pdf is not None:
        digest = hashlib.sha256(one.pdf).hexdigest()
        entry["pdf"] = {"file": _pdf_name(draft), "sha256": digest, "size": len(one.pdf)}
    return entry


def manifest_head(
    release: Release, status: str, head: audit.Head, account: str, now: datetime
) -> dict[str, Any]:
    """What a manifest says of the whole issue."""
    return {
        "jurisdiction": release.jurisdiction,
        "framework": release.framework_code,
        "framework_version": release.framework_version,
        "period": release.period,
        "release_id": release.release_id,
        "revision": release.revision,
        "status": status,
        "result_digest": release.result_digest,
        "audit_head": {"seq": head.seq, "hash": head.hash},
        "issued_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "issued_by": account,
    }


def write_files(folder: StorePath, documents: Sequence[Rendered], manifest: Manifest) -> None:
    """Write the documents and their manifest into a folder of their own; IssueRefused where it is taken."""
    try:
        folder.mkdir(parents=True, exist_ok=False)
    except FileExistsError as error:
        raise IssueRefused(
            "同一时刻已有一次出具,请稍后再办。", "Another issue has the same moment; try again in a second."
        ) from error
    for one in documents:
        (folder / one.draft.file_name).write_bytes(one.content)
        if one.pdf is not None:
            (folder / _pdf_name(one.draft)).write_bytes(one.pdf)
    write_manifest(folder, manifest)


def remove_files(folder: StorePath) -> None:
    """Take away what an issue that failed had written."""
    if isinstance(folder, Path):
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.rmdir(recursive=True)


def notice_row(
    one: Rendered,
    release: Release,
    head: str,
    manifest_sha256: str,
    account: str,
    now: datetime,
) -> dict[str, Any]:
    """A document as a row of `notice`."""
    draft, paper = one.draft, one.draft.paper
    return {
        "release_id": release.release_id,
        **vars(release.key),
        "unit_code": draft.unit,
        "kind": draft.kind,
        "number": paper.number,
        "title": paper.title,
        "file_name": draft.file_name,
        "sha256": one.sha256,
        "size_bytes": len(one.content),
        "purpose": paper.purpose,
        "recipients": _recipients(draft),
        "answer_by": draft.answer_by.on.isoformat() if draft.answer_by else "",
        "answer_by_provisional": bool(draft.answer_by and draft.answer_by.provisional),
        "template_digest": one.template.digest,
        "audit_head": head,
        "manifest_sha256": manifest_sha256,
        "issued_at": now,
        "issued_by": account,
    }


def _recipients(draft: Drafted) -> dict[str, list[str]]:
    return {"to": list(draft.paper.to), "copies": list(draft.paper.copies)}


def _pdf_name(draft: Drafted) -> str:
    return f"{draft.file_name.rpartition('.')[0]}.pdf"
