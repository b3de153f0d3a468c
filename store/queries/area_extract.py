"""Extract of the areas in and around a county, for judging places offline.

Unit borders are simplified together, so that neighbours still share one border, and the error is measured and
returned with them. Zones are not simplified: whether an act is prohibited depends on their lines.
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

from geo.measure import Plane
from store.queries.features import Box, meets_box
from store.schema.datasets import SRID, GridCell, Permit, Source, Unit, Zone

LEVELS: Final = (
    "county",
    "township",
)  # villages have no geometry; coarser units add no borders
ROLES: Final = ("units", "zones", "grid")
TOLERANCE_M: Final = 10.0  # of the simplification, approximately; the actual displacement is measured
DIGITS: Final = 6  # decimals of a degree: 0.1 m
ROUNDING_M: Final = 0.1  # largest displacement by rounding to DIGITS
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class County:
    """A county with its bounding box: west, south, east, north, CGCS2000 degrees."""

    code: str
    name: str
    box: Box


@dataclass(frozen=True, slots=True)
class AreaExtract:
    """Areas as plain rows with GeoJSON geometry.

    Attributes:
        box: West, south, east, north of the extract, degrees.
        sources: The datasets; the other rows refer to them by index, as ``source``. ``simplified_m`` is the
            largest displacement of their lines, metres.
        permits: Permits in force, without their holders: personal data that judging does not need.
        until: First day on which one of the areas begins or ends; None if none is known.
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
    """Build the query of :func:`fetch_county`; areas of official datasets come first."""
    box = func.ST_Envelope(Unit.geom)
    sides = [getattr(func, f"ST_{side}")(box) for side in ("XMin", "YMin", "XMax", "YMax")]
    if place is None:
        condition: ColumnElement[bool] = Unit.code == code
    else:
        point = func.ST_SetSRID(func.ST_MakePoint(*place), SRID)
        condition = func.ST_Covers(Unit.geom, point)
    return (
        select(Unit.code, Unit.name, *sides)
        .join(Source, Source.id == Unit.source_id)
        .where(
            Source.retired_at.is_(None),
            Unit.level == "county",
            Unit.valid.contains(day),
            Unit.geom.isnot(None),
        )
        .where(condition)
        .order_by(Source.official.desc(), Unit.code)
        .limit(1)
    )


def fetch_county(
    session: Session, code: str | None, place: tuple[float, float] | None, day: dt.date
) -> County | None:
    """Return the county with a code, or the one at a place; None if there is none.

    Args:
        code: Used if ``place`` is None.
        place: Longitude and latitude, CGCS2000 degrees.
        day: On which the county is in force.
    """
    row = session.execute(select_county(code, place, day)).first()
    return None if row is None else County(row[0], row[1], tuple(row[2:]))


def fetch_versions(session: Session) -> list[tuple[int, str]]:
    """Return (id, checksum) of every current dataset, laws included: all that an offline pack depends on."""
    query = select(Source.id, Source.checksum).where(Source.retired_at.is_(None)).order_by(Source.id)
    return [(row.id, row.checksum) for row in session.execute(query)]


def fetch_area_extract(session: Session, county: County, margin_m: float, day: dt.date) -> AreaExtract:
    """Return the areas and permits of a day that meet a county's bounding box, expanded by a margin.

    Args:
        margin_m: Metres.
    """
    box = _expand(county.box, margin_m)
    sources = _sources(session)
    numbers = {row.pop("id"): n for n, row in enumerate(sources)}
    areas = {table: _areas(session, table, box, day, numbers) for table in (Unit, Zone, GridCell)}
    for row in sources:
        row["simplified_m"] = ROUNDING_M
    _simplify(areas[Unit], sources, Plane((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
    units, zones, cells = (_with_geojson(areas[table]) for table in (Unit, Zone, GridCell))
    permits = _with_geojson(_permits(session, box, day))
    return AreaExtract(county, box, sources, units, zones, cells, permits, _next_change(session, box, day))


def _expand(box: Box, margin_m: float) -> Box:
    west, south, east, north = box
    plane = Plane((west + east) / 2, (south + north) / 2)
    dx, dy = margin_m / plane.kx, margin_m / plane.ky
    return west - dx, south - dy, east + dx, north + dy


def fetch_coarsest_accuracy_m(session: Session) -> float:
    """Return the largest 68 % position error of a current dataset of areas, metres; 0 without datasets."""
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
    """Simplify the areas of each dataset and level together, and set ``simplified_m`` of the datasets.

    Together, as a coverage: simplified one by one, neighbours would overlap or leave gaps.
    """
    groups: dict[tuple[int, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["source"], row["level"]), []).append(row)
    for (source, _), members in groups.items():
        before = plane_shapes((row["geom"] for row in members), plane)
        after = shapely.coverage_simplify(before, TOLERANCE_M)
        moved = float(np.max(shapely.hausdorff_distance(shapely.boundary(before), shapely.boundary(after))))
        for row, shape in zip(members, after, strict=True):
            row["geom"] = shapely.transform(shape, plane.to_degrees)
        dataset = sources[source]
        dataset["simplified_m"] = max(dataset["simplified_m"], math.ceil(moved + ROUNDING_M))


def plane_shapes(shapes: Iterable[BaseGeometry], plane: Plane) -> NDArray[np.object_]:
    """Convert shapes in degrees to an array of shapes in a plane's metres."""
    return np.array([plane.shapely_to_metres(shape) for shape in shapes], dtype=object)


def _with_geojson(rows: Iterable[Row]) -> list[Row]:
    """Replace the shapely geometry of rows by GeoJSON, rounded to ``DIGITS``."""
    converted = []
    for row in rows:
        geom = shapely.transform(row.pop("geom"), lambda lonlat: np.round(lonlat, DIGITS))
        converted.append({**row, "geometry": mapping(geom)})
    return converted


def _next_change(session: Session, box: Box, day: dt.date) -> dt.date | None:
    """Return the first day after ``day`` on which an area in the box begins or ends."""
    days: list[dt.date] = []
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
        days += [change for change in session.execute(query).one() if change is not None]
    return min(days, default=None)
