"""The small county with a final quarter: two units warned, reviewed by two people, ready for rectification."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from include.pipeline.rectify import Opened, open_items
from include.pipeline.review import answer, open_reviews
from include.pipeline.review_card import review_card
from include.quarters import Quarter
from tests.pipeline.small_site import PLACE, SmallSite, cases, on_time

ACCOUNTS: dict[str, dict[str, Any]] = {
    "first": {"roles": ["first_reviewer"]},
    "second": {"roles": ["second_reviewer"]},
    "officer": {"roles": ["rectification_officer"]},
    "colleague": {"roles": ["rectification_officer", "verifier"]},
    "verifier": {"roles": ["verifier"]},
    "reader": {"roles": ["bi_reader"]},
}
NAMES = {"U1": "东坡镇", "U2": "西沟乡", "U3": "县水利局", "U4": "县林业局"}
GOOD = {"responsibility": 18.0, "organisation": 17.0, "tasks": 45.0, "lasting": 8.0}
"""88 points of 100."""


def at(day: str, hour: int = 4) -> datetime:
    """Noon in the county, unless another hour of UTC is given."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def send(small: SmallSite, quarter: str, *, now: datetime, **kept: int) -> None:
    """Ten cases per unit due in the quarter, so many of them answered on time."""
    rows = [row for unit, count in kept.items() for row in on_time(NAMES[unit], count, 10, quarter=quarter)]
    small.send("cases", f"cases {quarter}.csv", cases(*rows), at=now - timedelta(hours=2))
    small.ingest(now=now)


def finalise(small: SmallSite, quarter: str, *, now: datetime, dismissed: tuple[str, ...] = ()) -> None:
    """Two people confirm the quarter's warnings."""
    (review_id,) = open_reviews(small.site, PLACE, Quarter.parse(quarter), now=now, actor="score_quarter")
    for step, account in ((1, "first"), (2, "second")):
        digest = review_card(small.site, review_id, step=step).digest
        answer(
            small.site, review_id, step=step, account=account, digest=digest, confirm=True,
            dismissed=dismissed, reason="样本太小" if dismissed else "", now=now, via="cli",
        )  # fmt: skip


def warned(
    folder: Path,
    *,
    loop: dict[str, Any] | None = None,
    pack: dict[str, Any] | None = None,
    office_zh: str = "office",
) -> SmallSite:
    """2026Q3 is final on 26 October: U2 (3 of 10) and U4 (2 of 10) are yellow."""
    names = {"office": office_zh, "north": "north", "south": "south"}
    settings = {
        "accounts": ACCOUNTS,
        "feeds": {"cases": {}, "rectification": {"suppliers": ["office"]}},
        "suppliers": {code: {"name": {"zh": zh, "en": code}} for code, zh in names.items()},
    }
    small = SmallSite.make(folder, "cases", settings=settings)
    for name, document in (("loop.yaml", loop), ("framework-2.yaml", pack)):
        if document:
            text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
            (folder / "packs" / "small" / name).write_text(text, encoding="utf-8")
    now = at("2026-10-26")
    send(small, "2026Q3", now=now, U1=9, U2=3, U3=8, U4=2)
    small.score(now=now)
    finalise(small, "2026Q3", now=now)
    return small


def opened(small: SmallSite, *, day: str = "2026-10-26", quarter: str = "2026Q3") -> Opened:
    """The quarter's items, opened by the officer."""
    return open_items(small.site, PLACE, "small", quarter, now=at(day), actor="officer")


def colours(small: SmallSite) -> dict[str, tuple[str, str]]:
    """Unit → (colour that stands, why)."""
    rows = small.rows("SELECT unit_code, colour, cause FROM vw_standing_colour ORDER BY unit_code")
    return {row["unit_code"]: (row["colour"], row["cause"]) for row in rows}


def items(small: SmallSite) -> dict[int, dict[str, Any]]:
    """Rows of vw_rectification by number."""
    return {row["item_id"]: row for row in small.rows("SELECT * FROM vw_rectification ORDER BY item_id")}
