"""The rows that stand in quarantine, with the sentence for whoever sent them."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import text

from include.site import Site
from include.warehouse.store import open_warehouse, reading

_ROWS = text(
    "SELECT delivery_id, feed, supplier, file_name, quarter, sheet, row_number, rule_id, message_zh, message_en, "
    "status FROM vw_quarantine WHERE jurisdiction = :jurisdiction "
    "ORDER BY feed, arrived_at, delivery_id, sheet, row_number, rule_id"
)


def refused_rows(site: Site, jurisdiction: str, *, feeds: list[str], settled: bool = False) -> pd.DataFrame:
    """Read what the latest verdicts refused: one row per refused row and broken rule, of `feeds` or of all.

    Rows that were settled, or answered by a return in which they are still wrong, are left out unless `settled`.
    """
    with reading(open_warehouse(site.warehouse_url)) as connection:
        rows = pd.DataFrame(connection.execute(_ROWS, {"jurisdiction": jurisdiction}).mappings().all())
    if not settled and len(rows):
        rows = rows[rows["status"] == "open"]
    return rows[rows["feed"].isin(feeds)] if feeds and len(rows) else rows
