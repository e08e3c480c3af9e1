-- 每项整改事项一行:现时状态、到期日、剩余或逾期天数(按最近一次每日跟进)。
-- One row per item of rectification: how it stands, its due day, days left or late as of the latest daily follow-up.
-- @framework_title 体系名称
-- @period_title 期间名称
-- @unit_name 责任单位名称
-- @peer_group 类别代码
-- @post_title 责任岗位名称
-- @state_title 状态名称
-- @due_on 现到期日
-- @due_provisional 到期日是否暂定
-- @as_of 截至日
-- @days_left 剩余日历日(负=逾期;空=待验收、已销号或已取消)
-- @late_days 逾期日历日
-- @reopened 重启次数
-- @referral_due 是否应提请移交(1=是;移交须由人决定)
-- @colour 预警颜色
WITH latest AS (
  SELECT s.item_id, MAX(s.standing_id) AS standing_id
  FROM rectification_standing AS s
  GROUP BY s.item_id
),
followed AS (
  SELECT jurisdiction, MAX(day) AS day FROM follow_up_day GROUP BY jurisdiction
),
dated AS (
  SELECT
    s.*,
    CASE WHEN f.day IS NULL OR f.day < s.day THEN s.day ELSE f.day END AS as_of
  FROM latest AS l
  JOIN rectification_standing AS s ON s.standing_id = l.standing_id
  LEFT JOIN followed AS f ON f.jurisdiction = s.jurisdiction
)
SELECT
  i.item_id,
  i.jurisdiction,
  i.framework_code,
  r.framework_title,
  i.period,
  r.period_title,
  i.release_id,
  r.revision,
  i.kind,
  i.unit_code,
  COALESCE(u.unit_name, i.unit_code) AS unit_name,
  COALESCE(u.peer_group, '') AS peer_group,
  i.rule_code,
  i.target,
  i.colour,
  i.problem_zh,
  i.goal_zh,
  i.required_action_zh,
  i.post,
  COALESCE((
    SELECT MAX(p.title) FROM dim_post AS p
    WHERE p.jurisdiction = i.jurisdiction AND p.post_code = i.post AND p.retired_import_id = 0
  ), '') AS post_title,
  s.state,
  CASE s.state
    WHEN 'open' THEN '整改中' WHEN 'refused' THEN '退回重改' WHEN 'paused' THEN '中止计时' WHEN 'overdue' THEN '逾期'
    WHEN 'referred' THEN '已移交' WHEN 'reported' THEN '待验收' WHEN 'verified' THEN '已销号' ELSE '已取消'
  END AS state_title,
  i.opened_on,
  i.clock,
  s.due_on,
  s.due_provisional,
  s.as_of,
  CASE
    WHEN s.state IN ('reported', 'verified', 'cancelled') THEN NULL ELSE DAYS(s.due_on) - DAYS(s.as_of)
  END AS days_left,
  CASE
    WHEN s.late THEN DAYS(s.as_of) - DAYS(s.due_on) WHEN s.state = 'cancelled' THEN 0 ELSE s.report_late_days
  END AS late_days,
  s.round - 1 AS reopened,
  s.reported_on,
  s.verified_on,
  s.quality_points,
  s.surveyed,
  s.satisfied,
  s.extended_days,
  s.asked_days,
  s.refusals,
  s.false_reports,
  s.referred,
  CASE
    WHEN s.state IN ('verified', 'cancelled') OR s.referred THEN 0
    WHEN s.late OR s.false_reports > 0 THEN 1 ELSE 0
  END AS referral_due
FROM rectification_item AS i
JOIN dated AS s ON s.item_id = i.item_id
JOIN vw_release AS r ON r.release_id = i.release_id
LEFT JOIN vw_unit_of_release AS u ON u.release_id = i.release_id AND u.unit_code = i.unit_code;
