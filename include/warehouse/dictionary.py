"""The warehouse's own description, written from its tables and views: `docs/reference/warehouse.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy import Table, create_engine, inspect
from sqlalchemy.dialects import postgresql, sqlite

from include.warehouse import descriptions, views
from include.warehouse.guards import APPEND_ONLY
from include.warehouse.tables import ANALYSES, FACTS, REASONS, metadata
from include.warehouse.views import View

_HEAD = """# Warehouse: tables and views

Written by `python -m include.warehouse.dictionary docs/reference/warehouse.md` from the tables and views
themselves; a test keeps it current. Connect BI tools to the views `vw_*` (role `mingjing_bi_reader`): they
need no joins.

- One set of tables on SQLite and PostgreSQL. Moments are UTC. No NULL carries a meaning: a figure without a
  value is NULL and the state beside it says why.
- Figures are quantised to 1e-9 before they are stored: `numeric(28, 9)` on PostgreSQL, `REAL` (a double) on
  SQLite. A figure has at most 15 significant digits, so both give the same decimal text; more is refused, not
  rounded.
- *Append-only* tables refuse UPDATE and DELETE through triggers, whoever asks.
- All of this is in the warehouse too: `SELECT * FROM data_dictionary`.
- Current figures: `vw_*_current`. Final ones: `vw_score_final`; what may be shown outside:
  `vw_score_published`. Every revision ever made: `vw_score`.
"""
_GROUPS = (
    (
        "Register 名录",
        (
            "register_import",
            "dim_unit",
            "dim_peer_group",
            "unit_alias",
            "alias_decision",
            "dim_post",
            "dim_quarter",
        ),
    ),
    (
        "Frameworks 指标体系",
        (
            "dim_framework",
            "dim_group",
            "dim_indicator",
            "dim_rule",
            "dim_rule_condition",
            "dim_rating_rule",
        ),
    ),
    (
        "Delivery ledger 报送台账",
        (
            "expected_delivery",
            "delivery",
            "delivery_verdict",
            "row_balance",
            "validation_result",
            "quarantined_row",
            "quarantined_key",
            "quarantine_closing",
            "return_answer",
            "return_row",
            "file_fault",
            "staged_file",
            "nil_return",
            "hold_confirmation",
            "extract_snapshot",
            "judgement_basis",
            "applied_correction",
            "normalised_column",
            "superseded_row",
        ),
    ),
    (
        "Releases 发布",
        (
            "release",
            "release_input",
            "release_measure",
            "release_status",
            "release_pointer",
            "release_lease",
            "verification",
        ),
    ),
    ("Facts 事实", tuple(FACTS)),
    ("Why 为什么", tuple(REASONS)),
    ("Analyses 分析", ("certainty_run", *ANALYSES)),
    (
        "Reviews, documents and objections 审核、文书与异议",
        (
            "review",
            "review_answer",
            "review_decision",
            "review_end",
            "publicity",
            "notice",
            "notice_status",
            "objection",
            "objection_decision",
            "objection_effect",
        ),
    ),
    (
        "The year 年度",
        ("year_plan", "year_plan_task", "progress_review", "fct_task_progress"),
    ),
    ("Vault 原始文件库", ("vault_read", "tombstone")),
    ("Why scores moved 变化原因", ("fct_score_move", "fct_score_move_item")),
    ("Audit and upkeep 留痕与维护", ("audit_entry", "generated_sql", "data_dictionary")),
)


def markdown() -> str:
    """The whole description."""
    parts = [_HEAD, "## Views 视图\n"]
    parts += [_view(view, columns) for view, columns in _view_columns()]
    for title, names in _GROUPS:
        parts.append(f"## {title}\n")
        parts += [_table(metadata.tables[name]) for name in names]
    return "\n".join(parts)


def _table(table: Table) -> str:
    guard = " *Append-only.*" if table in APPEND_ONLY else ""
    lines = [
        f"### `{table.name}`",
        "",
        f"{table.comment}{guard}",
        "",
        "| column | 说明 | meaning | unit | PostgreSQL | SQLite | NULL | key |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for column in table.columns:
        types = [
            column.type.compile(dialect=dialect).lower()
            for dialect in (postgresql.dialect(), sqlite.dialect())
        ]
        keys = ["primary"] if column.primary_key else []
        keys += [f"→ {key.target_fullname}" for key in column.foreign_keys]
        cells = [
            f"`{column.name}`",
            *_said(table.name, column.name),
            *types,
            "yes" if column.nullable else "",
            ", ".join(keys),
        ]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join([*lines, ""])


def _view(view: View, columns: list[str]) -> str:
    rows = [f"| `{name}` | {' | '.join(_said(view.name, name))} |" for name in columns]
    head = ["| column | 说明 | meaning | unit |", "|---|---|---|---|"]
    return "\n".join([f"### `{view.name}`", "", view.comment, "", *head, *rows, ""])


def _said(name: str, column: str) -> list[str]:
    said = descriptions.of_column(name, column)
    return [cell.replace("|", "\\|") for cell in (said.zh, said.en, said.unit)]


def _view_columns() -> list[tuple[View, list[str]]]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        views.create(connection, lambda *_: "")
        inspector = inspect(connection)
        ordered = sorted(views.views(), key=lambda view: view.name)
        return [(view, [c["name"] for c in inspector.get_columns(view.name)]) for view in ordered]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8")
