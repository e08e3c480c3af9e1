-- 每次发布修订一行:状态、定稿与现行标志、输入与缺少的数据源。
-- One row per release revision.
-- @status 最新状态
-- @status_at 状态时间(UTC)
-- @is_current 是否现行(1=是)
-- @is_final 是否定稿(1=是)
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @framework_title 体系名称
-- @period_title 期间名称
-- @first_day 期间首日
-- @last_day 期间末日
-- @reason 修订原因
-- @approved_by 批准人(空=无需批准)
-- @code_digest 程序摘要
-- @result_digest 结果摘要
WITH newest AS (
  SELECT p.jurisdiction, p.framework_code, MAX(q.last_day) AS last_day
  FROM release_pointer AS p
  JOIN dim_quarter AS q ON q.quarter = p.period
  WHERE p.kind = 'current'
  GROUP BY p.jurisdiction, p.framework_code
)
SELECT
  r.release_id,
  r.jurisdiction,
  r.framework_code,
  f.title_zh AS framework_title,
  r.framework_version,
  r.framework_key,
  r.period,
  q.title_zh AS period_title,
  q.first_day,
  q.last_day,
  r.revision,
  s.status,
  s.at AS status_at,
  CASE WHEN c.release_id IS NULL THEN 0 ELSE 1 END AS is_current,
  CASE WHEN d.release_id IS NULL THEN 0 ELSE 1 END AS is_final,
  CASE WHEN c.release_id IS NOT NULL AND q.last_day = n.last_day THEN 1 ELSE 0 END AS is_newest,
  r.created_at,
  r.reason,
  r.approved_by,
  r.incomplete,
  r.missing_feeds,
  r.register_import_id,
  r.input_digest,
  r.code_digest,
  r.result_digest
FROM release AS r
JOIN dim_framework AS f ON f.framework_key = r.framework_key
JOIN dim_quarter AS q ON q.quarter = r.period
JOIN release_status AS s
  ON s.release_id = r.release_id
 AND s.status_id = (SELECT MAX(z.status_id) FROM release_status AS z WHERE z.release_id = r.release_id)
LEFT JOIN release_pointer AS c ON c.release_id = r.release_id AND c.kind = 'current'
LEFT JOIN release_pointer AS d ON d.release_id = r.release_id AND d.kind = 'final'
LEFT JOIN newest AS n ON n.jurisdiction = r.jurisdiction AND n.framework_code = r.framework_code;
