from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import exc, text

from include.pipeline import rectify
from include.pipeline.access import NotAllowed
from include.pipeline.follow_up import follow_up
from include.pipeline.rectify import RectificationRefused
from include.quarters import Quarter
from include.reviews.loop import SHIPPED
from include.warehouse import audit
from include.warehouse.errors import UnknownRelease
from include.warehouse.store import reading, writing
from tests.pipeline.rectified_site import (
    GOOD,
    at,
    colours,
    finalise,
    items,
    opened,
    send,
    warned,
)
from tests.pipeline.small_site import PLACE, SmallSite

FIFTY = {"responsibility": 10.0, "organisation": 10.0, "tasks": 25.0, "lasting": 5.0}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    return warned(tmp_path_factory.mktemp("rectified") / "site")


@pytest.fixture
def small(once: SmallSite, tmp_path: Path) -> SmallSite:
    """2026Q3 is final; U2 and U4 are yellow by the warning `low`."""
    return once.copy(tmp_path / "site")


def item_of(small: SmallSite, unit: str) -> int:
    return next(number for number, row in items(small).items() if row["unit_code"] == unit)


def report(small: SmallSite, item: int, day: str) -> Any:
    return rectify.report_done(small.site, item, account="officer", reason="积压件已办结", now=at(day))


def verified(small: SmallSite, item: int, day: str, **more: Any) -> Any:
    given = {"account": "verifier", "quality": GOOD, **more}
    return rectify.verify(small.site, item, now=at(day), **given)


def test_every_confirmed_warning_opens_an_item_to_the_unit(small: SmallSite):
    found = opened(small)
    rows = items(small)
    assert len(found.opened) == 2
    assert {row["unit_code"] for row in rows.values()} == {"U2", "U4"}
    row = rows[item_of(small, "U2")]
    assert (row["kind"], row["rule_code"], row["target"], row["state"]) == (
        "individual",
        "low",
        "index",
        "open",
    )
    assert "偏低" in row["problem_zh"]
    assert row["required_action_zh"].startswith("限期整改")
    # Thirty working days after Monday 26 October 2026, with no day off in between.
    assert (row["opened_on"], row["due_on"], row["days_left"]) == ("2026-10-26", "2026-12-07", 42)
    assert colours(small) == {
        "U1": ("green", "released"),
        "U2": ("yellow", "released"),
        "U3": ("green", "released"),
        "U4": ("yellow", "released"),
    }


def test_opening_again_changes_nothing(small: SmallSite):
    first = opened(small)
    trail = small.rows("SELECT COUNT(*) AS n FROM audit_entry")
    again = opened(small, day="2026-10-28")
    assert (again.opened, again.cancelled, again.kept) == ((), (), first.opened)
    assert small.rows("SELECT COUNT(*) AS n FROM audit_entry") == trail


def test_nothing_is_opened_before_the_reviews(tmp_path: Path):
    small = SmallSite.make(
        tmp_path, "cases", settings={"accounts": {"officer": {"roles": ["rectification_officer"]}}}
    )
    send(small, "2026Q3", now=at("2026-10-26"), U2=3)
    small.score(now=at("2026-10-26"))
    with pytest.raises(UnknownRelease, match="尚未定稿"):
        opened(small)


def test_a_dismissed_warning_opens_nothing(tmp_path: Path):
    small = warned(tmp_path)
    send(small, "2026Q4", now=at("2027-01-20"), U1=9, U2=3, U3=8, U4=2)
    small.score(now=at("2027-01-20"))
    finalise(small, "2026Q4", now=at("2027-01-20"), dismissed=("U4/low/index",))
    opened(small, day="2027-01-20", quarter="2026Q4")
    assert [row["unit_code"] for row in items(small).values() if row["kind"] == "individual"] == ["U2"]


