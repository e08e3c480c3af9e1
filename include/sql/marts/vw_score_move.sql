-- 每次发布、前次发布、单位、因素一行:指数为什么变了;四项之和恰为两次指数之差。
-- One row per release, earlier release, unit and factor: why an index moved; the four add up to the difference.
-- @period 期间
-- @revision 修订号
-- @from_period 前次期间
-- @from_revision 前次修订号
-- @compared_with 对比(previous_period=与前期 previous_revision=与本期前次修订)
-- @is_current 是否现行(1=是)
-- @unit_name 单位名称
-- @factor_title 因素名称
-- @points 分(未取整指数之差的一部分;空=见状态)
-- @published_points 分(公布指数之差的一部分;空=见状态)
-- @state 状态
-- @state_title 状态名称
SELECT
  s.release_id,
  s.from_release_id,
  s.jurisdiction,
  r.framework_code,
  r.period,
  r.revision,
  f.period AS from_period,
  f.revision AS from_revision,
  CASE WHEN r.period = f.period THEN 'previous_revision' ELSE 'previous_period' END AS compared_with,
  CASE WHEN c.release_id IS NULL THEN 0 ELSE 1 END AS is_current,
  s.unit_code,
  COALESCE(u.unit_name, s.unit_code) AS unit_name,
  s.factor,
  CASE s.factor
    WHEN 'performance' THEN '本期表现'
    WHEN 'late_data' THEN '迟报更正'
    WHEN 'rule_change' THEN '规则变化'
    ELSE '同类变化'
  END AS factor_title,
  s.points,
  s.published_points,
  s.state,
  CASE s.state
    WHEN 'value' THEN '有值'
    WHEN 'appeared' THEN '新增单位,前次无分'
    WHEN 'disappeared' THEN '不再参评,本次无分'
    WHEN 'not_rated_before' THEN '前次未评'
    WHEN 'not_rated_after' THEN '本次未评'
    ELSE '两次均未评'
  END AS state_title
FROM fct_score_move AS s
JOIN release AS r ON r.release_id = s.release_id
JOIN release AS f ON f.release_id = s.from_release_id
LEFT JOIN release_pointer AS c ON c.release_id = s.release_id AND c.kind = 'current'
LEFT JOIN vw_unit_of_release AS u ON u.release_id = s.release_id AND u.unit_code = s.unit_code;
