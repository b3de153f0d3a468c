"""The application: built by ``create_app``, nothing happens at import."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Scope

import maps
from api import errors
from api.batch.screener_cache import ScreenerCache
from api.body_rules import default_rule, rules_of_paths
from api.middleware.authentication import AuthenticationMiddleware, IdentityCache, cookie_name
from api.middleware.body_limit import BodyLimitMiddleware, BodyTooLarge, too_large
from api.middleware.fast_check import FastCheckMiddleware
from api.middleware.fast_tiles import FastTilesMiddleware
from api.middleware.logs import configure_logging
from api.middleware.observability import ObservabilityMiddleware, watch_pool
from api.middleware.rate_limit import Rates
from api.middleware.security_headers import SecurityHeadersMiddleware
from api.openapi import complete_document
from api.routers import (
    account_pages,
    assignment,
    batch,
    check,
    datum_check,
    evidence,
    health,
    layers,
    live,
    metrics,
    officer,
    pages,
    parcels,
    reports,
    session,
    tiles,
)
from core.errors import StoreUnavailable
from core.settings import Settings
from facts import Memory, set_memory
from facts.memory import SnapshotService
from live import Hub, TileCache
from reports.evidence import open_blobs
from store import APP_URL_SETTING, app_database_url, make_engine, open_session, refuse_unbound_roles
from verdict import AnswerCache, Limits

STATIC: Final = Path(maps.__file__).parent / "static"
DESCRIPTION: Final = "知界 Zhijie: whose ground is this, and may that stand on it?"


class FreshFiles(StaticFiles):
    """Static files that browsers revalidate each time, so that no page runs an outdated script."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be revalidated by its ETag before it is used again."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


class Service(FastAPI):
    """The application, with the middleware that must also see the responses to unexpected errors."""

    def build_middleware_stack(self) -> ASGIApp:
        """FastAPI's stack, enclosed by the security headers and the log."""
        return ObservabilityMiddleware(SecurityHeadersMiddleware(super().build_middleware_stack()))

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, completed with what holds for every endpoint."""
        if not self.openapi_schema:
            self.openapi_schema = complete_document(super().openapi(), cookie_name(self.state.settings))
        return self.openapi_schema


def create_app(settings: Settings, engine: Engine | None = None) -> FastAPI:
    """The HTTP service with these settings.

    ``engine``: the caller's database engine, which it also disposes of; None: the service makes its own, and
    refuses to start if row security does not bind its database role.
    """
    app = Service(
        title="知界 Zhijie",
        version=version("zhijie"),
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,  # served by ``pages`` from our own files
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.engine = engine
    app.state.known = IdentityCache()
    app.state.oauth = None
    errors.install(app)
    app.add_exception_handler(BodyTooLarge, too_large)
    # The last one added is the outermost: authentication encloses the limits, and these the fast paths.
    app.add_middleware(FastCheckMiddleware)
    app.add_middleware(FastTilesMiddleware)
    app.add_middleware(BodyLimitMiddleware, rule=default_rule(settings), of_path=rules_of_paths(settings))
    if settings.oidc_issuer:
        _add_identity_provider(app, settings, settings.oidc_issuer)
    app.add_middleware(
        AuthenticationMiddleware, settings=settings, known=app.state.known, rates=Rates(settings)
    )
    for endpoints in (
        check,
        batch,
        reports,
        evidence,
        layers,
        parcels,
        tiles,
        live,
        assignment,
        datum_check,
        session,
        account_pages,
        health,
        metrics,
        pages,
        officer,
    ):
        app.include_router(endpoints.router)
    app.mount("/static", FreshFiles(directory=STATIC), name="static")
    return app


def _add_identity_provider(app: FastAPI, settings: Settings, issuer: str) -> None:
    """Add the endpoints for signing in by an OpenID Connect provider."""
    from api.routers import oidc  # noqa: PLC0415 - takes a quarter of a second, and most have no provider

    app.state.oauth = oidc.oauth_of(settings, issuer)
    app.include_router(oidc.router)
    app.add_middleware(SessionMiddleware, **_flow_cookie(settings))


def _flow_cookie(settings: Settings) -> dict[str, Any]:
    """Options of the signed cookie that holds the state of a sign-in while the browser is at the provider."""
    # Derived from a secret that all processes share. The text must not change: open sign-ins would break.
    key = sha256(f"zhijie on the way {settings.oidc_client_secret}".encode()).hexdigest()
    return {
        "secret_key": key,
        "session_cookie": "zhijie_oidc",
        "max_age": 600,
        "same_site": "lax",
        "https_only": settings.cookie_secure,
    }


def serve_from_memory(engine: Engine, settings: Settings) -> SnapshotService | None:
    """Start the snapshot service for an engine's sessions; None where the settings want PostGIS alone."""
    if settings.engine != "cells":
        return None
    live = SnapshotService(engine, settings)
    set_memory(engine, Memory(live.cache, live))
    live.start()
    return live


def from_environment() -> FastAPI:
    """The service with the settings of the environment, for servers that start several processes."""
    configure_logging()
    return create_app(Settings())


def _require_bound(engine: Engine) -> None:
    """Refuse to start with a database role that row security does not bind. The store may still be down."""
    try:
        with open_session(engine):
            pass
    except StoreUnavailable as fault:
        if fault.field == APP_URL_SETTING:
            raise


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    owned = app.state.engine is None  # else the caller has set its role and memory
    live = None
    if owned:
        app.state.engine = make_engine(settings, app_database_url(settings))
        refuse_unbound_roles(app.state.engine)
        live = serve_from_memory(app.state.engine, settings)
        _require_bound(app.state.engine)
    watch_pool(app.state.engine, settings.pool_size)
    app.state.answers = None if live is None else AnswerCache(live, Limits.of(settings))
    app.state.memory = live
    app.state.blobs = open_blobs(settings)
    app.state.screeners = ScreenerCache(app.state.engine, settings)
    app.state.tiles = TileCache(settings.tile_cache_bytes)
    app.state.hub = Hub(app.state.engine, app.state.tiles)
    # As many requests with a session as there are connections, and as many worker threads.
    app.state.gate = anyio.CapacityLimiter(settings.pool_size)
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings.pool_size
    yield
    app.state.hub.stop()
    if live is not None:
        live.stop()
    if owned:
        app.state.engine.dispose()
        app.state.engine = None  # so that a second start makes a new one
