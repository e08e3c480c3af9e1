"""A steward confirms what a file was held for: it is judged again with that hold, and only that one, waived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from include.feeds.persons import masked
from include.pipeline.catalogue import contract_of
from include.site import Site
from include.warehouse import audit, ledger
from include.warehouse.errors import WarehouseError
from include.warehouse.ledger import Confirmation
from include.warehouse.store import open_warehouse, writing

_LATEST = text(
    "SELECT delivery_id, jurisdiction, feed, file_name, sha256, verdict_id, verdict, reason_code "
    "FROM vw_delivery WHERE delivery_id = :delivery_id"
)
_CONFIRMED = text(
    "SELECT confirmed_by FROM hold_confirmation WHERE verdict_id = :verdict_id AND code = :code"
)


class NotConfirmed(WarehouseError):
    """A hold that cannot be confirmed."""


def confirm_hold(site: Site, delivery_id: int, code: str, *, by: str, reason: str, now: datetime) -> str:
    """Confirm the hold `code` of a delivery, with its trace in the audit chain; return the feed to ingest again.

    Args:
        site: the site.
        delivery_id: as `mingjing deliveries` lists it.
        code: the code that the delivery is held for now, beginning with `H-`.
        by: who confirms it.
        reason: why what looks wrong is right.
        now: the moment, with a time zone.

    Raises:
        NotConfirmed: the delivery is not held for that, or a hold of that kind is not for a steward to confirm.
    """
    if not (by.strip() and reason.strip()):
        raise NotConfirmed("须写明确认人和理由。", "Say who confirms it, and why.")
    reason = masked(reason)
    with writing(open_warehouse(site.warehouse_url)) as connection:
        found = connection.execute(_LATEST, {"delivery_id": delivery_id}).first()
        if found is None or found.jurisdiction not in site.jurisdictions:
            raise NotConfirmed(
                f"没有报送批次 {delivery_id},见 mingjing deliveries。",
                f"There is no delivery {delivery_id}; see mingjing deliveries.",
            )
        if found.verdict != "held" or found.reason_code != code:
            stands = f"{found.verdict} {found.reason_code}".strip()
            raise NotConfirmed(
                f"报送批次 {delivery_id} 现为 [{stands}],不是因 [{code}] 扣留。",
                f"Delivery {delivery_id} is [{stands}] now, not held for [{code}].",
            )
        contract = contract_of(site, found.feed)
        _check_confirmable(code, register=contract.time.kind == "register")
        known = connection.scalar(_CONFIRMED, {"verdict_id": found.verdict_id, "code": code})
        if known is not None:
            raise NotConfirmed(
                f"已由 [{known}] 确认,请运行 mingjing ingest {found.feed}。",
                f"[{known}] confirmed it already; run mingjing ingest {found.feed}.",
            )
        confirmation = Confirmation(delivery_id, found.verdict_id, code, contract.digest, now, by, reason)
        ledger.record_confirmation(connection, confirmation)
        audit.append(
            connection,
            jurisdiction=found.jurisdiction,
            at=now,
            actor=by,
            action="confirm_hold",
            subject=f"delivery/{delivery_id}",
            before_digest=found.sha256,
            reason=reason,
            detail={"code": code, "feed": found.feed, "verdict_id": found.verdict_id},
        )
    return str(found.feed)


def _check_confirmable(code: str, *, register: bool) -> None:
    if not code.startswith("H-"):
        raise NotConfirmed(
            f"[{code}] 说明文件本身不能用,不能确认,请重新报送;只有以 H- 开头的扣留可以确认。",
            f"[{code}] says that the file itself cannot be used; it must be sent again. "
            "Only holds whose code begins with H- can be confirmed.",
        )
    if register:
        raise NotConfirmed(
            "名录须整份采用,不能带着有误的行确认;请改正后重新报送。",
            "A register is taken whole and cannot be confirmed with rows at fault; correct it and send it again.",
        )
