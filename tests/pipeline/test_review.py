from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import exc, text

from include.pipeline.access import NotAllowed
from include.pipeline.check_people import missing_people, mistaken_people
from include.pipeline.review import ReviewEnded, ReviewRefused, answer, confirmed_warnings, open_reviews
from include.pipeline.review_card import card_text, review_card
from include.pipeline.score_quarter import score_quarter
from include.site import open_site
from include.warehouse import audit, releases
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import reading, writing
from tests.pipeline.small_site import NOW, PLACE, Q3, SmallSite, cases, on_time

ACCOUNTS = {
    "first": {"roles": ["first_reviewer"]},
    "second": {"roles": ["second_reviewer"]},
    "both": {"roles": ["first_reviewer", "second_reviewer"]},
    "elsewhere": {"roles": ["first_reviewer"], "jurisdictions": ["other"]},
    "runner": {"roles": ["ops", "first_reviewer"]},
}
KEY = ReleaseKey(PLACE, "small", "2026Q3")


def send(small: SmallSite, *, kept: dict[str, int], name: str = "cases.csv") -> None:
    """A file of ten cases per unit due in the quarter, `kept` of them on time."""
    rows = [row for unit, count in kept.items() for row in on_time(unit, count, 10)]
    small.send("cases", name, cases(*rows))
    small.ingest()


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    """Four units, two of them on the warning list of 2026Q3."""
    small = SmallSite.make(tmp_path, "cases", settings={"accounts": ACCOUNTS})
    send(small, kept={"东坡镇": 9, "西沟乡": 3, "县水利局": 8, "县林业局": 2})
    small.score()
    return small


def opened(small: SmallSite) -> int:
    (review_id,) = open_reviews(small.site, PLACE, Q3, now=NOW, actor="score_quarter")
    return review_id


def say(small: SmallSite, review_id: int, step: int, account: str, **more: object) -> str:
    digest = more.pop("digest", None) or review_card(small.site, review_id, step=step).digest
    given = {"confirm": True, "now": NOW, "via": "cli", **more}
    return answer(small.site, review_id, step=step, account=account, digest=digest, **given)


def status(small: SmallSite) -> str:
    release = small.release()
    assert release is not None
    with reading(small.engine) as connection:
        return releases.latest_status(connection, release.release_id)


def test_two_people_in_turn_make_a_release_final(small: SmallSite) -> None:
    review_id = opened(small)
    assert say(small, review_id, 1, "first") == "next_step"
    assert status(small) == "provisional"
    assert say(small, review_id, 2, "second") == "final"
    assert status(small) == "final"
    with reading(small.engine) as connection:
        final = releases.current(connection, KEY, kind="final")
        assert final == releases.current(connection, KEY)
        assert set(confirmed_warnings(connection, final.release_id)["unit_code"]) == {"U2", "U4"}
        assert audit.verify(connection).ok
        traced = connection.execute(
            text("select actor, action from audit_entry where action like 're%' order by seq")
        ).all()
    assert [tuple(row) for row in traced] == [
        ("score_quarter", "release.publish"),
        ("score_quarter", "review.open"),
        ("first", "review.confirm"),
        ("second", "review.confirm"),
        ("second", "release.finalise"),
    ]


def test_a_review_is_opened_once(small: SmallSite) -> None:
    assert opened(small) == opened(small)


def test_a_final_release_is_not_reviewed_again(small: SmallSite) -> None:
    review_id = opened(small)
    say(small, review_id, 1, "first")
    say(small, review_id, 2, "second")
    assert open_reviews(small.site, PLACE, Q3, now=NOW, actor="x") == []


def test_the_card_shows_counts_evidence_and_keys(small: SmallSite) -> None:
    card = review_card(small.site, opened(small), step=1)
    assert card.choices == ("U2/low/index", "U4/low/index")
    shown = card_text(card)
    assert "西沟乡" in shown and "U4/low/index" in shown
    assert "预警 2 条:新增 2" in shown
    assert "东坡镇" not in shown, "a green unit is not on the list"


@pytest.mark.parametrize(
    ("account", "step", "error"),
    [
        ("second", 1, NotAllowed),
        ("nobody", 1, NotAllowed),
        ("elsewhere", 1, NotAllowed),
        ("second", 2, ReviewRefused),  # not its turn
    ],
)
def test_who_may_not_answer(small: SmallSite, account: str, step: int, error: type[Exception]) -> None:
    review_id = opened(small)
    with pytest.raises(error):
        say(small, review_id, step, account)
    assert small.rows("select * from review_answer") == []


def test_one_person_cannot_give_both_reviews(small: SmallSite) -> None:
    review_id = opened(small)
    say(small, review_id, 1, "both")
    with pytest.raises(ReviewRefused, match="须由他人"):
        say(small, review_id, 2, "both")
    assert status(small) == "provisional"


def test_who_made_the_list_cannot_review_it(small: SmallSite) -> None:
    send(small, kept={"东坡镇": 1}, name="more.csv")
    score_quarter(small.site, PLACE, Q3, now=NOW, actor="runner")
    with pytest.raises(ReviewRefused, match="自己的名单"):
        say(small, opened(small), 1, "runner")


def test_an_answer_given_again_changes_nothing(small: SmallSite) -> None:
    review_id = opened(small)
    digest = review_card(small.site, review_id, step=1).digest
    say(small, review_id, 1, "first", digest=digest)
    with pytest.raises(ReviewRefused, match="已办理"):
        say(small, review_id, 1, "first", digest=digest)
    say(small, review_id, 2, "second")
    with pytest.raises(ReviewEnded):
        say(small, review_id, 2, "second", digest=digest)
    assert len(small.rows("select * from review_answer")) == 2


