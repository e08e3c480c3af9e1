from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.config import ConfigError
from include.pipeline.access import acts
from include.pipeline.check_people import mistaken_people
from include.pipeline.due_soon import DueSoon
from include.pipeline.message_facts import clock_facts
from include.pipeline.messages import due_messages, record_sent, topics
from include.pipeline.review import answer, open_reviews
from include.pipeline.review_card import review_card
from include.warehouse import audit
from include.warehouse.store import reading
from tests.pipeline.small_site import NOW, PLACE, Q3, SmallSite, cases, on_time

ACCOUNTS = {"first": {"roles": ["first_reviewer"]}, "second": {"roles": ["second_reviewer"]}}
NOTIFY: dict[str, Any] = {
    "reviewers": {
        "roles": ["first_reviewer", "second_reviewer"],
        "mail": ["office@example.gov.cn"],
        "connections": ["wecom_reviews"],
    },
    "north_office": {"roles": ["steward"], "suppliers": ["north"], "mail": ["north@example.gov.cn"]},
    "duty": {"roles": ["ops", "leader"], "suppliers": ["*"], "connections": ["feishu_duty"]},
}
SETTINGS = {"accounts": ACCOUNTS, "notify": NOTIFY, "pages": "https://mingjing.example.gov.cn/"}


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    """A released quarter of which `north` has not sent its ratings."""
    small = SmallSite.make(tmp_path, "cases", "ratings", settings=SETTINGS)
    rows = [row for unit, kept in (("东坡镇", 9), ("西沟乡", 2)) for row in on_time(unit, kept, 10)]
    small.send("cases", "cases.csv", cases(*rows))
    small.ingest()
    small.score()
    return small


def tell(small: SmallSite, *, days: int = 0, fail: str = "") -> dict[tuple[str, str], str]:
    """Send everything; (audience, channel) → text. What goes to the channel `fail` is lost."""
    now = NOW + timedelta(days=days)
    found = {}
    for message in due_messages(small.site, now=now):
        found[message.audience, message.channel] = message.body
        if message.channel != fail:
            record_sent(small.site, message, now=now)
    return found


def review(small: SmallSite, step: int, account: str, **said: Any) -> None:
    (review_id,) = open_reviews(small.site, PLACE, Q3, now=NOW, actor="test")
    digest = review_card(small.site, review_id, step=step).digest
    given = {"confirm": True, "now": NOW, "via": "cli", **said}
    answer(small.site, review_id, step=step, account=account, digest=digest, **given)


def test_each_audience_hears_what_concerns_it_and_nothing_else(small: SmallSite) -> None:
    open_reviews(small.site, PLACE, Q3, now=NOW, actor="test")
    told = tell(small)
    assert set(told) == {
        ("reviewers", "mail"),
        ("reviewers", "wecom_reviews"),
        ("north_office", "mail"),
        ("duty", "feishu_duty"),
    }
    assert "1 份预警名单待初审(2026Q3),共 1 条预警" in told["reviewers", "mail"]
    assert "https://mingjing.example.gov.cn/required_actions" in told["reviewers", "mail"]
    assert told["reviewers", "mail"] == told["reviewers", "wecom_reviews"]
    assert "north:待报 0 项" in told["north_office", "mail"] and "逾期 1 项" in told["north_office", "mail"]
    assert "south" not in told["north_office", "mail"]
    assert "2 家报送单位" in told["duty", "feishu_duty"]


def test_chinese_first_then_english_and_neither_units_nor_rows(small: SmallSite) -> None:
    open_reviews(small.site, PLACE, Q3, now=NOW, actor="test")
    for message in due_messages(small.site, now=NOW):
        zh, en = message.body.split("\n\n")
        assert re.search(r"[一-龥]", zh) and not re.search(r"[一-龥]", en.replace("、", ""))
        assert "下一步:" in zh and "Next: " in en
        assert not re.search(r"东坡镇|西沟乡|U1|U2|2026Q3-", message.title + message.body)


