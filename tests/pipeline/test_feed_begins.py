"""A feed that a county takes from a later quarter on: nothing of it is missing before, and no figure changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.config import ConfigError
from include.pipeline.due import record_expectations
from include.pipeline.readiness import expected_deliveries
from include.quarters import Quarter
from tests.pipeline.small_site import NOW, Q3, SmallSite, cases, on_time

FILE = cases(*(row for unit in ("东坡镇", "西沟乡") for row in on_time(unit, 9, 10)))


def made(folder: Path, first_quarter: str) -> SmallSite:
    feeds = {"cases": {}, "ratings": {"first_quarter": first_quarter} if first_quarter else {}}
    return SmallSite.make(folder, "cases", "ratings", settings={"feeds": feeds})


def due(small: SmallSite, quarter: Quarter) -> set[str]:
    contracts = [small.contract(feed) for feed in ("cases", "ratings")]
    return {item.feed for item in expected_deliveries(small.site, contracts, quarter)}


def test_it_is_due_from_its_first_quarter_on(tmp_path):
    small = made(tmp_path, "2026Q4")
    assert due(small, Q3) == {"cases"}
    assert due(small, Q3.shift(1)) == {"cases", "ratings"}
    record_expectations(small.site, now=NOW)
    recorded = small.rows("select distinct feed, quarter from expected_delivery where feed = 'ratings'")
    assert recorded == []


def test_its_measures_do_not_apply_before(tmp_path):
    small = made(tmp_path, "2026Q4")
    small.send("cases", "cases.csv", FILE)
    small.ingest()
    (report,) = small.score()
    assert report.missing == ()
    states = {row["state"] for row in small.facts("fct_indicator_score").to_dict("records")
              if row["indicator_code"] == "ratings_score"}  # fmt: skip
    assert states == {"not_applicable"}


def test_a_feed_that_begins_later_gives_the_digest_of_a_feed_that_is_absent(tmp_path):
    later, absent = made(tmp_path / "a", "2026Q4"), SmallSite.make(tmp_path / "b", "cases")
    for small in (later, absent):
        small.send("cases", "cases.csv", FILE)
        small.ingest()
        small.score()
    assert later.release().input_digest == absent.release().input_digest


def test_a_wrong_key_is_told(tmp_path):
    with pytest.raises(ConfigError, match="first_quarter"):
        made(tmp_path, "2026-4")
