"""`follow_up`: every morning, what has become overdue, and which released quarters nobody was asked to review."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, get_current_context, task
from house_rules import DEFAULT_ARGS, Tag, doc
from opened_site import opened
from quarter_timetable import announce, partition_key, quarter_released


@task(multiple_outputs=False, task_display_name="整改跟踪 Follow rectification")
def follow() -> dict[str, int]:
    """Record what is overdue, the colours that follow, the results due as a feed; return counts."""
    from include.pipeline.follow_up import follow_up

    site, now = opened()
    return follow_up(site, now=now).counts


@task(multiple_outputs=False, outlets=[quarter_released], task_display_name="送审 Ask for reviews")
def ask() -> list[str]:
    """Announce the released quarters of which no review was opened; return their partition keys."""
    from include.pipeline.unreviewed import unreviewed_quarters

    keys = [partition_key(area, str(quarter)) for area, quarter in unreviewed_quarters(opened()[0])]
    announce(get_current_context(), quarter_released, {key: {} for key in keys})
    return keys


with DAG(
    dag_id="follow_up",
    dag_display_name="每日跟踪",
    description="What is overdue in rectification, and which releases wait for a review",
    schedule=CronTriggerTimetable("30 6 * * *", timezone="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.CLOCK],
    doc_md=doc(
        "登记当日逾期的整改事项和随之升级的颜色,写出应计入下季度的整改结果;对已发布而未送审的季度发出 "
        "quarter_released。谁该知道什么,由 send_messages 告知。\n\n"
        "Records items of rectification that became overdue, the colours that follow, and the results that count in "
        "the next quarter; announces released quarters that nobody was asked to review. Who has to know is told by "
        "send_messages.",
        "每天 06:30(北京时间)。 Daily at 06:30, Asia/Shanghai.",
        "自动重试三次;次日再查,不会遗漏。 Tried again three times; the next day looks at everything again.",
        "随时可手工触发;同一天重跑不重复登记。 Safe at any time: the same day records nothing twice.",
    ),
) as dag:
    follow()
    ask()
