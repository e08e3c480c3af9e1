"""How a pack closes the loop behind a warning: who reviews, what is on show, how long one may answer and object.

`loop.yaml` lies in the pack's folder; the site's pack wins over the shipped one. What it does not say, and a framework
without one, follows `include/reviews/loop.yaml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from include.clocks.due import Kind
from include.config import Strict, Words, mistake, parse, read_yaml
from include.reviews.precision import Precision
from include.reviews.year import Year, quarterly_code
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


Colour = Literal["green", "yellow", "red"]


class RequiredAction(Strict):
    """What a warning of a colour, at a unit of a grade, asks for; '' is any. The first that fits counts."""

    colour: Literal["", "yellow", "red"] = ""
    grade: str = ""
    action: Words
    term: Term | None = None
    """A term of its own; without it that of rectification."""


class Criterion(Strict):
    """One part of the quality of a rectification and the most points it gives."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Words
    points: float = Field(gt=0)


class Rectification(Strict):
    """How confirmed warnings are put right: terms, reminders, what follows when late or done, how it is judged."""

    term: Term
    """Of what a unit puts right itself."""
    common_term: Term
    """Of a common problem, for the department that leads its clean-up."""
    extension_days: int = Field(default=0, ge=0)
    """The most that may be added to a term given in days; a clock says its own."""
    remind_days: tuple[int, ...] = ()
    """How many calendar days before the due day a reminder goes out."""
    escalate: dict[Colour, Colour] = Field(default_factory=dict)
    """Released colour → colour that stands while something is overdue."""
    relieve: dict[Colour, Colour] = Field(default_factory=dict)
    """Released colour → colour that stands once everything is verified."""
    actions: tuple[RequiredAction, ...] = Field(min_length=1)
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    pass_points: float = Field(ge=0, le=100)
    """Fewer points than this are no verified rectification."""
    leads: dict[str, str] = Field(default_factory=dict)
    """Form or indicator of a common problem → supplier that leads; else who rates it, else who sends its feed."""

    @model_validator(mode="after")
    def _on_a_hundred(self) -> Rectification:
        if (whole := sum(one.points for one in self.criteria)) != 100:
            raise mistake(
                f"criteria 的分值合计应为 100,现为 {whole:g}。",
                f"The points of criteria add up to {whole:g}; they must make 100.",
            )
        order = ("green", "yellow", "red")
        if any(order.index(after) < order.index(before) for before, after in self.escalate.items()) or any(
            order.index(after) > order.index(before) for before, after in self.relieve.items()
        ):
            raise mistake(
                "escalate 只能变重,relieve 只能变轻。",
                "escalate may only worsen a colour, relieve only better it.",
            )
        return self

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every term it declares."""
        return (self.term, self.common_term, *(one.term for one in self.actions if one.term is not None))

    def required(self, colour: str, grade: str) -> RequiredAction | None:
        """What a warning asks for."""
        fits = (one for one in self.actions if one.colour in ("", colour) and one.grade in ("", grade))
        return next(fits, None)


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
    rectification: Rectification
    """Of the shipped loop where a pack's file has none."""
    issue_by: Literal["release", "hand"] = "release"
    """Whether documents go out as soon as nothing blocks them, or by a person's act."""
    year: Year
    precision: Precision


def loop_of(site: Site, framework: str) -> Loop:
    """The loop of a framework, or of the one whose year it settles; ConfigError where its file is wrong."""
    return read_loop(loop_path(site, framework))


def read_loop(path: Path) -> Loop:
    """Read a loop.yaml; ConfigError where it is wrong.

    A section that it does not have is taken from the shipped one; of `year` and `precision`, every key.
    """
    shipped, own = read_yaml(SHIPPED), read_yaml(path)
    for name in ("year", "precision"):
        if isinstance(own.get(name), dict):
            own[name] = shipped[name] | own[name]
    return parse(Loop, shipped | own, file=path)


def loop_path(site: Site, framework: str) -> Path:
    """Where the loop of a framework is written: the site's pack, the shipped one, or what holds for all."""
    code = quarterly_code(framework)
    places = [site.folder / "packs" / code, FRAMEWORKS / code]
    return next((place / "loop.yaml" for place in places if (place / "loop.yaml").is_file()), SHIPPED)
