-- 每个报送批次一行:最新判定与行数去向。
-- One row per delivery: its latest verdict and where its rows went.
-- @sha256 文件哈希
-- @verdict_id 最新判定号(0=待判定)
-- @verdict 最新判定(pending=待判定)
-- @judgements 判定次数
-- @message_zh 说明
-- @message_en 英文说明
-- @quarter 主要季度(空=不明、重复或待判定)
-- @deadline_at 该季度的报送期限(UTC;timeliness=no_deadline 时无)
-- @timeliness 及时情况(in_time=按时到达 late=逾期到达 no_deadline=无期限)
-- @days_late 到达时逾期天数(按时=0;无期限时无值)
SELECT
  d.delivery_id,
  d.jurisdiction,
  d.feed,
  d.supplier,
  d.file_name,
  d.sha256,
  d.bytes,
  d.arrived_at,
  d.landed_at,
  d.declared_quarter,
  d.duplicate_of,
  d.contract_version,
  COALESCE(v.verdict_id, 0) AS verdict_id,
  COALESCE(v.verdict, 'pending') AS verdict,
  v.judged_at,
  COALESCE(v.reason_code, '') AS reason_code,
  COALESCE(v.message_zh, '') AS message_zh,
  COALESCE(v.message_en, '') AS message_en,
  (SELECT COUNT(*) FROM delivery_verdict AS n WHERE n.delivery_id = d.delivery_id) AS judgements,
  COALESCE(b.landed, 0) AS landed,
  COALESCE(b.accepted, 0) AS accepted,
  COALESCE(b.quarantined, 0) AS quarantined,
  COALESCE(b.exact_duplicates, 0) AS exact_duplicates,
  COALESCE(b.structural, 0) AS structural,
  COALESCE(q.quarter, '') AS quarter,
  e.deadline_at,
  CASE
    WHEN e.deadline_at IS NULL THEN 'no_deadline' WHEN d.arrived_at <= e.deadline_at THEN 'in_time' ELSE 'late'
  END AS timeliness,
  CASE
    WHEN e.deadline_at IS NULL THEN NULL
    WHEN d.arrived_at <= e.deadline_at THEN 0
    ELSE (SECONDS(d.arrived_at) - SECONDS(e.deadline_at) - 1) / 86400 + 1
  END AS days_late
FROM delivery AS d
LEFT JOIN delivery_verdict AS v
  ON v.delivery_id = d.delivery_id
 AND v.verdict_id = (SELECT MAX(z.verdict_id) FROM delivery_verdict AS z WHERE z.delivery_id = d.delivery_id)
LEFT JOIN row_balance AS b ON b.verdict_id = v.verdict_id
LEFT JOIN vw_delivery_quarter AS q ON q.delivery_id = d.delivery_id AND q.is_main = 1
LEFT JOIN vw_expected AS e
  ON e.jurisdiction = d.jurisdiction AND e.feed = d.feed AND e.supplier = d.supplier AND e.quarter = q.quarter
 AND e.expectation = 'due';
