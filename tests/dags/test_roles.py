"""Airflow's own roles on a running Airflow with FAB: who may answer, start, see."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.airflow_roles import FILE, read_roles
from include.demo.airflow_api import AirflowError
from include.demo.airflow_runtime import RunningAirflow, start_airflow

ACCOUNTS = {
    "zhang": ["mingjing_reviewer"],
    "li": ["mingjing_reviewer"],
    "steward": ["mingjing_steward"],
    "viewer": ["mingjing_viewer"],
    "ops": ["mingjing_ops"],
}
TAMPER = """
import json
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from config.airflow_roles import apply, read_roles
with get_application_builder() as builder:
    security = builder.sm
    role = security.find_role("mingjing_reviewer")
    security.add_permission_to_role(role, security.create_permission("can_create", "DAG Runs"))
    security.remove_permission_from_role(role, security.get_permission("can_edit", "HITL Detail"))
    apply(security, read_roles())
    held = sorted([one.action.name, one.resource.name] for one in security.find_role(role.name).permissions)
    print(json.dumps(held))
"""


def test_only_reviewers_may_answer_and_only_ops_may_start() -> None:
    roles = read_roles()
    assert set(roles) == {f"mingjing_{name}" for name in ("viewer", "reviewer", "steward", "ops")}
    assert {name for name in roles if ("can_edit", "HITL Detail") in roles[name]} == {"mingjing_reviewer"}
    starts = {("can_create", "DAG Runs"), ("can_edit", "DAG Runs"), ("can_edit", "Task Instances")}
    assert {name for name in roles if roles[name] & starts} == {"mingjing_ops"}
    secret = {"Variables", "Configurations", "Users", "Roles", "Passwords"}
    assert not {pair for pairs in roles.values() for pair in pairs if pair[1] in secret}
    assert ("can_read", "HITL Detail") not in roles["mingjing_steward"] | roles["mingjing_viewer"]


def test_a_misspelt_resource_is_refused(tmp_path: Path) -> None:
    wrong = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    wrong["roles"]["mingjing_ops"]["create"].append("DAG Rums")
    file = tmp_path / "roles.yaml"
    file.write_text(yaml.safe_dump(wrong), encoding="utf-8")
    with pytest.raises(ValueError, match=r"mingjing_ops\.create\] DAG Rums"):
        read_roles(file)


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAirflow]:
    dags = Path(__file__).with_name("asking")
    env = {"AIRFLOW__CORE__DAGS_FOLDER": str(dags)}
    with start_airflow(tmp_path_factory.mktemp("airflow"), env, accounts=ACCOUNTS) as running:
        running.wait_ready(["asks"])
        yield running


@pytest.fixture(scope="module")
def run_id(airflow: RunningAirflow) -> str:
    """A run, started by ops, that waits for an answer."""
    run = airflow.signed_in("ops").trigger("asks")
    deadline = time.monotonic() + 60
    while airflow.api.tasks("asks", run).get("ask") != "awaiting_input":
        assert time.monotonic() < deadline, airflow.task_log("asks", run)
        time.sleep(0.25)
    return run


def refused(airflow: RunningAirflow, account: str, method: str, path: str, body: Any = None) -> bool:
    try:
        airflow.signed_in(account).call(method, path, body)
    except AirflowError as error:
        assert ": 403 " in str(error), str(error)
        return True
    return False


@pytest.mark.airflow
@pytest.mark.parametrize("account", ["zhang", "steward", "viewer"])
def test_starts_clears_pauses_and_marks_nothing(airflow: RunningAirflow, run_id: str, account: str) -> None:
    for method, path, body in [
        ("POST", "/dags/asks/dagRuns", {"logical_date": None}),
        ("POST", "/dags/asks/clearTaskInstances", {"dag_run_id": run_id, "dry_run": False}),
        ("PATCH", "/dags/asks", {"is_paused": True}),
        ("PATCH", f"/dags/asks/dagRuns/{run_id}", {"state": "success"}),
        ("PATCH", f"/dags/asks/dagRuns/{run_id}/taskInstances/ask", {"new_state": "success"}),
        ("DELETE", f"/dags/asks/dagRuns/{run_id}", None),
    ]:
        assert refused(airflow, account, method, path, body), (method, path)


@pytest.mark.airflow
@pytest.mark.parametrize("account", ["zhang", "steward", "viewer"])
def test_sees_runs_and_no_secret(airflow: RunningAirflow, run_id: str, account: str) -> None:
    assert airflow.signed_in(account).tasks("asks", run_id) == {"ask": "awaiting_input"}
    log = f"/dags/asks/dagRuns/{run_id}/taskInstances/ask/logs/1"
    for path in ("/connections", "/variables", "/config", "/pools", "/eventLogs", log):
        assert refused(airflow, account, "GET", path), path


@pytest.mark.airflow
def test_only_the_assigned_account_answers_and_once(airflow: RunningAirflow, run_id: str) -> None:
    open_cards = "/dags/~/dagRuns/~/hitlDetails?response_received=false"
    assert refused(airflow, "steward", "GET", open_cards)
    assert refused(airflow, "viewer", "GET", open_cards)
    (card,) = airflow.signed_in("zhang").call("GET", open_cards)["hitl_details"]
    assert card["subject"] == "预警名单"

    path = f"/dags/asks/dagRuns/{run_id}/taskInstances/ask/-1/hitlDetails"
    answer = {"chosen_options": card["options"], "params_input": {}}
    for account in ("steward", "viewer", "ops", "admin", "li"):
        assert refused(airflow, account, "PATCH", path, answer), account
    said = airflow.signed_in("zhang").call("PATCH", path, answer)
    assert said["responded_by"]["name"] == "zhang"
    with pytest.raises(AirflowError, match=": 409 "):
        airflow.signed_in("zhang").call("PATCH", path, answer)
    assert airflow.api.wait_runs([("asks", run_id)], timeout_seconds=60) == {("asks", run_id): "success"}


@pytest.mark.airflow
def test_applying_again_puts_a_changed_role_right(airflow: RunningAirflow) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TAMPER], env=dict(airflow.env), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    held = {tuple(pair) for pair in json.loads(done.stdout.splitlines()[-1])}
    assert held == read_roles()["mingjing_reviewer"]
