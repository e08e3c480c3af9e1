"""What a judgement rests on and what it did to single cells and rows: beside the verdict, never values. Append-only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from include.warehouse.tables.base import Key, jurisdiction, key, metadata, moment, number, text

BASIS_OUTCOMES = ("judged", "unchanged", "kept")


def _verdict(*, primary: bool = True) -> Column[Any]:
    return Column(
        "verdict_id",
        Key,
        ForeignKey("delivery_verdict.verdict_id"),
        primary_key=primary,
        nullable=False,
        autoincrement=False,
        comment="判定号",
    )


judgement_basis = Table(
    "judgement_basis",
    metadata,
    key("basis_id", "依据号"),
    _verdict(primary=False),
    jurisdiction(),
    moment("at", "时间(UTC)"),
    text("part", "依据(contract、register、period、corrections、reference <规则>)"),
    text("digest", "依据摘要"),
    text("outcome", "judged 据此判定;unchanged 依据变了、结论不变;kept 重判应扣留、原判定保留"),
    text("reason_code", "重判应扣留的原因(空=无)", default=""),
    CheckConstraint(
        "outcome IN ({})".format(", ".join(f"'{word}'" for word in BASIS_OUTCOMES)), name="outcome"
    ),
    Index(None, "verdict_id", "part"),
    comment=(
        "每次判定的每项依据一行,依据变化而结论不变时再加一行;最新一行有效。"
        "One row per judgement and thing it rests on, and one more each time that changed without a new judgement; "
        "the latest counts."
    ),
)

applied_correction = Table(
    "applied_correction",
    metadata,
    _verdict(),
    text("correction_id", "更正号", primary_key=True),
    text("sheet", "工作表", primary_key=True),
    number("row_number", "行号", primary_key=True, autoincrement=False),
    jurisdiction(),
    text("column_name", "列名"),
    text("correction_digest", "更正摘要"),
    text("outcome", "applied 已更正;stale 原值已不符、按来文采用"),
    text("masked_found", "来文中的值(已遮盖)"),
    text("masked_to", "更正后的值(已遮盖;未更正=空)", default=""),
    CheckConstraint("outcome IN ('applied', 'stale')", name="outcome"),
    Index(None, "jurisdiction", "correction_id"),
    comment="每次判定的每个更正、单元格一行。One row per judgement, correction and cell it met.",
)

normalised_column = Table(
    "normalised_column",
    metadata,
    _verdict(),
    text("column_name", "列名", primary_key=True),
    jurisdiction(),
    number("cells", "规范了写法的单元格数"),
    text("masked_example", "一例:原写法 → 采用的写法(已遮盖,不可见字符写作编码)"),
    comment=(
        "每次判定、列一行:全角、空格、部首、零宽字符等写法的规范。"
        "One row per judgement and column whose cells were respelled (width, spaces, radicals, invisible characters)."
    ),
)

superseded_row = Table(
    "superseded_row",
    metadata,
    _verdict(),
    text("new_sha256", "取代者文件哈希", primary_key=True),
    text("new_sheet", "取代者工作表", primary_key=True),
    number("new_row", "取代者行号", primary_key=True, autoincrement=False),
    text("old_sha256", "被取代者文件哈希", primary_key=True),
    text("old_sheet", "被取代者工作表", primary_key=True),
    number("old_row", "被取代者行号", primary_key=True, autoincrement=False),
    jurisdiction(),
    text("feed", "数据源"),
    number("new_delivery_id", "取代者报送批次号"),
    text("new_quarter", "取代者所属季度"),
    number("old_delivery_id", "被取代者报送批次号"),
    text("old_quarter", "被取代者所属季度"),
    text("changed_columns", "内容不同的列(以逗号分隔,不含值)"),
    Index(None, "jurisdiction", "feed", "old_quarter"),
    comment=(
        "每次判定查明的每对同主键、内容不同的行一行。"
        "One row per judgement and pair of rows of one key with other contents: which took whose place."
    ),
)
