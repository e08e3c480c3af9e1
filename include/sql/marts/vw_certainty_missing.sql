-- 每个尚未分析确定性的现行发布一行;再次评分即补上。
-- One row per current release whose certainty has not been worked out; scoring the quarter again makes it up.
-- @period_title 期间名称
-- @framework_title 体系名称
SELECT r.release_id, r.jurisdiction, r.framework_code, r.framework_title, r.period, r.period_title, r.revision
FROM vw_release AS r
LEFT JOIN certainty_run AS c ON c.release_id = r.release_id
WHERE r.is_current = 1 AND c.release_id IS NULL;
