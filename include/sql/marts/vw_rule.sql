-- 每份指标体系的每条规则、每个比较一行:文字、对象、比较符、界限;没有比较的规则一行。
-- One row per framework content, rule and comparison: words, what it is on, operator, threshold; one row where there is no comparison.
-- @framework_title 体系名称
-- @kind 种类(indicator=指标 adjustment=加减分 warning=预警 band=颜色界限)
-- @code 代码(颜色界限为次序)
-- @title_zh 规则名称
-- @title_en 规则英文名
-- @rule_on 对象(空=没有比较)
-- @term 所比的数(空=没有比较)
-- @operator 比较符(空=没有比较)
-- @position 比较的次序(从 1 起,须同时成立;0=没有比较)
SELECT
  w.framework_key,
  f.framework_code,
  f.framework_version,
  f.title_zh AS framework_title,
  w.kind,
  w.code,
  w.title_zh,
  w.title_en,
  w.colour,
  w.rule_zh,
  w.rule_en,
  COALESCE(c.position, 0) AS position,
  COALESCE(c.rule_on, '') AS rule_on,
  COALESCE(c.term, '') AS term,
  c.argument,
  COALESCE(c.operator, '') AS operator,
  c.threshold,
  COALESCE(c.threshold_state, '') AS threshold_state,
  w.advice_zh,
  w.advice_en
FROM dim_rule AS w
JOIN dim_framework AS f ON f.framework_key = w.framework_key
LEFT JOIN dim_rule_condition AS c ON c.framework_key = w.framework_key AND c.kind = w.kind AND c.code = w.code;
