-- 每次发布、单位、指标一行:失分由大到小,附规则、计量与分子分母;缺失、不适用与未评不是失分。
-- One row per release, unit and indicator: points lost, the largest first; what was not counted is no loss.
-- @unit_name 单位名称
-- @is_current 是否现行(1=是)
-- @indicator_title 指标名称
-- @declared_points 标准分
-- @points 得分
-- @group_code 维度代码
-- @group_title 维度名称
-- @points_lost 失分(可得分 − 得分,原始分;空=未计入,不是失分,见状态及其原因)
-- @index_points_lost 失分折合指数(失分 × 满分 ÷ 单位可得分;空=未计入、单位未评,或体系不全是相加)
-- @state_reason 未计入的原因代码(空=有值,或发布早于此记录)
-- @loss_rank 失分次序(1=最多;0=未计入)
-- @rule 评分规则
-- @rule_en 评分规则(英文)
-- @measure_title 计量名称
-- @formula 计算方法
-- @key 分项(空=不分项)
-- @value 计量值
-- @state 状态(value=有值;其余为无值原因)
SELECT
  s.release_id,
  s.jurisdiction,
  r.framework_code,
  r.framework_version,
  r.period,
  r.revision,
  CASE WHEN c.release_id IS NULL THEN 0 ELSE 1 END AS is_current,
  s.unit_code,
  COALESCE(u.unit_name, s.unit_code) AS unit_name,
  s.indicator_code,
  COALESCE(i.title_zh, s.indicator_code) AS indicator_title,
  COALESCE(i.group_code, '') AS group_code,
  COALESCE(g.title_zh, '') AS group_title,
  i.points AS declared_points,
  s.points,
  s.attainable,
  CASE WHEN s.attainable > 0 THEN ROUND(s.attainable - s.points, 9) END AS points_lost,
  CASE
    WHEN s.attainable > 0 AND t.index_value IS NOT NULL AND f.sums_throughout = 1
      THEN ROUND((s.attainable - s.points) * f.full_points / t.attainable, 9)
  END AS index_points_lost,
  CASE
    WHEN s.attainable > 0 THEN RANK() OVER (
      PARTITION BY s.release_id, s.unit_code
      ORDER BY CASE WHEN s.attainable > 0 THEN ROUND(s.attainable - s.points, 9) ELSE -1 END DESC, i.position
    )
    ELSE 0
  END AS loss_rank,
  COALESCE(w.rule_zh, i.rule, '') AS rule,
  COALESCE(w.rule_en, '') AS rule_en,
  s.measure,
  COALESCE(d.title_zh, s.measure) AS measure_title,
  COALESCE(d.formula_zh, '') AS formula,
  COALESCE(m.key, '') AS key,
  m.numerator,
  m.denominator,
  COALESCE(m.n, 0) AS n,
  s.value,
  s.state,
  COALESCE(x.reason, '') AS state_reason
FROM fct_indicator_score AS s
JOIN release AS r ON r.release_id = s.release_id
LEFT JOIN release_pointer AS c ON c.release_id = s.release_id AND c.kind = 'current'
LEFT JOIN vw_unit_of_release AS u ON u.release_id = s.release_id AND u.unit_code = s.unit_code
LEFT JOIN dim_indicator AS i ON i.framework_key = r.framework_key AND i.indicator_code = s.indicator_code
LEFT JOIN dim_group AS g ON g.framework_key = i.framework_key AND g.group_code = i.group_code
LEFT JOIN fct_unit_score AS t ON t.release_id = s.release_id AND t.quarter = s.quarter AND t.unit_code = s.unit_code
LEFT JOIN dim_rating_rule AS f ON f.framework_key = r.framework_key AND f.level = 'index' AND f.code = ''
LEFT JOIN fct_state_reason AS x
  ON x.release_id = s.release_id AND x.unit_code = s.unit_code AND x.level = 'indicator' AND x.code = s.indicator_code
LEFT JOIN dim_rule AS w
  ON w.framework_key = r.framework_key AND w.kind = 'indicator' AND w.code = s.indicator_code
 -- 指标的计量写作 计量|分项;以 rtrim 拆开,两种数据库都能用主键查找。 "measure|key", split so that both backends use the key.
LEFT JOIN fct_measure AS m
  ON m.release_id = s.release_id AND m.quarter = s.quarter AND m.unit_code = s.unit_code
 AND m.measure = CASE
   WHEN s.measure <> REPLACE(s.measure, '|', '') THEN RTRIM(RTRIM(s.measure, REPLACE(s.measure, '|', '')), '|') ELSE s.measure
 END
 AND m.key = CASE
   WHEN s.measure <> REPLACE(s.measure, '|', '') THEN SUBSTR(s.measure, LENGTH(RTRIM(s.measure, REPLACE(s.measure, '|', ''))) + 1)
   ELSE ''
 END
LEFT JOIN release_measure AS d ON d.release_id = s.release_id AND d.measure = m.measure;
