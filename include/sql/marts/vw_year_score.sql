-- 每个地区、体系、年度、单位一行:年度结算的总分、名次(含区间与并列组)与等次(现行修订)。
-- One row per area, framework, year and unit: total, rank with its interval and tied band, grade (current revision).
-- @unit_name 单位名称
-- @peer_group_name 类别名称
-- @framework_title 体系名称
-- @status 发布状态
-- @is_final 是否定稿(1=是)
-- @peer_group 类别代码
-- @year 年度
-- @state_reason 无值的原因代码(空=有值)
-- @is_listed 是否列入政治体检名单(1=是;须经审核)
-- @state 得分状态(value=有值 not_rated=未结算)
-- @band 并列组(1=最好;0=未结算或未分析)
-- @band_units 同组单位数(0=未结算或未分析)
SELECT
  s.release_id,
  s.jurisdiction,
  s.framework_code,
  s.framework_title,
  CAST(s.period AS INTEGER) AS year,
  s.revision,
  s.status,
  s.is_final,
  s.unit_code,
  s.unit_name,
  s.peer_group,
  s.peer_group_name,
  s.index_value,
  s.published,
  s.attainable,
  s.rank,
  s.peers,
  c.rank_low,
  c.rank_high,
  COALESCE(c.band, 0) AS band,
  COALESCE(c.band_units, 0) AS band_units,
  s.grade,
  CASE WHEN w.unit_code IS NULL THEN 0 ELSE 1 END AS is_listed,
  s.change,
  s.change_state,
  s.state,
  s.state_reason
FROM vw_score AS s
LEFT JOIN certainty_unit AS c ON c.release_id = s.release_id AND c.unit_code = s.unit_code
LEFT JOIN fct_warning AS w
  ON w.release_id = s.release_id AND w.unit_code = s.unit_code AND w.rule_code = 'check_up'
WHERE s.is_current = 1 AND LENGTH(s.period) = 4;
