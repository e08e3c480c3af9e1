"""What each document needs to know, and nothing else. All figures come from one release; rates are 0-1.

Units, posts and departments only: no person, no petition. Counts of cases travel as `Counted` and are guarded where
they are written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from include.documents.official.small_cells import Counted


@dataclass(frozen=True)
class Ask:
    """Whom to ask: a post of a department, never a person."""

    department: str
    role: str
    phone: str = ""
    mail: str = ""


@dataclass(frozen=True)
class Term:
    """A last day; provisional while no working-day calendar covers it."""

    on: date
    provisional: bool = False


@dataclass(frozen=True)
class Paper:
    """What every document says about itself."""

    title: str
    area: str
    issuer: str
    framework: str
    framework_version: str
    period: str
    """`2026Q3` or `2026`."""
    revision: int
    status: str
    """provisional or final."""
    number: str
    """文号, '' where the kind has none."""
    issued_on: date
    released_at: datetime
    """The release's moment: stands in the file's properties, so that the same inputs give the same bytes."""
    to: tuple[str, ...]
    copies: tuple[str, ...]
    purpose: str
    ask: Ask
    result_digest: str
    audit_head: str


@dataclass(frozen=True)
class GroupScore:
    """A group's points of a unit; None where the group was not rated."""

    code: str
    title: str
    depth: int
    points: float | None
    full: float
    rate: float | None
    peer_median: float | None = None
    """Rate of the middle one of its peers."""
    state: str = "value"


@dataclass(frozen=True)
class IndicatorScore:
    """An indicator's points of a unit, with the counts behind it."""

    code: str
    title: str
    group: str
    points: float | None
    full: float
    attainable: float | None
    lost: float
    state: str
    counted: Counted
    rated_by: str = ""


@dataclass(frozen=True)
class AdjustmentScore:
    """A bonus, deduction or veto that applied."""

    code: str
    title: str
    kind: str
    points: float | None


@dataclass(frozen=True)
class RankBand:
    """The rank as what can honestly be said of it: a tied band and an interval; zeros where it was not rated."""

    low: int
    high: int
    band: int
    band_units: int
    peers: int
    peer_group: str
    is_interval: bool = True
    """False where the framework declares no certainty: low and high are the plain rank."""


@dataclass(frozen=True)
class ConfirmedWarning:
    """A warning as two reviews confirmed it."""

    rule: str
    title: str
    target: str
    """Title of what it is about."""
    colour: str
    rate: float | None = None
    """The rate of what it is about, where that is a score."""
    advice: str = ""
    """The rule's, or as a reviewer edited it."""
    on: str = ""
    """What it is about, as the release names it: `index`, `groups.<code>` …"""


@dataclass(frozen=True)
class UnitFacts:
    """How a unit stands in a release."""

    code: str
    name: str
    published: float | None
    full: float
    grade: str
    colour: str
    change: float | None
    rank: RankBand
    groups: tuple[GroupScore, ...]
    """Every group below the root, in the framework's order."""
    certainty: float | None = None
    """The chance that the colour is this one."""


@dataclass(frozen=True)
class NoticeFacts:
    """预警通知书: for one warned unit."""

    paper: Paper
    unit: UnitFacts
    warnings: tuple[ConfirmedWarning, ...]
    losses: tuple[IndicatorScore, ...]
    """The indicators that lost most, the largest loss first."""
    answer_by: Term
    object_by: Term


@dataclass(frozen=True)
class FeedbackFacts:
    """评价情况反馈表: every score of one unit, with room for its objections."""

    paper: Paper
    unit: UnitFacts
    indicators: tuple[IndicatorScore, ...]
    adjustments: tuple[AdjustmentScore, ...]
    object_by: Term


@dataclass(frozen=True)
class ColourCount:
    """Units of a peer group by colour."""

    peer_group: str
    units: int
    green: int
    yellow: int
    red: int
    unrated: int


@dataclass(frozen=True)
class GradeCount:
    """Units of a grade, the best grade first."""

    grade: str
    units: int


@dataclass(frozen=True)
class TrendPoint:
    """A peer group in one period."""

    period: str
    peer_group: str
    mean: float
    """Mean of the index, in points."""


@dataclass(frozen=True)
class CommonProblem:
    """Low scores that many peers share."""

    indicator: str
    title: str
    group: str
    peer_group: str
    low_units: int
    rated_units: int
    form: str = ""
    """Aspect, class and form of the taxonomy, where the framework has one."""
    lead: str = ""
    """The department that leads its clean-up."""
    advice: str = ""


@dataclass(frozen=True)
class UnitChange:
    """A unit that changed colour, or moved most."""

    name: str
    before: float
    after: float
    colour_before: str
    colour: str
    reason: str = ""
    """The factor that moved most of it."""


@dataclass(frozen=True)
class Changes:
    """What changed since the period before."""

    previous: str = ""
    """Its period; '' where there is none to compare with."""
    better: tuple[UnitChange, ...] = ()
    worse: tuple[UnitChange, ...] = ()
    version_before: str = ""
    """Version of the framework then."""


@dataclass(frozen=True)
class RankedUnit:
    """A unit in the list of the area, ordered by band and then by code: inside a band no order is meant."""

    name: str
    peer_group: str
    published: float | None
    grade: str
    colour: str
    rank: RankBand
    certainty: float | None = None


@dataclass(frozen=True)
class WarningCount:
    """What the reviews made of the warnings of a rule."""

    title: str
    raised: int
    confirmed: int


@dataclass(frozen=True)
class Shortfall:
    """What lags behind in a dimension of the year, and what is to be done."""

    title: str
    rate: float
    measure: str = ""


@dataclass(frozen=True)
class YearDimension:
    """One of the three: role of the organisation, key tasks, duties."""

    title: str
    mean_rate: float | None
    change: float | None
    """Of the mean rate, against the year before (or the first quarter of the year)."""
    shortfalls: tuple[Shortfall, ...]


@dataclass(frozen=True)
class ReportFacts:
    """评价报告: the area, for a quarter or a year."""

    paper: Paper
    full: float
    """Full marks of the index."""
    colours: tuple[ColourCount, ...]
    grades: tuple[GradeCount, ...]
    groups: tuple[GroupScore, ...]
    """The area's mean points by class or aspect; `peer_median` is the mean rate of the period before."""
    trend: tuple[TrendPoint, ...]
    changes: Changes
    problems: tuple[CommonProblem, ...]
    warnings: tuple[WarningCount, ...]
    units: tuple[RankedUnit, ...]
    missing_feeds: tuple[str, ...] = ()
    draws: int = 0
    """Draws of the certainty; 0 where none was worked out."""
    dimensions: tuple[YearDimension, ...] = ()
    """Three in the report of a year, none in a quarter's."""
    taken_from: str = ""
    """In the report of a year: the period whose release its figures are."""


@dataclass(frozen=True)
class RectificationItem:
    """One problem, point to point: goal, deadline and the post that answers for it."""

    problem: str
    goal: str
    deadline: Term
    post: str
    measure: str = ""


@dataclass(frozen=True)
class RectificationFacts:
    """整改通知书: to one unit."""

    paper: Paper
    unit_name: str
    items: tuple[RectificationItem, ...]
    answer_by: Term


@dataclass(frozen=True)
class TransferFacts:
    """共性问题移交单: to the department in charge."""

    paper: Paper
    department: str
    problems: tuple[CommonProblem, ...]
    answer_by: Term
    units: tuple[str, ...] = field(default=())
    """Names of the units concerned."""
