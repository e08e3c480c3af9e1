-- 每个地区、体系、期间、单位一行(现行修订):颜色、指数、名次有多可靠;未分析的发布无行,见 vw_certainty_missing。
-- One row per jurisdiction, framework, period and unit of the current revision: how sure its colour, index and rank are.
-- @unit_name 单位名称
-- @peer_group_name 类别名称
-- @period_title 期间名称
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @framework_title 体系名称
-- @status 发布状态
-- @is_final 是否定稿(1=是)
-- @peer_group 类别代码
-- @colour 颜色(空=无)
-- @p_colour 公布颜色的可能(0-1)
-- @rank 类内名次(空=不排名,见状态)
-- @state 状态(value=有值;其余为无值原因)
SELECT
  c.release_id,
  c.jurisdiction,
  r.framework_code,
  r.framework_title,
  r.period,
  r.period_title,
  r.revision,
  r.status,
  r.is_final,
  r.is_newest,
  c.unit_code,
  COALESCE(u.unit_name, c.unit_code) AS unit_name,
  s.peer_group,
  COALESCE(u.peer_group_name, s.peer_group) AS peer_group_name,
  s.published,
  s.rank,
  s.peers,
  s.colour,
  CASE s.colour WHEN 'red' THEN c.p_red WHEN 'yellow' THEN c.p_yellow WHEN 'green' THEN c.p_green END AS p_colour,
  c.p_red,
  c.p_yellow,
  c.p_green,
  c.index_low,
  c.index_mid,
  c.index_high,
  c.rank_low,
  c.rank_high,
  c.band,
  c.band_units,
  c.state
FROM certainty_unit AS c
JOIN vw_release AS r ON r.release_id = c.release_id AND r.is_current = 1
JOIN fct_unit_score AS s
  ON s.release_id = c.release_id AND s.unit_code = c.unit_code AND s.quarter = r.period
LEFT JOIN vw_unit_of_release AS u ON u.release_id = c.release_id AND u.unit_code = c.unit_code;
