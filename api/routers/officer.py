"""The officer's page, its web manifest and service worker, and the pack for working offline."""

from __future__ import annotations

import gzip
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field, FiniteFloat

from api.dependencies import Datum, LangDep, LimitsDep, SessionDep, needs
from api.routers.pages import CSP
from core.clock import today
from core.errors import BadInput
from core.i18n import LANGS, N_
from facts.memory import LruCache
from geo import Location
from maps.pages import field_page, manifest, worker_script
from reports.workflow import OPEN_STATUSES
from store import Identity
from verdict import PackTerms, find_county, make_pack, pack_version, reach_of_names

router = APIRouter()
# A worker may load scripts of this host only, and connect to no other.
WORKER_POLICY: Final = "default-src 'none'; script-src 'self'; connect-src 'self'"
MAX_PACKS: Final = 16  # of some 50 kB each
_PACKS: Final[LruCache[bytes]] = LruCache(MAX_PACKS)  # by a hash of their contents, so none can go stale


class PackOut(BaseModel):
    """What a telephone needs to judge offline; see docs/field.md."""

    form: int
    version: str
    as_of: str
    loaded_on: str
    until: str | None
    county: dict[str, str]
    box: Annotated[list[float], Field(min_length=4, max_length=4)]
    limits: dict[str, float]
    sources: list[dict[str, Any]]
    units: list[dict[str, Any]]
    zones: list[dict[str, Any]]
    grid: list[dict[str, Any]]
    permits: list[dict[str, Any]]
    kinds: dict[str, dict[str, Any]]
    categories: list[dict[str, Any]]
    laws: list[dict[str, Any]]
    powers: list[dict[str, Any]]


_pack: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "If-None-Match names this pack"},
    404: {"description": "No county at the place"},
}


@router.get("/field", response_class=HTMLResponse, include_in_schema=False)
def page(request: Request, lang: LangDep) -> Response:
    """The officer's page; without an identity, a redirect to the sign-in page."""
    if request.state.who is None:
        chosen = f"&lang={lang}" if "lang" in request.query_params else ""
        return RedirectResponse(f"/login?next=/field{chosen}", 303)
    rendered = field_page(lang, OPEN_STATUSES)
    html = rendered.render()
    return HTMLResponse(html, headers={CSP: rendered.policy, "Cache-Control": "no-cache"})


@router.get("/field/manifest.webmanifest", include_in_schema=False)
def web_manifest(lang: LangDep) -> Response:
    """The web manifest, with which a browser installs the page as an application."""
    body = orjson.dumps(manifest(lang))
    return Response(body, media_type="application/manifest+json", headers={"Cache-Control": "no-cache"})


@router.get("/field/sw.js", include_in_schema=False)
def service_worker() -> Response:
    """The service worker; its text changes with any file of the page, which makes browsers update it."""
    pages = {lang: field_page(lang, OPEN_STATUSES).render() for lang in LANGS}
    headers = {"Service-Worker-Allowed": "/field", CSP: WORKER_POLICY, "Cache-Control": "no-cache"}
    return Response(worker_script(pages), media_type="text/javascript", headers=headers)


@router.get(
    "/api/field/pack",
    response_model=PackOut,
    responses=_pack,
    tags=["field"],
    dependencies=[needs("check")],
)
def pack(  # noqa: PLR0913 - dependencies
    request: Request,
    session: SessionDep,
    limits: LimitsDep,
    lon: FiniteFloat | None = None,
    lat: FiniteFloat | None = None,
    datum: Datum = "cgcs2000",
) -> Response:
    """Return units, zones, grid cells and today's law of one county, for checks without a network.

    The county is that of ``lon`` and ``lat``, or else of the account's own area, and workers are named in
    that area only. The ETag changes with the contents.
    """
    who: Identity = request.state.who
    day = today()
    terms = PackTerms(limits, day, reach_of_names(who))
    county = find_county(session, _parse_place(lon, lat, datum), [reach for _, reach in who.postings], day)
    version = pack_version(session, county, terms)
    headers = {"ETag": f'"{version}"', "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    # Telephones ask at each start: a version costs a few queries, a pack some hundred milliseconds.
    if request.headers.get("if-none-match", "") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    compressed = _PACKS.get(
        version, lambda: _compressed({**make_pack(session, county, terms), "version": version})
    )
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            compressed, media_type="application/json", headers={**headers, "Content-Encoding": "gzip"}
        )
    return Response(gzip.decompress(compressed), media_type="application/json", headers=headers)


def _compressed(document: dict[str, Any]) -> bytes:
    return gzip.compress(orjson.dumps(document), mtime=0)


def _parse_place(lon: float | None, lat: float | None, datum: str) -> tuple[float, float] | None:
    """(lon, lat) in CGCS2000 degrees; None where neither is given. Raises :class:`BadInput`."""
    if lon is None and lat is None:
        return None
    if lon is None or lat is None:
        raise BadInput(
            N_("Only one coordinate was given."),
            field="lon" if lon is None else "lat",
            hint=N_("Give lon and lat."),
        )
    found = Location.from_point(lon, lat, datum, 0.0)
    return found.lon, found.lat
