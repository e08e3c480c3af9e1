"""What a department does with its own files: send one, see what became of it, take back what was returned.

Every act is bound to the account's own suppliers: department A neither sees, nor sends for, nor takes back B's.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import pandas as pd
from sqlalchemy import text

from include.pipeline.access import NotAllowed, authorise, may
from include.pipeline.catalogue import contract_of
from include.pipeline.judging import suppliers_of
from include.pipeline.return_again import composed_again
from include.quality.returns.workbook import write_workbook
from include.site import Site
from include.warehouse import audit
from include.warehouse.store import open_warehouse, reading, writing

_DELIVERIES = text("SELECT * FROM vw_delivery WHERE jurisdiction = :jurisdiction ORDER BY delivery_id")
_ONE = text("SELECT jurisdiction, supplier, feed, sha256 FROM delivery WHERE delivery_id = :delivery_id")


def send_file(
    site: Site, jurisdiction: str, feed: str, supplier: str, path: Path, *, account: str, now: datetime
) -> Path:
    """Put a department's file into its place in the inbox, whole or not at all; return where it lies.

    Raises:
        NotAllowed: the account may not send for this supplier, or the supplier does not send this feed.
        FileExistsError: a file of that name lies there already.
    """
    role = authorise(site, account, "upload", jurisdiction=jurisdiction, supplier=supplier)
    suppliers = suppliers_of(site, contract_of(site, feed))
    if supplier not in suppliers:
        raise NotAllowed(
            f"[{supplier}] 不报送 [{feed}];该数据源的报送单位:{list(suppliers)}。",
            f"[{supplier}] does not send [{feed}]; its suppliers are {list(suppliers)}.",
        )
    folder = Path(str(site.inbox)) / jurisdiction / feed
    folder = folder / supplier if len(suppliers) > 1 else folder
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / Path(path.name).name
    handle, temporary = tempfile.mkstemp(prefix=".sending-", dir=folder)
    with os.fdopen(handle, "wb") as stream, path.open("rb") as source:
        shutil.copyfileobj(source, stream)
    try:
        # Fails where the name is taken; a plain rename would put the new file in place of the old one.
        os.link(temporary, target)
    finally:
        Path(temporary).unlink()
    with writing(open_warehouse(site.warehouse_url)) as connection:
        audit.append(
            connection,
            jurisdiction=jurisdiction,
            at=now,
            actor=account,
            role=role,
            action="delivery.send",
            subject=f"{feed}/{supplier}",
        )
    return target


def deliveries_of(site: Site, jurisdiction: str, *, account: str) -> pd.DataFrame:
    """The deliveries that the account may see: rows of `vw_delivery`, its own suppliers' only."""
    with reading(open_warehouse(site.warehouse_url)) as connection:
        rows = connection.execute(_DELIVERIES, {"jurisdiction": jurisdiction}).mappings().all()
    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    allowed = {
        supplier: bool(supplier)
        and may(site, account, "see_delivery", jurisdiction=jurisdiction, supplier=supplier)
        for supplier in frame["supplier"].unique()
    }
    return frame[frame["supplier"].map(allowed)].reset_index(drop=True)


def returned_workbook(site: Site, delivery_id: int, *, account: str, now: datetime) -> tuple[str, bytes]:
    """Name and bytes of what goes back for a delivery; b'' where nothing can be corrected row by row.

    Raises:
        NotAllowed: there is no such delivery for this account: what is not its own does not exist for it.
    """
    engine = open_warehouse(site.warehouse_url)
    with reading(engine) as connection:
        found = connection.execute(_ONE, {"delivery_id": delivery_id}).first()
    if found is None or not may(
        site,
        account,
        "download_return",
        jurisdiction=found.jurisdiction,
        supplier=found.supplier or "-",
    ):
        raise NotAllowed(
            f"账号 [{account}] 没有报送批次 {delivery_id}。",
            f"Account [{account}] has no delivery {delivery_id}.",
        )
    name, book = composed_again(site, str(delivery_id), now=now)
    return name, b"" if book is None else write_workbook(book)
