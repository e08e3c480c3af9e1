-- 每个地区、体系、期间、单位、计量、分项一行(现行修订)。
-- One row per jurisdiction, framework, period, unit, measure and key of the current revision.
-- @unit_name 单位名称
-- @peer_group_name 类别名称
-- @period_title 期间名称
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @framework_title 体系名称
-- @status 发布状态
-- @is_final 是否定稿(1=是)
-- @state 状态(value=有值;其余为无值原因)
-- @peer_group 类别代码
-- @measure_title 计量名称
-- @formula 计算方法
-- @source 依据
-- @value 计量值(分子÷分母,或数量)
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
  s.measure,
  COALESCE(m.title_zh, s.measure) AS measure_title,
  COALESCE(m.formula_zh, '') AS formula,
  COALESCE(m.source, '') AS source,
  s.key,
  s.numerator,
  s.denominator,
  s.n,
  s.value,
  s.state
FROM fct_measure AS s
JOIN vw_release AS r ON r.release_id = s.release_id AND r.is_current = 1
LEFT JOIN release_measure AS m ON m.release_id = s.release_id AND m.measure = s.measure
LEFT JOIN vw_unit_of_release AS u ON u.release_id = s.release_id AND u.unit_code = s.unit_code;
