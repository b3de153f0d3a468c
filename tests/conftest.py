"""One throw-away PostGIS for the session; a clone of the loaded database where a test commits."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session
from support.credentials import ALL_HATS, WORD, bearer, hire, session_of
from support.servers import serving

from accounts.accounts import Person, add_account, add_posting
from api.app import create_app
from core.settings import ROOT, Settings
from demo.story import STORY, STORY_KEY
from facts.lookup import use_memory
from layers.loading.load import load_folder
from reports.filing import file_report
from store.access import bind_role
from store.cluster.cluster import Cluster
from store.engine import make_engine, migrate, open_session
from verdict.inquiry import Limits

BASE = "zhijie_base_test"


def pytest_configure(config: pytest.Config) -> None:
    """Index files go to a folder of this run."""
    folder = tempfile.TemporaryDirectory(prefix="zhijie_cache_")
    os.environ["ZHIJIE_CACHE_DIR"] = folder.name
    os.environ["ZHIJIE_EVIDENCE_URL"] = f"{folder.name}/evidence"
    config.add_cleanup(folder.cleanup)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests marked ``both_engines`` once with the index in memory and once with PostGIS alone."""
    both = metafunc.definition.get_closest_marker("both_engines") is not None
    if both and "facts_engine" in metafunc.fixturenames:
        metafunc.parametrize("facts_engine", ["cells", "postgis"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def facts_engine(request: pytest.FixtureRequest) -> str:
    """What gives the facts: "cells" or "postgis"."""
    return str(getattr(request, "param", "cells"))


def _with_database(url: str, name: str) -> str:
    if not name.endswith("_test"):
        raise ValueError(f"tests only touch databases that end in _test, not {name}")
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostGIS server for this run: ZHIJIE_DATABASE_URL's, or a private one that is thrown away."""
    given = os.environ.pop("ZHIJIE_DATABASE_URL", None)
    if given is not None and "PYTEST_XDIST_WORKER" in os.environ:
        raise pytest.UsageError("workers need a cluster each: run pytest without -n on ZHIJIE_DATABASE_URL")
    if given is not None:
        yield make_url(given).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
        return
    home = Path(tempfile.mkdtemp(prefix="zhijie-test-"))
    home.chmod(0o755)
    cluster = Cluster(home / "pg", fast=True)
    try:
        yield cluster.start()
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def _execute(server_url: str, *statements: str) -> None:
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def empty_url(server_url: str) -> str:
    """A database without any table."""
    name = "zhijie_empty_test"
    _execute(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    return _with_database(server_url, name)


@pytest.fixture(scope="session")
def base_url(server_url: str) -> str:
    """A database with the schema and the reference data; nobody stays connected to it."""
    _execute(server_url, f"DROP DATABASE IF EXISTS {BASE} WITH (FORCE)", f"CREATE DATABASE {BASE}")
    url = _with_database(server_url, BASE)
    engine = make_engine(Settings(), url)
    migrate(engine)
    with open_session(engine) as session:
        load_folder(session, ROOT / "data")
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def engines() -> Iterator[list[Engine]]:
    """The engines made for this run, closed at its end."""
    made: list[Engine] = []
    yield made
    for engine in made:
        engine.dispose()


@pytest.fixture(scope="module", autouse=True)
def let_go(engines: list[Engine]) -> Iterator[None]:
    """Close a module's idle connections: the server has a hundred for the whole run."""
    yield
    for engine in engines:
        engine.dispose()


@pytest.fixture(scope="session")
def clone(server_url: str, base_url: str, engines: list[Engine]) -> Callable[..., Engine]:
    """Make an engine on a fresh copy of the loaded database, by name."""

    def make(name: str, facts_engine: str = "cells") -> Engine:
        _execute(
            server_url,
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"CREATE DATABASE {name} TEMPLATE {BASE}",
        )
        settings = Settings(engine=facts_engine)
        engines.append(use_memory(make_engine(settings, _with_database(server_url, name)), settings))
        return engines[-1]

    return make


@pytest.fixture(scope="session")
def engine(clone: Callable[..., Engine], facts_engine: str) -> Engine:
    """The database of tests that roll back."""
    return clone(f"zhijie_shared_{facts_engine}_test", facts_engine)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose work is rolled back after the test, commits included."""
    with engine.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()


@pytest.fixture(scope="session")
def limits() -> Limits:
    """The limits of an installation without settings."""
    return Limits.of(Settings())


@pytest.fixture(scope="module")
def http_engine(request: pytest.FixtureRequest, clone: Callable[..., Engine], facts_engine: str) -> Engine:
    """A database of the module's own, for requests that commit."""
    module = request.module.__name__.removeprefix("tests.").replace(".", "_")
    return clone(f"zhijie_{module}_{facts_engine}_test", facts_engine)


@pytest.fixture(scope="session")
def web_login(server_url: str, base_url: str) -> tuple[str, str]:
    """(role, password) as whom the tests' servers sign in: a member of zhijie_app, bound by row security."""
    name, password = "zhijie_web_of_tests", secrets.token_hex(16)
    _execute(
        server_url,
        f"DROP ROLE IF EXISTS {name}",
        f"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE zhijie_app",
    )
    return name, password


@pytest.fixture(scope="session")
def as_web(web_login: tuple[str, str], engines: list[Engine]) -> Callable[..., Engine]:
    """Make the server's engine on the database of an owner's engine."""

    def make(owner: Engine, facts_engine: str = "cells") -> Engine:
        url = owner.url.set(username=web_login[0], password=web_login[1])
        settings = Settings(engine=facts_engine)
        made = use_memory(make_engine(settings, url.render_as_string(hide_password=False)), settings)
        bind_role(made)
        engines.append(made)
        return made

    return make


@pytest.fixture(scope="module")
def web_engine(http_engine: Engine, as_web: Callable[..., Engine], facts_engine: str) -> Engine:
    """The module's own database as its server reaches it."""
    return as_web(http_engine, facts_engine)


@pytest.fixture(scope="module")
def any_key(http_engine: Engine) -> str:
    """The key of somebody who may everything everywhere that anybody may."""
    return hire(http_engine, *ALL_HATS)


@pytest.fixture
def client(web_engine: Engine, any_key: str) -> Iterator[TestClient]:
    """A client of the real application, in process, that shows ``any_key``."""
    app = create_app(Settings(), web_engine)
    with TestClient(app, raise_server_exceptions=False, headers=bearer(any_key)) as client:
        yield client


BROWSER_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def live_session(http_engine: Engine, web_engine: Engine) -> str:
    """The token of a session, for the cookie of a browser."""
    with open_session(http_engine) as session:
        name = f"u{secrets.token_hex(6)}"
        account = add_account(session, Person(name, "", WORD), ALL_HATS[0])
        for post in ALL_HATS[1:]:
            add_posting(session, account, post)
    return session_of(web_engine, name)


@pytest.fixture(scope="module")
def live_server(http_engine: Engine, web_engine: Engine, limits: Limits) -> Iterator[str]:
    """Base URL of the real application behind uvicorn, with the demonstration's report filed."""
    with open_session(http_engine) as session:
        file_report(session, STORY, STORY_KEY, limits)
    with serving(create_app(Settings(cookie_secure=False), web_engine)) as url:
        yield url
