-- feed: yearly_appraisal
-- measures:
--   score:
--     title: {zh: 年度考核得分, en: Yearly appraisal score}
--     formula: {zh: 最近一个年度的考核得分(0–100), en: score on 100 of the latest appraised year}
--     source: Licheng bonus item yearly appraisal (seed 003); catalogue 96
--     absent: missing
--     together: unit
WITH years AS (
  SELECT
    _unit AS unit,
    CAST(score AS DECIMAL(9, 4)) AS score,
    RANK() OVER (PARTITION BY _unit ORDER BY as_of DESC) AS age
  FROM yearly_appraisal_history
  WHERE as_of <= $quarter_end
)
SELECT
  unit,
  SUM(score) AS score__num,
  COUNT(*) AS score__den
FROM years
WHERE age = 1
GROUP BY unit
