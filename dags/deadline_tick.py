"""`deadline_tick`: once a day, announces the quarters that are ready and counts what is due soon or late."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, get_current_context, task
from house_rules import DEFAULT_ARGS, Tag, announce_ready, doc
from opened_site import opened
from quarter_timetable import quarter_ready


@task(multiple_outputs=False, outlets=[quarter_ready], task_display_name="检查报送时限 Check deadlines")
def tick() -> dict[str, Any]:
    """Record what is due, announce every ready quarter, delete what has lain its time; return keys and counts."""
    from include.pipeline.due import due_counts, due_deliveries, record_expectations
    from include.pipeline.ready import ready_quarters
    from include.pipeline.retain import retain

    site, now = opened()
    record_expectations(site, now=now)
    due = due_deliveries(site, now=now)
    for one in due:
        item = one.expected
        logging.getLogger(__name__).info(
            "%s %s %s/%s: %d days left",
            one.jurisdiction,
            item.quarter,
            item.feed,
            item.supplier,
            one.days_left,
        )
    deleted = retain(site, now=now)
    return {
        "announced": announce_ready(get_current_context(), ready_quarters(site, now=now)),
        "deliveries": due_counts(due),
        "deleted": len(deleted),
    }


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
        "检查各地区各季度的报送情况,对已齐备、已逾期或有更正而尚未发布的季度发出 quarter_ready;"
        "记录应报数据与期限,日志逐条列出 14 天内到期和已逾期的数据源与单位代码(联系人见 mingjing due);"
        "销毁保存期已满的原始文件和退回表,逐个留下销毁记录。\n\n"
        "Announces every quarter that is complete, overdue or corrected and not released yet; records what is due and "
        "logs what is due within 14 days or late, by code (whom to call: mingjing due). "
        "Deletes raw files and returned workbooks that have lain their time, with a tombstone for each.",
        "每天 06:10(北京时间)。 Daily at 06:10, Asia/Shanghai.",
        "自动重试三次;次日再查,不会遗漏。 Tried again three times; the next day looks at everything again.",
        "随时可手工触发;已发布且输入未变的季度不会重复评分。 Safe at any time: unchanged quarters rest.",
    ),
) as dag:
    tick()
