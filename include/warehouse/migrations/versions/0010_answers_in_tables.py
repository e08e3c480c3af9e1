"""Why a colour, why no figure, rules as data, which signals were looked for, what columns mean."""

from alembic import op
import sqlalchemy as sa
from include.warehouse.tables import Figure

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('data_dictionary',
    sa.Column('name', sa.Text(), nullable=False, comment='表或视图名'),
    sa.Column('column_name', sa.Text(), nullable=False, comment='列名(空=表或视图本身)'),
    sa.Column('position', sa.BigInteger(), nullable=False, comment='列的次序(0=表或视图本身)'),
    sa.Column('kind', sa.Text(), nullable=False, comment='种类(table=表 view=视图)'),
    sa.Column('zh', sa.Text(), nullable=False, comment='说明'),
    sa.Column('en', sa.Text(), nullable=False, comment='英文说明'),
    sa.Column('unit', sa.Text(), nullable=False, comment='单位(空=无)'),
    sa.PrimaryKeyConstraint('name', 'column_name', name=op.f('pk_data_dictionary')),
    comment='每个表、视图及其每列一行:含义。每次升级重写。One row per table or view and per column of each: what it means. Written anew at every upgrade.'
    )
    op.create_table('dim_rating_rule',
    sa.Column('framework_key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='体系版本键'),
    sa.Column('level', sa.Text(), nullable=False, comment='层级(index=指数 group=维度 indicator=指标)'),
    sa.Column('code', sa.Text(), nullable=False, comment='维度或指标代码(空=指数)'),
    sa.Column('full_points', Figure(), nullable=True, comment='满分(按权重时无)'),
    sa.Column('combine', sa.Text(), nullable=False, comment='合成方法(sum=相加;指标为空)'),
    sa.Column('sums_throughout', sa.BigInteger(), nullable=False, comment='其下是否全为相加(1=是:失分可折合指数)'),
    sa.Column('min_attainable', Figure(), nullable=True, comment='可得分占标准分的最小比例,不足即未评(指标无)'),
    sa.Column('min_present', sa.Text(), nullable=False, comment='下级最少个数或占比(空=一个即可)'),
    sa.Column('min_denominator', Figure(), nullable=True, comment='最少件数,不足即未评(空=不设)'),
    sa.Column('missing', sa.Text(), nullable=False, comment='缺失的处理(skip、zero、not_rated、mean、median、previous、constant)'),
    sa.Column('missing_zh', sa.Text(), nullable=False, comment='缺失的处理'),
    sa.Column('missing_en', sa.Text(), nullable=False, comment='缺失的处理(英文)'),
    sa.Column('applies_to', sa.Text(), nullable=False, comment='适用类别(逗号分隔;空=全部)'),
    sa.Column('better', sa.Text(), nullable=False, comment='越高越好还是越低越好(空=由规则定)'),
    sa.Column('rated_by', sa.Text(), nullable=False, comment='评价部门(空=计量)'),
    sa.ForeignKeyConstraint(['framework_key'], ['dim_framework.framework_key'], name=op.f('fk_dim_rating_rule_framework_key')),
    sa.PrimaryKeyConstraint('framework_key', 'level', 'code', name=op.f('pk_dim_rating_rule')),
    comment='每份指标体系的每个节点一行:何时计分、缺失怎样处理。One row per framework content and node: when it is rated, and what a missing value counts as.'
    )
    op.create_table('dim_rule_condition',
    sa.Column('framework_key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='体系版本键'),
    sa.Column('kind', sa.Text(), nullable=False, comment='种类(adjustment=加减分 warning=预警 band=颜色界限 grade=等次)'),
    sa.Column('code', sa.Text(), nullable=False, comment='代码(颜色界限为次序)'),
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False, comment='比较的次序(从 1 起;须同时成立)'),
    sa.Column('rule_on', sa.Text(), nullable=False, comment='对象(index、groups.depth1、groups.<代码>、indicators.<代码>、adjustments.<代码>)'),
    sa.Column('term', sa.Text(), nullable=False, comment='所比的数(rate=得分率 points=得分 value=计量值 change=较上期变化 rank_share=名次占比…)'),
    sa.Column('argument', Figure(), nullable=True, comment='所比的数的参数(仅 quarters_below)'),
    sa.Column('operator', sa.Text(), nullable=False, comment='比较符'),
    sa.Column('threshold', Figure(), nullable=True, comment='界限(term 为 state 时无)'),
    sa.Column('threshold_state', sa.Text(), nullable=False, comment='界限状态(仅 term 为 state)'),
    sa.Column('colour', sa.Text(), nullable=False, comment='颜色(空=无)'),
    sa.ForeignKeyConstraint(['framework_key'], ['dim_framework.framework_key'], name=op.f('fk_dim_rule_condition_framework_key')),
    sa.PrimaryKeyConstraint('framework_key', 'kind', 'code', 'position', name=op.f('pk_dim_rule_condition')),
    comment='每份指标体系的每条规则、每个比较一行:对象、比较符、界限。One row per framework content, rule and comparison: what it is on, operator, threshold.'
    )
    op.create_table('fct_colour_reason',
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='发布号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('unit_code', sa.Text(), nullable=False, comment='单位代码'),
    sa.Column('kind', sa.Text(), nullable=False, comment='种类(band=颜色界限 warning=预警 veto=否决)'),
    sa.Column('rule_code', sa.Text(), nullable=False, comment='规则代码(颜色界限为次序,otherwise=无界限成立)'),
    sa.Column('target', sa.Text(), nullable=False, comment='对象(index=指数 groups.<代码>=维度 indicators.<代码>=指标 adjustments.<代码>=加减分)'),
    sa.Column('colour', sa.Text(), nullable=False, comment='该条给出的颜色'),
    sa.Column('term', sa.Text(), nullable=False, comment='所比的数(rate=得分率 points=得分 value=计量值 change=较上期变化 rank_share=名次占比…)'),
    sa.Column('figure', Figure(), nullable=True, comment='实际的数(term 为 state 时无)'),
    sa.Column('operator', sa.Text(), nullable=False, comment='比较符'),
    sa.Column('threshold', Figure(), nullable=True, comment='界限(term 为 state 时无)'),
    sa.Column('threshold_state', sa.Text(), nullable=False, comment='界限状态(仅 term 为 state)'),
    sa.Column('remedy', sa.Text(), nullable=False, comment='怎样消除(points=对象再得若干分 cases=分子变到若干件 value=计量值变到若干 none_fact=认定的事实,本期不变 none_peers=取决于同类 none_data=缺数据)'),
    sa.Column('points_lacking', Figure(), nullable=True, comment='对象还差的原始分(不是 points 时无)'),
    sa.Column('index_points_lacking', Figure(), nullable=True, comment='折合百分制还差的分(不是 points 或不可折算时无)'),
    sa.Column('numerator', Figure(), nullable=True, comment='计量现分子(不是 cases 时无)'),
    sa.Column('denominator', Figure(), nullable=True, comment='计量分母(不是 cases 或为数量时无)'),
    sa.Column('numerator_needed', Figure(), nullable=True, comment='分子须到(不是 cases 时无)'),
    sa.Column('value_needed', Figure(), nullable=True, comment='计量值须到(不是 cases 或 value 时无)'),
    sa.Column('sentence_zh', sa.Text(), nullable=False, comment='说明'),
    sa.Column('sentence_en', sa.Text(), nullable=False, comment='英文说明'),
    sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_fct_colour_reason_release_id')),
    sa.PrimaryKeyConstraint('release_id', 'unit_code', 'kind', 'rule_code', 'target', name=op.f('pk_fct_colour_reason')),
    comment='每次发布、非绿单位、使其不绿的原因一行;逐条消除即转绿。条件有几个比较时,数字取最易消除的一个。One row per release, unit not green and reason that keeps it from green; undo every row and it is green.',
    sqlite_with_rowid=False
    )
    op.create_table('fct_state_reason',
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='发布号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('unit_code', sa.Text(), nullable=False, comment='单位代码'),
    sa.Column('level', sa.Text(), nullable=False, comment='层级(index=指数 group=维度 indicator=指标 change=较上期变化)'),
    sa.Column('code', sa.Text(), nullable=False, comment='维度或指标代码(空=指数、变化)'),
    sa.Column('state', sa.Text(), nullable=False, comment='状态'),
    sa.Column('reason', sa.Text(), nullable=False, comment='原因(feed_not_used=本地区无此数据源 feed_not_received=本期未收到 no_figure=已收到但本单位无数 nothing_to_judge=分母为零,无事可评 other_peer_group=不适用于该类别 too_few_cases=少于最少件数 rule_cannot_score=规则无法计分 suppressed=不公开 no_child=下级均未计 too_few_children=计入的下级太少 too_little_attainable=可得分不足 no_earlier_release=无上期发布 not_scored_before=上期不在参评单位中 not_rated_before=上期未评 not_rated_now=本期未评)'),
    sa.Column('figure', Figure(), nullable=True, comment='所看的数(件数或可得分占比;其余原因无)'),
    sa.Column('minimum', Figure(), nullable=True, comment='所需的最小值(其余原因无)'),
    sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_fct_state_reason_release_id')),
    sa.PrimaryKeyConstraint('release_id', 'unit_code', 'level', 'code', name=op.f('pk_fct_state_reason')),
    comment='每次发布、单位、没有自己数值的指标、维度、指数或变化一行:为什么。One row per release, unit and indicator, group, index or change without a figure of its own: why.',
    sqlite_with_rowid=False
    )
    op.create_table('fct_unit_colour',
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='发布号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('unit_code', sa.Text(), nullable=False, comment='单位代码'),
    sa.Column('band_colour', sa.Text(), nullable=False, comment='仅按颜色界限的颜色(空=未评)'),
    sa.Column('warning_colour', sa.Text(), nullable=False, comment='预警给出的最差颜色(空=无预警)'),
    sa.Column('veto_colour', sa.Text(), nullable=False, comment='否决给出的最差颜色(空=无否决)'),
    sa.Column('remedy', sa.Text(), nullable=False, comment='转绿的最小改动(空=已绿或未评 points=对象再得若干分 cases=分子变到若干件 value=计量值变到若干 none_fact=认定的事实,本期不变 none_peers=取决于同类 none_data=缺数据 several=不止一个数,见各条原因)'),
    sa.Column('target', sa.Text(), nullable=False, comment='最小改动的对象(指数、维度或指标代码;空=无)'),
    sa.Column('points_lacking', Figure(), nullable=True, comment='对象还差的原始分(不是 points 时无)'),
    sa.Column('index_points_lacking', Figure(), nullable=True, comment='折合百分制还差的分(不是 points 或不可折算时无)'),
    sa.Column('numerator', Figure(), nullable=True, comment='计量现分子(不是 cases 时无)'),
    sa.Column('denominator', Figure(), nullable=True, comment='计量分母(不是 cases 或为数量时无)'),
    sa.Column('numerator_needed', Figure(), nullable=True, comment='分子须到(不是 cases 时无)'),
    sa.Column('value_needed', Figure(), nullable=True, comment='计量值须到(不是 cases 或 value 时无)'),
    sa.Column('sentence_zh', sa.Text(), nullable=False, comment='说明(空=已绿或未评)'),
    sa.Column('sentence_en', sa.Text(), nullable=False, comment='英文说明(空=已绿或未评)'),
    sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_fct_unit_colour_release_id')),
    sa.PrimaryKeyConstraint('release_id', 'unit_code', name=op.f('pk_fct_unit_colour')),
    comment='每次发布、单位一行:颜色由什么给出,转绿的最小改动(是一个数时)。One row per release and unit: what gives its colour, and the smallest change to green where it is one number.',
    sqlite_with_rowid=False
    )
    op.create_table('lead_check',
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='发布号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('feed', sa.Text(), nullable=False, comment='数据源'),
    sa.Column('signal', sa.Text(), nullable=False, comment='信号代码'),
    sa.Column('title_zh', sa.Text(), nullable=False, comment='信号名称'),
    sa.Column('title_en', sa.Text(), nullable=False, comment='信号英文名'),
    sa.Column('state', sa.Text(), nullable=False, comment='状态(looked=已查 no_feed=本地区无此数据源 not_received=本期未收到 column_missing=契约缺所需的列)'),
    sa.Column('units', sa.BigInteger(), nullable=False, comment='参评单位数(未查=0)'),
    sa.Column('units_tested', sa.BigInteger(), nullable=False, comment='其中有此情形、件数够多、作了检验的单位数'),
    sa.Column('found', sa.BigInteger(), nullable=False, comment='线索条数'),
    sa.Column('test', sa.Text(), nullable=False, comment='检验(binomial=精确二项 two_sample=两样本)'),
    sa.Column('alpha', Figure(), nullable=False, comment='机会概率须小于'),
    sa.Column('min_n', sa.BigInteger(), nullable=False, comment='最少件数'),
    sa.Column('min_excess', Figure(), nullable=False, comment='比例至少高出'),
    sa.Column('lookback_quarters', sa.BigInteger(), nullable=False, comment='回看季度数'),
    sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_lead_check_release_id')),
    sa.PrimaryKeyConstraint('release_id', 'feed', 'signal', name=op.f('pk_lead_check')),
    comment='每次发布、数据源、信号一行:查没查、查了多少单位、界限、查到几条。没有线索不等于没有查。One row per release, feed and signal: whether it was looked at, over how many units, by which thresholds.'
    )


def downgrade() -> None:
    op.drop_table('lead_check')
    op.drop_table('fct_unit_colour')
    op.drop_table('fct_state_reason')
    op.drop_table('fct_colour_reason')
    op.drop_table('dim_rule_condition')
    op.drop_table('dim_rating_rule')
    op.drop_table('data_dictionary')
