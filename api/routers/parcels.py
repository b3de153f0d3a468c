"""Parcels: the card of one, by its number or by a place."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.dependencies import Datum, DayDep, LangDep, Lat, LimitsDep, Lon, SessionDep, needs
from api.schemas.parcels import ParcelOut
from reports.parcel_card import Wanted, card_at, card_of_number
from store.schema.parcels import NUMBER_MOST
from verdict.inquiry import Inquiry

router = APIRouter(prefix="/api/parcels", tags=["parcels"], dependencies=[needs("parcels")])
Number = Annotated[str, Path(min_length=1, max_length=NUMBER_MOST, pattern=r"^[^\x00]+$")]


@router.get("/at", responses={404: {"description": "There is no parcel at the place, or not for who asks"}})
def at(  # noqa: PLR0913 - the query's own parameters
    lon: Lon,
    lat: Lat,
    session: SessionDep,
    limits: LimitsDep,
    lang: LangDep,
    as_of: DayDep,
    datum: Datum = "cgcs2000",
) -> ParcelOut:
    """The parcel at a point, if it is one of the own area."""
    return ParcelOut.model_validate(card_at(session, Inquiry("", lon, lat, datum, as_of=as_of), limits, lang))


@router.get("/{number}")
def by_number(number: Number, session: SessionDep, lang: LangDep, as_of: DayDep) -> ParcelOut:
    """The parcel with a number, if it is one of the own area."""
    return ParcelOut.model_validate(card_of_number(session, number, Wanted(as_of, lang)))
