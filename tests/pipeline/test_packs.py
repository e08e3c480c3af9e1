"""Which framework is in force: the site's own before the shipped one, pins, versions, and what `extends` changes."""

from __future__ import annotations

import copy

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from include.config import ConfigError
from include.pipeline.catalogue import packs_of
from include.pipeline.packs import overlay, versions_of
from include.quarters import Quarter
from include.scoring import FrameworkError
from include.site import FRAMEWORKS, Site, SiteSettings

SHIPPED = yaml.safe_load((FRAMEWORKS / "jiaokou" / "framework.yaml").read_text(encoding="utf-8"))
PIN = f"jiaokou@{SHIPPED['version']}"
OURS = {"framework": "ours", "extends": PIN, "version": "1", "effective_from": "2026Q1"}


def site_of(folder, *frameworks):
    settings = {
        "site": "county",
        "jurisdictions": [{"code": "1", "name": {"zh": "县"}}],
        "first_quarter": "2024Q4",
        "frameworks": list(frameworks),
        "suppliers": {},
        "feeds": {"petitions": {}},
    }
    return Site(folder, SiteSettings.model_validate(settings))


def write(folder, document, *, code=None, file="framework.yaml"):
    path = folder / "packs" / (code or document["framework"]) / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path


def version_in_force(site, quarter):
    return [pack.framework.version for pack in packs_of(site, Quarter.parse(quarter))]


def refusal(site, error=ConfigError):
    with pytest.raises(error) as caught:
        packs_of(site, Quarter(2026, 3))
    return str(caught.value)


def test_the_shipped_framework_is_in_force_from_its_first_quarter(tmp_path):
    site = site_of(tmp_path, "jiaokou")
    (pack,) = packs_of(site, Quarter.parse(SHIPPED["effective_from"]))
    assert (pack.framework.framework, pack.own) == ("jiaokou", False)
    assert packs_of(site, Quarter.parse(SHIPPED["effective_from"]).shift(-1)) == []


def test_an_own_pack_changes_one_weight_and_nothing_else(tmp_path):
    moved = [{"code": "petition_replied_on_time", "points": 2}, {"code": "petition_satisfied", "points": 3}]
    path = write(tmp_path, OURS | {"indicators": moved})
    (pack,) = packs_of(site_of(tmp_path, "ours"), Quarter(2026, 3))
    (shipped,) = packs_of(site_of(tmp_path, "jiaokou"), Quarter(2026, 3))
    assert pack.files == (FRAMEWORKS / "jiaokou" / "framework.yaml", path)
    assert pack.own and pack.framework.framework == "ours"
    ours, theirs = (
        {one.code: one for one in framework.indicators} for framework in (pack.framework, shipped.framework)
    )
    assert list(ours) == list(theirs)
    assert {code for code in ours if ours[code] != theirs[code]} == {one["code"] for one in moved}
    assert ours["petition_replied_on_time"].points == 2
    assert ours["petition_replied_on_time"].rule == theirs["petition_replied_on_time"].rule
    assert pack.framework.warnings == shipped.framework.warnings
    assert pack.framework.digest != shipped.framework.digest


def test_a_site_pack_of_the_shipped_name_goes_first_once_it_is_in_force(tmp_path):
    write(tmp_path, OURS | {"framework": "jiaokou", "version": "ours.1", "effective_from": "2026Q1"})
    site = site_of(tmp_path, "jiaokou")
    assert version_in_force(site, "2025Q4") == [SHIPPED["version"]]
    assert version_in_force(site, "2026Q1") == ["ours.1"]


def test_of_two_own_versions_the_later_begun_is_in_force(tmp_path):
    write(tmp_path, OURS)
    write(tmp_path, OURS | {"version": "2", "effective_from": "2027Q1"}, file="framework-2027.yaml")
    site = site_of(tmp_path, "ours")
    assert [version_in_force(site, quarter) for quarter in ("2025Q4", "2026Q4", "2027Q1", "2028Q1")] == [
        [],
        ["1"],
        ["2"],
        ["2"],
    ]


def test_a_version_ends_where_it_says(tmp_path):
    write(tmp_path, OURS | {"effective_to": "2026Q2"})
    site = site_of(tmp_path, "ours")
    assert version_in_force(site, "2026Q2") == ["1"]
    assert version_in_force(site, "2026Q3") == []


def test_a_pin_takes_that_version_only(tmp_path):
    write(tmp_path, OURS)
    write(tmp_path, OURS | {"version": "2", "effective_from": "2026Q2"}, file="framework-2.yaml")
    assert version_in_force(site_of(tmp_path, "ours@1"), "2026Q3") == ["1"]
    assert version_in_force(site_of(tmp_path, "ours@2"), "2026Q1") == []
    said = refusal(site_of(tmp_path, "ours@3"))
    assert "[ours@3]" in said and "ours@1" in said and PIN in said


