-- 政治体检名单:每个地区、体系、年度、单位一行(现行修订);是线索,审核确认后方为名单。
-- One row per area, framework, year and unit on the check-up list (current revision); a lead until two reviews confirm it.
-- @unit_name 单位名称
-- @peer_group_name 类别名称
-- @framework_title 体系名称
-- @status 发布状态
-- @is_final 是否定稿(1=是)
-- @peer_group 类别代码
-- @year 年度
-- @problems 全年经审核确认的预警条数
-- @verdict 末次答复的结论(confirmed=确认 dismissed=不予确认 sent_back=退回 空=未办)
-- @reason 末次答复的理由(空=无)
SELECT
  w.release_id,
  s.jurisdiction,
  s.framework_code,
  s.framework_title,
  s.year,
  s.revision,
  s.status,
  s.is_final,
  s.unit_code,
  s.unit_name,
  s.peer_group,
  s.peer_group_name,
  s.published,
  s.rank,
  s.peers,
  CAST(a.value AS INTEGER) AS problems,
  COALESCE(d.verdict, '') AS verdict,
  COALESCE(d.reason, '') AS reason
FROM fct_warning AS w
JOIN vw_year_score AS s ON s.release_id = w.release_id AND s.unit_code = w.unit_code
JOIN fct_adjustment AS a
  ON a.release_id = w.release_id AND a.unit_code = w.unit_code AND a.adjustment_code = 'check_up'
LEFT JOIN (
  SELECT v.release_id, MAX(x.answer_id) AS answer_id
  FROM review AS v
  JOIN review_answer AS x ON x.review_id = v.review_id
  GROUP BY v.release_id
) AS l ON l.release_id = w.release_id
LEFT JOIN review_decision AS d
  ON d.answer_id = l.answer_id AND d.unit_code = w.unit_code AND d.rule_code = 'veto.check_up'
WHERE w.rule_code = 'check_up';
