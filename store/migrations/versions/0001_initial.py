"""The first tables: sources, units, zones, grid, reports and verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column(
            "received_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("act_date", sa.Date(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("unit_name", sa.Text(), nullable=True),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("certainty", sa.Text(), nullable=False),
        sa.Column("location", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("geom", Geometry(srid=4490, spatial_index=False), nullable=False),
        sa.CheckConstraint(
            "certainty IN ('certain', 'probable', 'disputed', 'outside')", name="report_certainty"
        ),
        sa.CheckConstraint(
            "effect IN ('prohibited', 'permit_required', 'clear', 'unknown')", name="report_effect"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idempotency_key"),
    )
    op.create_index("report_geom", "report", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("report_received_at", "report", ["received_at"], unique=False)
    op.create_index(
        "report_unit_code",
        "report",
        ["unit_code"],
        unique=False,
        postgresql_ops={"unit_code": "text_pattern_ops"},
    )
    op.create_table(
        "source",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("datum", sa.Text(), nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("begins", sa.Date(), nullable=True),
        sa.Column("note", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "loaded_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("retired_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("accuracy_m >= 0", name="source_accuracy_not_negative"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("dataset", "version", name="source_dataset_version"),
    )
    op.create_index(
        "source_one_current", "source", ["dataset"], unique=True, postgresql_where="retired_at IS NULL"
    )
    op.create_table(
        "grid_cell",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column(
            "geom", Geometry(geometry_type="MULTIPOLYGON", srid=4490, spatial_index=False), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.column("source_id"), "="),
            (sa.column("code"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="grid_cell_no_overlap_in_time",
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("grid_cell_geom", "grid_cell", ["geom"], unique=False, postgresql_using="gist")
    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "geom", Geometry(geometry_type="MULTIPOLYGON", srid=4490, spatial_index=False), nullable=True
        ),
        postgresql.ExcludeConstraint(
            (sa.column("source_id"), "="),
            (sa.column("code"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="unit_no_overlap_in_time",
        ),
        sa.CheckConstraint(
            "level IN ('country', 'province', 'city', 'county', 'township', 'village')", name="unit_level"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("unit_code", "unit", ["code"], unique=False)
    op.create_index("unit_geom", "unit", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("unit_name", "unit", ["name"], unique=False)
    op.create_table(
        "verdict",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("source_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("verdict_report", "verdict", ["report_id"], unique=False)
    op.create_table(
        "zone",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "geom", Geometry(geometry_type="MULTIPOLYGON", srid=4490, spatial_index=False), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.column("source_id"), "="),
            (sa.column("code"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="zone_no_overlap_in_time",
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("zone_geom", "zone", ["geom"], unique=False, postgresql_using="gist")
    op.create_table(
        "zone_kind",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("near_m", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source_id", "kind"),
    )
    op.create_table(
        "unit_piece",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("geom", Geometry(geometry_type="POLYGON", srid=4490, spatial_index=False), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("unit_piece_geom", "unit_piece", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("unit_piece_unit", "unit_piece", ["unit_id"], unique=False)
    op.create_table(
        "zone_piece",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("zone_id", sa.BigInteger(), nullable=False),
        sa.Column("geom", Geometry(geometry_type="POLYGON", srid=4490, spatial_index=False), nullable=False),
        sa.ForeignKeyConstraint(["zone_id"], ["zone.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("zone_piece_geom", "zone_piece", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("zone_piece_zone", "zone_piece", ["zone_id"], unique=False)


def downgrade() -> None:
    for table in (
        "zone_piece",
        "unit_piece",
        "zone_kind",
        "zone",
        "verdict",
        "unit",
        "grid_cell",
        "source",
        "report",
    ):
        op.drop_table(table)
