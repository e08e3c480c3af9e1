"""The returned workbook of a delivery that was judged before, composed anew from landing and ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from include.feeds.contract import Contract
from include.feeds.read import TextTable
from include.pipeline.catalogue import contract_of
from include.pipeline.return_books import (
    Source,
    first_source,
    goes_back,
    origin_of,
    place_of,
    return_book,
    site_signers,
)
from include.pipeline.returns import read_first
from include.quality.returns.compose import compose
from include.quality.returns.content import ReturnBook
from include.quality.returns.reading import Returned
from include.site import Site
from include.warehouse import ledger
from include.warehouse.ledger import Delivery
from include.warehouse.store import migrate, open_warehouse, reading


class UnknownDelivery(LookupError):
    """No delivery goes by what was given."""


def composed_again(site: Site, named: str, *, now: datetime) -> tuple[str, ReturnBook | None]:
    """The file name and the content of the returned workbook of a delivery; the same as was written at its ingest.

    Args:
        site: the site.
        named: the delivery's number, the name of its file (the newest counts), or the beginning of its hash.
        now: the moment, for the record of what is opened.

    Returns:
        The name, and None in place of the book where nothing of the delivery can be corrected row by row.

    Raises:
        UnknownDelivery: nothing goes by `named`.
    """
    migrate(site.warehouse_url)
    engine = open_warehouse(site.warehouse_url)
    with reading(engine) as connection:
        delivery = _found(connection, site, named)
        verdict = ledger.latest_verdict(connection, delivery.delivery_id)
        first_id = ledger.answered_by(connection, [delivery.delivery_id]).get(delivery.delivery_id)
        every = ledger.deliveries_of(connection, delivery.jurisdiction, delivery.feed)
    first = next((one for one in every if one.delivery_id == first_id), delivery)
    contract = contract_of(site, delivery.feed)
    text = read_first(site, contract, engine, first, now)
    if verdict is None or not goes_back(verdict) or not isinstance(text, TextTable):
        return delivery.file_name, None
    source = first_source(delivery, text)
    if first is not delivery:
        came = read_first(site, contract, engine, delivery, now)
        if not isinstance(came, Returned):
            return delivery.file_name, None
        source = _source_again(site, contract, delivery, first, text, came)
    return place_of(site, delivery, source).name, return_book(site, contract, source, verdict)


def _source_again(
    site: Site, contract: Contract, delivery: Delivery, first: Delivery, text: TextTable, came: Returned
) -> Source:
    origin = origin_of(first, text)
    composed = compose(came, text, contract, origin, site_signers(site), file_name=delivery.file_name)
    origins = {(came.sheet, row): address for row, address in composed.origins.items()}
    return Source(delivery, replace(composed.text, table=composed.whole), origin, origins, text.headers)


def _found(connection: Connection, site: Site, named: str) -> Delivery:
    every = [
        one
        for jurisdiction in site.jurisdictions
        for feed in site.feeds
        for one in ledger.deliveries_of(connection, jurisdiction, feed)
    ]
    by_number = [one for one in every if str(one.delivery_id) == named.removeprefix("#")]
    by_name = [one for one in every if one.file_name == named]
    by_hash = [one for one in every if len(named) >= 6 and one.sha256.startswith(named.lower())]
    found = by_number or by_name or by_hash
    if not found:
        raise UnknownDelivery(f"没有批次 [{named}]。 No delivery goes by [{named}].")
    return found[-1]
