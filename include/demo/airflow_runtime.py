"""Starts and stops Airflow's real processes on this machine, and speaks to them over REST.

The demo, `make ui` and the end-to-end tests use it. Everything lies under one home folder; settings come from
`config/airflow.env` and `config/airflow.local.env`.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess  # ruff: ignore[suspicious-subprocess-import]
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import httpx
import psutil

from include.demo.airflow_api import AirflowApi, AirflowError, Progress

REPOSITORY = Path(__file__).resolve().parents[2]
SETTINGS = (REPOSITORY / "config" / "airflow.env", REPOSITORY / "config" / "airflow.local.env")
PROCESSES: Mapping[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
}
USER = "admin"
FAB = "reviewer_access.ReviewerFabAuthManager"


def read_settings(*files: Path) -> dict[str, str]:
    """Read `NAME=value` lines; comments and empty lines are skipped, nothing is expanded."""
    lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def free_port() -> int:
    """Return a TCP port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class RunningAirflow:
    """Airflow's processes, each the leader of a session of its own."""

    home: Path
    env: Mapping[str, str]
    processes: Mapping[str, subprocess.Popen[bytes]]
    api: AirflowApi

    def signed_in(self, account: str) -> AirflowApi:
        """The REST interface as another account; all share the password of the home."""
        return AirflowApi(self.api.url, account, self.api.password)

    def __enter__(self) -> RunningAirflow:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_ready(
        self,
        dag_ids: Collection[str] = (),
        *,
        timeout_seconds: float = 120,
        progress: Progress = lambda _: None,
    ) -> None:
        """Wait until every process is healthy and the DAGs are read.

        Raises:
            AirflowError: A process ended, a DAG file does not import, or time ran out; names the log to read.
        """
        deadline = time.monotonic() + timeout_seconds
        pending = [*self.processes]
        while time.monotonic() < deadline:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise AirflowError(
                        f"{name} 已退出 ended ({process.returncode}): {self.log(name)}\n{self._tail(name)}"
                    )
            healthy = self._healthy()
            for name in [name for name in pending if name in healthy]:
                pending.remove(name)
                progress(f"{name} ✓")
            if not pending and set(dag_ids) <= self.api.dag_ids():
                return
            if not pending and (errors := self.api.import_errors()):
                raise AirflowError("\n".join(f"{file}: {trace}" for file, trace in errors.items()))
            time.sleep(0.2)
        raise AirflowError(
            f"Airflow 未就绪 is not ready: {pending or sorted(set(dag_ids))}; {self.log('dag-processor')}"
        )

    def log(self, name: str) -> Path:
        """The file that holds what a process printed."""
        return self.home / "logs" / f"{name}.log"

    def task_log(self, dag_id: str, run_id: str) -> str:
        """What the tasks of a run logged, all tries, one JSON object a line."""
        folder = self.home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}"
        return "".join(file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.log")))

    def stop(self, *, grace_seconds: float = 10) -> None:
        """End the processes and all that they started, politely first."""
        leaders = {process.pid for process in self.processes.values()}
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        while _sessions(leaders) and time.monotonic() < deadline:
            for process in self.processes.values():
                process.poll()
            time.sleep(0.1)
        # A task has a process group of its own, but stays in the session of the process that started it.
        for left in _sessions(leaders):
            left.kill()
        for process in self.processes.values():
            process.wait()
        atexit.unregister(self.stop)

    def _healthy(self) -> set[str]:
        try:
            health = httpx.get(f"{self.api.url}/api/v2/monitor/health", timeout=5).json()
            # The first call of this application builds it (2.4 s), which the first task would wait for.
            httpx.get(f"{self.api.url}/execution/health", timeout=30)
        except (httpx.HTTPError, json.JSONDecodeError):
            return set()
        names = {"scheduler": "scheduler", "dag_processor": "dag-processor"}
        return {"api-server"} | {name for part, name in names.items() if health[part]["status"] == "healthy"}

    def _tail(self, name: str) -> str:
        return "\n".join(self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


def start_airflow(
    home: Path,
    env: Mapping[str, str] | None = None,
    *,
    port: int | None = None,
    cache: Path | None = None,
    accounts: Mapping[str, Sequence[str]] | None = None,
) -> RunningAirflow:
    """Start api-server, scheduler and dag-processor; return at once (see `RunningAirflow.wait_ready`).

    Args:
        home: Folder of Airflow's database (unless `env` names one), logs, password and keys; kept.
        env: Settings on top of the files, such as MINGJING_SITE or AIRFLOW__DATABASE__SQL_ALCHEMY_CONN.
        port: Port of the api-server on 127.0.0.1; a free one by default.
        cache: Folder that keeps an empty migrated SQLite database, which saves 5 s at the next new home.
        accounts: Roles by account, `admin` always added: people sign in as in production (FAB) instead of as the
            one administrator of the development login.

    Raises:
        AirflowError: The database could not be migrated or the accounts not made.
    """
    (home / "logs").mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    keys = _keys(home)
    full = {
        **os.environ,
        **read_settings(*SETTINGS),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__FERNET_KEY": keys["fernet"],
        "AIRFLOW__API__SECRET_KEY": keys["session"],
        "AIRFLOW__API_AUTH__JWT_SECRET": keys["jwt"],
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "PYTHONPATH": str(REPOSITORY),
        **(env or {}),
    }
    if accounts is not None:
        full["AIRFLOW__CORE__AUTH_MANAGER"] = FAB
    _migrate(home, full, cache)
    if accounts is not None:
        _add_accounts(home, full, {USER: ["Admin"], **accounts}, keys["password"])
    api = AirflowApi(f"http://127.0.0.1:{port}", USER, keys["password"])
    processes = {
        name: _spawn(command, full, home / "logs" / f"{name}.log") for name, command in PROCESSES.items()
    }
    running = RunningAirflow(home, full, processes, api)
    # A caller that fails before it enters the context still leaves nothing behind.
    atexit.register(running.stop)
    return running


def _spawn(command: tuple[str, ...], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "airflow", *command],
            env=dict(env), cwd=env["AIRFLOW_HOME"], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip


def _keys(home: Path) -> dict[str, str]:
    """Keys and password of this home, made at its first start and readable by its owner only."""
    file = home / "keys.json"
    if not file.exists():
        fernet = base64.urlsafe_b64encode(os.urandom(32)).decode()
        keys = {"fernet": fernet, "jwt": secrets.token_urlsafe(64), "session": secrets.token_urlsafe(32)}
        _write_private(file, {**keys, "password": secrets.token_urlsafe(12)})
        _write_private(home / "passwords.json", {USER: json.loads(file.read_text())["password"]})
    return dict(json.loads(file.read_text()))


def _write_private(file: Path, content: Mapping[str, str]) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(content, out)


def _migrate(home: Path, env: Mapping[str, str], cache: Path | None) -> None:
    embedded = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" not in env
    database = home / "airflow.db"
    providers = version("apache-airflow-providers-fab")
    template = cache and cache / f"airflow-{version('apache-airflow-core')}-fab-{providers}.db"
    if embedded and database.exists():
        return
    if embedded and template and template.exists():
        shutil.copyfile(template, database)
        return
    log = home / "logs" / "migrate.log"
    process = _spawn(("db", "migrate"), env, log)
    if process.wait():
        raise AirflowError(f"airflow db migrate: {log}\n{log.read_text(encoding='utf-8')[-2000:]}")
    if embedded and template:
        template.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(database, template)


def _add_accounts(
    home: Path, env: Mapping[str, str], accounts: Mapping[str, Sequence[str]], password: str
) -> None:
    said = {name: {"roles": list(roles), "password": password} for name, roles in accounts.items()}
    log = home / "logs" / "accounts.log"
    with log.open("ab") as out:
        done = subprocess.run(
            [sys.executable, "-m", "include.demo.airflow_accounts"],
            env=dict(env), cwd=home, input=json.dumps(said).encode(), stdout=out, stderr=out, check=False,
        )  # fmt: skip
    if done.returncode:
        raise AirflowError(f"accounts: {log}\n{log.read_text(encoding='utf-8')[-2000:]}")


def _sessions(leaders: Collection[int]) -> list[psutil.Process]:
    """The living processes of the given sessions."""
    found = []
    for process in psutil.process_iter(["status"]):
        try:
            alive = process.info["status"] != psutil.STATUS_ZOMBIE
            if alive and os.getsid(process.pid) in leaders:
                found.append(process)
        except ProcessLookupError:
            continue
    return found
