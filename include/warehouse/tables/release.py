"""Releases: immutable revisions, their inputs, their states, the pointers readers follow, and the leases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from include.warehouse.tables.base import Key, jurisdiction, key, metadata, moment, number, text

STATUSES = ("provisional", "final", "superseded", "withdrawn")
POINTERS = ("current", "final")
INPUT_KINDS = (
    "delivery",
    "contract",
    "measures_sql",
    "corrections",
    "register",
    "framework",
    "calendar",
    "site",
    "prior_release",
)


def one_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    """The column holds one of `words`."""
    allowed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


def release_reference(**options: Any) -> Column[Any]:
    """The release that a row belongs to."""
    return Column(
        "release_id",
        Key,
        ForeignKey("release.release_id"),
        nullable=False,
        autoincrement=False,
        comment="发布号",
        **options,
    )


release = Table(
    "release",
    metadata,
    key("release_id", "发布号"),
    jurisdiction(),
    text("framework_code", "体系代码"),
    text("framework_version", "体系版本"),
    Column(
        "framework_key",
        Key,
        ForeignKey("dim_framework.framework_key"),
        nullable=False,
        comment="体系版本键",
    ),
    Column("period", Text, ForeignKey("dim_quarter.quarter"), nullable=False, comment="期间"),
    number("revision", "修订号"),
    text("input_digest", "输入摘要"),
    text("code_digest", "程序摘要"),
    text("result_digest", "结果摘要"),
    text("reason", "修订原因", default=""),
    text("approved_by", "批准人(空=无需批准)", default=""),
    moment("created_at", "发布时间(UTC)"),
    number("fencing_token", "租约令牌"),
    number("register_import_id", "所用名录导入批次(0=无)", default=0),
    Column("incomplete", Boolean, nullable=False, comment="是否缺数据源"),
    Column("missing_feeds", JSON, nullable=False, comment="缺少的数据源(JSON)"),
    UniqueConstraint("jurisdiction", "framework_code", "period", "revision", name="uq_release_revision"),
    comment="每个地区、体系、期间、修订一行,永不改动。"
    "One row per jurisdiction, framework, period and revision; never changed.",
)

release_input = Table(
    "release_input",
    metadata,
    release_reference(),
    number("position", "次序"),
    jurisdiction(),
    text("kind", "种类"),
    text("name", "名称"),
    text("digest", "摘要"),
    number("verdict_id", "所用判定号(0=非报送)", default=0),
    PrimaryKeyConstraint("release_id", "position"),
    one_of("kind", INPUT_KINDS),
    comment="每次发布的每项输入一行。One row per release and input.",
)

release_measure = Table(
    "release_measure",
    metadata,
    release_reference(),
    text("measure", "计量代码"),
    jurisdiction(),
    text("title_zh", "计量名称"),
    text("title_en", "计量英文名", default=""),
    text("formula_zh", "计算方法"),
    text("formula_en", "计算方法(英文)", default=""),
    text("source", "依据"),
    PrimaryKeyConstraint("release_id", "measure"),
    comment="每次发布的每个计量一行:名称、计算方法与依据。One row per release and measure: what it means.",
)

release_status = Table(
    "release_status",
    metadata,
    key("status_id", "状态号"),
    release_reference(),
    jurisdiction(),
    text("status", "状态"),
    moment("at", "时间(UTC)"),
    text("actor", "经办人"),
    text("reason", "原因", default=""),
    one_of("status", STATUSES),
    Index(None, "release_id"),
    comment="每次状态变化一行;最新一行有效。One row per change of a release's status; the latest counts.",
)

release_pointer = Table(
    "release_pointer",
    metadata,
    jurisdiction(primary_key=True),
    text("framework_code", "体系代码", primary_key=True),
    text("period", "期间", primary_key=True),
    text("kind", "指针(current=现行 final=定稿)", primary_key=True),
    release_reference(),
    one_of("kind", POINTERS),
    Index(None, "release_id"),
    comment="每个地区、体系、期间、指针一行。One row per jurisdiction, framework, period and pointer.",
)

release_lease = Table(
    "release_lease",
    metadata,
    jurisdiction(primary_key=True),
    text("framework_code", "体系代码", primary_key=True),
    text("period", "期间", primary_key=True),
    number("token", "最新令牌"),
    text("holder", "持有者"),
    moment("acquired_at", "取得时间(UTC)"),
    comment="每个地区、体系、期间一行:谁可发布。"
    "One row per jurisdiction, framework and period: who may publish.",
)

verification = Table(
    "verification",
    metadata,
    key("verification_id", "验证号"),
    release_reference(),
    jurisdiction(),
    text("code_digest", "重算的程序摘要"),
    text("result_digest", "重算的结果摘要"),
    moment("at", "时间(UTC)"),
    Column("equal", Boolean, nullable=False, comment="结果是否相同"),
    Index(None, "release_id"),
    comment="每次以新程序重算一行。One row per recomputation of a release by other code.",
)
