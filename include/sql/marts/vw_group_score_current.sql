-- 每个地区、体系、期间、单位、维度一行(现行修订)。
-- One row per jurisdiction, framework, period, unit and group of the current revision.
-- @unit_name 单位名称
-- @peer_group_name 类别名称
-- @period_title 期间名称
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @state_reason 无值的原因代码(空=有值,或发布早于此记录)
-- @framework_title 体系名称
-- @status 发布状态
-- @is_final 是否定稿(1=是)
-- @state 状态(value=有值;其余为无值原因)
-- @group_title 维度名称
-- @parent_code 上级维度代码(空=根)
-- @declared_points 标准分
-- @points 得分
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
  s.group_code,
  COALESCE(g.title_zh, s.group_code) AS group_title,
  COALESCE(g.parent_code, '') AS parent_code,
  s.depth,
  g.points AS declared_points,
  s.points,
  s.rate,
  s.attainable,
  s.state,
  COALESCE(x.reason, '') AS state_reason
FROM fct_group_score AS s
JOIN vw_release AS r ON r.release_id = s.release_id AND r.is_current = 1
LEFT JOIN vw_unit_of_release AS u ON u.release_id = s.release_id AND u.unit_code = s.unit_code
LEFT JOIN dim_group AS g ON g.framework_key = r.framework_key AND g.group_code = s.group_code
LEFT JOIN fct_state_reason AS x
  ON x.release_id = s.release_id AND x.unit_code = s.unit_code AND x.level = 'group' AND x.code = s.group_code;
