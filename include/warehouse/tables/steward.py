"""What stewards and sources add to a delivery: confirmed holds, nil returns, extracts. Append-only."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint

from include.warehouse.tables.base import Key, jurisdiction, key, metadata, moment, number, text

hold_confirmation = Table(
    "hold_confirmation",
    metadata,
    key("confirmation_id", "确认号"),
    Column(
        "verdict_id",
        Key,
        ForeignKey("delivery_verdict.verdict_id"),
        nullable=False,
        comment="所确认的扣留判定号",
    ),
    Column("delivery_id", Key, ForeignKey("delivery.delivery_id"), nullable=False, comment="报送批次号"),
    jurisdiction(),
    text("code", "所确认的问题代码"),
    moment("confirmed_at", "确认时间(UTC)"),
    text("confirmed_by", "确认人"),
    text("reason", "理由"),
    UniqueConstraint("verdict_id", "code", name="uq_hold_confirmation_verdict"),
    Index(None, "delivery_id"),
    comment="每次确认一个扣留一行。One row per hold that a steward confirmed.",
)

nil_return = Table(
    "nil_return",
    metadata,
    Column(
        "verdict_id",
        Key,
        ForeignKey("delivery_verdict.verdict_id"),
        primary_key=True,
        nullable=False,
        autoincrement=False,
        comment="判定号",
    ),
    jurisdiction(),
    text("quarter", "零报送的季度"),
    text("declared_by", "申报人"),
    text("reason", "理由或文件中的原话"),
    comment="每个零报送判定一行。One row per verdict that is a nil return.",
)

extract_snapshot = Table(
    "extract_snapshot",
    metadata,
    Column(
        "delivery_id",
        Key,
        ForeignKey("delivery.delivery_id"),
        primary_key=True,
        nullable=False,
        autoincrement=False,
        comment="报送批次号",
    ),
    jurisdiction(),
    text("connection", "连接名称"),
    text("source", "表或查询"),
    text("columns", "列名与类型(规范JSON)"),
    number("rows_before", "取数前行数"),
    number("rows_taken", "取得行数"),
    number("rows_after", "取数后行数"),
    comment="每次数据库抽取一行。One row per snapshot taken from a database.",
)
