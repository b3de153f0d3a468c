"""Ask without storing: the check, and whose ground a point is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError

from api.deps import Datum, DayDep, LangDep, Lat, LimitsDep, Lon, SessionDep
from api.errors import lang_of
from api.schemas import CheckOut, InquiryIn, LinkOut, UnitsAtOut
from cases.answers import Answers
from cases.inquiry import Inquiry, answer, locate
from cases.words import tell_fresh

JSON: Final = "application/json"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class FromMemory(APIRoute):
    """A check of a point that memory can answer takes no thread and no connection; others go the usual way.

    So does whatever is amiss with a body, for the usual way knows how to say it.
    """

    def get_route_handler(self) -> Handler:
        """The usual handler behind the quick one."""
        usual = super().get_route_handler()

        async def handle(request: Request) -> Response:
            found = _from_memory(request, await request.body())
            return await usual(request) if found is None else found

        return handle


router = APIRouter(prefix="/api", tags=["check"])
quick = APIRouter(prefix="/api", tags=["check"], route_class=FromMemory)


def _from_memory(request: Request, body: bytes) -> Response | None:
    answers: Answers | None = request.app.state.answers
    if answers is None or request.headers.get("content-type") != JSON:
        return None
    try:
        asked = InquiryIn.model_validate_json(body)
    except ValidationError:
        return None
    if asked.footprint is not None:  # may take long, and must not hold others up
        return None
    found = answers.to(asked.inquiry(), lang_of(request))
    return None if found is None else Response(found, media_type=JSON)


@quick.post("/check", response_model=CheckOut)
def check(body: InquiryIn, session: SessionDep, limits: LimitsDep, lang: LangDep) -> Response:
    """Whose ground is this, and may that stand on it? Stores nothing."""
    return Response(tell_fresh(answer(session, body.inquiry(), limits), lang), media_type=JSON)


@router.get("/units/at")
def units_at(  # noqa: PLR0913 - the query's own parameters
    lon: Lon, lat: Lat, session: SessionDep, limits: LimitsDep, as_of: DayDep, datum: Datum = "cgcs2000"
) -> UnitsAtOut:
    """The chain of units, from the city to the grid cell, of a point."""
    location, found = locate(session, Inquiry("", lon, lat, datum, as_of=as_of), limits)
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