def test_late_then_done_and_the_colour_goes_up_and_comes_down(small: SmallSite):
    opened(small)
    item = item_of(small, "U2")
    in_time = follow_up(small.site, now=at("2026-12-07"))
    assert (in_time.overdue, in_time.escalated) == ((), ())
    late = follow_up(small.site, now=at("2026-12-08"))
    assert {unit for _, _, unit in late.overdue} == {"U2", "U4"}
    assert set(late.escalated) == {(PLACE, "U2", "yellow", "red"), (PLACE, "U4", "yellow", "red")}
    assert [one.because for one in late.proposals] == ["overdue", "overdue"]
    assert items(small)[item]["late_days"] == 1
    assert items(small)[item]["referral_due"] == 1
    assert report(small, item, "2026-12-10").late_days == 3
    assert colours(small)["U2"] == ("red", "escalated"), "a report alone changes no colour"
    assert verified(small, item, "2026-12-14").code == "verified"
    assert colours(small)["U2"] == ("green", "relieved")
    assert colours(small)["U4"] == ("red", "escalated")
    (row,) = small.rows("SELECT * FROM vw_results_list")
    assert (row["unit_code"], row["is_on_time"], row["late_days"], row["quality_points"]) == (
        "U2",
        0,
        3,
        88.0,
    )
    with reading(small.engine) as connection:
        assert audit.verify(connection).ok
    (released,) = small.rows(
        "SELECT colour FROM fct_unit_score WHERE unit_code = 'U2' AND quarter = '2026Q3'"
    )
    assert released["colour"] == "yellow", "what was released never changes"


def test_a_day_followed_up_twice_says_the_same_and_records_nothing(small: SmallSite):
    opened(small)
    first = follow_up(small.site, now=at("2026-12-08"))
    count = "SELECT (SELECT COUNT(*) FROM rectification_event) AS events, (SELECT COUNT(*) FROM audit_entry) AS trail"
    before = small.rows(count)
    again = follow_up(small.site, now=at("2026-12-08", hour=9))
    assert small.rows(count) == before
    assert (again.overdue, again.reminders, again.proposals) == (
        first.overdue,
        first.reminders,
        first.proposals,
    )
    assert again.escalated == ()


def test_reminders_go_out_once_at_each_step(small: SmallSite):
    opened(small)
    said = {
        day: [
            (one.unit_code, one.within_days, one.items)
            for one in follow_up(small.site, now=at(day)).reminders
        ]
        for day in ("2026-11-29", "2026-11-30", "2026-12-01", "2026-12-05", "2026-12-07")
    }
    assert said["2026-11-29"] == []
    assert said["2026-11-30"] == [("U2", 7, 1), ("U4", 7, 1)]
    assert said["2026-12-01"] == []
    assert said["2026-12-05"] == [("U2", 3, 1), ("U4", 3, 1)], "a day that was missed is made up"
    assert said["2026-12-07"] == [("U2", 1, 1), ("U4", 1, 1)]


def test_the_due_soon_list_knows_the_items(small: SmallSite):
    opened(small)
    soon = follow_up(small.site, now=at("2026-12-02")).due_soon
    assert [(one.kind, one.unit_code, one.days_left) for one in soon] == [
        ("item", "U2", 5),
        ("item", "U4", 5),
    ]


def test_an_extension_is_asked_for_and_decided_by_two_people(small: SmallSite):
    opened(small)
    item = item_of(small, "U2")
    ask = {"reason": "等待上级批复", "now": at("2026-12-01")}
    with pytest.raises(RectificationRefused, match="还可延长 15 天"):
        rectify.ask_extension(small.site, item, account="officer", days=16, **ask)
    rectify.ask_extension(small.site, item, account="colleague", days=10, **ask)
    with pytest.raises(RectificationRefused, match="他人决定"):
        rectify.approve_extension(small.site, item, account="colleague", now=at("2026-12-02"))
    with pytest.raises(NotAllowed):
        rectify.approve_extension(small.site, item, account="officer", now=at("2026-12-02"))
    assert follow_up(small.site, now=at("2026-12-09")).overdue == ((PLACE, item_of(small, "U4"), "U4"),)
    granted = rectify.approve_extension(small.site, item, account="verifier", now=at("2026-12-09"))
    assert granted.due.on.isoformat() == "2026-12-21"
    assert items(small)[item]["extended_days"] == 10
    rectify.ask_extension(small.site, item, account="officer", days=5, **ask | {"now": at("2026-12-10")})
    refused = rectify.refuse_extension(
        small.site, item, account="verifier", reason="理由不足", now=at("2026-12-11")
    )
    assert refused.due == granted.due


