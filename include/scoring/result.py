"""The result of scoring one quarter: frozen, flat when stored, with a digest of its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np
import pandas as pd

from include.scoring.rounding import BILLION
from include.scoring.states import STATE_NAMES

WARNING_COLUMNS = ("unit", "rule", "on", "colour", "title_zh", "title_en", "evidence")
_WIDE = {
    "indicators": (
        "indicator",
        {"normalised": "normalised", "points": "points", "attainable": "attainable", "state": "states"},
    ),
    "groups": (
        "group",
        {
            "points": "group_points",
            "attainable": "group_attainable",
            "rate": "group_rates",
            "state": "group_states",
        },
    ),
    "adjustments": ("adjustment", {"points": "adjustments"}),
}
_BY_UNIT = {
    "peer_group": "peer_groups",
    "index": "index",
    "published": "published",
    "rank": "ranks",
    "colour": "colours",
    "grade": "grades",
    "attainable": "index_attainable",
}


@dataclass(frozen=True, eq=False)
class ScoreResult:
    """Scores of one quarter. Frames have one row per unit, in the order in which units were given."""

    framework: str
    version: str
    framework_digest: str
    quarter: str | None
    full: float
    """Full score of the index."""
    points: pd.DataFrame
    normalised: pd.DataFrame
    states: pd.DataFrame
    """Names of states: value, missing, not_applicable, suppressed, not_rated, imputed."""
    attainable: pd.DataFrame
    group_points: pd.DataFrame
    group_rates: pd.DataFrame
    group_states: pd.DataFrame
    group_attainable: pd.DataFrame
    adjustments: pd.DataFrame
    index: pd.Series
    """Unrounded; NaN where the unit is not rated."""
    published: pd.Series
    """Rounded as the framework declares."""
    ranks: pd.Series
    """1 is best; missing where the unit is not rated."""
    colours: pd.Series
    grades: pd.Series
    warnings: pd.DataFrame
    weights: pd.DataFrame
    """group, child, weight: of groups that do not sum (group `index` is the topmost)."""
    peer_groups: pd.Series
    """With whom each unit was ranked: its peer group, or all."""
    index_attainable: pd.Series
    """Points of the index that were attainable."""
    bands: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(WARNING_COLUMNS)))
    """The colour bands that hold, as rows like warnings; explains a colour, is neither stored nor in the digest."""

    @property
    def rates(self) -> pd.DataFrame:
        """Units × indicators: points ÷ attainable; NaN where nothing was attainable."""
        return (self.points / self.attainable.where(self.attainable > 0)).round(9)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all content, the same whatever the order of units and columns."""
        digest = hashlib.sha256()
        for one in fields(self):
            if one.name != "bands":
                digest.update(one.name.encode() + b"\x00")
                digest.update(_content(getattr(self, one.name)))
        return digest.hexdigest()

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """Return flat tables for storage: meta, units, indicators, groups, adjustments, warnings, weights.

        Grains: one row; unit; unit × indicator; unit × group; unit × adjustment; warning; group × child.
        """
        meta = {
            "framework": self.framework,
            "version": self.version,
            "framework_digest": self.framework_digest,
            "quarter": self.quarter,
            "full": self.full,
            "indicators": json.dumps(list(self.points.columns), ensure_ascii=False),
            "groups": json.dumps(list(self.group_points.columns), ensure_ascii=False),
            "adjustments": json.dumps(list(self.adjustments.columns), ensure_ascii=False),
        }
        units = pd.DataFrame({name: getattr(self, attribute) for name, attribute in _BY_UNIT.items()})
        frames = {"meta": pd.DataFrame([meta]), "units": units.rename_axis("unit").reset_index()}
        for name, (key, columns) in _WIDE.items():
            frames[name] = _flat({column: getattr(self, wide) for column, wide in columns.items()}, key)
        return frames | {"warnings": self.warnings.copy(), "weights": self.weights.copy()}

    @classmethod
    def from_frames(cls, frames: Mapping[str, pd.DataFrame]) -> ScoreResult:
        """Build a result from the tables of `to_frames`, whatever the order of their rows."""
        meta = frames["meta"].iloc[0]
        units = frames["units"].set_index("unit")
        units.index.name = None
        content: dict[str, object] = {}
        for name, (key, columns) in _WIDE.items():
            codes = pd.Index(json.loads(meta[name]), dtype=object)
            for column, wide in columns.items():
                content[wide] = _wide(frames[name], key, column, units.index, codes)
        for name, attribute in _BY_UNIT.items():
            content[attribute] = _typed(units[name], name).rename(attribute)
        quarter = meta["quarter"]
        return cls(
            framework=str(meta["framework"]),
            version=str(meta["version"]),
            framework_digest=str(meta["framework_digest"]),
            quarter=None if pd.isna(quarter) else str(quarter),
            full=float(meta["full"]),
            warnings=frames["warnings"][list(WARNING_COLUMNS)].reset_index(drop=True),
            weights=frames["weights"].reset_index(drop=True),
            **content,  # type: ignore[arg-type]
        )


def _flat(wide: Mapping[str, pd.DataFrame], key: str) -> pd.DataFrame:
    first = next(iter(wide.values()))
    units, codes = first.shape
    flat: dict[str, object] = {
        "unit": np.repeat(first.index.to_numpy(), codes),
        key: np.tile(first.columns.to_numpy(), units),
    }
    for name, frame in wide.items():
        flat[name] = frame.to_numpy().ravel()
    return pd.DataFrame(flat)


def _wide(flat: pd.DataFrame, key: str, column: str, units: pd.Index, codes: pd.Index) -> pd.DataFrame:
    rows = units.get_indexer(pd.Index(flat["unit"]))
    columns = codes.get_indexer(pd.Index(flat[key]))
    if column == "state":
        array = np.full((len(units), len(codes)), None, dtype=object)
    else:
        array = np.full((len(units), len(codes)), np.nan)
    array[rows, columns] = flat[column].to_numpy()
    frame = pd.DataFrame(array, index=units, columns=codes)
    return frame.astype(pd.CategoricalDtype(list(STATE_NAMES))) if column == "state" else frame


def _typed(series: pd.Series, name: str) -> pd.Series:
    if name in {"index", "published", "attainable"}:
        return series.astype(np.float64)
    if name == "rank":
        return series.astype("Float64") if (series % 1 != 0).any() else series.astype("Int64")
    return series.astype(object).where(series.notna(), None)


def _content(value: object) -> bytes:
    """Canonical bytes: rows and columns sorted, numbers as whole billionths."""
    if isinstance(value, pd.Series):
        value = value.to_frame("value")
    if not isinstance(value, pd.DataFrame):
        return repr(value).encode()
    if isinstance(value.index, pd.RangeIndex):
        rows = sorted("\x1f".join(map(_text, row)) for row in value.itertuples(index=False, name=None))
        return "\x1e".join([*value.columns, *rows]).encode()
    ordered = value.sort_index(axis=0).sort_index(axis=1)
    head = json.dumps([list(map(str, ordered.index)), list(map(str, ordered.columns))]).encode()
    if all(pd.api.types.is_numeric_dtype(dtype) for dtype in ordered.dtypes):
        array = ordered.to_numpy(dtype=np.float64, na_value=np.nan)
        whole = np.where(np.isnan(array), np.iinfo(np.int64).min, np.rint(array * BILLION))
        return head + whole.astype("<i8").tobytes()
    return head + "\x1f".join(map(_text, ordered.to_numpy(dtype=object).ravel())).encode()


def _text(cell: object) -> str:
    return "" if cell is None or cell is pd.NA or cell != cell else str(cell)
