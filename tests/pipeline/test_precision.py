"""The precision ledger on a small site: what reviews said, and what an inspection found afterwards."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from include.pipeline.precision import ANY, _circular, precision_ledger
from include.quarters import Quarter
from include.scoring import Framework
from include.site import FRAMEWORKS, open_site
from tests.pipeline.settled_year import YEAR, play_quarter
from tests.pipeline.small_site import PLACE, SmallSite
from tests.pipeline.year_site import ACCOUNTS, after

HEAD = (
    "problem_no,unit,source,found_on,due_on,rectified_on,published_inside,published_outside,quality_points,surveyed,"
    "satisfied,leads_referred,leads_handled,proposals_issued,proposals_executed,measures_taken,recovered,rules_adopted"
)
PROBLEMS = {
    # By the quarter in which they fall due, as the feed has them.
    2: [("1", "西沟乡", "巡察反馈", "2026-05-10", "2026-06-20")],
    3: [
        ("2", "县水利局", "巡察反馈", "2026-08-10", "2026-09-20"),
        ("3", "东坡镇", "自查", "2026-04-10", "2026-09-20"),
    ],
    4: [("4", "县水利局", "自查", "2026-10-10", "2026-12-20")],
}
LOOP = """
precision:
  minimum: {minimum}
  after: 5
  backtest: {{feed: inspection, only: {{source: 巡察反馈}}, quarters: 1, min_problems: 1, permutations: 999, seed: 1}}
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    """U2 is warned in every quarter, U4 in the first, where it is dismissed."""
    folder = tmp_path_factory.mktemp("precision")
    feeds = {"cases": {}, "inspection": {"suppliers": ["office"]}}
    small = SmallSite.make(folder, "cases", settings={"feeds": feeds, "accounts": ACCOUNTS})
    loop(small, minimum=0.5)
    for number in range(1, 5):
        quarter = Quarter(YEAR, number)
        if number in PROBLEMS:
            rows = [",".join([*row, *[""] * 13]) for row in PROBLEMS[number]]
            small.send("inspection", f"i{number}.csv", "\n".join([HEAD, *rows, ""]), at=after(quarter, 5))
            small.ingest("inspection", now=after(quarter, 6))
        play_quarter(small, quarter, dismissed=("U4/low/index",) if number == 1 else ())
    return small


def loop(small: SmallSite, *, minimum: float) -> None:
    path = small.folder / "packs" / "small" / "loop.yaml"
    path.write_text(LOOP.format(minimum=minimum), encoding="utf-8")


def test_what_reviews_said_of_a_rule(small: SmallSite) -> None:
    found = precision_ledger(small.site, PLACE, "small")
    (rule,) = found.rules.to_dict("records")
    assert (rule["rule_code"], rule["framework_version"], rule["title_zh"]) == ("low", "1", "偏低")
    assert (rule["raised"], rule["confirmed"], rule["dismissed"]) == (5, 4, 1)
    # Wilson of 4 in 5: (0.8 + 1.9207 ÷ 5 ± 1.96 × √(0.16 ÷ 5 + 3.8415 ÷ 100)) ÷ (1 + 3.8415 ÷ 5).
    assert [rule["share"], rule["low_95"], rule["high_95"]] == pytest.approx([0.8, 0.3755, 0.9638], abs=5e-5)
    assert found.reasons[["rule_code", "reason", "times"]].to_numpy().tolist() == [
        ["low", "系统切换期间漏登记", 1]
    ]
    assert found.to_retire.empty


def test_a_rule_below_the_declared_precision_is_listed(small: SmallSite, tmp_path: Path) -> None:
    copy = small.copy(tmp_path / "site")
    loop(copy, minimum=0.81)
    assert precision_ledger(copy.site, PLACE, "small").to_retire["rule_code"].tolist() == ["low"]
    assert precision_ledger(copy.site, PLACE, "small", year=2025).rules.empty


def test_few_decisions_list_nothing(small: SmallSite, tmp_path: Path) -> None:
    copy = small.copy(tmp_path / "site")
    path = copy.folder / "packs" / "small" / "loop.yaml"
    path.write_text(LOOP.format(minimum=0.81).replace("after: 5", "after: 6"), encoding="utf-8")
    found = precision_ledger(copy.site, PLACE, "small")
    assert found.to_retire.empty and not found.rules["decided_enough"].any()


def test_against_what_inspection_found_in_the_next_quarter(small: SmallSite) -> None:
    found = precision_ledger(small.site, PLACE, "small")
    # Q1: U2 and U4 warned, U2 found in Q2. Q2: U2 warned, U3 found in Q3. Q3: U2 warned, nothing found by an inspection
    # in Q4. What follows Q4 is not known. What units found themselves does not count.
    assert found.quarters == ("2026Q1", "2026Q2", "2026Q3")
    rows = found.backtest.set_index("rule_code")
    assert rows.index.tolist() == [ANY, "low"]
    counts = rows.loc["low", ["circular", "unit_quarters", "warned", "found", "hits"]].tolist()
    assert counts == ["none", 12, 4, 2, 1]
    figures = rows.loc["low", ["precision", "recall", "base_rate", "lift"]].astype(float).tolist()
    assert figures == pytest.approx([0.25, 0.5, 2 / 12, 1.5])
    # Shuffled, U2 of Q1 is hit with 2 in 4, U3 of Q2 with 1 in 4: at least one hit with 1 − 0.5 × 0.75.
    assert rows.loc["low", "p_value"] == pytest.approx(0.625, abs=0.05)
    again = precision_ledger(small.site, PLACE, "small").backtest
    pd.testing.assert_frame_equal(again, found.backtest)


def test_rules_about_inspection_are_marked() -> None:
    jiaokou = Framework.from_yaml(FRAMEWORKS / "jiaokou" / "framework.yaml")
    own = next(one for one in jiaokou.indicators if (one.measure or "").startswith("inspection."))
    other = next(one for one in jiaokou.indicators if (one.measure or "").startswith("petitions."))
    assert _circular(f"indicators.{own.code}", jiaokou, "inspection") == "whole"
    assert _circular(f"indicators.{other.code}", jiaokou, "inspection") == "none"
    assert _circular("index", jiaokou, "inspection") == "part"
    assert _circular("groups.data", jiaokou, "inspection") == "part"
    assert _circular("groups.common", jiaokou, "inspection") == "none"


def test_a_site_without_the_feed_has_no_backtest(tmp_path: Path) -> None:
    small = SmallSite.make(tmp_path, "cases", settings={"accounts": ACCOUNTS})
    play_quarter(small, Quarter(YEAR, 1))
    found = precision_ledger(open_site(tmp_path), PLACE, "small")
    assert found.backtest.empty and found.quarters == () and len(found.rules) == 1
