-- 每个地区、体系、期间、单位、预警规则、对象一行(现行修订);是线索,须经人工审核。
-- One row per jurisdiction, framework, period, unit, rule and target of the current revision; a lead for review.
-- @unit_name 单位名称
-- @peer_group_name 类别名称
-- @period_title 期间名称
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @framework_title 体系名称
-- @status 发布状态
-- @is_final 是否定稿(1=是)
-- @target_title 预警对象名称
-- @title_zh 预警名称
-- @title_en 预警英文名
-- @colour 颜色
-- @peer_group 类别代码
SELECT
  s.release_id,
  s.jurisdiction,
  r.framework_code,
  r.framework_title,
  r.period,
  r.period_title,
  r.revision,
  r.status,
  r.is_final,
  r.is_newest,
  s.quarter,
  s.unit_code,
  COALESCE(u.unit_name, s.unit_code) AS unit_name,
  COALESCE(u.peer_group, '') AS peer_group,
  COALESCE(u.peer_group_name, '') AS peer_group_name,
  s.rule_code,
  s.target,
  COALESCE(i.title_zh, g.title_zh, CASE s.target WHEN 'index' THEN '指数' ELSE s.title_zh END) AS target_title,
  s.colour,
  s.title_zh,
  s.title_en,
  s.evidence
FROM fct_warning AS s
JOIN vw_release AS r ON r.release_id = s.release_id AND r.is_current = 1
LEFT JOIN vw_unit_of_release AS u ON u.release_id = s.release_id AND u.unit_code = s.unit_code
LEFT JOIN dim_indicator AS i ON i.framework_key = r.framework_key AND 'indicators.' || i.indicator_code = s.target
LEFT JOIN dim_group AS g ON g.framework_key = r.framework_key AND 'groups.' || g.group_code = s.target;
