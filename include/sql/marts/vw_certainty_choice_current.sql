-- 每个地区、体系、期间、所看的数、方法选择一行(现行修订):各项选择对名次和指数的影响。
-- One row per jurisdiction, framework, period, figure and choice of the current revision: what moves ranks and index.
-- @period_title 期间名称
SELECT
  c.release_id,
  c.jurisdiction,
  r.framework_code,
  r.period,
  r.period_title,
  c.figure,
  c.choice,
  c.first,
  c.first_conf,
  c.total,
  c.total_conf
FROM certainty_choice AS c
JOIN vw_release AS r ON r.release_id = c.release_id AND r.is_current = 1;
