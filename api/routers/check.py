"""Checks that store nothing: the verdict on a place, and the units at a point."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from fastapi import APIRouter, Response

from api.dependencies import Accuracy, Datum, DayDep, LangDep, Lat, LimitsDep, Lon, SessionDep, WhoDep, needs
from api.schemas.reports import CheckOut, InquiryIn, LinkOut, UnitsAtOut
from verdict import Inquiry, answer, locate, reach_of_names, without_workers
from verdict.wording import verdict_with_words

PATH: Final = "/api/check"
router = APIRouter(prefix="/api", tags=["check"], dependencies=[needs("check")])


@router.post(PATH.removeprefix("/api"), response_model=CheckOut, name="check")
def check_place(
    body: InquiryIn, session: SessionDep, who: WhoDep, limits: LimitsDep, lang: LangDep
) -> Response:
    """Determine the responsible unit, and whether the matter is allowed at the place. Stores nothing.

    Permit holders and grid workers are named in the account's own area only.
    """
    found = answer(session, body.inquiry(), limits)
    return Response(verdict_with_words(found, lang, reach_of_names(who)), media_type="application/json")


@router.get("/units/at")
def units_at(  # noqa: PLR0913 - the query's own parameters
    lon: Lon,
    lat: Lat,
    session: SessionDep,
    who: WhoDep,
    limits: LimitsDep,
    as_of: DayDep,
    datum: Datum = "cgcs2000",
    accuracy_m: Accuracy = None,
) -> UnitsAtOut:
    """Return the chain of units of a point, from the city to the grid cell."""
    location, found = locate(session, Inquiry("", lon, lat, datum, accuracy_m, as_of=as_of), limits)
    chain = [asdict(link) for link in found.chain]
    if not reach_of_names(who).covers(None if found.lead is None else found.lead.code):
        chain = without_workers(chain)
    links = [LinkOut.model_validate(link) for link in chain]
    return UnitsAtOut(
        location=location.as_dict(),
        as_of=as_of,
        certainty=found.certainty,
        chain=[link for link in links if link.level != "grid_cell"],
        grid_cell=next((link for link in links if link.level == "grid_cell"), None),
        edge_distance_m=found.edge_distance_m,
    )
