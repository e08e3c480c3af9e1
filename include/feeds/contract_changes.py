"""What changed between two versions of a contract, and whether a file that was fine before may be refused now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from include.feeds.contract import Contract

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_WORDS = frozenset({"title", "purpose", "grain", "description", "examples", "version", "digest"})
"""Words for people: a change of them breaks nothing and needs no version."""
_HARMLESS = frozenset({"suppliers", "lookback_quarters", "stability_seconds", "search_rows"})
_LOOSER_IF_LESS = frozenset({"required", "min", "severity"})
_LOOSER_IF_MORE = frozenset({"may_be_absent", "deadline_days", "hold_above_bad_share", "max"})
_SEVERITY = {"warn": 0, "reject_row": 1, "hold_file": 2}


@dataclass(frozen=True)
class Change:
    """One change: its place in the contract, and whether it may refuse or read otherwise what was fine before."""

    where: str
    breaking: bool
    zh: str
    en: str


def contract_changes(old: Contract, new: Contract) -> list[Change]:
    """List what changed from `old` to `new`, in the order of the contract; words for people are left out."""
    return list(_differences("", _comparable(old), _comparable(new)))


def too_low(old: Contract, new: Contract) -> str:
    """The version that `new` needs at least, for what changed since `old`; '' where its version is high enough.

    A breaking change raises the first number, any other the second (semantic versioning 2.0.0, rules 7 and 8).
    """
    changes = contract_changes(old, new)
    if not changes:
        return ""
    major, minor, _ = _numbers(old.version)
    needed = (major + 1, 0, 0) if any(change.breaking for change in changes) else (major, minor + 1, 0)
    return "" if _numbers(new.version) >= needed else ".".join(map(str, needed))


def _numbers(version: str) -> tuple[int, int, int]:
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError(
            f"契约版本 [{version}] 应写作 1.0.0。 A contract's version is written 1.0.0, not [{version}]."
        )
    major, minor, patch = map(int, found.groups())
    return major, minor, patch


def _comparable(contract: Contract) -> dict[str, Any]:
    """The contract as nested plain values; columns and rules by name, a column's title among its headers."""
    plain = contract.model_dump()
    for column in plain["columns"]:
        column["headers"] = (column["title"], *column["headers"])
    plain["columns"] = {column.pop("name"): column for column in plain["columns"]}
    for rule in plain["rules"]:
        if rule["kind"] == "required_if":
            rule["cases"] = rule.pop("values")
    plain["rules"] = {rule.pop("id"): rule for rule in plain["rules"]}
    return plain


def _differences(where: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    name = where.rpartition(".")[2]
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            place = f"{where}.{key}" if where else key
            if key in _WORDS and where not in ("columns", "rules"):
                continue
            if key not in old:
                yield _added(place, new[key])
            elif key not in new:
                yield _removed(place)
            else:
                yield from _differences(place, old[key], new[key])
    elif isinstance(old, tuple) and isinstance(new, tuple):
        yield from _of_list(where, old, new)
    else:
        yield Change(
            where,
            name not in _HARMLESS and not _is_looser(name, old, new),
            f"[{where}] 由 {_shown(old)} 改为 {_shown(new)}",
            f"[{where}] changed from {_shown(old)} to {_shown(new)}",
        )


def _added(where: str, value: Any) -> Change:
    if where.startswith("columns."):
        breaking = not value["may_be_absent"]
    elif where.startswith("rules."):
        breaking = value["severity"] != "warn"
    else:
        breaking = True
    return Change(where, breaking, f"新增 [{where}]", f"[{where}] was added")


def _removed(where: str) -> Change:
    return Change(where, not where.startswith("rules."), f"删除 [{where}]", f"[{where}] was removed")


def _of_list(where: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[Change]:
    name = where.rpartition(".")[2]
    gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
    # Totals and notes say what is no data, and cases when a value must be there: more of them refuse more.
    stricter_if_more = name in ("totals", "notes", "cases")
    if gone:
        yield Change(
            where,
            name not in _HARMLESS and not stricter_if_more,
            f"[{where}] 去掉 {_shown(gone)}",
            f"[{where}] lost {_shown(gone)}",
        )
    # The first format that fits reads a date: one before another may read it otherwise.
    reads_otherwise = name == "formats" and new[: len(old)] != old
    if come:
        yield Change(
            where,
            name not in _HARMLESS and (stricter_if_more or reads_otherwise),
            f"[{where}] 增加 {_shown(come)}",
            f"[{where}] gained {_shown(come)}",
        )
    if not gone and not come:
        yield Change(where, reads_otherwise, f"[{where}] 次序改变", f"[{where}] changed its order")


def _is_looser(name: str, old: Any, new: Any) -> bool:
    if name in _LOOSER_IF_LESS | _LOOSER_IF_MORE:
        old, new = (_SEVERITY.get(value, value) for value in (old, new))
        if old is None or new is None:
            return new is None
        return bool(new < old) if name in _LOOSER_IF_LESS else bool(new > old)
    return False


def _shown(value: Any) -> str:
    return "、".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
