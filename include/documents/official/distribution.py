"""Who receives each kind of document, and what for: declared, printed on the document, kept in the manifest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field

from include.config import ConfigError, Strict, parse, read_yaml

Kind = Literal[
    "warning_notice",
    "feedback_form",
    "quarter_report",
    "year_report",
    "rectification_notice",
    "transfer_sheet",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
SHIPPED = Path(__file__).parent.parent / "distribution.yaml"


class AskSettings(Strict):
    """Whom to ask: the contact of a supplier of the site; what is written here where the site has none."""

    supplier: str = ""
    department: str
    role: str
    phone: str = ""
    mail: str = ""


class KindSettings(Strict):
    """One kind of document."""

    title: str = Field(min_length=1)
    mark: str = ""
    """机关代字 of its numbers; '' for a document without a number."""
    purpose: str = Field(min_length=1)
    to: tuple[str, ...] = Field(min_length=1)
    copies: tuple[str, ...] = ()


class Distribution(Strict):
    """The contents of distribution.yaml."""

    issuer: str
    ask: AskSettings
    kinds: dict[Kind, KindSettings]


@dataclass(frozen=True)
class Addressed:
    """One document's title, addressees and purpose."""

    title: str
    to: tuple[str, ...]
    copies: tuple[str, ...]
    purpose: str
    issuer: str

    @property
    def recipients(self) -> tuple[str, ...]:
        """All of them, for the manifest."""
        return (*self.to, *self.copies)


def read_distribution(own: Iterable[Path] = ()) -> Distribution:
    """The shipped distribution with those of `own` over it, kind by kind; ConfigError where one is wrong."""
    document: dict[str, Any] = read_yaml(SHIPPED)
    for path in own:
        if path.is_file():
            changes = read_yaml(path)
            kinds = changes.pop("kinds", {}) or {}
            if unknown := sorted(set(kinds) - set(KINDS)):
                raise ConfigError(
                    path,
                    [
                        f"[kinds] 没有文书种类 {unknown},可用 {list(KINDS)}。 "
                        f"[kinds] has no kinds {unknown}; there are {list(KINDS)}."
                    ],
                )
            merged = {
                kind: {**document["kinds"][kind], **(kinds.get(kind) or {})} for kind in document["kinds"]
            }
            document = {**document, **changes, "kinds": merged}
            parse(Distribution, document, file=path)
    return parse(Distribution, document, file=SHIPPED)


def addressed(distribution: Distribution, kind: Kind, **names: str) -> Addressed:
    """Fill in title, addressees and purpose of one document.

    Args:
        distribution: what is declared.
        kind: the kind.
        names: area, unit, department, period, framework.
    """

    def named(text: str) -> str:
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    settings = distribution.kinds[kind]
    return Addressed(
        named(settings.title),
        tuple(named(one) for one in settings.to),
        tuple(named(one) for one in settings.copies),
        named(settings.purpose),
        named(distribution.issuer),
    )
