"""Why scores moved between releases, and the rules of a framework in words. Append-only, beside the facts."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, PrimaryKeyConstraint, Table

from include.warehouse.tables.base import Key, figure, jurisdiction, metadata, text
from include.warehouse.tables.release import release_reference


def _from_release() -> Column[int]:
    return Column(
        "from_release_id",
        Key,
        ForeignKey("release.release_id"),
        nullable=False,
        autoincrement=False,
        comment="对比的前次发布号",
    )


fct_score_move = Table(
    "fct_score_move",
    metadata,
    release_reference(),
    _from_release(),
    jurisdiction(),
    text("unit_code", "单位代码"),
    text("factor", "因素(performance=本期表现 late_data=迟报更正 rule_change=规则变化 peers=同类变化)"),
    figure("points", "分(未取整指数之差的一部分)"),
    figure("published_points", "分(公布指数之差的一部分)"),
    text(
        "state",
        "状态(value=有值 appeared=新增单位 disappeared=不再参评 not_rated_before=前次未评"
        " not_rated_after=本次未评 not_rated=两次均未评)",
    ),
    PrimaryKeyConstraint("release_id", "from_release_id", "unit_code", "factor"),
    sqlite_with_rowid=False,
    comment="每次发布、前次发布、单位、因素一行;四项之和恰为两次指数之差。"
    "One row per release, earlier release, unit and factor; the four add up to the difference exactly.",
)

fct_score_move_item = Table(
    "fct_score_move_item",
    metadata,
    release_reference(),
    _from_release(),
    jurisdiction(),
    text("unit_code", "单位代码"),
    text("factor", "因素(performance=本期表现 late_data=迟报更正 rule_change=规则变化 peers=同类变化)"),
    text("kind", "种类(indicator=指标 adjustment=加减分 rest=其余)"),
    text("item", "指标或加减分代码(空=其余)", default=""),
    figure("points", "分(未取整指数)", nullable=False),
    PrimaryKeyConstraint("release_id", "from_release_id", "unit_code", "factor", "kind", "item"),
    sqlite_with_rowid=False,
    comment="每次发布、前次发布、单位、因素、指标或加减分一行;为零者不列。"
    "One row per release, earlier release, unit, factor and item that is not zero.",
)

dim_rule = Table(
    "dim_rule",
    metadata,
    Column(
        "framework_key",
        Key,
        ForeignKey("dim_framework.framework_key"),
        primary_key=True,
        autoincrement=False,
        comment="体系版本键",
    ),
    text("kind", "种类(indicator=指标 adjustment=加减分 warning=预警 band=颜色界限)", primary_key=True),
    text("code", "代码(颜色界限为次序)", primary_key=True),
    text("title_zh", "名称"),
    text("title_en", "英文名", default=""),
    text("rule_zh", "规则"),
    text("rule_en", "规则(英文)"),
    text("colour", "颜色(空=无)", default=""),
    text("advice_zh", "建议(空=无)", default=""),
    text("advice_en", "建议(英文;空=无)", default=""),
    comment="每份指标体系的每条规则一行,用文字写明。One row per framework content and rule, in words.",
)
