"""Which of the past a framework looks at, and so which of it is read."""

from __future__ import annotations

import pytest

from include.pipeline.figures import looks_at_past_indicators
from include.pipeline.packs import overlay
from include.scoring import Framework
from include.scoring.loader import read_yaml
from include.site import FRAMEWORKS

JIAOKOU = read_yaml(FRAMEWORKS / "jiaokou" / "framework.yaml")


def changed(**keys):
    return Framework.from_dict(overlay(JIAOKOU, keys))


def rule(on, when):
    return [{"code": "new", "on": on, "when": when, "colour": "yellow", "title": {"zh": "新"}}]


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"warnings": rule("index", "change <= -3")},
        {"warnings": rule("groups.depth1", "quarters_below(0.6) >= 2")},
        {"warnings": rule("indicators", "rate < 0.1")},
    ],
)
def test_index_and_groups_of_the_past_are_enough(keys):
    assert not looks_at_past_indicators(changed(**keys))


@pytest.mark.parametrize(
    "keys",
    [
        {"warnings": rule("indicators", "change <= -3")},
        {"warnings": rule("indicators.petition_satisfied", "change_yoy <= -3")},
        {"warnings": rule("indicators", "quarters_below(0.6) >= 2")},
        {"missing": "previous"},
        {"indicators": [{"code": "petition_satisfied", "missing": "previous"}]},
        {"certainty": JIAOKOU["certainty"] | {"missing": ["previous"]}},
    ],
)
def test_past_indicators_are_read_where_anything_asks_for_them(keys):
    assert looks_at_past_indicators(changed(**keys))
