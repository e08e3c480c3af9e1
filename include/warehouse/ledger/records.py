"""What the ledger takes and gives: deliveries, verdicts and what hangs on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import pandas as pd

VerdictWord = Literal["accepted", "held", "duplicate", "nil_return", "withdrawn"]


def storable_name(file_name: str) -> str:
    """A file name as both backends can keep it: bytes that are no text as `\\udc..`, NUL as its symbol."""
    return file_name.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "␀")


@dataclass(frozen=True)
class RowBalance:
    """Where the landed rows of one delivery went (invariant 1)."""

    landed: int = 0
    accepted: int = 0
    quarantined: int = 0
    exact_duplicates: int = 0
    structural: int = 0

    @property
    def conserved(self) -> bool:
        """Whether every landed row is accounted for."""
        return self.landed == self.accepted + self.quarantined + self.exact_duplicates + self.structural


@dataclass(frozen=True)
class ValidationResult:
    """One rule on one column; `judge` is `gx` or `duckdb`; `column_name` is empty for rules on rows."""

    rule_id: str
    column_name: str
    severity: str
    judge: str
    rows_checked: int
    rows_failed: int
    passed: bool


@dataclass(frozen=True)
class FileFault:
    """One fault of a whole file, with the sentence for its sender."""

    code: str
    message_zh: str
    message_en: str
    sheet: str = ""
    cell: str = ""


@dataclass(frozen=True)
class StagedFile:
    """One staged Parquet file: `path` is relative to the lake."""

    quarter: str
    path: str
    rows: int
    sha256: str


QUARANTINE_COLUMNS = (
    "sheet",
    "row_number",
    "rule_id",
    "column_name",
    "masked_value",
    "message_zh",
    "message_en",
    "quarter",
)


def no_quarantined_rows() -> pd.DataFrame:
    """An empty frame with the columns of `Verdict.quarantined`."""
    return pd.DataFrame(columns=list(QUARANTINE_COLUMNS))


@dataclass(frozen=True)
class NilReturn:
    """That there is nothing to report for a quarter, and who says so."""

    quarter: str
    declared_by: str
    reason: str


@dataclass(frozen=True)
class Confirmation:
    """A hold that a steward confirmed: the delivery is judged again with it, and only it, waived."""

    delivery_id: int
    verdict_id: int
    code: str
    contract_digest: str
    confirmed_at: datetime
    confirmed_by: str
    reason: str


@dataclass(frozen=True)
class Extract:
    """One snapshot of a database: where it came from, what its columns were, and its counts."""

    connection: str
    source: str
    columns: str
    """Canonical JSON: [[name, type], …] by name."""
    rows_before: int
    rows_taken: int
    rows_after: int


@dataclass(frozen=True)
class AppliedCorrection:
    """What a correction did to one cell; values are masked by the caller."""

    correction_id: str
    correction_digest: str
    sheet: str
    row_number: int
    column_name: str
    outcome: Literal["applied", "stale"]
    masked_found: str
    masked_to: str = ""


@dataclass(frozen=True)
class NormalisedColumn:
    """How many cells of a column were spelled another way than the one used, with one example, masked."""

    column_name: str
    cells: int
    masked_example: str


@dataclass(frozen=True)
class Judging:
    """What belongs to a judgement beside its verdict."""

    basis: Mapping[str, str] = field(default_factory=dict)
    """What it rests on beside contract and register: part → digest."""
    corrections: tuple[AppliedCorrection, ...] = ()
    normalised: tuple[NormalisedColumn, ...] = ()
    superseded: pd.DataFrame | None = None
    """Columns of the table `superseded_row` but for `verdict_id` and `jurisdiction`."""


@dataclass(frozen=True)
class Verdict:
    """One judgement of a delivery, stored whole or not at all.

    `quarantined` has one row per refused row and broken rule, with the columns QUARANTINE_COLUMNS
    (`column_name`, `masked_value` and `quarter` may be left out); values are masked by the caller.
    """

    verdict: VerdictWord
    judged_at: datetime
    reason_code: str = ""
    message_zh: str = ""
    message_en: str = ""
    register_digest: str = ""
    contract_digest: str = ""
    cell_digest: str = ""
    balance: RowBalance = RowBalance()
    results: tuple[ValidationResult, ...] = ()
    quarantined: pd.DataFrame = field(default_factory=no_quarantined_rows)
    faults: tuple[FileFault, ...] = ()
    staged: tuple[StagedFile, ...] = ()
    nil: NilReturn | None = None
    """Given with the verdict `nil_return`, and with no other."""
    judging: Judging = field(default_factory=Judging)


@dataclass(frozen=True)
class Delivery:
    """One file or extract received; `duplicate_of` is the first of the same bytes, 0 if this is it."""

    delivery_id: int
    jurisdiction: str
    feed: str
    supplier: str
    file_name: str
    sha256: str
    bytes: int
    arrived_at: datetime
    landed_at: datetime
    contract_version: str
    contract_digest: str
    duplicate_of: int
    declared_quarter: str


@dataclass(frozen=True)
class EffectiveVerdict:
    """A delivery that counts: its latest verdict, accepted or a nil return, and its staged files."""

    delivery: Delivery
    verdict_id: int
    judged_at: datetime
    register_digest: str
    contract_digest: str
    cell_digest: str
    staged: tuple[StagedFile, ...]
    nil_quarter: str = ""
    """The quarter of a nil return; '' for an accepted delivery."""
    answers: Delivery | None = None
    """Of a returned workbook: the delivery whose rows it corrects."""

    @property
    def supplier(self) -> str:
        """Who sent it."""
        return self.delivery.supplier


@dataclass(frozen=True)
class Receipt:
    """One delivery as seen from one quarter it touches; `verdict` is `pending` before the first judgement."""

    feed: str
    supplier: str
    quarter: str
    verdict: str
    delivery_id: int
    arrived_at: datetime
    rows: int
