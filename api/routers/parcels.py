"""Parcels: the card of one, by its number or by a point."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.dependencies import Datum, DayDep, LangDep, Lat, LimitsDep, Lon, SessionDep, needs
from api.schemas.parcels import ParcelOut
from reports import CardOptions, card_at, card_of_number
from store.schema import NUMBER_MAX_CHARS
from verdict import Inquiry

router = APIRouter(prefix="/api/parcels", tags=["parcels"], dependencies=[needs("parcels")])
Number = Annotated[str, Path(min_length=1, max_length=NUMBER_MAX_CHARS, pattern=r"^[^\x00]+$")]


@router.get(
    "/at", responses={404: {"description": "No parcel at the point, or it is not visible to the account"}}
)
def parcel_at(  # noqa: PLR0913 - the query's own parameters
    lon: Lon,
    lat: Lat,
    session: SessionDep,
    limits: LimitsDep,
    lang: LangDep,
    as_of: DayDep,
    datum: Datum = "cgcs2000",
) -> ParcelOut:
    """Return the card of the parcel at a point, if it lies in the account's area."""
    return ParcelOut.model_validate(card_at(session, Inquiry("", lon, lat, datum, as_of=as_of), limits, lang))


@router.get("/{number}")
def parcel_by_number(number: Number, session: SessionDep, lang: LangDep, as_of: DayDep) -> ParcelOut:
    """Return the card of the parcel with this number, if it lies in the account's area."""
    return ParcelOut.model_validate(card_of_number(session, number, CardOptions(as_of, lang)))
