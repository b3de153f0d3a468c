"""What lies around a place, for a telephone that will be without a net: whole areas that meet a box.

Unit lines are simplified together, so that neighbours keep one border; by how much they moved is measured
and told. Zones stay as they are: the law hangs on their lines.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from geo.measure.geodesic import Plane
from store.queries.features import Box, meets_box
from store.schema.datasets import SRID, GridCell, Permit, Source, Unit, Zone

LEVELS: Final = ("county", "township")  # finer units have no shape, coarser ones no borders of their own
ROLES: Final = ("units", "zones", "grid")
TOLERANCE_M: Final = 10.0  # about; what became of it is measured
DIGITS: Final = 6  # of a degree: a decimetre
ROUNDING_M: Final = 0.1
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class County:
    """A county by its code, and its box in degrees."""

    code: str
    name: str
    box: Box


@dataclass(frozen=True, slots=True)
class AreaExtract:
    """Areas as plain rows with GeoJSON geometry; ``source`` in a row is a place in ``sources``.

    ``until``: the first day after which one of the areas may be another; None where none is known.
    """

    county: County
    box: Box
    sources: list[Row]
    units: list[Row]
    zones: list[Row]
    cells: list[Row]
    permits: list[Row]
    until: dt.date | None


def select_county(code: str | None, place: tuple[float, float] | None, day: dt.date) -> Select[Any]:
    """The county of a code, or at a place (lon, lat), official lines first."""
    box = func.ST_Envelope(Unit.geom)
    sides = [getattr(func, f"ST_{side}")(box) for side in ("XMin", "YMin", "XMax", "YMax")]
    if place is None:
        wanted: ColumnElement[bool] = Unit.code == code
    else:
        point = func.ST_SetSRID(func.ST_MakePoint(*place), SRID)
        wanted = func.ST_Covers(Unit.geom, point)
    return (
        select(Unit.code, Unit.name, *sides)
        .join(Source, Source.id == Unit.source_id)
        .where(
            Source.retired_at.is_(None),
            Unit.level == "county",
            Unit.valid.contains(day),
            Unit.geom.isnot(None),
        )
        .where(wanted)
        .order_by(Source.official.desc(), Unit.code)
        .limit(1)
    )


def fetch_county(
    session: Session, code: str | None, place: tuple[float, float] | None, day: dt.date
) -> County | None:
    """The county of a code, or at a place in CGCS2000 degrees; None where there is none."""
    row = session.execute(select_county(code, place, day)).first()
    return None if row is None else County(row[0], row[1], tuple(row[2:]))


def fetch_versions(session: Session) -> list[tuple[int, str]]:
    """(id, checksum) of every current dataset, the law's too: what a pack depends on."""
    query = select(Source.id, Source.checksum).where(Source.retired_at.is_(None)).order_by(Source.id)
    return [(row.id, row.checksum) for row in session.execute(query)]


