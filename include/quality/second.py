"""The second judge: the contract's Great Expectations suite, run in a limited child and compared row by row.

Row numbers and rule ids come back from the child and nothing else. A delivery of more rows than the contract's
`second_judge_rows` is left to the first judge alone, and says so.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from include.feeds.contract import Contract
from include.limited.client import Job, Outcome, Worker
from include.quality.counts import Counted, Counts, ValidationResult, verdict
from include.quality.frame import ROW, judged_cells
from include.quality.split import When

ADDRESS_VARIABLE = "MINGJING_SECOND_JUDGE"
"""Environment variable with the socket of a second judge that several processes share; see plugins/."""

# Cells come typed from our own reader, so that the libraries may still open modules of theirs; nothing can be written.
_LIMITS = {"memory_bytes": 4 << 30, "cpu_seconds": 600, "open_files": 60}
_WALL_SECONDS, _RESULT_BYTES = 900, 1 << 30
_NO_ROWS = np.array([], dtype=np.int64)
_SUITES = Worker("include.quality.second_work")


@dataclass(frozen=True)
class Opinion:
    """What the second judge found, and on which rules the two differ (rule ids, rows)."""

    results: tuple[ValidationResult, ...] = ()
    disputed: tuple[str, ...] = ()
    disputed_rows: int = 0
    ended: str = ""
    """Why the child gave no opinion; '' where it did."""
    skipped: bool = False
    """The delivery has more rows than the second judge looks at."""


@dataclass(frozen=True)
class FirstOpinion:
    """What the DuckDB pass made of deliveries with the same columns, for the second judge to compare with."""

    cells: pa.Table | None
    """As `judged_cells` gives it; None where they are too large for the second judge."""
    counts: tuple[Counts, ...]
    """Per delivery."""
    ends: np.ndarray
    """Per delivery the first `_at` that is no longer of it."""
    failing: Mapping[tuple[str, str], np.ndarray]
    """Rows (`_at`) by (rule id, column), rules without a failing row left out."""
    delivered: frozenset[str]


def prepare() -> None:
    """Start the child's server now where no shared one is named: its libraries take seconds to load."""
    if not os.environ.get(ADDRESS_VARIABLE):
        _SUITES.prepare()


def first_opinion(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    counted: Counted,
    *,
    sizes: Sequence[int],
    delivered: frozenset[str],
) -> FirstOpinion:
    """Take out of the table `marks` what the second judge needs; `sizes`: the rows of each delivery."""
    ends = np.cumsum(sizes)
    if max(sizes) > contract.second_judge_rows:
        return FirstOpinion(None, counted.deliveries, ends, {}, delivered)
    failing = {rule: _rows_of(con, predicate) for rule, predicate in counted.predicates.items()}
    return FirstOpinion(judged_cells(con, contract), counted.deliveries, ends, failing, delivered)


def _rows_of(con: duckdb.DuckDBPyConnection, predicate: str) -> np.ndarray:
    return con.sql(f"select {ROW} from marks where {predicate}").fetchnumpy()[ROW]  # ruff: ignore[hardcoded-sql-expression]


class SecondJudge:
    """The second judge at work on what one DuckDB pass found, while the first goes on."""

    def __init__(self, first: FirstOpinion, contract: Contract, *, when: When) -> None:
        """Hand the deliveries to the limited child; nothing is waited for."""
        self._first = first
        self._job = None if first.cells is None else _asked(first, first.cells, contract, when)

    def opinions(self) -> list[Opinion]:
        """Wait for the child and compare; one opinion per delivery, in their order."""
        first = self._first
        if self._job is None:
            return [Opinion(skipped=True)] * len(first.counts)
        outcome = self._job.finish()
        failures = _failures(outcome)
        if failures is None:
            return [Opinion(ended=outcome.reason or outcome.how)] * len(first.counts)
        starts = (0, *first.ends)
        return [
            _compared(
                counts,
                {rule: _between(rows, low, high) for rule, rows in first.failing.items()},
                {
                    rule: rows if rows is None else _between(rows, low, high)
                    for rule, rows in failures.items()
                },
            )
            for counts, low, high in zip(first.counts, starts, first.ends, strict=False)
        ]


def _asked(first: FirstOpinion, cells: pa.Table, contract: Contract, when: When) -> Job:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, cells.schema) as writer:
        writer.write_table(cells)
    request = {
        "contract": _as_json(contract), "earliest": when.earliest, "current": when.current,
        "now": when.now.isoformat(), "delivered": sorted(first.delivered), "code": code_state(),
        "limits": _LIMITS,
    }  # fmt: skip
    limits = {"wall_seconds": _WALL_SECONDS, "result_bytes": _RESULT_BYTES}
    return _SUITES.start(request, sink.getvalue(), address=os.environ.get(ADDRESS_VARIABLE, ""), **limits)


def _between(rows: np.ndarray, low: int, high: int) -> np.ndarray:
    return rows[(rows >= low) & (rows < high)]


def _failures(outcome: Outcome) -> dict[tuple[str, str], np.ndarray | None] | None:
    """Failing rows by rule as the child sent them; None where it sent nothing sound."""
    if outcome.how != "done" or len(outcome.payloads) != 2:
        return None
    rows = np.frombuffer(outcome.payloads[1], dtype=np.int64)
    found: dict[tuple[str, str], np.ndarray | None] = {}
    at = 0
    for rule_id, column, count in json.loads(outcome.payloads[0].to_pybytes()):
        found[rule_id, column] = None if count < 0 else rows[at : at + count]
        at += max(count, 0)
    return found


def _compared(
    counts: Counts,
    ours: Mapping[tuple[str, str], np.ndarray],
    theirs: Mapping[tuple[str, str], np.ndarray | None],
) -> Opinion:
    results, disputed, disputed_rows = [], [], 0
    for rule in counts.rules:
        what = (rule.rule_id, rule.column)
        said = theirs.get(what, _NO_ROWS)
        results.append(verdict(rule, "gx", len(said) if said is not None else rule.rows_checked))
        differ = len(np.setxor1d(ours.get(what, _NO_ROWS), said)) if said is not None else rule.rows_checked
        if differ or said is None:
            disputed.append(" ".join(filter(None, what)))
            disputed_rows += differ
    return Opinion(tuple(results), tuple(dict.fromkeys(disputed)), disputed_rows)


@lru_cache(maxsize=128)
def _as_json(contract: Contract) -> str:
    return contract.model_dump_json()


def code_state() -> str:
    """Digest of names, sizes and times of our code: a shared child started with older code must not judge."""
    root = Path(__file__).resolve().parents[1]
    told = hashlib.sha256()
    rooms = ("*.py", "feeds/*.py", "quality/*.py", "limited/*.py")
    for path in sorted(path for room in rooms for path in root.glob(room)):
        about = path.stat()
        told.update(f"{path.name} {about.st_size} {about.st_mtime_ns}\n".encode())
    return told.hexdigest()
