"""What stewards decided about names that the register does not know. Append-only."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Index, Table

from include.warehouse.tables.base import jurisdiction, key, metadata, moment, text

DECISIONS = ("approved", "rejected")

alias_decision = Table(
    "alias_decision",
    metadata,
    key("decision_id", "决定号"),
    jurisdiction(),
    text("name", "名称(规范写法)"),
    text("decision", "决定(approved=批准为别名 rejected=否决或撤销)"),
    text("unit_code", "单位代码(空=否决)", default=""),
    Column("valid_from", Date, nullable=False, comment="生效日"),
    Column("valid_to", Date, nullable=False, comment="失效日(含当日;9999-12-31=至今)"),
    moment("at", "决定时间(UTC)"),
    text("decided_by", "决定人"),
    text("reason", "理由"),
    CheckConstraint("decision IN ({})".format(", ".join(f"'{word}'" for word in DECISIONS)), name="decision"),
    CheckConstraint("(decision = 'approved') = (unit_code <> '')", name="unit_of_decision"),
    Index(None, "jurisdiction", "name"),
    comment="每次对一个名称的决定一行;否决使该名称以前的批准失效。"
    "One row per decision on a name; a rejection ends the approvals of that name before it.",
)
