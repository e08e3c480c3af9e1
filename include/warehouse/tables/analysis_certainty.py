"""How sure a release is, and what of its data asks for a second look. Written after it, never part of its digest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, PrimaryKeyConstraint, Table

from include.warehouse.tables.base import figure, jurisdiction, metadata, moment, number, text
from include.warehouse.tables.release import release_reference


def _analysis(name: str, *columns: Column[Any], grain: tuple[str, ...], comment: str) -> Table:
    return Table(
        name,
        metadata,
        release_reference(),
        jurisdiction(),
        *columns,
        PrimaryKeyConstraint("release_id", *grain),
        comment=comment,
    )


certainty_run = _analysis(
    "certainty_run",
    text("state", "状态(value=已分析 not_declared=体系未声明)"),
    number("draws", "抽样次数(0=未分析)"),
    number("seed", "抽样种子"),
    figure("rank_shift", "平均名次变动"),
    figure("index_shift", "平均指数变动(分)"),
    text("result_digest", "分析结果摘要(空=未分析)", default=""),
    number("leads", "数据质量线索条数"),
    moment("made_at", "分析时间(UTC)"),
    grain=(),
    comment="每次发布的确定性分析一行;没有此行即尚未分析。One row per release whose certainty was worked out.",
)

certainty_unit = _analysis(
    "certainty_unit",
    text("unit_code", "单位代码"),
    figure("p_red", "红色的可能(0-1)"),
    figure("p_yellow", "黄色的可能(0-1)"),
    figure("p_green", "绿色的可能(0-1)"),
    figure("index_low", "指数下限(5%)"),
    figure("index_mid", "指数中位数"),
    figure("index_high", "指数上限(95%)"),
    Column("rank_low", BigInteger, nullable=True, comment="名次区间:最好(5%;空=未评,见状态)"),
    Column("rank_high", BigInteger, nullable=True, comment="名次区间:最差(95%;空=未评,见状态)"),
    number("band", "并列组(1=最好;0=未评)"),
    number("band_units", "同组单位数"),
    text("state", "状态"),
    grain=("unit_code",),
    comment="每次发布、单位一行:颜色、指数、名次有多可靠。One row per release and unit.",
)

certainty_choice = _analysis(
    "certainty_choice",
    text("figure", "所看的数(rank_shift=名次变动 index_shift=指数变动)"),
    text("choice", "方法选择"),
    figure("first", "一阶敏感度", nullable=False),
    figure("first_conf", "一阶敏感度半宽(95%)", nullable=False),
    figure("total", "总敏感度", nullable=False),
    figure("total_conf", "总敏感度半宽(95%)", nullable=False),
    grain=("figure", "choice"),
    comment="每次发布、所看的数、方法选择一行(Sobol)。One row per release, figure and choice (Sobol indices).",
)

certainty_node = _analysis(
    "certainty_node",
    text("kind", "种类(indicator=指标 group=维度 index=指数)"),
    text("code", "指标或维度代码"),
    figure("nominal", "名义权重(占指数)", nullable=False),
    figure("effective", "实际权重(占指数差异)"),
    figure("alpha", "下级的克隆巴赫系数"),
    figure("dropped_rank_shift", "剔除后的平均名次变动"),
    text("closest", "最相关的指标(空=无)", default=""),
    figure("correlation", "与其相关系数"),
    text("effective_state", "实际权重状态(value=有值 none=指数无差异)"),
    text("alpha_state", "系数状态(value=有值 none=不可算或为指标)"),
    text("dropped_state", "剔除状态(value=有值 none=不是指标)"),
    grain=("kind", "code"),
    comment="每次发布、指标或维度一行:权重与相关。One row per release and indicator, group or index.",
)

fairness_indicator = _analysis(
    "fairness_indicator",
    text("unit_code", "单位代码"),
    text("indicator_code", "指标代码"),
    figure("value", "计量值", nullable=False),
    number("n", "件数或份数"),
    figure("peer_mean", "同类均值", nullable=False),
    figure("low_95", "95% 下限", nullable=False),
    figure("high_95", "95% 上限", nullable=False),
    figure("low_998", "99.8% 下限", nullable=False),
    figure("high_998", "99.8% 上限", nullable=False),
    text("position", "位置(inside=界内 better_95 better_998=好于 worse_95 worse_998=差于)"),
    figure("shrunk", "向同类收缩后的值", nullable=False),
    figure("own_weight", "其中本单位所占(0-1)", nullable=False),
    grain=("unit_code", "indicator_code"),
    comment="每次发布、单位、有抽样误差的指标一行:漏斗界限与收缩值。One row per release, unit and sampled indicator.",
)

quality_lead = _analysis(
    "quality_lead",
    text("unit_code", "单位代码"),
    text("feed", "数据源"),
    text("signal", "信号代码"),
    text("detail", "所在(如渠道;空=无)", default=""),
    text("title_zh", "信号名称"),
    text("title_en", "信号英文名"),
    Column("figures", JSON, nullable=False, comment="所依据的数字(JSON)"),
    text("sentence_zh", "说明"),
    text("sentence_en", "英文说明"),
    text("source", "依据"),
    grain=("unit_code", "feed", "signal", "detail"),
    comment="每次发布、单位、数据源、信号、所在一行:数据质量线索,从不计分。"
    "One row per release, unit, feed, signal and detail: a lead on data quality, never scored.",
)

lead_check = _analysis(
    "lead_check",
    text("feed", "数据源"),
    text("signal", "信号代码"),
    text("title_zh", "信号名称"),
    text("title_en", "信号英文名"),
    text(
        "state",
        "状态(looked=已查 no_feed=本地区无此数据源 not_received=本期未收到 column_missing=契约缺所需的列)",
    ),
    number("units", "参评单位数(未查=0)", default=0),
    number("units_tested", "其中有此情形、件数够多、作了检验的单位数", default=0),
    number("found", "线索条数", default=0),
    text("test", "检验(binomial=精确二项 two_sample=两样本)"),
    figure("alpha", "机会概率须小于", nullable=False),
    number("min_n", "最少件数"),
    figure("min_excess", "比例至少高出", nullable=False),
    number("lookback_quarters", "回看季度数"),
    grain=("feed", "signal"),
    comment="每次发布、数据源、信号一行:查没查、查了多少单位、界限、查到几条。没有线索不等于没有查。"
    "One row per release, feed and signal: whether it was looked at, over how many units, by which thresholds.",
)

ANALYSES: dict[str, Table] = {
    table.name: table
    for table in (
        certainty_unit,
        certainty_choice,
        certainty_node,
        fairness_indicator,
        quality_lead,
        lead_check,
    )
}
"""Tables written with a row of certainty_run, in the same transaction."""