def test_an_extended_pack_may_be_extended_again(tmp_path):
    write(tmp_path, OURS | {"title": {"zh": "市"}})
    write(tmp_path, OURS | {"framework": "theirs", "extends": "ours@1", "points": 100})
    (pack,) = packs_of(site_of(tmp_path, "theirs"), Quarter(2026, 3))
    assert [path.parent.name for path in pack.files] == ["jiaokou", "ours", "theirs"]
    assert pack.framework.title.zh == "市"


def test_frameworks_come_in_the_order_of_the_site(tmp_path):
    write(tmp_path, OURS)
    packs = packs_of(site_of(tmp_path, "ours", "jiaokou"), Quarter(2026, 3))
    assert [pack.framework.framework for pack in packs] == ["ours", "jiaokou"]


REFUSED = {
    "no version in extends": ({"extends": "jiaokou"}, "[extends] found [jiaokou]"),
    "a version that is not there": ({"extends": "jiaokou@1900"}, PIN),
    "a framework that is not there": ({"extends": "nowhere@1"}, "[nowhere@1]"),
    "itself": ({"extends": "ours@1"}, "[extends] found [ours@1]"),
    "no version of its own": ({"version": None}, "['version'] are required"),
    "no beginning of its own": ({"effective_from": None}, "['effective_from'] are required"),
    "another framework's name": ({"framework": "jiaokou"}, "name of its folder, [ours]"),
    "items without a code": ({"indicators": [{"points": 2}]}, "[indicators] must be a list"),
    "no items": ({"warnings": None, "groups": 3}, "[groups] must be a list"),
    "removal of what is not there": (
        {"warnings": [{"code": "low_totl", "remove": True}]},
        "[warnings.low_totl] cannot be removed",
    ),
    "removal of a changed item": (
        {"warnings": [{"code": "low_total", "remove": True, "colour": "red"}]},
        "[warnings.low_total] cannot be removed",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_pack_is_refused_with_file_place_and_remedy(tmp_path, name):
    change, words = REFUSED[name]
    document = {key: value for key, value in (OURS | change).items() if value is not None}
    path = write(tmp_path, document, code="ours")
    said = refusal(site_of(tmp_path, "ours"))
    assert words in said and str(path) in said


def test_packs_that_extend_each_other_are_refused(tmp_path):
    write(tmp_path, OURS | {"extends": "theirs@1"})
    write(tmp_path, OURS | {"framework": "theirs", "extends": "ours@1"})
    assert "[extends] found [ours@1]" in refusal(site_of(tmp_path, "ours"))


def test_one_version_in_two_files_is_refused(tmp_path):
    write(tmp_path, OURS)
    write(tmp_path, OURS | {"effective_from": "2027Q1"}, file="framework-2027.yaml")
    assert "['1'] is used by several files" in refusal(site_of(tmp_path, "ours"))
    write(tmp_path, OURS | {"framework": "jiaokou", "version": SHIPPED["version"]})
    with pytest.raises(ConfigError, match="is used by several files"):
        versions_of(site_of(tmp_path, "jiaokou"), "jiaokou")


def test_points_that_no_longer_add_up_are_refused(tmp_path):
    write(tmp_path, OURS | {"indicators": [{"code": "petition_replied_on_time", "points": 4}]})
    assert "points" in refusal(site_of(tmp_path, "ours"), FrameworkError)


def test_a_name_that_is_nowhere_is_told_what_there_is(tmp_path):
    said = refusal(site_of(tmp_path, "jiaoku"))
    assert "[jiaoku]" in said and PIN in said


def items(codes):
    return st.lists(
        st.fixed_dictionaries({"code": st.sampled_from(codes)}, optional={"points": st.integers(1, 9)}),
        unique_by=lambda item: item["code"],
    )


@given(base=items("abcdef"), change=items("defghi"))
def test_overlaying_keeps_what_is_not_named_and_takes_what_is(base, change):
    before = copy.deepcopy((base, change))
    merged = overlay({"indicators": base, "points": 100}, {"indicators": change})
    assert (base, change) == before, "nothing given is changed"
    assert merged["points"] == 100
    old, new = ({item["code"]: item for item in part} for part in (base, change))
    assert [item["code"] for item in merged["indicators"]] == [
        *old,
        *(code for code in new if code not in old),
    ]
    for item in merged["indicators"]:
        assert item == old.get(item["code"], {}) | new.get(item["code"], {})
    assert overlay(merged, {"indicators": change}) == merged, "twice is as once"


@given(base=items("abcdef"))
def test_overlaying_nothing_changes_nothing_and_removing_all_leaves_none(base):
    document = {"indicators": base, "colours": {"bands": []}}
    assert overlay(document, {}) == document
    gone = [{"code": item["code"], "remove": True} for item in base]
    assert overlay(document, {"indicators": gone})["indicators"] == []
