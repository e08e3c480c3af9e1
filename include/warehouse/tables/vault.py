"""Who read what in the vault, and what was deleted when its time was over. Append-only."""

from __future__ import annotations

from sqlalchemy import Index, Table

from include.warehouse.tables.base import jurisdiction, key, metadata, moment, number, text

vault_read = Table(
    "vault_read",
    metadata,
    key("read_id", "读取号"),
    jurisdiction(),
    text("feed", "数据源"),
    text("sha256", "文件哈希"),
    text("sheet", "工作表(空=整个文件)", default=""),
    number("row_number", "行号(0=整个文件)", default=0),
    text("column_name", "列名(空=整个文件)", default=""),
    text("purpose", "用途(judge=判定 reveal=人工查看)"),
    text("read_by", "读取人(pipeline=流水线)"),
    text("reason", "理由(空=流水线)", default=""),
    moment("read_at", "读取时间(UTC)"),
    Index(None, "jurisdiction", "sha256"),
    comment="每次读取原始文件一行;人工查看每个单元格一行。"
    "One row per read of a landed file; one per cell where a person looked.",
)

tombstone = Table(
    "tombstone",
    metadata,
    key("tombstone_id", "销毁记录号"),
    jurisdiction(),
    text("store", "存放处(raw=原始文件 returns=退回表 logs=日志)"),
    text("feed", "数据源(空=不分数据源)", default=""),
    text("place", "湖中路径"),
    text("sha256", "文件哈希"),
    number("bytes", "字节数"),
    number("rows", "行数(0=不分行)", default=0),
    text("rule", "保存期规则"),
    moment("deleted_at", "销毁时间(UTC)"),
    Index(None, "jurisdiction", "sha256"),
    comment="每个到期销毁的文件一行,先记后删。One row per file deleted at the end of its time, written before it goes.",
)
