"""The yearly report of a settled year, down to its sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from include.documents.official.facts import YearDimension
from include.keys import KeyRing
from include.pipeline.check_people import mistaken_people
from include.pipeline.document_standing import read_standing
from include.pipeline.document_texts import texts_of
from include.pipeline.issuing import issue
from include.pipeline.settle_year import settle_year
from include.pipeline.year_report import YearFacts, year_facts
from include.quarters import Quarter
from include.warehouse import releases
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import reading
from tests.documents.official.test_documents import words
from tests.pipeline.settled_year import YEAR, review, whole_year
from tests.pipeline.small_site import PLACE, SmallSite
from tests.pipeline.year_site import ACCOUNTS, after

Q4 = Quarter(YEAR, 4)
DIMENSIONS = [
    {"code": "organisation", "title": {"zh": "组织作用发挥"}, "groups": ["all"]},
    {"code": "key_tasks", "title": {"zh": "重点任务完成"}, "items": ["tasks"]},
    {"code": "duties", "title": {"zh": "职责履行"}, "items": ["rectified"]},
]


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    small = whole_year(tmp_path / "site", accounts=ACCOUNTS | {"clerk": {"roles": ["issuer"]}})
    loop(small, DIMENSIONS)
    KeyRing(file=small.folder / "keys.yaml").with_new("sign", Quarter(2025, 4)).save()
    return small


def loop(small: SmallSite, dimensions: list[dict]) -> None:
    path = small.folder / "packs" / "small" / "loop.yaml"
    text = yaml.safe_dump({"year": {"dimensions": dimensions}}, allow_unicode=True)
    path.write_text(text, encoding="utf-8")


def facts(small: SmallSite) -> YearFacts | None:
    with reading(small.engine) as connection:
        final = releases.current(connection, ReleaseKey(PLACE, "small", str(Q4)), kind="final")
        assert final is not None
        last = read_standing(connection, small.site, final)
        return year_facts(connection, last, texts_of(small.site, "small").phrases)


def test_a_year_that_is_not_final_says_nothing(small: SmallSite) -> None:
    assert facts(small) is None
    settle_year(small.site, PLACE, "small", YEAR, now=after(Q4), account="lead")
    assert facts(small) is None


def test_what_the_report_takes_from_a_settled_year(small: SmallSite) -> None:
    made = settle_year(small.site, PLACE, "small", YEAR, now=after(Q4), account="lead")
    assert review(small, made.review_id, now=after(Q4)) == "final"
    found = facts(small)
    assert found is not None and found.full == pytest.approx(100) and found.draws == 500
    assert {one.grade: one.units for one in found.grades} == {"优秀": 1, "良好": 0, "一般": 2, "较差": 1}
    assert [(one.name, one.published, one.rank.band) for one in found.units] == [
        ("东坡镇", 90.59, 1), ("县水利局", 71.18, 2), ("县林业局", 77.5, 2), ("西沟乡", 41.18, 3),
    ]  # fmt: skip
    assert found.units[-1].colour == "yellow" and found.units[0].colour == "green", "as in the last quarter"
    organisation, tasks, duties = found.dimensions
    # Mean of 16 rates: 9 9 9 9, 3 2 4 1, 8 8 8 8, 4 9 9 9 tenths = 109 ÷ 160.
    assert organisation.mean_rate == pytest.approx(109 / 160) and organisation.change is None
    assert [(one.title, one.rate) for one in organisation.shortfalls] == [("全部", pytest.approx(109 / 160))]
    # Tasks: 92 %, 80 % and 50 % of three units.
    assert tasks.mean_rate == pytest.approx(0.74) and [one.title for one in tasks.shortfalls] == [
        "重点任务完成"
    ]
    assert duties == YearDimension("职责履行", None, None, ()), "nothing was to rectify"


def test_the_report_of_the_year_is_issued_from_it(small: SmallSite) -> None:
    made = settle_year(small.site, PLACE, "small", YEAR, now=after(Q4), account="lead")
    review(small, made.review_id, now=after(Q4))
    key = ReleaseKey(PLACE, "small", str(Q4))
    report = issue(small.site, key, account="clerk", now=after(Q4, 30), kinds=["year_report"])
    (one,) = report.issued
    told = words((Path(report.folder) / one.file_name).read_bytes())
    assert "优秀1个" in told and "一般2个" in told
    assert "组织作用发挥：平均得分率68.1%" in told
    assert "90.59" in told and "尚无单独的年度发布" not in told


def test_groups_that_no_version_has_are_told(small: SmallSite) -> None:
    loop(small, [{"code": "organisation", "title": {"zh": "组织"}, "groups": ["nowhere"]}])
    (said,) = mistaken_people(small.site)
    assert "nowhere" in said and "year.dimensions" in said
