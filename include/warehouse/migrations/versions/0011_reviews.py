"""reviews, notices, objections."""

from alembic import op
import sqlalchemy as sa
from include.warehouse.tables import UtcDateTime

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notice',
    sa.Column('notice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='文书号'),
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='发布号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('framework_code', sa.Text(), nullable=False, comment='体系代码'),
    sa.Column('period', sa.Text(), nullable=False, comment='期间'),
    sa.Column('review_id', sa.BigInteger(), nullable=False, comment='审核号(0=无)'),
    sa.Column('unit_code', sa.Text(), nullable=False, comment='单位代码(空=全域)'),
    sa.Column('kind', sa.Text(), nullable=False, comment='文书种类'),
    sa.Column('number', sa.Text(), nullable=False, comment='文号'),
    sa.Column('title', sa.Text(), nullable=False, comment='标题'),
    sa.Column('file_name', sa.Text(), nullable=False, comment='文件名'),
    sa.Column('sha256', sa.Text(), nullable=False, comment='文件摘要'),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False, comment='字节数'),
    sa.Column('purpose', sa.Text(), nullable=False, comment='用途'),
    sa.Column('recipients', sa.JSON(), nullable=False, comment='发送对象(JSON)'),
    sa.Column('answer_by', sa.Text(), nullable=False, comment='答复截止日(空=无)'),
    sa.Column('answer_by_provisional', sa.Boolean(), nullable=False, comment='截止日是否暂定'),
    sa.Column('template_digest', sa.Text(), nullable=False, comment='模板摘要'),
    sa.Column('audit_head', sa.Text(), nullable=False, comment='出具时的留痕链末值'),
    sa.Column('manifest_sha256', sa.Text(), nullable=False, comment='清单摘要'),
    sa.Column('issued_at', UtcDateTime(), nullable=False, comment='出具时间(UTC)'),
    sa.Column('issued_by', sa.Text(), nullable=False, comment='出具账号'),
    sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_notice_release_id')),
    sa.PrimaryKeyConstraint('notice_id', name=op.f('pk_notice')),
    comment='每份出具的文书一行。One row per document issued.'
    )
    op.create_index(op.f('ix_notice_release_id'), 'notice', ['release_id'], unique=False)
    op.create_index(op.f('ix_notice_sha256'), 'notice', ['sha256'], unique=False)
    op.create_table('objection',
    sa.Column('objection_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='异议号'),
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='发布号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('framework_code', sa.Text(), nullable=False, comment='体系代码'),
    sa.Column('period', sa.Text(), nullable=False, comment='期间'),
    sa.Column('notice_id', sa.BigInteger(), nullable=False, comment='所答文书号(0=无)'),
    sa.Column('unit_code', sa.Text(), nullable=False, comment='提出单位代码'),
    sa.Column('target', sa.Text(), nullable=False, comment='异议对象(指标、维度、加减分或预警规则代码)'),
    sa.Column('claim', sa.Text(), nullable=False, comment='异议内容(不含个人信息)'),
    sa.Column('evidence_sha256', sa.Text(), nullable=False, comment='佐证文件摘要(空=无)'),
    sa.Column('filed_on', sa.Text(), nullable=False, comment='提出日'),
    sa.Column('due_on', sa.Text(), nullable=False, comment='答复截止日'),
    sa.Column('due_provisional', sa.Boolean(), nullable=False, comment='截止日是否暂定'),
    sa.Column('registered_at', UtcDateTime(), nullable=False, comment='登记时间(UTC)'),
    sa.Column('registered_by', sa.Text(), nullable=False, comment='登记账号'),
    sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_objection_release_id')),
    sa.PrimaryKeyConstraint('objection_id', name=op.f('pk_objection')),
    comment='每项异议一行。One row per objection.'
    )
    op.create_index(op.f('ix_objection_release_id'), 'objection', ['release_id'], unique=False)
    op.create_table('publicity',
    sa.Column('publicity_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='公示号'),
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='发布号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('framework_code', sa.Text(), nullable=False, comment='体系代码'),
    sa.Column('period', sa.Text(), nullable=False, comment='期间'),
    sa.Column('clock', sa.Text(), nullable=False, comment='期限代码'),
    sa.Column('starts_on', sa.Text(), nullable=False, comment='公示开始日'),
    sa.Column('ends_on', sa.Text(), nullable=False, comment='公示最后一日'),
    sa.Column('provisional', sa.Boolean(), nullable=False, comment='结束日是否暂定'),
    sa.Column('opened_at', UtcDateTime(), nullable=False, comment='登记时间(UTC)'),
    sa.Column('opened_by', sa.Text(), nullable=False, comment='登记账号'),
    sa.Column('place', sa.Text(), nullable=False, comment='公示处'),
    sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_publicity_release_id')),
    sa.PrimaryKeyConstraint('publicity_id', name=op.f('pk_publicity')),
    sa.UniqueConstraint('release_id', name='uq_publicity_release'),
    comment='每次发布的公示一行。One row per release that is on show.'
    )
    op.create_table('review',
    sa.Column('review_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='审核号'),
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='发布号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('framework_code', sa.Text(), nullable=False, comment='体系代码'),
    sa.Column('period', sa.Text(), nullable=False, comment='期间'),
    sa.Column('round', sa.BigInteger(), nullable=False, comment='轮次(退回后加一)'),
    sa.Column('list_digest', sa.Text(), nullable=False, comment='预警名单摘要'),
    sa.Column('opened_at', UtcDateTime(), nullable=False, comment='发起时间(UTC)'),
    sa.Column('opened_by', sa.Text(), nullable=False, comment='发起者'),
    sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_review_release_id')),
    sa.PrimaryKeyConstraint('review_id', name=op.f('pk_review')),
    sa.UniqueConstraint('release_id', 'round', name='uq_review_round'),
    comment='每次发布、每轮审核一行。One row per release and round of review.'
    )
    op.create_table('notice_status',
    sa.Column('status_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='状态号'),
    sa.Column('notice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, comment='文书号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('status', sa.Text(), nullable=False, comment='状态'),
    sa.Column('at', UtcDateTime(), nullable=False, comment='时间(UTC)'),
    sa.Column('actor', sa.Text(), nullable=False, comment='经办账号'),
    sa.Column('reason', sa.Text(), nullable=False, comment='原因'),
    sa.CheckConstraint("status IN ('issued', 'answered', 'superseded', 'withdrawn')", name=op.f('ck_notice_status_status')),
    sa.ForeignKeyConstraint(['notice_id'], ['notice.notice_id'], name=op.f('fk_notice_status_notice_id')),
    sa.PrimaryKeyConstraint('status_id', name=op.f('pk_notice_status')),
    comment="文书的每次状态变化一行;最新一行有效。One row per change of a document's status; the latest counts."
    )
    op.create_index(op.f('ix_notice_status_notice_id'), 'notice_status', ['notice_id'], unique=False)
    op.create_table('objection_decision',
    sa.Column('objection_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='异议号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('outcome', sa.Text(), nullable=False, comment='结论'),
    sa.Column('corrections', sa.JSON(), nullable=False, comment='据以更正的更正编号(JSON)'),
    sa.Column('reason', sa.Text(), nullable=False, comment='理由'),
    sa.Column('decided_at', UtcDateTime(), nullable=False, comment='决定时间(UTC)'),
    sa.Column('decided_by', sa.Text(), nullable=False, comment='决定账号'),
    sa.Column('role', sa.Text(), nullable=False, comment='角色'),
    sa.CheckConstraint("outcome IN ('upheld', 'partly_upheld', 'rejected', 'withdrawn')", name=op.f('ck_objection_decision_outcome')),
    sa.ForeignKeyConstraint(['objection_id'], ['objection.objection_id'], name=op.f('fk_objection_decision_objection_id')),
    sa.PrimaryKeyConstraint('objection_id', name=op.f('pk_objection_decision')),
    comment='每项已决定的异议一行。One row per objection that was decided.'
    )
    op.create_table('objection_effect',
    sa.Column('objection_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='异议号'),
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='发布号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('unit_code', sa.Text(), nullable=False, comment='单位代码'),
    sa.Column('published_before', sa.Text(), nullable=False, comment='更正前指数'),
    sa.Column('published_after', sa.Text(), nullable=False, comment='更正后指数'),
    sa.Column('colour_before', sa.Text(), nullable=False, comment='更正前颜色'),
    sa.Column('colour_after', sa.Text(), nullable=False, comment='更正后颜色'),
    sa.Column('rank_before', sa.BigInteger(), nullable=False, comment='更正前名次(0=不排名)'),
    sa.Column('rank_after', sa.BigInteger(), nullable=False, comment='更正后名次(0=不排名)'),
    sa.Column('recorded_at', UtcDateTime(), nullable=False, comment='记录时间(UTC)'),
    sa.ForeignKeyConstraint(['objection_id'], ['objection.objection_id'], name=op.f('fk_objection_effect_objection_id')),
    sa.ForeignKeyConstraint(['release_id'], ['release.release_id'], name=op.f('fk_objection_effect_release_id')),
    sa.PrimaryKeyConstraint('objection_id', 'release_id', name=op.f('pk_objection_effect')),
    comment='每项被支持的异议、每次因之修订一行。One row per upheld objection and the revision that followed it.'
    )
    op.create_table('review_answer',
    sa.Column('answer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='答复号'),
    sa.Column('review_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='审核号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('step', sa.BigInteger(), nullable=False, comment='第几审'),
    sa.Column('account', sa.Text(), nullable=False, comment='经办账号'),
    sa.Column('role', sa.Text(), nullable=False, comment='角色'),
    sa.Column('confirmed', sa.Boolean(), nullable=False, comment='是否通过(否=退回)'),
    sa.Column('seen_digest', sa.Text(), nullable=False, comment='所见名单摘要'),
    sa.Column('reason', sa.Text(), nullable=False, comment='理由'),
    sa.Column('answered_at', UtcDateTime(), nullable=False, comment='答复时间(UTC)'),
    sa.Column('via', sa.Text(), nullable=False, comment='途径(airflow=界面或接口 cli=命令行 desk=工作台)'),
    sa.ForeignKeyConstraint(['review_id'], ['review.review_id'], name=op.f('fk_review_answer_review_id')),
    sa.PrimaryKeyConstraint('answer_id', name=op.f('pk_review_answer')),
    sa.UniqueConstraint('review_id', 'step', name='uq_review_answer_step'),
    comment='每轮审核的每一审一行。One row per round of review and step.'
    )
    op.create_table('review_end',
    sa.Column('review_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='审核号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('outcome', sa.Text(), nullable=False, comment='结局'),
    sa.Column('ended_at', UtcDateTime(), nullable=False, comment='结束时间(UTC)'),
    sa.Column('actor', sa.Text(), nullable=False, comment='经办者'),
    sa.Column('reason', sa.Text(), nullable=False, comment='原因'),
    sa.CheckConstraint("outcome IN ('completed', 'sent_back', 'superseded', 'withdrawn')", name=op.f('ck_review_end_outcome')),
    sa.ForeignKeyConstraint(['review_id'], ['review.review_id'], name=op.f('fk_review_end_review_id')),
    sa.PrimaryKeyConstraint('review_id', name=op.f('pk_review_end')),
    comment='每轮结束的审核一行。One row per round of review that has ended.'
    )
    op.create_table('review_decision',
    sa.Column('answer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='答复号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('unit_code', sa.Text(), nullable=False, comment='单位代码'),
    sa.Column('rule_code', sa.Text(), nullable=False, comment='预警规则'),
    sa.Column('target', sa.Text(), nullable=False, comment='预警对象(指数、维度或指标代码)'),
    sa.Column('verdict', sa.Text(), nullable=False, comment='结论'),
    sa.Column('reason', sa.Text(), nullable=False, comment='理由'),
    sa.Column('advice_zh', sa.Text(), nullable=False, comment='修改后的建议(空=未改)'),
    sa.CheckConstraint("verdict IN ('confirmed', 'dismissed', 'sent_back')", name=op.f('ck_review_decision_verdict')),
    sa.ForeignKeyConstraint(['answer_id'], ['review_answer.answer_id'], name=op.f('fk_review_decision_answer_id')),
    sa.PrimaryKeyConstraint('answer_id', 'unit_code', 'rule_code', 'target', name=op.f('pk_review_decision')),
    comment='每次答复、每条预警一行。One row per answer and warning.'
    )


def downgrade() -> None:
    op.drop_table('review_decision')
    op.drop_table('review_end')
    op.drop_table('review_answer')
    op.drop_table('objection_effect')
    op.drop_table('objection_decision')
    op.drop_index(op.f('ix_notice_status_notice_id'), table_name='notice_status')
    op.drop_table('notice_status')
    op.drop_table('review')
    op.drop_table('publicity')
    op.drop_index(op.f('ix_objection_release_id'), table_name='objection')
    op.drop_table('objection')
    op.drop_index(op.f('ix_notice_sha256'), table_name='notice')
    op.drop_index(op.f('ix_notice_release_id'), table_name='notice')
    op.drop_table('notice')
