"""The sentences of documents: shipped ones, a pack's and a site's own over them, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from pydantic import Field

from include.config import ConfigError, Strict, parse, read_yaml

SHIPPED = Path(__file__).parent.parent / "phrases.yaml"


class YearPart(Strict):
    """One dimension of the yearly report and the groups of the framework that make it up."""

    code: str
    title: str
    groups: tuple[str, ...] = ()


class _File(Strict):
    say: dict[str, str] = Field(default_factory=dict)
    problems: dict[str, str] = Field(default_factory=dict)
    advice: dict[str, str] = Field(default_factory=dict)
    year: tuple[YearPart, ...] = ()
    shortfall_below: float | None = Field(default=None, gt=0, le=1)


@dataclass(frozen=True)
class Phrases:
    """What documents say."""

    sentences: Mapping[str, str]
    problems: Mapping[str, str]
    advice: Mapping[str, str]
    year: tuple[YearPart, ...]
    shortfall_below: float

    def say(self, name: str, /, **values: object) -> str:
        """The sentence `name` with its values filled in."""
        return self.sentences[name].format(**values)


def read_phrases(own: Iterable[Path] = ()) -> Phrases:
    """The shipped phrases with those of `own` over them, the last the strongest; files that do not exist say nothing.

    Raises:
        ConfigError: a sentence that does not exist, or one with a {…} that its original does not have.
    """
    shipped = parse(_File, read_yaml(SHIPPED), file=SHIPPED)
    found = Phrases(shipped.say, shipped.problems, shipped.advice, shipped.year, shipped.shortfall_below or 0)
    for path in own:
        if path.is_file():
            found = _over(found, parse(_File, read_yaml(path), file=path), path)
    return found


def _over(base: Phrases, own: _File, path: Path) -> Phrases:
    mistakes = []
    for name, sentence in own.say.items():
        if name not in base.sentences:
            known = "、".join(sorted(base.sentences))
            mistakes.append(
                f"[say.{name}] 没有这一句,可改写的有:{known}。 There is no such sentence; there are: {known}."
            )
            continue
        allowed = _fields(base.sentences[name])
        try:
            strange = sorted(_fields(sentence) - allowed)
        except ValueError:
            strange = [sentence]
        if strange:
            mistakes.append(
                f"[say.{name}] 不认识 {strange},此句可用 {sorted(allowed)}。 "
                f"Unknown {strange}; this sentence may use {sorted(allowed)}."
            )
    if mistakes:
        raise ConfigError(path, mistakes)
    return Phrases(
        {**base.sentences, **own.say},
        {**base.problems, **own.problems},
        {**base.advice, **own.advice},
        own.year or base.year,
        own.shortfall_below or base.shortfall_below,
    )


def _fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
