"""`ingest_<feed>`: one DAG per feed of the site, built from the contracts."""

from __future__ import annotations

from zlib import crc32

from airflow.sdk import DAG, get_current_context, get_parsing_context, task
from house_rules import DEFAULT_ARGS, Tag, announce_ready, doc, dry_run_param, key_of, quarter_param
from opened_site import opened
from quarter_timetable import InboxTimetable, is_dry_run, partition_key, quarter_ready, run_key

from include.site import LightFeed, light_feeds

ZONE = "Asia/Shanghai"


@task(
    multiple_outputs=False,
    outlets=[quarter_ready],
    task_display_name="接收并校验 Receive and validate",
    # Before scoring, so that feeds which arrive together are scored together.
    priority_weight=10,
)
def ingest(feed: str) -> dict[str, int]:
    """Judge the feed's deliveries; announce the quarters that this makes ready. Returns counts."""
    from include.pipeline.ingest import ingest_feed
    from include.pipeline.ready import ready_quarters

    context = get_current_context()
    site, now = opened()
    dry_run = is_dry_run(context)
    report = ingest_feed(site, feed, now=now, dry_run=dry_run)
    touched = {partition_key(*where) for where in report.quarters}
    if asked := run_key(context)[1]:
        touched |= {partition_key(jurisdiction, asked) for jurisdiction in site.jurisdictions}
    ready = ready_quarters(site, now=now) if touched and not dry_run else []
    announce_ready(context, [item for item in ready if key_of(item) in touched])
    return dict(report.counts)


def ingest_dag(feed: LightFeed) -> DAG:
    """Build the DAG of one feed."""
    # Every hour, each feed at a minute of its own, so that they do not all start together.
    minute = crc32(feed.code.encode()) % 60
    with DAG(
        dag_id=f"ingest_{feed.code}",
        dag_display_name=f"报送·{feed.title_zh}",
        description=f"{feed.title_en}: inbox to staged rows",
        schedule=InboxTimetable(f"{minute} * * * *", timezone=ZONE),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=[Tag.INGEST],
        params={"quarter": quarter_param(), "dry_run": dry_run_param()},
        doc_md=doc(
            f"接收、校验并暂存“{feed.title_zh}”收件箱中的全部待处理文件;某季度因此齐备或更正时,通知评分。\n\n"
            f"Lands, validates and stages every pending file of {feed.title_en}; announces the quarters that "
            "become complete or corrected.",
            f"每小时第 {minute} 分;也可手工触发。 Every hour at minute {minute}, and by hand.",
            "单个文件有误不会失败:该文件被暂扣并写入退回清单,其余照常。任务失败多为磁盘、网络或数据库故障,"
            "自动重试三次;配置错误不重试,日志写明文件、所见与应为。\n\nA wrong file is held, not a failure. "
            "I/O faults are tried again three times; wrong settings are not, and the log names them.",
            "随时可重跑,同样的字节只记一次。填了季度,则没有新文件也会检查该季度可否评分;补跑默认试算。\n\n"
            "Safe at any time: the same bytes count once. With a quarter, that quarter is announced if it is "
            "ready, even where no file came; a back-fill is a dry run by default.",
        ),
    ) as dag:
        ingest(feed.code)
    return dag


# A task reads this file to find its own DAG only.
wanted = get_parsing_context().dag_id
for light_feed in light_feeds():
    if wanted in (None, f"ingest_{light_feed.code}"):
        ingest_dag(light_feed)