def test_a_pause_moves_the_due_day_and_no_late_clock_is_paused(small: SmallSite):
    opened(small)
    item = item_of(small, "U2")
    rectify.pause(small.site, item, account="verifier", reason="现场封闭", now=at("2026-11-02"))
    assert follow_up(small.site, now=at("2026-12-10")).overdue == ((PLACE, item_of(small, "U4"), "U4"),)
    with pytest.raises(RectificationRefused, match="已中止计时"):
        report(small, item, "2026-12-10")
    # Four days had run (27 to 30 October); 26 are left from 14 December on: 14 to the year's end, 12 more in 2027,
    # whose days off are not published: provisional.
    resumed = rectify.resume(small.site, item, account="verifier", now=at("2026-12-14"))
    assert (resumed.due.on.isoformat(), resumed.due.provisional) == ("2027-01-18", True)
    with pytest.raises(RectificationRefused, match="已逾期"):
        rectify.pause(
            small.site, item_of(small, "U4"), account="verifier", reason="太晚", now=at("2026-12-14")
        )


def test_who_reported_does_not_verify_and_poor_work_is_not_verified(small: SmallSite):
    opened(small)
    item = item_of(small, "U2")
    rectify.report_done(small.site, item, account="colleague", reason="已改", now=at("2026-11-02"))
    with pytest.raises(RectificationRefused, match="他人验收"):
        verified(small, item, "2026-11-03", account="colleague")
    with pytest.raises(RectificationRefused, match="不足 60 分"):
        verified(small, item, "2026-11-03", quality=FIFTY)
    with pytest.raises(RectificationRefused, match="逐项打分"):
        verified(small, item, "2026-11-03", quality={"tasks": 50})
    with pytest.raises(RectificationRefused, match="超出满分"):
        verified(small, item, "2026-11-03", quality=GOOD | {"tasks": 51})
    with pytest.raises(RectificationRefused, match="满意人数"):
        verified(small, item, "2026-11-03", surveyed=10, satisfied=11)
    assert items(small)[item]["state"] == "reported"


@pytest.mark.parametrize(("surveyed", "satisfied", "kept"), [(4, 4, (0, 0)), (5, 4, (5, 4))])
def test_fewer_than_five_asked_are_not_kept(small: SmallSite, surveyed: int, satisfied: int, kept: tuple):
    opened(small)
    item = item_of(small, "U2")
    report(small, item, "2026-11-02")
    verified(small, item, "2026-11-03", surveyed=surveyed, satisfied=satisfied)
    row = items(small)[item]
    assert (row["surveyed"], row["satisfied"]) == kept
    assert f'"surveyed":{surveyed}' not in str(small.rows("SELECT detail FROM audit_entry")) or surveyed >= 5


def test_a_false_report_may_be_referred_by_people_and_never_by_itself(small: SmallSite):
    opened(small)
    item = item_of(small, "U2")
    with pytest.raises(RectificationRefused, match="两者都不是"):
        rectify.refer(small.site, item, account="verifier", reason="x", now=at("2026-11-02"))
    report(small, item, "2026-11-02")
    rectify.refuse(
        small.site, item, account="verifier", reason="现场未改", false_report=True, now=at("2026-11-05")
    )
    (proposed,) = follow_up(small.site, now=at("2026-11-06")).proposals
    assert (proposed.item_id, proposed.because) == (item, "false_report")
    assert items(small)[item]["referred"] in (0, False)
    rectify.refer(small.site, item, account="verifier", reason="虚假整改", now=at("2026-11-06"))
    assert items(small)[item]["state"] == "referred"
    assert follow_up(small.site, now=at("2026-11-07")).proposals == ()
    report(small, item, "2026-11-09")
    assert verified(small, item, "2026-11-10").code == "verified", "what was referred may still be put right"


