"""Why a unit has its colour, what would turn it green, and why a figure is not there. Beside the facts of a release.

Written in the transaction that publishes, worked out from nothing but what is published, and no part of its digest.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, PrimaryKeyConstraint, Table

from include.warehouse.tables.base import figure, jurisdiction, metadata, text
from include.warehouse.tables.release import release_reference

_REMEDIES = (
    "points=对象再得若干分 cases=分子变到若干件 value=计量值变到若干 none_fact=认定的事实,本期不变"
    " none_peers=取决于同类 none_data=缺数据"
)


def _reason(name: str, *columns: Column[Any], grain: tuple[str, ...], comment: str) -> Table:
    return Table(
        name,
        metadata,
        release_reference(),
        jurisdiction(),
        text("unit_code", "单位代码"),
        *columns,
        PrimaryKeyConstraint("release_id", "unit_code", *grain),
        sqlite_with_rowid=False,
        comment=comment,
    )


fct_unit_colour = _reason(
    "fct_unit_colour",
    text("band_colour", "仅按颜色界限的颜色(空=未评)", default=""),
    text("warning_colour", "预警给出的最差颜色(空=无预警)", default=""),
    text("veto_colour", "否决给出的最差颜色(空=无否决)", default=""),
    text("remedy", f"转绿的最小改动(空=已绿或未评 {_REMEDIES} several=不止一个数,见各条原因)", default=""),
    text("target", "最小改动的对象(指数、维度或指标代码;空=无)", default=""),
    figure("points_lacking", "对象还差的原始分(不是 points 时无)"),
    figure("index_points_lacking", "折合百分制还差的分(不是 points 或不可折算时无)"),
    figure("numerator", "计量现分子(不是 cases 时无)"),
    figure("denominator", "计量分母(不是 cases 或为数量时无)"),
    figure("numerator_needed", "分子须到(不是 cases 时无)"),
    figure("value_needed", "计量值须到(不是 cases 或 value 时无)"),
    text("sentence_zh", "说明(空=已绿或未评)", default=""),
    text("sentence_en", "英文说明(空=已绿或未评)", default=""),
    grain=(),
    comment="每次发布、单位一行:颜色由什么给出,转绿的最小改动(是一个数时)。"
    "One row per release and unit: what gives its colour, and the smallest change to green where it is one number.",
)

fct_colour_reason = _reason(
    "fct_colour_reason",
    text("kind", "种类(band=颜色界限 warning=预警 veto=否决)"),
    text("rule_code", "规则代码(颜色界限为次序,otherwise=无界限成立)"),
    text("target", "对象(index=指数 groups.<代码>=维度 indicators.<代码>=指标 adjustments.<代码>=加减分)"),
    text("colour", "该条给出的颜色"),
    text(
        "term",
        "所比的数(rate=得分率 points=得分 value=计量值 change=较上期变化 rank_share=名次占比…)",
        default="",
    ),
    figure("figure", "实际的数(term 为 state 时无)"),
    text("operator", "比较符", default=""),
    figure("threshold", "界限(term 为 state 时无)"),
    text("threshold_state", "界限状态(仅 term 为 state)", default=""),
    text("remedy", f"怎样消除({_REMEDIES})"),
    figure("points_lacking", "对象还差的原始分(不是 points 时无)"),
    figure("index_points_lacking", "折合百分制还差的分(不是 points 或不可折算时无)"),
    figure("numerator", "计量现分子(不是 cases 时无)"),
    figure("denominator", "计量分母(不是 cases 或为数量时无)"),
    figure("numerator_needed", "分子须到(不是 cases 时无)"),
    figure("value_needed", "计量值须到(不是 cases 或 value 时无)"),
    text("sentence_zh", "说明"),
    text("sentence_en", "英文说明"),
    grain=("kind", "rule_code", "target"),
    comment="每次发布、非绿单位、使其不绿的原因一行;逐条消除即转绿。条件有几个比较时,数字取最易消除的一个。"
    "One row per release, unit not green and reason that keeps it from green; undo every row and it is green.",
)

fct_state_reason = _reason(
    "fct_state_reason",
    text("level", "层级(index=指数 group=维度 indicator=指标 change=较上期变化)"),
    text("code", "维度或指标代码(空=指数、变化)", default=""),
    text("state", "状态"),
    text(
        "reason",
        "原因(feed_not_used=本地区无此数据源 feed_not_received=本期未收到 no_figure=已收到但本单位无数"
        " nothing_to_judge=分母为零,无事可评 other_peer_group=不适用于该类别 too_few_cases=少于最少件数"
        " rule_cannot_score=规则无法计分 suppressed=不公开 no_child=下级均未计 too_few_children=计入的下级太少"
        " too_little_attainable=可得分不足 no_earlier_release=无上期发布 not_scored_before=上期不在参评单位中"
        " not_rated_before=上期未评 not_rated_now=本期未评)",
    ),
    figure("figure", "所看的数(件数或可得分占比;其余原因无)"),
    figure("minimum", "所需的最小值(其余原因无)"),
    grain=("level", "code"),
    comment="每次发布、单位、没有自己数值的指标、维度、指数或变化一行:为什么。"
    "One row per release, unit and indicator, group, index or change without a figure of its own: why.",
)

REASONS: dict[str, Table] = {
    table.name: table for table in (fct_unit_colour, fct_colour_reason, fct_state_reason)
}
"""Tables written with a release, by name."""
