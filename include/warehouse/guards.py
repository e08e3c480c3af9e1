"""Triggers that refuse to change or remove what is append-only, whoever asks."""

from __future__ import annotations

from sqlalchemy import Connection

from include.warehouse.tables import (
    ANALYSES,
    FACTS,
    REASONS,
    alias_decision,
    applied_correction,
    audit_entry,
    certainty_run,
    delivery,
    delivery_verdict,
    dim_framework,
    dim_group,
    dim_indicator,
    dim_quarter,
    dim_rating_rule,
    dim_rule,
    dim_rule_condition,
    expected_delivery,
    extract_snapshot,
    fct_score_move,
    fct_score_move_item,
    fct_task_progress,
    file_fault,
    follow_up_day,
    hold_confirmation,
    judgement_basis,
    nil_return,
    normalised_column,
    notice,
    notice_status,
    objection,
    objection_decision,
    objection_effect,
    progress_review,
    publicity,
    quarantine_closing,
    quarantined_key,
    quarantined_row,
    rectification_event,
    rectification_item,
    rectification_standing,
    register_import,
    release,
    release_input,
    release_measure,
    release_status,
    return_answer,
    return_row,
    review,
    review_answer,
    review_decision,
    review_end,
    row_balance,
    staged_file,
    standing_colour,
    superseded_row,
    tombstone,
    validation_result,
    vault_read,
    verification,
    year_plan,
    year_plan_task,
)

APPEND_ONLY = (
    delivery,
    delivery_verdict,
    row_balance,
    validation_result,
    quarantined_row,
    quarantined_key,
    quarantine_closing,
    return_answer,
    return_row,
    file_fault,
    staged_file,
    expected_delivery,
    extract_snapshot,
    hold_confirmation,
    nil_return,
    judgement_basis,
    applied_correction,
    normalised_column,
    superseded_row,
    register_import,
    alias_decision,
    vault_read,
    tombstone,
    dim_framework,
    dim_group,
    dim_indicator,
    dim_quarter,
    release,
    release_input,
    release_measure,
    release_status,
    verification,
    *FACTS.values(),
    *REASONS.values(),
    certainty_run,
    *ANALYSES.values(),
    dim_rule,
    dim_rule_condition,
    dim_rating_rule,
    fct_score_move,
    fct_score_move_item,
    review,
    review_answer,
    review_decision,
    review_end,
    publicity,
    notice,
    notice_status,
    objection,
    objection_decision,
    objection_effect,
    rectification_item,
    rectification_event,
    rectification_standing,
    standing_colour,
    follow_up_day,
    year_plan,
    year_plan_task,
    progress_review,
    fct_task_progress,
    audit_entry,
)
"""Tables whose rows are never changed or removed; triggers refuse it."""

_FUNCTION = """
CREATE OR REPLACE FUNCTION mingjing_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION '% 只可追加,不可改动。 % is append-only.', TG_TABLE_NAME, TG_TABLE_NAME;
END $$
"""


def statements(dialect: str) -> list[str]:
    """SQL that puts the guards on every append-only table; may be run again."""
    return _postgres() if dialect == "postgresql" else _sqlite()


def recreate(connection: Connection) -> None:
    """Put the guards on every append-only table."""
    for statement in statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


def _sqlite() -> list[str]:
    out = []
    for table in APPEND_ONLY:
        for act in ("UPDATE", "DELETE"):
            name = f"{table.name}_no_{act.lower()}"
            out.append(f"DROP TRIGGER IF EXISTS {name}")
            out.append(
                f"CREATE TRIGGER {name} BEFORE {act} ON {table.name} BEGIN "
                f"SELECT RAISE(ABORT, '{table.name} 只可追加,不可改动。 {table.name} is append-only.'); END"
            )
    return out


def _postgres() -> list[str]:
    out = [_FUNCTION.replace("%", "%%")]
    for table in APPEND_ONLY:
        name = f"{table.name}_append_only"
        out.append(f"DROP TRIGGER IF EXISTS {name} ON {table.name}")
        out.append(
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION mingjing_refuse()"
        )
    return out
