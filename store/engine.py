"""Database URLs, the engine and its sessions, and migrating the schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg2.errors import QueryCanceled, UndefinedColumn, UndefinedFunction, UndefinedTable
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from core.errors import StoreUnavailable, TooLarge
from core.i18n import N_
from core.settings import ROOT, Settings
from store.access import mark_box_overlap_leakproof, sync_rights
from store.cluster.cluster import Cluster, default_home
from store.faults import not_responding, tables_missing

MIGRATIONS: Final = Path(__file__).parent / "migrations"
DRIVER: Final = "postgresql+psycopg2://"


def private_cluster(settings: Settings) -> Cluster:
    """Return the private cluster of this installation, without starting it."""
    return Cluster(default_home(settings.home, ROOT), run_as=settings.pg_user)


def database_url(settings: Settings) -> str:
    """Return the URL for the database's owner: the configured one, or that of the private cluster.

    Starts the private cluster if it is down.

    Raises:
        StoreUnavailable: The configured URL is not a PostgreSQL URL, or the cluster cannot be started.
    """
    if settings.database_url is None:
        return private_cluster(settings).start()
    return _with_driver(settings.database_url, "ZHIJIE_DATABASE_URL")


def app_database_url(settings: Settings) -> str:
    """Return the URL for the server, whose role is bound by row security.

    Raises:
        StoreUnavailable: Only the owner's URL is configured, a URL is not a PostgreSQL URL, or the private
            cluster cannot be started.
    """
    if settings.app_database_url is not None:
        return _with_driver(settings.app_database_url, "ZHIJIE_APP_DATABASE_URL")
    if settings.database_url is None:
        cluster = private_cluster(settings)
        cluster.start()
        return cluster.app_url
    raise StoreUnavailable(
        N_("ZHIJIE_DATABASE_URL is the URL of the database's owner, as which the server must not connect."),
        field="ZHIJIE_APP_DATABASE_URL",
        hint=N_("Use the URL of a role created with: CREATE ROLE … LOGIN IN ROLE zhijie_app."),
    )


def _with_driver(url: str, variable: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme.startswith("postgres"):
        raise StoreUnavailable(
            N_("{variable} is not a PostgreSQL URL."),
            field=variable,
            hint=N_("Use postgresql://user:password@host:5432/database, or unset it."),
            variable=variable,
        )
    return DRIVER + rest


def make_engine(settings: Settings, url: str | None = None) -> Engine:
    """Return an engine with a pool sized for this process and a statement timeout on every connection.

    Args:
        url: By default ``database_url``, the owner's, for migrating, loading and administering accounts; the
            server passes ``app_database_url``.
    """
    return create_engine(
        url or database_url(settings),
        pool_size=settings.pool_size,
        max_overflow=0,  # pool_size is the limit: the server's max_connections is planned by it
        pool_pre_ping=True,  # a restarted server costs one round trip instead of a failed request
        hide_parameters=True,  # parameters hold personal data, which must not get into logs
        connect_args={
            # jit: compiling costs more than these short statements take
            "options": f"-c statement_timeout={settings.statement_timeout_ms} -c timezone=UTC -c jit=off",
            "connect_timeout": 10,
        },
    )


@contextmanager
def open_session(engine: Engine) -> Iterator[Session]:
    """Yield a session in a transaction that is committed at the end, or rolled back on an exception.

    Raises:
        TooLarge: A statement exceeded the statement timeout.
        StoreUnavailable: The server or a free connection is missing, or the database lacks the tables.
    """
    try:
        with Session(engine) as session, session.begin():
            yield session
    except (OperationalError, PoolTimeout) as fault:
        if isinstance(getattr(fault, "orig", None), QueryCanceled):
            raise TooLarge(
                N_("The request exceeded the time limit."),
                hint=N_("Request less at once: a smaller or simpler footprint, or a smaller bounding box."),
            ) from fault
        raise not_responding() from fault
    except ProgrammingError as fault:
        if not isinstance(fault.orig, UndefinedTable | UndefinedColumn | UndefinedFunction):
            raise
        raise tables_missing() from fault


def ping(session: Session) -> None:
    """Run a statement that succeeds only if the server responds and has PostGIS."""
    session.execute(text("SELECT postgis_lib_version()"))


def alembic_config(engine: Engine) -> Config:
    """Return the Alembic configuration for an engine; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Migrate the schema to the newest revision, and bring extensions and rights up to date."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL client_min_messages = warning"))
        for extension in ("postgis", "btree_gist"):
            connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
    command.upgrade(alembic_config(engine), "head")
    with open_session(engine) as session:
        sync_rights(session)
        mark_box_overlap_leakproof(session)


def revisions(session: Session) -> tuple[str | None, str | None]:
    """Return (revision of the database, newest revision of the program)."""
    current = MigrationContext.configure(session.connection()).get_current_revision()
    return current, ScriptDirectory(str(MIGRATIONS)).get_current_head()
