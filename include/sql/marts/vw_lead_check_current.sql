-- 每个地区、体系、期间、数据源、信号一行(现行修订):查没查、查了多少单位、界限、查到几条;线索本身见 vw_quality_lead_current。
-- One row per jurisdiction, framework, period, feed and signal of the current revision: what was looked for, where, and how many were found.
-- @period_title 期间名称
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @title_zh 信号名称
-- @title_en 信号英文名
-- @state 状态(looked=已查 no_feed=本地区无此数据源 not_received=本期未收到 column_missing=契约缺所需的列)
SELECT
  c.release_id,
  c.jurisdiction,
  r.framework_code,
  r.period,
  r.period_title,
  r.is_newest,
  c.feed,
  c.signal,
  c.title_zh,
  c.title_en,
  c.state,
  c.units,
  c.units_tested,
  c.found,
  c.test,
  c.alpha,
  c.min_n,
  c.min_excess,
  c.lookback_quarters
FROM lead_check AS c
JOIN vw_release AS r ON r.release_id = c.release_id AND r.is_current = 1;
