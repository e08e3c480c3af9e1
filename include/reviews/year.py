"""How a pack closes its year: tasks, settlement, check-up, report. The section `year:` of loop.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config import Strict, Words, mistake
from include.scoring.rounding import RoundingMode

SUFFIX = "_year"
"""What a framework's code ends with when it settles the year of the framework without it."""

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
QuarterName = Literal["Q1", "Q2", "Q3", "Q4"]
Percent = Annotated[float, Field(ge=0, le=100)]


class Progress(Strict):
    """What a task's progress is held against."""

    line_pct: dict[QuarterName, Percent]
    """Where a task without a milestone of its own should be at the end of each quarter."""
    tolerance_pct: Percent
    """Percentage points below which a task is not behind, and above which it is not ahead."""

    @model_validator(mode="after")
    def _whole_line(self) -> Progress:
        line = [self.line_pct.get(name, -1.0) for name in ("Q1", "Q2", "Q3", "Q4")]  # type: ignore[call-overload]
        if -1.0 in line or line != sorted(line) or line[-1] != 100:
            raise mistake(
                "line_pct 须写明 Q1 至 Q4,不减,Q4 为 100。",
                "line_pct names Q1 to Q4, never falls and ends at 100.",
            )
        return self


class Line(Strict):
    """One of the lines of a settlement, shown side by side, each on 100."""

    code: Code
    title: Words


class Item(Strict):
    """One item of a settlement."""

    code: Code
    line: Code
    title: Words
    points: float = Field(gt=0)
    source: Literal["quarters", "tasks", "measures"]
    """quarters: the index of the final quarters; tasks: those achieved, by frozen weights; measures: over the year."""
    measures: tuple[str, ...] = ()
    """With `source: measures`: their numerators over their denominators, added up over the final quarters."""
    full_at: float = 1
    zero_at: float = 0
    """The rate that earns all points, and the one that earns none."""

    @model_validator(mode="after")
    def _fits(self) -> Item:
        if bool(self.measures) != (self.source == "measures"):
            raise mistake(
                f"[{self.code}] measures 与 source: measures 同时出现。",
                f"[{self.code}] measures goes with source: measures, and only with it.",
            )
        if self.full_at == self.zero_at:
            raise mistake(
                f"[{self.code}] full_at 与 zero_at 不得相同。",
                f"[{self.code}] full_at and zero_at must differ.",
            )
        return self


class Quarters(Strict):
    """How the final quarters make one figure."""

    at_least: int = Field(ge=1, le=4)
    """With fewer final quarters that rate it, a unit is not settled."""
    weights: dict[QuarterName, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """Weight of a quarter; 1 when not given."""


class GradeOf(Strict):
    """A grade 等次: the first whose condition holds, or that has none."""

    code: str
    title: Words | None = None
    when: str = ""


class CheckUp(Strict):
    """Who goes on the check-up list 政治体检: ranked last, with many problems."""

    last_share: float = Field(gt=0, le=1)
    """Of the ranked units of a peer group, counted from the last and rounded up."""
    min_problems: int = Field(ge=1)
    """Confirmed warnings of the year's final quarters."""
    advice: Words


class Sureness(Strict):
    """What the ranks of a settlement are tried against: see `certainty:` of a framework."""

    draws: int = Field(ge=100)
    seed: int = Field(ge=0)
    weights: float = Field(ge=0, lt=1)
    leave_one_out: bool


class Dimension(Strict):
    """One of the three dimensions of the yearly report, and the groups of the framework that it is made of."""

    code: Code
    title: Words
    groups: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    """Items of the settlement."""


class Year(Strict):
    """The section `year:`."""

    title: Words
    progress: Progress
    lines: tuple[Line, ...] = Field(min_length=1)
    items: tuple[Item, ...] = Field(min_length=1)
    quarters: Quarters
    min_attainable: float = Field(ge=0, le=1)
    places: int = Field(ge=0, le=9)
    rounding: RoundingMode
    grades: tuple[GradeOf, ...] = ()
    check_up: CheckUp
    certainty: Sureness | None = None
    shortfall_below: float = Field(ge=0, le=1)
    """A mean rate below this is a shortfall of the report."""
    dimensions: tuple[Dimension, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Year:
        lines = {one.code for one in self.lines}
        if unknown := sorted({one.line for one in self.items} - lines):
            raise mistake(
                f"items 的 line {unknown} 未列入 lines {sorted(lines)}。",
                f"The lines {unknown} of items are not among lines {sorted(lines)}.",
            )
        codes = [one.code for one in self.items] + [one.code for one in self.lines]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise mistake(f"代码 {twice} 重复。", f"The codes {twice} are given twice.")
        of_quarters = [one for one in self.items if one.source == "quarters"]
        if len(of_quarters) != 1:
            raise mistake("须恰有一项 source: quarters。", "Exactly one item must have source: quarters.")
        if of_quarters[0].points <= self.points * (1 - self.min_attainable):
            raise mistake(
                f"[{of_quarters[0].code}] 的分值须大于总分的 {1 - self.min_attainable:.0%},"
                "否则季度不足的单位凭其他项也会被结算。",
                f"[{of_quarters[0].code}] must have more than {1 - self.min_attainable:.0%} of all points: else a unit "
                "without enough quarters would be settled on the rest.",
            )
        if unknown := sorted({item for one in self.dimensions for item in one.items} - set(codes)):
            raise mistake(
                f"dimensions 的 items {unknown} 不在 items 中。", f"dimensions name unknown items {unknown}."
            )
        return self

    @property
    def points(self) -> float:
        """Full marks."""
        return sum(one.points for one in self.items)


def quarterly_code(framework: str) -> str:
    """The code of the framework whose year a framework settles; the code itself where it settles none."""
    return framework.removesuffix(SUFFIX)
