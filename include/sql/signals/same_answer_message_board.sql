-- signal: same_answer
-- feed: message_board
-- title: {zh: 满意度答案整齐划一, en: All satisfaction answers alike}
-- sentence:
--   zh: "{n} 份评价全部为“{detail}”,其他单位此答案占 {expected};请抽样回访。"
--   en: "All {n} ratings read '{detail}', which is {expected} of the answers elsewhere; call a sample back."
-- source: straight-lining and heaping tests of survey practice; thresholds ours
-- test: {kind: binomial, alpha: 0.0001, min_n: 12, min_excess: 0.1}
--
-- Expected is the share of the same answer at all other units.
WITH answers AS (
  SELECT _unit AS unit, satisfaction AS detail, COUNT(*) AS hits
  FROM message_board
  WHERE satisfaction IS NOT NULL
  GROUP BY _unit, satisfaction
),
totals AS (
  SELECT *, SUM(hits) OVER (PARTITION BY unit) AS n, SUM(hits) OVER (PARTITION BY detail) AS same, SUM(hits) OVER () AS everyone
  FROM answers
)
SELECT unit, detail, hits, n, (same - hits + 0.5) / (everyone - n + 1) AS expected
FROM totals
WHERE hits = n
