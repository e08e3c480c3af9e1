"""`make loop`: the made-up county from a colour to a closed loop, with its people in it.

2026Q3 is scored, reviewed twice, made final, sent out as signed documents; a unit objects and is right, so the quarter
is revised, reviewed and sent again; warnings become rectification, one unit is late and turns red until it is verified;
the results come back as a feed, and the index of 2026Q4 moves by what the rules say. Every step is the use case that
pages, DAGs and command line call; what is said at the end was looked up in the warehouse.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from rich.console import Console
from sqlalchemy import text

from include.demo import county
from include.demo.story import lay_out, play
from include.pipeline.follow_up import follow_up
from include.pipeline.ingest import ingest_feed
from include.pipeline.issuing import IssueReport, issue
from include.pipeline.objections import decide_objection, register_objection
from include.pipeline.rectify import report_done, verify
from include.pipeline.rectify_open import open_items
from include.pipeline.review import answer, open_reviews
from include.pipeline.review_card import review_card
from include.pipeline.score_quarter import score_ready
from include.quarters import Quarter
from include.reviews.loop import loop_of
from include.site import REPOSITORY, Site
from include.warehouse import audit
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import open_warehouse, reading

FOLDER = REPOSITORY / "demo" / "loop"
FRAMEWORK = "jiaokou"
Q3, Q4 = Quarter(2026, 3), Quarter(2026, 4)
KEY = ReleaseKey(county.JURISDICTION, FRAMEWORK, str(Q3))
OBJECTS, LATE, PROMPT = "MJ205", "MJ207", "MJ033"
"""Whose replies were left out of the register; who rectifies late; who rectifies in time."""
_MENDED = 6
"""Replies that the objection proves."""


def main() -> None:
    """Play it and say what came of each step; exits with 1 where a figure is not what the rules say."""
    console = Console()
    logging.disable(logging.WARNING)
    shutil.rmtree(FOLDER, ignore_errors=True)
    site = lay_out(FOLDER / "site")
    for said in story(site):
        console.print(said, highlight=False)
    console.print(f"站点 site {site.folder}", highlight=False)


def story(site: Site) -> Iterator[str]:
    """Play the loop on a site that was just laid out; yields a line for every step."""
    for played in play(site, (Quarter(2026, 2), Q3)):
        yield f"{played.quarter}: {played.reports[-1].sentence}"
    reviewed(site, Q3, at(2026, 10, 23), dismiss="MJ074/band/index")
    yield f"两审完成,定稿 two reviews, final: {_status(site)}"
    first = issue(site, KEY, account="clerk", now=at(2026, 10, 26))
    yield f"第一版文书 documents of revision 1: {_documents(first)}"
    yield from _objection(site)
    yield from _rectification(site)
    yield from _next_quarter(site)
    with reading(open_warehouse(site.warehouse_url)) as connection:
        yield audit.verify(connection).message_zh


def at(year: int, month: int, day: int) -> datetime:
    """Noon of a day, in UTC."""
    return datetime.combine(date(year, month, day), time(4), tzinfo=UTC)


def reviewed(site: Site, quarter: Quarter, now: datetime, *, dismiss: str = "") -> None:
    """Two people review a quarter's list in turn; the first dismisses one warning, the second agrees."""
    for review_id in open_reviews(site, county.JURISDICTION, quarter, now=now, actor="ops"):
        for step, account in enumerate(("reviewer_one", "reviewer_two"), 1):
            card = review_card(site, review_id, step=step)
            answer(
                site,
                review_id,
                step=step,
                account=account,
                digest=card.digest,
                confirm=True,
                dismissed=[dismiss] if dismiss in card.choices else [],
                reason="与下一条同因,不另列" if dismiss in card.choices else "",
                now=now + timedelta(hours=step),
                via="cli",
            )


