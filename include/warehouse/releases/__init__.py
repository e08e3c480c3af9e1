"""Releases: publish, read, finalise, withdraw; leases; the digest of everything published."""

from __future__ import annotations

from include.warehouse.releases.analyses import add_analyses, is_analysed, read_analyses
from include.warehouse.releases.digest import digest_published, table_digests
from include.warehouse.releases.draft import (
    FrameworkContent,
    Published,
    ReleaseDraft,
    ReleaseInput,
    ReleaseKey,
    input_digest,
)
from include.warehouse.releases.leases import acquire_lease
from include.warehouse.releases.publishing import facts_digest, prepare_facts, publish
from include.warehouse.releases.reading import (
    Release,
    as_of,
    current,
    get,
    group_titles,
    latest_status,
    read_facts,
    read_indicators,
    read_inputs,
    revisions,
)
from include.warehouse.releases.status import finalise, finalise_in, withdraw

__all__ = [
    "FrameworkContent",
    "Published",
    "Release",
    "ReleaseDraft",
    "ReleaseInput",
    "ReleaseKey",
    "acquire_lease",
    "add_analyses",
    "as_of",
    "current",
    "digest_published",
    "facts_digest",
    "finalise",
    "finalise_in",
    "get",
    "group_titles",
    "input_digest",
    "is_analysed",
    "latest_status",
    "prepare_facts",
    "publish",
    "read_analyses",
    "read_facts",
    "read_indicators",
    "read_inputs",
    "revisions",
    "table_digests",
    "withdraw",
]
