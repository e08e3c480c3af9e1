-- 整改清单:每项未取消的整改事项一行,目标、要求、已登记措施与期限。
-- One row per item of rectification that was not cancelled: the list of rectification, with goal, measures and due day.
-- @framework_title 体系名称
-- @period_title 期间名称
-- @unit_name 责任单位名称
-- @state_title 状态名称
-- @due_on 现到期日
-- @due_provisional 到期日是否暂定
-- @days_left 剩余日历日(负=逾期;空=待验收、已销号)
-- @measures 已登记措施数
-- @last_measure_zh 最近登记的措施
SELECT
  v.item_id, v.jurisdiction, v.framework_code, v.framework_title, v.period, v.period_title, v.kind, v.unit_code,
  v.unit_name, v.problem_zh, v.goal_zh, v.required_action_zh,
  (
    SELECT COUNT(*) FROM rectification_event AS e WHERE e.item_id = v.item_id AND e.kind = 'measure_added'
  ) AS measures,
  COALESCE((
    SELECT e.reason FROM rectification_event AS e
    WHERE e.event_id = (
      SELECT MAX(m.event_id) FROM rectification_event AS m WHERE m.item_id = v.item_id AND m.kind = 'measure_added'
    )
  ), '') AS last_measure_zh,
  v.opened_on, v.due_on, v.due_provisional, v.days_left, v.state, v.state_title
FROM vw_rectification AS v
WHERE v.state <> 'cancelled';
