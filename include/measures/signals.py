"""Signals of suppression and gaming in what departments send: data and SQL, one test, a lead and never a score.

A signals file is one SQL statement whose leading comment declares, in YAML, what it looks for. The statement returns
`unit`, `detail` (text), `hits` and `n`, and `expected` (a share) or `hits_before` and `n_before`. A unit is a lead
where its share of hits is higher than expected by at least `min_excess` and the chance of that is below `alpha`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from numpy.typing import NDArray
from pydantic import Field

from include.config import ConfigError, Strict, Words, load_yaml, parse
from include.feeds.contract import Contract
from include.measures.errors import MeasureError
from include.measures.views import StagedPart, create_feed_views, create_shared_views
from include.quarters import Quarter

SHARED = Path(__file__).parents[1] / "sql" / "signals"
LEAD_COLUMNS = (
    "unit_code", "feed", "signal", "detail", "title_zh", "title_en", "figures", "sentence_zh", "sentence_en", "source",
)  # fmt: skip
_PLACES = 6
Floats = NDArray[np.float64]


class Test(Strict):
    """When a share is too high for chance."""

    kind: Literal["binomial", "two_sample"]
    """binomial: against a share given as `expected`; two_sample: against `hits_before` of `n_before`."""
    alpha: float = Field(gt=0, lt=0.05)
    min_n: int = Field(ge=5)
    """Fewer cases say nothing."""
    min_excess: float = Field(gt=0, lt=1)
    """Least excess of the share: significance without size is no lead."""


class Signal(Strict):
    """One signal: what it is called, said, rests on, and when it is a lead."""

    signal: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    feed: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Words
    sentence: Words
    """With the places {detail}, {hits}, {n}, {share}, {expected} (percentages) and {chance}."""
    source: str = Field(min_length=1)
    test: Test
    lookback_quarters: int = Field(default=0, ge=0, le=8)
    sql: str = Field(min_length=1)
    path: Path

    @classmethod
    def from_sql(cls, path: Path) -> Signal:
        """Read a signals file; raise ConfigError that names file, path, found and allowed."""
        lines = path.read_text(encoding="utf-8").splitlines()
        comment = list(takewhile(lambda line: line.startswith("--") and line.strip() != "--", lines))
        try:
            header = load_yaml("\n".join(line.removeprefix("--").removeprefix(" ") for line in comment))
        except yaml.YAMLError as error:
            raise ConfigError(path, [f"文件头不是合法的 YAML:{error}。 The header is not YAML."]) from error
        if not isinstance(header, dict):
            raise ConfigError(
                path, ["文件须以 `-- signal:` 注释开头。 The file must open with a `-- signal:` comment."]
            )
        sql = "\n".join(lines[len(comment) :]).strip().removesuffix(";")
        return parse(cls, {**header, "sql": sql, "path": path}, file=path)


@dataclass(frozen=True)
class Looked:
    """What a signal found, and among how many."""

    leads: pd.DataFrame
    """One row per lead, columns `LEAD_COLUMNS`."""
    units: int
    """Scored units."""
    tested: int
    """Units among them that the statement returned with enough cases for the test."""


def signals() -> tuple[Signal, ...]:
    """Every shipped signal, by name of its file."""
    return tuple(Signal.from_sql(path) for path in sorted(SHARED.glob("*.sql")))


@contextmanager
def rows_read(
    connection: duckdb.DuckDBPyConnection,
    alike: Sequence[Signal],
    *,
    contract: Contract,
    parts: Sequence[StagedPart],
    quarter: Quarter,
    units: pd.DataFrame,
    working_days: pd.DataFrame,
    successors: Mapping[str, str],
    identities: pa.Table | None = None,
) -> Generator[duckdb.DuckDBPyConnection]:
    """Read the staged rows of a feed, once for all of its signals that look back as far.

    Args:
        connection: an engine; nothing is left behind on it.
        alike: signals of one feed and look-back.
        contract: of the feed.
        parts: staged parts that count, of the quarter and of as many before it as the signals look back.
        quarter: the quarter to look at.
        units, working_days, successors, identities: as for `run_measures`.

    Yields:
        What `find_leads` asks.
    """
    time = contract.time.model_copy(update={"lookback_quarters": alike[0].lookback_quarters})
    wide = contract.model_copy(update={"time": time})
    with closing(connection.cursor()) as cursor:
        create_shared_views(
            cursor, units=units, working_days=working_days, successors=successors, identities=identities
        )
        # For one statement the view is better: it reads only the columns that the statement names.
        read_once = len(alike) > 1
        create_feed_views(cursor, contract=wide, parts=parts, quarter=quarter, read_once=read_once)
        yield cursor


def find_leads(
    cursor: duckdb.DuckDBPyConnection, signal: Signal, *, quarter: Quarter, units: pd.DataFrame
) -> Looked:
    """Run one signal over the rows of its feed.

    Args:
        cursor: the rows, from `rows_read`.
        signal: what to look for.
        quarter: the quarter to look at.
        units: the scored units.

    Returns:
        The leads, and over how many units was looked; units outside `units` are left out.

    Raises:
        MeasureError: the SQL does not run or does not return the columns.
    """
    rows = _executed(cursor, signal, quarter)
    rows = rows[rows["unit"].isin(units["unit_code"])]
    rows = rows.sort_values(["unit", "detail"], ignore_index=True)
    expected, chance = _tested(signal.test, rows)
    hits, n = (rows[name].to_numpy(dtype=np.float64) for name in ("hits", "n"))
    share = np.divide(hits, n, out=np.zeros_like(hits), where=n > 0)
    raised = (n >= signal.test.min_n) & (chance < signal.test.alpha)
    raised &= np.round(share - expected, _PLACES) >= signal.test.min_excess
    leads = pd.DataFrame(
        [
            _lead(signal, rows.iloc[place], float(share[place]), float(expected[place]), float(chance[place]))
            for place in np.flatnonzero(raised)
        ],
        columns=list(LEAD_COLUMNS),
    )
    return Looked(leads, len(units), rows["unit"][n >= signal.test.min_n].nunique())


def _executed(cursor: duckdb.DuckDBPyConnection, signal: Signal, quarter: Quarter) -> pd.DataFrame:
    needed = {"unit", "detail", "hits", "n"}
    needed |= {"expected"} if signal.test.kind == "binomial" else {"hits_before", "n_before"}
    known = {"quarter": str(quarter), "quarter_start": quarter.start, "quarter_end": quarter.end}
    try:
        (statement,) = duckdb.extract_statements(signal.sql)
        used = {name: known[name] for name in statement.named_parameters}
        rows = cursor.sql(statement, params=used).df()
    except (duckdb.Error, KeyError, ValueError) as error:
        raise MeasureError(
            str(signal.path), f"SQL 无法执行:{error}", f"The SQL does not run: {error}"
        ) from error
    if lacking := sorted(needed - set(rows.columns)):
        raise MeasureError(
            str(signal.path), f"结果缺少列 {lacking}。", f"The result lacks the columns {lacking}."
        )
    return rows


def _tested(test: Test, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Expected share, and the chance of as many hits or more: exact binomial, or pooled two-sample."""
    from scipy.special import bdtrc, ndtr

    hits, n = (rows[name].to_numpy(dtype=np.float64) for name in ("hits", "n"))
    if test.kind == "binomial":
        expected = np.clip(rows["expected"].to_numpy(dtype=np.float64), 0.0, 1.0)
        chance = np.where(
            hits > 0, bdtrc(np.maximum(hits - 1, 0), np.maximum(n, 1).astype(np.int64), expected), 1.0
        )
        return expected, np.where(np.isnan(expected), 1.0, chance)
    before, cases = (rows[name].to_numpy(dtype=np.float64) for name in ("hits_before", "n_before"))
    known = (n > 0) & (cases > 0)
    expected = np.divide(before, cases, out=np.full_like(before, np.nan), where=cases > 0)
    pooled = (hits + before + 0.5) / (n + cases + 1)
    error = np.sqrt(pooled * (1 - pooled) * (1 / np.maximum(n, 1) + 1 / np.maximum(cases, 1)))
    share = np.divide(hits, n, out=np.zeros_like(hits), where=n > 0)
    # Half a case less, as for whole numbers: few cases are no more certain than they are.
    z = (share - 0.5 / np.maximum(n, 1) - expected) / error
    return expected, np.where(known, 1 - ndtr(np.nan_to_num(z)), 1.0)


def _lead(signal: Signal, row: pd.Series, share: float, expected: float, chance: float) -> dict[str, Any]:
    detail = str(row["detail"] or "")
    shown = {
        "detail": detail,
        "hits": int(row["hits"]),
        "n": int(row["n"]),
        "share": f"{share:.0%}",
        "expected": f"{expected:.0%}",
        "chance": f"{chance:.1g}",
    }
    figures = {
        "hits": int(row["hits"]),
        "n": int(row["n"]),
        "share": round(share, _PLACES),
        "expected": round(expected, _PLACES),
        "chance": round(chance, 9),
        "alpha": signal.test.alpha,
    }
    if signal.test.kind == "two_sample":
        figures |= {"hits_before": int(row["hits_before"]), "n_before": int(row["n_before"])}
    return {
        "unit_code": row["unit"],
        "feed": signal.feed,
        "signal": signal.signal,
        "detail": detail,
        "title_zh": signal.title.zh,
        "title_en": signal.title.en,
        "figures": figures,
        "sentence_zh": signal.sentence.zh.format(**shown),
        "sentence_en": signal.sentence.en.format(**shown),
        "source": signal.source,
    }
