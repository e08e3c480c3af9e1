from __future__ import annotations

from pathlib import Path

from include.pipeline.review import answer, open_reviews
from include.pipeline.review_card import review_card
from include.pipeline.unreviewed import unreviewed_quarters
from include.quarters import Quarter
from include.warehouse import releases
from tests.pipeline.small_site import NOW, PLACE, Q3, SmallSite, cases, on_time

ACCOUNTS = {"first": {"roles": ["first_reviewer"]}, "second": {"roles": ["second_reviewer"]}}
BEFORE = Quarter(2026, 2)


def test_a_quarter_waits_from_its_release_to_its_review_and_again_from_a_revision(tmp_path: Path) -> None:
    small = SmallSite.make(tmp_path, "cases", settings={"accounts": ACCOUNTS})
    assert unreviewed_quarters(small.site) == []
    for quarter in (Q3, BEFORE):
        small.send("cases", f"{quarter}.csv", cases(*on_time("东坡镇", 3, 10, quarter=str(quarter))))
    small.ingest()
    small.score()
    assert unreviewed_quarters(small.site) == [(PLACE, BEFORE), (PLACE, Q3)]

    (opened,) = open_reviews(small.site, PLACE, Q3, now=NOW, actor="test")
    assert unreviewed_quarters(small.site) == [(PLACE, BEFORE)]
    card = review_card(small.site, opened, step=1)
    assert not card.is_answered
    said = {"digest": card.digest, "now": NOW, "via": "cli"}
    answer(small.site, opened, step=1, account="first", confirm=False, reason="名单有误", **said)
    assert review_card(small.site, opened, step=1).is_answered
    # Sent back: a person asks for the next round.
    assert unreviewed_quarters(small.site) == [(PLACE, BEFORE)]

    small.send("cases", "corrected.csv", cases(*on_time("东坡镇", 9, 10)))
    small.ingest()
    small.score()
    assert unreviewed_quarters(small.site) == [(PLACE, BEFORE), (PLACE, Q3)]


def test_final_and_withdrawn_releases_wait_for_nobody(tmp_path: Path) -> None:
    small = SmallSite.make(tmp_path, "cases")
    small.send("cases", "cases.csv", cases(*on_time("东坡镇", 3, 10)))
    small.ingest()
    small.score()
    release = small.release()
    assert release is not None
    releases.finalise(small.engine, release.release_id, actor="test", at=NOW)
    assert unreviewed_quarters(small.site) == []
    releases.withdraw(small.engine, release.release_id, actor="test", at=NOW, reason="test")
    assert unreviewed_quarters(small.site) == []
