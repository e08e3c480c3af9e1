-- 每个地区、体系、期间、单位一行(现行修订):颜色由什么给出,转绿的最小改动(是一个数时);早于此记录的发布无行。
-- One row per jurisdiction, framework, period and unit of the current revision: what gives its colour, and the smallest change to green.
-- @unit_name 单位名称
-- @peer_group 类别代码
-- @peer_group_name 类别名称
-- @period_title 期间名称
-- @framework_title 体系名称
-- @status 发布状态
-- @is_final 是否定稿(1=是)
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @colour 颜色(空=无)
-- @reasons 使其不绿的原因条数
-- @target_title 最小改动的对象名称
SELECT
  k.release_id,
  k.jurisdiction,
  r.framework_code,
  r.framework_title,
  r.framework_version,
  r.period,
  r.period_title,
  r.revision,
  r.status,
  r.is_final,
  r.is_newest,
  k.unit_code,
  COALESCE(u.unit_name, k.unit_code) AS unit_name,
  s.peer_group,
  COALESCE(u.peer_group_name, s.peer_group) AS peer_group_name,
  s.published,
  s.attainable,
  s.colour,
  k.band_colour,
  k.warning_colour,
  k.veto_colour,
  (
    SELECT COUNT(*) FROM fct_colour_reason AS c WHERE c.release_id = k.release_id AND c.unit_code = k.unit_code
  ) AS reasons,
  k.remedy,
  k.target,
  COALESCE(i.title_zh, g.title_zh, CASE k.target WHEN 'index' THEN '指数' ELSE '' END) AS target_title,
  k.points_lacking,
  k.index_points_lacking,
  k.numerator,
  k.denominator,
  k.numerator_needed,
  k.value_needed,
  k.sentence_zh,
  k.sentence_en
FROM fct_unit_colour AS k
JOIN vw_release AS r ON r.release_id = k.release_id AND r.is_current = 1
JOIN fct_unit_score AS s
  ON s.release_id = k.release_id AND s.quarter = r.period AND s.unit_code = k.unit_code
LEFT JOIN vw_unit_of_release AS u ON u.release_id = k.release_id AND u.unit_code = k.unit_code
LEFT JOIN dim_indicator AS i ON i.framework_key = r.framework_key AND 'indicators.' || i.indicator_code = k.target
LEFT JOIN dim_group AS g ON g.framework_key = r.framework_key AND 'groups.' || g.group_code = k.target;
