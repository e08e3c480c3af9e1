-- signal: closing_spike
-- feed: petitions
-- title: {zh: 季末突击办结, en: Closed at the quarter's end}
-- sentence:
--   zh: "本季答复的 {n} 件中有 {hits} 件({share})在季末最后 3 天,其他单位为 {expected};请抽查办理过程。"
--   en: "{hits} of the {n} replies of the quarter ({share}) came in its last 3 days, {expected} elsewhere; look at how they were handled."
-- source: deadlines gamed by early or sudden closure; thresholds ours
-- test: {kind: binomial, alpha: 0.0001, min_n: 10, min_excess: 0.25}
--
-- Expected is the share of all other units, and never less than 3 days' share of a quarter spread evenly.
WITH replies AS (
  SELECT
    _unit AS unit,
    COUNT(*) AS n,
    COUNT(*) FILTER (WHERE replied_on > $quarter_end - INTERVAL '3' DAY) AS hits
  FROM petitions
  WHERE returned_on IS NULL AND replied_on BETWEEN $quarter_start AND $quarter_end
  GROUP BY _unit
)
SELECT
  unit,
  '' AS detail,
  hits,
  n,
  GREATEST(
    (SUM(hits) OVER () - hits + 0.5) / (SUM(n) OVER () - n + 1),
    3.0 / (date_diff('day', $quarter_start, $quarter_end) + 1)
  ) AS expected
FROM replies
