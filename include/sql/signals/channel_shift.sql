-- signal: channel_shift
-- feed: petitions
-- title: {zh: 一条渠道骤降、另一条上升, en: One channel falls while another rises}
-- sentence:
--   zh: "渠道{detail}:后者本季占两者 {share}({hits}/{n}),前四季占 {expected};请核实前一渠道是否被拦阻、劝返或改记。"
--   en: "Channels {detail}: the latter is {share} of both ({hits}/{n}), {expected} in the four quarters before; check whether the former is obstructed, turned away or relabelled."
-- source: 国家信访局 2013 年取消按信访量排名；渠道此消彼长为拦访迹象，界限为本产品所设 (thresholds ours)
-- test: {kind: two_sample, alpha: 0.0001, min_n: 15, min_excess: 0.25}
-- lookback_quarters: 4
--
-- Only the two channels that fell and rose most, by counts per quarter: the one by half, the other by a quarter.
WITH quarters AS (
  SELECT _unit AS unit, COUNT(DISTINCT _quarter) AS quarters
  FROM petitions_history
  WHERE _quarter < $quarter
  GROUP BY _unit
),
counts AS (
  SELECT
    _unit AS unit,
    channel,
    COUNT(*) FILTER (WHERE _quarter = $quarter) AS now,
    COUNT(*) FILTER (WHERE _quarter < $quarter) AS before
  FROM petitions_history
  WHERE _quarter <= $quarter AND returned_on IS NULL
  GROUP BY _unit, channel
),
changes AS (
  SELECT counts.*, before / quarters AS usual, now - before / quarters AS change
  FROM counts
  JOIN quarters ON quarters.unit = counts.unit
  WHERE quarters >= 2
),
fallen AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY unit ORDER BY change, channel) AS place
  FROM changes
  WHERE now <= 0.5 * usual
),
risen AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY unit ORDER BY change DESC, channel) AS place
  FROM changes
  WHERE now >= 1.25 * usual
)
SELECT
  fallen.unit,
  fallen.channel || '→' || risen.channel AS detail,
  risen.now AS hits,
  fallen.now + risen.now AS n,
  risen.before AS hits_before,
  fallen.before + risen.before AS n_before
FROM fallen
JOIN risen ON risen.unit = fallen.unit AND risen.place = 1
WHERE fallen.place = 1
