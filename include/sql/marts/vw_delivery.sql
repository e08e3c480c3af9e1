-- 每个报送批次一行:最新判定与行数去向。
-- One row per delivery: its latest verdict and where its rows went.
-- @sha256 文件哈希
-- @verdict_id 最新判定号(0=待判定)
-- @verdict 最新判定(pending=待判定)
-- @judgements 判定次数
-- @message_zh 说明
-- @message_en 英文说明
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
  COALESCE(b.structural, 0) AS structural
FROM delivery AS d
LEFT JOIN delivery_verdict AS v
  ON v.delivery_id = d.delivery_id
 AND v.verdict_id = (SELECT MAX(z.verdict_id) FROM delivery_verdict AS z WHERE z.delivery_id = d.delivery_id)
LEFT JOIN row_balance AS b ON b.verdict_id = v.verdict_id;
