"""`review_warnings`: two people in turn decide on a released quarter's warnings; then notices may be issued."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException
from house_rules import DEFAULT_ARGS, Tag, asked_quarter, doc, quarter_params
from opened_site import opened
from quarter_timetable import (
    QuarterAssetTimetable,
    announce,
    partition_key,
    quarter_released,
    quarter_reviewed,
    run_key,
)
from review_operator import WAKE_SECONDS, ReviewOperator

from include.quarters import Quarter
from include.site import open_site


@task(multiple_outputs=False, task_display_name="发起审核 Open reviews")
def open_all() -> list[dict[str, int | str]]:
    """Open a review of every framework's provisional release; return their numbers and the frameworks' titles."""
    from include.pipeline.catalogue import packs_of
    from include.pipeline.review import open_reviews
    from include.pipeline.review_card import review_card

    jurisdiction, asked = asked_quarter(get_current_context())
    site, now = opened()
    quarter = Quarter.parse(asked)
    titles = {pack.framework.framework: pack.framework.title.zh for pack in packs_of(site, quarter)}
    found = open_reviews(site, jurisdiction, quarter, now=now, actor="review_warnings")
    codes = {number: review_card(site, number, step=1).review.framework_code for number in found}
    return [{"review_id": number, "title": titles[code]} for number, code in codes.items()]


@task.sensor(
    mode="reschedule",
    poke_interval=WAKE_SECONDS,
    timeout=timedelta(days=365),
    map_index_template="{{ title }}",
    task_display_name="公示 On show",
)
def shown(review: dict[str, Any]) -> bool:
    """Wait while the pack wants the results on show; skipped once another release is final."""
    from include.pipeline.after_review import on_show

    get_current_context()["title"] = review["title"]
    site, now = opened()
    state = on_show(site, review["review_id"], now=now)
    if state == "superseded":
        raise AirflowSkipException(state)
    return state == "over"


@task(
    multiple_outputs=False,
    outlets=[quarter_reviewed],
    map_index_template="{{ title }}",
    task_display_name="审核结束 Reviewed",
)
def reviewed(review: dict[str, Any]) -> None:
    """Announce that documents may go out."""
    context = get_current_context()
    context["title"] = review["title"]
    jurisdiction, quarter = run_key(context)
    announce(
        context,
        quarter_reviewed,
        {partition_key(str(jurisdiction), str(quarter)): {"review_id": review["review_id"]}},
    )


@task_group
def one_review(review: dict[str, Any]) -> None:
    """Two reviews, and the period on show where the pack asks for one."""
    first = ReviewOperator(task_id="first", task_display_name="初审 First review", review=review, step=1)
    second = ReviewOperator(task_id="second", task_display_name="复审 Second review", review=review, step=2)
    first >> second >> shown(review) >> reviewed(review)


areas = open_site().jurisdictions
with DAG(
    dag_id="review_warnings",
    dag_display_name="预警审核",
    description="Two people in turn decide on a released quarter's warnings",
    schedule=QuarterAssetTimetable(assets=quarter_released, jurisdictions=areas),
    catchup=False,
    # A run waits for people, for days; guards in the warehouse keep the runs apart.
    max_active_runs=64,
    default_args=DEFAULT_ARGS,
    tags=[Tag.REVIEW],
    params=quarter_params(areas),
    doc_md=doc(
        "把一个季度的预警名单依次交给初审人和复审人,在“待办”中确认、逐条不予确认或退回;两审通过后发布定稿,"
        "才可出具文书。修订一出,未办完的审核即作废。\n\n"
        "Puts a quarter's list of warnings before two reviewers in turn, under *Required Actions*: confirm, dismiss "
        "one by one, or send back. After both the release is final, and only then notices may be issued. A revision "
        "ends a review that is not finished.",
        "收到 quarter_released 时;退回之后再审,请手工触发。 On quarter_released; by hand for the next round "
        "after a list was sent back.",
        "答复未被接受时,卡片重新出现,任务名称后写明原因。数据库故障自动重试,已给的答复不会丢失。\n\n"
        "After an answer that is not taken the card is there again, with the reason beside its name. Faults of the "
        "database are tried again; an answer that was given is not lost.",
        "随时可清除重跑:审核的结论在数据仓库中,不会重复记录;已办的审核直接通过。\n\n"
        "Safe at any time: what was decided stands in the warehouse and is not recorded twice; a step that was "
        "answered passes at once.",
    ),
) as dag:
    one_review.expand(review=open_all())
