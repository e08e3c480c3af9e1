-- 每个数据源、单位、季度一行:应报情况与期限(以最新记录为准)。
-- One row per feed, supplier and quarter: what is expected and until when, by the latest record.
SELECT
  e.jurisdiction,
  e.feed,
  e.supplier,
  e.quarter,
  e.expectation,
  e.deadline_at,
  e.quarter_ends_at,
  e.delivery_mode
FROM expected_delivery AS e
WHERE e.expected_id = (
  SELECT MAX(n.expected_id)
  FROM expected_delivery AS n
  WHERE n.jurisdiction = e.jurisdiction AND n.feed = e.feed AND n.supplier = e.supplier AND n.quarter = e.quarter
);
