"""Checks of a framework's `certainty:` section against the rest of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from include.scoring.model_nodes import Indicator
from include.scoring.model_rules import Compared, DistanceToReference
from include.scoring.tree import Tree

if TYPE_CHECKING:
    from include.scoring.model import Framework

_FEW = "至少有一项选择:weights、normalisation、aggregation、missing、leave_one_out 或 sampling"


def certainty_mistakes(framework: Framework, tree: Tree) -> Iterator[tuple[str, object, str, str]]:
    """Yield path, what was found, and what is allowed in Chinese and in English."""
    spec = framework.certainty
    if spec is None:
        return
    sampled = {f"certainty.sampling.rates[{n}]": code for n, code in enumerate(spec.sampling.rates)}
    sampled |= {
        f"certainty.sampling.means[{n}].indicator": mean.indicator
        for n, mean in enumerate(spec.sampling.means)
    }
    if not any(
        (
            spec.weights,
            spec.normalisation,
            spec.aggregation,
            spec.missing,
            spec.leave_one_out,
            sampled,
        )
    ):
        yield (
            "certainty",
            "{}",
            _FEW,
            "at least one choice: weights, normalisation, aggregation, missing, leave_one_out or sampling",
        )
    levels = {branch.depth for branch in tree.branches}
    for number, means in enumerate(spec.aggregation):
        if means.level not in levels:
            known = ", ".join(map(str, sorted(levels)))
            yield (
                f"certainty.aggregation[{number}].level",
                means.level,
                f"{known} 之一(0 为指数)",
                f"one of {known} (0 is the index)",
            )
    for path, listed in (
        ("certainty.normalisation", spec.normalisation),
        ("certainty.aggregation", tuple(means.level for means in spec.aggregation)),
        ("certainty.sampling", tuple(sampled.values())),
    ):
        for name, count in Counter(map(str, listed)).items():
            if count > 1:
                yield path, f"{name} × {count}", "互不相同", "entries that differ from each other"
    by_code = {indicator.code: indicator for indicator in framework.indicators}
    for path, code in sampled.items():
        if code not in by_code:
            yield path, code, "indicators 中的代码", "a code of an indicator"
        elif why := _not_sampled(by_code[code]):
            yield path, f"{code} ({why})", *_SAMPLED


_SAMPLED = (
    "直接取自计量值、只与本季度比较的指标:无 denominate_by、treat、ladder、over,也不以某单位为参照",
    "an indicator read straight from its measure and compared within the quarter only: no denominate_by, "
    "treat, ladder, over or reference unit",
)


def _not_sampled(indicator: Indicator) -> str:
    """Say what keeps an indicator's value from being drawn anew; '' where nothing does."""
    rule = indicator.rule
    if indicator.denominate_by is not None:
        return "denominate_by"
    if indicator.treat is not None:
        return "treat"
    if rule.kind == "ladder":
        return "ladder"
    if isinstance(rule, Compared) and rule.over != "quarter":
        return "over"
    statistics = {"min", "max", "mean", "median"}
    if (
        isinstance(rule, DistanceToReference)
        and isinstance(rule.reference, str)
        and rule.reference not in statistics
    ):
        return "reference"
    return ""
