-- 每个地区、体系、期间、单位、有抽样误差的指标一行(现行修订):漏斗界限与收缩值。
-- One row per jurisdiction, framework, period, unit and sampled indicator of the current revision: funnel limits.
-- @unit_name 单位名称
-- @indicator_title 指标名称
-- @period_title 期间名称
-- @position 位置(inside=界内 better_95 better_998=好于 worse_95 worse_998=差于)
-- @value 计量值
-- @n 件数或份数
SELECT
  f.release_id,
  f.jurisdiction,
  r.framework_code,
  r.period,
  r.period_title,
  f.unit_code,
  COALESCE(u.unit_name, f.unit_code) AS unit_name,
  f.indicator_code,
  COALESCE(i.title_zh, f.indicator_code) AS indicator_title,
  f.value,
  f.n,
  f.peer_mean,
  f.low_95,
  f.high_95,
  f.low_998,
  f.high_998,
  f.position,
  f.shrunk,
  f.own_weight
FROM fairness_indicator AS f
JOIN vw_release AS r ON r.release_id = f.release_id AND r.is_current = 1
LEFT JOIN vw_unit_of_release AS u ON u.release_id = f.release_id AND u.unit_code = f.unit_code
LEFT JOIN dim_indicator AS i ON i.framework_key = r.framework_key AND i.indicator_code = f.indicator_code;
