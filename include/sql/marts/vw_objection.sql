-- 每项异议一行:期限、结论,以及因之修订带来的差别。
-- One row per objection: its clock, its outcome, and what the revision that followed it changed.
-- @unit_name 单位名称
-- @outcome 结论(空=未决定)
-- @decided_at 决定时间(UTC,空=未决定)
-- @decided_by 决定账号(空=未决定)
-- @reason 决定理由(空=未决定)
-- @effect_release_id 因之修订的发布号(0=尚无)
-- @published_before 更正前指数(空=尚无修订)
-- @published_after 更正后指数(空=尚无修订)
-- @colour_before 更正前颜色(空=尚无修订)
-- @colour_after 更正后颜色(空=尚无修订)
SELECT
  o.objection_id,
  o.release_id,
  o.jurisdiction,
  o.framework_code,
  o.period,
  o.unit_code,
  COALESCE(u.unit_name, o.unit_code) AS unit_name,
  o.target,
  o.claim,
  o.filed_on,
  o.due_on,
  o.due_provisional,
  o.registered_at,
  o.registered_by,
  COALESCE(d.outcome, '') AS outcome,
  d.decided_at,
  COALESCE(d.decided_by, '') AS decided_by,
  COALESCE(d.reason, '') AS reason,
  COALESCE(e.release_id, 0) AS effect_release_id,
  COALESCE(e.published_before, '') AS published_before,
  COALESCE(e.published_after, '') AS published_after,
  COALESCE(e.colour_before, '') AS colour_before,
  COALESCE(e.colour_after, '') AS colour_after
FROM objection AS o
LEFT JOIN objection_decision AS d ON d.objection_id = o.objection_id
LEFT JOIN objection_effect AS e ON e.objection_id = o.objection_id
LEFT JOIN vw_unit_of_release AS u ON u.release_id = o.release_id AND u.unit_code = o.unit_code;
