"""Airflow's REST interface, as the demo and the end-to-end tests use it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

FINISHED = ("success", "failed")

Progress = Callable[[str], None]


class AirflowError(RuntimeError):
    """Airflow did not start, answer or finish; the message says what to read."""


@dataclass(frozen=True)
class AirflowApi:
    """Airflow's REST interface, as one signed-in user."""

    url: str
    user: str
    password: str
    _token: list[str] = field(default_factory=list, repr=False)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request to `/api/v2` and return its JSON; AirflowError carries the answer of a refusal."""
        if not self._token:
            login = {"username": self.user, "password": self.password}
            answer = httpx.post(f"{self.url}/auth/token", json=login, timeout=30)
            self._token.append(answer.raise_for_status().json()["access_token"])
        headers = {"Authorization": f"Bearer {self._token[0]}"}
        answer = httpx.request(method, f"{self.url}/api/v2{path}", json=body, headers=headers, timeout=30)
        if answer.is_error:
            raise AirflowError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else None

    def dag_ids(self) -> set[str]:
        """The DAGs that Airflow has read."""
        return {dag["dag_id"] for dag in self.call("GET", "/dags?limit=100")["dags"]}

    def import_errors(self) -> dict[str, str]:
        """Stack trace by DAG file that could not be read."""
        found = self.call("GET", "/importErrors")["import_errors"]
        return {error["filename"]: error["stack_trace"] for error in found}

    def trigger(self, dag_id: str, *, key: str | None = None, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run, for a partition key or with values of the DAG's form; return its run id."""
        body = {"logical_date": None, "partition_key": key, "conf": dict(conf or {})}
        for wait_seconds in (0.2, 0.5, 1, 2, 4):
            try:
                return str(self.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])
            except AirflowError as error:
                # SQLite lets one writer in at a time; a refused request has written nothing.
                if "Database error" not in str(error):
                    raise
                time.sleep(wait_seconds)
        return str(self.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """All runs of a DAG (`~` for every DAG), oldest first."""
        page: list[dict[str, Any]] = []
        while True:
            path = f"/dags/{dag_id}/dagRuns?order_by=id&limit=100&offset={len(page)}"
            found = self.call("GET", path)["dag_runs"]
            page += found
            if len(found) < 100:
                return page

    def tasks(self, dag_id: str, run_id: str) -> dict[str, str]:
        """State by task id of one run."""
        found = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: task["state"] for task in found}

    def wait_runs(
        self,
        runs: Collection[tuple[str, str]],
        *,
        timeout_seconds: float,
        progress: Progress = lambda _: None,
    ) -> dict[tuple[str, str], str]:
        """Wait until the runs, each (dag id, run id), have finished; return their states.

        Raises:
            AirflowError: Some had not finished in time; the message names them.
        """
        states: dict[tuple[str, str], str] = {}
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            for run in self.runs("~"):
                key = (run["dag_id"], run["dag_run_id"])
                if key in runs and key not in states and run["state"] in FINISHED:
                    states[key] = run["state"]
                    progress(f"{run['dag_id']} {run['state']}")
            if len(states) == len(runs):
                return states
            time.sleep(0.25)
        raise AirflowError(
            f"未在 {timeout_seconds:.0f} 秒内结束 Not finished: {sorted(set(runs) - set(states))}"
        )

    def wait_key(
        self, dag_id: str, key: str, *, timeout_seconds: float, settled: Callable[[], bool] | None = None
    ) -> dict[str, Any]:
        """Wait for the DAG's runs for a partition key; return the last finished one, or the first that failed.

        Args:
            dag_id: A DAG that listens to announcements.
            key: The partition key.
            timeout_seconds: How long to wait.
            settled: Tells that nothing is left to do, so that queued runs, which would find nothing to do, need
                not be waited for; by default every announcement must have been handled.

        Raises:
            AirflowError: Nothing was announced for the key, or it was not settled in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            runs = [run for run in self.runs(dag_id) if run["partition_key"] == key]
            finished = [run for run in runs if run["state"] in FINISHED]
            if failed := [run for run in finished if run["state"] == "failed"]:
                return failed[0]
            if finished and (settled() if settled else finished == runs and self._all_consumed(key)):
                return finished[-1]
            time.sleep(0.25)
        raise AirflowError(f"{dag_id} [{key}]: 未在 {timeout_seconds:.0f} 秒内结束 not finished in time")

    def _all_consumed(self, key: str) -> bool:
        try:
            events = self.call("GET", "/assets/events?limit=100&order_by=-timestamp")["asset_events"]
        except AirflowError:
            # Airflow 3.3.2 answers 500 while a run that it would list waits for its start.
            return False
        # Only what is scored: a review that a release starts waits for people.
        announced = [event for event in events if event["name"] == "quarter_ready"]
        consumers = [event["created_dagruns"] for event in announced if event["partition_key"] == key]
        # Newest first. An event that comes while a run is being made may never get one of its own (seen: two events
        # 0.4 s apart); the run of a later event looks at everything, so that the newest one decides.
        handled = not consumers or bool(consumers[0])
        return handled and all(run["state"] in FINISHED for runs in consumers for run in runs)
