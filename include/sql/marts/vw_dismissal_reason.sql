-- 不予确认的理由:每个地区、体系版本、规则、年度、理由一行。
-- One row per area, version of a framework, rule, year and reason for which a warning of a final release was dismissed.
-- @year 年度
-- @reason 理由
-- @times 次数
SELECT
  r.jurisdiction,
  r.framework_code,
  r.framework_version,
  d.rule_code,
  CAST(SUBSTR(r.period, 1, 4) AS INTEGER) AS year,
  d.reason,
  COUNT(*) AS times
FROM release_pointer AS p
JOIN release AS r ON r.release_id = p.release_id
JOIN review AS v ON v.release_id = r.release_id
JOIN review_end AS e ON e.review_id = v.review_id AND e.outcome = 'completed'
JOIN review_answer AS a
  ON a.review_id = v.review_id
 AND a.step = (SELECT MAX(b.step) FROM review_answer AS b WHERE b.review_id = v.review_id)
JOIN review_decision AS d ON d.answer_id = a.answer_id AND d.verdict = 'dismissed'
WHERE p.kind = 'final'
GROUP BY
  r.jurisdiction, r.framework_code, r.framework_version, d.rule_code, CAST(SUBSTR(r.period, 1, 4) AS INTEGER), d.reason;
