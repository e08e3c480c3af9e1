"""The manifest of one issue: every document with its digest, what it rests on, and a detached signature."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.documents.official.signing import is_signed, public_key, sign
from include.keys import Key, KeyGone, KeyRing
from include.lake import StorePath
from include.warehouse.canonical import canonical_json

NAME = "manifest.json"
VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """A manifest as it is written: its bytes, signature, and the public key that is published beside it."""

    content: bytes
    signature: bytes
    public: str

    @property
    def sha256(self) -> str:
        """What notices and the audit chain name it by."""
        return hashlib.sha256(self.content).hexdigest()


def make_manifest(about: Mapping[str, Any], documents: Sequence[Mapping[str, Any]], key: Key) -> Manifest:
    """Write and sign a manifest; the same documents, key and release give the same bytes."""
    whole = {
        "manifest": VERSION,
        **about,
        "key_id": key.id,
        "documents": sorted(documents, key=lambda one: one["file"]),
    }
    content = canonical_json(whole).encode()
    return Manifest(content, sign(content, key.secret), public_key(key.secret))


def write_manifest(folder: StorePath, manifest: Manifest) -> None:
    """Write manifest, signature and public key into the folder of an issue."""
    (folder / NAME).write_bytes(manifest.content)
    (folder / f"{NAME}.sig").write_bytes(manifest.signature)
    (folder / f"{NAME}.pub").write_bytes(manifest.public.encode() + b"\n")


def read_manifest(folder: StorePath, ring: KeyRing) -> tuple[dict[str, Any] | None, str]:
    """A manifest and '' where it is signed by a key of the ring; else None and what is wrong with it.

    The public key beside the manifest is for others: whoever can change the one can change the other, so that here
    only the ring counts.

    Returns:
        (the manifest, ''), or (None, missing | unreadable | unknown_key | bad_signature).
    """
    try:
        content = (folder / NAME).read_bytes()
        signature = (folder / f"{NAME}.sig").read_bytes()
    except OSError:
        return None, "missing"
    try:
        found: dict[str, Any] = json.loads(content)
        key_id = str(found["key_id"])
    except (ValueError, KeyError, TypeError):
        return None, "unreadable"
    try:
        public = public_key(ring.key(key_id).secret)
    except KeyGone:
        return None, "unknown_key"
    return (found, "") if is_signed(content, signature, public) else (None, "bad_signature")
