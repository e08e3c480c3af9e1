"""A small county with a whole year: four quarters scored, reviewed and final, tasks frozen and reported."""

from __future__ import annotations

from pathlib import Path

from include.pipeline.review import answer, open_reviews
from include.pipeline.review_card import review_card
from include.pipeline.year_tasks import freeze, preview_plan
from include.quarters import Quarter
from tests.pipeline.small_site import PLACE, SmallSite, cases, on_time
from tests.pipeline.year_site import after, report, tasks, year_site

YEAR = 2026
KEPT = {
    # unit: cases answered in time of ten, by quarter
    "东坡镇": (9, 9, 9, 9),
    "西沟乡": (3, 2, 4, 1),
    "县水利局": (8, 8, 8, 8),
    "县林业局": (4, 9, 9, 9),
}
"""Index of a unit: 50 of the 100 points are attainable, so it is ten times the number. Below 50 it is warned."""


def play_quarter(
    small: SmallSite, quarter: Quarter, *, final: bool = True, dismissed: tuple[str, ...] = ()
) -> None:
    """Send a quarter's cases, score it, and let two people confirm its warnings."""
    place = quarter.number - 1
    rows = [
        row for unit, kept in KEPT.items() for row in on_time(unit, kept[place], 10, quarter=str(quarter))
    ]
    small.send("cases", f"cases_{quarter}.csv", cases(*rows), at=after(quarter, 5))
    small.ingest("cases", now=after(quarter, 6))
    small.score(now=after(quarter))
    if final:
        make_final(small, quarter, dismissed=dismissed)


def make_final(small: SmallSite, quarter: Quarter, *, dismissed: tuple[str, ...] = ()) -> None:
    """The two reviews of a quarter."""
    (review_id,) = open_reviews(small.site, PLACE, quarter, now=after(quarter), actor="score_quarter")
    review(small, review_id, now=after(quarter), dismissed=dismissed)


def review(small: SmallSite, review_id: int, *, now, dismissed: tuple[str, ...] = ()) -> str:
    """Both steps of a review."""
    outcome = ""
    for step, account in ((1, "first"), (2, "second")):
        digest = review_card(small.site, review_id, step=step).digest
        outcome = answer(
            small.site, review_id, step=step, account=account, digest=digest, confirm=True,
            dismissed=dict.fromkeys(dismissed, "系统切换期间漏登记"), now=now, via="cli",
        )  # fmt: skip
    return outcome


def whole_year(folder: Path, *, finals: tuple[int, ...] = (1, 2, 3, 4), **settings) -> SmallSite:
    """The county at the end of 2026: tasks frozen in April, done or not by December."""
    small = year_site(folder, **settings)
    for number in range(1, 5):
        quarter = Quarter(YEAR, number)
        done = {("东坡镇", "T1"): 25 * number, ("西沟乡", "T1"): 20 * number, ("县水利局", "T3"): 25 * number}
        report(small, quarter, tasks(quarter, done | {("东坡镇", "T2"): 20 * number}))
        if number == 1:
            seen = preview_plan(small.site, PLACE, "small", YEAR)
            freeze(small.site, PLACE, "small", YEAR, digest=seen.digest, account="lead", now=after(quarter))
        play_quarter(small, quarter, final=number in finals)
    return small
