"""Features of the store as GeoJSON, and places by name.

Coordinates are longitude and latitude in CGCS2000; GeoJSON knows WGS 84 only, from which they differ by less
than a metre.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from store.schema.datasets import SRID, GridCell, Source, Unit, Zone

DIGITS: Final = 7  # decimals of a degree: 1 cm
Columns = Mapping[str, Any]
Box = tuple[float, float, float, float]  # west, south, east, north, degrees


def meets_box(column: InstrumentedAttribute[Any], box: Box) -> ColumnElement[bool]:
    """SQL condition: a geometry intersects a bounding box."""
    return func.ST_Intersects(column, func.ST_MakeEnvelope(*box, SRID))


def as_geojson(column: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    """SQL expression: a geometry as GeoJSON text, labelled ``geojson``."""
    return func.ST_AsGeoJSON(column, DIGITS).label("geojson")


def feature_collection(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a GeoJSON FeatureCollection of rows with ``geojson`` and their properties."""
    return {"type": "FeatureCollection", "features": [_feature(row) for row in rows]}


def _feature(row: Mapping[str, Any]) -> dict[str, Any]:
    properties = {key: value for key, value in row.items() if key != "geojson"}
    return {"type": "Feature", "geometry": json.loads(row["geojson"]), "properties": properties}


def _current(table: type[Unit | Zone | GridCell], columns: Columns, as_of: dt.date) -> Select[Any]:
    return (
        select(
            *(column.label(name) for name, column in columns.items()),
            Source.official,
            Source.accuracy_m,
            as_geojson(table.geom),
        )
        .join(Source, Source.id == table.source_id)
        .where(Source.retired_at.is_(None), table.valid.contains(as_of), table.geom.is_not(None))
        .order_by(table.code)
    )


def fetch_units(session: Session, level: str, as_of: dt.date) -> dict[str, Any]:
    """Return the units of a level on a day, as a FeatureCollection."""
    columns = {"code": Unit.code, "name": Unit.name, "level": Unit.level, "parent": Unit.parent}
    query = _current(Unit, columns, as_of).where(Unit.level == level)
    return feature_collection(_rows(session, query))


def fetch_zones(session: Session, as_of: dt.date) -> dict[str, Any]:
    """Return the zones on a day, as a FeatureCollection."""
    columns = {"id": Zone.code, "kind": Zone.kind, "grade": Zone.grade, "name": Zone.name}
    return feature_collection(_rows(session, _current(Zone, columns, as_of)))


def fetch_grid(session: Session, as_of: dt.date) -> dict[str, Any]:
    """Return the grid cells on a day, as a FeatureCollection."""
    names = ("code", "township", "name", "worker", "team")
    columns = {name: getattr(GridCell, name) for name in names}
    return feature_collection(_rows(session, _current(GridCell, columns, as_of)))


def fetch_loaded_at(session: Session) -> dt.datetime | None:
    """Return when the newest of the current datasets was loaded; None without datasets."""
    return session.scalar(select(func.max(Source.loaded_at)).where(Source.retired_at.is_(None)))


def fetch_places(session: Session, wanted: str, as_of: dt.date, limit: int) -> list[dict[str, Any]]:
    """Return units whose name contains a text, or whose code or pinyin initials begin with it.

    Exact names and higher units come first. A village, which has no area, has position and bounding box of
    its township (``borrowed``).
    """
    return [_place(row) for row in _rows(session, select_places(wanted, as_of, limit))]


def _rows(session: Session, query: Select[Any]) -> list[dict[str, Any]]:
    return [row._asdict() for row in session.execute(query)]


def select_places(wanted: str, as_of: dt.date, limit: int) -> Select[Any]:
    """Build the query of :func:`fetch_places`."""
    above = aliased(Unit)
    shape = func.coalesce(Unit.geom, above.geom)
    inside, box = func.ST_PointOnSurface(shape), func.ST_Envelope(shape)
    return (
        select(
            Unit.code,
            Unit.name,
            Unit.level,
            above.name.label("parent_name"),
            Unit.geom.is_(None).label("borrowed"),
            func.ST_X(inside).label("lon"),
            func.ST_Y(inside).label("lat"),
            func.ST_XMin(box).label("west"),
            func.ST_YMin(box).label("south"),
            func.ST_XMax(box).label("east"),
            func.ST_YMax(box).label("north"),
        )
        .join(Source, and_(Source.id == Unit.source_id, Source.retired_at.is_(None)))
        .outerjoin(above, and_(above.code == Unit.parent, _in_force(above, as_of)))
        .where(
            Unit.valid.contains(as_of),
            or_(
                Unit.name.contains(wanted, autoescape=True),
                Unit.code.startswith(wanted, autoescape=True),
                Unit.initials.startswith(wanted.lower(), autoescape=True),
                Unit.initials.contains(f" {wanted.lower()}", autoescape=True),
            ),
            shape.is_not(None),
        )
        .order_by(Unit.name != wanted, func.length(Unit.code), Unit.code)
        .limit(limit)
    )


def _in_force(unit: type[Unit], as_of: dt.date) -> ColumnElement[bool]:
    current = select(Source.id).where(Source.retired_at.is_(None))
    return and_(unit.valid.contains(as_of), unit.source_id.in_(current))


def _place(row: Mapping[str, Any]) -> dict[str, Any]:
    box = [round(row[side], DIGITS) for side in ("west", "south", "east", "north")]
    return {
        "code": row["code"],
        "name": row["name"],
        "level": row["level"],
        "parent_name": row["parent_name"],
        "borrowed": row["borrowed"],
        "lon": round(row["lon"], DIGITS),
        "lat": round(row["lat"], DIGITS),
        "bbox": box,
    }
