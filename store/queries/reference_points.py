"""Known places that a batch of coordinates is compared with to detect its datum, as shapely geometries."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Select, func, null, select
from sqlalchemy.orm import Session

from store.queries.features import Box, meets_box
from store.schema.datasets import Permit, Report, Source, Unit

MAX_PLACES: Final = 20_000  # of one kind; more make a comparison slower, but not more certain
AREA_LEVELS: Final = ("city", "county", "township")


@dataclass(frozen=True, slots=True)
class ReferencePlaces:
    """Points or polygons in CGCS2000 degrees, and the code of each; None for places without a code."""

    shapes: list[BaseGeometry]
    codes: list[str | None]


def select_permit_areas(box: Box) -> Select[Any]:
    """Select the areas of permits in a box, with their numbers. Expired ones count: they have not moved."""
    return _current(select(func.ST_AsBinary(Permit.geom), Permit.number), Permit, box).order_by(Permit.id)


def select_village_areas(box: Box, as_of: dt.date) -> Select[Any]:
    """Select the areas of villages in a box on a day, with their codes. Few datasets have village areas."""
    query = select(func.ST_AsBinary(Unit.geom), Unit.code)
    return (
        _current(query, Unit, box)
        .where(Unit.level == "village", Unit.valid.contains(as_of))
        .order_by(Unit.id)
    )


def select_report_places(box: Box, channel: str | None) -> Select[Any]:
    """Select the positions of real reports in a box, newest first.

    Args:
        channel: Only reports that arrived through it; None: through any.
    """
    query = select(func.ST_AsBinary(Report.geom), null()).where(
        meets_box(Report.geom, box), Report.sample.is_(False)
    )
    if channel is not None:
        query = query.where(Report.channel == channel)
    return query.order_by(Report.id.desc())


def fetch_reference_places(session: Session, query: Select[Any]) -> ReferencePlaces:
    """Run one of the queries above and return its first ``MAX_PLACES`` places."""
    rows = session.execute(query.limit(MAX_PLACES)).all()
    return ReferencePlaces([shapely.from_wkb(bytes(row[0])) for row in rows], [row[1] for row in rows])


def fetch_unit_areas(session: Session, as_of: dt.date) -> list[BaseGeometry]:
    """Return the areas of cities, counties and townships on a day, CGCS2000 degrees."""
    query = (
        select(func.ST_AsBinary(Unit.geom))
        .join(Source, Source.id == Unit.source_id)
        .where(Source.retired_at.is_(None), Unit.valid.contains(as_of))
        .where(Unit.level.in_(AREA_LEVELS), Unit.geom.is_not(None))
        .order_by(Unit.id)
    )
    return [shapely.from_wkb(bytes(wkb)) for wkb in session.scalars(query)]


def _current(query: Select[Any], table: type[Permit | Unit], box: Box) -> Select[Any]:
    joined = query.join(Source, Source.id == table.source_id)
    return joined.where(Source.retired_at.is_(None), meets_box(table.geom, box))
