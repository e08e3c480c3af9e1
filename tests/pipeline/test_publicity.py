from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from include.pipeline.access import NotAllowed
from include.pipeline.publicity import OnShow, PublicityRefused, check_shown, open_publicity, publicity_of
from include.site import Site, open_site
from tests.pipeline.small_site import NOW, SmallSite
from tests.pipeline.test_review import ACCOUNTS, KEY, opened, say, send

LOOP = {
    "review": [
        {"title": {"zh": "初审", "en": "First"}, "role": "first_reviewer"},
        {"title": {"zh": "复审", "en": "Second"}, "role": "second_reviewer"},
    ],
    "publicity": {"term": {"clock": "member_points_publicity"}, "place": {"zh": "公告栏", "en": "Board"}},
    "answer": {"days": 5, "kind": "working"},
    "object": {"days": 5, "kind": "working"},
    "decide": {"days": 5, "kind": "working"},
}


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    """A final release under a pack that asks for five working days on show."""
    small = SmallSite.make(
        tmp_path, "cases", settings={"accounts": ACCOUNTS | {"clerk": {"roles": ["issuer"]}}}
    )
    path = small.folder / "packs" / "small" / "loop.yaml"
    path.write_text(yaml.safe_dump(LOOP, allow_unicode=True), encoding="utf-8")
    send(small, kept={"东坡镇": 9, "西沟乡": 3})
    small.score()
    review_id = opened(small)
    say(small, review_id, 1, "first")
    say(small, review_id, 2, "second")
    return small


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC)


def test_five_working_days_block_the_next_step(small: SmallSite) -> None:
    with pytest.raises(OnShow, match="尚未公示"):
        check_shown(small.site, KEY, now=NOW)
    found = open_publicity(small.site, KEY, starts_on=date(2026, 10, 20), account="clerk", now=NOW)
    # Wednesday 21 to Friday 23, Monday 26, Tuesday 27: five working days after the Tuesday of the start.
    assert found.ends_on == date(2026, 10, 27)
    with pytest.raises(OnShow, match="期满后再办"):
        check_shown(small.site, KEY, now=at("2026-10-27"))
    check_shown(small.site, KEY, now=at("2026-10-28"))


def test_a_provisional_end_never_lets_anything_out(small: SmallSite) -> None:
    """The holiday calendar does not reach 2028: nobody knows which of those days are worked."""
    open_publicity(small.site, KEY, starts_on=date(2028, 1, 3), account="clerk", now=at("2028-01-03"))
    with pytest.raises(OnShow, match="暂定"):
        check_shown(small.site, KEY, now=at("2028-03-01"))
    own = {"complete_years": [2027, 2028], "holidays": [date(2028, 1, 3)], "workdays": []}
    (small.folder / "calendar.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    site: Site = open_site(small.folder)
    check_shown(site, KEY, now=at("2028-03-01"))
    assert publicity_of(site, KEY, now=at("2028-03-01")).state == "over"


def test_who_and_when(small: SmallSite) -> None:
    with pytest.raises(NotAllowed):
        open_publicity(small.site, KEY, starts_on=date(2026, 10, 20), account="first", now=NOW)
    with pytest.raises(PublicityRefused, match="尚未到"):
        open_publicity(small.site, KEY, starts_on=date(2026, 10, 21), account="clerk", now=NOW)
    open_publicity(small.site, KEY, starts_on=date(2026, 10, 20), account="clerk", now=NOW)
    with pytest.raises(PublicityRefused, match="公示"):
        open_publicity(small.site, KEY, starts_on=date(2026, 10, 20), account="clerk", now=NOW)


def test_a_pack_that_asks_for_none_is_not_kept_waiting(tmp_path: Path) -> None:
    small = SmallSite.make(tmp_path, "cases", settings={"accounts": {"clerk": {"roles": ["issuer"]}}})
    assert not publicity_of(small.site, KEY, now=NOW).blocks
    with pytest.raises(PublicityRefused, match="未要求"):
        open_publicity(small.site, KEY, starts_on=date(2026, 10, 20), account="clerk", now=NOW)
