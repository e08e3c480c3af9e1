-- 实绩档案:每个地区、体系、年度、单位、线或项一行(现行修订)。
-- One row per area, framework, year, unit and line, item or quarter of its settlement (current revision).
-- @unit_name 单位名称
-- @framework_title 体系名称
-- @status 发布状态
-- @is_final 是否定稿(1=是)
-- @peer_group 类别代码
-- @peer_group_name 类别名称
-- @year 年度
-- @part 种类(line=线 item=项 quarter=季度指数)
-- @code 线、项或季度的代码
-- @title 名称
-- @parent_code 所属的线或项(空=线)
-- @position 次序
-- @full_points 满分(季度指数为 1)
-- @points 得分(季度指数为得分率)
-- @rate 得分率(0-1)
-- @state 状态
-- @state_reason 无值的原因代码(空=有值)
SELECT
  g.release_id,
  g.jurisdiction,
  g.framework_code,
  g.framework_title,
  CAST(g.period AS INTEGER) AS year,
  g.revision,
  g.status,
  g.is_final,
  g.unit_code,
  g.unit_name,
  g.peer_group,
  g.peer_group_name,
  CASE WHEN g.parent_code = '' THEN 'line' ELSE 'item' END AS part,
  g.group_code AS code,
  g.group_title AS title,
  g.parent_code,
  d.position,
  g.declared_points AS full_points,
  g.points,
  g.rate,
  g.state,
  g.state_reason
FROM vw_group_score_current AS g
JOIN release AS r ON r.release_id = g.release_id
JOIN dim_group AS d ON d.framework_key = r.framework_key AND d.group_code = g.group_code
WHERE LENGTH(g.period) = 4
UNION ALL
SELECT
  i.release_id,
  i.jurisdiction,
  i.framework_code,
  i.framework_title,
  CAST(i.period AS INTEGER) AS year,
  i.revision,
  i.status,
  i.is_final,
  i.unit_code,
  i.unit_name,
  i.peer_group,
  i.peer_group_name,
  CASE WHEN i.declared_points IS NULL THEN 'quarter' ELSE 'item' END AS part,
  i.indicator_code AS code,
  i.indicator_title AS title,
  i.group_code AS parent_code,
  100 + d.position AS position,
  COALESCE(i.declared_points, 1) AS full_points,
  i.points,
  CASE WHEN i.attainable > 0 THEN i.points / i.attainable END AS rate,
  i.state,
  i.state_reason
FROM vw_indicator_score_current AS i
JOIN release AS r ON r.release_id = i.release_id
JOIN dim_indicator AS d ON d.framework_key = r.framework_key AND d.indicator_code = i.indicator_code
WHERE LENGTH(i.period) = 4;
