"""Engine, sessions and migrations of the PostGIS store."""

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
from store.access import let_boxes_use_indexes, sync_rights
from store.cluster.cluster import Cluster, default_home

MIGRATIONS: Final = Path(__file__).parent / "migrations"
DRIVER: Final = "postgresql+psycopg2://"


def private_cluster(settings: Settings) -> Cluster:
    """The private cluster of this installation (not started here)."""
    return Cluster(default_home(settings.home, ROOT), run_as=settings.pg_user)


def database_url(settings: Settings) -> str:
    """URL of the store for its owner: the one set, or the private cluster's, started where it is down."""
    if settings.database_url is None:
        return private_cluster(settings).start()
    return _with_driver(settings.database_url, "ZHIJIE_DATABASE_URL")


def app_database_url(settings: Settings) -> str:
    """URL of the store for the server: as a role that row security binds."""
    if settings.app_database_url is not None:
        return _with_driver(settings.app_database_url, "ZHIJIE_APP_DATABASE_URL")
    if settings.database_url is None:
        cluster = private_cluster(settings)
        cluster.start()
        return cluster.app_url
    raise StoreUnavailable(
        N_("ZHIJIE_DATABASE_URL names the owner's role, as whom the server must not sign in."),
        field="ZHIJIE_APP_DATABASE_URL",
        hint=N_("Give the URL of a role that was made with: CREATE ROLE … LOGIN IN ROLE zhijie_app."),
    )


def _with_driver(url: str, variable: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme.startswith("postgres"):
        raise StoreUnavailable(
            N_("{variable} is no PostgreSQL address."),
            field=variable,
            hint=N_("Write postgresql://user:password@host:5432/database, or unset it."),
            variable=variable,
        )
    return DRIVER + rest


def make_engine(settings: Settings, url: str | None = None) -> Engine:
    """Engine with a pool sized for this process and a statement timeout on every connection.

    By default as the owner, who migrates, loads and keeps accounts; the server takes ``app_database_url``.
    """
    return create_engine(
        url or database_url(settings),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,  # what people send has no place in a log
        connect_args={
            "options": f"-c statement_timeout={settings.statement_timeout_ms} -c timezone=UTC -c jit=off",
            "connect_timeout": 10,
        },
    )


@contextmanager
def open_session(engine: Engine) -> Iterator[Session]:
    """A session that commits at the end, or rolls back and says so where the server is gone."""
    try:
        with Session(engine) as session, session.begin():
            yield session
    except (OperationalError, PoolTimeout) as fault:
        if isinstance(getattr(fault, "orig", None), QueryCanceled):
            raise TooLarge(
                N_("The question takes longer than is allowed."),
                hint=N_("Ask about less at once: a smaller or simpler footprint, a smaller box."),
            ) from fault
        raise StoreUnavailable(
            N_("The database does not answer."), hint=N_("Try again; `zhijie db status` tells its state.")
        ) from fault
    except ProgrammingError as fault:
        if not isinstance(fault.orig, UndefinedTable | UndefinedColumn | UndefinedFunction):
            raise
        raise StoreUnavailable(
            N_("The database does not have the tables of this program."),
            hint=N_("Run `zhijie load`, which makes them and loads the data."),
        ) from fault


def ping(session: Session) -> None:
    """Ask the server for a sign of life with PostGIS in it."""
    session.execute(text("SELECT postgis_lib_version()"))


def alembic_config(engine: Engine) -> Config:
    """Alembic on this engine, without any ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision, creating the extensions where they are missing."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL client_min_messages = warning"))
        for extension in ("postgis", "btree_gist"):
            connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
    command.upgrade(alembic_config(engine), "head")
    with open_session(engine) as session:
        sync_rights(session)
        let_boxes_use_indexes(session)


def revisions(session: Session) -> tuple[str | None, str | None]:
    """(revision of the database, newest revision of the program)."""
    current = MigrationContext.configure(session.connection()).get_current_revision()
    return current, ScriptDirectory(str(MIGRATIONS)).get_current_head()
