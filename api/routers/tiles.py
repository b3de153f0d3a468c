"""Vector tiles of areas, parcels and reports.

The version in an address is not read: it keeps browsers from showing an outdated copy.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response

from api.dependencies import SessionDep, needs, signed_in
from api.filters import ReportFilterDep
from api.middleware.fast_tiles import ENDPOINT, MVT, PREFIX, cache_key, tile_headers
from core.clock import today
from core.errors import BadInput
from core.i18n import N_
from live import TileCache
from store.queries import MAX_ZOOM, fetch_tile

router = APIRouter(prefix=PREFIX, tags=["live"], dependencies=[needs("check")])
Layer = Literal["areas", "parcels", "violations"]
Zoom = Annotated[int, Path(ge=0, le=MAX_ZOOM)]
Number = Annotated[int, Path(ge=0, lt=2**MAX_ZOOM)]


class TileOut(Response):
    """A Mapbox vector tile."""

    media_type = MVT


@router.get(
    ENDPOINT,
    response_class=TileOut,
    responses={200: {"content": {MVT: {}}, "description": "The tile; empty where there is nothing"}},
)
def tile(  # noqa: PLR0913 - a tile's address
    request: Request,
    session: SessionDep,
    layer: Layer,
    version: Annotated[str, Path(pattern="^[A-Za-z0-9._-]{1,40}$")],
    z: Zoom,
    x: Number,
    y: Number,
    criteria: ReportFilterDep,
) -> TileOut:
    """Return a tile of the Web Mercator scheme, with what the account may see."""
    if max(x, y) >= 2**z:
        raise BadInput(
            N_("There is no tile {x}, {y} at zoom {z}."),
            field="x",
            hint=N_("Give numbers below 2 to the power of the zoom."),
            x=x,
            y=y,
            z=z,
        )
    cache: TileCache = request.app.state.tiles
    request.app.state.hub.wake()
    key, at = cache_key(layer, request.scope["query_string"], signed_in(request)), (z, x, y)
    found = cache.get_or_make(key, at, lambda: fetch_tile(session, layer, z, x, y, criteria, today()))
    return TileOut(found, headers=tile_headers(layer))
