-- 每轮审核一行:现在轮到谁、谁答复了什么、怎样结束。
-- One row per round of review: whose turn it is, who answered what, how it ended.
-- @framework_title 体系名称
-- @period_title 期间名称
-- @due_step 应办第几审(0=已结束)
-- @outcome 结局(空=未结束)
-- @ended_at 结束时间(UTC,空=未结束)
-- @first_account 初审账号(空=未办)
-- @first_confirmed 初审是否通过(1=是 0=否 -1=未办)
-- @second_account 复审账号(空=未办)
-- @second_confirmed 复审是否通过(1=是 0=否 -1=未办)
-- @warnings 名单上的预警条数(末次答复时;0=尚无答复)
-- @dismissed 末次答复不予确认的条数
SELECT
  v.review_id,
  v.release_id,
  v.jurisdiction,
  v.framework_code,
  r.framework_title,
  v.period,
  r.period_title,
  r.revision,
  v.round,
  v.opened_at,
  v.opened_by,
  CASE WHEN e.review_id IS NOT NULL THEN 0 WHEN a1.answer_id IS NULL THEN 1 ELSE 2 END AS due_step,
  COALESCE(a1.account, '') AS first_account,
  CASE WHEN a1.confirmed IS NULL THEN -1 WHEN a1.confirmed THEN 1 ELSE 0 END AS first_confirmed,
  COALESCE(a2.account, '') AS second_account,
  CASE WHEN a2.confirmed IS NULL THEN -1 WHEN a2.confirmed THEN 1 ELSE 0 END AS second_confirmed,
  COALESCE(d.warnings, 0) AS warnings,
  COALESCE(d.dismissed, 0) AS dismissed,
  COALESCE(e.outcome, '') AS outcome,
  e.ended_at
FROM review AS v
JOIN vw_release AS r ON r.release_id = v.release_id
LEFT JOIN review_answer AS a1 ON a1.review_id = v.review_id AND a1.step = 1
LEFT JOIN review_answer AS a2 ON a2.review_id = v.review_id AND a2.step = 2
LEFT JOIN review_end AS e ON e.review_id = v.review_id
LEFT JOIN (
  SELECT answer_id, COUNT(*) AS warnings, SUM(CASE WHEN verdict = 'dismissed' THEN 1 ELSE 0 END) AS dismissed
  FROM review_decision
  GROUP BY answer_id
) AS d ON d.answer_id = COALESCE(a2.answer_id, a1.answer_id);