def test_a_look_back_reopens_what_did_not_last(small: SmallSite):
    opened(small)
    item = item_of(small, "U2")
    report(small, item, "2026-11-02")
    verified(small, item, "2026-11-03")
    assert colours(small)["U2"] == ("green", "relieved")
    kept = rectify.look_back(small.site, item, account="verifier", lasting=True, now=at("2026-11-20"))
    assert kept.code == "verified"
    again = rectify.look_back(
        small.site, item, account="verifier", lasting=False, reason="又有积压", now=at("2026-12-01")
    )
    assert (again.code, again.reopened, again.rebounds) == ("open", 1, 1)
    assert colours(small)["U2"] == ("yellow", "released")
    # Thirty days after 1 December: 22 to the year's end, 8 in 2027.
    assert items(small)[item]["due_on"] == "2027-01-12"


def test_a_campaign_reopens_what_is_unresolved_of_earlier_rounds(small: SmallSite):
    opened(small)
    item, other = item_of(small, "U2"), item_of(small, "U4")
    report(small, other, "2026-11-02")
    follow_up(small.site, now=at("2026-12-08"))
    run = {"account": "verifier", "now": at("2027-01-11")}
    with pytest.raises(NotAllowed):
        rectify.campaign(small.site, PLACE, "双清零", before=Quarter(2026, 4), **run | {"account": "officer"})
    assert rectify.campaign(small.site, PLACE, "早前", before=Quarter(2026, 3), **run) == ()
    assert rectify.campaign(small.site, PLACE, "双清零", before=Quarter(2026, 4), **run) == (item,)
    with pytest.raises(RectificationRefused, match="另取名称"):
        rectify.campaign(small.site, PLACE, "双清零", before=Quarter(2026, 4), **run)
    rows = items(small)
    assert (rows[item]["state"], rows[item]["reopened"], rows[other]["state"]) == ("open", 1, "reported")
    assert colours(small)["U2"] == ("red", "escalated"), "a new term forgives no lateness"


def test_a_later_revision_cancels_what_is_gone_and_opens_what_is_new(small: SmallSite):
    opened(small)
    gone, kept = item_of(small, "U2"), item_of(small, "U4")
    now = at("2026-11-09")
    send(small, "2026Q3", now=now, U1=4, U2=9, U3=8, U4=2)
    small.score(now=now)
    finalise(small, "2026Q3", now=now)
    found = opened(small, day="2026-11-09")
    assert (found.kept, found.cancelled, len(found.opened)) == ((kept,), (gone,), 1)
    rows = items(small)
    assert rows[gone]["state"] == "cancelled"
    assert rows[kept]["due_on"] == "2026-12-07", "what is kept goes on with its clock"
    assert rows[found.opened[0]]["unit_code"] == "U1"
    assert colours(small)["U2"] == ("green", "released")
    (event,) = small.rows("SELECT reason FROM rectification_event WHERE kind = 'cancelled'")
    assert "第 2 版" in event["reason"]
    assert follow_up(small.site, now=at("2027-01-04")).overdue
    assert items(small)[gone]["state"] == "cancelled"


def test_past_the_calendar_nothing_is_overdue(small: SmallSite):
    # The calendar of 2026 only: what is due in 2028 is provisional, whatever the day.
    opened(small, day="2027-12-20")
    found = follow_up(small.site, now=at("2028-06-01"))
    assert (found.overdue, found.escalated, found.proposals) == ((), (), ())
    assert {row["due_provisional"] for row in items(small).values()} == {1}


@pytest.mark.parametrize(
    ("act", "more"),
    [
        ("add_measure", {"measure": "x"}),
        ("report_done", {"reason": "x"}),
        ("verify", {"quality": GOOD}),
        ("refuse", {"reason": "x"}),
        ("ask_extension", {"days": 1, "reason": "x"}),
        ("approve_extension", {}),
        ("refuse_extension", {"reason": "x"}),
        ("pause", {"reason": "x"}),
        ("resume", {}),
        ("look_back", {"lasting": True}),
        ("refer", {"reason": "x"}),
    ],
)
def test_nobody_acts_without_the_role(small: SmallSite, act: str, more: dict[str, Any]):
    opened(small)
    item = item_of(small, "U2")
    for account in ("reader", "stranger"):
        with pytest.raises(NotAllowed):
            getattr(rectify, act)(small.site, item, account=account, now=at("2026-11-02"), **more)
    with pytest.raises(RectificationRefused, match="没有整改事项 999"):
        getattr(rectify, act)(small.site, 999, account="colleague", now=at("2026-11-02"), **more)


