"""What was due from whom, and until when: the yardstick of timeliness. Append-only."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Table

from include.warehouse.tables.base import jurisdiction, key, metadata, moment, text

EXPECTATIONS = ("due", "on_event", "not_due")
DELIVERY_MODES = ("replace", "upsert", "append")


def _one_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    allowed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


expected_delivery = Table(
    "expected_delivery",
    metadata,
    key("expected_id", "应报记录号"),
    jurisdiction(),
    text("feed", "数据源"),
    text("supplier", "报送单位"),
    text("quarter", "季度"),
    text("expectation", "应报情况(due=应报 on_event=有事项才报 not_due=不再应报)"),
    moment("deadline_at", "报送期限(UTC,含当日)"),
    moment("quarter_ends_at", "季度终了时刻(UTC)"),
    text("delivery_mode", "报送方式(replace=整份替换 upsert=按主键更新 append=追加)"),
    moment("recorded_at", "记录时间(UTC)"),
    _one_of("expectation", EXPECTATIONS),
    _one_of("delivery_mode", DELIVERY_MODES),
    Index(None, "jurisdiction", "feed", "supplier", "quarter"),
    comment="每次记录的一份应报数据一行;同一数据源、单位、季度以最新一行为准,期限过后不再改变。"
    "One row per recorded expectation; the latest of a feed, supplier and quarter counts, and none is moved "
    "once its deadline has passed.",
)
