"""A PostGIS server for a run of the tests, and its databases."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from core.settings import ROOT, Settings
from facts.lookup import use_memory
from layers.loading.load import load_folder
from store.access import refuse_unbound_roles
from store.cluster.cluster import Cluster
from store.engine import make_engine, migrate, open_session

BASE = "zhijie_base_test"


@contextmanager
def private_server() -> Iterator[str]:
    """The URL of a new server in a temporary folder, which ends with the context."""
    home = Path(tempfile.mkdtemp(prefix="zhijie-test-"))
    home.chmod(0o755)  # as root the server runs under another account
    cluster = Cluster(home / "pg", fast=True)
    try:
        yield cluster.start()
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def psycopg2_url(url: str) -> str:
    """A PostgreSQL URL with the driver that the project uses."""
    return make_url(url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def execute(server_url: str, *statements: str) -> None:
    """Execute statements outside a transaction, as CREATE DATABASE needs."""
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def create_database(server_url: str, name: str, template: str = "template1") -> str:
    """Create a database, replacing one of that name, and return its URL."""
    if not name.endswith("_test"):
        raise ValueError(f"tests only touch databases that end in _test, not {name}")
    execute(
        server_url,
        f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
        f"CREATE DATABASE {name} TEMPLATE {template}",
    )
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def load_base(url: str) -> None:
    """Migrate a database and load the reference data; no connection to it stays open."""
    engine = make_engine(Settings(), url)
    migrate(engine)
    with open_session(engine) as session:
        load_folder(session, ROOT / "data")
    engine.dispose()


def owner_engine(url: str, facts_engine: str) -> Engine:
    """An engine for a database's owner, with the index in memory unless ``facts_engine`` is "postgis"."""
    settings = Settings(engine=facts_engine)
    return use_memory(make_engine(settings, url), settings)


def server_engine(owner: Engine, login: tuple[str, str], facts_engine: str) -> Engine:
    """An engine on the database of ``owner`` as the web server has it; ``login``: its role and password."""
    url = owner.url.set(username=login[0], password=login[1])
    engine = owner_engine(url.render_as_string(hide_password=False), facts_engine)
    refuse_unbound_roles(engine)
    return engine
