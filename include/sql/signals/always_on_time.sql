-- signal: always_on_time
-- feed: petitions
-- title: {zh: 连续四季恰好满分, en: Exactly full marks four quarters running}
-- sentence:
--   zh: "连续四季 {n} 件全部按期答复,其他单位为 {expected};请抽查答复日期的原始凭证。"
--   en: "All {n} matters of four quarters running were answered on time, {expected} elsewhere; check the dates of a sample against the originals."
-- source: values heaped exactly at the full score; thresholds ours
-- test: {kind: binomial, alpha: 0.00001, min_n: 40, min_excess: 0.1}
-- lookback_quarters: 3
--
-- Expected is the share of all other units over the same quarters.
WITH matters AS (
  SELECT
    _unit AS unit,
    COUNT(DISTINCT _quarter) AS quarters,
    COUNT(*) AS n,
    COUNT(*) FILTER (WHERE replied_on <= due_on) AS hits
  FROM petitions_history
  WHERE _quarter <= $quarter AND returned_on IS NULL
  GROUP BY _unit
),
compared AS (
  SELECT *, (SUM(hits) OVER () - hits + 0.5) / (SUM(n) OVER () - n + 1) AS expected
  FROM matters
)
SELECT unit, '' AS detail, hits, n, expected
FROM compared
WHERE hits = n AND quarters = 4
