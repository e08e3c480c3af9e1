-- feed: finance
-- measures:
--   sangong_change:
--     title: {zh: 三公经费变动率, en: Change of the three public expenses}
--     formula: {zh: (本年至今 − 上年同期)÷ 上年同期, en: (year to date − same months last year) ÷ same months last year}
--     source: budget performance rules BZ1; catalogue 33
--     absent: missing
--     together: unit
--   reception_change:
--     title: {zh: 公务接待费变动率, en: Change of reception expenses}
--     formula: {zh: (本年至今 − 上年同期)÷ 上年同期, en: (year to date − same months last year) ÷ same months last year}
--     source: budget performance rules BZ1; catalogue 34
--     absent: missing
--     together: unit
--   vehicle_change:
--     title: {zh: 公务用车购置及运行费变动率, en: Change of vehicle expenses}
--     formula: {zh: (本年至今 − 上年同期)÷ 上年同期, en: (year to date − same months last year) ÷ same months last year}
--     source: budget performance rules BZ1; catalogue 35
--     absent: missing
--     together: unit
--   staff_control:
--     title: {zh: 在职人员控制率, en: Staff against posts}
--     formula: {zh: 在职人数 ÷ 编制数, en: staff ÷ approved posts}
--     source: budget performance rules BZ1; catalogue 36
--     absent: missing
--   sangong_yoy:
--     title: {zh: 三公经费季度同比, en: Three public expenses against the same quarter}
--     formula: {zh: (本季 − 上年同季)÷ 上年同季, en: (this quarter − same quarter last year) ÷ same quarter last year}
--     source: catalogue 37
--     absent: missing
--     together: unit
--   budget_execution:
--     title: {zh: 预算支出完成率, en: Budget executed}
--     formula: {zh: 本季支出 ÷ 本季预算, en: spent ÷ budget of the quarter}
--     source: budget performance rules BZ2; catalogue 38
--     absent: missing
--   carryover_rate:
--     title: {zh: 结转结余率, en: Carry-over}
--     formula: {zh: 季末结转结余 ÷ 最近四季支出, en: carry-over at quarter end ÷ spent in four quarters}
--     source: budget performance rules BZ2; catalogue 39
--     absent: missing
--     together: unit
--   carryover_change:
--     title: {zh: 结转结余变动率, en: Change of carry-over}
--     formula: {zh: (季末 − 上年同季末)÷ 上年同季末, en: (quarter end − same quarter end last year) ÷ same quarter end last year}
--     source: budget performance rules BZ2; catalogue 40
--     absent: missing
--     together: unit
--   payable_rate:
--     title: {zh: 应付(暂存)款率, en: Payables}
--     formula: {zh: 季末应付(暂存)款 ÷ 最近四季支出, en: payables at quarter end ÷ spent in four quarters}
--     source: budget performance rules BZ2; catalogue 41
--     absent: missing
--     together: unit
--   receivable_rate:
--     title: {zh: 应收(暂付)款率, en: Receivables}
--     formula: {zh: 季末应收(暂付)款 ÷ 最近四季支出, en: receivables at quarter end ÷ spent in four quarters}
--     source: budget performance rules BZ2; catalogue 42
--     absent: missing
--     together: unit
--   budget_adjustment:
--     title: {zh: 预算调整率, en: Budget adjusted}
--     formula: {zh: 本季预算调整的绝对值 ÷ 本季预算, en: absolute adjustment ÷ budget of the quarter}
--     source: catalogue 43
--     absent: missing
--     together: unit
--   procurement_execution:
--     title: {zh: 政府采购执行率, en: Procurement executed}
--     formula: {zh: 实际采购 ÷ 采购预算, en: procurement spent ÷ procurement budget}
--     source: catalogue 44
--     absent: missing
--   disclosure_on_time:
--     title: {zh: 预决算公开及时率, en: Budget disclosed on time}
--     formula: {zh: 批复后 20 日内公开 ÷ 当季到期应公开, en: published within 20 days of approval ÷ due in the quarter}
--     source: 预算法 art. 14; catalogue 45
--     absent: missing
--   sme_paid_on_time:
--     title: {zh: 中小企业付款及时率, en: Small firms paid on time}
--     formula: {zh: 按期支付笔数 ÷ 到期应付笔数, en: paid on time ÷ due}
--     source: 保障中小企业款项支付条例 (2025) art. 9; catalogue 46
--     absent: missing
--
-- Amounts are of a quarter, in yuan; balances stand at its end. `age` counts quarters back from the one computed: 0 is
-- this quarter, 4 the same quarter last year. A period with a quarter lacking is missing, never a smaller sum. n of a
-- money ratio is its base in yuan. A blank line of the three public expenses is zero where another line is filled.
WITH lines AS (
  SELECT
    *,
    EXTRACT(YEAR FROM CAST($quarter_end AS DATE)) * 4 + EXTRACT(QUARTER FROM CAST($quarter_end AS DATE))
      - CAST(SUBSTR(_quarter, 1, 4) AS INTEGER) * 4 - CAST(SUBSTR(_quarter, 6, 1) AS INTEGER) AS age,
    COALESCE(abroad, reception, vehicle_purchase, vehicle_running) IS NOT NULL AS has_sangong
  FROM finance_history
),
by_quarter AS (
  SELECT
    _unit AS unit,
    age,
    SUM(budget) AS budget,
    SUM(COALESCE(adjustment, 0)) AS adjustment,
    SUM(spent) AS spent,
    SUM(carryover) AS carryover,
    SUM(payable) AS payable,
    SUM(receivable) AS receivable,
    SUM(
      COALESCE(abroad, 0) + COALESCE(reception, 0) + COALESCE(vehicle_purchase, 0) + COALESCE(vehicle_running, 0)
    ) FILTER (WHERE has_sangong) AS sangong,
    SUM(COALESCE(reception, 0)) FILTER (WHERE has_sangong) AS reception,
    SUM(COALESCE(vehicle_purchase, 0) + COALESCE(vehicle_running, 0)) FILTER (WHERE has_sangong) AS vehicle,
    SUM(staff_posts) AS staff_posts,
    SUM(staff) AS staff,
    SUM(COALESCE(procurement_budget, 0)) AS procurement_budget,
    SUM(COALESCE(procurement_spent, 0)) AS procurement_spent,
    COUNT(*) FILTER (WHERE CAST(approved_on + INTERVAL '20' DAY AS DATE) <= $quarter_end) AS disclosure_due,
    COUNT(*) FILTER (
      WHERE CAST(approved_on + INTERVAL '20' DAY AS DATE) <= $quarter_end
      AND disclosed_on <= CAST(approved_on + INTERVAL '20' DAY AS DATE)
    ) AS disclosed_on_time,
    SUM(COALESCE(sme_due, 0)) AS sme_due,
    SUM(COALESCE(sme_paid_on_time, 0)) AS sme_paid_on_time
  FROM lines
  GROUP BY _unit, age
),
periods AS (
  SELECT
    *,
    age < EXTRACT(QUARTER FROM CAST($quarter_end AS DATE)) AS is_this_year,
    age BETWEEN 4 AND 3 + EXTRACT(QUARTER FROM CAST($quarter_end AS DATE)) AS is_last_year
  FROM by_quarter
),
sums AS (
  SELECT
    unit,
    COUNT(sangong) FILTER (WHERE is_this_year) AS quarters_this_year,
    COUNT(sangong) FILTER (WHERE is_last_year) AS quarters_last_year,
    SUM(sangong) FILTER (WHERE is_this_year) AS sangong_this_year,
    SUM(sangong) FILTER (WHERE is_last_year) AS sangong_last_year,
    SUM(reception) FILTER (WHERE is_this_year) AS reception_this_year,
    SUM(reception) FILTER (WHERE is_last_year) AS reception_last_year,
    SUM(vehicle) FILTER (WHERE is_this_year) AS vehicle_this_year,
    SUM(vehicle) FILTER (WHERE is_last_year) AS vehicle_last_year,
    SUM(sangong) FILTER (WHERE age = 4) AS sangong_year_ago,
    SUM(carryover) FILTER (WHERE age = 4) AS carryover_year_ago,
    CASE WHEN COUNT(spent) FILTER (WHERE age < 4) = 4 THEN SUM(spent) FILTER (WHERE age < 4) END AS spent_in_four
  FROM periods
  GROUP BY unit
),
complete AS (
  SELECT
    *,
    quarters_this_year = EXTRACT(QUARTER FROM CAST($quarter_end AS DATE))
      AND quarters_last_year = quarters_this_year AS is_comparable
  FROM sums
)
SELECT
  now.unit,
  CASE WHEN is_comparable THEN sangong_this_year - sangong_last_year END AS sangong_change__num,
  CASE WHEN is_comparable THEN sangong_last_year END AS sangong_change__den,
  CASE WHEN is_comparable THEN reception_this_year - reception_last_year END AS reception_change__num,
  CASE WHEN is_comparable THEN reception_last_year END AS reception_change__den,
  CASE WHEN is_comparable THEN vehicle_this_year - vehicle_last_year END AS vehicle_change__num,
  CASE WHEN is_comparable THEN vehicle_last_year END AS vehicle_change__den,
  now.staff AS staff_control__num,
  now.staff_posts AS staff_control__den,
  now.sangong - sangong_year_ago AS sangong_yoy__num,
  sangong_year_ago AS sangong_yoy__den,
  now.spent AS budget_execution__num,
  now.budget AS budget_execution__den,
  now.carryover AS carryover_rate__num,
  spent_in_four AS carryover_rate__den,
  now.carryover - carryover_year_ago AS carryover_change__num,
  carryover_year_ago AS carryover_change__den,
  now.payable AS payable_rate__num,
  spent_in_four AS payable_rate__den,
  now.receivable AS receivable_rate__num,
  spent_in_four AS receivable_rate__den,
  ABS(now.adjustment) AS budget_adjustment__num,
  now.budget AS budget_adjustment__den,
  now.procurement_spent AS procurement_execution__num,
  now.procurement_budget AS procurement_execution__den,
  now.disclosed_on_time AS disclosure_on_time__num,
  now.disclosure_due AS disclosure_on_time__den,
  now.sme_paid_on_time AS sme_paid_on_time__num,
  now.sme_due AS sme_paid_on_time__den
FROM by_quarter AS now
JOIN complete ON complete.unit = now.unit
WHERE now.age = 0
