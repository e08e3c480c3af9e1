"""Returned workbooks going out: composed from a delivery and its verdict, written into the lake."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from include.feeds.contract import Contract
from include.feeds.read import TextTable
from include.lake import StorePath
from include.pipeline.readiness import deadline_of
from include.quality.returns.content import Facts, ReturnBook, compose_book
from include.quality.returns.tokens import Origin, Signer, row_code, signer
from include.quality.returns.workbook import write_workbook
from include.quarters import Quarter
from include.site import Site
from include.warehouse.ledger import Delivery, Verdict

_OURS = ("F-JUDGES",)
"""Reasons to hold a file that its supplier can do nothing about."""

Address = tuple[str, int]


@dataclass(frozen=True)
class Source:
    """A delivery as it goes back, and the delivery that its rows first came in."""

    delivery: Delivery
    text: TextTable
    origin: Origin
    origins: Mapping[Address, Address] | None = None
    """Of a return: its rows → the rows of `origin` that they stand for. None: the rows are those of `origin`."""
    headers: Mapping[str, str] | None = None
    """Of a return: the headers of the first delivery."""


def site_signers(site: Site) -> tuple[Signer, ...]:
    """How this site signs row codes, the newest key first; a checksum alone where its ring has no key for tokens.

    Codes signed with an older key of the ring stay good; those of a destroyed key do not.
    """
    keys = [key.secret for key in reversed(site.keys.of("token")) if key.secret]
    return tuple(signer(key) for key in keys) or (signer(b""),)


def origin_of(delivery: Delivery, text: TextTable) -> Origin:
    """The delivery as its row codes name it."""
    return Origin(
        delivery.jurisdiction,
        delivery.feed,
        delivery.supplier,
        delivery.file_name,
        delivery.sha256,
        tuple(text.letters_by_sheet),
    )


def first_source(delivery: Delivery, text: TextTable) -> Source:
    """An ordinary delivery as what may go back."""
    return Source(delivery, text, origin_of(delivery, text))


def goes_back(verdict: Verdict) -> bool:
    """Whether there is anything for the supplier to correct row by row."""
    return bool(len(verdict.quarantined)) and verdict.reason_code not in _OURS


def return_book(site: Site, contract: Contract, source: Source, verdict: Verdict) -> ReturnBook:
    """Compose what goes back; the same delivery and verdict give the same book."""
    sign, text = site_signers(site)[0], source.text

    def code(sheet: str, row: int) -> str:
        first = (sheet, row) if source.origins is None else source.origins.get((sheet, row))
        return row_code(source.origin, *first, sign) if first else ""

    def place(sheet: str, row: int) -> str:
        first = (sheet, row) if source.origins is None else source.origins.get((sheet, row), (sheet, row))
        return f"{first[0]} 第 {first[1]} 行".lstrip()

    return compose_book(
        text,
        verdict.quarantined,
        contract,
        _facts(site, contract, source.delivery, verdict),
        codes=code,
        places=place,
        headers=source.headers if source.headers is not None else text.headers,
    )


def place_of(site: Site, delivery: Delivery, source: Source) -> StorePath:
    """Where the returned workbook of a delivery lies in the lake."""
    key = Origin(
        delivery.jurisdiction,
        delivery.feed,
        delivery.supplier,
        delivery.file_name,
        delivery.sha256,
        source.origin.sheets,
    ).key
    stem = re.sub(r"[^\w.()（）-]+", "_", delivery.file_name.rpartition(".")[0] or delivery.file_name)[:60]
    folder = site.lake / delivery.jurisdiction / "returns" / delivery.feed / delivery.supplier
    return folder / f"{stem}_退回_{key[:8]}.xlsx"


def put_back(site: Site, contract: Contract, source: Source | None, verdict: Verdict) -> StorePath | None:
    """Write the returned workbook of a judged delivery; take it away where nothing is left to correct.

    Args:
        site: the site.
        contract: the feed's.
        source: what may go back; None where no row could be read.
        verdict: as it was recorded.

    Returns:
        Where it lies; None where there is nothing to correct.
    """
    if source is None:
        return None
    path = place_of(site, source.delivery, source)
    if not goes_back(verdict):
        path.unlink(missing_ok=True)
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(write_workbook(return_book(site, contract, source, verdict)))
    return path


def _facts(site: Site, contract: Contract, delivery: Delivery, verdict: Verdict) -> Facts:
    supplier = site.settings.suppliers.get(delivery.supplier)
    quarter, balance = quarter_of(delivery, verdict), verdict.balance
    held = verdict.verdict == "held"
    return Facts(
        file_name=delivery.file_name,
        feed_zh=contract.title.zh,
        feed_en=contract.title.en or contract.feed,
        supplier_zh=supplier.name.zh if supplier else delivery.supplier,
        supplier_en=(supplier.name.en if supplier else "") or delivery.supplier,
        received=f"{_shown(delivery.arrived_at, site)}",
        quarter=quarter,
        deadline=deadline_of(site, contract, Quarter.parse(quarter)) if quarter else None,
        judged=verdict.judged_at.astimezone(site.zone),
        landed=balance.landed,
        accepted=balance.accepted,
        refused=balance.quarantined,
        duplicates=balance.exact_duplicates,
        structural=balance.structural,
        held_zh=verdict.message_zh if held else "",
        held_en=verdict.message_en if held else "",
    )


def quarter_of(delivery: Delivery, verdict: Verdict) -> str:
    """The quarter that a delivery is for: declared, or that of most of its rows; '' where nothing tells it."""
    if delivery.declared_quarter:
        return delivery.declared_quarter
    if verdict.staged:
        return max(verdict.staged, key=lambda staged: (staged.rows, staged.quarter)).quarter
    known = Counter(quarter for quarter in verdict.quarantined.get("quarter", ()) if quarter)
    return max(known, key=lambda quarter: (known[quarter], quarter)) if known else ""


def _shown(moment: datetime, site: Site) -> str:
    return f"{moment.astimezone(site.zone):%Y-%m-%d %H:%M}"