def test_the_same_news_goes_to_a_channel_once_and_again_to_one_that_failed(small: SmallSite) -> None:
    open_reviews(small.site, PLACE, Q3, now=NOW, actor="test")
    assert ("reviewers", "wecom_reviews") in tell(small, fail="wecom_reviews")
    assert set(tell(small)) == {("reviewers", "wecom_reviews")}
    assert tell(small) == {}
    # What still waits is told again: reviews after three days, deliveries after each week of lateness.
    assert tell(small, days=1) == {}
    assert {audience for audience, _ in tell(small, days=2)} == {"north_office", "duty"}
    assert {audience for audience, _ in tell(small, days=3)} == {"reviewers"}
    with reading(small.engine) as connection:
        assert audit.verify(connection).ok


def test_news_follow_the_review(small: SmallSite) -> None:
    tell(small)
    review(small, 1, "first")
    assert "待复审" in tell(small)["reviewers", "mail"]
    review(small, 2, "second", confirm=False, reason="名单有误")
    told = tell(small)
    assert set(told) == {("duty", "feishu_duty")} and "被退回" in told["duty", "feishu_duty"]
    review(small, 1, "first")
    review(small, 2, "second")
    assert "已定稿(2026Q3):红 0、黄 1、绿 1 个单位" in tell(small)["duty", "feishu_duty"]


def test_clocks_that_end_are_told_per_topic_and_again_when_one_has_run_out() -> None:
    day = date(2026, 10, 20)

    def clock(kind: str, key: int, unit: str, left: int, *, provisional: bool = False) -> DueSoon:
        return DueSoon(PLACE, kind, key, unit, day + timedelta(days=left), provisional, left)

    ending = [
        clock("item", 1, "U1", 3),
        clock("item", 2, "U1", -1),
        clock("item", 3, "U2", -1, provisional=True),
        clock("objection", 4, "U2", 0),
        clock("publicity", 5, "", 2),
    ]
    told = {one.topic: one for one in clock_facts(ending)}
    assert {topic: one.counts for topic, one in told.items()} == {
        "rectification": {"due": 2, "late": 1, "units": 2},
        "objections": {"due": 1, "late": 0, "units": 1},
    }
    (objection,) = clock_facts([clock("objection", 4, "U2", -1)])
    assert objection.about != told["objections"].about


def test_what_failed_too_long_is_no_news_any_more(small: SmallSite) -> None:
    review(small, 1, "first")
    review(small, 2, "second")
    assert "已定稿" in tell(small, fail="feishu_duty")["duty", "feishu_duty"]
    assert "已定稿" not in tell(small, days=8)["duty", "feishu_duty"]


def test_nobody_is_told_where_the_site_names_nobody(tmp_path: Path) -> None:
    small = SmallSite.make(tmp_path, "cases")
    assert due_messages(small.site, now=NOW) == []


def test_topics_are_for_roles_that_exist_and_say_what_to_do() -> None:
    for topic in topics().values():
        assert set(topic.roles) <= set(acts().roles)
        assert topic.page == "" or topic.page.startswith("/")


@pytest.mark.parametrize(
    "audience", [{"roles": ["ops"]}, {"roles": [], "mail": ["a@b"]}, {"roles": ["ops"], "mail": ["office"]}]
)
def test_an_audience_that_reaches_nobody_is_refused(tmp_path: Path, audience: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="notify"):
        SmallSite.make(tmp_path, "cases", settings={"notify": {"duty": audience}})


def test_check_names_roles_areas_and_suppliers_that_do_not_exist(tmp_path: Path) -> None:
    wrong = {"roles": ["opps"], "jurisdictions": ["else"], "suppliers": ["nord"], "mail": ["a@b"]}
    small = SmallSite.make(tmp_path, "cases", settings={"notify": {"duty": wrong}})
    found = [one for one in mistaken_people(small.site) if "notify.duty" in one]
    assert [word for word in ("opps", "else", "nord") if any(word in one for one in found)] == [
        "opps",
        "else",
        "nord",
    ]
