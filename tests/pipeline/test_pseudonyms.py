"""Person keys as keyed pseudonyms: joined by measures, also over a change of key, and by nobody without it."""

from __future__ import annotations

import hashlib
import hmac

import pyarrow.parquet as pq
import pytest
import yaml

from include.config import ConfigError
from include.keys import PURPOSES, KeyGone, KeyRing
from include.pipeline.check_site import check_site
from include.pipeline.evidence import evidence
from include.pipeline.keys import destroy_key
from include.quarters import Quarter
from include.site import open_site
from tests.pipeline.small_site import SENT, SmallSite

ZHANG, LI = "110101199003078515", "110101198001010015"
HEADER = "case_no,unit,due_on,replied_on,outcome,petitioner,citizen_id\n"
_SQL = """-- feed: cases
-- measures:
--   on_time:
--     title: {zh: 重复, en: repeat}
--     formula: {zh: 测试, en: a test}
--     source: ours
--     absent: not_applicable
select _unit as unit,
  count(*) filter (where citizen_id in
    (select citizen_id from cases_history group by 1 having count(*) > 1)) as on_time__num,
  count(*) as on_time__den
from cases group by _unit
"""


def make(folder, *begins, lookback=4, domain=""):
    """A site whose cases carry a citizen's number; a key for pseudonyms from each quarter of `begins`."""
    small = SmallSite.make(folder, "cases", settings={"first_quarter": "2026Q1"}, lookback_quarters=lookback)
    path = small.folder / "feeds" / "cases.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    custom = [{"property": "may_be_absent", "value": True}]
    custom += [{"property": "domain", "value": domain}] if domain else []
    document["schema"][0]["properties"].append(
        {"name": "citizen_id", "businessName": "citizen_id", "logicalType": "string"}
        | {"classification": "pseudonym", "customProperties": custom}
    )
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    (small.folder / "measures" / "cases.sql").write_text(_SQL, encoding="utf-8")
    ring = KeyRing(file=small.folder / "keys.yaml")
    for quarter in begins:
        ring = ring.with_new("pseudonym", Quarter.parse(quarter))
    if begins:
        ring.with_new("vault", Quarter(2026, 1)).save()
    return SmallSite(small.folder, open_site(small.folder))


def send(small, name, *rows):
    lines = [f"{name}{at},U1,{day},{day},good,张某,{citizen}" for at, (day, citizen) in enumerate(rows)]
    small.send("cases", f"{name}.csv", HEADER + "\n".join(lines) + "\n")


def staged(small, quarter):
    tables = [pq.read_table(path).to_pandas() for path in small.staged() if f"/{quarter}/" in str(path)]
    return tables[-1]


def test_a_pseudonym_is_the_keyed_hash_of_domain_and_number(tmp_path):
    small = make(tmp_path / "s", "2026Q1")
    send(small, "a", ("2026-08-01", ZHANG), ("2026-08-02", "110101 19900307 8515"), ("2026-08-03", ""))
    small.ingest()
    rows = staged(small, "2026Q3")
    key = small.site.keys.key_for("pseudonym")
    expected = hmac.new(key.secret, b"cases\0" + ZHANG.encode(), hashlib.sha256).hexdigest()
    assert rows["citizen_id"].tolist()[:2] == [expected, expected] and rows["citizen_id"].isna()[2]
    assert set(rows["_key"]) == {key.id}
    assert hashlib.sha256(ZHANG.encode()).hexdigest() not in rows.to_json()


def test_two_feeds_join_only_where_they_name_one_domain(tmp_path):
    made = {}
    for domain in ("", "petitioner"):
        small = make(tmp_path / f"s{domain}", "2026Q1", domain=domain)
        (small.folder / "keys.yaml").write_text(
            (tmp_path / "s" / "keys.yaml").read_text() if domain else (small.folder / "keys.yaml").read_text()
        )
        send(small, "a", ("2026-08-01", ZHANG))
        small.ingest()
        made[domain] = staged(small, "2026Q3")["citizen_id"][0]
    assert made[""] != made["petitioner"]


def year(small):
    """Zhang writes in every quarter, Li once before and once after the change of key in January."""
    send(small, "q3", ("2026-08-01", ZHANG), ("2026-09-01", LI))
    send(small, "q4", ("2026-11-01", ZHANG))
    send(small, "q1", ("2027-02-01", ZHANG), ("2027-02-02", LI), ("2027-02-03", "330106197505050021"))
    later = SENT.replace(year=2027, month=4, day=20)
    small.ingest(now=later)
    small.score(now=later)
    return small.figures("cases.on_time", "2027Q1")["U1"]


