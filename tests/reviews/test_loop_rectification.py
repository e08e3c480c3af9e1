from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from include.clocks import load_clocks
from include.config import ConfigError, parse, read_yaml
from include.feeds.contract import Contract
from include.reviews.loop import SHIPPED, Loop, loop_of, read_loop
from include.scoring import Framework
from include.site import CONTRACTS, FRAMEWORKS, open_site
from tests.pipeline.small_site import SmallSite

PLAIN = read_yaml(SHIPPED)
FILES = [SHIPPED, *sorted(FRAMEWORKS.glob("*/loop.yaml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_shipped_loop_names_clocks_and_departments_that_exist(path: Path):
    found = read_loop(path)
    clocks = load_clocks()
    assert all(term.clock in clocks for term in found.rectification.terms if term.clock)
    known = {one for file in CONTRACTS.glob("*.yaml") for one in Contract.from_yaml(file).suppliers}
    assert set(found.rectification.leads.values()) <= known


def test_licheng_acts_by_grade_and_every_common_problem_has_a_lead():
    path = FRAMEWORKS / "licheng" / "loop.yaml"
    rules = read_loop(path).rectification
    framework = Framework.from_yaml(FRAMEWORKS / "licheng" / "framework.yaml")
    actions = [rules.required("yellow", one.code) for one in framework.grades]
    assert all(
        one is not None and one.grade == grade.code
        for one, grade in zip(actions, framework.grades, strict=True)
    )
    assert rules.required("red", "poor") == rules.required("yellow", "poor")
    assert {form.code for form in framework.common_problems.forms} == set(rules.leads)


def test_a_pack_without_the_section_takes_the_shipped_one(tmp_path: Path):
    small = SmallSite.make(tmp_path, "cases")
    own = {name: value for name, value in PLAIN.items() if name != "rectification"}
    (tmp_path / "packs" / "small" / "loop.yaml").write_text(yaml.safe_dump(own, allow_unicode=True))
    site = open_site(small.folder)
    assert loop_of(site, "small").rectification.pass_points == 60


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"criteria": PLAIN["rectification"]["criteria"][:3]}, "add up to 90"),
        ({"escalate": {"red": "yellow"}}, "escalate may only worsen"),
        ({"relieve": {"yellow": "red"}}, "relieve only better"),
        ({"term": {"days": 5}}, "Give either clock"),
        ({"pass_points": 101}, "pass_points"),
    ],
)
def test_a_wrong_section_is_said(change: dict, words: str):
    wrong = copy.deepcopy(PLAIN)
    wrong["rectification"] |= change
    with pytest.raises(ConfigError, match=words):
        parse(Loop, wrong, file="loop.yaml")
