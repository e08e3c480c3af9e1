"""A whole year on a small site: settled, reviewed, final, read back, and settled again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from include.pipeline.access import NotAllowed
from include.pipeline.review import ReviewRefused, answer
from include.pipeline.review_card import review_card
from include.pipeline.settle_year import Settlement, settle_year
from include.pipeline.year_record import leaderboard, unit_record
from include.pipeline.year_tasks import YearRefused, freeze, preview_plan
from include.quarters import Quarter
from include.site import open_site
from include.warehouse import audit, releases
from include.warehouse.errors import UnknownRelease
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import reading
from tests.pipeline.settled_year import YEAR, make_final, play_quarter, review, whole_year
from tests.pipeline.small_site import PLACE, SmallSite
from tests.pipeline.year_site import after, report, tasks, year_site

Q4 = Quarter(YEAR, 4)
KEY = ReleaseKey(PLACE, "small_year", str(YEAR))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    return whole_year(tmp_path_factory.mktemp("year"))


@pytest.fixture
def small(played: SmallSite, tmp_path: Path) -> SmallSite:
    return played.copy(tmp_path / "site")


def settled(small: SmallSite, *, account: str = "lead", now: datetime | None = None, **more) -> Settlement:
    return settle_year(small.site, PLACE, "small", YEAR, account=account, now=now or after(Q4), **more)


def test_a_year_is_settled_reviewed_and_final(small: SmallSite) -> None:
    made = settled(small)
    rows = made.units.set_index("unit_code")
    # U1: 90 % of 60 = 54; tasks 60 × 100 % + 40 × 80 % = 92 % of 25 = 23: 77 of 85, since nothing was to rectify.
    # U2: 25 % of 60 = 15; tasks 80 % of 25 = 20: 35 of 85. U3: 48 + 12.5 of 85. U4 has no task: 46.5 of 60.
    assert rows["total"].to_dict() == {"U1": 90.59, "U2": 41.18, "U3": 71.18, "U4": 77.5}
    assert rows["rank"].to_dict() == {"U1": 1, "U2": 4, "U3": 3, "U4": 2}
    assert rows["grade"].to_dict() == {"U1": "优秀", "U2": "较差", "U3": "一般", "U4": "一般"}
    assert rows["problems"].to_dict() == {"U1": 0, "U2": 4, "U3": 0, "U4": 1}
    assert rows.index[rows["is_listed"]].tolist() == ["U2"]
    assert rows.loc["U1", ["work", "integrity"]].tolist() == [92, 90]
    assert (made.outcome, made.revision, made.missing) == ("created", 1, ())
    assert small.rows("select is_final from vw_year_score") == [{"is_final": 0}] * 4
    assert review(small, made.review_id, now=after(Q4)) == "final"
    listed = small.rows("select unit_code, problems, verdict, is_final from vw_check_up")
    assert listed == [{"unit_code": "U2", "problems": 4, "verdict": "confirmed", "is_final": 1}]
    with reading(small.engine) as connection:
        assert audit.verify(connection).ok
        stored = releases.read_inputs(connection, made.release_id)
    kinds = stored["kind"].value_counts().to_dict()
    assert (kinds["prior_release"], kinds["delivery"], kinds["site"]) == (4, 1, 2)


def test_settling_again_changes_nothing(small: SmallSite) -> None:
    one, two = settled(small), settled(small)
    assert (two.outcome, two.release_id, two.revision) == ("unchanged", one.release_id, 1)
    assert small.rows("select count(*) as n from progress_review where period = '2026'") == [{"n": 1}]


def test_a_dry_run_publishes_nothing_and_may_come_before_the_year_is_over(small: SmallSite) -> None:
    early = datetime(2026, 12, 31, 15, 59, tzinfo=after(Q4).tzinfo)  # still 2026 in Shanghai
    made = settled(small, now=early, dry_run=True)
    assert made.outcome == "dry_run" and made.units["total"].notna().all()
    assert small.rows("select * from release where framework_code = 'small_year'") == []
    with pytest.raises(YearRefused, match="尚未结束"):
        settled(small, now=early)


def test_who_may_not_settle_or_review_the_own_settlement(small: SmallSite) -> None:
    with pytest.raises(NotAllowed):
        settled(small, account="first")
    path = small.folder / "site.yaml"
    also = path.read_text("utf-8").replace("lead:\n    roles:", "lead:\n    roles:\n    - first_reviewer")
    path.write_text(also, "utf-8")
    small.site = open_site(small.folder)
    made = settled(small)
    digest = review_card(small.site, made.review_id, step=1).digest
    with pytest.raises(ReviewRefused, match="自己的名单"):
        answer(
            small.site,
            made.review_id,
            step=1,
            account="lead",
            digest=digest,
            confirm=True,
            now=after(Q4),
            via="cli",
        )


def test_what_changes_before_the_end_of_the_review_voids_it(small: SmallSite) -> None:
    made = settled(small)
    done = {("东坡镇", "T1"): 100, ("东坡镇", "T2"): 100, ("西沟乡", "T1"): 80, ("县水利局", "T3"): 100}
    report(small, Q4, tasks(Q4, done), name="again.csv")
    with pytest.raises(ReviewRefused, match="重新评分"):
        review(small, made.review_id, now=after(Q4))
    again = settled(small)
    assert (again.outcome, again.revision) == ("created", 2)
    assert again.units.set_index("unit_code").loc["U1", "work"] == 100
    assert again.review_id != made.review_id
    reason = small.rows("select reason from release where framework_code = 'small_year' and revision = 2")
    assert "yearly_tasks" in reason[0]["reason"]


def test_only_final_quarters_count(tmp_path: Path) -> None:
    small = whole_year(tmp_path, finals=(1, 2, 3))
    made = settled(small)
    assert made.missing == ("2026Q4",)
    rows = made.units.set_index("unit_code")
    # U4: (40 + 90 + 90) ÷ 3 of 100.
    assert rows.loc[["U4"], "total"].tolist() == [73.33]
    assert small.release("2026Q4") is not None
    make_final(small, Q4)
    assert settled(small).revision == 2


def test_too_few_final_quarters_settle_nobody(tmp_path: Path) -> None:
    small = whole_year(tmp_path, finals=(1, 2))
    made = settled(small)
    assert set(made.units["state"]) == {"not_rated"} and made.units["total"].isna().all()
    assert not made.units["is_listed"].any()
    reasons = {row["unit_code"]: row["state_reason"] for row in small.rows("select * from vw_year_score")}
    assert reasons == dict.fromkeys(("U1", "U2", "U3"), "too_little_attainable") | {"U4": "no_child"}


def test_no_final_quarter_or_no_frozen_plan_is_refused(tmp_path: Path) -> None:
    small = year_site(tmp_path)
    with pytest.raises(YearRefused, match="没有定稿的季度"):
        settled(small)
    play_quarter(small, Quarter(YEAR, 1))
    with pytest.raises(YearRefused, match="year freeze 2026"):
        settled(small)


def test_the_leaderboard_shows_bands_and_both_lines(small: SmallSite) -> None:
    with pytest.raises(UnknownRelease, match="尚未结算"):
        leaderboard(small.site, PLACE, "small", YEAR)
    settled(small)
    found = leaderboard(small.site, PLACE, "small", YEAR)
    assert found.lines == ("工作线", "廉政线")
    assert found.units[["unit_code", "band"]].to_numpy().tolist() == [
        ["U1", 1],
        ["U3", 2],
        ["U4", 2],
        ["U2", 3],
    ]
    rows = found.units.set_index("unit_code")
    assert rows["工作线"].fillna(-1).to_dict() == {"U1": 92, "U3": 50, "U4": -1, "U2": 80}
    assert rows["廉政线"].to_dict() == {"U1": 90, "U3": 80, "U4": 77.5, "U2": 25}


def test_a_record_holds_quarters_tasks_and_what_was_confirmed(small: SmallSite) -> None:
    settled(small)
    found = unit_record(small.site, PLACE, "small", "U2", YEAR)
    assert found.quarters["published"].astype(float).tolist() == [30, 20, 40, 10]
    assert found.tasks[["task_code", "progress_pct", "standing"]].to_numpy().tolist() == [
        ["T1", 80, "behind"]
    ]
    assert found.warnings["period"].tolist() == ["2026Q1", "2026Q2", "2026Q3", "2026Q4"]
    assert found.check_up is not None and found.check_up["problems"] == 4
    assert found.parts[["part", "code"]].to_numpy().tolist()[:3] == [
        ["line", "work"], ["line", "integrity"], ["item", "index"],
    ]  # fmt: skip
    with pytest.raises(UnknownRelease, match="U9"):
        unit_record(small.site, PLACE, "small", "U9", YEAR)


def test_a_dismissed_warning_is_no_problem(tmp_path: Path) -> None:
    small = year_site(tmp_path)
    report(small, Quarter(YEAR, 1), tasks(Quarter(YEAR, 1), {}))
    digest = preview_plan(small.site, PLACE, "small", YEAR).digest
    freeze(small.site, PLACE, "small", YEAR, digest=digest, account="lead", now=after(Quarter(YEAR, 1)))
    play_quarter(small, Quarter(YEAR, 1), dismissed=("U2/low/index",))
    made = settled(small, dry_run=True)
    assert made.units.set_index("unit_code")["problems"].to_dict() == {"U1": 0, "U2": 0, "U3": 0, "U4": 1}
