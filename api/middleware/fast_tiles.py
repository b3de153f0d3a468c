"""Answers requests for tiles from the cache, before the request reaches the router.

A tile that is not cached is made in a worker thread. Uncached tiles with a filter, and invalid requests, go
to the router, which knows how to report errors. The identity is the one that the authentication middleware
has just asked the database for; a tile that is made is subject to the database's row security.
Requests answered here are counted but not logged: a map asks for dozens of tiles at a time.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from anyio import to_thread
from sqlalchemy import Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from core.clock import today
from core.errors import ZhijieError
from live import Address, TileCache
from store import Identity, enter, open_session
from store.queries import MAX_ZOOM, ReportFilter, fetch_tile
from verdict import reach_of_names

PREFIX: Final = "/api/tiles"
ENDPOINT: Final = "/{layer}/{version}/{z}/{x}/{y}.mvt"
ROUTE: Final = SimpleNamespace(path=PREFIX + ENDPOINT)
PATH: Final = re.compile(
    PREFIX + r"/(areas|parcels|violations)/[A-Za-z0-9._-]{1,40}/(\d{1,2})/(\d{1,8})/(\d{1,8})\.mvt"
)
MVT: Final = "application/vnd.mapbox-vector-tile"
# How long a browser may show a tile without asking. A changed tile has another version in its address, so
# these times only matter to a page that has not heard of the change yet.
CACHE_CONTROL: Final = {
    "areas": "private, max-age=86400",
    "parcels": "private, max-age=3600",
    "violations": "private, max-age=60",
}
VARY: Final = "Authorization, Cookie"  # the next account at the same browser asks anew


def tile_headers(layer: str) -> dict[str, str]:
    """The headers of a tile by which browsers keep it."""
    return {"Cache-Control": CACHE_CONTROL[layer], "Vary": VARY}


class FastTilesMiddleware:
    """ASGI middleware, inside the authentication. ``app.state.tiles`` is the cache."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a tile, or pass the request on."""
        is_tile = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        wanted = _parse(scope) if is_tile else None
        tile = None if wanted is None else await _tile(scope, wanted)
        if wanted is None or tile is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = ROUTE
        scope["state"]["unlogged"] = True
        await send(_start(wanted.layer, len(tile)))
        await send({"type": "http.response.body", "body": tile})


@dataclass(frozen=True, slots=True)
class _TileRequest:
    layer: str
    at: Address
    who: Identity


def _parse(scope: Scope) -> _TileRequest | None:
    """The tile that a request asks for; None for any other request, and for one that may not see tiles."""
    found = PATH.fullmatch(scope["path"])
    who: Identity | None = scope["state"].get("who")
    if found is None or who is None or not who.may("check") or scope["method"] != "GET":
        return None
    return _TileRequest(found[1], (int(found[2]), int(found[3]), int(found[4])), who)


async def _tile(scope: Scope, wanted: _TileRequest) -> bytes | None:
    """The tile, from the cache or made; None where the router has to answer."""
    state, query = scope["app"].state, scope["query_string"]
    if query and wanted.layer != "violations":
        return None  # these layers have no filters: the router refuses or ignores the query
    cache: TileCache = state.tiles
    key = cache_key(wanted.layer, query, wanted.who)
    tile = cache.get(key, wanted.at)
    z, x, y = wanted.at
    if tile is not None or query or z > MAX_ZOOM or max(x, y) >= 2**z:
        return tile
    state.hub.wake()
    try:
        async with state.gate:
            return await to_thread.run_sync(_make, state.engine, cache, key, wanted, scope["state"]["token"])
    except ZhijieError:
        return None


def _make(engine: Engine, cache: TileCache, key: Hashable, wanted: _TileRequest, token: str) -> bytes | None:
    """The tile as the token's account may see it, stored in the cache; None for a token that has ended."""
    with open_session(engine) as session:
        if enter(session, token) is None:
            return None
        return cache.get_or_make(
            key, wanted.at, lambda: fetch_tile(session, wanted.layer, *wanted.at, ReportFilter(), today())
        )


def cache_key(layer: str, query: bytes, who: Identity) -> Hashable:
    """What a tile depends on beside its address: layer, day, filter (the query), and the account's rights."""
    if layer == "areas":
        return layer, today(), reach_of_names(who)
    return layer, today(), query, who.account, who.rights, who.postings


def _start(layer: str, length: int) -> dict[str, Any]:
    headers = [(b"content-type", MVT.encode()), (b"content-length", str(length).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in tile_headers(layer).items()]
    return {"type": "http.response.start", "status": 200, "headers": headers}
