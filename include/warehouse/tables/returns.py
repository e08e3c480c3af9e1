"""Returned workbooks that came home, and what became of the quarantined rows they answer. Append-only."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from include.warehouse.tables.base import Key, jurisdiction, metadata, moment, number, text

OUTCOMES = ("fixed", "resent", "replaced", "answered")
"""What became of a quarantined row: a return fixed it; its key came again and was used; its whole file was
replaced; a return answered it and the row is still wrong there."""

return_answer = Table(
    "return_answer",
    metadata,
    Column(
        "delivery_id", Key, ForeignKey("delivery.delivery_id"), primary_key=True, autoincrement=False,
        comment="报送批次号(退回工作簿)",
    ),
    jurisdiction(),
    Column(
        "answers_delivery_id", Key, ForeignKey("delivery.delivery_id"), nullable=False, comment="所改正的报送批次号",
    ),
    Index(None, "answers_delivery_id"),
    comment="每份交回的退回工作簿一行。One row per returned workbook that came home: the delivery it answers.",
)  # fmt: skip

return_row = Table(
    "return_row",
    metadata,
    Column(
        "verdict_id", Key, ForeignKey("delivery_verdict.verdict_id"), primary_key=True, autoincrement=False,
        comment="判定号",
    ),
    text("sheet", "退回工作簿的工作表", primary_key=True),
    number("row_number", "退回工作簿的行号", primary_key=True, autoincrement=False),
    jurisdiction(),
    text("answers_sheet", "原文件的工作表", default=""),
    number("answers_row", "原文件的行号(0=行码无效)", default=0),
    text("outcome", "结果(accepted、refused、duplicate)"),
    text("changed_columns", "改动的列(逗号分隔;空=未改)", default=""),
    text("content_digest", "非个人信息列的内容摘要", default=""),
    text("reply", "报送单位的回复(号码已遮盖)", default=""),
    CheckConstraint("outcome IN ('accepted', 'refused', 'duplicate')", name="outcome"),
    comment="每次判定、退回工作簿的每行一行。One row per judgement and row of a returned workbook: what it corrects.",
)  # fmt: skip

quarantine_closing = Table(
    "quarantine_closing",
    metadata,
    Column(
        "delivery_id", Key, ForeignKey("delivery.delivery_id"), primary_key=True, autoincrement=False,
        comment="隔离行所在的报送批次号",
    ),
    text("sheet", "工作表", primary_key=True),
    number("row_number", "行号", primary_key=True, autoincrement=False),
    Column(
        "closed_by", Key, ForeignKey("delivery.delivery_id"), primary_key=True, autoincrement=False,
        comment="使其了结的报送批次号",
    ),
    jurisdiction(),
    text("outcome", "结果(fixed、resent、replaced、answered)"),
    moment("closed_at", "了结时间(UTC)"),
    CheckConstraint("outcome IN ({})".format(", ".join(f"'{word}'" for word in OUTCOMES)), name="outcome"),
    Index(None, "closed_by"),
    comment="每个隔离行、使其了结的批次一行。One row per quarantined row and delivery that settled it.",
)  # fmt: skip

quarantined_key = Table(
    "quarantined_key",
    metadata,
    Column(
        "verdict_id", Key, ForeignKey("delivery_verdict.verdict_id"), primary_key=True, autoincrement=False,
        comment="判定号",
    ),
    text("sheet", "工作表", primary_key=True),
    number("row_number", "行号", primary_key=True, autoincrement=False),
    jurisdiction(),
    text("row_key", "主键各列(号码已遮盖)"),
    comment="每次判定、主键齐全的隔离行一行。One row per judgement and quarantined row that has its whole key.",
)  # fmt: skip
