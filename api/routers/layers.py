"""The reference layers: units, zones, grid cells, and places by name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from api.dependencies import DayDep, LangDep, SessionDep, WhoDep, needs
from api.schemas.reports import CollectionOut, PlaceOut, PlacesOut
from core.clock import today
from core.i18n import N_, Lang, say
from layers import current_book
from store.queries import fetch_grid, fetch_places, fetch_units, fetch_zones
from verdict import reach_of_names, workers_within

router = APIRouter(prefix="/api", tags=["layers"], dependencies=[needs("check")])
Level = Annotated[Literal["country", "province", "city", "county", "township"], Query()]


@router.get("/units")
def units(session: SessionDep, as_of: DayDep, level: Level = "township") -> CollectionOut:
    """List the units of a level on a day, as GeoJSON."""
    return CollectionOut.model_validate(fetch_units(session, level, as_of))


@router.get("/grid")
def grid(session: SessionDep, who: WhoDep, as_of: DayDep) -> CollectionOut:
    """List the grid cells on a day, as GeoJSON, with the names of workers in the account's own area."""
    cells = fetch_grid(session, as_of)
    told = workers_within((cell["properties"] for cell in cells["features"]), reach_of_names(who))
    for cell, properties in zip(cells["features"], told, strict=True):
        cell["properties"] = properties
    return CollectionOut.model_validate(cells)


@router.get("/zones")
def zones(session: SessionDep, as_of: DayDep, lang: LangDep) -> CollectionOut:
    """List the protected and controlled zones on a day, as GeoJSON, with the names of their kinds."""
    kinds = current_book(session).zone_kinds
    collection = fetch_zones(session, as_of)
    for feature in collection["features"]:
        properties = feature["properties"]
        kind = kinds[properties["kind"]]
        properties["kind_name"] = kind.name.say(lang)
        properties["grade_name"] = kind.grades[properties["grade"]].say(lang) if properties["grade"] else None
    return CollectionOut.model_validate(collection)


@router.get("/places")
def places(
    session: SessionDep,
    lang: LangDep,
    q: Annotated[
        str, Query(min_length=1, max_length=60, description="Part of a name, or the start of a code")
    ],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> PlacesOut:
    """Find units and villages by part of a name, or the start of a code.

    A village without known coordinates is returned at those of its township.
    """
    found = fetch_places(session, q.strip().replace("\x00", ""), today(), limit)
    return PlacesOut(places=[_place(place, lang) for place in found])


def _place(place: dict[str, Any], lang: Lang) -> PlaceOut:
    path = place["parent_name"] or ""
    if place["borrowed"]:
        path = say(lang, N_("in {township}; the village's own location is unknown"), township=path)
    return PlaceOut.model_validate({**place, "path": path})
