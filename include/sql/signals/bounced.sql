-- signal: bounced
-- feed: petitions
-- title: {zh: 退件偏多, en: Cases bounced back}
-- sentence:
--   zh: "{n} 件中有 {hits} 件({share})被退回,其他单位为 {expected};请核对异议是否成立。"
--   en: "{hits} of {n} matters ({share}) were sent back, {expected} elsewhere; check whether the objections hold."
-- source: 信访工作条例 art. 23; thresholds ours
-- test: {kind: binomial, alpha: 0.0001, min_n: 10, min_excess: 0.2}
--
-- Expected is the share of all other units.
WITH matters AS (
  SELECT _unit AS unit, COUNT(*) AS n, COUNT(returned_on) AS hits
  FROM petitions
  GROUP BY _unit
)
SELECT unit, '' AS detail, hits, n, (SUM(hits) OVER () - hits + 0.5) / (SUM(n) OVER () - n + 1) AS expected
FROM matters