def test_repeat_petitioners_are_recognised_in_january(tmp_path):
    one_key = make(tmp_path / "a", "2026Q1")
    rotated = make(tmp_path / "b", "2026Q1", "2027Q1")
    twice = make(tmp_path / "c", "2026Q1", "2026Q4", "2027Q1")
    assert year(one_key) == year(rotated) == year(twice) == (2, 3)
    before, after = staged(rotated, "2026Q3"), staged(rotated, "2027Q1")
    assert not set(before["citizen_id"]) & set(after["citizen_id"]), "no name survives the change by itself"
    assert after["_links_citizen_id"].map(len).tolist() == [1, 1, 1]
    assert before["_links_citizen_id"].map(len).tolist() == [0, 0]
    text = after.to_json()
    assert not any(pseudonym in text for pseudonym in before["citizen_id"])


def test_the_rows_behind_a_figure_add_up_after_a_change_of_key(tmp_path):
    small = make(tmp_path / "a", "2026Q1", "2027Q1")
    figure = year(small)
    found = evidence(small.engine, small.site, small.release("2027Q1"), "U1", ["cases.on_time"])
    totals = found["cases.on_time"].totals()
    assert (totals["numerator"], totals["denominator"]) == figure == (2, 3)


def test_after_the_look_back_rows_carry_no_link(tmp_path):
    small = make(tmp_path / "a", "2026Q1", "2027Q1", lookback=1)
    send(small, "q1", ("2027-02-01", ZHANG))
    send(small, "q2", ("2027-05-01", ZHANG))
    small.ingest(now=SENT.replace(year=2027, month=7, day=20))
    assert staged(small, "2027Q1")["_links_citizen_id"].map(len).tolist() == [1]
    assert staged(small, "2027Q2")["_links_citizen_id"].map(len).tolist() == [0]


def test_a_destroyed_key_cuts_the_link_and_says_so(tmp_path):
    small = make(tmp_path / "a", "2026Q1", "2027Q1")
    year(small)
    ring = small.site.keys
    ring.without(ring.of("pseudonym")[0].id).save()
    send(small, "more", ("2027-03-01", ZHANG))
    later = SENT.replace(year=2027, month=4, day=21)
    assert small.ingest(now=later).counts["accepted"] == 1
    with pytest.raises(KeyGone, match=ring.of("pseudonym")[0].id):
        small.score(now=later)
    send(small, "old", ("2026-08-09", ZHANG))
    assert [held.fault.code for held in small.ingest(now=later).held] == ["F-KEY"]


def test_quarters_after_a_destruction_that_was_allowed_are_scored(tmp_path):
    """Rows of the year before carry links to the key before theirs, which no quarter looks back at any more."""
    small = make(tmp_path / "a", "2025Q1", "2026Q1")
    send(small, "before", ("2026-05-01", ZHANG))
    asked = SENT.replace(month=7, day=20)
    small.ingest(now=asked)
    small.score(now=asked)
    assert staged(small, "2026Q2")["_links_citizen_id"].map(len).tolist() == [1]
    ring = small.site.keys
    gone = SENT.replace(year=2027, month=4)
    destroy_key(small.site, ring, ring.of("pseudonym")[0].id, by="保管人", reason="期满", now=gone)
    send(small, "now", ("2027-05-01", ZHANG), ("2027-05-02", LI))
    later = SENT.replace(year=2027, month=7, day=20)
    small.ingest(now=later)
    small.score(now=later)
    assert small.figures("cases.on_time", "2027Q2")["U1"] == (1, 2)


def test_without_a_key_the_column_is_dropped_and_said(tmp_path):
    small = make(tmp_path / "a")
    send(small, "a", ("2026-08-01", ZHANG))
    assert small.ingest().counts["accepted"] == 1
    assert "citizen_id" not in staged(small, "2026Q3").columns
    assert small.rows("select code from file_fault where code = 'W-NOKEY'")
    assert any("citizen_id" in one.text and one.fatal for one in check_site(small.site))
    with pytest.raises(ConfigError, match="keys new"):
        small.site.keys.key_for("pseudonym")


def test_a_ring_with_every_purpose_passes_the_check(tmp_path):
    small = make(tmp_path / "a", "2026Q1")
    assert {key.purpose for key in small.site.keys.keys} <= set(PURPOSES)
    assert not [one.text for one in check_site(small.site) if "citizen_id" in one.text]


def test_a_key_is_destroyed_once_nothing_looks_back_at_it(tmp_path):
    small = make(tmp_path / "a", "2026Q1", "2027Q1")
    ring = small.site.keys
    old, new = ring.of("pseudonym")
    asked = {"by": "保管人", "reason": "期满"}
    with pytest.raises(ValueError, match="2028Q1"):
        destroy_key(small.site, ring, old.id, now=SENT.replace(year=2028, month=3), **asked)
    with pytest.raises(ValueError, match=new.id):
        destroy_key(small.site, ring, new.id, now=SENT.replace(year=2030), **asked)
    destroy_key(small.site, ring, old.id, now=SENT.replace(year=2028, month=4), **asked)
    assert [key.id for key in small.site.keys.of("pseudonym") if not key.secret] == [old.id]
    (entry,) = small.rows("select actor, subject, reason from audit_entry where action = 'destroy_key'")
    assert entry == {"actor": "保管人", "subject": f"key/{old.id}", "reason": "期满"}
