"""A LocalExecutor whose tasks find the heavy libraries already imported, and a second judge that waits for them.

LocalExecutor forks its workers when the scheduler starts, and each worker forks a process per task, so what
the scheduler has imported by then costs a task nothing. Great Expectations runs in a limited child (include/quality);
one server of it is started here and shared by all tasks, for its libraries take seconds to load. Of ours
only the door to that server is imported (include/limited): an edit of any other room counts from the next task on, as
it does with Airflow's own executor (a judge that was started with older code declines, and the task starts its own).
"""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from pathlib import Path

from airflow.executors.local_executor import LocalExecutor

WARM_MODULES = (
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.standard.decorators.python",
    "pandas",
    "pyarrow.parquet",
    "duckdb",
    "psycopg",
    "xlsxwriter",
    # What a certainty analysis needs of them, a second of CPU to load.
    "SALib.analyze.sobol",
    "SALib.sample.sobol",
)
JUDGE = "include.quality.second_work"
ADDRESS_VARIABLE = "MINGJING_SECOND_JUDGE"


class WarmLocalExecutor(LocalExecutor):
    """LocalExecutor that imports `WARM_MODULES` before it forks; one that is missing is left to the task."""

    def start(self) -> None:
        """Start the shared judge, import, then fork the workers."""
        from include.limited.client import Server

        self._folder = tempfile.TemporaryDirectory(prefix="mingjing-judge-")
        address = str(Path(self._folder.name) / "socket")
        self._judge = Server(JUDGE, address)
        os.environ[ADDRESS_VARIABLE] = address
        for module in WARM_MODULES:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
        super().start()

    def end(self) -> None:
        """End the workers, then the judge."""
        super().end()
        self._judge.close()
        self._folder.cleanup()