def fetch_area_extract(session: Session, county: County, margin_m: float, day: dt.date) -> AreaExtract:
    """Everything that meets a county's box, grown by a margin in metres."""
    box = _grown(county.box, margin_m)
    sources = _sources(session)
    numbers = {row.pop("id"): n for n, row in enumerate(sources)}
    found = {table: _areas(session, table, box, day, numbers) for table in (Unit, Zone, GridCell)}
    for row in sources:
        row["simplified_m"] = ROUNDING_M
    _simplify(found[Unit], sources, Plane((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
    units, zones, cells = (_told(found[table]) for table in (Unit, Zone, GridCell))
    permits = _told(_permits(session, box, day))
    return AreaExtract(county, box, sources, units, zones, cells, permits, _until(session, box, day))


def _grown(box: Box, margin_m: float) -> Box:
    west, south, east, north = box
    plane = Plane((west + east) / 2, (south + north) / 2)
    dx, dy = margin_m / plane.kx, margin_m / plane.ky
    return west - dx, south - dy, east + dx, north + dy


def fetch_worst_m(session: Session) -> float:
    """The largest error, metres, that the lines of a current dataset of areas may have."""
    query = select(func.max(Source.accuracy_m)).where(Source.retired_at.is_(None), Source.role.in_(ROLES))
    return float(session.scalar(query) or 0.0)


def _sources(session: Session) -> list[Row]:
    names = ("id", "role", "title", "official", "accuracy_m", "reach", "kinds", "begins", "loaded_at")
    query = (
        select(*(getattr(Source, name) for name in names))
        .where(Source.retired_at.is_(None), Source.role.in_(ROLES))
        .order_by(Source.dataset)
    )
    return [row._asdict() for row in session.execute(query)]


_COLUMNS: Final = {
    Unit: ("code", "name", "level"),
    Zone: ("code", "name", "kind", "grade"),
    GridCell: ("code", "name", "worker", "team", "township"),
}


def _areas(
    session: Session, table: type[Unit | Zone | GridCell], box: Box, day: dt.date, numbers: Mapping[int, int]
) -> list[Row]:
    query = (
        select(
            table.source_id, func.ST_AsBinary(table.geom), *(getattr(table, name) for name in _COLUMNS[table])
        )
        .where(table.source_id.in_(numbers), table.valid.contains(day), meets_box(table.geom, box))
        .order_by(table.code, table.source_id)
    )
    if table is Unit:
        query = query.where(Unit.level.in_(LEVELS))
    return [
        {
            "source": numbers[source],
            "geom": shapely.from_wkb(bytes(wkb)),
            **dict(zip(_COLUMNS[table], rest, strict=True)),
        }
        for source, wkb, *rest in session.execute(query)
    ]


def _permits(session: Session, box: Box, day: dt.date) -> list[Row]:
    """Permits in force, without their holders: a telephone need not know them."""
    query = (
        select(Permit.number, Permit.uses, Permit.zone_kinds, func.ST_AsBinary(Permit.geom))
        .join(Source, Source.id == Permit.source_id)
        .where(Source.retired_at.is_(None), Permit.valid.contains(day), meets_box(Permit.geom, box))
        .order_by(Permit.number)
    )
    return [
        {"number": number, "uses": uses, "zone_kinds": kinds, "geom": shapely.from_wkb(bytes(wkb))}
        for number, uses, kinds, wkb in session.execute(query)
    ]


def _simplify(rows: Sequence[Row], sources: list[Row], plane: Plane) -> None:
    """Thin the lines of each layer and level as one net, and note how far they moved at most."""
    groups: dict[tuple[int, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["source"], row["level"]), []).append(row)
    for (source, _), members in groups.items():
        before = plane_shapes((row["geom"] for row in members), plane)
        after = shapely.coverage_simplify(before, TOLERANCE_M)
        moved = float(np.max(shapely.hausdorff_distance(shapely.boundary(before), shapely.boundary(after))))
        for row, shape in zip(members, after, strict=True):
            row["geom"] = shapely.transform(shape, plane.to_degrees)
        told = sources[source]
        told["simplified_m"] = max(told["simplified_m"], math.ceil(moved + ROUNDING_M))


def plane_shapes(shapes: Iterable[BaseGeometry], plane: Plane) -> NDArray[np.object_]:
    """Shapes in degrees as an array of shapes in a plane's metres."""
    return np.array([plane.shapely_to_metres(shape) for shape in shapes], dtype=object)


def _told(rows: Iterable[Row]) -> list[Row]:
    told = []
    for row in rows:
        geom = shapely.transform(row.pop("geom"), lambda places: np.round(places, DIGITS))
        told.append({**row, "geometry": mapping(geom)})
    return told


def _until(session: Session, box: Box, day: dt.date) -> dt.date | None:
    """The first day after ``day`` on which an area of the box begins or ends."""
    turns = []
    for table in (Unit, Zone, GridCell):
        first, last = func.lower(table.valid), func.upper(table.valid)
        query = (
            select(
                func.min(first).filter(first > day).label("begins"),
                func.min(last).filter(last > day).label("ends"),
            )
            .join(Source, Source.id == table.source_id)
            .where(Source.retired_at.is_(None), meets_box(table.geom, box), or_(first > day, last > day))
        )
        turns += [turn for turn in session.execute(query).one() if turn is not None]
    return min(turns, default=None)
