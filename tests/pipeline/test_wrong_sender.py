"""A department's file that lies in another department's folder."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from include.pipeline.confirm_hold import confirm_hold
from tests.pipeline.small_site import NOW, SENT, SmallSite, ratings

NORTHS, SOUTHS = ratings(U1=5, U2=6), ratings(U3=7, U4=8)


@pytest.fixture
def small(tmp_path):
    made = SmallSite.make(tmp_path / "site", "ratings")
    path = made.folder / "feeds" / "ratings.yaml"
    contract = yaml.safe_load(path.read_text(encoding="utf-8"))
    contract["customProperties"].append({"property": "history", "value": {"sender_column": "unit"}})
    path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    made.send("ratings", "2026Q2.csv", NORTHS, supplier="north")
    made.send("ratings", "2026Q2.csv", SOUTHS, supplier="south")
    made.ingest("ratings")
    return made


def later(small: SmallSite, content: str, supplier: str) -> str:
    small.send("ratings", "2026Q3.csv", content, supplier=supplier, at=SENT + timedelta(days=1))
    small.ingest("ratings")
    return small.verdicts()[-1][2]


def test_the_other_departments_file_is_held_and_says_whose_it_is(small):
    assert later(small, ratings(U3=1, U4=2), "north") == "H-SENDER"
    (held,) = small.rows("select message_zh from delivery_verdict where verdict = 'held'")
    assert "100%" in held["message_zh"] and "south" in held["message_zh"]


def test_its_own_file_is_taken_and_one_with_what_nobody_sent(small):
    assert later(small, ratings(U1=1, U2=2), "north") == ""
    assert later(small, ratings(U1=1, U3=2), "south") == ""


def test_where_it_is_right_it_is_confirmed(small):
    later(small, ratings(U3=1, U4=2), "north")
    held = small.rows("select max(delivery_id) as delivery_id from delivery")[0]["delivery_id"]
    confirm_hold(small.site, held, "H-SENDER", by="steward", reason="moved", now=NOW)
    small.ingest("ratings")
    assert small.verdicts()[-1][1:] == ("accepted", "")


def test_a_file_from_before_there_was_such_a_column_tells_nothing(small):
    path = small.folder / "feeds" / "ratings.yaml"
    contract = yaml.safe_load(path.read_text(encoding="utf-8"))
    contract["schema"][0]["properties"].append(
        {"name": "item", "businessName": "item", "logicalType": "string", "required": True}
    )
    contract["customProperties"][-1]["value"] = {"sender_column": "item"}
    path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    assert later(small, "unit,points,item\nU1,1,x\nU2,2,y\n", "north") == ""
