-- feed: petitions
-- measures:
--   handled:
--     title: {zh: 办理件数, en: Matters handled}
--     formula: {zh: 当季到期且未退回的信访事项数(只作背景，不评分), en: "matters due in the quarter and not returned; context, never scored"}
--     source: Mingjing; volume never lowers a score
--     absent: zero
--   notified_on_time:
--     title: {zh: 及时受理告知率, en: Notified on time}
--     formula: {zh: 登记后 15 日内告知件数 ÷ 告知期限已到件数(姓名、住址不清的除外), en: "notified within 15 days of registration ÷ notices due, except where name or address is unclear"}
--     source: 信访工作条例 art. 22, 23; catalogue 1
--     absent: not_applicable
--   replied_on_time:
--     title: {zh: 按期答复率, en: Replied on time}
--     formula: {zh: 办理期限(含经批准并告知的延期)内答复件数 ÷ 到期件数, en: "replied by the due date, approved extensions included ÷ due"}
--     source: 信访工作条例 art. 34; catalogue 2
--     absent: not_applicable
--   repeated:
--     title: {zh: 重复信访占比, en: Share of repeated matters}
--     formula: {zh: 重信重访件数 ÷ 办理件数(只作背景), en: "repeated matters ÷ handled; context"}
--     source: catalogue 3
--     absent: not_applicable
--   satisfied:
--     title: {zh: 群众满意率, en: Satisfied}
--     formula: {zh: (满意 + 基本满意)÷ 已评价件数, en: (satisfied + mostly satisfied) ÷ rated}
--     source: catalogue 4
--     absent: not_applicable
--   rated:
--     title: {zh: 群众参评率, en: Rated}
--     formula: {zh: 已评价件数 ÷ 已答复件数, en: rated ÷ replied}
--     source: catalogue 5
--     absent: not_applicable
--   assigned_resolved:
--     title: {zh: 领导包案化解率, en: Leader's cases resolved}
--     formula: {zh: 已化解包案件数 ÷ 领导包案件数, en: resolved ÷ assigned to a leader}
--     source: catalogue 6
--     absent: not_applicable
--   studied:
--     title: {zh: 专题研究信访次数, en: Sessions that studied petitions}
--     formula: {zh: 当季专题研究信访事项的不同日期数, en: distinct days in the quarter on which the leading body studied a matter}
--     source: catalogue 7
--     absent: not_applicable
--     together: [studied_on]
--   received_by_leader:
--     title: {zh: 领导接访次数, en: Receptions by leaders}
--     formula: {zh: 当季领导接访的不同日期数, en: distinct days in the quarter on which a leader received a petitioner}
--     source: catalogue 8
--     absent: not_applicable
--     together: [leader_received_on]
--   first_resolved:
--     title: {zh: 初信初访化解率, en: First matters resolved}
--     formula: {zh: 已化解初信初访 ÷ 初信初访, en: resolved ÷ first matters}
--     source: catalogue 9
--     absent: not_applicable
--   repeat_resolved:
--     title: {zh: 重信重访化解率, en: Repeated matters resolved}
--     formula: {zh: 已化解重信重访 ÷ 重信重访, en: resolved ÷ repeated matters}
--     source: catalogue 10
--     absent: not_applicable
--   backlog_resolved:
--     title: {zh: 历史积案化解率, en: Backlog cases resolved}
--     formula: {zh: 已化解积案 ÷ 历史积案, en: resolved ÷ backlog cases}
--     source: catalogue 11
--     absent: not_applicable
--   overturned:
--     title: {zh: 复查复核撤销率, en: Overturned on review}
--     formula: {zh: 撤销、变更或责令重办件数 ÷ 已复查复核件数, en: "revoked, changed or ordered again ÷ reviewed"}
--     source: 信访工作条例 art. 35, 36; catalogue 12
--     absent: not_applicable
--   extended:
--     title: {zh: 延期办理率, en: Extended}
--     formula: {zh: 延期件数 ÷ 办理件数, en: extended ÷ handled}
--     source: 信访工作条例 art. 34; catalogue 13
--     absent: not_applicable
--   open_overdue:
--     title: {zh: 超期未结率, en: Open past due}
--     formula: {zh: 季末仍未答复的到期件数 ÷ 到期件数(用率不用数，件数多不扣分), en: "due and without a reply at the end of the quarter ÷ due; a rate, so that volume does not count"}
--     source: 信访工作条例 art. 45; catalogue 14
--     absent: not_applicable
--   returned:
--     title: {zh: 退件异议成立率, en: Returned on an upheld objection}
--     formula: {zh: 登记后 5 个工作日内异议成立退回件数 ÷ 转送件数(只作背景), en: "returned within 5 working days ÷ transferred; context"}
--     source: 信访工作条例 art. 23; catalogue 15
--     absent: not_applicable
--   retaliation:
--     title: {zh: 查实打击报复或泄露, en: Confirmed retaliation or leak}
--     formula: {zh: 查实件数(一票否决), en: confirmed events; a veto}
--     source: 信访工作条例 art. 30, 46; catalogue 16
--     absent: zero
--
-- A matter counts in the quarter in which it falls due. What happened after the quarter's last day does not count.
-- A matter returned on an upheld objection counts in `returned` and `retaliation` only.
WITH matters AS (
  SELECT
    *,
    _unit AS unit,
    returned_on IS NULL AS is_handled,
    replied_on IS NOT NULL AND replied_on <= $quarter_end AS is_replied,
    satisfaction IS NOT NULL AND replied_on <= $quarter_end AS is_rated,
    CAST(received_on + INTERVAL '15' DAY AS DATE) AS notice_due_on
  FROM petitions
),
working_day_numbers AS (
  SELECT
    day,
    SUM(CASE WHEN is_working THEN 1 ELSE 0 END) OVER (ORDER BY day) AS number
  FROM working_days
),
transfers AS (
  SELECT
    matters.unit,
    COUNT(*) AS transferred,
    COUNT(*) FILTER (WHERE back.number - sent.number <= 5) AS returned_in_time
  FROM matters
  LEFT JOIN working_day_numbers AS sent ON sent.day = matters.received_on
  LEFT JOIN working_day_numbers AS back ON back.day = matters.returned_on
  GROUP BY matters.unit
),
study_days AS (
  SELECT unit, COUNT(*) AS days
  FROM (
    SELECT DISTINCT unit, studied_on
    FROM matters
    WHERE is_handled AND studied_on BETWEEN $quarter_start AND $quarter_end
  ) AS studied
  GROUP BY unit
),
reception_days AS (
  SELECT unit, COUNT(*) AS days
  FROM (
    SELECT DISTINCT unit, leader_received_on
    FROM matters
    WHERE is_handled AND leader_received_on BETWEEN $quarter_start AND $quarter_end
  ) AS received
  GROUP BY unit
),
handling AS (
  SELECT
    unit,
    COUNT(*) FILTER (WHERE is_handled) AS handled,
    COUNT(*) FILTER (
      WHERE is_handled AND notice_exempt IS NOT TRUE AND notice_due_on <= $quarter_end
      AND notified_on <= notice_due_on
    ) AS notified_on_time,
    COUNT(*) FILTER (
      WHERE is_handled AND notice_exempt IS NOT TRUE AND notice_due_on <= $quarter_end
    ) AS notice_due,
    COUNT(*) FILTER (WHERE is_handled AND replied_on <= due_on) AS replied_on_time,
    COUNT(*) FILTER (WHERE is_handled AND is_replied) AS replied,
    COUNT(*) FILTER (WHERE is_handled AND is_rated) AS rated,
    COUNT(*) FILTER (WHERE is_handled AND is_rated AND satisfaction IN ('满意', '基本满意')) AS satisfied,
    COUNT(*) FILTER (WHERE is_handled AND leader_case) AS assigned,
    COUNT(*) FILTER (WHERE is_handled AND leader_case AND resolved) AS assigned_resolved,
    COUNT(*) FILTER (WHERE is_handled AND matter_type = '初信初访') AS firsts,
    COUNT(*) FILTER (WHERE is_handled AND matter_type = '初信初访' AND resolved) AS first_resolved,
    COUNT(*) FILTER (WHERE is_handled AND matter_type = '重信重访') AS repeats,
    COUNT(*) FILTER (WHERE is_handled AND matter_type = '重信重访' AND resolved) AS repeat_resolved,
    COUNT(*) FILTER (WHERE is_handled AND matter_type = '历史积案') AS backlog,
    COUNT(*) FILTER (WHERE is_handled AND matter_type = '历史积案' AND resolved) AS backlog_resolved,
    COUNT(*) FILTER (WHERE is_handled AND review_outcome IS NOT NULL) AS reviewed,
    COUNT(*) FILTER (WHERE is_handled AND review_outcome <> '维持') AS overturned,
    COUNT(*) FILTER (WHERE is_handled AND extended) AS extended,
    COUNT(*) FILTER (WHERE retaliation) AS retaliation
  FROM matters
  GROUP BY unit
)
SELECT
  handling.unit,
  handled AS handled__num,
  notified_on_time AS notified_on_time__num,
  notice_due AS notified_on_time__den,
  replied_on_time AS replied_on_time__num,
  handled AS replied_on_time__den,
  repeats AS repeated__num,
  handled AS repeated__den,
  satisfied AS satisfied__num,
  rated AS satisfied__den,
  rated AS rated__num,
  replied AS rated__den,
  assigned_resolved AS assigned_resolved__num,
  assigned AS assigned_resolved__den,
  CASE WHEN handled > 0 THEN COALESCE(study_days.days, 0) END AS studied__num,
  handled AS studied__n,
  CASE WHEN handled > 0 THEN COALESCE(reception_days.days, 0) END AS received_by_leader__num,
  handled AS received_by_leader__n,
  first_resolved AS first_resolved__num,
  firsts AS first_resolved__den,
  repeat_resolved AS repeat_resolved__num,
  repeats AS repeat_resolved__den,
  backlog_resolved AS backlog_resolved__num,
  backlog AS backlog_resolved__den,
  overturned AS overturned__num,
  reviewed AS overturned__den,
  extended AS extended__num,
  handled AS extended__den,
  handled - replied AS open_overdue__num,
  handled AS open_overdue__den,
  returned_in_time AS returned__num,
  transferred AS returned__den,
  retaliation AS retaliation__num
FROM handling
JOIN transfers ON transfers.unit = handling.unit
LEFT JOIN study_days ON study_days.unit = handling.unit
LEFT JOIN reception_days ON reception_days.unit = handling.unit
