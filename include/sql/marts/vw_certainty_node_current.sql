-- 每个地区、体系、期间、指标或维度一行(现行修订):名义与实际权重、相关、剔除后的影响。
-- One row per jurisdiction, framework, period and indicator or group of the current revision: weights as they act.
-- @period_title 期间名称
-- @kind 种类(indicator=指标 group=维度 index=指数)
-- @code 指标或维度代码
-- @title 名称
SELECT
  c.release_id,
  c.jurisdiction,
  r.framework_code,
  r.period,
  r.period_title,
  c.kind,
  c.code,
  COALESCE(i.title_zh, g.title_zh, r.framework_title) AS title,
  c.nominal,
  c.effective,
  c.effective_state,
  c.alpha,
  c.alpha_state,
  c.dropped_rank_shift,
  c.dropped_state,
  c.closest,
  c.correlation
FROM certainty_node AS c
JOIN vw_release AS r ON r.release_id = c.release_id AND r.is_current = 1
LEFT JOIN dim_indicator AS i
  ON i.framework_key = r.framework_key AND i.indicator_code = c.code AND c.kind = 'indicator'
LEFT JOIN dim_group AS g ON g.framework_key = r.framework_key AND g.group_code = c.code AND c.kind = 'group';
