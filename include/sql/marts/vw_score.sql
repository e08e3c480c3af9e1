-- 每次发布修订、单位一行:全部修订,含已被取代与撤回的;只看现行用 vw_score_current。
-- One row per release revision and unit, superseded and withdrawn ones included.
-- @unit_name 单位名称
-- @peer_group_name 类别名称
-- @status 发布状态
-- @is_current 是否现行(1=是)
-- @is_final 是否定稿(1=是)
-- @is_newest 是否该地区、体系最新一期的现行发布(1=是)
-- @band_colour 仅按颜色界限的颜色(空=未评,或发布早于此记录)
-- @warning_colour 预警给出的最差颜色(空=无)
-- @veto_colour 否决给出的最差颜色(空=无)
-- @state_reason 无值的原因代码(空=有值,或发布早于此记录)
-- @change_reason 无变化值的原因代码(空=有值,或发布早于此记录)
-- @framework_title 体系名称
-- @period_title 期间名称
-- @first_day 期间首日
-- @last_day 期间末日
-- @peer_group 类别代码
-- @colour 颜色(空=无)
-- @state 得分状态(value=有值;其余为无值原因)
-- @incomplete 是否缺数据源
SELECT
  s.release_id,
  s.jurisdiction,
  r.framework_code,
  r.framework_title,
  r.framework_version,
  r.period,
  r.period_title,
  r.first_day,
  r.last_day,
  r.revision,
  r.status,
  r.is_current,
  r.is_final,
  r.is_newest,
  r.created_at,
  r.incomplete,
  s.unit_code,
  COALESCE(u.unit_name, s.unit_code) AS unit_name,
  s.peer_group,
  COALESCE(u.peer_group_name, s.peer_group) AS peer_group_name,
  s.index_value,
  s.published,
  s.attainable,
  s.rank,
  s.peers,
  s.colour,
  COALESCE(k.band_colour, '') AS band_colour,
  COALESCE(k.warning_colour, '') AS warning_colour,
  COALESCE(k.veto_colour, '') AS veto_colour,
  s.grade,
  s.change,
  s.change_state,
  COALESCE(y.reason, '') AS change_reason,
  s.state,
  COALESCE(x.reason, '') AS state_reason
FROM fct_unit_score AS s
JOIN vw_release AS r ON r.release_id = s.release_id
LEFT JOIN vw_unit_of_release AS u ON u.release_id = s.release_id AND u.unit_code = s.unit_code
LEFT JOIN fct_unit_colour AS k ON k.release_id = s.release_id AND k.unit_code = s.unit_code
LEFT JOIN fct_state_reason AS x
  ON x.release_id = s.release_id AND x.unit_code = s.unit_code AND x.level = 'index' AND x.code = ''
LEFT JOIN fct_state_reason AS y
  ON y.release_id = s.release_id AND y.unit_code = s.unit_code AND y.level = 'change' AND y.code = '';
