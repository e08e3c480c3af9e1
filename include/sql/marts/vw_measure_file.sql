-- 每次发布、计量、所用文件、季度一行:数字出自哪些文件;行本身在 Parquet 中,用 mingjing explain --rows 列出。
-- One row per release, measure, file and quarter of its rows: which files a figure rests on. The rows themselves are in Parquet: mingjing explain --rows.
-- @framework_title 体系名称
-- @is_current 是否现行(1=是)
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @measure_title 计量名称
-- @rows_quarter 行所属季度
-- @accepted_rows 该文件该季度被采用的行数(0=零报送)
-- @is_nil 是否零报送(1=是)
-- @sha256 文件哈希
-- @verdict_id 所用判定号
-- @position 生效次序(后者优先)
SELECT
  i.release_id,
  i.jurisdiction,
  r.framework_code,
  r.framework_title,
  r.period,
  r.revision,
  r.is_current,
  r.is_newest,
  m.measure,
  m.title_zh AS measure_title,
  d.feed,
  d.supplier,
  COALESCE(s.quarter, r.period) AS rows_quarter,
  d.file_name,
  d.sha256,
  COALESCE(s.rows, 0) AS accepted_rows,
  CASE WHEN SUBSTR(i.name, LENGTH(i.name) - 3) = ' nil' THEN 1 ELSE 0 END AS is_nil,
  d.delivery_id,
  d.arrived_at,
  i.verdict_id,
  i.position
FROM release_input AS i
JOIN vw_release AS r ON r.release_id = i.release_id
JOIN delivery_verdict AS v ON v.verdict_id = i.verdict_id
JOIN delivery AS d ON d.delivery_id = v.delivery_id
JOIN release_measure AS m
  ON m.release_id = i.release_id AND SUBSTR(m.measure, 1, LENGTH(d.feed) + 1) = d.feed || '.'
LEFT JOIN staged_file AS s
  ON s.verdict_id = i.verdict_id AND s.sha256 = i.digest
 AND SUBSTR(i.name, LENGTH(i.name) - LENGTH(s.quarter)) = '/' || s.quarter
WHERE i.kind = 'delivery';
