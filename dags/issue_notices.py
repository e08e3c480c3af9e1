"""`issue_notices`: issues the documents of a quarter whose list has passed both reviews."""

from __future__ import annotations

import logging

from airflow.sdk import DAG, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException
from house_rules import DEFAULT_ARGS, Tag, asked_quarter, doc, quarter_params
from opened_site import opened
from quarter_timetable import QuarterAssetTimetable, quarter_reviewed

from include.quarters import Quarter
from include.site import open_site

log = logging.getLogger(__name__)


@task(multiple_outputs=False, task_display_name="出具文书 Issue documents")
def issue_all() -> dict[str, dict[str, int | str]]:
    """Issue what may go out; return, by framework, how many documents were issued, stood, were superseded."""
    from include.pipeline.access import NotAllowed
    from include.pipeline.after_review import AUTOMATIC, issue_quarter

    context = get_current_context()
    jurisdiction, quarter = asked_quarter(context)
    site, now = opened()
    account = context["dag_run"].triggering_user_name or AUTOMATIC
    try:
        found = issue_quarter(site, jurisdiction, Quarter.parse(quarter), account=account, now=now)
    except NotAllowed as refusal:
        raise AirflowFailException(str(refusal)) from refusal
    for one in found:
        log.info("%s: %s", one.framework, one.sentence or one.report)
    if account != AUTOMATIC and all(one.report is None for one in found):
        raise AirflowFailException("\n".join(f"{one.framework}: {one.sentence}" for one in found))
    return {
        one.framework: {
            "issued": len(one.report.issued),
            "known": one.report.known,
            "superseded": one.report.superseded,
            "manifest": one.report.manifest_sha256,
        }
        for one in found
        if one.report is not None
    }


areas = open_site().jurisdictions
with DAG(
    dag_id="issue_notices",
    dag_display_name="出具文书",
    description="Issues the documents of a quarter that has passed both reviews",
    schedule=QuarterAssetTimetable(assets=quarter_reviewed, jurisdictions=areas),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[Tag.REVIEW],
    params=quarter_params(areas),
    doc_md=doc(
        "为已定稿(并公示期满)的季度出具预警通知书、评价情况反馈表和评价报告,签名、编号、登记,写入数据湖。\n\n"
        "Issues the notices, feedback forms and the report of a quarter that is final (and has been on show where the "
        "pack asks for it): signed, numbered, listed, written into the lake.",
        "收到 quarter_reviewed 时,以账号 issue_notices 出具(site.yaml 须列为 issuer,指标包写明 issue_by: hand 的除外);"
        "手工触发时,以触发者的账号出具。\n\n"
        "On quarter_reviewed as the account issue_notices, which site.yaml must list as issuer (not where the pack "
        "says issue_by: hand); by hand as the account of whoever starts it.",
        "不会只出具一半。账号无权、模板或文字有误不重试,日志写明原因;故障自动重试三次。\n\n"
        "Nothing is issued by halves. A missing right, template or text is not tried again and the log says what; I/O "
        "faults are.",
        "随时可重跑:已出具的不重复。 Safe at any time: what stands is not issued twice.",
    ),
) as dag:
    issue_all()
