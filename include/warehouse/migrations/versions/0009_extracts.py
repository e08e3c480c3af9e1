"""extracts from databases."""

from alembic import op
import sqlalchemy as sa

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('extract_snapshot',
    sa.Column('delivery_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='报送批次号'),
    sa.Column('jurisdiction', sa.Text(), nullable=False, comment='地区'),
    sa.Column('connection', sa.Text(), nullable=False, comment='连接名称'),
    sa.Column('source', sa.Text(), nullable=False, comment='表或查询'),
    sa.Column('columns', sa.Text(), nullable=False, comment='列名与类型(规范JSON)'),
    sa.Column('rows_before', sa.BigInteger(), nullable=False, comment='取数前行数'),
    sa.Column('rows_taken', sa.BigInteger(), nullable=False, comment='取得行数'),
    sa.Column('rows_after', sa.BigInteger(), nullable=False, comment='取数后行数'),
    sa.ForeignKeyConstraint(['delivery_id'], ['delivery.delivery_id'], name=op.f('fk_extract_snapshot_delivery_id')),
    sa.PrimaryKeyConstraint('delivery_id', name=op.f('pk_extract_snapshot')),
    comment='每次数据库抽取一行。One row per snapshot taken from a database.'
    )


def downgrade() -> None:
    op.drop_table('extract_snapshot')
