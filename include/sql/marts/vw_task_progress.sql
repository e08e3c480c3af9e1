-- 每个地区、体系、期间、单位、任务一行:最近一次进度检查,按冻结的权重与节点。
-- One row per area, framework, period, unit and task: the latest review of progress, by frozen weights and milestones.
-- @unit_name 单位现名
-- @year 年度
SELECT
  r.jurisdiction,
  r.framework_code,
  r.period,
  p.year,
  r.revision,
  r.recorded_at,
  t.unit_code,
  COALESCE(u.name, t.unit_code) AS unit_name,
  t.task_code,
  COALESCE(k.decision, '') AS decision,
  COALESCE(k.task, '') AS task,
  COALESCE(k.target, '') AS target,
  t.weight,
  t.planned_pct,
  t.progress_pct,
  t.state,
  t.standing,
  t.done_on,
  t.changed
FROM progress_review AS r
JOIN year_plan AS p ON p.plan_id = r.plan_id
JOIN fct_task_progress AS t ON t.progress_id = r.progress_id
LEFT JOIN year_plan_task AS k ON k.plan_id = r.plan_id AND k.unit_code = t.unit_code AND k.task_code = t.task_code
LEFT JOIN dim_unit AS u
  ON u.jurisdiction = t.jurisdiction AND u.unit_code = t.unit_code AND u.retired_import_id = 0
 AND u.valid_from = (
   SELECT MAX(l.valid_from)
   FROM dim_unit AS l
   WHERE l.jurisdiction = t.jurisdiction AND l.unit_code = t.unit_code AND l.retired_import_id = 0
 )
WHERE r.revision = (
  SELECT MAX(o.revision)
  FROM progress_review AS o
  WHERE o.jurisdiction = r.jurisdiction AND o.framework_code = r.framework_code AND o.period = r.period
);
