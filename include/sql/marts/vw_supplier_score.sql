-- 每个地区、报送单位、季度一行:各数据源合计。
-- One row per jurisdiction, supplier and quarter: its feeds together.
-- @due 应报数据源数
-- @in_time 按时数
-- @late 迟报数
-- @not_received 未收到可用数据数
-- @received_pct 报送完整率%(已收÷应报;无应报时无值)
-- @in_time_pct 及时率%(按时÷应报;无应报时无值)
-- @days_late 迟报天数合计
-- @deliveries 报送份数
-- @held_deliveries 首次判定被扣留的份数
-- @revisions 更正份数
-- @data_rows 数据行数(各份首次判定)
-- @faulty_rows 有误行数(各份首次判定)
-- @fault_pct 差错率%(有误行数÷数据行数;无数据行时无值)
-- @required_cells 必填单元格数
-- @blank_cells 未填的必填单元格数
-- @filled_pct 填报完整率%(已填必填单元格÷必填单元格;无必填单元格时无值)
-- @open_rows 尚未改正的行数
-- @fixed 已改正数据源数
-- @unfixed 未改正数据源数
-- @days_to_fix_max 最长改正天数(无改正时无值)
WITH total AS (
  SELECT
    jurisdiction,
    supplier,
    quarter,
    CAST(SUM(CASE WHEN expectation = 'due' THEN 1 ELSE 0 END) AS BIGINT) AS due,
    CAST(SUM(CASE WHEN timeliness = 'in_time' THEN 1 ELSE 0 END) AS BIGINT) AS in_time,
    CAST(SUM(CASE WHEN timeliness = 'late' THEN 1 ELSE 0 END) AS BIGINT) AS late,
    CAST(SUM(CASE WHEN timeliness = 'not_received' THEN 1 ELSE 0 END) AS BIGINT) AS not_received,
    CAST(COALESCE(SUM(days_late), 0) AS BIGINT) AS days_late,
    CAST(SUM(deliveries) AS BIGINT) AS deliveries,
    CAST(SUM(held_deliveries) AS BIGINT) AS held_deliveries,
    CAST(SUM(revisions) AS BIGINT) AS revisions,
    CAST(SUM(data_rows) AS BIGINT) AS data_rows,
    CAST(SUM(faulty_rows) AS BIGINT) AS faulty_rows,
    CAST(SUM(required_cells) AS BIGINT) AS required_cells,
    CAST(SUM(blank_cells) AS BIGINT) AS blank_cells,
    CAST(SUM(open_rows) AS BIGINT) AS open_rows,
    CAST(SUM(CASE WHEN fix = 'fixed' THEN 1 ELSE 0 END) AS BIGINT) AS fixed,
    CAST(SUM(CASE WHEN fix = 'open' THEN 1 ELSE 0 END) AS BIGINT) AS unfixed,
    MAX(days_to_fix) AS days_to_fix_max
  FROM vw_supplier_feed_score
  GROUP BY jurisdiction, supplier, quarter
)
SELECT
  t.jurisdiction,
  t.supplier,
  t.quarter,
  t.due,
  t.in_time,
  t.late,
  t.not_received,
  CASE WHEN t.due > 0 THEN ((t.in_time + t.late) * 20000 + t.due) / (2 * t.due) / 100.0 END AS received_pct,
  CASE WHEN t.due > 0 THEN (t.in_time * 20000 + t.due) / (2 * t.due) / 100.0 END AS in_time_pct,
  t.days_late,
  t.deliveries,
  t.held_deliveries,
  t.revisions,
  t.data_rows,
  t.faulty_rows,
  CASE WHEN t.data_rows > 0 THEN (t.faulty_rows * 20000 + t.data_rows) / (2 * t.data_rows) / 100.0 END AS fault_pct,
  t.required_cells,
  t.blank_cells,
  CASE
    WHEN t.required_cells > 0
      THEN ((t.required_cells - t.blank_cells) * 20000 + t.required_cells) / (2 * t.required_cells) / 100.0
  END AS filled_pct,
  t.open_rows,
  t.fixed,
  t.unfixed,
  t.days_to_fix_max
FROM total AS t;