def test_an_answer_to_another_list_is_void(small: SmallSite) -> None:
    review_id = opened(small)
    stale = review_card(small.site, review_id, step=2).digest  # before the first review decided anything
    say(small, review_id, 1, "first", dismissed=["U2/low/index"], reason="系统切换期间漏登记,已核实")
    with pytest.raises(ReviewRefused, match="已有变化"):
        say(small, review_id, 2, "second", digest=stale)


def test_inputs_that_change_after_an_approval_void_the_review(small: SmallSite) -> None:
    review_id = opened(small)
    say(small, review_id, 1, "first")
    send(small, kept={"东坡镇": 1, "西沟乡": 3, "县水利局": 8, "县林业局": 2}, name="cases_again.csv")
    with pytest.raises(ReviewRefused, match="重新评分"):
        say(small, review_id, 2, "second")
    small.score()
    with pytest.raises(ReviewEnded, match="superseded"):
        say(small, review_id, 2, "second")
    assert status(small) == "provisional"
    assert review_card(small.site, review_id, step=2).ended == "superseded"
    assert opened(small) != review_id
    assert [row["action"] for row in small.rows("select action from audit_entry order by seq")].count(
        "review.superseded"
    ) == 1


def test_a_list_sent_back_begins_again_with_the_first_review(small: SmallSite) -> None:
    review_id = opened(small)
    with pytest.raises(ReviewRefused, match="理由"):
        say(small, review_id, 1, "first", confirm=False)
    assert say(small, review_id, 1, "first", confirm=False, reason="请核对水利局数据") == "sent_back"
    again = opened(small)
    card = review_card(small.site, again, step=1)
    assert again != review_id and card.review.round == 2
    assert say(small, again, 1, "first") == "next_step"


def test_what_is_dismissed_is_not_confirmed_and_keeps_its_reason(small: SmallSite) -> None:
    review_id = opened(small)
    with pytest.raises(ReviewRefused, match="理由"):
        say(small, review_id, 1, "first", dismissed=["U2/low/index"])
    with pytest.raises(ReviewRefused, match="没有这些预警"):
        say(small, review_id, 1, "first", dismissed={"U9/low/index": "x"})
    say(
        small,
        review_id,
        1,
        "first",
        dismissed={"U2/low/index": "漏登记"},
        advice={"U4/low/index": "专班督办"},
    )
    card = review_card(small.site, review_id, step=2)
    assert card.dismissed == ("U2/low/index",)
    say(small, review_id, 2, "second", dismissed={"U2/low/index": "同意初审"})
    with reading(small.engine) as connection:
        confirmed = confirmed_warnings(connection, small.release().release_id)
    assert confirmed[["unit_code", "advice_zh"]].to_numpy().tolist() == [["U4", "专班督办"]]
    reasons = {
        row["reason"] for row in small.rows("select reason from review_decision where verdict = 'dismissed'")
    }
    assert reasons == {"漏登记", "同意初审"}


def test_reasons_carry_no_personal_numbers(small: SmallSite) -> None:
    say(small, opened(small), 1, "first", dismissed=["U2/low/index"], reason="见 13812345678 来电")
    assert "13812345678" not in str(small.rows("select reason from review_decision"))
    assert "13812345678" not in str(small.rows("select reason from audit_entry"))


def test_a_withdrawn_release_is_reviewed_no_more(small: SmallSite) -> None:
    review_id = opened(small)
    releases.withdraw(small.engine, small.release().release_id, actor="lead", at=NOW, reason="误发")
    with pytest.raises(ReviewEnded, match="withdrawn"):
        say(small, review_id, 1, "first", digest="x")


@pytest.mark.parametrize("table", ["review", "review_answer", "review_decision", "review_end"])
def test_what_was_decided_cannot_be_changed(small: SmallSite, table: str) -> None:
    review_id = opened(small)
    say(small, review_id, 1, "first")
    say(small, review_id, 2, "second")
    with pytest.raises(exc.DatabaseError, match="append-only"), writing(small.engine) as connection:
        connection.execute(text(f"delete from {table}"))


def test_a_revision_after_a_final_one_leaves_the_final_one_standing(small: SmallSite) -> None:
    review_id = opened(small)
    say(small, review_id, 1, "first")
    say(small, review_id, 2, "second")
    final = small.release()
    send(small, kept={"东坡镇": 1, "西沟乡": 3, "县水利局": 8, "县林业局": 2}, name="cases_again.csv")
    small.score(now=NOW + timedelta(hours=1))
    with reading(small.engine) as connection:
        assert releases.current(connection, KEY, kind="final") == final
    assert small.release().revision == 2
    assert status(small) == "provisional"
    assert len(open_reviews(small.site, PLACE, Q3, now=NOW, actor="x")) == 1


def sentences(small: SmallSite, accounts: dict) -> Iterator[str]:
    path = small.folder / "site.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) | {"accounts": accounts}
    path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    site = open_site(small.folder)
    yield from mistaken_people(site)
    yield from missing_people(site)


def test_accounts_are_checked(small: SmallSite) -> None:
    said = "\n".join(sentences(small, {"a": {"roles": ["first_reviewer", "king"], "suppliers": ["mars"]}}))
    assert "king" in said and "mars" in said
    assert "second_reviewer" in said, "nobody could give the second review"
    (only,) = sentences(small, ACCOUNTS)
    assert "elsewhere" in only, "its area does not exist; everything else is in order"
