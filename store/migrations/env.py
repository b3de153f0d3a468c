"""Alembic's entry: runs the revisions on the engine that ``store.engine`` hands over."""

from alembic import context
from sqlalchemy import text

import store.schema.report_counts  # noqa: F401 - all tables are known
from store.schema.base import Base

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        context.run_migrations()
    connection.commit()
