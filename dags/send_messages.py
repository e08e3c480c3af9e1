"""`send_messages`: tells people what waits for them, by mail and in the groups of site.yaml."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, task
from house_rules import DEFAULT_ARGS, Tag, doc
from opened_site import opened


# A queue of its own: in production only its worker has a way out (docker-compose.yaml).
@task(multiple_outputs=False, queue="messages", task_display_name="发送消息 Send messages")
def send() -> dict[str, int]:
    """Send what is new to each audience; return counts."""
    site, now = opened()
    if not site.settings.notify:
        return {}
    from sending import send_all

    return send_all(site, now=now)


with DAG(
    dag_id="send_messages",
    dag_display_name="消息提醒",
    description="Tells each audience of site.yaml what is due: counts, a link, the next act",
    schedule=CronTriggerTimetable("*/15 8-19 * * *", timezone="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.CLOCK],
    doc_md=doc(
        "按 site.yaml 的 notify,把各地区各对象的新事项合并为一条消息,经邮件或企业微信、钉钉、飞书群发出:"
        "待初审、待复审、被退回、已定稿、待报和逾期。只有件数、链接和下一步,不含个人信息。\n\n"
        "One message per area and audience of site.yaml's `notify`, by mail or to a group in WeCom, DingTalk or "
        "Feishu: lists to review, sent back, final; deliveries due and late. Counts, a link and the next act; no "
        "personal data.",
        "每天 8 时至 20 时,每 15 分钟(北京时间)。 Every 15 minutes from 8 to 20 o'clock, Asia/Shanghai.",
        "送不出去不算失败:记入日志和计数,15 分钟后按当时情况再发;同一事项对同一渠道只发一次。\n\n"
        "A message that cannot be sent is no failure: it is logged, counted and tried again 15 minutes later. The same "
        "news goes to the same channel once.",
        "随时可手工触发。 Safe at any time.",
    ),
) as dag:
    send()
