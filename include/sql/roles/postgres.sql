-- Roles of the warehouse on PostgreSQL. Run by a role that may create roles, or by the owner once they exist; may be
-- run again at any time. These are group roles without login: give people and services logins that are members.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['mingjing_owner', 'mingjing_loader', 'mingjing_publisher', 'mingjing_steward',
                              'mingjing_bi_reader', 'mingjing_auditor']
  LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', name);
    END IF;
  END LOOP;
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, mingjing_loader, mingjing_publisher, mingjing_steward,
  mingjing_bi_reader, mingjing_auditor;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

GRANT USAGE, CREATE ON SCHEMA public TO mingjing_owner;
GRANT USAGE ON SCHEMA public TO mingjing_loader, mingjing_publisher, mingjing_steward, mingjing_bi_reader,
  mingjing_auditor;

-- Loader: lands and judges deliveries, imports the register. Never touches a release.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO mingjing_loader;
GRANT INSERT ON expected_delivery, delivery, delivery_verdict, row_balance, validation_result, quarantined_row, file_fault,
  quarantined_key, quarantine_closing, return_answer, return_row,
  staged_file, nil_return, hold_confirmation, extract_snapshot, judgement_basis, applied_correction, normalised_column, superseded_row, register_import,
  alias_decision, dim_peer_group, dim_unit, unit_alias, dim_post, vault_read, tombstone,
  audit_entry TO mingjing_loader;
GRANT UPDATE (retired_import_id) ON dim_peer_group, dim_unit, unit_alias, dim_post TO mingjing_loader;

-- Publisher: adds releases, moves pointers, takes leases. Nothing published can be changed or removed.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO mingjing_publisher;
GRANT INSERT ON release, release_input, release_measure, release_status, release_pointer, release_lease, verification, dim_quarter,
  dim_framework, dim_group, dim_indicator, fct_measure, fct_indicator_score, fct_group_score, fct_unit_score,
  fct_adjustment, fct_warning, fct_unit_colour, fct_colour_reason, fct_state_reason, certainty_run, certainty_unit, certainty_choice, certainty_node, fairness_indicator,
  quality_lead, lead_check, dim_rule, dim_rule_condition, dim_rating_rule, fct_score_move, fct_score_move_item,
  review, review_answer, review_decision, review_end, publicity, notice, notice_status, objection, objection_decision,
  objection_effect, rectification_item, rectification_event, rectification_standing, standing_colour, follow_up_day,
  year_plan, year_plan_task, progress_review, fct_task_progress, audit_entry TO mingjing_publisher;
GRANT UPDATE, DELETE ON release_pointer TO mingjing_publisher;
GRANT UPDATE ON release_lease TO mingjing_publisher;

-- Steward: sees the ledger and masked quarantine, and every view.
GRANT SELECT ON expected_delivery, delivery, delivery_verdict, row_balance, validation_result, quarantined_row, file_fault,
  quarantined_key, quarantine_closing, return_answer, return_row,
  staged_file, nil_return, hold_confirmation, extract_snapshot, judgement_basis, applied_correction, normalised_column, superseded_row, register_import,
  alias_decision, dim_peer_group, dim_unit, unit_alias, dim_post, dim_quarter, review, review_answer, review_decision, review_end, publicity, notice, notice_status,
  objection, objection_decision, objection_effect, rectification_item, rectification_event, rectification_standing,
  standing_colour, follow_up_day, year_plan, year_plan_task, progress_review, fct_task_progress TO mingjing_steward;

-- What the tables, views and columns mean, for everybody.
GRANT SELECT ON data_dictionary TO mingjing_steward, mingjing_bi_reader;

-- Auditor: reads everything, writes nothing.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO mingjing_auditor;

-- BI reader: views only, and not the one of refused rows.
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT viewname FROM pg_views WHERE schemaname = 'public' AND viewname LIKE 'vw\_%'
  LOOP
    EXECUTE format('GRANT SELECT ON %I TO mingjing_steward', name);
    IF name <> 'vw_quarantine' THEN
      EXECUTE format('GRANT SELECT ON %I TO mingjing_bi_reader', name);
    END IF;
  END LOOP;
END $$;

GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO mingjing_loader, mingjing_publisher;
