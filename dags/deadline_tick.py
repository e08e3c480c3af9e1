"""`deadline_tick`: once a day, announces the quarters that are ready because a deadline has passed."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, get_current_context, task
from house_rules import DEFAULT_ARGS, Tag, announce_ready, doc, opened
from quarter_timetable import quarter_ready


@task(outlets=[quarter_ready], task_display_name="检查报送时限 Check deadlines")
def tick() -> list[str]:
    """Announce every ready quarter; return the partition keys."""
    from include.pipeline.ready import ready_quarters

    site, now = opened()
    return announce_ready(get_current_context(), ready_quarters(site, now=now))


with DAG(
    dag_id="deadline_tick",
    dag_display_name="报送时限检查",
    description="Announces complete, overdue and corrected quarters once a day",
    schedule=CronTriggerTimetable("10 6 * * *", timezone="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.CLOCK],
    doc_md=doc(
        "检查各地区各季度的报送情况,对已齐备、已逾期或有更正而尚未发布的季度发出 quarter_ready。\n\n"
        "Announces every quarter that is complete, overdue or corrected and not released yet.",
        "每天 06:10(北京时间)。 Daily at 06:10, Asia/Shanghai.",
        "自动重试三次;次日再查,不会遗漏。 Tried again three times; the next day looks at everything again.",
        "随时可手工触发;已发布且输入未变的季度不会重复评分。 Safe at any time: unchanged quarters rest.",
    ),
) as dag:
    tick()
