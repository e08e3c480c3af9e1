"""How a pack closes the loop behind a warning: who reviews, what is on show, how long one may answer and object.

`loop.yaml` lies in the pack's folder; the site's pack wins over the shipped one, and a framework without one follows
`include/reviews/loop.yaml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from include.clocks.due import Kind
from include.config import Strict, Words, mistake, parse, read_yaml
from include.site import FRAMEWORKS, Site

SHIPPED = Path(__file__).with_name("loop.yaml")


class Term(Strict):
    """How long something may last: a clock of the library by its code, or days of a kind. Nothing is assumed."""

    clock: str = ""
    days: int | None = Field(default=None, ge=1)
    kind: Kind | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Term:
        if bool(self.clock) == (self.days is not None) or (self.days is None) != (self.kind is None):
            raise mistake(
                "写 clock(期限代码),或 days 加 kind(calendar 日历日 | working 工作日),二者择一。",
                "Give either clock (a code of the library) or days with kind (calendar or working).",
            )
        return self


class ReviewStep(Strict):
    """One review: what it is called and which role gives it."""

    title: Words
    role: str


class Publicity(Strict):
    """A period on show, which blocks the step after it until it has run."""

    term: Term
    place: Words


class Loop(Strict):
    """The contents of loop.yaml."""

    review: tuple[ReviewStep, ...] = Field(min_length=2, max_length=2)
    publicity: Publicity | None = None
    answer: Term
    """How long a warned unit may take to answer its notice."""
    object: Term
    """How long after a notice a unit may object."""
    decide: Term
    """How long the office may take to decide an objection."""
    issue_by: Literal["release", "hand"] = "release"
    """Whether documents go out as soon as nothing blocks them, or by a person's act."""


def loop_of(site: Site, framework: str) -> Loop:
    """The loop of a framework; ConfigError where its file is wrong."""
    places = [site.folder / "packs" / framework, FRAMEWORKS / framework]
    path = next((place / "loop.yaml" for place in places if (place / "loop.yaml").is_file()), SHIPPED)
    return parse(Loop, read_yaml(path), file=path)
