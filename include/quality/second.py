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
from include.quality.counts import Counts, RuleCount, ValidationResult, verdict
from include.quality.frame import ROW, judged_cells
from include.quality.split import When

ADDRESS_VARIABLE = "MINGJING_SECOND_JUDGE"
"""Environment variable with the socket of a second judge that several processes share; see plugins/."""
DELIVERY = "_delivery"
"""Column of the joined cells: which delivery a row is of. A key is unique within one."""

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
    """What the DuckDB pass made of one delivery, for the second judge to compare with."""

    cells: pa.Table | None
    """As `judged_cells` gives it; None where the delivery is too large for the second judge."""
    counts: Counts
    failing: Mapping[tuple[str, str], np.ndarray]
    """Rows (`_at`) by (rule id, column), rules without a failing row left out."""
    delivered: frozenset[str]


def prepare() -> None:
    """Start the child's server now where no shared one is named: its libraries take seconds to load."""
    if not os.environ.get(ADDRESS_VARIABLE):
        _SUITES.prepare()


def first_opinion(
    con: duckdb.DuckDBPyConnection, contract: Contract, counts: Counts, *, delivered: frozenset[str]
) -> FirstOpinion:
    """Take out of the table `marks` what the second judge needs."""
    if counts.rows > contract.second_judge_rows:
        return FirstOpinion(None, counts, {}, delivered)
    failing = {(rule.rule_id, rule.column): _rows_of(con, rule) for rule in counts.rules if rule.rows_failed}
    return FirstOpinion(judged_cells(con, contract), counts, failing, delivered)


def _rows_of(con: duckdb.DuckDBPyConnection, rule: RuleCount) -> np.ndarray:
    return con.sql(f"select {ROW} from marks where {rule.predicate}").fetchnumpy()[ROW]  # ruff: ignore[hardcoded-sql-expression]


@dataclass(frozen=True)
class _Asked:
    """Deliveries with the same columns, judged as one: a run costs as much as thousands of rows."""

    places: tuple[int, ...]
    origin: np.ndarray
    """`_at` of each joined row in its own delivery."""
    starts: np.ndarray
    job: Job


class SecondJudge:
    """The second judge at work on deliveries of one contract, while the first goes on."""

    def __init__(self, firsts: Sequence[FirstOpinion], contract: Contract, *, when: When) -> None:
        """Hand the deliveries to the limited child; nothing is waited for."""
        self._firsts = firsts
        self._asked = [
            self._ask(delivered, contract, when)
            for delivered in dict.fromkeys(first.delivered for first in firsts if first.cells is not None)
        ]

    def _ask(self, delivered: frozenset[str], contract: Contract, when: When) -> _Asked:
        places = tuple(
            place
            for place, first in enumerate(self._firsts)
            if first.cells is not None and first.delivered == delivered
        )
        parts = [(place, cells) for place in places if (cells := self._firsts[place].cells) is not None]
        sizes = [cells.num_rows for _, cells in parts]
        joined = pa.concat_tables(cells for _, cells in parts)
        origin = joined[ROW].to_numpy()
        row = joined.schema.get_field_index(ROW)
        joined = joined.set_column(row, ROW, pa.array(np.arange(len(joined))))
        joined = joined.append_column(DELIVERY, pa.array(np.repeat(np.array(places), sizes)))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, joined.schema) as writer:
            writer.write_table(joined)
        request = {
            "contract": _as_json(contract), "earliest": when.earliest, "current": when.current,
            "now": when.now.isoformat(), "delivered": sorted(delivered), "code": code_state(),
            "limits": _LIMITS,
        }  # fmt: skip
        limits = {"wall_seconds": _WALL_SECONDS, "result_bytes": _RESULT_BYTES}
        address = os.environ.get(ADDRESS_VARIABLE, "")
        job = _SUITES.start(request, sink.getvalue(), address=address, **limits)
        return _Asked(places, origin, np.cumsum([0, *sizes]), job)

    def opinions(self) -> list[Opinion]:
        """Wait for the child and compare; one opinion per delivery, in their order."""
        found = {place: opinion for asked in self._asked for place, opinion in self._compared(asked)}
        return [found.get(place, Opinion(skipped=True)) for place in range(len(self._firsts))]

    def _compared(self, asked: _Asked) -> list[tuple[int, Opinion]]:
        outcome = asked.job.finish()
        failures = _failures(outcome)
        if failures is None:
            ended = Opinion(ended=outcome.reason or outcome.how)
            return [(place, ended) for place in asked.places]
        opinions = []
        for number, place in enumerate(asked.places):
            low, high = asked.starts[number], asked.starts[number + 1]
            theirs = {
                rule: None if rows is None else asked.origin[rows[(rows >= low) & (rows < high)]]
                for rule, rows in failures.items()
            }
            opinions.append((place, _compared_with(self._firsts[place], theirs)))
        return opinions


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


def _compared_with(first: FirstOpinion, failures: Mapping[tuple[str, str], np.ndarray | None]) -> Opinion:
    results, disputed, disputed_rows = [], [], 0
    for rule in first.counts.rules:
        theirs = failures.get((rule.rule_id, rule.column), _NO_ROWS)
        ours = first.failing.get((rule.rule_id, rule.column), _NO_ROWS)
        results.append(verdict(rule, "gx", len(theirs) if theirs is not None else rule.rows_checked))
        differ = len(np.setxor1d(ours, theirs)) if theirs is not None else rule.rows_checked
        if differ or theirs is None:
            disputed.append(" ".join(filter(None, (rule.rule_id, rule.column))))
            disputed_rows += differ
    return Opinion(tuple(results), tuple(dict.fromkeys(disputed)), disputed_rows)


@lru_cache(maxsize=128)
def _as_json(contract: Contract) -> str:
    return contract.model_dump_json()


def code_state() -> str:
    """Digest of names, sizes and times of our code: a shared child started with older code must not judge."""
    root = Path(__file__).resolve().parents[1]
    told = hashlib.sha256()
    for path in sorted([*root.glob("*.py"), *root.glob("feeds/*.py"), *root.glob("quality/*.py")]):
        about = path.stat()
        told.update(f"{path.name} {about.st_size} {about.st_mtime_ns}\n".encode())
    return told.hexdigest()
