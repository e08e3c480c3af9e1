"""`score_quarter`: scores a quarter when it is announced as ready, and again when it is corrected."""

from __future__ import annotations

import logging

from airflow.sdk import DAG, Param, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
from house_rules import (
    DEFAULT_ARGS,
    Tag,
    announce_ready,
    asked_quarter,
    doc,
    dry_run_param,
    key_of,
    quarter_params,
)
from opened_site import opened
from quarter_timetable import (
    QuarterAssetTimetable,
    announce,
    is_dry_run,
    partition_key,
    quarter_ready,
    quarter_released,
)

from include.quarters import Quarter
from include.site import light_feeds, open_site

log = logging.getLogger(__name__)


@task(
    multiple_outputs=False,
    outlets=[quarter_ready, quarter_released],
    task_display_name="计量、评分、预警、发布 Measure, score, warn, release",
)
def score() -> dict[str, dict[str, int | str]]:
    """Score and release the run's quarter, announce it for review, and the later ones that build on it.

    Returns, by framework, release, revision, outcome and counts.
    """
    from include.pipeline.ingest import ingest_feed
    from include.pipeline.ready import ready_quarters
    from include.pipeline.score_quarter import score_quarter
    from include.pipeline.unreviewed import unreviewed_quarters

    context = get_current_context()
    jurisdiction, quarter = asked_quarter(context)
    site, now = opened()
    dry_run = is_dry_run(context)
    announced = context["dag_run"].run_type == "asset_triggered"
    # Who asks for a list by hand is its author, and may not review it.
    actor = context["dag_run"].triggering_user_name or "score_quarter"
    if announced and partition_key(jurisdiction, quarter) not in map(key_of, ready_quarters(site, now=now)):
        raise AirflowSkipException(
            "输入与现行版本相同,无需重算。 The current revision has this input already."
        )
    for feed in context["params"]["feeds"]:
        ingest_feed(site, feed, now=now, dry_run=dry_run)
    reports = score_quarter(site, jurisdiction, Quarter.parse(quarter), now=now, dry_run=dry_run, actor=actor)
    for report in reports:
        log.info("%s", report.sentence)
    ready = [] if dry_run else ready_quarters(site, now=now)
    later = [item for item in ready if item.jurisdiction == jurisdiction and str(item.quarter) > quarter]
    announce_ready(context, later)
    asked = partition_key(jurisdiction, quarter)
    waiting = [] if dry_run else [partition_key(area, str(one)) for area, one in unreviewed_quarters(site)]
    announce(context, quarter_released, {asked: {}} if asked in waiting else {})
    return {
        report.framework: {
            "release_id": report.release_id,
            "revision": report.revision,
            "outcome": report.outcome,
            "missing": len(report.missing),
            **report.counts,
        }
        for report in reports
    }


areas = open_site().jurisdictions
feeds = [feed.code for feed in light_feeds()]
with DAG(
    dag_id="score_quarter",
    dag_display_name="季度评分",
    description="Measures, scores, warns and releases one jurisdiction's quarter",
    schedule=QuarterAssetTimetable(assets=quarter_ready, jurisdictions=areas),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.SCORE],
    params={
        **quarter_params(areas),
        "feeds": Param(
            [],
            type="array",
            items={"type": "string", "enum": feeds},
            examples=feeds,
            title="先接收的数据源 Feeds to take in first",
        ),
        "dry_run": dry_run_param(),
    },
    doc_md=doc(
        "计算一个地区一个季度的计量值、得分、指数、排名和预警,作为新版本整体发布,并写明缺哪些数据源。\n\n"
        "Computes measures, scores, index, ranks and warnings, and releases them as one revision that says "
        "which feeds are missing.",
        "收到 quarter_ready 时,每个“地区.季度”一次,更正后再次;也可手工触发或按季度补跑。\n\n"
        "On quarter_ready, once per `<jurisdiction>.<quarter>`, again after a correction; by hand; by "
        "back-fill.",
        "上一版本继续有效,不会只发布一半。故障自动重试三次;数据或配置错误不重试,日志写明原因。\n\n"
        "The previous revision stands; nothing is released by halves. I/O faults are tried again; wrong data "
        "or settings are not, and the log says what is wrong.",
        "输入未变时重跑不产生新版本。补跑默认试算。\n\nUnchanged input releases nothing new; a back-fill "
        'is a dry run unless its conf says `{"dry_run": false}`.',
    ),
) as dag:
    score()
