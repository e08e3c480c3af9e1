-- 每个批次的最新判定中,每行、所违规则一行;原值已遮盖;status 说明是否已了结。
-- One row per delivery, refused row and broken rule of the latest verdict; values are masked; status tells whether it is settled.
-- @sha256 文件哈希
-- @message_zh 问题与办法
-- @message_en 英文说明
-- @quarter 所属季度(空=不明)
-- @sheet 工作表
-- @status 状态(open=待改正 answered=已交回但仍有误,见交回的批次 closed=已了结)
-- @closed_by 最近使其了结或回应的批次号(0=无)
SELECT
  t.verdict_id,
  d.delivery_id,
  d.jurisdiction,
  d.feed,
  d.supplier,
  d.file_name,
  d.sha256,
  d.arrived_at,
  v.judged_at,
  v.verdict,
  t.sheet,
  t.row_number,
  t.rule_id,
  t.column_name,
  t.masked_value,
  t.message_zh,
  t.message_en,
  t.quarter,
  COALESCE((
    SELECT MAX(CASE WHEN c.outcome = 'answered' THEN 'answered' ELSE 'closed' END) FROM quarantine_closing AS c
    WHERE c.delivery_id = d.delivery_id AND c.sheet = t.sheet AND c.row_number = t.row_number
  ), 'open') AS status,
  COALESCE((
    SELECT MAX(c.closed_by) FROM quarantine_closing AS c
    WHERE c.delivery_id = d.delivery_id AND c.sheet = t.sheet AND c.row_number = t.row_number
  ), 0) AS closed_by
FROM quarantined_row AS t
JOIN delivery_verdict AS v ON v.verdict_id = t.verdict_id
 AND v.verdict_id = (SELECT MAX(z.verdict_id) FROM delivery_verdict AS z WHERE z.delivery_id = v.delivery_id)
JOIN delivery AS d ON d.delivery_id = v.delivery_id;
