-- 责任清单:每项未取消的整改事项一行,责任单位与责任岗位(不列人名)。
-- One row per item of rectification that was not cancelled: the list of responsibility, with unit and post, never a person.
-- @framework_title 体系名称
-- @period_title 期间名称
-- @unit_name 责任单位名称
-- @post_title 责任岗位名称
-- @post_duties 岗位职责
-- @state_title 状态名称
-- @due_on 现到期日
-- @late_days 逾期日历日
SELECT
  v.item_id, v.jurisdiction, v.framework_code, v.framework_title, v.period, v.period_title, v.kind, v.unit_code,
  v.unit_name, v.post, v.post_title,
  COALESCE((
    SELECT MAX(p.duties) FROM dim_post AS p
    WHERE p.jurisdiction = v.jurisdiction AND p.post_code = v.post AND p.retired_import_id = 0
  ), '') AS post_duties,
  v.problem_zh, v.due_on, v.late_days, v.state, v.state_title
FROM vw_rectification AS v
WHERE v.state <> 'cancelled';
