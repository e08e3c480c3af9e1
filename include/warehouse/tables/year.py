"""The tasks of a year: frozen plans, and reviews of their progress. Append-only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, PrimaryKeyConstraint, Table, UniqueConstraint

from include.warehouse.tables.base import Key, figure, jurisdiction, key, metadata, moment, number, text
from include.warehouse.tables.release import one_of

TASK_STANDINGS = ("", "behind", "at", "ahead")


def _plan_reference() -> Column[Any]:
    return Column(
        "plan_id",
        Key,
        ForeignKey("year_plan.plan_id"),
        nullable=False,
        autoincrement=False,
        comment="年度计划号",
    )


def _percent(name: str, comment: str, *, nullable: bool = False) -> Column[Any]:
    return figure(name, comment, nullable=nullable)


year_plan = Table(
    "year_plan",
    metadata,
    key("plan_id", "年度计划号"),
    jurisdiction(),
    number("year", "年度"),
    number("revision", "修订号"),
    text("plan_digest", "任务清单摘要"),
    Column("sources", JSON, nullable=False, comment="所据报送(JSON:名称与摘要)"),
    text("reason", "再次冻结的原因(首次为空)", default=""),
    moment("frozen_at", "冻结时间(UTC)"),
    text("frozen_by", "冻结账号"),
    text("role", "角色"),
    UniqueConstraint("jurisdiction", "year", "revision", name="uq_year_plan_revision"),
    comment="每个地区、年度、每次冻结一行;最新一行有效。One row per area, year and freeze; the latest counts.",
)

year_plan_task = Table(
    "year_plan_task",
    metadata,
    _plan_reference(),
    jurisdiction(),
    text("unit_code", "单位代码"),
    text("task_code", "任务编号"),
    text("decision", "重大决策部署"),
    text("task", "任务"),
    figure("weight", "权重(本单位合计 100)", nullable=False),
    text("target", "目标"),
    _percent("planned_q1_pct", "一季度末计划进度(%)"),
    _percent("planned_q2_pct", "二季度末计划进度(%)"),
    _percent("planned_q3_pct", "三季度末计划进度(%)"),
    _percent("planned_q4_pct", "四季度末计划进度(%)"),
    PrimaryKeyConstraint("plan_id", "unit_code", "task_code"),
    comment="每次冻结、单位、任务一行:权重、目标与节点。One row per freeze, unit and task: weight, target, milestones.",
)

progress_review = Table(
    "progress_review",
    metadata,
    key("progress_id", "进度检查号"),
    jurisdiction(),
    text("framework_code", "体系代码"),
    text("period", "期间"),
    _plan_reference(),
    number("revision", "修订号"),
    text("digest", "进度摘要"),
    moment("recorded_at", "记录时间(UTC)"),
    text("recorded_by", "记录账号"),
    UniqueConstraint("jurisdiction", "framework_code", "period", "revision", name="uq_progress_review"),
    comment="每个地区、体系、期间、每次进度检查一行;最新一行有效。"
    "One row per area, framework, period and review of progress; the latest counts.",
)

fct_task_progress = Table(
    "fct_task_progress",
    metadata,
    Column(
        "progress_id",
        Key,
        ForeignKey("progress_review.progress_id"),
        nullable=False,
        autoincrement=False,
        comment="进度检查号",
    ),
    jurisdiction(),
    text("unit_code", "单位代码"),
    text("task_code", "任务编号"),
    figure("weight", "冻结的权重", nullable=False),
    _percent("planned_pct", "应达进度(%)"),
    _percent("progress_pct", "实际进度(%;空=未报,见状态)", nullable=True),
    text("state", "状态(value=有值 missing=未报)"),
    text("standing", "进度情况(behind=滞后 at=按期 ahead=超前 空=未报)", default=""),
    text("done_on", "完成日(空=未完成)", default=""),
    text("changed", "报送与冻结不同之处(weight=权重 target=目标;空=无)", default=""),
    one_of("standing", TASK_STANDINGS),
    PrimaryKeyConstraint("progress_id", "unit_code", "task_code"),
    comment="每次进度检查、单位、任务一行。One row per review of progress, unit and task.",
)
