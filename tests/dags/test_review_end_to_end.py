"""From a release to a final one on a running Airflow, with real accounts that answer through REST."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from include.demo.airflow_api import AirflowError
from include.demo.airflow_runtime import RunningAirflow, start_airflow
from include.keys import KeyRing
from include.pipeline.review import answer
from include.pipeline.review_card import review_card
from include.quarters import Quarter
from tests.pipeline.small_site import NOW, PLACE, SENT, SmallSite, cases, on_time

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]

KEY = f"{PLACE}.2026Q3"
ACCOUNTS = {
    "chen": {"roles": ["first_reviewer"]},
    "both": {"roles": ["first_reviewer", "second_reviewer"]},
    "lin": {"roles": ["second_reviewer"]},
    "maker": {"roles": ["ops", "first_reviewer"]},
    "issue_notices": {"roles": ["issuer"]},
}
LOGINS = {
    "chen": ["mingjing_reviewer"],
    "both": ["mingjing_reviewer"],
    "lin": ["mingjing_reviewer"],
    "maker": ["mingjing_ops", "mingjing_reviewer"],
}
NOTIFY = {"reviewers": {"roles": ["first_reviewer"], "connections": ["nowhere"]}}
CONFIRM = {
    "chosen_options": ["确认 Confirm"],
    "params_input": {"dismissed": [], "reason": None, "advice": None},
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    settings = {"accounts": ACCOUNTS, "notify": NOTIFY}
    small = SmallSite.make(tmp_path_factory.mktemp("site"), "cases", settings=settings)
    KeyRing(file=small.folder / "keys.yaml").with_new("sign", Quarter(2025, 4)).save()
    return small


@pytest.fixture(scope="module")
def airflow(small: SmallSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAirflow]:
    env = {
        "MINGJING_SITE": str(small.folder),
        "MINGJING_NOW": NOW.isoformat(),
        "MINGJING_REVIEW_WAKE_SECONDS": "8",
        "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1",
    }
    with start_airflow(tmp_path_factory.mktemp("airflow"), env, accounts=LOGINS) as running:
        running.wait_ready(["score_quarter", "review_warnings"])
        yield running


def score(airflow: RunningAirflow, small: SmallSite, late: str, *, hour: int) -> None:
    """`maker` has a file of that hour taken in and scored, with the cases of one unit mostly late."""
    units = ("东坡镇", "西沟乡", "县水利局", "县林业局")
    rows = [row for unit in units for row in on_time(unit, 2 if unit == late else 9, 10)]
    small.send("cases", f"cases{hour}.csv", cases(*rows), at=SENT + timedelta(hours=hour))
    form = {"jurisdiction": PLACE, "quarter": "2026Q3", "feeds": ["cases"]}
    run = ("score_quarter", airflow.signed_in("maker").trigger("score_quarter", conf=form))
    assert airflow.api.wait_runs([run], timeout_seconds=90)[run] == "success", airflow.task_log(*run)


def wait(what: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.25)
    return found


def card(airflow: RunningAirflow, task_id: str, account: str, *, label: str = "小体系") -> dict[str, Any]:
    """The open card of a step, as the account finds it, once its label reads so."""

    def shown() -> Any:
        found = airflow.signed_in(account).call(
            "GET", "/dags/~/dagRuns/~/hitlDetails?response_received=false"
        )
        of_task = [one for one in found["hitl_details"] if one["task_instance"]["task_id"] == task_id]
        return [
            one
            for one in of_task
            if one["task_instance"]["rendered_map_index"].startswith(label)
            and one["task_instance"]["state"] == "awaiting_input"
        ]

    found = wait(shown)[0]
    # A person reads the card first. Airflow 3.3.2 takes an answer within a second for a crash, and tries again.
    time.sleep(1.5)
    return found


def respond(
    airflow: RunningAirflow, one: dict[str, Any], account: str, given: dict[str, Any] = CONFIRM
) -> None:
    task = one["task_instance"]
    path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/{task['map_index']}"
    airflow.signed_in(account).call("PATCH", f"{path}/hitlDetails", given)


def states(airflow: RunningAirflow, run_id: str) -> dict[str, str]:
    return {
        name.partition(".")[2] or name: state
        for name, state in airflow.api.tasks("review_warnings", run_id).items()
    }


def test_two_people_answer_and_nobody_else(airflow: RunningAirflow, small: SmallSite) -> None:
    score(airflow, small, late="西沟乡", hour=1)
    first = card(airflow, "one_review.first", "chen")
    (key,) = first["params"]["dismissed"]["schema"]["examples"]
    assert key.startswith("U2/")

    # A group that cannot be reached fails nothing.
    run = ("send_messages", airflow.api.trigger("send_messages"))
    assert airflow.api.wait_runs([run], timeout_seconds=60)[run] == "success", airflow.task_log(*run)
    assert "reviewers → nowhere" in airflow.task_log(*run)

    # Not assigned: refused by Airflow itself.
    with pytest.raises(AirflowError, match=": 403 "):
        respond(airflow, first, "lin")
    # The author of the list: refused by the pipeline, told on the next card.
    respond(airflow, first, "maker")
    again = card(airflow, "one_review.first", "chen", label="小体系 · 未记录 Not recorded: [maker]")
    # A reason is missing.
    respond(airflow, again, "both", {**CONFIRM, "params_input": {"dismissed": [key], "reason": None}})
    again = card(airflow, "one_review.first", "chen", label="小体系 · 未记录 Not recorded: [both]")
    assert "须写明理由" in again["task_instance"]["rendered_map_index"]
    respond(
        airflow,
        again,
        "both",
        {**CONFIRM, "params_input": {"dismissed": [key], "reason": "证据不足,属系统误判"}},
    )

    # The same person twice.
    second = card(airflow, "one_review.second", "lin")
    assert "证据不足" in second["body"]
    respond(airflow, second, "both")
    again = card(airflow, "one_review.second", "lin", label="小体系 · 未记录 Not recorded: [both]")
    assert small.rows("select count(*) as answers from review_answer") == [{"answers": 1}]
    # What the first review dismissed is chosen already.
    offered = {name: again["params"][name]["value"] for name in ("dismissed", "reason")}
    assert offered == {"dismissed": [key], "reason": "证据不足,属系统误判"}
    respond(airflow, again, "lin", {**CONFIRM, "params_input": {**offered, "advice": f"{key}: 请再核对台账"}})

    run_id = second["task_instance"]["dag_run_id"]
    assert airflow.api.wait_runs([("review_warnings", run_id)], timeout_seconds=90) == {
        ("review_warnings", run_id): "success"
    }
    assert small.rows("select step, account, via from review_answer order by step") == [
        {"step": 1, "account": "both", "via": "airflow"},
        {"step": 2, "account": "lin", "via": "airflow"},
    ]
    assert small.rows("select status from release_status order by status_id desc limit 1") == [
        {"status": "final"}
    ]

    issuing = airflow.api.wait_key("issue_notices", KEY, timeout_seconds=90, settled=lambda: True)
    assert issuing["state"] == "success", airflow.task_log("issue_notices", issuing["dag_run_id"])
    # The one warning was dismissed: nobody is warned, everybody gets the form.
    issued = small.rows(
        "select kind, issued_by, count(*) as number from notice group by kind, issued_by order by kind"
    )
    assert [tuple(row.values()) for row in issued] == [
        ("feedback_form", "issue_notices", 4),
        ("quarter_report", "issue_notices", 1),
    ]


def test_a_revision_ends_the_open_question_and_asks_anew(airflow: RunningAirflow, small: SmallSite) -> None:
    score(airflow, small, late="县林业局", hour=2)
    old = card(airflow, "one_review.first", "chen")["task_instance"]["dag_run_id"]
    score(airflow, small, late="东坡镇", hour=3)
    assert airflow.api.wait_runs([("review_warnings", old)], timeout_seconds=90)
    assert states(airflow, old)["first"] == "skipped"
    new = card(airflow, "one_review.first", "chen")
    assert new["task_instance"]["dag_run_id"] != old
    assert new["params"]["dismissed"]["schema"]["examples"][0].startswith("U1/")


def test_an_answer_by_command_line_passes_the_step_on(airflow: RunningAirflow, small: SmallSite) -> None:
    waiting = card(airflow, "one_review.first", "chen")
    (row,) = small.rows("select max(review_id) as number from review")
    number = row["number"]
    digest = review_card(small.site, number, step=1).digest
    said = {"account": "chen", "digest": digest, "confirm": True, "now": NOW, "via": "cli"}
    assert answer(small.site, number, step=1, **said) == "next_step"
    second = card(airflow, "one_review.second", "lin")
    assert second["task_instance"]["dag_run_id"] == waiting["task_instance"]["dag_run_id"]
    given = {"chosen_options": ["退回 Send back"], "params_input": {"reason": "名单有误,请重新核对"}}
    respond(airflow, second, "lin", given)
    run_id = second["task_instance"]["dag_run_id"]
    airflow.api.wait_runs([("review_warnings", run_id)], timeout_seconds=90)
    assert states(airflow, run_id) == {
        "open_all": "success",
        "first": "success",
        "second": "skipped",
        "shown": "skipped",
        "reviewed": "skipped",
    }
    assert small.rows(f"select outcome from review_end where review_id = {number}") == [
        {"outcome": "sent_back"}
    ]
