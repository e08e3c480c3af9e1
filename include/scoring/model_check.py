"""Checks across the parts of a framework: codes, references, points, scales."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from include.scoring.errors import Mistake
from include.scoring.model_certainty_check import certainty_mistakes
from include.scoring.model_nodes import WarningRule
from include.scoring.model_rule_check import rule_mistakes
from include.scoring.model_tree_check import tree_mistakes
from include.scoring.periods import starts
from include.scoring.tree import Tree, build_tree, depths_of

if TYPE_CHECKING:
    from include.scoring.model import Framework

Found = tuple[str, object, str, str]
"""Path, what was found, what is allowed in Chinese and in English."""


def check(framework: Framework, file: str) -> tuple[Mistake, ...]:
    """Return every mistake that no single key shows."""
    found = [*_codes(framework), *_references(framework), *rule_mistakes(framework)]
    if not found:
        tree = build_tree(framework)
        found = [
            *tree_mistakes(framework, tree),
            *_conditions(framework, tree),
            *certainty_mistakes(framework, tree),
        ]
    return tuple(Mistake(file, path, str(what), zh, en) for path, what, zh, en in found)


def _codes(framework: Framework) -> Iterator[Found]:
    nodes = [node.code for node in (*framework.groups, *framework.indicators)]
    lists = {
        "groups/indicators": nodes,
        "adjustments": [one.code for one in framework.adjustments],
        "warnings": [one.code for one in framework.warnings],
        "grades": [one.code for one in framework.grades],
        "peer_groups": list(framework.peer_groups or ()),
        "common_problems.forms": [one.code for one in framework.common_problems.forms],
    }
    for path, codes in lists.items():
        for code, count in Counter(codes).items():
            if count > 1:
                yield path, f"{code} × {count}", "互不相同的代码", "codes that differ from each other"
    first, last = framework.effective_from, framework.effective_to
    if first and last and starts(last) < starts(first):
        yield "effective_to", last, f"不早于 {first}", f"not before {first}"
    limits = framework.index
    if limits.floor is not None and limits.ceiling is not None and limits.floor >= limits.ceiling:
        yield "index.floor", limits.floor, f"小于 {limits.ceiling:g}", f"less than {limits.ceiling:g}"


def _references(framework: Framework) -> Iterator[Found]:
    groups = {group.code for group in framework.groups}
    peers = set(framework.peer_groups or ())
    forms = {form.code for form in framework.common_problems.forms}
    for number, group in enumerate(framework.groups):
        path = f"groups[{number}]({group.code}).parent"
        if group.parent is not None and group.parent not in groups:
            yield path, group.parent, *_one_of(groups)
    for number, indicator in enumerate(framework.indicators):
        path = f"indicators[{number}]({indicator.code})"
        if indicator.group is not None and indicator.group not in groups:
            yield f"{path}.group", indicator.group, *_one_of(groups)
        if indicator.problem is not None and indicator.problem not in forms:
            yield f"{path}.problem", indicator.problem, *_one_of(forms, "common_problems.forms")
        yield from _peers(f"{path}.applies_to", indicator.applies_to, peers)
    for number, adjustment in enumerate(framework.adjustments):
        yield from _peers(
            f"adjustments[{number}]({adjustment.code}).applies_to", adjustment.applies_to, peers
        )
    circular = groups - depths_of(framework).keys()
    if circular and all(group.parent is None or group.parent in groups for group in framework.groups):
        codes = ", ".join(sorted(circular))
        yield "groups", f"{codes} in a circle", "parent 最终通向指数", "parents that lead to the index"


def _peers(path: str, applies_to: Iterable[str] | None, peers: set[str]) -> Iterator[Found]:
    unknown = [name for name in applies_to or () if name not in peers]
    if unknown:
        yield path, ", ".join(unknown), *_one_of(peers, "peer_groups")


def _one_of(names: Iterable[str], where: str = "groups") -> tuple[str, str]:
    known = ", ".join(sorted(names)) or "(none declared)"
    return f"{where} 中声明的:{known}", f"one declared in {where}: {known}"


def _conditions(framework: Framework, tree: Tree) -> Iterator[Found]:
    terms: Callable[..., set[str]] = lambda when: {term.name for term in when.terms} if when else set()  # ruff: ignore[lambda-assignment]
    index_only = [(f"colours.bands[{n}].when", band.when) for n, band in enumerate(framework.colours.bands)]
    index_only += [(f"grades[{n}]({g.code}).when", g.when) for n, g in enumerate(framework.grades) if g.when]
    for number, warning in enumerate(framework.warnings):
        path = f"warnings[{number}]({warning.code})"
        yield from _target(path, warning, tree)
        if not warning.on.startswith("indicators"):
            index_only.append((f"{path}.when", warning.when))
    for path, when in index_only:
        if "value" in terms(when):
            yield path, "value", "on: indicators 时才有 value", "value with on: indicators only"


def _target(path: str, warning: WarningRule, tree: Tree) -> Iterator[Found]:
    kind, _, name = warning.on.partition(".")
    depth = name.removeprefix("depth")
    known = tree.groups if kind == "groups" else tree.indicators
    by_depth = kind == "groups" and depth.isdigit() and int(depth) in tree.depths.values()
    if name and name not in known and not by_depth:
        some = ", ".join(known[:8]) or "(none declared)"
        yield (
            f"{path}.on",
            warning.on,
            f"{kind}.<代码>,代码如 {some}",
            f"{kind}.<code>, with codes such as {some}",
        )
