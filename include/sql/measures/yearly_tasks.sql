-- feed: yearly_tasks
-- measures:
--   progress:
--     title: {zh: 重点任务加权进度, en: Weighted progress of the year's tasks}
--     formula: {zh: 各任务累计进度按年初权重加权平均, en: "progress of each task, weighted as it first stood in the year"}
--     source: Licheng tasks of the year (seed 003)
--     absent: not_applicable
--     together: unit
--   on_schedule:
--     title: {zh: 重点任务按期率, en: Tasks on schedule}
--     formula: {zh: 累计进度不低于时间进度(或年初所定节点)的任务 ÷ 全部任务, en: tasks at or past the straight line or their milestone ÷ tasks with a progress}
--     source: Licheng half-year review (seed 003); straight line ours
--     absent: not_applicable
--     together: unit
--   done:
--     title: {zh: 重点任务完成率, en: Tasks done}
--     formula: {zh: 已完成任务的年初权重 ÷ 全部年初权重, en: weight of the tasks done ÷ weight of all}
--     source: Licheng settlement at the end of the year (seed 003)
--     absent: not_applicable
--     together: unit
--   unchanged:
--     title: {zh: 权重目标未变率, en: Tasks with the weight and target of January}
--     formula: {zh: 权重和目标与年初相同的任务 ÷ 全部任务(只作背景), en: "tasks whose weight and target are those of January ÷ tasks; context"}
--     source: ours
--     absent: not_applicable
--     together: unit
--
-- Weight, target and milestones are those with which a task first stood in the year: what a later file says otherwise
-- changes no figure and shows in `unchanged`. A task without a progress is left out of the first three, never a zero.
-- A task that is done counts as 100.
WITH year AS (
  SELECT *
  FROM yearly_tasks_history
  WHERE EXTRACT(YEAR FROM as_of) = EXTRACT(YEAR FROM CAST($quarter_end AS DATE))
),
plan AS (
  SELECT
    _unit,
    task_code,
    ARG_MIN(weight, _quarter) AS weight,
    ARG_MIN(target, _quarter) AS target,
    CASE EXTRACT(QUARTER FROM CAST($quarter_end AS DATE))
      WHEN 1 THEN COALESCE(ARG_MIN(milestone_q1_pct, _quarter), 25)
      WHEN 2 THEN COALESCE(ARG_MIN(milestone_q2_pct, _quarter), 50)
      WHEN 3 THEN COALESCE(ARG_MIN(milestone_q3_pct, _quarter), 75)
      ELSE 100
    END AS planned_pct
  FROM year
  GROUP BY _unit, task_code
),
now AS (
  SELECT
    plan._unit AS unit,
    plan.weight,
    plan.planned_pct,
    latest.weight = plan.weight AND latest.target = plan.target AS is_unchanged,
    latest.done_on IS NOT NULL OR latest.progress_pct = 100 AS is_done,
    CASE WHEN latest.done_on IS NOT NULL THEN 100 ELSE latest.progress_pct END AS progress_pct
  FROM plan
  JOIN yearly_tasks AS latest ON latest._unit = plan._unit AND latest.task_code = plan.task_code
)
SELECT
  unit,
  CAST(SUM(weight * progress_pct / 100) AS DECIMAL(18, 6)) AS progress__num,
  CAST(SUM(weight) FILTER (WHERE progress_pct IS NOT NULL) AS DECIMAL(18, 6)) AS progress__den,
  COUNT(progress_pct) AS progress__n,
  COUNT(*) FILTER (WHERE progress_pct >= planned_pct) AS on_schedule__num,
  COUNT(progress_pct) AS on_schedule__den,
  CAST(COALESCE(SUM(weight) FILTER (WHERE is_done), 0) AS DECIMAL(18, 6)) AS done__num,
  CAST(SUM(weight) FILTER (WHERE progress_pct IS NOT NULL) AS DECIMAL(18, 6)) AS done__den,
  COUNT(progress_pct) AS done__n,
  COUNT(*) FILTER (WHERE is_unchanged) AS unchanged__num,
  COUNT(*) AS unchanged__den
FROM now
GROUP BY unit
