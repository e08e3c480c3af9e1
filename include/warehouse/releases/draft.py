"""What a caller hands to `publish`, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from include.warehouse.canonical import SEPARATOR, lines_digest
from include.warehouse.errors import WarehouseError
from include.warehouse.tables import INPUT_KINDS


@dataclass(frozen=True)
class ReleaseKey:
    """What a release is of: one jurisdiction, one framework, one period (`2026Q3`, `2026H1` or `2026`)."""

    jurisdiction: str
    framework_code: str
    period: str

    def __str__(self) -> str:
        return f"{self.jurisdiction}/{self.framework_code}/{self.period}"


@dataclass(frozen=True)
class ReleaseInput:
    """One thing the figures depend on.

    Args:
        kind: one of INPUT_KINDS.
        name: what it is, without surrogate keys, e.g. `petitions/county_petition_office/2026Q3.xlsx`.
        digest: SHA-256 of its content.
        verdict_id: for a delivery, the verdict whose staged rows were used; its rows are checked when
            publishing.
    """

    kind: str
    name: str
    digest: str
    verdict_id: int = 0

    def __post_init__(self) -> None:
        if self.kind not in INPUT_KINDS or (self.kind == "delivery") != (self.verdict_id > 0):
            raise WarehouseError(
                f"输入 [{self.kind} {self.name}] 无效:种类应为 {', '.join(INPUT_KINDS)},且仅报送有判定号。",
                f"Input [{self.kind} {self.name}] is not valid: its kind must be one of "
                f"{', '.join(INPUT_KINDS)}, and deliveries, only they, carry a verdict id.",
            )


@dataclass(frozen=True)
class FrameworkContent:
    """The framework as it was used.

    `groups` has the columns group_code, parent_code, depth, position, points, title_zh, title_en
    (points_state `weight` where there are no points); `indicators` has indicator_code, group_code,
    group_path, position, title_zh, title_en, points, measure, rule, source.
    """

    code: str
    version: str
    effective_from: str
    digest: str
    title_zh: str
    groups: pd.DataFrame
    indicators: pd.DataFrame
    title_en: str = ""
    yaml: str = ""


def no_measures() -> pd.DataFrame:
    """An empty frame with the columns of `ReleaseDraft.measures`."""
    return pd.DataFrame(columns=["measure", "title_zh", "title_en", "formula_zh", "formula_en", "source"])


@dataclass(frozen=True)
class ReleaseDraft:
    """Everything one release stores.

    Args:
        key: what it is a release of.
        framework: the framework used; its code is the key's.
        inputs: what the figures depend on; deliveries in the order in which they were applied.
        code_digest: digest of the code that computed the figures.
        facts: frames by table name (`fct_measure`, `fct_indicator_score`, `fct_group_score`,
            `fct_unit_score`, `fct_adjustment`, `fct_warning`), columns named as the table's without
            release_id and jurisdiction; `quarter` may be left out (the period), in fct_unit_score also
            `change_state`. NaN is no value.
        measures: what the measures mean; columns measure, title_zh, title_en, formula_zh, formula_en, source.
        reasons: frames by table name of `REASONS`, beside the facts and no part of their digest.
        created_at: the moment of publishing (UTC, aware).
        actor: who or what publishes.
        fencing_token: what `acquire_lease` gave; 0 only where nobody ever took a lease of this key.
        reason: why a further revision is made.
        missing_feeds: feeds that were not there.
        approved_by: who approved other figures from the same inputs, or publishing again what was withdrawn.
    """

    key: ReleaseKey
    framework: FrameworkContent
    inputs: tuple[ReleaseInput, ...]
    code_digest: str
    facts: Mapping[str, pd.DataFrame]
    created_at: datetime
    actor: str
    measures: pd.DataFrame = field(default_factory=no_measures)
    reasons: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    fencing_token: int = 0
    reason: str = ""
    missing_feeds: tuple[str, ...] = ()
    approved_by: str = ""

    @property
    def input_digest(self) -> str:
        """Digest of all inputs."""
        return input_digest(self.inputs)


def input_digest(inputs: tuple[ReleaseInput, ...]) -> str:
    """Digest of release inputs. The order of deliveries counts (a later one may correct an earlier one)."""
    deliveries = [item for item in inputs if item.kind == "delivery"]
    others = sorted(
        (item for item in inputs if item.kind != "delivery"), key=lambda item: (item.kind, item.name)
    )
    return lines_digest(
        SEPARATOR.join((item.kind, item.name, item.digest)) for item in [*others, *deliveries]
    )


@dataclass(frozen=True)
class Published:
    """What became of a draft.

    `created`: a new revision stands. `unchanged`: the current revision already says the same. `verified`:
    other code gave equal figures.
    """

    release_id: int
    revision: int
    created: bool
    unchanged: bool
    verified: bool = False
