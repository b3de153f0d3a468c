"""What areas hold of a footprint, as drawn and under the errors of outline and lines, for both engines.

An engine finds the areas near a footprint and clips them to its surroundings; everything else is measured
here, so that both give the same figures.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, cast

import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo import Location
from geo.measure import EqualAreaPlane, Fractions, Plane, Spread, area_m2, constant, fractions, length_m

if TYPE_CHECKING:
    from facts.model import UnitHit

MARGIN_M: Final = 1.0  # of the surroundings beyond what is measured in them
Box = tuple[float, float, float, float]


def surroundings(location: Location, reach_m: float) -> Box:
    """The box round a footprint in which areas matter, degrees: west, south, east, north."""
    plane = Plane(location.lon, location.lat)
    dx, dy = (reach_m + MARGIN_M) / plane.kx, (reach_m + MARGIN_M) / plane.ky
    west, south, east, north = shapely.bounds(location.footprint).tolist()
    return west - dx, south - dy, east + dx, north + dy


class FootprintRuler:
    """Measures one footprint against areas near it; keeps what costs much."""

    def __init__(self, location: Location) -> None:
        self._shape = cast(BaseGeometry, location.footprint)
        self._area_m2 = area_m2(self._shape)
        self._plane = Plane(location.lon, location.lat)
        self._flat = self._plane.shapely_to_metres(self._shape)
        self._equal_area = EqualAreaPlane(location.lon, location.lat)
        self._outline = self._equal_area.shapely_to_metres(self._shape)
        self._fractions: dict[tuple[int, str, Spread], Fractions] = {}

    def distance_m(self, area: BaseGeometry) -> float:
        """Distance of the footprint from an area, lon/lat, metres; 0 where they meet."""
        return float(shapely.distance(self._plane.shapely_to_metres(area), self._flat))

    def overlap(self, area: BaseGeometry) -> tuple[float, float]:
        """The part in an area (lon/lat) as drawn: m² and perimeter in m, ellipsoidal."""
        if shapely.covers(area, self._shape):  # exactly all of it, whatever the corners round to
            return self._area_m2, length_m(self._shape)
        return area_and_rim(shapely.intersection(area, self._shape))

    def fractions(self, hit: UnitHit, spread: Spread) -> Fractions:
        """What a unit holds of the footprint under the errors of outline and lines.

        ``spread``: of the lines of the unit, or a smaller one. A unit without ``pieces`` has no border near.
        """
        if not hit.pieces:
            return constant(float(hit.overlap_m2 > 0.0))
        if spread.sigma_m == 0.0:
            return constant(min(1.0, hit.overlap_m2 / self._area_m2))
        key = (hit.source_id, hit.code, spread)
        if key not in self._fractions:
            area = self._equal_area.shapely_to_metres(hit.pieces[0])
            self._fractions[key] = fractions(self._outline, area, spread)
        return self._fractions[key]


def area_and_rim(shape: BaseGeometry) -> tuple[float, float]:
    """Area and perimeter of the polygons in a geometry, m² and m on the ellipsoid."""
    areas = _polygons(shape)
    return math.fsum(map(area_m2, areas)), math.fsum(map(length_m, areas))


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    return [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]


def clipped_area(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of an area that was clipped to the ``surroundings``, valid.

    Clipping leaves lines and points where an area only touches the box.
    """
    areas = _polygons(shape)
    area: BaseGeometry = areas[0] if len(areas) == 1 else MultiPolygon(areas)
    return area if shapely.is_valid(area) else shapely.make_valid(area)


def measure_unit(
    ruler: FootprintRuler, clipped: BaseGeometry, edge_m: float, reach_m: float
) -> dict[str, Any] | None:
    """The members of a ``UnitHit`` that depend on the footprint; None where the unit is out of reach.

    ``clipped``: the unit, lon/lat, clipped to the surroundings. ``edge_m``: distance from its whole border.
    """
    area = clipped_area(clipped)
    if area.is_empty or (distance := ruler.distance_m(area)) > reach_m:
        return None
    overlap, rim = ruler.overlap(area) if distance == 0.0 else (0.0, 0.0)
    pieces = (area,) if edge_m <= reach_m else ()
    return {"overlap_m2": overlap, "overlap_rim_m": rim, "edge_m": edge_m, "pieces": pieces}


def measure_zone(ruler: FootprintRuler, clipped: BaseGeometry | None, distance_m: float) -> dict[str, Any]:
    """The members of a ``ZoneHit`` that depend on the footprint.

    ``clipped``: the zone, lon/lat, clipped to the surroundings; None where it is near, but out of reach.
    """
    if clipped is None:
        return {"overlap_m2": 0.0, "overlap_rim_m": 0.0, "pieces": ()}
    area = clipped_area(clipped)
    overlap, rim = ruler.overlap(area) if distance_m == 0.0 else (0.0, 0.0)
    return {"overlap_m2": overlap, "overlap_rim_m": rim, "pieces": (area,)}
