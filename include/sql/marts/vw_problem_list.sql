-- 问题清单:每项未取消的整改事项一行。
-- One row per item of rectification that was not cancelled: the list of problems.
-- @framework_title 体系名称
-- @period_title 期间名称
-- @unit_name 责任单位名称
-- @state_title 状态名称
-- @colour 预警颜色
SELECT
  v.item_id, v.jurisdiction, v.framework_code, v.framework_title, v.period, v.period_title, v.kind, v.unit_code,
  v.unit_name, v.rule_code, v.target, v.colour, v.problem_zh, v.opened_on, v.state, v.state_title
FROM vw_rectification AS v
WHERE v.state <> 'cancelled';
