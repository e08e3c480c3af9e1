"""The documents of a feed for the department that sends it: the Excel template and the page of its contract."""

from __future__ import annotations

from datetime import date

from include.documents.contract_page import contract_html, contract_markdown
from include.documents.feed_guide import FeedGuide, feed_guide
from include.documents.feed_template import write_template
from include.pipeline.catalogue import contract_of
from include.pipeline.judging import suppliers_of
from include.pipeline.registers import standing_register
from include.site import Site
from include.warehouse.store import open_warehouse


def feed_template(site: Site, feed: str, *, today: date) -> bytes:
    """The template of a feed, its unit column offering the scored units of the register that stand `today`.

    Raises:
        ConfigError: there is no such contract, or its layout has no template.
    """
    engine = open_warehouse(site.warehouse_url)
    units: set[str] = set()
    for jurisdiction in site.jurisdictions:
        standing = standing_register(engine, jurisdiction).register.on(today)
        units |= set(standing.loc[standing["peer_group"] != "", "name"])
    return write_template(_guide(site, feed), units=sorted(units))


def feed_page(site: Site, feed: str, *, html: bool) -> str:
    """The contract of a feed for people: a page that needs nothing but itself, or Markdown."""
    guide = _guide(site, feed)
    return contract_html(guide) if html else contract_markdown(guide)


def _guide(site: Site, feed: str) -> FeedGuide:
    contract = contract_of(site, feed)
    codes = suppliers_of(site, contract)
    known = site.settings.suppliers
    days = site.settings.feeds[feed].deadline_days
    below = [f"{feed}/{code}" for code in codes] if len(codes) > 1 else [feed]
    return feed_guide(
        contract,
        suppliers={code: known[code].name.zh if code in known else code for code in codes},
        deadline_days=contract.deadline_days if days is None else days,
        folders=[f"{jurisdiction}/{folder}" for jurisdiction in site.jurisdictions for folder in below],
    )
