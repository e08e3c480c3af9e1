-- 规则精度账:每个地区、体系版本、规则、年度一行;定稿发布上审核的结论。
-- One row per area, version of a framework, rule and year: what the reviews of its final releases made of the warnings.
-- @year 年度
-- @title_zh 预警名称(颜色界限与否决为规则代码)
-- @raised 提出条数
-- @confirmed 确认条数
-- @dismissed 不予确认条数
-- @confirmed_share 确认率(确认 ÷ 已决定)
-- @periods 涉及的期间数
SELECT
  r.jurisdiction,
  r.framework_code,
  r.framework_version,
  d.rule_code,
  CAST(SUBSTR(r.period, 1, 4) AS INTEGER) AS year,
  COALESCE(MAX(w.title_zh), d.rule_code) AS title_zh,
  COUNT(*) AS raised,
  SUM(CASE WHEN d.verdict = 'confirmed' THEN 1 ELSE 0 END) AS confirmed,
  SUM(CASE WHEN d.verdict = 'dismissed' THEN 1 ELSE 0 END) AS dismissed,
  CAST(SUM(CASE WHEN d.verdict = 'confirmed' THEN 1 ELSE 0 END) AS DOUBLE PRECISION) / COUNT(*) AS confirmed_share,
  COUNT(DISTINCT r.period) AS periods
FROM release_pointer AS p
JOIN release AS r ON r.release_id = p.release_id
JOIN review AS v ON v.release_id = r.release_id
JOIN review_end AS e ON e.review_id = v.review_id AND e.outcome = 'completed'
JOIN review_answer AS a
  ON a.review_id = v.review_id
 AND a.step = (SELECT MAX(b.step) FROM review_answer AS b WHERE b.review_id = v.review_id)
JOIN review_decision AS d ON d.answer_id = a.answer_id
LEFT JOIN fct_warning AS w
  ON w.release_id = r.release_id AND w.unit_code = d.unit_code AND w.rule_code = d.rule_code AND w.target = d.target
WHERE p.kind = 'final'
GROUP BY r.jurisdiction, r.framework_code, r.framework_version, d.rule_code, CAST(SUBSTR(r.period, 1, 4) AS INTEGER);
