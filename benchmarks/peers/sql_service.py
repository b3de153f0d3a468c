"""What else one would build: FastAPI with two SELECTs, of the township and of the zones that cover a point.

Nothing more: no accuracy, no law, no words. ``benchmarks.services`` starts it, with the database's address
and the kind of service in the environment:

- ``psycopg2``: as one writes it, the areas as they are, with an index; a model on the way out;
- ``tuned``: prepared statements, planned once; the areas in pieces; no model on the way out;
- ``asyncpg``: the same without threads.

Of pools of 2, 4 and 8 connections a process, 4 are fastest.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from typing import Any, Final

import anyio.to_thread
import asyncpg
import fastapi
import orjson
import psycopg2
from fastapi import FastAPI, Response
from psycopg2.pool import ThreadedConnectionPool
from pydantic import BaseModel

ADDRESS: Final = "BENCH_DATABASE"
KIND: Final = "BENCH_KIND"
DRIVERS: Final = {"psycopg2": psycopg2.__version__.split(" ")[0], "asyncpg": asyncpg.__version__}
VERSION: Final = f"FastAPI {fastapi.__version__}, " + ", ".join(" ".join(one) for one in DRIVERS.items())
POOL: Final = 4
GENERIC: Final = "SET plan_cache_mode = force_generic_plan"
PLAIN_UNIT: Final = (
    "SELECT code, name FROM peer.whole_unit WHERE ST_Covers(geom, ST_SetSRID(ST_Point(%s, %s), 4490)) "
    "ORDER BY code LIMIT 1"
)
PLAIN_ZONES: Final = (
    "SELECT code, kind FROM peer.whole_zone WHERE ST_Covers(geom, ST_SetSRID(ST_Point(%s, %s), 4490))"
)
UNIT: Final = (
    "SELECT code, name FROM peer.unit WHERE ST_Covers(geom, ST_SetSRID(ST_Point($1, $2), 4490)) "
    "ORDER BY code LIMIT 1"
)
ZONES: Final = (
    "SELECT DISTINCT code, kind FROM peer.zone WHERE ST_Covers(geom, ST_SetSRID(ST_Point($1, $2), 4490))"
)
TABLES: Final = """
DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;
CREATE TABLE peer.unit AS
    SELECT u.code, u.name, p.geom FROM unit u JOIN unit_piece p ON p.unit_id = u.id
    WHERE u.level = 'township';
CREATE TABLE peer.zone AS SELECT z.code, z.kind, p.geom FROM zone z JOIN zone_piece p ON p.zone_id = z.id;
CREATE TABLE peer.whole_unit AS SELECT code, name, geom FROM unit WHERE level = 'township';
CREATE TABLE peer.whole_zone AS SELECT code, kind, geom FROM zone;
CREATE INDEX ON peer.whole_unit USING gist (geom);
CREATE INDEX ON peer.whole_zone USING gist (geom);
VACUUM ANALYZE peer.whole_unit;
VACUUM ANALYZE peer.whole_zone;
CREATE INDEX ON peer.unit USING gist (geom);
CREATE INDEX ON peer.zone USING gist (geom);
VACUUM ANALYZE peer.unit;
VACUUM ANALYZE peer.zone
"""


class Place(BaseModel):
    """A point in degrees."""

    lon: float
    lat: float


def make_tables(address: str) -> None:
    """The peer's own tables, with the store's pieces of areas, in the store's database."""
    with closing(psycopg2.connect(address)) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            for statement in TABLES.split(";"):
                cursor.execute(statement)


class Unit(BaseModel):
    """A township."""

    code: str
    name: str


class Zone(BaseModel):
    """A zone."""

    code: str
    kind: str


class Found(BaseModel):
    """What covers a point."""

    unit: Unit | None
    zones: list[Zone]


def create_app(address: str, kind: str) -> FastAPI:
    """One of the services."""
    return {"psycopg2": _as_written, "tuned": _with_threads, "asyncpg": _without_threads}[kind](address)


def _as_written(address: str) -> FastAPI:
    pool = ThreadedConnectionPool(POOL, POOL, address)
    service = FastAPI(lifespan=_with_as_many_threads(pool))

    @service.post("/check")
    def check(place: Place) -> Found:
        connected = pool.getconn()
        try:
            with connected, connected.cursor() as cursor:
                cursor.execute(PLAIN_UNIT, (place.lon, place.lat))
                unit = cursor.fetchone()
                cursor.execute(PLAIN_ZONES, (place.lon, place.lat))
                zones = [Zone(code=code, kind=kind) for code, kind in cursor.fetchall()]
        finally:
            pool.putconn(connected)
        return Found(unit=unit and Unit(code=unit[0], name=unit[1]), zones=zones)

    return service


def _with_as_many_threads(pool: ThreadedConnectionPool) -> Any:  # noqa: ANN401 - a lifespan
    """A thread a connection, so that nobody finds the pool empty."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = POOL
        yield
        pool.closeall()

    return lifespan


def _with_threads(address: str) -> FastAPI:
    pool = ThreadedConnectionPool(POOL, POOL, address)
    connections = [pool.getconn() for _ in range(POOL)]
    for connected in connections:
        connected.autocommit = True
        with connected.cursor() as cursor:
            cursor.execute(GENERIC)
            cursor.execute(f"PREPARE unit_at(float8, float8) AS {UNIT}")
            cursor.execute(f"PREPARE zones_at(float8, float8) AS {ZONES}")
        pool.putconn(connected)

    service = FastAPI(lifespan=_with_as_many_threads(pool))

    @service.post("/check")
    def check(place: Place) -> Response:
        connected = pool.getconn()
        try:
            with connected.cursor() as cursor:
                cursor.execute("EXECUTE unit_at(%s, %s)", (place.lon, place.lat))
                unit = cursor.fetchone()
                cursor.execute("EXECUTE zones_at(%s, %s)", (place.lon, place.lat))
                return _told(unit, cursor.fetchall())
        finally:
            pool.putconn(connected)

    return service


def _without_threads(address: str) -> FastAPI:
    pool: asyncio.LifoQueue[Any] = asyncio.LifoQueue()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        connections = [await asyncpg.connect(address) for _ in range(POOL)]
        for connected in connections:
            await connected.execute(GENERIC)
            pool.put_nowait((await connected.prepare(UNIT), await connected.prepare(ZONES)))
        yield
        for connected in connections:
            await connected.close()

    service = FastAPI(lifespan=lifespan)

    @service.post("/check")
    async def check(place: Place) -> Response:
        statements = await pool.get()
        try:
            unit = await statements[0].fetchrow(place.lon, place.lat)
            zones = await statements[1].fetch(place.lon, place.lat)
        finally:
            pool.put_nowait(statements)
        return _told(unit, zones)

    return service


def _told(unit: Any, zones: Iterable[Any]) -> Response:  # noqa: ANN401 - a driver's row
    found = {
        "unit": unit and {"code": unit[0], "name": unit[1]},
        "zones": [{"code": code, "kind": kind} for code, kind in zones],
    }
    return Response(orjson.dumps(found), media_type="application/json")


def from_environment() -> FastAPI:
    """What uvicorn runs in each process."""
    return create_app(os.environ[ADDRESS], os.environ[KIND])
