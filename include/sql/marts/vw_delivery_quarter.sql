-- 每个报送批次、所计入的季度一行(重复与撤回的不计)。
-- One row per delivery and quarter it counts for; duplicates and withdrawn ones are left out.
-- @quarter 计入季度(空=不明)
-- @is_main 是否主要季度(1=是;行数只计入主要季度)
-- @verdict_id 最新判定号
-- @verdict 最新判定
-- @first_verdict_id 首次判定号
-- @first_verdict 首次判定
-- @first_judged_at 首次判定时间(UTC)
-- @delivery_mode 报送方式(replace=整份替换 upsert=按主键更新 append=追加)
WITH judged AS (
  SELECT delivery_id, MIN(verdict_id) AS first_verdict_id, MAX(verdict_id) AS verdict_id
  FROM delivery_verdict
  GROUP BY delivery_id
),
touched AS (
  SELECT
    verdict_id,
    quarter,
    ROW_NUMBER() OVER (PARTITION BY verdict_id ORDER BY SUM(rows) DESC, quarter DESC) AS place
  FROM staged_file
  GROUP BY verdict_id, quarter
),
modes AS (
  SELECT e.jurisdiction, e.feed, e.supplier, e.delivery_mode
  FROM expected_delivery AS e
  WHERE e.expected_id = (
    SELECT MAX(n.expected_id)
    FROM expected_delivery AS n
    WHERE n.jurisdiction = e.jurisdiction AND n.feed = e.feed AND n.supplier = e.supplier
  )
)
SELECT
  d.delivery_id,
  d.jurisdiction,
  d.feed,
  d.supplier,
  -- A file of a feed that replaces counts for the quarter of most of its rows; another for each quarter it has rows of;
  -- one without rows for the quarter it declares, else for the last one that had ended when it came.
  COALESCE(
    t.quarter,
    NULLIF(d.declared_quarter, ''),
    (
      SELECT MAX(e.quarter)
      FROM expected_delivery AS e
      WHERE e.jurisdiction = d.jurisdiction AND e.feed = d.feed AND e.supplier = d.supplier
        AND e.quarter_ends_at < d.arrived_at
    ),
    ''
  ) AS quarter,
  CASE WHEN COALESCE(t.place, 1) = 1 THEN 1 ELSE 0 END AS is_main,
  d.arrived_at,
  COALESCE(m.delivery_mode, 'replace') AS delivery_mode,
  j.first_verdict_id,
  f.verdict AS first_verdict,
  f.judged_at AS first_judged_at,
  j.verdict_id,
  v.verdict
FROM delivery AS d
JOIN judged AS j ON j.delivery_id = d.delivery_id
JOIN delivery_verdict AS f ON f.verdict_id = j.first_verdict_id
JOIN delivery_verdict AS v ON v.verdict_id = j.verdict_id
LEFT JOIN modes AS m ON m.jurisdiction = d.jurisdiction AND m.feed = d.feed AND m.supplier = d.supplier
LEFT JOIN touched AS t
  ON t.verdict_id = j.verdict_id
 AND (m.delivery_mode IN ('upsert', 'append') OR (t.place = 1 AND d.declared_quarter = ''))
WHERE v.verdict NOT IN ('duplicate', 'withdrawn');