def _objection(site: Site) -> Iterator[str]:
    """A unit proves that replies were left out of the register: upheld, corrected, revised, reviewed, sent again."""
    before = _unit(site, OBJECTS)
    number = register_objection(
        site,
        county.JURISDICTION,
        FRAMEWORK,
        str(Q3),
        OBJECTS,
        target="petition_replied_on_time",
        claim=f"{_MENDED} 件已按期书面答复,台账漏填答复日期",
        filed_on=date(2026, 10, 28),
        account="clerk",
        now=at(2026, 10, 28),
    )
    corrections = _corrections(site, number)
    decide_objection(
        site,
        number,
        "upheld",
        corrections=corrections,
        reason="核对送达回证,情况属实",
        account="judge",
        now=at(2026, 10, 30),
    )
    yield f"异议 {number} 成立,更正 {len(corrections)} 处 objection upheld, {len(corrections)} corrections"
    ingest_feed(site, "petitions", now=at(2026, 11, 2))
    score_ready(site, now=at(2026, 11, 2))
    after = _unit(site, OBJECTS)
    mended = _measure(site, OBJECTS, "petitions.replied_on_time")
    yield (
        f"修订 revision {after['revision']}({after['reason']}):{after['unit_name']} "
        f"{before['published']:.2f} → {after['published']:.2f},{before['colour']} → {after['colour']},"
        f"按期答复 {mended[0]:g}/{mended[1]:g}"
    )
    reviewed(site, Q3, at(2026, 11, 3), dismiss="MJ074/band/index")
    again = issue(site, KEY, account="clerk", now=at(2026, 11, 4))
    yield f"第二版文书 documents of revision 2: {_documents(again)},作废旧件 superseded {again.superseded}"


def _corrections(site: Site, number: int) -> list[str]:
    """Write the corrections that the objection proves; return their ids."""
    (path,) = Path(str(site.lake)).glob(f"{county.JURISDICTION}/staged/petitions/{Q3}/*.parquet")
    rows = pq.read_table(path).to_pandas()
    left_out = rows[(rows["_unit"] == OBJECTS) & rows["replied_on"].isna() & rows["returned_on"].isna()]
    made = [
        {
            "id": f"objection-{number}-{place}",
            "feed": "petitions",
            "key": {"petition_no": row.petition_no},
            "column": "replied_on",
            "from": "",
            "to": f"{row.due_on:%Y-%m-%d}",
            "reason": f"异议 {number} 查实",
            "approved_by": "judge",
            "approved_on": date(2026, 10, 30),
        }
        for place, row in enumerate(left_out.head(_MENDED).itertuples(), 1)
    ]
    folder = site.folder / "corrections"
    folder.mkdir(exist_ok=True)
    (folder / f"objection-{number}.yaml").write_text(
        yaml.safe_dump({"corrections": made}, allow_unicode=True), encoding="utf-8"
    )
    return [str(one["id"]) for one in made]


def _rectification(site: Site) -> Iterator[str]:
    """Confirmed warnings become items; one unit reports in time, one only after it has turned red."""
    opened = open_items(
        site, county.JURISDICTION, FRAMEWORK, str(Q3), now=at(2026, 11, 4), actor="supervisor"
    )
    yield f"整改事项 rectification: 立项 {len(opened.opened)} opened"
    items = {unit: _items(site, unit) for unit in (LATE, PROMPT)}
    last = max(date.fromisoformat(due) for rows in items.values() for _, due in rows)
    _done(site, items[PROMPT], at(2026, 11, 20))
    day = at(last.year, last.month, last.day) + timedelta(days=1)
    told = follow_up(site, now=day)
    yield f"{day:%Y-%m-%d} 逾期 overdue: {len(told.overdue)};{LATE} 现行颜色 standing colour: {_standing(site, LATE)}"
    _done(site, items[LATE], day + timedelta(days=2))
    yield (
        f"验收后 after verification: {LATE} {_standing(site, LATE)},{PROMPT} {_standing(site, PROMPT)}"
        "(发布的颜色不变 the released colours stay)"
    )


