"""Fixtures of all rooms: a throw-away PostGIS for the run, a clone of it where a test commits, a browser.

Everything beyond pytest is imported inside the fixtures: a test of pure code must not wait for the
application and the browser's driver (``tests/project/test_collection.py``).

=================  ========  =====================================================================
fixture            scope     what it is
=================  ========  =====================================================================
``engine``         session   the loaded database, for tests that roll back
``session``        test      a session on it whose work is rolled back
``clone``          session   makes an engine on a fresh copy of the loaded database
``http_engine``    module    a copy of the module's own, for tests that commit
``web_engine``     module    the same copy as the web server reaches it, bound by row security
``client``         test      the application on it, in process
``live_server``    module    the application on it behind uvicorn
``browser``        module    Chromium
=================  ========  =====================================================================
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from playwright.sync_api import Browser
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from verdict.inquiry import Limits


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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files marked ``long`` first: a worker takes a whole file, and none begins a long one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def facts_engine(request: pytest.FixtureRequest) -> str:
    """What gives the facts: "cells" or "postgis"."""
    return str(getattr(request, "param", "cells"))


@pytest.fixture(scope="session")
def limits() -> Limits:
    """The limits of an installation without settings."""
    from core.settings import Settings
    from verdict.inquiry import Limits

    return Limits.of(Settings())


# ---- databases ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostGIS server for this run: ZHIJIE_DATABASE_URL's, or a private one that is thrown away."""
    from support.databases import private_server, psycopg2_url

    configured = os.environ.pop("ZHIJIE_DATABASE_URL", None)
    if configured is None:
        with private_server() as url:
            yield url
        return
    if "PYTEST_XDIST_WORKER" in os.environ:
        raise pytest.UsageError("workers need a cluster each: run pytest without -n on ZHIJIE_DATABASE_URL")
    yield psycopg2_url(configured)


@pytest.fixture(scope="session")
def empty_url(server_url: str) -> str:
    """A database without any table."""
    from support.databases import create_database

    return create_database(server_url, "zhijie_empty_test")


@pytest.fixture(scope="session")
def base_url(server_url: str) -> str:
    """A database with the schema and the reference data; nobody stays connected to it."""
    from support.databases import BASE, create_database, load_base

    url = create_database(server_url, BASE)
    load_base(url)
    return url


@pytest.fixture(scope="session")
def engines() -> Iterator[list[Engine]]:
    """The engines made for this run, closed at its end."""
    made: list[Engine] = []
    yield made
    for engine in made:
        engine.dispose()


@pytest.fixture(scope="module", autouse=True)
def close_idle_connections(engines: list[Engine]) -> Iterator[None]:
    """Close a module's idle connections: the server has a hundred for the whole run."""
    yield
    for engine in engines:
        engine.dispose()


@pytest.fixture(scope="session")
def clone(server_url: str, base_url: str, engines: list[Engine]) -> Callable[..., Engine]:
    """Make an engine on a fresh copy of the loaded database, by name."""
    from support.databases import BASE, create_database, owner_engine

    def make(name: str, facts_engine: str = "cells") -> Engine:
        engines.append(owner_engine(create_database(server_url, name, BASE), facts_engine))
        return engines[-1]

    return make


@pytest.fixture(scope="session")
def engine(clone: Callable[..., Engine], facts_engine: str) -> Engine:
    """The database of tests that roll back."""
    return clone(f"zhijie_shared_{facts_engine}_test", facts_engine)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose work is rolled back after the test, commits included."""
    from sqlalchemy.orm import Session

    with engine.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()


@pytest.fixture(scope="module")
def http_engine(request: pytest.FixtureRequest, clone: Callable[..., Engine], facts_engine: str) -> Engine:
    """A database of the module's own, for requests that commit."""
    module = request.module.__name__.removeprefix("tests.").replace(".", "_")
    return clone(f"zhijie_{module}_{facts_engine}_test", facts_engine)


# ---- the application ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def web_login(server_url: str, base_url: str) -> tuple[str, str]:
    """(role, password) as whom the tests' servers sign in: a member of zhijie_app, bound by row security."""
    from support.databases import execute

    name, password = "zhijie_web_of_tests", secrets.token_hex(16)
    execute(
        server_url,
        f"DROP ROLE IF EXISTS {name}",
        f"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE zhijie_app",
    )
    return name, password


@pytest.fixture(scope="session")
def as_web(web_login: tuple[str, str], engines: list[Engine]) -> Callable[..., Engine]:
    """Make the server's engine on the database of an owner's engine."""
    from support.databases import server_engine

    def make(owner: Engine, facts_engine: str = "cells") -> Engine:
        engines.append(server_engine(owner, web_login, facts_engine))
        return engines[-1]

    return make


@pytest.fixture(scope="module")
def web_engine(http_engine: Engine, as_web: Callable[..., Engine], facts_engine: str) -> Engine:
    """The module's own database as its server reaches it."""
    return as_web(http_engine, facts_engine)


@pytest.fixture(scope="module")
def any_key(http_engine: Engine) -> str:
    """The key of somebody who may everything everywhere that anybody may."""
    from support.credentials import ALL_HATS, hire

    return hire(http_engine, *ALL_HATS)


@pytest.fixture
def client(web_engine: Engine, any_key: str) -> Iterator[TestClient]:
    """A client of the real application, in process, that shows ``any_key``."""
    from fastapi.testclient import TestClient
    from support.credentials import bearer

    from api.app import create_app
    from core.settings import Settings

    app = create_app(Settings(), web_engine)
    with TestClient(app, raise_server_exceptions=False, headers=bearer(any_key)) as client:
        yield client


@pytest.fixture(scope="module")
def live_session(http_engine: Engine, web_engine: Engine) -> str:
    """The token of a session with the posts of ``any_key``, for the cookie of a browser."""
    from support.credentials import ALL_HATS, session_of, sign_up

    return session_of(web_engine, sign_up(http_engine, *ALL_HATS))


@pytest.fixture(scope="module")
def live_server(http_engine: Engine, web_engine: Engine, limits: Limits) -> Iterator[str]:
    """Base URL of the real application behind uvicorn, with the demonstration's report filed."""
    from support.servers import serving

    from api.app import create_app
    from core.settings import Settings
    from demo.story import STORY, STORY_KEY
    from reports.filing import file_report
    from store.engine import open_session

    with open_session(http_engine) as session:
        file_report(session, STORY, STORY_KEY, limits)
    with serving(create_app(Settings(cookie_secure=False), web_engine)) as url:
        yield url


# ---- the browser ----------------------------------------------------------------------------------------

BROWSER_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# One a module and not one a run: the driver's event loop runs in this thread as long as the driver does, and
# tests of other modules start loops of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_ARGS)
        yield browser
        browser.close()
