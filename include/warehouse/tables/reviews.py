"""Reviews of warning lists and what follows: decisions, publicity, notices, objections. Append-only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from include.warehouse.tables.base import Key, jurisdiction, key, metadata, moment, number, text
from include.warehouse.tables.release import one_of, release_reference

REVIEW_OUTCOMES = ("completed", "sent_back", "superseded", "withdrawn")
NOTICE_STATUSES = ("issued", "answered", "superseded", "withdrawn")
OBJECTION_OUTCOMES = ("upheld", "partly_upheld", "rejected", "withdrawn")


def _review_reference(**options: Any) -> Column[Any]:
    return Column(
        "review_id",
        Key,
        ForeignKey("review.review_id"),
        nullable=False,
        autoincrement=False,
        comment="审核号",
        **options,
    )


review = Table(
    "review",
    metadata,
    key("review_id", "审核号"),
    release_reference(),
    jurisdiction(),
    text("framework_code", "体系代码"),
    text("period", "期间"),
    number("round", "轮次(退回后加一)"),
    text("list_digest", "预警名单摘要"),
    moment("opened_at", "发起时间(UTC)"),
    text("opened_by", "发起者"),
    UniqueConstraint("release_id", "round", name="uq_review_round"),
    comment="每次发布、每轮审核一行。One row per release and round of review.",
)

review_answer = Table(
    "review_answer",
    metadata,
    key("answer_id", "答复号"),
    _review_reference(),
    jurisdiction(),
    number("step", "第几审"),
    text("account", "经办账号"),
    text("role", "角色"),
    Column("confirmed", Boolean, nullable=False, comment="是否通过(否=退回)"),
    text("seen_digest", "所见名单摘要"),
    text("reason", "理由", default=""),
    moment("answered_at", "答复时间(UTC)"),
    text("via", "途径(airflow=界面或接口 cli=命令行 desk=工作台)"),
    UniqueConstraint("review_id", "step", name="uq_review_answer_step"),
    comment="每轮审核的每一审一行。One row per round of review and step.",
)

review_decision = Table(
    "review_decision",
    metadata,
    Column(
        "answer_id",
        Key,
        ForeignKey("review_answer.answer_id"),
        nullable=False,
        autoincrement=False,
        comment="答复号",
    ),
    jurisdiction(),
    text("unit_code", "单位代码"),
    text("rule_code", "预警规则"),
    text("target", "预警对象(指数、维度或指标代码)"),
    text("verdict", "结论"),
    text("reason", "理由", default=""),
    text("advice_zh", "修改后的建议(空=未改)", default=""),
    PrimaryKeyConstraint("answer_id", "unit_code", "rule_code", "target"),
    one_of("verdict", ("confirmed", "dismissed", "sent_back")),
    comment="每次答复、每条预警一行。One row per answer and warning.",
)

review_end = Table(
    "review_end",
    metadata,
    _review_reference(primary_key=True),
    jurisdiction(),
    text("outcome", "结局"),
    moment("ended_at", "结束时间(UTC)"),
    text("actor", "经办者"),
    text("reason", "原因", default=""),
    one_of("outcome", REVIEW_OUTCOMES),
    comment="每轮结束的审核一行。One row per round of review that has ended.",
)

publicity = Table(
    "publicity",
    metadata,
    key("publicity_id", "公示号"),
    release_reference(),
    jurisdiction(),
    text("framework_code", "体系代码"),
    text("period", "期间"),
    text("clock", "期限代码"),
    text("starts_on", "公示开始日"),
    text("ends_on", "公示最后一日"),
    Column("provisional", Boolean, nullable=False, comment="结束日是否暂定"),
    moment("opened_at", "登记时间(UTC)"),
    text("opened_by", "登记账号"),
    text("place", "公示处"),
    UniqueConstraint("release_id", name="uq_publicity_release"),
    comment="每次发布的公示一行。One row per release that is on show.",
)

notice = Table(
    "notice",
    metadata,
    key("notice_id", "文书号"),
    release_reference(),
    jurisdiction(),
    text("framework_code", "体系代码"),
    text("period", "期间"),
    number("review_id", "审核号(0=无)", default=0),
    text("unit_code", "单位代码(空=全域)", default=""),
    text("kind", "文书种类"),
    text("number", "文号"),
    text("title", "标题"),
    text("file_name", "文件名"),
    text("sha256", "文件摘要"),
    number("size_bytes", "字节数"),
    text("purpose", "用途"),
    Column("recipients", JSON, nullable=False, comment="发送对象(JSON)"),
    text("answer_by", "答复截止日(空=无)", default=""),
    Column("answer_by_provisional", Boolean, nullable=False, default=False, comment="截止日是否暂定"),
    text("template_digest", "模板摘要"),
    text("audit_head", "出具时的留痕链末值"),
    text("manifest_sha256", "清单摘要"),
    moment("issued_at", "出具时间(UTC)"),
    text("issued_by", "出具账号"),
    Index(None, "sha256"),
    Index(None, "release_id"),
    comment="每份出具的文书一行。One row per document issued.",
)

notice_status = Table(
    "notice_status",
    metadata,
    key("status_id", "状态号"),
    Column("notice_id", Key, ForeignKey("notice.notice_id"), nullable=False, comment="文书号"),
    jurisdiction(),
    text("status", "状态"),
    moment("at", "时间(UTC)"),
    text("actor", "经办账号"),
    text("reason", "原因", default=""),
    one_of("status", NOTICE_STATUSES),
    Index(None, "notice_id"),
    comment="文书的每次状态变化一行;最新一行有效。One row per change of a document's status; the latest counts.",
)

objection = Table(
    "objection",
    metadata,
    key("objection_id", "异议号"),
    release_reference(),
    jurisdiction(),
    text("framework_code", "体系代码"),
    text("period", "期间"),
    number("notice_id", "所答文书号(0=无)", default=0),
    text("unit_code", "提出单位代码"),
    text("target", "异议对象(指标、维度、加减分或预警规则代码)"),
    text("claim", "异议内容(不含个人信息)"),
    text("evidence_sha256", "佐证文件摘要(空=无)", default=""),
    text("filed_on", "提出日"),
    text("due_on", "答复截止日"),
    Column("due_provisional", Boolean, nullable=False, comment="截止日是否暂定"),
    moment("registered_at", "登记时间(UTC)"),
    text("registered_by", "登记账号"),
    Index(None, "release_id"),
    comment="每项异议一行。One row per objection.",
)

objection_decision = Table(
    "objection_decision",
    metadata,
    Column(
        "objection_id",
        Key,
        ForeignKey("objection.objection_id"),
        primary_key=True,
        nullable=False,
        autoincrement=False,
        comment="异议号",
    ),
    jurisdiction(),
    text("outcome", "结论"),
    Column("corrections", JSON, nullable=False, comment="据以更正的更正编号(JSON)"),
    text("reason", "理由"),
    moment("decided_at", "决定时间(UTC)"),
    text("decided_by", "决定账号"),
    text("role", "角色"),
    one_of("outcome", OBJECTION_OUTCOMES),
    comment="每项已决定的异议一行。One row per objection that was decided.",
)

objection_effect = Table(
    "objection_effect",
    metadata,
    Column(
        "objection_id",
        Key,
        ForeignKey("objection.objection_id"),
        nullable=False,
        autoincrement=False,
        comment="异议号",
    ),
    release_reference(),
    jurisdiction(),
    text("unit_code", "单位代码"),
    text("published_before", "更正前指数"),
    text("published_after", "更正后指数"),
    text("colour_before", "更正前颜色"),
    text("colour_after", "更正后颜色"),
    number("rank_before", "更正前名次(0=不排名)"),
    number("rank_after", "更正后名次(0=不排名)"),
    moment("recorded_at", "记录时间(UTC)"),
    PrimaryKeyConstraint("objection_id", "release_id"),
    comment="每项被支持的异议、每次因之修订一行。One row per upheld objection and the revision that followed it.",
)
