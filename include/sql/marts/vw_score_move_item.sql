-- 每次发布、前次发布、单位、因素、指标或加减分一行:每个因素由哪些指标承载;为零者不列。
-- One row per release, earlier release, unit, factor and item: which indicators carry each factor's part.
-- @period 期间
-- @revision 修订号
-- @from_period 前次期间
-- @from_revision 前次修订号
-- @is_current 是否现行(1=是)
-- @unit_name 单位名称
-- @kind 种类(indicator=指标 adjustment=加减分 rest=其余)
-- @item 指标或加减分代码(空=其余)
-- @item_title 指标或加减分名称
-- @points 分(未取整指数)
SELECT
  s.release_id,
  s.from_release_id,
  s.jurisdiction,
  r.framework_code,
  r.period,
  r.revision,
  f.period AS from_period,
  f.revision AS from_revision,
  CASE WHEN c.release_id IS NULL THEN 0 ELSE 1 END AS is_current,
  s.unit_code,
  COALESCE(u.unit_name, s.unit_code) AS unit_name,
  s.factor,
  s.kind,
  s.item,
  COALESCE(w.title_zh, CASE s.kind WHEN 'rest' THEN '其余' ELSE s.item END) AS item_title,
  s.points
FROM fct_score_move_item AS s
JOIN release AS r ON r.release_id = s.release_id
JOIN release AS f ON f.release_id = s.from_release_id
LEFT JOIN release_pointer AS c ON c.release_id = s.release_id AND c.kind = 'current'
LEFT JOIN vw_unit_of_release AS u ON u.release_id = s.release_id AND u.unit_code = s.unit_code
LEFT JOIN dim_rule AS w ON w.framework_key = r.framework_key AND w.kind = s.kind AND w.code = s.item;
