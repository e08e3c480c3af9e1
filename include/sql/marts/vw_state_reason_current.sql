-- 每个地区、体系、期间、单位、没有自己数值的指标、维度、指数或变化一行(现行修订):为什么;早于此记录的发布无行。
-- One row per jurisdiction, framework, period, unit and figure that is not there, of the current revision: why.
-- @unit_name 单位名称
-- @peer_group 类别代码
-- @peer_group_name 类别名称
-- @period_title 期间名称
-- @framework_title 体系名称
-- @status 发布状态
-- @is_final 是否定稿(1=是)
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @title 指标或维度名称(空=指数、变化)
-- @reason_zh 原因(文字)
-- @reason_en 原因(英文)
-- @missing_zh 缺失的处理(空=不适用)
-- @missing_en 缺失的处理(英文;空=不适用)
-- @state 状态(missing=缺失 not_applicable=不适用 suppressed=不公开 not_rated=未评 imputed=填补 none=无可比)
SELECT
  x.release_id,
  x.jurisdiction,
  r.framework_code,
  r.framework_title,
  r.period,
  r.period_title,
  r.revision,
  r.status,
  r.is_final,
  r.is_newest,
  x.unit_code,
  COALESCE(u.unit_name, x.unit_code) AS unit_name,
  COALESCE(u.peer_group, '') AS peer_group,
  COALESCE(u.peer_group_name, '') AS peer_group_name,
  x.level,
  x.code,
  COALESCE(i.title_zh, g.title_zh, '') AS title,
  x.state,
  x.reason,
  CASE x.reason
    WHEN 'feed_not_used' THEN '本地区没有这个数据源'
    WHEN 'feed_not_received' THEN '本期没有收到这个数据源'
    WHEN 'no_figure' THEN '数据已收到,但没有本单位的数:没有它的行,或所需的列为空'
    WHEN 'nothing_to_judge' THEN '分母为零,没有可评的事项'
    WHEN 'other_peer_group' THEN '不适用于该单位的类别'
    WHEN 'too_few_cases' THEN '件数少于最少件数'
    WHEN 'rule_cannot_score' THEN '有数,但规则无法由此计分(如各单位的值全同)'
    WHEN 'suppressed' THEN '不公开'
    WHEN 'no_child' THEN '其下没有一项计入'
    WHEN 'too_few_children' THEN '其下计入的太少'
    WHEN 'too_little_attainable' THEN '可得分占标准分的比例低于最小比例'
    WHEN 'no_earlier_release' THEN '上一期没有发布'
    WHEN 'not_scored_before' THEN '上一期不在参评单位中'
    WHEN 'not_rated_before' THEN '上一期未评'
    ELSE '本期未评'
  END AS reason_zh,
  CASE x.reason
    WHEN 'feed_not_used' THEN 'The county does not have this feed'
    WHEN 'feed_not_received' THEN 'The feed did not come for the period'
    WHEN 'no_figure' THEN 'The feed came, but holds no figure for the unit: no row of it, or the column is empty'
    WHEN 'nothing_to_judge' THEN 'The denominator is zero: there was nothing to judge'
    WHEN 'other_peer_group' THEN 'It does not apply to the peer group of the unit'
    WHEN 'too_few_cases' THEN 'Fewer cases than the least number'
    WHEN 'rule_cannot_score' THEN 'There is a value, but the rule cannot score it (all units alike, say)'
    WHEN 'suppressed' THEN 'Suppressed'
    WHEN 'no_child' THEN 'Nothing under it counted'
    WHEN 'too_few_children' THEN 'Too little under it counted'
    WHEN 'too_little_attainable' THEN 'The attainable share of the declared points is below the least share'
    WHEN 'no_earlier_release' THEN 'The period before has no release'
    WHEN 'not_scored_before' THEN 'The unit was not scored in the period before'
    WHEN 'not_rated_before' THEN 'The unit was not rated in the period before'
    ELSE 'The unit is not rated in this period'
  END AS reason_en,
  x.figure,
  x.minimum,
  COALESCE(k.missing_zh, '') AS missing_zh,
  COALESCE(k.missing_en, '') AS missing_en
FROM fct_state_reason AS x
JOIN vw_release AS r ON r.release_id = x.release_id AND r.is_current = 1
LEFT JOIN vw_unit_of_release AS u ON u.release_id = x.release_id AND u.unit_code = x.unit_code
LEFT JOIN dim_indicator AS i
  ON i.framework_key = r.framework_key AND i.indicator_code = x.code AND x.level = 'indicator'
LEFT JOIN dim_group AS g ON g.framework_key = r.framework_key AND g.group_code = x.code AND x.level = 'group'
LEFT JOIN dim_rating_rule AS k ON k.framework_key = r.framework_key AND k.level = x.level AND k.code = x.code;