def test_what_looks_like_a_person_is_masked_and_a_reason_is_needed(small: SmallSite):
    opened(small)
    item = item_of(small, "U2")
    with pytest.raises(RectificationRefused, match="须写明整改措施"):
        rectify.add_measure(small.site, item, account="officer", measure=" ", now=at("2026-11-02"))
    rectify.add_measure(
        small.site,
        item,
        account="officer",
        measure="由专人答复,联系人:张三 13812345678",
        now=at("2026-11-02"),
    )
    (row,) = small.rows("SELECT * FROM vw_rectification_list WHERE unit_code = 'U2'")
    assert row["measures"] == 1
    assert "13812345678" not in row["last_measure_zh"]
    assert "张三" not in row["last_measure_zh"]
    assert "13812345678" not in str(small.rows("SELECT * FROM audit_entry"))


def test_what_was_recorded_cannot_be_changed(small: SmallSite):
    opened(small)
    follow_up(small.site, now=at("2026-12-08"))
    for table in ("rectification_item", "rectification_event", "rectification_standing", "standing_colour"):
        with pytest.raises(exc.DatabaseError, match="append-only"), writing(small.engine) as connection:
            connection.execute(text(f"DELETE FROM {table}"))


COMMON = {"below": 0.5, "share": 0.3, "min_units": 2, "taxonomy_version": "1", "forms": []}


def with_common_problem(folder: Path, *, lead: str = "", supplier: str = "office") -> SmallSite:
    """U2 and U4 of four are low in one indicator: a common problem, led by whom the pack names."""
    pack = {
        "extends": "small@1",
        "framework": "small",
        "version": "2",
        "effective_from": "2026Q2",
        "common_problems": COMMON,
    }
    loop = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    loop["rectification"]["leads"] = {"cases_on_time": lead} if lead else {}
    small = warned(folder, loop=loop, pack=pack, office_zh=supplier)
    opened(small)
    return small


def test_a_common_problem_goes_to_the_department_that_leads(tmp_path: Path):
    small = with_common_problem(tmp_path)
    (row,) = [row for row in items(small).values() if row["kind"] == "common"]
    assert (row["unit_code"], row["rule_code"], row["target"]) == (
        "office",
        "common_problem",
        "office/cases_on_time",
    )
    assert "2 家单位" in row["problem_zh"]
    # Sixty working days after 26 October 2026: 48 to the year's end, 12 in 2027, provisional as yet.
    assert (row["due_on"], row["due_provisional"]) == ("2027-01-18", 1)
    assert len(items(small)) == 3, "the units still have their own warnings to put right"
    assert "office" not in colours(small)


def test_a_lead_that_is_a_unit_answers_as_that_unit(tmp_path: Path):
    small = with_common_problem(tmp_path, supplier="县水利局")
    (row,) = [row for row in items(small).values() if row["kind"] == "common"]
    assert (row["unit_code"], row["unit_name"]) == ("U3", "县水利局")
    assert colours(small)["U3"] == ("green", "released"), "leading a clean-up warns nobody"


def test_a_pack_names_the_lead(tmp_path: Path):
    small = with_common_problem(tmp_path, lead="north")
    assert "north" in {row["unit_code"] for row in items(small).values()}


def test_a_band_is_no_second_item_beside_a_warning_on_the_index(tmp_path: Path):
    pack = {
        "extends": "small@1",
        "framework": "small",
        "version": "2",
        "effective_from": "2026Q2",
        "colours": {
            "bands": [{"colour": "red", "when": "rate < 0.25"}, {"colour": "yellow", "when": "rate < 0.85"}]
        },
    }
    small = warned(tmp_path, pack=pack)
    opened(small)
    found = {(row["unit_code"], row["rule_code"]): row["goal_zh"] for row in items(small).values()}
    # U2 (30) and U4 (20) are on the list by the warning and by the band, U3 (80) by the band alone.
    assert found == {
        ("U2", "low"): "消除“偏低”",
        ("U4", "low"): "消除“偏低”",
        ("U3", "band"): "使指数回到绿色界限以上",
    }
