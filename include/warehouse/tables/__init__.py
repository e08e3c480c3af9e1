"""Every table of the warehouse, over one MetaData."""

from __future__ import annotations

from include.warehouse.tables.analysis_certainty import (
    ANALYSES,
    certainty_choice,
    certainty_node,
    certainty_run,
    certainty_unit,
    fairness_indicator,
    lead_check,
    quality_lead,
)
from include.warehouse.tables.analysis_moves import dim_rule, fct_score_move, fct_score_move_item
from include.warehouse.tables.audit import audit_entry, data_dictionary, generated_sql
from include.warehouse.tables.base import AS_FLOAT, Figure, UtcDateTime, metadata
from include.warehouse.tables.expected import expected_delivery
from include.warehouse.tables.facts import (
    FACTS,
    fct_adjustment,
    fct_group_score,
    fct_indicator_score,
    fct_measure,
    fct_unit_score,
    fct_warning,
)
from include.warehouse.tables.framework import dim_framework, dim_group, dim_indicator
from include.warehouse.tables.judging import (
    applied_correction,
    judgement_basis,
    normalised_column,
    superseded_row,
)
from include.warehouse.tables.ledger import (
    VERDICTS,
    delivery,
    delivery_verdict,
    file_fault,
    quarantined_row,
    row_balance,
    staged_file,
    validation_result,
)
from include.warehouse.tables.names import alias_decision
from include.warehouse.tables.reasons import REASONS, fct_colour_reason, fct_state_reason, fct_unit_colour
from include.warehouse.tables.register import (
    dim_peer_group,
    dim_post,
    dim_quarter,
    dim_unit,
    register_import,
    unit_alias,
)
from include.warehouse.tables.release import (
    INPUT_KINDS,
    POINTERS,
    STATUSES,
    release,
    release_input,
    release_lease,
    release_measure,
    release_pointer,
    release_status,
    verification,
)
from include.warehouse.tables.returns import (
    quarantine_closing,
    quarantined_key,
    return_answer,
    return_row,
)
from include.warehouse.tables.rules import dim_rating_rule, dim_rule_condition
from include.warehouse.tables.steward import extract_snapshot, hold_confirmation, nil_return
from include.warehouse.tables.vault import tombstone, vault_read

__all__ = [
    "ANALYSES",
    "AS_FLOAT",
    "FACTS",
    "INPUT_KINDS",
    "POINTERS",
    "REASONS",
    "STATUSES",
    "VERDICTS",
    "Figure",
    "UtcDateTime",
    "alias_decision",
    "applied_correction",
    "audit_entry",
    "certainty_choice",
    "certainty_node",
    "certainty_run",
    "certainty_unit",
    "data_dictionary",
    "delivery",
    "delivery_verdict",
    "dim_framework",
    "dim_group",
    "dim_indicator",
    "dim_peer_group",
    "dim_post",
    "dim_quarter",
    "dim_rating_rule",
    "dim_rule",
    "dim_rule_condition",
    "dim_unit",
    "expected_delivery",
    "extract_snapshot",
    "fairness_indicator",
    "fct_adjustment",
    "fct_colour_reason",
    "fct_group_score",
    "fct_indicator_score",
    "fct_measure",
    "fct_score_move",
    "fct_score_move_item",
    "fct_state_reason",
    "fct_unit_colour",
    "fct_unit_score",
    "fct_warning",
    "file_fault",
    "generated_sql",
    "hold_confirmation",
    "judgement_basis",
    "lead_check",
    "metadata",
    "nil_return",
    "normalised_column",
    "quality_lead",
    "quarantine_closing",
    "quarantined_key",
    "quarantined_row",
    "register_import",
    "release",
    "release_input",
    "release_lease",
    "release_measure",
    "release_pointer",
    "release_status",
    "return_answer",
    "return_row",
    "row_balance",
    "staged_file",
    "superseded_row",
    "tombstone",
    "unit_alias",
    "validation_result",
    "vault_read",
    "verification",
]
