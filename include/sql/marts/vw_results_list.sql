-- 成果清单:每项已验收销号的整改事项一行。
-- One row per item of rectification that was verified: the list of results.
-- @framework_title 体系名称
-- @period_title 期间名称
-- @unit_name 责任单位名称
-- @due_on 现到期日
-- @is_on_time 是否按期(1=是)
-- @late_days 逾期日历日
-- @reopened 重启次数
SELECT
  v.item_id, v.jurisdiction, v.framework_code, v.framework_title, v.period, v.period_title, v.kind, v.unit_code,
  v.unit_name, v.problem_zh, v.goal_zh, v.due_on, v.reported_on, v.verified_on,
  CASE WHEN v.late_days = 0 THEN 1 ELSE 0 END AS is_on_time,
  v.late_days, v.quality_points, v.surveyed, v.satisfied, v.reopened
FROM vw_rectification AS v
WHERE v.state = 'verified';