def _done(site: Site, items: list[tuple[int, str]], now: datetime) -> None:
    """Report and verify items of a unit."""
    rules = loop_of(site, FRAMEWORK).rectification
    quality = {one.code: 0.9 * one.points for one in rules.criteria}
    for item_id, _ in items:
        report_done(site, item_id, account="supervisor", reason="措施落实,材料齐全", now=now)
        verify(
            site,
            item_id,
            account="verifier",
            quality=quality,
            surveyed=40,
            satisfied=38,
            now=now + timedelta(hours=3),
        )


def _next_quarter(site: Site) -> Iterator[str]:
    """The results are a feed of 2026Q4; what the late unit loses is what the rule says."""
    follow_up(site, now=at(2027, 1, 4))
    ingest_feed(site, "rectification", now=at(2027, 1, 4) + timedelta(hours=1))
    for played in play(site, [Q4]):
        yield f"{played.quarter}: {played.reports[-1].sentence}"
    for unit in (LATE, PROMPT):
        found = _points(site, unit)
        parts = " · ".join(f"{code} {_figure(points)}/{_figure(full)}" for code, points, full in found)
        yield f"{unit} 2026Q4 整改指标 rectification in the index: {parts}"


def _rows(site: Site, query: str, **named: object) -> list[dict[str, Any]]:
    with reading(open_warehouse(site.warehouse_url)) as connection:
        return [dict(row) for row in connection.execute(text(query), named).mappings()]


def _status(site: Site) -> str:
    query = "SELECT revision, status FROM vw_release WHERE period = :period AND is_current = 1"
    (row,) = _rows(site, query, period=str(Q3))
    return f"r{row['revision']} {row['status']}"


def _unit(site: Site, unit: str) -> dict[str, Any]:
    query = (
        "SELECT r.revision, r.reason, s.unit_name, s.published, s.colour FROM vw_score_current AS s "
        "JOIN vw_release AS r ON r.release_id = s.release_id WHERE s.period = :period AND s.unit_code = :unit"
    )
    (row,) = _rows(site, query, period=str(Q3), unit=unit)
    return row


def _measure(site: Site, unit: str, measure: str) -> tuple[float, float]:
    query = (
        "SELECT numerator, denominator FROM vw_measure_current "
        "WHERE period = :period AND unit_code = :unit AND measure = :measure"
    )
    (row,) = _rows(site, query, period=str(Q3), unit=unit, measure=measure)
    return row["numerator"], row["denominator"]


def _items(site: Site, unit: str) -> list[tuple[int, str]]:
    query = (
        "SELECT item_id, due_on FROM rectification_item "
        "WHERE unit_code = :unit AND period = :period AND kind = 'individual' ORDER BY item_id"
    )
    return [(row["item_id"], row["due_on"]) for row in _rows(site, query, unit=unit, period=str(Q3))]


def _standing(site: Site, unit: str) -> str:
    query = "SELECT colour FROM vw_standing_colour WHERE unit_code = :unit"
    return ", ".join(row["colour"] for row in _rows(site, query, unit=unit))


def _points(site: Site, unit: str) -> list[tuple[str, Any, Any]]:
    query = (
        "SELECT indicator_code, points, attainable FROM vw_indicator_score_current "
        "WHERE period = :period AND unit_code = :unit AND indicator_code LIKE 'rectification%' "
        "ORDER BY indicator_code"
    )
    rows = _rows(site, query, period=str(Q4), unit=unit)
    return [(row["indicator_code"], row["points"], row["attainable"]) for row in rows]


def _figure(value: Any) -> str:
    return "未评" if value is None else f"{value:g}"


def _documents(report: IssueReport) -> str:
    return f"{len(report.issued)} 份 documents → {report.folder}"


if __name__ == "__main__":
    main()
