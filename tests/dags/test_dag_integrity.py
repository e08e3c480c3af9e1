"""What every DAG of ours must be, judged on what a fresh process reads from dags/."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from include.demo.airflow_runtime import REPOSITORY

FEEDS = {"audit", "finance", "inspection", "petitions"}
DECLARED = {f"ingest_{feed}" for feed in FEEDS} | {
    "annual_report",
    "deadline_tick",
    "score_quarter",
    "review_warnings",
    "send_messages",
    "issue_notices",
    "follow_up",
}
TAGS = {"报送 ingest", "评分 score", "审核 review", "时限 deadline"}
ANNOUNCES = {
    "annual_report": {},
    "score_quarter": {"score": ["quarter_ready", "quarter_released"]},
    "review_warnings": {"one_review.reviewed": ["quarter_reviewed"]},
    "send_messages": {},
    "issue_notices": {},
    "follow_up": {"ask": ["quarter_released"]},
}
LISTENS = {
    "score_quarter": "quarter_ready",
    "review_warnings": "quarter_released",
    "issue_notices": "quarter_reviewed",
}
WITHOUT_TRIAL = {
    "annual_report",
    "deadline_tick",
    "review_warnings",
    "send_messages",
    "issue_notices",
    "follow_up",
}
SECTIONS = ("### 做什么 What", "### 何时 When", "### 失败了 If it fails", "### 重跑 Re-running")

pytestmark = pytest.mark.airflow


def test_every_file_imports(parsed: dict[str, Any]) -> None:
    assert parsed["errors"] == {}


def test_declared_dags_are_discovered_and_no_others(parsed: dict[str, Any]) -> None:
    assert set(parsed["dags"]) == DECLARED


@pytest.mark.parametrize("dag_id", sorted(DECLARED))
def test_house_rules(parsed: dict[str, Any], dag_id: str) -> None:
    dag = parsed["dags"][dag_id]
    assert dag["tags"] and set(dag["tags"]) <= TAGS
    assert dag["owner"] == "mingjing"
    assert re.search(r"[一-龥]", dag["display_name"])
    # Reviews wait for people: one must not hold up the next.
    assert dag["max_active_runs"] == (64 if dag_id == "review_warnings" else 1)
    assert (dag["catchup"], dag["start_date"]) == (False, "None")
    positions = [dag["doc_md"].index(section) for section in SECTIONS]
    assert positions == sorted(positions)
    for text in re.split(r"^### .*$", dag["doc_md"], flags=re.MULTILINE)[1:]:
        assert re.search(r"[一-龥]", text) and re.search(r"[a-z]{3}", text), text


@pytest.mark.parametrize("dag_id", sorted(DECLARED))
def test_tasks_have_a_time_limit_and_retry_io_faults_only(parsed: dict[str, Any], dag_id: str) -> None:
    tasks = parsed["dags"][dag_id]["tasks"]
    assert len(tasks) == {"review_warnings": 5, "follow_up": 2}.get(dag_id, 1)
    for name, task in tasks.items():
        assert 0 < task["timeout_seconds"] <= 3600
        assert task["retries"] == (999 if name in ("one_review.first", "one_review.second") else 3)
        assert task["policy"]["default"] == "fail"
        retried = [rule for rule in task["policy"]["rules"] if rule["action"] == "retry"]
        assert "OSError" in str(retried)
        assert "ValueError" not in str(retried)


def test_dags_are_joined_by_assets(parsed: dict[str, Any]) -> None:
    for dag_id, dag in parsed["dags"].items():
        outlets = {name: task["outlets"] for name, task in dag["tasks"].items() if task["outlets"]}
        assert outlets == ANNOUNCES.get(dag_id, {name: ["quarter_ready"] for name in dag["tasks"]})
        if dag_id in LISTENS:
            assert dag["timetable"] == LISTENS[dag_id]


def test_forms_ask_for_quarter_and_trial_run(parsed: dict[str, Any]) -> None:
    for dag_id in DECLARED - WITHOUT_TRIAL:
        form, defaults = parsed["dags"][dag_id]["params"], parsed["dags"][dag_id]["defaults"]
        assert re.fullmatch(form["quarter"]["pattern"], "2026Q3")
        assert not re.fullmatch(form["quarter"]["pattern"], "2026Q5")
        assert (defaults["quarter"], defaults["dry_run"]) == (None, False)
    form = parsed["dags"]["score_quarter"]["params"]
    assert form["jurisdiction"]["enum"] == ["testcounty", "secondcounty"]
    assert set(form["feeds"]["items"]["enum"]) == FEEDS


def test_parsing_loads_nothing_heavy_and_is_quick(parsed: dict[str, Any]) -> None:
    assert parsed["heavy"] == []
    own_seconds = parsed["parse_seconds"] - parsed["feeds_seconds"]
    assert own_seconds < 1.0, parsed


@pytest.mark.parametrize("file", sorted((REPOSITORY / "dags").glob("*.py")), ids=lambda file: file.name)
def test_dag_files_are_short_and_read_no_clock(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    assert not re.search(r"pendulum\.now|utcnow|time\.time|date\.today|datetime\.now", text)


def test_the_moment_of_a_task_is_read_in_one_place() -> None:
    readers = [
        file.name
        for file in sorted((REPOSITORY / "plugins").glob("*.py"))
        if re.search(r"datetime\.now\(|utcnow\(|date\.today\(", file.read_text(encoding="utf-8"))
    ]
    assert readers == ["opened_site.py"]
