"""tasks of the year."""

from alembic import op
import sqlalchemy as sa
from include.warehouse.tables import Figure
from include.warehouse.tables import UtcDateTime

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('year_plan',
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='年度计划号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('year', sa.BigInteger(), nullable=False, comment='年度'),
    sa.Column('revision', sa.BigInteger(), nullable=False, comment='修订号'),
    sa.Column('plan_digest', sa.Text(), nullable=False, comment='任务清单摘要'),
    sa.Column('sources', sa.JSON(), nullable=False, comment='所据报送(JSON:名称与摘要)'),
    sa.Column('reason', sa.Text(), nullable=False, comment='再次冻结的原因(首次为空)'),
    sa.Column('frozen_at', UtcDateTime(), nullable=False, comment='冻结时间(UTC)'),
    sa.Column('frozen_by', sa.Text(), nullable=False, comment='冻结账号'),
    sa.Column('role', sa.Text(), nullable=False, comment='角色'),
    sa.PrimaryKeyConstraint('plan_id', name=op.f('pk_year_plan')),
    sa.UniqueConstraint('jurisdiction', 'year', 'revision', name='uq_year_plan_revision'),
    comment='每个地区、年度、每次冻结一行;最新一行有效。One row per area, year and freeze; the latest counts.'
    )
    op.create_table('progress_review',
    sa.Column('progress_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='进度检查号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('framework_code', sa.Text(), nullable=False, comment='体系代码'),
    sa.Column('period', sa.Text(), nullable=False, comment='期间'),
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='年度计划号'),
    sa.Column('revision', sa.BigInteger(), nullable=False, comment='修订号'),
    sa.Column('digest', sa.Text(), nullable=False, comment='进度摘要'),
    sa.Column('recorded_at', UtcDateTime(), nullable=False, comment='记录时间(UTC)'),
    sa.Column('recorded_by', sa.Text(), nullable=False, comment='记录账号'),
    sa.ForeignKeyConstraint(['plan_id'], ['year_plan.plan_id'], name=op.f('fk_progress_review_plan_id')),
    sa.PrimaryKeyConstraint('progress_id', name=op.f('pk_progress_review')),
    sa.UniqueConstraint('jurisdiction', 'framework_code', 'period', 'revision', name='uq_progress_review'),
    comment='每个地区、体系、期间、每次进度检查一行;最新一行有效。One row per area, framework, period and review of progress; the latest counts.'
    )
    op.create_table('year_plan_task',
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='年度计划号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('unit_code', sa.Text(), nullable=False, comment='单位代码'),
    sa.Column('task_code', sa.Text(), nullable=False, comment='任务编号'),
    sa.Column('decision', sa.Text(), nullable=False, comment='重大决策部署'),
    sa.Column('task', sa.Text(), nullable=False, comment='任务'),
    sa.Column('weight', Figure(), nullable=False, comment='权重(本单位合计 100)'),
    sa.Column('target', sa.Text(), nullable=False, comment='目标'),
    sa.Column('planned_q1_pct', Figure(), nullable=False, comment='一季度末计划进度(%)'),
    sa.Column('planned_q2_pct', Figure(), nullable=False, comment='二季度末计划进度(%)'),
    sa.Column('planned_q3_pct', Figure(), nullable=False, comment='三季度末计划进度(%)'),
    sa.Column('planned_q4_pct', Figure(), nullable=False, comment='四季度末计划进度(%)'),
    sa.ForeignKeyConstraint(['plan_id'], ['year_plan.plan_id'], name=op.f('fk_year_plan_task_plan_id')),
    sa.PrimaryKeyConstraint('plan_id', 'unit_code', 'task_code', name=op.f('pk_year_plan_task')),
    comment='每次冻结、单位、任务一行:权重、目标与节点。One row per freeze, unit and task: weight, target, milestones.'
    )
    op.create_table('fct_task_progress',
    sa.Column('progress_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='进度检查号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('unit_code', sa.Text(), nullable=False, comment='单位代码'),
    sa.Column('task_code', sa.Text(), nullable=False, comment='任务编号'),
    sa.Column('weight', Figure(), nullable=False, comment='冻结的权重'),
    sa.Column('planned_pct', Figure(), nullable=False, comment='应达进度(%)'),
    sa.Column('progress_pct', Figure(), nullable=True, comment='实际进度(%;空=未报,见状态)'),
    sa.Column('state', sa.Text(), nullable=False, comment='状态(value=有值 missing=未报)'),
    sa.Column('standing', sa.Text(), nullable=False, comment='进度情况(behind=滞后 at=按期 ahead=超前 空=未报)'),
    sa.Column('done_on', sa.Text(), nullable=False, comment='完成日(空=未完成)'),
    sa.Column('changed', sa.Text(), nullable=False, comment='报送与冻结不同之处(weight=权重 target=目标;空=无)'),
    sa.CheckConstraint("standing IN ('', 'behind', 'at', 'ahead')", name=op.f('ck_fct_task_progress_standing')),
    sa.ForeignKeyConstraint(['progress_id'], ['progress_review.progress_id'], name=op.f('fk_fct_task_progress_progress_id')),
    sa.PrimaryKeyConstraint('progress_id', 'unit_code', 'task_code', name=op.f('pk_fct_task_progress')),
    comment='每次进度检查、单位、任务一行。One row per review of progress, unit and task.'
    )


def downgrade() -> None:
    op.drop_table('fct_task_progress')
    op.drop_table('year_plan_task')
    op.drop_table('progress_review')
    op.drop_table('year_plan')
