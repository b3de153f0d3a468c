"""The application: built by ``create_app``, nothing happens at import."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine
from starlette.types import Scope

import maps
from api import errors
from api.limits import BodyLimit, BodyTooLarge, too_large
from api.quick import QuickCheck
from api.routers import batch, checks, datum, health, layers, pages, reports
from api.screeners import Screeners
from cases.answers import Answers
from cases.inquiry import Limits
from geo.place import Memory, remember
from geo.postgis import make_engine
from geo.settings import Settings
from geo.snapshotlive import Snapshots

STATIC: Final = Path(maps.__file__).parent / "static"
DESCRIPTION: Final = "知界 Zhijie: whose ground is this, and may that stand on it?"


class FreshFiles(StaticFiles):
    """Static files that browsers ask about each time, so that no page runs yesterday's script."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be revalidated by its ETag before it is used again."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def create_app(settings: Settings, engine: Engine | None = None) -> FastAPI:
    """The HTTP service on these settings; ``engine`` shares one that the caller has."""
    app = FastAPI(
        title="知界 Zhijie",
        version=version("zhijie"),
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,  # served by ``pages`` from our own files
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.engine = engine
    errors.install(app)
    app.add_exception_handler(BodyTooLarge, too_large)
    of_path = {batch.PATH: settings.max_batch_bytes}
    app.add_middleware(QuickCheck)
    app.add_middleware(BodyLimit, limit=settings.max_body_bytes, of_path=of_path)
    for room in (checks, batch, reports, layers, datum, health, pages):
        app.include_router(room.router)
    app.mount("/static", FreshFiles(directory=STATIC), name="static")
    return app


def serve_from_memory(engine: Engine, settings: Settings) -> Snapshots | None:
    """Keep the store in memory for an engine's sessions, in step with it; None: PostGIS alone answers."""
    if settings.engine != "cells":
        return None
    live = Snapshots(engine, settings)
    remember(engine, Memory(live.cache, live))
    live.start()
    return live


def from_environment() -> FastAPI:
    """The service on the settings of the environment: what each of several processes runs."""
    return create_app(Settings())


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    owned = app.state.engine is None
    live = None
    if owned:
        app.state.engine = make_engine(settings)
        live = serve_from_memory(app.state.engine, settings)
    app.state.answers = None if live is None else Answers(live, Limits.of(settings))
    app.state.memory = live
    app.state.screeners = Screeners(app.state.engine, settings)
    # As many requests with a session as there are connections, and as many worker threads.
    app.state.gate = anyio.CapacityLimiter(settings.pool_size)
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings.pool_size
    yield
    if live is not None:
        live.stop()
    if owned:
        app.state.engine.dispose()
        app.state.engine = None
