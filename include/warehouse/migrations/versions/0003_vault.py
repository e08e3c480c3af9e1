"""Reads of the vault, and tombstones."""

from alembic import op
import sqlalchemy as sa
from include.warehouse.tables import UtcDateTime

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('vault_read',
    sa.Column('read_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='读取号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('feed', sa.Text(), nullable=False, comment='数据源'),
    sa.Column('sha256', sa.Text(), nullable=False, comment='文件哈希'),
    sa.Column('sheet', sa.Text(), nullable=False, comment='工作表(空=整个文件)'),
    sa.Column('row_number', sa.BigInteger(), nullable=False, comment='行号(0=整个文件)'),
    sa.Column('column_name', sa.Text(), nullable=False, comment='列名(空=整个文件)'),
    sa.Column('purpose', sa.Text(), nullable=False, comment='用途(judge=判定 reveal=人工查看)'),
    sa.Column('read_by', sa.Text(), nullable=False, comment='读取人(pipeline=流水线)'),
    sa.Column('reason', sa.Text(), nullable=False, comment='理由(空=流水线)'),
    sa.Column('read_at', UtcDateTime(), nullable=False, comment='读取时间(UTC)'),
    sa.PrimaryKeyConstraint('read_id', name=op.f('pk_vault_read')),
    comment='每次读取原始文件一行;人工查看每个单元格一行。One row per read of a landed file; one per cell where a person looked.'
    )
    op.create_index(op.f('ix_vault_read_jurisdiction_sha256'), 'vault_read', ['jurisdiction', 'sha256'], unique=False)
    op.create_table('tombstone',
    sa.Column('tombstone_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False, comment='销毁记录号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('store', sa.Text(), nullable=False, comment='存放处(raw=原始文件 returns=退回表 logs=日志)'),
    sa.Column('feed', sa.Text(), nullable=False, comment='数据源(空=不分数据源)'),
    sa.Column('place', sa.Text(), nullable=False, comment='湖中路径'),
    sa.Column('sha256', sa.Text(), nullable=False, comment='文件哈希'),
    sa.Column('bytes', sa.BigInteger(), nullable=False, comment='字节数'),
    sa.Column('rows', sa.BigInteger(), nullable=False, comment='行数(0=不分行)'),
    sa.Column('rule', sa.Text(), nullable=False, comment='保存期规则'),
    sa.Column('deleted_at', UtcDateTime(), nullable=False, comment='销毁时间(UTC)'),
    sa.PrimaryKeyConstraint('tombstone_id', name=op.f('pk_tombstone')),
    comment='每个到期销毁的文件一行,先记后删。One row per file deleted at the end of its time, written before it goes.'
    )
    op.create_index(op.f('ix_tombstone_jurisdiction_sha256'), 'tombstone', ['jurisdiction', 'sha256'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_tombstone_jurisdiction_sha256'), table_name='tombstone')
    op.drop_table('tombstone')
    op.drop_index(op.f('ix_vault_read_jurisdiction_sha256'), table_name='vault_read')
    op.drop_table('vault_read')
