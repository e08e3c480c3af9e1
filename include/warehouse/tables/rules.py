"""The rules of a framework as data: conditions with operator and threshold, and when a figure is rated."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from include.warehouse.tables.base import Key, figure, metadata, number, text


def _framework_key() -> Column[int]:
    return Column(
        "framework_key",
        Key,
        ForeignKey("dim_framework.framework_key"),
        primary_key=True,
        autoincrement=False,
        comment="体系版本键",
    )


dim_rule_condition = Table(
    "dim_rule_condition",
    metadata,
    _framework_key(),
    text("kind", "种类(adjustment=加减分 warning=预警 band=颜色界限 grade=等次)", primary_key=True),
    text("code", "代码(颜色界限为次序)", primary_key=True),
    number("position", "比较的次序(从 1 起;须同时成立)", primary_key=True, autoincrement=False),
    text("rule_on", "对象(index、groups.depth1、groups.<代码>、indicators.<代码>、adjustments.<代码>)"),
    text("term", "所比的数(rate=得分率 points=得分 value=计量值 change=较上期变化 rank_share=名次占比…)"),
    figure("argument", "所比的数的参数(仅 quarters_below)"),
    text("operator", "比较符"),
    figure("threshold", "界限(term 为 state 时无)"),
    text("threshold_state", "界限状态(仅 term 为 state)", default=""),
    text("colour", "颜色(空=无)", default=""),
    comment="每份指标体系的每条规则、每个比较一行:对象、比较符、界限。"
    "One row per framework content, rule and comparison: what it is on, operator, threshold.",
)

dim_rating_rule = Table(
    "dim_rating_rule",
    metadata,
    _framework_key(),
    text("level", "层级(index=指数 group=维度 indicator=指标)", primary_key=True),
    text("code", "维度或指标代码(空=指数)", primary_key=True),
    figure("full_points", "满分(按权重时无)"),
    text("combine", "合成方法(sum=相加;指标为空)", default=""),
    number("sums_throughout", "其下是否全为相加(1=是:失分可折合指数)", default=0),
    figure("min_attainable", "可得分占标准分的最小比例,不足即未评(指标无)"),
    text("min_present", "下级最少个数或占比(空=一个即可)", default=""),
    figure("min_denominator", "最少件数,不足即未评(空=不设)"),
    text("missing", "缺失的处理(skip、zero、not_rated、mean、median、previous、constant)", default=""),
    text("missing_zh", "缺失的处理", default=""),
    text("missing_en", "缺失的处理(英文)", default=""),
    text("applies_to", "适用类别(逗号分隔;空=全部)", default=""),
    text("better", "越高越好还是越低越好(空=由规则定)", default=""),
    text("rated_by", "评价部门(空=计量)", default=""),
    comment="每份指标体系的每个节点一行:何时计分、缺失怎样处理。"
    "One row per framework content and node: when it is rated, and what a missing value counts as.",
)
