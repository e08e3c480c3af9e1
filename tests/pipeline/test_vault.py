"""The vault of a running site: sealed, and every look into it on the record."""

from __future__ import annotations

import pytest

from include.config import ConfigError
from include.keys import PURPOSES, KeyRing
from include.pipeline.vault import reveal
from include.quarters import Quarter
from tests.pipeline.small_site import NOW, PLACE, SmallSite, cases, on_time

HEADER = "case_no,unit,due_on,replied_on,outcome,petitioner\n"
GOOD = HEADER + "c1,U1,2026-08-01,2026-08-01,good,张伟\nc2,U2,2026-08-02,,good,李秀英\n"


@pytest.fixture
def small(tmp_path):
    made = SmallSite.make(tmp_path / "site", "cases")
    ring = KeyRing(file=made.folder / "keys.yaml")
    for purpose in PURPOSES:
        ring = ring.with_new(purpose, Quarter(2025, 1))
    ring.save()
    return made


def landed(small):
    return [path for path in small.folder.glob(f"lake/{PLACE}/vault/landing/*/*") if path.is_file()]


def test_what_lies_in_the_vault_cannot_be_read_without_the_key(small):
    small.send("cases", "a.csv", GOOD)
    assert small.ingest().counts["accepted"] == 1
    (file,) = landed(small)
    assert "张伟".encode() not in file.read_bytes() and b"2026-08-01" not in file.read_bytes()


def test_the_pipeline_records_what_it_opens(small):
    small.send("cases", "a.csv", GOOD)
    small.send("cases", "b.csv", cases(*on_time("U1", 1, 2, name="b")))
    small.ingest()
    reads = small.rows("select feed, sha256, purpose, read_by from vault_read order by sha256")
    assert [read["sha256"] for read in reads] == sorted(file.name for file in landed(small))
    assert {(read["purpose"], read["read_by"]) for read in reads} == {("judge", "pipeline")}
    small.ingest()
    assert len(small.rows("select * from vault_read")) == 2, "nothing was opened, nothing is said"


def test_a_person_sees_one_value_and_is_on_the_record(small):
    small.send("cases", "a.csv", GOOD)
    small.ingest()
    found = reveal(small.site, 1, 3, "petitioner", by="王主任", reason="核对重复信访", now=NOW)
    assert found.value == "李秀英"
    (read,) = small.rows("select * from vault_read where purpose = 'reveal'")
    assert (read["read_by"], read["reason"], read["row_number"], read["column_name"]) == (
        "王主任", "核对重复信访", 3, "petitioner",
    )  # fmt: skip
    assert "李秀英" not in str(read)


@pytest.mark.parametrize(
    ("delivery", "row", "column", "by"),
    [(9, 2, "petitioner", "王"), (1, 99, "petitioner", "王"), (1, 2, "phone", "王"), (1, 2, "unit", " ")],
)
def test_a_look_at_nothing_or_by_nobody_is_refused(small, delivery, row, column, by):
    small.send("cases", "a.csv", GOOD)
    small.ingest()
    with pytest.raises(ConfigError):
        reveal(small.site, delivery, row, column, by=by, reason="核对", now=NOW)


def test_a_lost_key_holds_the_file_with_a_sentence_and_the_key_brings_it_back(small):
    small.send("cases", "a.csv", GOOD)
    small.ingest()
    ring = small.site.keys
    key = ring.key_for("vault")
    ring.without(key.id).save()
    small.send("cases", "b.csv", cases(*on_time("U1", 1, 2, name="b")))
    with pytest.raises(Exception, match=key.id):
        small.ingest()
    ring.save()
    assert small.ingest().counts["accepted"] == 1


def test_damage_in_the_vault_holds_the_file(small, monkeypatch):
    small.send("cases", "a.csv", GOOD)
    from include.pipeline import arrivals

    real = arrivals.land

    def spoilt(file, vault, *, key):
        done = real(file, vault, key=key)
        done.path.chmod(0o600)
        done.path.write_bytes(done.path.read_bytes()[:-1])
        return done

    monkeypatch.setattr(arrivals, "land", spoilt)
    small.ingest()
    assert small.verdicts() == [("a.csv", "held", "F-VAULT")]
