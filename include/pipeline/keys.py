"""The end of a key for pseudonyms: only once no quarter looks back at it, and on the record."""

from __future__ import annotations

from datetime import datetime

from include.keys import KeyRing
from include.pipeline.catalogue import contracts_of
from include.pipeline.pseudonyms import pseudonym_columns
from include.quarters import Quarter
from include.site import Site
from include.warehouse import audit
from include.warehouse.store import migrate, open_warehouse, writing


def destroy_key(site: Site, ring: KeyRing, key_id: str, *, by: str, reason: str, now: datetime) -> None:
    """Take the secret of a key for pseudonyms off the ring, with its trace in the audit chain of every area.

    Raises:
        ValueError: it is no key for pseudonyms, the newest one, or a quarter not yet over may look back at it.
        KeyGone: it was destroyed before.
    """
    key = ring.key(key_id)
    later = [one for one in ring.of("pseudonym") if one.begins > key.begins]
    if key.purpose != "pseudonym" or not later:
        raise ValueError(
            f"[{key_id}] 不能销毁:只能销毁已被更新密钥接替的假名密钥。 "
            f"[{key_id}] cannot be destroyed: only a key for pseudonyms that a later one has followed can be."
        )
    looks_back = max(
        (one.time.lookback_quarters for one in contracts_of(site) if pseudonym_columns(one)), default=0
    )
    free = later[0].begins.shift(looks_back)
    if Quarter.of(now.astimezone(site.zone).date()) <= free:
        raise ValueError(
            f"[{key_id}] 在 {free} 结束之前还有季度要回看,不能销毁。 "
            f"[{key_id}] is looked back at until {free} is over and cannot be destroyed before."
        )
    if not (by.strip() and reason.strip()):
        raise ValueError("须写明销毁人和理由。 Say who destroys it, and why.")
    migrate(site.warehouse_url)
    with writing(open_warehouse(site.warehouse_url)) as connection:
        for jurisdiction in site.jurisdictions:
            audit.append(
                connection,
                jurisdiction=jurisdiction,
                at=now,
                actor=by,
                action="destroy_key",
                subject=f"key/{key_id}",
                reason=reason,
                detail={"begins": str(key.begins)},
            )
    ring.without(key_id).save()
