"""A draft that asks for a feed which no release needed yet."""

from __future__ import annotations

import yaml

from include.pipeline.preview import preview
from include.site import open_site
from tests.pipeline.small_site import PLACE, SmallSite, cases, on_time

LETTERS = "letter_no,unit,given_on\n"
DRAFT = {"extends": "small@1", "framework": "small", "version": "draft", "effective_from": "2027Q1"}
PRAISE = {
    "code": "praise_letters",
    "group": "all",
    "points": 5,
    "title": {"zh": "表扬信", "en": "letters"},
    "measure": "praise.letters",
    "rule": {"kind": "per_event", "gain": 2.5},
    "missing": "not_rated",
}


def test_a_new_feed_that_reads_a_known_one_is_given_its_rows(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases", "praise")
    path = small.folder / "packs" / "small" / "framework.yaml"
    framework = yaml.safe_load(path.read_text(encoding="utf-8"))
    framework["indicators"] = [one for one in framework["indicators"] if one["measure"] == "cases.on_time"]
    framework["groups"][0]["points"] = framework["points"] = framework["indicators"][0]["points"]
    path.write_text(yaml.safe_dump(framework, allow_unicode=True), encoding="utf-8")
    sql = small.folder / "measures" / "praise.sql"
    text = sql.read_text(encoding="utf-8").replace("-- measures:", "-- reads: [cases]\n-- measures:")
    sql.write_text(text.replace("group by", "where _unit in (select _unit from cases) group by"), "utf-8")
    small = SmallSite(small.folder, open_site(small.folder))
    small.send("cases", "cases.csv", cases(*on_time("U1", 1, 2)))
    small.send("praise", "a.csv", LETTERS + "L1,U1,2026-08-01\nL2,U2,2026-08-01\n")
    for feed in ("cases", "praise"):
        small.ingest(feed)
    small.score()
    draft = tmp_path / "draft.yaml"
    document = DRAFT | {"points": 55, "groups": [{"code": "all", "points": 55}], "indicators": [PRAISE]}
    draft.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    found = preview(small.site, PLACE, draft)
    carried = found.items[found.items["item"] == "praise_letters"].set_index("unit")["points"]
    assert carried["U1"] > 0, "the letter counts, for U1 has a case"
    assert "cases.on_time" not in set(found.items["item"]), "what was released is not measured anew"
