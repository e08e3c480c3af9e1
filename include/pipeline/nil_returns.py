"""Nil returns (零报送): that there is nothing to report for a quarter, said by a file or by a steward."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from include.feeds.contract import Contract
from include.feeds.faults import Fault, fault
from include.feeds.landing import land
from include.feeds.persons import masked
from include.feeds.read import TextTable
from include.pipeline.catalogue import contract_of
from include.pipeline.judging import held_verdict, suppliers_of
from include.pipeline.registers import StandingRegister, standing_register
from include.pipeline.vault import landing_of, vault_key
from include.quality.holds import file_quarter
from include.quality.sentences import file_fault
from include.quarters import Quarter
from include.site import Site
from include.warehouse import audit, ledger
from include.warehouse.errors import WarehouseError
from include.warehouse.ledger import Delivery, EffectiveVerdict, FileFault, NilReturn, RowBalance, Verdict
from include.warehouse.store import open_warehouse, writing

OVER_ROWS = "H-NILOVER"


class NotNil(WarehouseError):
    """A nil return that cannot be declared."""


@dataclass(frozen=True)
class Declaration:
    """A nil return as a steward declares it; its canonical text is landed like any delivery."""

    jurisdiction: str
    feed: str
    supplier: str
    quarter: str
    declared_by: str
    reason: str


def nil_verdict(
    site: Site,
    contract: Contract,
    register: StandingRegister,
    delivery: Delivery,
    text: TextTable,
    standing: Iterable[EffectiveVerdict],
    now: datetime,
    *,
    confirmed: Iterable[str] = (),
) -> Verdict:
    """The verdict on a file that declares a nil return.

    Held where its quarter cannot be told or believed, and, until a steward confirms it, where rows of its sender are
    in use for that quarter.
    """
    quarter, wrong = _quarter_of(site, contract, delivery, text, now)
    if wrong is None and OVER_ROWS not in confirmed:
        wrong = _over_rows(standing, delivery.supplier, quarter)
    balance = RowBalance(text.landed, 0, 0, 0, text.structural.num_rows)
    if wrong is not None:
        return held_verdict(contract, register, wrong, now, balance=balance, cell_digest=text.cell_digest)
    told = fault("W-NIL", quarter=quarter)
    return Verdict(
        "nil_return",
        now,
        told.code,
        told.zh,
        told.en,
        register_digest=register.digest,
        contract_digest=contract.digest,
        cell_digest=text.cell_digest,
        balance=balance,
        faults=tuple(FileFault(one.code, one.zh, one.en, one.sheet, one.cell) for one in text.warnings),
        nil=NilReturn(quarter, delivery.supplier, masked(text.nil)[:200]),
    )


def declare_nil(site: Site, declaration: Declaration, *, now: datetime) -> bool:
    """Record that a supplier has nothing to report for a quarter; False where that is on record already.

    Raises:
        NotNil: area, feed, supplier or quarter are not such that there could be a nil return, or rows are in use.
        include.config.ConfigError: the site or the contract is wrong.
    """
    contract = contract_of(site, declaration.feed)
    declaration = Declaration(**{name: masked(text) for name, text in asdict(declaration).items()})
    _check(site, contract, declaration, now)
    content = json.dumps(asdict(declaration), ensure_ascii=False, sort_keys=True, indent=1).encode()
    engine = open_warehouse(site.warehouse_url)
    register = standing_register(engine, declaration.jurisdiction)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "nil_return.json"
        source.write_bytes(content)
        vault = landing_of(site, declaration.jurisdiction, declaration.feed)
        landed = land(source, vault, key=vault_key(site))
    with writing(engine) as connection:
        standing = ledger.effective_verdicts(connection, declaration.jurisdiction, declaration.feed)
        own = [one for one in standing if one.supplier == declaration.supplier]
        if any(one.nil_quarter == declaration.quarter for one in own):
            return False
        if over := _over_rows(own, declaration.supplier, declaration.quarter):
            raise NotNil(over.zh, over.en)
        told = fault("W-NIL", quarter=declaration.quarter)
        delivery_id = ledger.record_delivery(
            connection,
            jurisdiction=declaration.jurisdiction,
            feed=declaration.feed,
            supplier=declaration.supplier,
            file_name=f"零报送 {declaration.quarter}.json",
            sha256=landed.sha256,
            bytes=landed.bytes,
            arrived_at=now,
            landed_at=now,
            contract_version=contract.version,
            contract_digest=contract.digest,
            declared_quarter=declaration.quarter,
        )
        verdict = Verdict(
            "nil_return",
            now,
            told.code,
            told.zh,
            told.en,
            register_digest=register.digest,
            contract_digest=contract.digest,
            nil=NilReturn(declaration.quarter, declaration.declared_by, declaration.reason),
        )
        ledger.record_verdict(connection, delivery_id, verdict)
        audit.append(
            connection,
            jurisdiction=declaration.jurisdiction,
            at=now,
            actor=declaration.declared_by,
            action="declare_nil_return",
            subject=f"delivery/{delivery_id}",
            after_digest=landed.sha256,
            reason=declaration.reason,
            detail={name: getattr(declaration, name) for name in ("feed", "supplier", "quarter")},
        )
    return True


def _quarter_of(
    site: Site, contract: Contract, delivery: Delivery, text: TextTable, now: datetime
) -> tuple[str, Fault | None]:
    if contract.time.kind == "register":
        return "", fault("F-NILREGISTER")
    said = Quarter.said_in(text.nil)
    declared = delivery.declared_quarter or (str(said) if said else None)
    today, first = now.astimezone(site.zone).date(), Quarter.parse(site.settings.first_quarter)
    named, wrong = file_quarter(contract, delivery.file_name, declared, today, first)
    quarter = named or declared
    if quarter is None:
        return "", fault("F-NILQUARTER")
    if wrong is None and not _believed(quarter, first, today):
        expected = f"{first} … {Quarter.of(today)}"
        wrong = file_fault("F-PERIOD", file=delivery.file_name, expected=expected, found=quarter)
    return quarter, wrong


def _believed(quarter: str, first: Quarter, today: date) -> bool:
    return first <= Quarter.parse(quarter) <= Quarter.of(today)


def _over_rows(standing: Iterable[EffectiveVerdict], supplier: str, quarter: str) -> Fault | None:
    rows = sum(
        staged.rows
        for verdict in standing
        if verdict.supplier == supplier
        for staged in verdict.staged
        if staged.quarter == quarter
    )
    return fault(OVER_ROWS, quarter=quarter, rows=rows) if rows else None


def _check(site: Site, contract: Contract, declaration: Declaration, now: datetime) -> None:
    if contract.time.kind == "register":
        refused = fault("F-NILREGISTER")
        raise NotNil(refused.zh, refused.en)
    if declaration.jurisdiction not in site.jurisdictions:
        raise NotNil(
            f"站点没有地区 [{declaration.jurisdiction}],可用:{'、'.join(site.jurisdictions)}。",
            f"The site has no area [{declaration.jurisdiction}]; it has {', '.join(site.jurisdictions)}.",
        )
    suppliers = suppliers_of(site, contract)
    if declaration.supplier not in suppliers:
        raise NotNil(
            f"[{declaration.supplier}] 不报送 [{contract.feed}],可用:{'、'.join(suppliers)}。",
            f"[{declaration.supplier}] does not send [{contract.feed}]; its suppliers: {', '.join(suppliers)}.",
        )
    first, today = Quarter.parse(site.settings.first_quarter), now.astimezone(site.zone).date()
    if not _believed(declaration.quarter, first, today):
        raise NotNil(
            f"季度 [{declaration.quarter}] 应在 {first} 至 {Quarter.of(today)} 之间。",
            f"The quarter [{declaration.quarter}] should lie between {first} and {Quarter.of(today)}.",
        )
    if not (declaration.declared_by.strip() and declaration.reason.strip()):
        raise NotNil("须写明申报人和理由。", "Say who declares it, and why.")
