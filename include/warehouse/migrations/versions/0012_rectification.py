"""rectification."""

from alembic import op
import sqlalchemy as sa
from include.warehouse.tables import Figure
from include.warehouse.tables import UtcDateTime

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('follow_up_day',
    sa.Column('day_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='日办号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('day', sa.Text(), nullable=False, comment='当地日期'),
    sa.Column('at', UtcDateTime(), nullable=False, comment='时间(UTC)'),
    sa.Column('counts', sa.JSON(), nullable=False, comment='各项件数(JSON)'),
    sa.PrimaryKeyConstraint('day_id', name=op.f('pk_follow_up_day')),
    sa.UniqueConstraint('jurisdiction', 'day', name='uq_follow_up_day'),
    comment='每个地区、每个跟进日一行。One row per jurisdiction and day of follow-up.'
    )
    op.create_table('rectification_item',
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='整改事项号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('framework_code', sa.Text(), nullable=False, comment='体系代码'),
    sa.Column('period', sa.Text(), nullable=False, comment='期间'),
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='发布号'),
    sa.Column('review_id', sa.BigInteger(), nullable=False, comment='审核号(0=无)'),
    sa.Column('kind', sa.Text(), nullable=False, comment='种类(individual=个性 common=共性)'),
    sa.Column('unit_code', sa.Text(), nullable=False, comment='责任单位代码(共性问题为牵头部门,名录中没有的为报送单位代码)'),
    sa.Column('rule_code', sa.Text(), nullable=False, comment='预警规则(共性问题为 common_problem)'),
    sa.Column('target', sa.Text(), nullable=False, comment='对象(指数、维度或指标代码;共性问题为类别与问题代码)'),
    sa.Column('colour', sa.Text(), nullable=False, comment='预警颜色(空=无)'),
    sa.Column('problem_zh', sa.Text(), nullable=False, comment='问题'),
    sa.Column('goal_zh', sa.Text(), nullable=False, comment='整改目标'),
    sa.Column('required_action_zh', sa.Text(), nullable=False, comment='按等次和颜色要求的措施'),
    sa.Column('post', sa.Text(), nullable=False, comment='责任岗位代码(空=名录未列岗位)'),
    sa.Column('clock', sa.Text(), nullable=False, comment='期限代码(空=按天数)'),
    sa.Column('term_days', sa.BigInteger(), nullable=False, comment='期限天数'),
    sa.Column('term_kind', sa.Text(), nullable=False, comment='期限种类(calendar=日历日 working=工作日)'),
    sa.Column('extension_days', sa.BigInteger(), nullable=False, comment='每轮最多可延长天数'),
    sa.Column('opened_on', sa.Text(), nullable=False, comment='建立日'),
    sa.Column('due_on', sa.Text(), nullable=False, comment='建立时的到期日'),
    sa.Column('due_provisional', sa.Boolean(), nullable=False, comment='到期日是否暂定'),
    sa.Column('opened_at', UtcDateTime(), nullable=False, comment='建立时间(UTC)'),
    sa.Column('opened_by', sa.Text(), nullable=False, comment='建立账号'),
    sa.CheckConstraint("kind IN ('individual', 'common')", name=op.f('ck_rectification_item_kind')),
    sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_rectification_item_release_id')),
    sa.PrimaryKeyConstraint('item_id', name=op.f('pk_rectification_item')),
    comment='每个地区、体系、期间的每项整改事项一行。One row per item of rectification.'
    )
    op.create_index(op.f('ix_rectification_item_jurisdiction_framework_code_period'), 'rectification_item', ['jurisdiction', 'framework_code', 'period'], unique=False)
    op.create_index(op.f('ix_rectification_item_release_id'), 'rectification_item', ['release_id'], unique=False)
    op.create_table('standing_colour',
    sa.Column('colour_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='颜色号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('framework_code', sa.Text(), nullable=False, comment='体系代码'),
    sa.Column('unit_code', sa.Text(), nullable=False, comment='单位代码'),
    sa.Column('colour', sa.Text(), nullable=False, comment='现时颜色'),
    sa.Column('cause', sa.Text(), nullable=False, comment='由来(released=发布 escalated=逾期升级 held=往期未销号 relieved=全部销号)'),
    sa.Column('period', sa.Text(), nullable=False, comment='所依据的定稿期间'),
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='发布号'),
    sa.Column('item_id', sa.BigInteger(), nullable=False, comment='引起变化的整改事项号(0=无)'),
    sa.Column('since', sa.Text(), nullable=False, comment='起始日'),
    sa.Column('at', UtcDateTime(), nullable=False, comment='时间(UTC)'),
    sa.Column('actor', sa.Text(), nullable=False, comment='经办账号'),
    sa.CheckConstraint("cause IN ('released', 'escalated', 'held', 'relieved')", name=op.f('ck_standing_colour_cause')),
    sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_standing_colour_release_id')),
    sa.PrimaryKeyConstraint('colour_id', name=op.f('pk_standing_colour')),
    comment="单位现时颜色每次变化一行;最新一行有效。One row per change of a unit's standing colour; the latest counts."
    )
    op.create_index(op.f('ix_standing_colour_jurisdiction_framework_code_unit_code'), 'standing_colour', ['jurisdiction', 'framework_code', 'unit_code'], unique=False)
    op.create_table('rectification_event',
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='记录号'),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='整改事项号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('kind', sa.Text(), nullable=False, comment='记录种类'),
    sa.Column('at', UtcDateTime(), nullable=False, comment='时间(UTC)'),
    sa.Column('day', sa.Text(), nullable=False, comment='当地日期'),
    sa.Column('actor', sa.Text(), nullable=False, comment='经办账号'),
    sa.Column('role', sa.Text(), nullable=False, comment='角色(空=系统)'),
    sa.Column('reason', sa.Text(), nullable=False, comment='说明(不含个人信息)'),
    sa.Column('days', sa.BigInteger(), nullable=False, comment='天数(延期、提醒或重启后的期限;0=无)'),
    sa.Column('false_report', sa.Boolean(), nullable=False, comment='是否虚假整改'),
    sa.Column('quality', sa.JSON(), nullable=False, comment='各项质效得分(JSON)'),
    sa.Column('surveyed', sa.BigInteger(), nullable=False, comment='测评人数(0=未测评或少于 5 人)'),
    sa.Column('satisfied', sa.BigInteger(), nullable=False, comment='满意人数'),
    sa.Column('campaign', sa.Text(), nullable=False, comment='专项行动(空=无)'),
    sa.Column('evidence_sha256', sa.Text(), nullable=False, comment='佐证文件摘要(空=无)'),
    sa.CheckConstraint("kind IN ('measure_added', 'reported', 'verified', 'refused', 'extension_asked', 'extension_approved', 'extension_refused', 'paused', 'resumed', 'overdue', 'reminded', 'referred', 'reopened', 'rechecked', 'cancelled')", name=op.f('ck_rectification_event_kind')),
    sa.ForeignKeyConstraint(['item_id'], ['rectification_item.item_id'], name=op.f('fk_rectification_event_item_id')),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_rectification_event')),
    comment='整改事项的每次记录一行。One row per record about an item.'
    )
    op.create_index(op.f('ix_rectification_event_item_id'), 'rectification_event', ['item_id'], unique=False)
    op.create_table('rectification_standing',
    sa.Column('standing_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='状态号'),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='整改事项号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('state', sa.Text(), nullable=False, comment='状态'),
    sa.Column('due_on', sa.Text(), nullable=False, comment='现到期日'),
    sa.Column('due_provisional', sa.Boolean(), nullable=False, comment='到期日是否暂定'),
    sa.Column('round', sa.BigInteger(), nullable=False, comment='轮次(重启后加一)'),
    sa.Column('reported_on', sa.Text(), nullable=False, comment='报告完成日(空=未报告)'),
    sa.Column('verified_on', sa.Text(), nullable=False, comment='验收销号日(空=未销号)'),
    sa.Column('late', sa.Boolean(), nullable=False, comment='是否已确定逾期且未完成'),
    sa.Column('report_late_days', sa.BigInteger(), nullable=False, comment='报告时已逾期天数'),
    sa.Column('extended_days', sa.BigInteger(), nullable=False, comment='已延长天数'),
    sa.Column('asked_days', sa.BigInteger(), nullable=False, comment='待决定的延期天数'),
    sa.Column('quality_points', Figure(), nullable=True, comment='质效得分(百分制;空=未销号)'),
    sa.Column('surveyed', sa.BigInteger(), nullable=False, comment='测评人数(0=未测评或少于 5 人)'),
    sa.Column('satisfied', sa.BigInteger(), nullable=False, comment='满意人数'),
    sa.Column('refusals', sa.BigInteger(), nullable=False, comment='退回次数'),
    sa.Column('false_reports', sa.BigInteger(), nullable=False, comment='虚假整改次数'),
    sa.Column('referred', sa.Boolean(), nullable=False, comment='本轮是否已移交'),
    sa.Column('day', sa.Text(), nullable=False, comment='当地日期'),
    sa.Column('at', UtcDateTime(), nullable=False, comment='时间(UTC)'),
    sa.CheckConstraint("state IN ('open', 'refused', 'paused', 'overdue', 'referred', 'reported', 'verified', 'cancelled')", name=op.f('ck_rectification_standing_state')),
    sa.ForeignKeyConstraint(['item_id'], ['rectification_item.item_id'], name=op.f('fk_rectification_standing_item_id')),
    sa.PrimaryKeyConstraint('standing_id', name=op.f('pk_rectification_standing')),
    comment="整改事项的状态每次变化一行;最新一行有效。One row per change of an item's standing; the latest counts."
    )
    op.create_index(op.f('ix_rectification_standing_item_id'), 'rectification_standing', ['item_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_rectification_standing_item_id'), table_name='rectification_standing')
    op.drop_table('rectification_standing')
    op.drop_index(op.f('ix_rectification_event_item_id'), table_name='rectification_event')
    op.drop_table('rectification_event')
    op.drop_index(op.f('ix_standing_colour_jurisdiction_framework_code_unit_code'), table_name='standing_colour')
    op.drop_table('standing_colour')
    op.drop_index(op.f('ix_rectification_item_release_id'), table_name='rectification_item')
    op.drop_index(op.f('ix_rectification_item_jurisdiction_framework_code_period'), table_name='rectification_item')
    op.drop_table('rectification_item')
    op.drop_table('follow_up_day')
