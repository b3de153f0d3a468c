"""A parcel's card: register entries, measured area, permits, reports and neighbours."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from geoalchemy2.shape import to_shape
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.i18n import N_, Lang, say
from geo.measure import area_m2
from law import Category
from layers import current_book
from layers.readers import current_classes
from store.queries import (
    covers_point,
    has_number,
    select_neighbouring_parcels,
    select_parcel,
    select_parcel_permits,
    select_parcel_reports,
)
from store.schema import Parcel, Permit
from verdict import Inquiry, Limits

Categories = Mapping[str, Category]
MU_M2: Final = 2000 / 3  # of one mu (亩)
PermitOn = Literal["in_force", "expired", "not_yet"]
STATES: Final[dict[PermitOn, str]] = {
    "in_force": N_("in force"),
    "expired": N_("expired"),
    "not_yet": N_("not yet in force"),
}


@dataclass(frozen=True, slots=True)
class CardOptions:
    """The day for which a card is made, and the language of its texts."""

    as_of: dt.date
    lang: Lang


def card_of_number(session: Session, number: str, options: CardOptions) -> dict[str, Any]:
    """The card of the parcel with a number.

    Raises :class:`NotFound` where the session sees none, :class:`BadInput` for a day in the future.
    """
    Inquiry("", as_of=options.as_of).day()  # raises BadInput
    card = _card(session, has_number(number), options)
    if card is None:
        raise NotFound(
            N_("There is no parcel {number} that you may see."),
            field="number",
            hint=N_("Check the number, or search by a point."),
            number=number,
        )
    return card


def card_at(session: Session, inquiry: Inquiry, limits: Limits, lang: Lang) -> dict[str, Any]:
    """The card of the parcel at a point. Raises :class:`NotFound` where the session sees none there."""
    location = inquiry.location(limits)
    card = _card(session, covers_point(location.lon, location.lat), CardOptions(inquiry.day(), lang))
    if card is None:
        raise NotFound(
            N_("There is no parcel at this point that you may see."),
            field="lon",
            hint=N_("Give a point inside a parcel of your area."),
        )
    return card


def _card(session: Session, condition: ColumnElement[bool], options: CardOptions) -> dict[str, Any] | None:
    row = session.execute(select_parcel(condition, options.as_of)).first()
    if row is None:
        return None
    parcel, official, accuracy_m, geojson = row
    classes = current_classes(session)
    measured = area_m2(to_shape(parcel.geom))
    registered = parcel.official_area_m2
    return {
        "number": parcel.number,
        "name": parcel.name,
        "scheme": parcel.scheme,
        "scheme_name": classes.scheme_name(parcel.scheme, options.lang),
        "land_class": parcel.land_class,
        "land_class_name": classes.class_name(parcel.scheme, parcel.land_class, options.lang),
        "official_area_m2": registered,
        "official_area_mu": _mu(registered),
        "measured_area_m2": round(measured, 2),
        "measured_area_mu": _mu(measured),
        "area_difference_m2": None if registered is None else round(measured - registered, 2),
        "unit_code": parcel.unit_code,
        "valid_from": parcel.valid.lower,
        "valid_to": parcel.valid.upper,
        "as_of": options.as_of,
        "note": parcel.note,
        "sample": parcel.sample,
        "official": official,
        "accuracy_m": accuracy_m,
        "geometry": json.loads(geojson),
        "permits": _permits(session, parcel, options),
        "reports": _reports(session, parcel, options.lang),
        "neighbours": list(session.scalars(select_neighbouring_parcels(parcel, options.as_of))),
    }


def _mu(square_metres: float | None) -> float | None:
    return None if square_metres is None else round(square_metres / MU_M2, 3)


def _permits(session: Session, parcel: Parcel, options: CardOptions) -> list[dict[str, Any]]:
    categories = current_book(session).categories
    return [
        _permit(permit, categories, options) | {"official": official, "overlap_m2": round(overlap_m2, 2)}
        for permit, official, overlap_m2 in session.execute(select_parcel_permits(parcel))
    ]


def _permit(permit: Permit, categories: Categories, options: CardOptions) -> dict[str, Any]:
    state = _state(permit, options.as_of)
    return {
        "number": permit.number,
        "holder": permit.holder,
        "issuer": permit.issuer,
        "uses": permit.uses,
        "use_names": [_name(categories, use, options.lang) for use in permit.uses],
        "zone_kinds": permit.zone_kinds,
        "valid_from": permit.valid.lower,
        "valid_to": permit.valid.upper,
        "state": state,
        "state_name": say(options.lang, STATES[state]),
        "note": permit.note,
    }


def _state(permit: Permit, day: dt.date) -> PermitOn:
    begins, ends = permit.valid.lower, permit.valid.upper
    if begins is not None and day < begins:
        return "not_yet"
    return "expired" if ends is not None and ends <= day else "in_force"


def _reports(session: Session, parcel: Parcel, lang: Lang) -> list[dict[str, Any]]:
    categories = current_book(session).categories
    return [
        {**row._asdict(), "category_name": _name(categories, row.category, lang)}
        for row in session.execute(select_parcel_reports(parcel))
    ]


def _name(categories: Categories, code: str, lang: Lang) -> str:
    """The name of a matter; its code where the current law does not have it."""
    category = categories.get(code)
    return code if category is None else category.name.say(lang)
