"""Places of the store that a batch of coordinates can be compared with, as shapely geometries in CGCS2000."""

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

MOST: Final = 20_000  # known places of one kind; more make a comparison slower, not surer
GROUND: Final = ("city", "county", "township")


@dataclass(frozen=True, slots=True)
class Places:
    """Points or polygons in degrees, and the code of each where it has one."""

    shapes: list[BaseGeometry]
    codes: list[str | None]


def select_permits(box: Box) -> Select[Any]:
    """Areas of permits in the box, with their numbers; expired ones stand where they stood."""
    return _current(select(func.ST_AsBinary(Permit.geom), Permit.number), Permit, box).order_by(Permit.id)


def select_villages(box: Box, as_of: dt.date) -> Select[Any]:
    """Areas of villages in the box on a day, with their codes. Many stores know no village's place."""
    wanted = select(func.ST_AsBinary(Unit.geom), Unit.code)
    return (
        _current(wanted, Unit, box)
        .where(Unit.level == "village", Unit.valid.contains(as_of))
        .order_by(Unit.id)
    )


def select_reports(box: Box, channel: str | None) -> Select[Any]:
    """Points and footprints of real reports in the box, newest first; ``channel`` None: of all channels."""
    query = select(func.ST_AsBinary(Report.geom), null()).where(
        meets_box(Report.geom, box), Report.sample.is_(False)
    )
    if channel is not None:
        query = query.where(Report.channel == channel)
    return query.order_by(Report.id.desc())


def fetch_places(session: Session, query: Select[Any]) -> Places:
    """The places of one of the selects above, at most MOST."""
    rows = session.execute(query.limit(MOST)).all()
    return Places([shapely.from_wkb(bytes(row[0])) for row in rows], [row[1] for row in rows])


def fetch_ground(session: Session, as_of: dt.date) -> list[BaseGeometry]:
    """The areas of the units that the store knows on a day."""
    query = (
        select(func.ST_AsBinary(Unit.geom))
        .join(Source, Source.id == Unit.source_id)
        .where(Source.retired_at.is_(None), Unit.valid.contains(as_of))
        .where(Unit.level.in_(GROUND), Unit.geom.is_not(None))
        .order_by(Unit.id)
    )
    return [shapely.from_wkb(bytes(wkb)) for wkb in session.scalars(query)]


def _current(query: Select[Any], table: type[Permit | Unit], box: Box) -> Select[Any]:
    joined = query.join(Source, Source.id == table.source_id)
    return joined.where(Source.retired_at.is_(None), meets_box(table.geom, box))
