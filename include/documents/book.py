"""What a rule book is made of: a framework, a language, and the words of measures and departments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from include.scoring import Framework
from include.scoring.model_parts import Text

Language = Literal["zh", "en"]
_PUNCTUATION = re.compile(r"[,;:](?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])[,;:]")
_PRINTED = {ord(","): "\uff0c", ord(";"): "\uff1b", ord(":"): "\uff1a"}


def printed(zh: str) -> str:
    """Return Chinese with the punctuation of print."""
    return _PUNCTUATION.sub(lambda mark: mark[0].translate(_PRINTED), zh)


@dataclass(frozen=True)
class MeasureWords:
    """What a measure means, as its measures file says."""

    title: Text
    formula: Text
    source: str


@dataclass(frozen=True)
class Book:
    """A framework with what its rule book needs besides."""

    framework: Framework
    language: Language
    measures: Mapping[str, MeasureWords] = field(default_factory=dict)
    """By `feed.measure`."""
    departments: Mapping[str, Text] = field(default_factory=dict)
    """Names by the code that `rated_by` holds."""

    def pick(self, zh: str, en: str) -> str:
        """Return the words of the book's language, Chinese with the punctuation of print."""
        return printed(zh) if self.language == "zh" else en

    def listed(self, names: Iterable[str]) -> str:
        """Return names one after the other."""
        return self.pick("\u3001", ", ").join(names)

    def text(self, text: Text) -> str:
        """Return a text in the book's language."""
        return self.pick(text.zh, text.english)

    def department(self, code: str) -> str:
        """Return a department's name; the code where it is not known."""
        return self.text(self.departments[code]) if code in self.departments else code
