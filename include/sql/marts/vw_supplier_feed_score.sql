-- 每个地区、报送单位、数据源、季度一行:及时、完整、差错、更正。
-- One row per jurisdiction, supplier, feed and quarter: timeliness, completeness, faults, corrections.
-- @expectation 应报情况(due=应报 on_event=有事项才报 not_due=不应报)
-- @deadline_at 报送期限(UTC;not_due 时无)
-- @timeliness 及时情况(in_time=按时 late=迟报 not_received=未收到可用数据 no_deadline=无期限)
-- @received_at 首份被采用数据的到达时间(UTC;未收到时无)
-- @days_late 迟报天数(按时=0;未收到或无期限时无值)
-- @deliveries 报送份数
-- @held_deliveries 首次判定被扣留的份数
-- @revisions 更正份数(首份采用之后又采用的份数)
-- @data_rows 数据行数(各份首次判定)
-- @faulty_rows 有误行数(各份首次判定)
-- @fault_pct 差错率%(有误行数÷数据行数;无数据行时无值)
-- @required_cells 必填单元格数(各份首次判定)
-- @blank_cells 未填的必填单元格数(各份首次判定)
-- @filled_pct 填报完整率%(已填必填单元格÷必填单元格;无必填单元格时无值)
-- @open_rows 尚未改正的行数(现行各份最新判定)
-- @fix 改正情况(none=无差错 fixed=已改正 open=未改正)
-- @days_to_fix 改正天数(发现差错至首份无误数据判定,不足一天计一天;fix 不是 fixed 时无值)
WITH required AS (
  SELECT verdict_id, SUM(rows_checked) AS required_cells, SUM(rows_failed) AS blank_cells
  FROM validation_result
  WHERE rule_id = 'R-REQUIRED' AND judge = 'duckdb'
  GROUP BY verdict_id
),
counted AS (
  SELECT
    q.*,
    v.judged_at,
    MAX(CASE WHEN q.is_main = 1 THEN q.delivery_id ELSE 0 END)
      OVER (PARTITION BY q.jurisdiction, q.supplier, q.feed, q.quarter) AS newest_id,
    b.landed - b.structural AS data_rows,
    b.quarantined AS faulty_rows,
    l.quarantined AS open_rows,
    COALESCE(r.required_cells, 0) AS required_cells,
    COALESCE(r.blank_cells, 0) AS blank_cells,
    CASE WHEN q.first_verdict = 'held' OR b.quarantined > 0 THEN 1 ELSE 0 END AS was_faulty
  FROM vw_delivery_quarter AS q
  JOIN delivery_verdict AS v ON v.verdict_id = q.verdict_id
  JOIN row_balance AS b ON b.verdict_id = q.first_verdict_id
  JOIN row_balance AS l ON l.verdict_id = q.verdict_id
  LEFT JOIN required AS r ON r.verdict_id = q.first_verdict_id
  WHERE q.quarter <> '' AND q.supplier <> ''
),
received AS (
  SELECT
    jurisdiction,
    supplier,
    feed,
    quarter,
    MIN(CASE WHEN verdict IN ('accepted', 'nil_return') THEN arrived_at END) AS received_at,
    CAST(SUM(is_main) AS BIGINT) AS deliveries,
    CAST(SUM(CASE WHEN first_verdict = 'held' THEN is_main ELSE 0 END) AS BIGINT) AS held_deliveries,
    CAST(SUM(CASE WHEN verdict IN ('accepted', 'nil_return') THEN is_main ELSE 0 END) AS BIGINT) AS used_deliveries,
    CAST(SUM(is_main * data_rows) AS BIGINT) AS data_rows,
    CAST(SUM(is_main * faulty_rows) AS BIGINT) AS faulty_rows,
    CAST(SUM(is_main * required_cells) AS BIGINT) AS required_cells,
    CAST(SUM(is_main * blank_cells) AS BIGINT) AS blank_cells,
    CAST(
      SUM(CASE WHEN delivery_mode <> 'replace' OR delivery_id = newest_id THEN is_main * open_rows ELSE 0 END) AS BIGINT
    ) AS open_rows,
    MIN(CASE WHEN was_faulty = 1 AND is_main = 1 THEN delivery_id END) AS faulty_id
  FROM counted
  GROUP BY jurisdiction, supplier, feed, quarter
),
found AS (
  SELECT r.*, c.first_judged_at AS found_at
  FROM received AS r
  LEFT JOIN counted AS c
    ON c.jurisdiction = r.jurisdiction AND c.supplier = r.supplier AND c.feed = r.feed AND c.quarter = r.quarter
   AND c.delivery_id = r.faulty_id
),
fixed AS (
  SELECT
    f.*,
    (
      SELECT MIN(v.judged_at)
      FROM counted AS c
      JOIN delivery_verdict AS v ON v.delivery_id = c.delivery_id
      JOIN row_balance AS b ON b.verdict_id = v.verdict_id
      WHERE c.jurisdiction = f.jurisdiction AND c.supplier = f.supplier AND c.feed = f.feed AND c.quarter = f.quarter
        AND c.is_main = 1 AND c.delivery_id >= f.faulty_id AND v.verdict = 'accepted' AND b.quarantined = 0
    ) AS fixed_at
  FROM found AS f
),
asked AS (
  SELECT jurisdiction, supplier, feed, quarter FROM vw_expected WHERE expectation <> 'not_due'
  UNION
  SELECT jurisdiction, supplier, feed, quarter FROM received
)
SELECT
  a.jurisdiction,
  a.supplier,
  a.feed,
  a.quarter,
  COALESCE(e.expectation, 'not_due') AS expectation,
  CASE WHEN e.expectation = 'due' THEN e.deadline_at END AS deadline_at,
  CASE
    WHEN COALESCE(e.expectation, 'not_due') <> 'due' THEN 'no_deadline'
    WHEN f.received_at IS NULL THEN 'not_received'
    WHEN f.received_at <= e.deadline_at THEN 'in_time'
    ELSE 'late'
  END AS timeliness,
  f.received_at,
  CASE
    WHEN COALESCE(e.expectation, 'not_due') <> 'due' OR f.received_at IS NULL THEN NULL
    WHEN f.received_at <= e.deadline_at THEN 0
    ELSE (SECONDS(f.received_at) - SECONDS(e.deadline_at) - 1) / 86400 + 1
  END AS days_late,
  COALESCE(f.deliveries, 0) AS deliveries,
  COALESCE(f.held_deliveries, 0) AS held_deliveries,
  CASE WHEN COALESCE(f.used_deliveries, 0) > 1 THEN f.used_deliveries - 1 ELSE 0 END AS revisions,
  COALESCE(f.data_rows, 0) AS data_rows,
  COALESCE(f.faulty_rows, 0) AS faulty_rows,
  -- Half up in whole numbers, so that both backends give the same two places.
  CASE WHEN f.data_rows > 0 THEN (f.faulty_rows * 20000 + f.data_rows) / (2 * f.data_rows) / 100.0 END AS fault_pct,
  COALESCE(f.required_cells, 0) AS required_cells,
  COALESCE(f.blank_cells, 0) AS blank_cells,
  CASE
    WHEN f.required_cells > 0
      THEN ((f.required_cells - f.blank_cells) * 20000 + f.required_cells) / (2 * f.required_cells) / 100.0
  END AS filled_pct,
  COALESCE(f.open_rows, 0) AS open_rows,
  CASE WHEN f.faulty_id IS NULL THEN 'none' WHEN f.fixed_at IS NULL THEN 'open' ELSE 'fixed' END AS fix,
  CASE WHEN f.fixed_at IS NOT NULL THEN (SECONDS(f.fixed_at) - SECONDS(f.found_at) + 86399) / 86400 END AS days_to_fix
FROM asked AS a
LEFT JOIN vw_expected AS e
  ON e.jurisdiction = a.jurisdiction AND e.supplier = a.supplier AND e.feed = a.feed AND e.quarter = a.quarter
LEFT JOIN fixed AS f
  ON f.jurisdiction = a.jurisdiction AND f.supplier = a.supplier AND f.feed = a.feed AND f.quarter = a.quarter;
