"""The audit chain, and what the migrations generated."""

from __future__ import annotations

from sqlalchemy import Table, UniqueConstraint

from include.warehouse.tables.base import jurisdiction, metadata, moment, number, text

audit_entry = Table(
    "audit_entry",
    metadata,
    number("seq", "序号", primary_key=True, autoincrement=False),
    jurisdiction(),
    moment("at", "时间(UTC)"),
    text("actor", "经办人"),
    text("role", "角色", default=""),
    text("action", "行为"),
    text("subject", "对象"),
    text("before_digest", "变更前摘要(空=无)", default=""),
    text("after_digest", "变更后摘要(空=无)", default=""),
    text("reason", "原因", default=""),
    text("ticket", "单号(空=无)", default=""),
    text("code_version", "程序摘要", default=""),
    text("detail", "详情(规范JSON)", default="{}"),
    text("previous_hash", "上一条哈希"),
    text("hash", "本条哈希"),
    UniqueConstraint("hash"),
    comment="每个留痕行为一行,逐条以哈希相连。One row per audited act, chained by hash.",
)

generated_sql = Table(
    "generated_sql",
    metadata,
    text("name", "名称", primary_key=True),
    text("digest", "SQL 摘要"),
    comment="每组由程序生成的视图和触发器一行。One row per generated set of views and triggers.",
)

data_dictionary = Table(
    "data_dictionary",
    metadata,
    text("name", "表或视图名", primary_key=True),
    text("column_name", "列名(空=表或视图本身)", primary_key=True),
    number("position", "列的次序(0=表或视图本身)"),
    text("kind", "种类(table=表 view=视图)"),
    text("zh", "说明"),
    text("en", "英文说明"),
    text("unit", "单位(空=无)", default=""),
    comment="每个表、视图及其每列一行:含义。每次升级重写。"
    "One row per table or view and per column of each: what it means. Written anew at every upgrade.",
)
