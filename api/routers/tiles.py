"""Vector tiles of areas, parcels and reports. The version in an address only tells browsers' caches apart."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Request, Response

from api.deps import SessionDep, needs, signed_in
from api.sieves import SieveDep
from api.tilecache import TileCache
from cases.inquiry import today
from geo.errors import BadInput
from geo.sieve import Sieve
from geo.tiles import DEEPEST, fetch_area_tile, fetch_parcel_tile, fetch_report_tile
from words import N_

router = APIRouter(prefix="/api/tiles", tags=["live"], dependencies=[needs("check")])
MVT: Final = "application/vnd.mapbox-vector-tile"
Layer = Literal["areas", "parcels", "violations"]
# A tile that has changed is asked for under another version; so long it may be looked at unasked.
KEPT: Final = {
    "areas": "private, max-age=86400",
    "parcels": "private, max-age=3600",
    "violations": "private, max-age=60",
}
Zoom = Annotated[int, Path(ge=0, le=DEEPEST)]
Number = Annotated[int, Path(ge=0, lt=2**DEEPEST)]


class TileOut(Response):
    """A Mapbox vector tile."""

    media_type = MVT


@router.get(
    "/{layer}/{version}/{z}/{x}/{y}.mvt",
    response_class=TileOut,
    responses={200: {"content": {MVT: {}}, "description": "The tile; empty where nothing is"}},
)
def tile(  # noqa: PLR0913 - a tile's address
    request: Request,
    session: SessionDep,
    layer: Layer,
    version: Annotated[str, Path(pattern="^[A-Za-z0-9._-]{1,40}$")],
    z: Zoom,
    x: Number,
    y: Number,
    sieve: SieveDep,
) -> TileOut:
    """A tile in the square of Web Mercator: of what the asking account may see."""
    if max(x, y) >= 2**z:
        raise BadInput(
            N_("There is no tile {x}, {y} at zoom {z}."),
            field="x",
            mend=N_("Give numbers below 2 to the power of the zoom."),
            x=x,
            y=y,
            z=z,
        )
    cache: TileCache = request.app.state.tiles
    request.app.state.hub.wake()
    key, at = key_of(request, layer, sieve), (z, x, y)
    asked = cache.now()
    found = cache.get(key, at)
    if found is None:
        day = today()
        if layer == "violations":
            found = fetch_report_tile(session, z, x, y, sieve, day)
        else:
            found = (fetch_area_tile if layer == "areas" else fetch_parcel_tile)(session, z, x, y, day)
        cache.keep(key, at, found, asked)
    return TileOut(found, headers={"Cache-Control": KEPT[layer]})


def key_of(request: Request, layer: str, sieve: Sieve) -> Hashable:
    """What a tile depends on beside its place: the layer, the day, the filter, and what who asks may see."""
    if layer == "areas":
        return layer, today()
    who = signed_in(request)
    return layer, today(), sieve, who.account, who.rights, who.postings
