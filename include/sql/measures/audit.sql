-- feed: audit
-- measures:
--   rectified:
--     title: {zh: 审计问题整改率, en: Audit findings rectified}
--     formula: {zh: 季末前已整改 ÷ 当季整改到期, en: rectified by the end of the quarter ÷ due in the quarter}
--     source: 审计法 art. 52; catalogue 27
--     absent: not_applicable
--   report_on_time:
--     title: {zh: 整改报告按期率, en: Rectification reports on time}
--     formula: {zh: 各问题均在规定时间内报告的项目数 ÷ 当季到期项目数, en: projects with every finding reported by the due date ÷ projects due}
--     source: 审计法 art. 52 and local rules (60 or 90 days); catalogue 28
--     absent: not_applicable
--     together: [project]
--   falsified:
--     title: {zh: 整改弄虚作假, en: False rectification}
--     formula: {zh: 当季认定弄虚作假的问题数(一票否决), en: findings whose false rectification was established in the quarter; a veto}
--     source: 审计法 art. 52; catalogue 29
--     absent: zero
--   repeat_findings:
--     title: {zh: 屡审屡犯率, en: Repeat findings}
--     formula: {zh: 屡审屡犯问题数 ÷ 问题数, en: repeat findings ÷ findings}
--     source: catalogue 30
--     absent: not_applicable
--   irregular_share:
--     title: {zh: 违规金额占比, en: Irregular share}
--     formula: {zh: 违规金额 ÷ 审计金额(项目金额只计一次；n 为项目数), en: "irregular ÷ audited amount, a project's amount counted once; n is projects"}
--     source: catalogue 31
--     absent: not_applicable
--     together: [project]
--   comment_on_time:
--     title: {zh: 审计征求意见按期回复率, en: Comments on time}
--     formula: {zh: 10 日内回复的项目数 ÷ 征求意见的项目数(只作背景), en: "projects answered within 10 days ÷ projects asked; context"}
--     source: 审计法 art. 44; catalogue 32
--     absent: not_applicable
--     together: [project]
--
-- A finding counts in the quarter in which its rectification falls due; its project's columns are repeated on each
-- of its rows, so that a project is gathered first. False rectification counts in the quarter it is established,
-- whenever the finding was due (within the look-back).
WITH findings AS (
  SELECT
    _unit AS unit,
    COUNT(*) AS due,
    COUNT(*) FILTER (WHERE rectified_on <= $quarter_end) AS rectified,
    COUNT(*) FILTER (WHERE repeat_finding) AS repeats
  FROM audit
  GROUP BY _unit
),
projects AS (
  SELECT
    _unit AS unit,
    project,
    MIN(CASE WHEN reported_on <= due_on THEN 1 ELSE 0 END) AS is_reported_on_time,
    MAX(audited_amount) AS audited,
    SUM(COALESCE(irregular_amount, 0)) AS irregular,
    MIN(comment_sent_on) AS comment_sent_on,
    MAX(comment_replied_on) AS comment_replied_on
  FROM audit
  GROUP BY _unit, project
),
project_totals AS (
  SELECT
    unit,
    COUNT(*) AS due,
    SUM(is_reported_on_time) AS reported_on_time,
    SUM(audited) AS audited,
    SUM(irregular) FILTER (WHERE audited IS NOT NULL) AS irregular,
    COUNT(audited) AS with_amount,
    COUNT(comment_sent_on) AS asked,
    COUNT(*) FILTER (
      WHERE comment_replied_on <= CAST(comment_sent_on + INTERVAL '10' DAY AS DATE)
    ) AS answered_on_time
  FROM projects
  GROUP BY unit
),
falsified AS (
  SELECT
    _unit AS unit,
    COUNT(*) FILTER (WHERE falsified_on BETWEEN $quarter_start AND $quarter_end) AS findings
  FROM audit_history
  GROUP BY _unit
)
SELECT
  falsified.unit,
  findings.rectified AS rectified__num,
  findings.due AS rectified__den,
  project_totals.reported_on_time AS report_on_time__num,
  project_totals.due AS report_on_time__den,
  falsified.findings AS falsified__num,
  findings.repeats AS repeat_findings__num,
  findings.due AS repeat_findings__den,
  project_totals.irregular AS irregular_share__num,
  project_totals.audited AS irregular_share__den,
  project_totals.with_amount AS irregular_share__n,
  project_totals.answered_on_time AS comment_on_time__num,
  project_totals.asked AS comment_on_time__den
FROM falsified
LEFT JOIN findings ON findings.unit = falsified.unit
LEFT JOIN project_totals ON project_totals.unit = falsified.unit
