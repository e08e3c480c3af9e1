"""The frameworks that documents are tried on: shipped, of the docs page, of the real counties, and generated ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from include.pipeline.packs import overlay
from include.scoring.loader import parse_yaml, read_yaml

ROOT = Path(__file__).parents[2]
_FILES = sorted(
    [*ROOT.glob("include/frameworks/*/framework*.yaml"), *ROOT.glob("tests/real/*/packs/*/framework.yaml")]
)
_PAGE = (ROOT / "docs" / "reference" / "scoring.md").read_text(encoding="utf-8")
_BLOCKS = [
    block
    for block in re.findall(r"```yaml\n(.*?)```", _PAGE, re.DOTALL)
    if block.startswith(("framework:", "#"))
]


def _resolved(path: Path) -> Any:
    document = read_yaml(path)
    return (
        overlay(read_yaml(path.with_name("framework.yaml")), document) if "extends" in document else document
    )


DOCUMENTS = [_resolved(path) for path in _FILES] + [parse_yaml(block, name="scoring.md") for block in _BLOCKS]
NAMES = [document["framework"] for document in DOCUMENTS]

SMALL = {
    "framework": "small",
    "version": "2026.1",
    "effective_from": "2026Q1",
    "title": {"zh": "清廉指数", "en": "Integrity index"},
    "points": 100,
    "peer_groups": ["township", "county_body"],
    "groups": [{"code": "common", "points": 40, "title": "共性评价"}, {"code": "data", "points": 60}],
    "indicators": [
        {
            "code": "rated",
            "group": "common",
            "points": 40,
            "rule": "given",
            "rated_by": "office",
            "missing": "zero",
        },
        {
            "code": "reply",
            "group": "data",
            "points": 60,
            "measure": "petitions.replied_on_time",
            "rule": {
                "kind": "bands",
                "bands": [{"at_least": 0.95, "points": 60}, {"at_least": 0.8, "rate": 0.5}],
            },
            "min_denominator": 5,
            "agreed": {"by": "县委办", "on": "2026-01-15"},
        },
    ],
    "adjustments": [
        {
            "code": "award",
            "kind": "bonus",
            "measure": "awards",
            "keys": {"low": {"S1": 8, "1e5": 2}},
            "cap": 10,
        },
        {"code": "lie", "kind": "veto", "measure": "lies", "when": "value > 0", "effect": {"colour": "red"}},
    ],
    "colours": {"bands": [{"colour": "red", "when": "rate < 0.6 and quarters_below(0.7) >= 2"}]},
    "grades": [{"code": "good", "title": "优秀", "when": "rate >= 0.9"}, {"code": "fair"}],
    "warnings": [{"code": "low", "on": "groups.data", "when": "state == missing", "title": "数据缺失"}],
}

numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: x + 0.0)
positive = st.floats(1e-6, 1e6)
texts = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x9FFF, exclude_categories=("C", "Z")), min_size=1
)
titles = st.one_of(texts, st.fixed_dictionaries({"zh": texts, "en": texts}))
codes = st.from_regex(r"[a-z0-9_一-龥][\w.\-]{0,8}", fullmatch=True).filter(lambda code: code == code.strip())
within = st.fixed_dictionaries({}, optional={"within": codes, "over": st.sampled_from(["panel", "2025Q4"])})
posts = st.one_of(
    numbers,
    st.sampled_from(["mean", "median"]),
    st.fixed_dictionaries({"percentile": st.floats(0, 100)}),
    st.fixed_dictionaries({"mean_of_best": st.integers(1, 9)}),
)


def _kind(name: str, required: dict, optional: dict, base=None) -> st.SearchStrategy:
    made = st.fixed_dictionaries({"kind": st.just(name), **required}, optional=optional)
    return st.builds(lambda one, more: one | more, made, st.just({}) if base is None else base)


scaled = st.tuples(st.just(0.0), st.just(1.0)).map(list)
rules = st.one_of(
    _kind("rate", {"full_at": numbers, "zero_at": st.just(1e7)}, {}),
    st.lists(st.tuples(numbers, st.floats(0, 1)), min_size=1, max_size=4, unique_by=lambda pair: pair[0]).map(
        lambda steps: {"kind": "bands", "bands": [{"above": limit, "rate": rate} for limit, rate in steps]}
    ),
    _kind(
        "minmax", {}, {"low": st.just(-1e7), "high": st.just({"percentile": 97.5}), "range": scaled}, within
    ),
    _kind("distance_to_target", {"target": numbers}, {"base": posts}, within),
    _kind(
        "per_event",
        {"lose": positive, "cap": positive},
        {"beyond": numbers, "step": positive, "whole": st.booleans()},
    ),
    _kind("ladder", {"keys": st.dictionaries(texts, numbers, min_size=1, max_size=3), "cap": positive}, {}),
)
missing = st.one_of(
    st.sampled_from(["skip", "zero", "not_rated", "previous"]),
    st.fixed_dictionaries({"kind": st.just("mean"), "within": codes}),
    st.fixed_dictionaries({"kind": st.just("constant"), "constant": numbers}),
)
indicators = st.fixed_dictionaries(
    {"code": codes, "rule": rules},
    optional={
        "title": titles, "weight": positive, "missing": missing, "measure": texts.map(lambda text: f"f.{text}"),
        "min_denominator": positive, "source": texts, "note": titles, "rated_by": texts,
        "clamp": st.sampled_from([False, [0, None], [0.25, 0.75]]), "denominate_by": codes,
        "agreed": st.fixed_dictionaries({"by": texts, "on": st.dates().map(str)}),
    },
)  # fmt: skip
certainties = st.fixed_dictionaries(
    {"leave_one_out": st.just(True)},
    optional={
        "draws": st.integers(100, 5000), "seed": st.integers(0, 2**31), "weights": st.floats(0, 0.9),
        "normalisation": st.sampled_from([["minmax"], ["rank", "zscore"]]),
        "aggregation": st.just([{"level": 0, "combine": ["harmonic", "geometric"]}]),
        "missing": st.lists(missing, max_size=2),
    },
)  # fmt: skip
frameworks = st.fixed_dictionaries(
    {
        "framework": codes,
        "version": codes,
        "indicators": st.lists(indicators, min_size=1, max_size=4, unique_by=lambda item: item["code"]),
    },
    optional={
        "title": titles,
        "missing": missing,
        "min_present": st.sampled_from([1, 1.0, 0.5, "all"]),
        "index": st.fixed_dictionaries({"floor": numbers}),
        "certainty": certainties,
    },
)
