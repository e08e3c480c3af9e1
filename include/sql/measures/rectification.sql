-- feed: rectification
-- measures:
--   verified:
--     title: {zh: 整改销号率, en: Rectification verified}
--     formula: {zh: 季末前已验收销号 ÷ 当季到期事项(按期报告而尚待验收的不计), en: "verified by the end of the quarter ÷ items due in it, without those reported in time that wait for verification"}
--     source: Jiaokou 98.82 %, Tangyin 93.65 % (of inspections); ours for warnings
--     absent: not_applicable
--   on_time:
--     title: {zh: 整改按期率, en: Rectified on time}
--     formula: {zh: 到期日前已报告且未被退回 ÷ 当季到期事项, en: "reported by the due day and not refused ÷ items due in the quarter"}
--     source: ours; clocks of the pack's loop
--     absent: not_applicable
--   quality:
--     title: {zh: 整改质效分, en: Quality of rectification}
--     formula: {zh: 当季销号事项质效得分的平均(百分制), en: mean points on 100 of the items verified in the quarter}
--     source: Tangyin, quality on 100 points (responsibility, organisation, tasks "and so on")
--     absent: not_applicable
--   rebound:
--     title: {zh: 整改反弹率, en: Problems that came back}
--     formula: {zh: 其中回头看重启的 ÷ 截至季末 12 个月内首次销号的事项, en: "reopened by a look back ÷ items first verified in the 12 months to quarter end"}
--     source: ours; look back and campaign as printed for Tangyin
--     absent: not_applicable
--   satisfaction:
--     title: {zh: 整改满意率, en: Satisfied with rectification}
--     formula: {zh: 满意人数 ÷ 测评人数(当季销号事项；每项不少于 5 人), en: "satisfied ÷ surveyed persons, of items verified in the quarter; 5 or more for each"}
--     source: Tangyin 92.4 % of 76,700
--     absent: not_applicable
--
-- An item counts in the quarter in which it falls due or is verified; what happened after the quarter's last day does
-- not count. A cancelled item counts nowhere.
WITH items AS (
  SELECT
    *,
    _unit AS unit,
    due_on BETWEEN CAST($quarter_start AS DATE) AND CAST($quarter_end AS DATE) AS is_due,
    reported_on IS NOT NULL AND reported_on <= due_on AS is_reported_in_time,
    COALESCE(verified_on BETWEEN CAST($quarter_start AS DATE) AND CAST($quarter_end AS DATE), FALSE) AS is_verified_now,
    COALESCE(first_verified_on > CAST($quarter_end AS DATE) - INTERVAL '12' MONTH, FALSE) AS is_of_the_year
  FROM rectification
  WHERE NOT cancelled
)
SELECT
  unit,
  COUNT(*) FILTER (WHERE is_due AND verified_on IS NOT NULL) AS verified__num,
  COUNT(*) FILTER (WHERE is_due AND (verified_on IS NOT NULL OR NOT is_reported_in_time)) AS verified__den,
  COUNT(*) FILTER (WHERE is_due AND is_reported_in_time) AS on_time__num,
  COUNT(*) FILTER (WHERE is_due) AS on_time__den,
  SUM(quality_points) FILTER (WHERE is_verified_now) AS quality__num,
  COUNT(quality_points) FILTER (WHERE is_verified_now) AS quality__den,
  COUNT(*) FILTER (WHERE is_of_the_year AND rebounds > 0) AS rebound__num,
  COUNT(*) FILTER (WHERE is_of_the_year) AS rebound__den,
  SUM(satisfied) FILTER (WHERE is_verified_now AND surveyed >= 5) AS satisfaction__num,
  SUM(surveyed) FILTER (WHERE is_verified_now AND surveyed >= 5 AND satisfied IS NOT NULL) AS satisfaction__den
FROM items
GROUP BY unit
