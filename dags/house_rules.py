"""What all our DAGs share: tags, owner, retries, the shape of their documentation, form fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from airflow.sdk import ExceptionRetryPolicy, Param, RetryAction, RetryRule
from airflow.sdk.exceptions import AirflowFailException
from quarter_timetable import announce, partition_key, quarter_ready, run_key

if TYPE_CHECKING:
    from include.pipeline.ready import ReadyQuarter

OWNER = "mingjing"
SECTIONS = ("做什么 What", "何时 When", "失败了 If it fails", "重跑 Re-running")


class Tag(StrEnum):
    """The closed list of tags."""

    INGEST = "报送 ingest"
    SCORE = "评分 score"
    REVIEW = "审核 review"
    CLOCK = "时限 deadline"


# A fault of a disk, a network or a database passes; a wrong file or setting is still wrong a minute later.
IO_FAULTS = ExceptionRetryPolicy(
    rules=[
        RetryRule([FileNotFoundError, PermissionError, IsADirectoryError, FileExistsError], RetryAction.FAIL),
        RetryRule(
            [OSError, "sqlalchemy.exc.OperationalError", "sqlalchemy.exc.InterfaceError"],
            RetryAction.RETRY,
            reason="输入输出故障,稍后重试 I/O fault, tried again",
        ),
    ],
    default=RetryAction.FAIL,
)

DEFAULT_ARGS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": 3,
    "retry_policy": IO_FAULTS,
    "execution_timeout": timedelta(minutes=30),
}


def doc(what: str, when: str, if_it_fails: str, re_running: str) -> str:
    """Documentation of a DAG, in the four sections that the duty officer looks for."""
    texts = (what, when, if_it_fails, re_running)
    return "\n\n".join(f"### {title}\n{text}" for title, text in zip(SECTIONS, texts, strict=True))


def quarter_param() -> Param:
    """Form field for a quarter."""
    return Param(
        None,
        type=["null", "string"],
        pattern="^[12][0-9]{3}Q[1-4]$",
        title="季度 Quarter",
        description="例 e.g. 2026Q3",
    )


def quarter_params(areas: Sequence[str]) -> dict[str, Param]:
    """Form fields of a DAG whose run is about one area's quarter."""
    return {
        "jurisdiction": Param(areas[0], type="string", enum=list(areas), title="地区 Jurisdiction"),
        "quarter": quarter_param(),
    }


def dry_run_param() -> Param:
    """Form field for a trial run."""
    return Param(
        False,
        type="boolean",
        title="试算 Dry run",
        description='只计算,不入库。补跑默认试算,正式补跑请填 {"dry_run": false}。 '
        "Compute, store nothing. A back-fill is a dry run unless its conf says otherwise.",
    )


def asked_quarter(context: Any) -> tuple[str, str]:
    """Area and quarter of the run; AirflowFailException where its form was left empty."""
    jurisdiction, quarter = run_key(context)
    if not jurisdiction or not quarter:
        raise AirflowFailException("请在表单中填写地区和季度。 Fill in jurisdiction and quarter in the form.")
    return jurisdiction, quarter


def key_of(ready: ReadyQuarter) -> str:
    """The partition key of a ready quarter."""
    return partition_key(ready.jurisdiction, str(ready.quarter))


def announce_ready(context: Any, ready: Iterable[ReadyQuarter]) -> list[str]:
    """Emit `quarter_ready` for each of the quarters; return their partition keys."""
    about = {
        key_of(item): {"digest": item.digest, "missing_feeds": list(item.missing_feeds)} for item in ready
    }
    announce(context, quarter_ready, about)
    return list(about)
