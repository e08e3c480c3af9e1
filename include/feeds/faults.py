"""What can be wrong with a delivered file or row, as sentences a steward can act on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from include.feeds.persons import masked, masked_title

_TITLES = {
    "sheet",
    "sheets",
    "name",
    "file",
    "first",
    "header",
    "headers",
    "missing",
    "found",
    "unexpected",
    "member",
}
"""Facts that name files, sheets or columns: people write names of persons there."""
_TEXTS = Path(__file__).with_name("faults.yaml")


@dataclass(frozen=True)
class Fault:
    """One fault of a file: its code, where it is, and what to do, in Chinese and English."""

    code: str
    zh: str
    en: str
    sheet: str = ""
    cell: str = ""


class Held(Exception):
    """The whole file is held: no row of it is used and the previous figures stand."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(f"{fault.code} {fault.zh} {fault.en}")


def fault(code: str, *, sheet: str = "", cell: str = "", **facts: Any) -> Fault:
    """Compose the fault `code` of faults.yaml from its facts; KeyError for a code without a text."""
    text = _texts()[code]
    facts = {"sheet": sheet, "cell": cell, **facts}
    facts = {name: _shown(name, fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    return Fault(code, text["zh"].format(**facts), text["en"].format(**facts), masked_title(sheet), cell)


def _shown(name: str, fact: str) -> str:
    return masked_title(fact) if name in _TITLES else masked(fact)


@cache
def _texts() -> dict[str, dict[str, str]]:
    return yaml.safe_load(_TEXTS.read_text(encoding="utf-8"))
