"""Accuracy and extent of the areas that maps show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.queries import Box, fetch_places
from store.schema import Source

AREA_ROLES: Final = ("units", "zones", "grid")
MAX_UNITS: Final = 50  # units of the highest level whose extents are joined


def fetch_accuracies(session: Session) -> Sequence[tuple[dict[str, str], bool, float]]:
    """(title by language, official, accuracy of its lines in metres) of each current dataset of areas."""
    query = (
        select(Source.title, Source.official, Source.accuracy_m)
        .where(Source.retired_at.is_(None), Source.role.in_(AREA_ROLES))
        .order_by(Source.dataset)
    )
    return [(title, official, metres) for title, official, metres in session.execute(query)]


def fetch_extent(session: Session, reach: str, as_of: dt.date) -> Box | None:
    """The bounding box, in degrees, of the highest units within a reach; None if no unit is known.

    Args:
        session: of the store.
        reach: prefix of unit codes.
        as_of: day on which the units are in force.
    """
    places = fetch_places(session, reach, as_of, MAX_UNITS)
    highest = [place["bbox"] for place in places if place["level"] == places[0]["level"]]
    if not highest:
        return None
    west, south, east, north = zip(*highest, strict=True)
    return min(west), min(south), max(east), max(north)
