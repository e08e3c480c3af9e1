"""The second judge in the limited child: cells in, numbers of failing rows by rule out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from include.feeds.contract import Contract
from include.limited import child
from include.quality.frame import judged_frame
from include.quality.second import code_state
from include.quality.suite import Failures, run_suite

_STARTED_WITH = code_state()
_TINY = Contract.model_validate(
    {
        "feed": "warm_up", "version": "1", "title": {"zh": "预热"}, "purpose": "", "grain": "",
        "suppliers": ["a"], "deadline_days": 1, "files": ["csv"], "digest": "",
        "time": {"kind": "events", "delivery": "append", "quarter_from": {"column": "day"}},
        "unit": {"column": "unit"},
        "columns": [
            {"name": "unit", "title": "单位", "type": "string", "required": True, "key": True},
            {"name": "day", "title": "日期", "type": "date"},
        ],
    }
)  # fmt: skip


def serve(control_fd: int, address: str = "") -> None:
    """Serve judgements; see `include.limited.child.serve`."""
    child.serve(control_fd, warm_up=_warm_up, work=_judge, address=address)


def _judge(request: dict[str, Any], data: bytes) -> Iterator[Any]:
    """As JSON a list of (rule id, column, number of rows; -1: could not be judged), then the rows as int64."""
    if request["code"] != _STARTED_WITH:
        raise RuntimeError("started with other code")
    contract = Contract.model_validate_json(request["contract"])
    cells = pa.ipc.open_stream(data).read_all()
    failures = run_suite(
        judged_frame(cells, contract, now=date.fromisoformat(request["now"])),
        contract,
        earliest=request["earliest"],
        current=request["current"],
        delivered=frozenset(request["delivered"]),
    )
    yield json.dumps([[*rule, -1 if rows is None else len(rows)] for rule, rows in failures.items()]).encode()
    yield _rows(failures)


def _rows(failures: Failures) -> bytes:
    found = [rows for rows in failures.values() if rows is not None]
    return np.concatenate(found).astype(np.int64).tobytes() if found else b""


def _warm_up() -> None:
    """Load Great Expectations and what it imports on first use; the child could open none of it later.

    No thread may start here: a process with threads must not fork.
    """
    pa.enable_signal_handlers(False)  # they would open a pipe
    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_cpu_count(1)
    frame = pd.DataFrame(
        {
            "_at": [0, 1], "_kinds": ["1", "5"], "_cells": ["a", "b"], "_clean": ["a", "b"], "_numbers": ["", ""],
            "_unit": ["U1", ""], "_quarter_due": ["2026Q3", None], "_quarter_number": [8106.0, None],
            "unit": ["a", "b"], "unit__given": ["a", None], "day": [None, None], "day__read": [True, False],
            "_delivery": [0, 0],
        }
    )  # fmt: skip
    run_suite(frame, _TINY, earliest="2020Q1", current="2026Q3", delivered=frozenset({"unit", "day"}))
