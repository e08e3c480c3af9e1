"""Which released quarters nobody has asked a reviewer about."""

from __future__ import annotations

from sqlalchemy import select

from include.quarters import Quarter
from include.site import Site
from include.warehouse.store import open_warehouse, reading
from include.warehouse.tables import release, release_pointer, release_status, review


def unreviewed_quarters(site: Site) -> list[tuple[str, Quarter]]:
    """(area, quarter) with a current provisional release of which no review was ever opened, oldest first.

    A list that was sent back is not among them: its next round is asked for by a person, or comes with a revision.
    """
    later = release_status.alias()
    settled = (
        select(later.c.status_id)
        .where(later.c.release_id == release.c.release_id, later.c.status != "provisional")
        .exists()
    )
    asked = select(review.c.review_id).where(review.c.release_id == release.c.release_id).exists()
    query = (
        select(release.c.jurisdiction, release.c.period)
        .join(release_pointer, release_pointer.c.release_id == release.c.release_id)
        .where(release_pointer.c.kind == "current", ~settled, ~asked)
        .distinct()
    )
    with reading(open_warehouse(site.warehouse_url)) as connection:
        found = [(area, period) for area, period in connection.execute(query)]
    quarters = [
        (area, Quarter.parse(period))
        for area, period in found
        if "Q" in period and area in site.jurisdictions
    ]
    return sorted(quarters, key=lambda item: (item[1], item[0]))
