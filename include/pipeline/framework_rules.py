"""The rules of a framework as the warehouse keeps them: in words, as conditions, and when a figure is rated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from include.documents.rule_words import rule_words
from include.documents.words import COLOUR_WORDS, adjustment_words, condition_words, missing_words
from include.scoring import Framework
from include.scoring.model_nodes import Group, Indicator
from include.scoring.model_parts import Text
from include.scoring.model_rules import Missing
from include.scoring.states import STATE_NAMES
from include.scoring.tree import build_tree
from include.scoring.when import Condition

_CONDITION = (
    "kind",
    "code",
    "position",
    "rule_on",
    "term",
    "argument",
    "operator",
    "threshold",
    "threshold_state",
    "colour",
)
_BLANK: Mapping[str, Any] = {
    "full_points": None,
    "combine": "",
    "sums_throughout": 0,
    "min_attainable": None,
    "min_present": "",
    "min_denominator": None,
    "missing": "",
    "missing_zh": "",
    "missing_en": "",
    "applies_to": "",
    "better": "",
    "rated_by": "",
}


def rule_frames(framework: Framework) -> dict[str, pd.DataFrame]:
    """The frames `dim_rule`, `dim_rule_condition` and `dim_rating_rule` of a framework."""
    return {
        "dim_rule": rules_in_words(framework),
        "dim_rule_condition": pd.DataFrame(list(_conditions(framework)), columns=list(_CONDITION)),
        "dim_rating_rule": pd.DataFrame(list(_ratings(framework))),
    }


def rules_in_words(framework: Framework) -> pd.DataFrame:
    """Every rule of a framework in words, with the columns of dim_rule: indicators, adjustments, warnings, bands."""
    rows = [_rule("indicator", one.code, one.label, rule_words(one)) for one in framework.indicators]
    for one in framework.adjustments:
        colour = (one.effect.colour or "") if one.effect is not None else ""
        rows.append(_rule("adjustment", one.code, one.label, adjustment_words(one), colour=colour))
    for rule in framework.warnings:
        words = condition_words(rule.when)
        rows.append(_rule("warning", rule.code, rule.label, words, colour=rule.colour, advice=rule.advice))
    for place, band in enumerate(framework.colours.bands, start=1):
        zh, en = COLOUR_WORDS[band.colour]
        title = Text(zh=f"{zh}色界限", en=f"Band {en}")
        rows.append(_rule("band", str(place), title, condition_words(band.when), colour=band.colour))
    return pd.DataFrame(rows)


def _rule(
    kind: str, code: str, title: Text, words: Text, *, colour: str = "", advice: Text | None = None
) -> Mapping[str, str]:
    return {
        "kind": kind,
        "code": code,
        "title_zh": title.zh,
        "title_en": title.english,
        "rule_zh": words.zh,
        "rule_en": words.english,
        "colour": colour,
        "advice_zh": advice.zh if advice else "",
        "advice_en": advice.english if advice else "",
    }


def _conditions(framework: Framework) -> Iterator[tuple[Any, ...]]:
    """Every comparison of every `when`."""
    for one in framework.adjustments:
        if one.when is not None:
            colour = (one.effect.colour or "") if one.effect is not None else ""
            yield from _compared("adjustment", one.code, f"adjustments.{one.code}", one.when, colour)
    for rule in framework.warnings:
        yield from _compared("warning", rule.code, rule.on, rule.when, rule.colour)
    for place, band in enumerate(framework.colours.bands, start=1):
        yield from _compared("band", str(place), "index", band.when, band.colour)
    for grade in framework.grades:
        if grade.when is not None:
            yield from _compared("grade", grade.code, "index", grade.when, "")


def _compared(kind: str, code: str, on: str, when: Condition, colour: str) -> Iterator[tuple[Any, ...]]:
    for position, one in enumerate(when.comparisons, start=1):
        of_state = one.term.name == "state"
        yield (
            kind,
            code,
            position,
            on,
            one.term.name,
            one.term.argument,
            one.operator,
            None if of_state else one.operand,
            STATE_NAMES[int(one.operand)] if of_state else "",
            colour,
        )


def _ratings(framework: Framework) -> Iterator[dict[str, Any]]:
    tree = build_tree(framework)
    branches = {branch.code: branch for branch in tree.branches}
    linear: dict[str | None, bool] = {}
    # Branches stand below those they are part of, so that what is under one is known when it comes.
    for branch in tree.branches:
        under = [one.code for one in framework.groups if one.parent == branch.code]
        linear[branch.code] = branch.sums and all(linear[code] for code in under)
    for group in (None, *framework.groups):
        node = branches[None if group is None else group.code]
        yield {
            **_BLANK,
            "level": "index" if group is None else "group",
            "code": "" if group is None else group.code,
            "full_points": node.full,
            "combine": node.combine,
            "sums_throughout": int(linear[node.code]),
            "min_attainable": framework.min_attainable,
            "min_present": "" if node.min_present is None else str(node.min_present),
            **({} if group is None else _missing(framework, group)),
        }
    for one in framework.indicators:
        yield {
            **_BLANK,
            "level": "indicator",
            "code": one.code,
            "full_points": one.points,
            "min_denominator": one.min_denominator,
            **_missing(framework, one),
            "applies_to": ",".join(one.applies_to or ()),
            "better": one.better or "",
            "rated_by": one.rated_by or "",
        }


def _missing(framework: Framework, node: Group | Indicator) -> Mapping[str, str]:
    missing: Missing = node.missing or framework.missing
    words = missing_words(missing)
    return {"missing": missing.kind, "missing_zh": words.zh, "missing_en": words.english}
