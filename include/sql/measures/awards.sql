-- feed: awards
-- measures:
--   count:
--     title: {zh: 表彰项数, en: Awards}
--     formula: {zh: 按级别(L1 国家、L2 省、L3 市、L4 县)与档次(S1、S2)计的表彰项数, en: awards by level L1-L4 and step S1-S2}
--     source: Licheng ladder of four levels and eight steps (seed 003); catalogue 97
--     absent: zero
--     keys: [L1/S1, L1/S2, L2/S1, L2/S2, L3/S1, L3/S2, L4/S1, L4/S2]
--     together: [document_no]
SELECT
  _unit AS unit,
  CASE level WHEN '国家' THEN 'L1' WHEN '省' THEN 'L2' WHEN '市' THEN 'L3' ELSE 'L4' END
    || CASE step WHEN '一档' THEN '/S1' ELSE '/S2' END AS key,
  COUNT(DISTINCT document_no) AS count__num
FROM awards
GROUP BY
  _unit,
  CASE level WHEN '国家' THEN 'L1' WHEN '省' THEN 'L2' WHEN '市' THEN 'L3' ELSE 'L4' END
    || CASE step WHEN '一档' THEN '/S1' ELSE '/S2' END
