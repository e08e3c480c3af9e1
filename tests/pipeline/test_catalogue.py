"""Documents are parsed once, and anew as soon as they change."""

from __future__ import annotations

import os

import pytest

from include.config import ConfigError
from include.pipeline.catalogue import contract_of, contracts_of, measures_of, packs_of
from include.quarters import Quarter
from tests.pipeline.small_site import Q3, SmallSite


@pytest.fixture
def small(tmp_path):
    return SmallSite.make(tmp_path / "site", "cases", "praise")


def edit(path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_document_that_did_not_change_is_not_parsed_again(small):
    assert contract_of(small.site, "cases") is contract_of(small.site, "cases")
    assert measures_of(small.site, "cases") is measures_of(small.site, "cases")
    (pack,), (later,) = (packs_of(small.site, quarter) for quarter in (Q3, Q3.shift(1)))
    assert pack is later, "a version is the same in every quarter"


def test_a_changed_document_is_seen_at_once(small):
    contract, measures = contract_of(small.site, "cases"), measures_of(small.site, "cases")
    (pack,) = packs_of(small.site, Q3)
    edit(small.folder / "feeds" / "cases.yaml", "version: 1.0.0", "version: 1.0.1")
    edit(small.folder / "measures" / "cases.sql", "replied_on <= due_on", "replied_on <  due_on")
    edit(small.folder / "packs" / "small" / "framework.yaml", "points: 50", "points: 51")
    edit(small.folder / "packs" / "small" / "framework.yaml", "points: 30", "points: 29")
    assert contract_of(small.site, "cases").version == "1.0.1"
    assert contract_of(small.site, "cases").digest != contract.digest
    assert measures_of(small.site, "cases").digest != measures.digest
    assert packs_of(small.site, Q3)[0].framework.digest != pack.framework.digest


def test_an_edit_of_the_same_length_is_seen(small):
    path = small.folder / "feeds" / "cases.yaml"
    contract_of(small.site, "cases")
    stamp = path.stat().st_mtime
    edit(path, "version: 1.0.0", "version: 9.0.0")
    os.utime(path, (stamp + 2, stamp + 2))
    assert contract_of(small.site, "cases").version == "9.0.0"


def test_two_sites_never_share_a_document(small, tmp_path):
    other = SmallSite.make(tmp_path / "other", "cases", stability_seconds=0)
    assert contract_of(small.site, "cases").time.stability_seconds == 120
    assert contract_of(other.site, "cases").time.stability_seconds == 0


def test_contracts_come_in_the_order_of_the_site_without_the_absent(tmp_path):
    settings = {"feeds": {"praise": {}, "cases": {}, "ratings": {"absent": True}, "board": None}}
    small = SmallSite.make(tmp_path / "site", "cases", settings=settings)
    assert [contract.feed for contract in contracts_of(small.site)] == ["praise", "cases", "board"]


def test_a_newly_added_version_of_a_framework_is_found(small):
    assert packs_of(small.site, Quarter(2026, 4))[0].framework.version == "1"
    folder = small.folder / "packs" / "small"
    text = (folder / "framework.yaml").read_text(encoding="utf-8")
    newer = text.replace("version: '1'", "version: '2'").replace("2025Q4", "2026Q4")
    (folder / "framework-2.yaml").write_text(newer, encoding="utf-8")
    assert packs_of(small.site, Quarter(2026, 4))[0].framework.version == "2"
    assert packs_of(small.site, Q3)[0].framework.version == "1", "the older one stands for older quarters"


def test_a_broken_document_is_said_every_time_and_mended_at_once(small):
    path = small.folder / "feeds" / "cases.yaml"
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace("kind: events", "kind: parties"), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"cases\.yaml"):
            contract_of(small.site, "cases")
    path.write_text(sound, encoding="utf-8")
    assert contract_of(small.site, "cases").time.kind == "events"


def test_a_feed_without_a_contract_is_a_sentence(small):
    with pytest.raises(ConfigError, match="No contract of feed"):
        contract_of(small.site, "unheard")
    with pytest.raises(ConfigError, match="No measures SQL of feed"):
        measures_of(small.site, "unheard")
