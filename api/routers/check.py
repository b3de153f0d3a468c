"""Checks that store nothing: the verdict on a place, and the units at a point."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response

from api.dependencies import Accuracy, Datum, DayDep, LangDep, Lat, LimitsDep, Lon, SessionDep, needs
from api.schemas.reports import CheckOut, InquiryIn, LinkOut, UnitsAtOut
from verdict import Inquiry, answer, locate
from verdict.wording import verdict_with_words

PATH: Final = "/api/check"
router = APIRouter(prefix="/api", tags=["check"], dependencies=[needs("check")])


@router.post(PATH.removeprefix("/api"), response_model=CheckOut, name="check")
def check_place(body: InquiryIn, session: SessionDep, limits: LimitsDep, lang: LangDep) -> Response:
    """Determine the responsible unit, and whether the matter is allowed at the place. Stores nothing."""
    return Response(
        verdict_with_words(answer(session, body.inquiry(), limits), lang), media_type="application/json"
    )


@router.get("/units/at")
def units_at(  # noqa: PLR0913 - the query's own parameters
    lon: Lon,
    lat: Lat,
    session: SessionDep,
    limits: LimitsDep,
    as_of: DayDep,
    datum: Datum = "cgcs2000",
    accuracy_m: Accuracy = None,
) -> UnitsAtOut:
    """Return the chain of units of a point, from the city to the grid cell."""
    location, found = locate(session, Inquiry("", lon, lat, datum, accuracy_m, as_of=as_of), limits)
    links = [LinkOut(level=link.level, code=link.code, name=link.name) for link in found.chain]
    cell = next((link for link in found.chain if link.level == "grid_cell"), None)
    return UnitsAtOut(
        location=location.as_dict(),
        as_of=as_of,
        certainty=found.certainty,
        chain=[link for link in links if link.level != "grid_cell"],
        grid_cell=None
        if cell is None
        else LinkOut(level=cell.level, code=cell.code, name=cell.name, worker=cell.worker, team=cell.team),
        edge_distance_m=found.edge_distance_m,
    )
