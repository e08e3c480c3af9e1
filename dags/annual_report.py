"""`annual_report`: in January, settles the year that has ended, and says what the new year still lacks."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param, get_current_context, task
from house_rules import DEFAULT_ARGS, Tag, doc, dry_run_param
from opened_site import opened

log = logging.getLogger(__name__)


@task(multiple_outputs=False, task_display_name="年度结算 Settle the year")
def settle() -> dict[str, dict[str, Any]]:
    """Settle every area and framework that can be; return outcomes and counts by `<area>.<framework>`."""
    from include.pipeline.settle_year import settle_year
    from include.pipeline.year_tasks import YearRefused, is_plan_open

    site, now = opened()
    params = get_current_context()["params"]
    year = params["year"] or now.astimezone(site.zone).year - 1
    found: dict[str, dict[str, Any]] = {}
    for area in site.jurisdictions:
        for name in site.settings.frameworks:
            code = name.partition("@")[0]
            said = found[f"{area}.{code}"] = {
                "year": year,
                "tasks_to_freeze": is_plan_open(site, area, year + 1),
            }
            try:
                made = settle_year(site, area, code, year, now=now, dry_run=params["dry_run"])
            except YearRefused as refused:
                log.warning("%s", refused)
                said["outcome"] = "refused"
                continue
            units = made.units
            said |= {
                "outcome": made.outcome,
                "release_id": made.release_id,
                "review_id": made.review_id,
                "settled": int((units["state"] == "value").sum()),
                "not_settled": int((units["state"] != "value").sum()),
                "check_up": int(units["is_listed"].sum()),
                "quarters_missing": len(made.missing),
            }
    return found


with DAG(
    dag_id="annual_report",
    dag_display_name="年度结算与报告",
    description="Settles the year from its final quarters and opens the review of the settlement",
    schedule=CronTriggerTimetable("40 6 25 1 *", timezone="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.SCORE],
    params={
        "year": Param(
            None,
            type=["null", "integer"],
            minimum=1900,
            maximum=2999,
            title="年度 Year",
            description="缺省为上一年 The year before by default",
        ),
        "dry_run": dry_run_param(),
    },
    doc_md=doc(
        "由已定稿的季度、冻结的年度任务和整改结果结算上一年:各项得分、两条线、总分、名次和等次,列出政治体检名单,"
        "整体发布为暂定版并发起两道审核;定稿后,年度报告(mingjing issue --kind year_report)即取用其等次、"
        "并列组和三个维度。同时提示新一年的任务清单是否已到而未冻结(mingjing year freeze)。\n\n"
        "Settles the year that has ended from its final quarters, frozen tasks and results of rectification, publishes "
        "it as a provisional release and opens its two reviews; once final, the yearly report takes grades, bands and "
        "the three dimensions from it. Says whether the new year's list of tasks waits to be frozen.",
        "每年 1 月 25 日 06:40(北京时间);也可手工触发并填年度。 On 25 January, 06:40, Asia/Shanghai, and by hand.",
        "没有定稿的季度、任务未冻结时,该地区记为 refused 并写明原因,其余照常。故障自动重试三次。\n\n"
        "Where no quarter is final or the tasks were never frozen, the area is counted as refused and the log says "
        "why; the others go on. I/O faults are tried again.",
        "输入未变时不产生新版本;又有季度定稿后再触发,即为新的修订。\n\nUnchanged input releases nothing new; "
        "after another quarter is final, trigger it again for a revision.",
    ),
) as dag:
    settle()
