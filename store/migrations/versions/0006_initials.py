"""Units are found by the initials of their names in pinyin.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from core.pinyin import initials

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("unit", sa.Column("initials", sa.Text, nullable=False, server_default=""))
    op.create_index("unit_initials", "unit", ["initials"], postgresql_ops={"initials": "text_pattern_ops"})
    connection = op.get_bind()
    names = connection.scalars(sa.text("SELECT DISTINCT name FROM unit")).all()
    if names:
        connection.execute(
            sa.text("UPDATE unit SET initials = :initials WHERE name = :name"),
            [{"name": name, "initials": initials(name)} for name in names],
        )


def downgrade() -> None:
    op.drop_column("unit", "initials")
