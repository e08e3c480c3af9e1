-- 每个地区、体系、期间、单位、数据源、信号、所在一行(现行修订):数据质量线索,从不计分。
-- One row per jurisdiction, framework, period, unit, feed, signal and detail of the current revision; never scored.
-- @unit_name 单位名称
-- @period_title 期间名称
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @detail 所在(如渠道;空=无)
-- @title_zh 信号名称
-- @title_en 信号英文名
-- @source 依据
SELECT
  q.release_id,
  q.jurisdiction,
  r.framework_code,
  r.period,
  r.period_title,
  r.is_newest,
  q.unit_code,
  COALESCE(u.unit_name, q.unit_code) AS unit_name,
  q.feed,
  q.signal,
  q.detail,
  q.title_zh,
  q.title_en,
  q.figures,
  q.sentence_zh,
  q.sentence_en,
  q.source
FROM quality_lead AS q
JOIN vw_release AS r ON r.release_id = q.release_id AND r.is_current = 1
LEFT JOIN vw_unit_of_release AS u ON u.release_id = q.release_id AND u.unit_code = q.unit_code;
