-- 每个地区、体系、单位一行:现时颜色(整改逾期升级、全部销号后降低),与所依据的定稿颜色。
-- One row per jurisdiction, framework and unit: the colour that stands now beside the one that was released.
-- @unit_name 单位名称
-- @framework_title 体系名称
-- @released_colour 定稿颜色
-- @unresolved 未销号事项数
-- @late 其中已逾期
SELECT
  c.jurisdiction,
  c.framework_code,
  r.framework_title,
  c.unit_code,
  COALESCE(u.unit_name, c.unit_code) AS unit_name,
  c.colour,
  c.cause,
  c.period,
  c.release_id,
  c.since,
  COALESCE(f.colour, '') AS released_colour,
  (
    SELECT COUNT(*) FROM vw_rectification AS v
    WHERE v.jurisdiction = c.jurisdiction AND v.framework_code = c.framework_code AND v.unit_code = c.unit_code
      AND v.kind = 'individual' AND v.state NOT IN ('verified', 'cancelled')
  ) AS unresolved,
  (
    SELECT COUNT(*) FROM vw_rectification AS v
    WHERE v.jurisdiction = c.jurisdiction AND v.framework_code = c.framework_code AND v.unit_code = c.unit_code
      AND v.kind = 'individual' AND v.state NOT IN ('reported', 'verified', 'cancelled') AND v.late_days > 0
  ) AS late
FROM standing_colour AS c
JOIN vw_release AS r ON r.release_id = c.release_id
LEFT JOIN fct_unit_score AS f
  ON f.release_id = c.release_id AND f.quarter = c.period AND f.unit_code = c.unit_code
LEFT JOIN vw_unit_of_release AS u ON u.release_id = c.release_id AND u.unit_code = c.unit_code
WHERE c.colour_id = (
  SELECT MAX(z.colour_id) FROM standing_colour AS z
  WHERE z.jurisdiction = c.jurisdiction AND z.framework_code = c.framework_code AND z.unit_code = c.unit_code
);
