"""Rectification: items, what happened to them, how they stand, and the colour of a unit that stands. Append-only."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Table, UniqueConstraint

from include.warehouse.tables.base import Key, figure, jurisdiction, key, metadata, moment, number, text
from include.warehouse.tables.release import one_of, release_reference

ITEM_KINDS = ("individual", "common")
EVENT_KINDS = (
    "measure_added", "reported", "verified", "refused", "extension_asked", "extension_approved",
    "extension_refused", "paused", "resumed", "overdue", "reminded", "referred", "reopened", "rechecked",
    "cancelled",
)  # fmt: skip
ITEM_STATES = ("open", "refused", "paused", "overdue", "referred", "reported", "verified", "cancelled")


def _item_reference() -> Column[int]:
    return Column(
        "item_id",
        Key,
        ForeignKey("rectification_item.item_id"),
        nullable=False,
        autoincrement=False,
        comment="整改事项号",
    )


rectification_item = Table(
    "rectification_item",
    metadata,
    key("item_id", "整改事项号"),
    jurisdiction(),
    text("framework_code", "体系代码"),
    text("period", "期间"),
    release_reference(),
    number("review_id", "审核号(0=无)", default=0),
    text("kind", "种类(individual=个性 common=共性)"),
    text("unit_code", "责任单位代码(共性问题为牵头部门,名录中没有的为报送单位代码)"),
    text("rule_code", "预警规则(共性问题为 common_problem)"),
    text("target", "对象(指数、维度或指标代码;共性问题为类别与问题代码)"),
    text("colour", "预警颜色(空=无)", default=""),
    text("problem_zh", "问题"),
    text("goal_zh", "整改目标"),
    text("required_action_zh", "按等次和颜色要求的措施"),
    text("post", "责任岗位代码(空=名录未列岗位)", default=""),
    text("clock", "期限代码(空=按天数)", default=""),
    number("term_days", "期限天数"),
    text("term_kind", "期限种类(calendar=日历日 working=工作日)"),
    number("extension_days", "每轮最多可延长天数"),
    text("opened_on", "建立日"),
    text("due_on", "建立时的到期日"),
    Column("due_provisional", Boolean, nullable=False, comment="到期日是否暂定"),
    moment("opened_at", "建立时间(UTC)"),
    text("opened_by", "建立账号"),
    one_of("kind", ITEM_KINDS),
    Index(None, "jurisdiction", "framework_code", "period"),
    Index(None, "release_id"),
    comment="每个地区、体系、期间的每项整改事项一行。One row per item of rectification.",
)

rectification_event = Table(
    "rectification_event",
    metadata,
    key("event_id", "记录号"),
    _item_reference(),
    jurisdiction(),
    text("kind", "记录种类"),
    moment("at", "时间(UTC)"),
    text("day", "当地日期"),
    text("actor", "经办账号"),
    text("role", "角色(空=系统)", default=""),
    text("reason", "说明(不含个人信息)", default=""),
    number("days", "天数(延期、提醒或重启后的期限;0=无)", default=0),
    Column("false_report", Boolean, nullable=False, default=False, comment="是否虚假整改"),
    Column("quality", JSON, nullable=False, default=dict, comment="各项质效得分(JSON)"),
    number("surveyed", "测评人数(0=未测评或少于 5 人)", default=0),
    number("satisfied", "满意人数", default=0),
    text("campaign", "专项行动(空=无)", default=""),
    text("evidence_sha256", "佐证文件摘要(空=无)", default=""),
    one_of("kind", EVENT_KINDS),
    Index(None, "item_id"),
    comment="整改事项的每次记录一行。One row per record about an item.",
)

rectification_standing = Table(
    "rectification_standing",
    metadata,
    key("standing_id", "状态号"),
    _item_reference(),
    jurisdiction(),
    text("state", "状态"),
    text("due_on", "现到期日"),
    Column("due_provisional", Boolean, nullable=False, comment="到期日是否暂定"),
    number("round", "轮次(重启后加一)"),
    text("reported_on", "报告完成日(空=未报告)", default=""),
    text("verified_on", "验收销号日(空=未销号)", default=""),
    Column("late", Boolean, nullable=False, comment="是否已确定逾期且未完成"),
    number("report_late_days", "报告时已逾期天数"),
    number("extended_days", "已延长天数"),
    number("asked_days", "待决定的延期天数"),
    figure("quality_points", "质效得分(百分制;空=未销号)"),
    number("surveyed", "测评人数(0=未测评或少于 5 人)"),
    number("satisfied", "满意人数"),
    number("refusals", "退回次数"),
    number("false_reports", "虚假整改次数"),
    Column("referred", Boolean, nullable=False, comment="本轮是否已移交"),
    text("day", "当地日期"),
    moment("at", "时间(UTC)"),
    one_of("state", ITEM_STATES),
    Index(None, "item_id"),
    comment="整改事项的状态每次变化一行;最新一行有效。One row per change of an item's standing; the latest counts.",
)

standing_colour = Table(
    "standing_colour",
    metadata,
    key("colour_id", "颜色号"),
    jurisdiction(),
    text("framework_code", "体系代码"),
    text("unit_code", "单位代码"),
    text("colour", "现时颜色"),
    text("cause", "由来(released=发布 escalated=逾期升级 held=往期未销号 relieved=全部销号)"),
    text("period", "所依据的定稿期间"),
    release_reference(),
    number("item_id", "引起变化的整改事项号(0=无)", default=0),
    text("since", "起始日"),
    moment("at", "时间(UTC)"),
    text("actor", "经办账号"),
    one_of("cause", ("released", "escalated", "held", "relieved")),
    Index(None, "jurisdiction", "framework_code", "unit_code"),
    comment="单位现时颜色每次变化一行;最新一行有效。One row per change of a unit's standing colour; the latest counts.",
)

follow_up_day = Table(
    "follow_up_day",
    metadata,
    key("day_id", "日办号"),
    jurisdiction(),
    text("day", "当地日期"),
    moment("at", "时间(UTC)"),
    Column("counts", JSON, nullable=False, comment="各项件数(JSON)"),
    UniqueConstraint("jurisdiction", "day", name="uq_follow_up_day"),
    comment="每个地区、每个跟进日一行。One row per jurisdiction and day of follow-up.",
)
