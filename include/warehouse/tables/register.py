"""The dated register of units and posts. A row lives until a later import retires it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Table, UniqueConstraint

from include.warehouse.tables.base import Key, jurisdiction, key, metadata, moment, number, text


def _dated() -> list[Column[Any]]:
    return [
        Column("valid_from", Date, nullable=False, comment="生效日"),
        Column("valid_to", Date, nullable=False, comment="失效日(含当日;9999-12-31=至今)"),
        Column(
            "import_id",
            Key,
            ForeignKey("register_import.import_id"),
            nullable=False,
            comment="写入的导入批次",
        ),
        Column("retired_import_id", Key, nullable=False, default=0, comment="停用的导入批次(0=在用)"),
    ]


register_import = Table(
    "register_import",
    metadata,
    key("import_id", "导入批次号"),
    jurisdiction(),
    moment("at", "导入时间(UTC)"),
    text("sha256", "名录文件哈希"),
    number("rows", "单位行数"),
    text("register_digest", "导入后名录摘要"),
    Index(None, "jurisdiction", "register_digest"),
    comment="每次导入单位名录一行。One row per import of the unit register.",
)

dim_peer_group = Table(
    "dim_peer_group",
    metadata,
    key("peer_group_key", "类别键"),
    jurisdiction(),
    text("peer_group", "类别代码"),
    text("title_zh", "类别名称"),
    text("title_en", "类别英文名", default=""),
    *_dated(),
    Index(None, "jurisdiction", "peer_group"),
    comment="每个地区、类别、有效期一行。One row per jurisdiction, peer group and validity span.",
)

dim_unit = Table(
    "dim_unit",
    metadata,
    key("unit_key", "单位版本键"),
    jurisdiction(),
    text("unit_code", "单位代码"),
    text("name", "单位名称"),
    text("name_en", "单位英文名", default=""),
    text("peer_group", "类别代码"),
    text("parent_code", "上级单位代码(空=无)", default=""),
    Column("attributes", JSON, nullable=False, default=dict, comment="其他属性(JSON)"),
    *_dated(),
    Index(None, "jurisdiction", "unit_code"),
    comment="每个地区、单位、有效期一行。One row per jurisdiction, unit and validity span.",
)

unit_alias = Table(
    "unit_alias",
    metadata,
    key("alias_key", "别名键"),
    jurisdiction(),
    text("alias", "别名"),
    text("unit_code", "单位代码"),
    text("kind", "种类(rename=曾用名 alias=名录所列别名 approved=管理员批准的别名)"),
    text("approved_by", "批准人", default=""),
    *_dated(),
    Index(None, "jurisdiction", "alias"),
    comment="每个地区、别名、有效期一行。One row per jurisdiction, alias and validity span.",
)

dim_post = Table(
    "dim_post",
    metadata,
    key("post_key", "岗位版本键"),
    jurisdiction(),
    text("post_code", "岗位代码"),
    text("unit_code", "单位代码"),
    text("title", "岗位名称(不含人名)"),
    text("duties", "岗位职责", default=""),
    *_dated(),
    Index(None, "jurisdiction", "post_code"),
    comment="每个地区、岗位、有效期一行。One row per jurisdiction, post and validity span.",
)

dim_quarter = Table(
    "dim_quarter",
    metadata,
    text("quarter", "期间键(2026Q3、2026H1、2026)", primary_key=True),
    number("year", "年份"),
    Column("first_day", Date, nullable=False, comment="首日"),
    Column("last_day", Date, nullable=False, comment="末日"),
    text("title_zh", "期间名称"),
    UniqueConstraint("first_day", "last_day"),
    comment="每个季度、半年或年度一行。One row per reporting period: quarter, half-year or year.",
)
