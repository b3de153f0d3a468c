"""The schema: migrations match the tables, indexes exist and are used, geometry has its SRID."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.orm import Session

from store.engine import alembic_config, migrate, revisions
from store.schema.base import Base
from store.schema.datasets import CLOSED_STATES


def _ours(difference: tuple[Any, ...]) -> bool:
    """Whether a difference concerns a table of ours and not one of PostGIS."""
    return not (difference[0] == "remove_table" and difference[1].name == "spatial_ref_sys")


def test_migrations_make_exactly_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = [d for d in compare_metadata(context, Base.metadata) if _ours(d)]
    assert differences == []


def test_migrating_again_and_back_works(clone: Callable[[str], Engine]) -> None:
    engine = clone("zhijie_migrations_test")
    migrate(engine)
    with Session(engine) as session:
        current, newest = revisions(session)
    assert current == newest
    command.downgrade(alembic_config(engine), "base")
    assert set(inspect(engine).get_table_names()) <= {"spatial_ref_sys", "alembic_version"}
    migrate(engine)
    with Session(engine) as session:
        assert revisions(session)[0] == newest


def test_every_geometry_column_has_its_srid_and_a_gist_index(session: Session) -> None:
    columns = session.execute(
        text("SELECT f_table_name, f_geometry_column, srid FROM geometry_columns ORDER BY 1, 2")
    ).all()
    assert len(columns) >= 6
    assert {column.srid for column in columns if column.f_geometry_column == "geom"} == {4490}
    assert {tuple(column) for column in columns if column.srid != 4490} == {("report", "spot", 3857)}
    indexed = session.execute(
        text(
            "SELECT tablename || '.' || (regexp_match(indexdef, 'USING gist .(geom|spot).$'))[1]"
            " FROM pg_indexes WHERE indexdef ~ 'USING gist .(geom|spot).$'"
        )
    ).scalars()
    assert {f"{c.f_table_name}.{c.f_geometry_column}" for c in columns} == set(indexed)


def test_a_report_box_uses_the_index(session: Session) -> None:
    session.execute(text("SET LOCAL enable_seqscan = off"))
    plan = session.execute(
        text(
            "EXPLAIN SELECT id FROM report WHERE ST_Intersects(geom, ST_MakeEnvelope(112, 35, 113, 36, 4490))"
        )
    ).scalars()
    assert "report_geom" in "\n".join(plan)


def test_the_database_and_the_program_close_reports_in_the_same_states(session: Session) -> None:
    written = session.execute(
        text(
            "SELECT pg_get_functiondef(oid) FROM pg_proc"
            " WHERE proname IN ('zhijie_late', 'zhijie_mark_overdue')"
            " UNION ALL SELECT pg_get_indexdef('report_due'::regclass)"
        )
    ).scalars()
    lists = [
        set(re.findall(r"'(\w+)'", found))
        for code in written
        for found in re.findall(r"(?:NOT IN \(|<> ALL \(.*?ARRAY\[)([^)\]]+)", code)
    ]
    assert lists == [set(CLOSED_STATES)] * 3
