-- signal: reopened
-- feed: petitions
-- title: {zh: 办结后重信重访偏多, en: Cases come back after they were closed}
-- sentence:
--   zh: "{n} 件中有 {hits} 件({share})为重信重访,其他单位为 {expected};请复核原办结是否属实。"
--   en: "{hits} of {n} matters ({share}) are repeated ones, {expected} elsewhere; check whether the first closure was real."
-- source: early closure shows as matters that return; a lead on handling, never held against a petitioner; thresholds ours
-- test: {kind: binomial, alpha: 0.0001, min_n: 15, min_excess: 0.25}
--
-- Expected is the share of all other units.
WITH matters AS (
  SELECT _unit AS unit, COUNT(*) AS n, COUNT(*) FILTER (WHERE matter_type = '重信重访') AS hits
  FROM petitions
  WHERE returned_on IS NULL
  GROUP BY _unit
)
SELECT unit, '' AS detail, hits, n, (SUM(hits) OVER () - hits + 0.5) / (SUM(n) OVER () - n + 1) AS expected
FROM matters
