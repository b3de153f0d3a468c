"""Tiles are sent before anything else looks at the request: out of memory where they are kept.

What is not kept is asked of the store in a worker thread, without the way through the router; a tile with a
filter, and whatever is amiss, goes that way. Who asks was recognised by the guard, at most five seconds ago;
what is drawn anew, the database decides anew. These answers are counted, not logged: a map asks for dozens.
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
from live.tile_cache import Address, TileCache
from store.access import Identity, enter
from store.engine import open_session
from store.queries.report_filter import ReportFilter
from store.queries.tiles import DEEPEST, fetch_tile

PREFIX: Final = "/api/tiles"
ENDPOINT: Final = "/{layer}/{version}/{z}/{x}/{y}.mvt"
ROUTE: Final = SimpleNamespace(path=PREFIX + ENDPOINT)
PATH: Final = re.compile(
    PREFIX + r"/(areas|parcels|violations)/[A-Za-z0-9._-]{1,40}/(\d{1,2})/(\d{1,8})/(\d{1,8})\.mvt"
)
MVT: Final = "application/vnd.mapbox-vector-tile"
# A tile that has changed is asked for under another version; so long it may be looked at unasked.
KEPT: Final = {
    "areas": "private, max-age=86400",
    "parcels": "private, max-age=3600",
    "violations": "private, max-age=60",
}


class FastTilesMiddleware:
    """ASGI middleware, behind the guard. ``app.state.tiles`` holds the tiles."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a tile, or let the application do it."""
        asked = _asked(scope) if scope["type"] == "http" and scope["path"].startswith(PREFIX) else None
        tile = None if asked is None else await _tile(scope, asked)
        if asked is None or tile is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = ROUTE
        scope["state"]["unlogged"] = True
        await send(_start(asked.layer, len(tile)))
        await send({"type": "http.response.body", "body": tile})


@dataclass(frozen=True, slots=True)
class _Asked:
    layer: str
    at: Address
    who: Identity


def _asked(scope: Scope) -> _Asked | None:
    found = PATH.fullmatch(scope["path"])
    who: Identity | None = scope["state"].get("who")
    if found is None or who is None or not who.may("check") or scope["method"] != "GET":
        return None
    return _Asked(found[1], (int(found[2]), int(found[3]), int(found[4])), who)


async def _tile(scope: Scope, asked: _Asked) -> bytes | None:
    """The tile, kept or made; None where the usual way shall be gone."""
    state, query = scope["app"].state, scope["query_string"]
    if query and asked.layer != "violations":
        return None  # these layers know no filter: the usual way looks whether it is one
    cache: TileCache = state.tiles
    key = key_of(asked.layer, query, asked.who)
    tile = cache.get(key, asked.at)
    z, x, y = asked.at
    if tile is not None or query or z > DEEPEST or max(x, y) >= 2**z:
        return tile
    state.hub.wake()
    try:
        async with state.gate:
            return await to_thread.run_sync(_made, state.engine, cache, key, asked, scope["state"]["token"])
    except ZhijieError:
        return None


def _made(engine: Engine, cache: TileCache, key: Hashable, asked: _Asked, token: str) -> bytes | None:
    with open_session(engine) as session:
        if enter(session, token) is None:
            return None
        return cache.get_or_make(
            key, asked.at, lambda: fetch_tile(session, asked.layer, *asked.at, ReportFilter(), today())
        )


def key_of(layer: str, query: bytes, who: Identity) -> Hashable:
    """What a tile depends on beside its place: the layer, the day, the filter, and what who asks may see."""
    if layer == "areas":
        return layer, today()
    return layer, today(), query, who.account, who.rights, who.postings


def _start(layer: str, length: int) -> dict[str, Any]:
    headers = [(b"content-type", MVT.encode()), (b"content-length", str(length).encode())]
    headers.append((b"cache-control", KEPT[layer].encode()))
    return {"type": "http.response.start", "status": 200, "headers": headers}
