"""Permits, and with a verdict what was asked, so that it can be computed again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "permit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("uses", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("zone_kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4490, spatial_index=False), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("source_id"), "="),
            (sa.column("number"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="permit_no_overlap_in_time",
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("permit_geom", "permit", ["geom"], unique=False, postgresql_using="gist")
    op.add_column("verdict", sa.Column("inquiry", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("verdict", "inquiry")
    op.drop_table("permit")
