-- 每个地区、体系、期间、非绿单位、使其不绿的原因一行(现行修订):规则、对象、数字、界限、怎样消除;早于此记录的发布无行。
-- One row per jurisdiction, framework, period, unit not green and reason of the current revision; undo every row and it is green.
-- @unit_name 单位名称
-- @peer_group 类别代码
-- @peer_group_name 类别名称
-- @period_title 期间名称
-- @framework_title 体系名称
-- @status 发布状态
-- @is_final 是否定稿(1=是)
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @unit_colour 单位的颜色
-- @decides 是否就是单位的颜色(1=是;0=另有更差的)
-- @rule_title 规则名称
-- @rule_title_en 规则英文名
-- @rule 规则(文字)
-- @rule_en 规则(文字,英文)
-- @rule_on 规则所对的对象(如 groups.depth1=每个大类)
-- @level 对象的层级(index=指数 group=维度 indicator=指标 adjustment=加减分)
-- @target_title 对象名称
-- @target_title_en 对象英文名
-- @measure 对象的计量代码(仅指标)
-- @colour 该条给出的颜色
SELECT
  c.release_id,
  c.jurisdiction,
  r.framework_code,
  r.framework_title,
  r.framework_version,
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
  s.colour AS unit_colour,
  c.kind,
  c.rule_code,
  COALESCE(w.title_zh, c.rule_code) AS rule_title,
  COALESCE(w.title_en, c.rule_code) AS rule_title_en,
  COALESCE(w.rule_zh, '') AS rule,
  COALESCE(w.rule_en, '') AS rule_en,
  COALESCE(k.rule_on, c.target) AS rule_on,
  CASE
    WHEN c.target = 'index' THEN 'index'
    WHEN SUBSTR(c.target, 1, 7) = 'groups.' THEN 'group'
    WHEN SUBSTR(c.target, 1, 11) = 'indicators.' THEN 'indicator'
    ELSE 'adjustment'
  END AS level,
  c.target,
  COALESCE(i.title_zh, g.title_zh, CASE c.target WHEN 'index' THEN '指数' ELSE COALESCE(w.title_zh, c.target) END)
    AS target_title,
  COALESCE(i.title_en, g.title_en, CASE c.target WHEN 'index' THEN 'Index' ELSE COALESCE(w.title_en, c.target) END)
    AS target_title_en,
  COALESCE(i.measure, '') AS measure,
  c.colour,
  CASE WHEN c.colour = s.colour THEN 1 ELSE 0 END AS decides,
  c.term,
  c.figure,
  c.operator,
  c.threshold,
  c.threshold_state,
  c.remedy,
  c.points_lacking,
  c.index_points_lacking,
  c.numerator,
  c.denominator,
  c.numerator_needed,
  c.value_needed,
  c.sentence_zh,
  c.sentence_en
FROM fct_colour_reason AS c
JOIN vw_release AS r ON r.release_id = c.release_id AND r.is_current = 1
JOIN fct_unit_score AS s
  ON s.release_id = c.release_id AND s.quarter = r.period AND s.unit_code = c.unit_code
LEFT JOIN vw_unit_of_release AS u ON u.release_id = c.release_id AND u.unit_code = c.unit_code
LEFT JOIN dim_rule AS w
  ON w.framework_key = r.framework_key AND w.code = c.rule_code
 AND w.kind = CASE c.kind WHEN 'veto' THEN 'adjustment' ELSE c.kind END
LEFT JOIN dim_rule_condition AS k
  ON k.framework_key = r.framework_key AND k.kind = w.kind AND k.code = w.code AND k.position = 1
LEFT JOIN dim_indicator AS i ON i.framework_key = r.framework_key AND 'indicators.' || i.indicator_code = c.target
LEFT JOIN dim_group AS g ON g.framework_key = r.framework_key AND 'groups.' || g.group_code = c.target;
