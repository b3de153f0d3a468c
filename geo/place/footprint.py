"""Parses and validates footprints in untrusted GeoJSON, before any geometry is built.

Accepted: a Polygon or MultiPolygon, bare, in a Feature, or in a FeatureCollection of exactly one feature.
Heights are dropped. Every fault raises BadGeometry (TooLarge for too many vertices) with field ``footprint``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import BadGeometry, BadInput, TooLarge
from core.i18n import N_
from geo.datum.reference_systems import frame
from geo.measure.geodesic import Plane

Ring = NDArray[np.float64]
Rings = list[list[Ring]]  # polygons, each its outer ring and then its holes, shape (n, 2)
Shape = Polygon | MultiPolygon

FIELD: Final = "footprint"
MIN_AREA_M2: Final = 0.01  # smaller ones are lines whose area comes from rounding
FAULTS: Final = {  # GEOS's reason → message
    "Self-intersection": N_("The footprint crosses itself at {x}, {y}."),
    "Ring Self-intersection": N_("A ring of the footprint touches itself at {x}, {y}."),
    "Hole lies outside shell": N_("A hole of the footprint lies outside it, at {x}, {y}."),
    "Holes are nested": N_("A hole of the footprint lies in another hole, at {x}, {y}."),
    "Nested shells": N_("A part of the footprint lies in another part, at {x}, {y}."),
    "Interior is disconnected": N_("Holes cut the footprint in two at {x}, {y}."),
    "Duplicate Rings": N_("The footprint has the same ring twice, at {x}, {y}."),
}
NO_POLYGON: Final = N_("The footprint is not a GeoJSON polygon: {found}.")
POLYGON_HINT: Final = N_("Give a Polygon, a MultiPolygon, or one feature of these types.")
RING_HINT: Final = N_("Give at least three corners and repeat the first at the end.")


def parse_rings(geojson: Mapping[str, object], max_vertices: int) -> Rings:
    """The rings of a footprint, in its own coordinates. Sizes are checked before arrays are built."""
    polygons = _polygons(_geometry(geojson))
    _check_size(polygons, max_vertices)
    if not polygons or not all(polygons):
        raise _fault(N_("The footprint is empty."), POLYGON_HINT)
    numbers = iter(range(1, max_vertices + 1))
    return [[_ring(ring, next(numbers)) for ring in polygon] for polygon in polygons]


def normalized(geojson: Mapping[str, object], datum: str, max_vertices: int) -> dict[str, object]:
    """The footprint as a bare GeoJSON MultiPolygon of 2-D positions, to be stored and compared.

    Properties, heights and unknown members are dropped.
    """
    check_crs(geojson, datum)
    rings = [[ring.tolist() for ring in polygon] for polygon in parse_rings(geojson, max_vertices)]
    return {"type": "MultiPolygon", "coordinates": rings}


def check_crs(geojson: Mapping[str, object], datum: str) -> None:
    """Check a file's ``crs`` member (GeoJSON of 2008) against the declared datum.

    Raises DatumRefused for a datum that is not accepted, such as Xian 1980, and BadInput (field ``datum``)
    where file or declaration is projected and the two differ. Two datums in degrees may differ: many tools
    write CRS84 whatever the coordinates are.
    """
    name = _crs_name(geojson.get("crs"))
    if name is None:
        return
    of_file, declared = frame(name), frame(datum)
    if (of_file.unproject or declared.unproject) and of_file.code != declared.code:
        raise BadInput(
            N_("The file's crs is {said}, but the declared datum is {datum}."),
            field="datum",
            hint=N_("Declare {said}, or correct the file's crs."),
            said=of_file.name,
            datum=declared.name,
        )


def build_shape(rings: Rings) -> Shape:
    """The Polygon or MultiPolygon of rings, outer rings counter-clockwise; it may be invalid."""
    parts = [Polygon(outer, holes) for outer, *holes in rings]
    oriented: Shape = shapely.orient_polygons(parts[0] if len(parts) == 1 else MultiPolygon(parts))
    return oriented


def check_shape(shape: Shape, given: Shape) -> None:
    """Refuse a shape (CGCS2000 degrees) that is invalid or has no area.

    ``given``: the shape in its declared datum; positions in errors are in that datum.
    """
    # The hull first: the area of a figure of eight may be 0, too, but its fault is that it crosses itself.
    _check_area(shapely.convex_hull(shape))
    for candidate in (given, shape):
        if not shapely.is_valid(candidate):
            raise _invalid(shapely.is_valid_reason(candidate))
    _check_area(shape)


def _check_area(shape: BaseGeometry) -> None:
    """Refuse an area below MIN_AREA_M2, in the plane: geodesic sides of a flat ring would enclose an area."""
    plane = Plane(*shapely.get_coordinates(shape)[0].tolist())
    if shapely.area(shape) * plane.kx * plane.ky < MIN_AREA_M2:
        raise _fault(N_("The footprint has no area."), RING_HINT)


def _fault(message: str, hint: str, **values: object) -> BadGeometry:
    return BadGeometry(message, field=FIELD, hint=hint, **values)


def _geometry(geojson: Mapping[str, object]) -> Mapping[str, object]:
    """The one geometry in a GeoJSON object."""
    kind = geojson.get("type")
    if kind == "FeatureCollection":
        features = _sequence(geojson.get("features"))
        if len(features) != 1:
            raise _fault(
                N_("The footprint has {count} features."),
                N_("Give exactly one feature; join its parts into a MultiPolygon."),
                count=len(features),
            )
        return _geometry_of(features[0])
    return _geometry_of(geojson) if kind == "Feature" else geojson


def _geometry_of(feature: object) -> Mapping[str, object]:
    geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
    if geometry is None:
        raise _fault(N_("The footprint is empty."), POLYGON_HINT)
    return geometry if isinstance(geometry, Mapping) else {}


def _polygons(geometry: Mapping[str, object]) -> list[Sequence[object]]:
    """The coordinates of the polygons, each a sequence of unchecked rings."""
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Polygon":
        rings = _sequence(coordinates)
        return [rings] if rings else []
    if kind == "MultiPolygon":
        return [_sequence(part) for part in _sequence(coordinates)]
    raise _fault(NO_POLYGON, POLYGON_HINT, found=str(kind)[:40])


def _check_size(polygons: list[Sequence[object]], most: int) -> None:
    """Raise TooLarge above ``most`` vertices. Empty rings count as one: a million of them must not pass."""
    count = sum(
        max(len(ring), 1) if isinstance(ring, Sequence) else 1 for polygon in polygons for ring in polygon
    )
    if count > most:
        raise TooLarge(
            N_("The footprint has {count} vertices, more than {most}."),
            field=FIELD,
            hint=N_("Simplify it, or send it in parts."),
            count=count,
            most=most,
        )


def _ring(value: object, number: int) -> Ring:
    """A closed ring, (n, 2). ``number``: its number in the footprint, for errors."""
    positions = _sequence(value)
    if len(positions) < 4:
        message = N_("Ring {ring} of the footprint has {count} positions; a closed one has 4 or more.")
        raise _fault(message, RING_HINT, ring=number, count=len(positions))
    ring = np.array([_position(p, number, i) for i, p in enumerate(positions, start=1)], dtype=np.float64)
    if not np.array_equal(ring[0], ring[-1]):
        message = N_("Ring {ring} of the footprint is not closed: it begins at {first} and ends at {last}.")
        raise _fault(
            message, RING_HINT, ring=number, first=_position_text(ring[0]), last=_position_text(ring[-1])
        )
    return ring


def _position(value: object, ring: int, index: int) -> tuple[float, float]:
    """The two coordinates of a position, without its height. Raises BadGeometry unless both are finite."""
    if isinstance(value, list | tuple) and len(value) >= 2:
        x, y = _number(value[0]), _number(value[1])
        if math.isfinite(x) and math.isfinite(y):
            return x, y
    message = N_("Position {index} in ring {ring} of the footprint is not two finite numbers.")
    raise _fault(message, N_("Give each position as [x, y]."), ring=ring, index=index)


def _number(value: object) -> float:
    """A JSON number as a float; NaN for anything else (text, true, an integer beyond the range of floats)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _sequence(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise _fault(NO_POLYGON, POLYGON_HINT, found=type(value).__name__)
    return value


def _crs_name(crs: object) -> str | None:
    """The datum named by a GeoJSON ``crs`` member; None without one."""
    properties = crs.get("properties") if isinstance(crs, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    if name is None:
        return None
    if "CRS84" in str(name):
        return "wgs84"
    code = re.fullmatch(r"urn:ogc:def:crs:EPSG:[^:]*:([0-9]+)", str(name))
    return f"EPSG:{code[1]}" if code else str(name)


def _invalid(reason: str) -> BadGeometry:
    """The error for GEOS's reason, such as ``Self-intersection[112.4 35.6]``."""
    match = re.fullmatch(r"(.*)\[(\S+) (\S+)\]", reason)
    hint = N_("Redraw the border so that its sides touch only at shared corners.")
    if match and match[1] in FAULTS:
        return _fault(FAULTS[match[1]], hint, x=f"{float(match[2]):.10g}", y=f"{float(match[3]):.10g}")
    return _fault(N_("The footprint is not a valid polygon: {reason}."), hint, reason=reason)


def _position_text(position: Ring) -> str:
    return f"{position[0]:.12g}, {position[1]:.12g}"
