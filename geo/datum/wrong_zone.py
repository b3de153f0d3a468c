"""Detects batches of eastings without a zone number that are declared in the wrong Gauss–Krüger zone.

A plain easting is valid in every zone: 395,764 m is 112.85°E under the meridian 114°E and 109.85°E under
111°E. (A prefixed easting names its zone; ``geo.datum.plausibility`` refuses it elsewhere.) The projection is
the same about every meridian, so another zone moves a point by a multiple of 3° of longitude and not at all
in latitude. A batch that lies mostly outside the known units, and inside them in another zone, is suspected
to be declared wrong. So is a batch that was really taken there, outside the units.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from core.i18n import N_
from geo.datum.detection import Suspicion
from geo.datum.gauss_kruger import THREE_DEGREE, is_gauss_kruger, is_prefixed
from geo.datum.offset_fit import Floats
from geo.datum.reference_systems import frame
from geo.measure.geodesic import distance_m

MIN_POINTS: Final = 3
ZONE_DEGREES: Final = 3.0
MAX_INSIDE_DECLARED: Final = 0.5  # share of the points inside the units, as declared
MIN_INSIDE_SUSPECTED: Final = 0.9
WRONG_ZONE: Final = N_(
    "As {declared}, {inside} of {n} points are inside the known area; as {suspected}, {matched} would be. "
    "An easting without a zone number is valid in every zone."
)


def find_wrong_zone(points: Floats, units: Sequence[BaseGeometry], declared: str) -> Suspicion | None:
    """The suspicion that a batch was surveyed in another zone than ``declared``; None where there is none.

    ``points`` (n, 2): degrees, as converted from ``declared``. ``units``: polygons in degrees. Only CGCS2000
    zones with plain eastings are tested. In the result, ``strength`` is the share of the points that are
    inside the units in the suspected zone, ``offset_m`` the displacement to there.
    """
    given = frame(declared)
    if given.zone is None or not has_plain_easting(declared):
        return None
    if len(points) < MIN_POINTS or not len(units):
        return None
    area = shapely.union_all(list(units))
    shapely.prepare(area)
    inside = {zone: _inside(area, points, ZONE_DEGREES * zone - given.zone.meridian) for zone in THREE_DEGREE}
    # Of zones with equal counts the westernmost, so that the result does not depend on the order.
    best = max(inside, key=lambda zone: (inside[zone], -zone))
    inside_declared = inside[round(given.zone.meridian / ZONE_DEGREES)]
    if inside_declared >= MAX_INSIDE_DECLARED * len(points) or inside[best] < MIN_INSIDE_SUSPECTED * len(
        points
    ):
        return None
    return _suspicion(
        points,
        given.name,
        f"EPSG:{4509 + best}",
        (inside_declared, inside[best]),
        best * ZONE_DEGREES - given.zone.meridian,
    )


def has_plain_easting(declared: str) -> bool:
    """Whether eastings of this datum name no zone, so that they are valid in every one."""
    given = frame(declared)
    return given.zone is not None and is_gauss_kruger(given.code) and not is_prefixed(given.code)


def other_zones(declared: str) -> list[tuple[str, float]]:
    """(datum, degrees further east) of a plain easting in each other zone, the nearest first.

    Empty for a datum whose coordinates name their zone or have none.
    """
    given = frame(declared)
    if given.zone is None or not has_plain_easting(declared):
        return []
    degrees = {zone: ZONE_DEGREES * zone - given.zone.meridian for zone in THREE_DEGREE}
    nearest = sorted((zone for zone in degrees if degrees[zone]), key=lambda zone: (abs(degrees[zone]), zone))
    return [(f"EPSG:{4509 + zone}", degrees[zone]) for zone in nearest]


def _inside(area: BaseGeometry, points: Floats, degrees: float) -> int:
    """The number of points in an area after a shift to the east."""
    return int(shapely.intersects_xy(area, points[:, 0] + degrees, points[:, 1]).sum())


def _suspicion(
    points: Floats, declared: str, fitting: str, inside: tuple[int, int], degrees: float
) -> Suspicion:
    lon, lat = np.median(points, axis=0).tolist()
    east = distance_m(lon, lat, lon + degrees, lat) * (1.0 if degrees > 0.0 else -1.0)
    values = {"declared": declared, "suspected": fitting, "n": len(points)}
    return Suspicion(
        finding="suspect",
        declared=declared,
        suspected=fitting,
        paired=False,
        n=len(points),
        compared=len(points),
        matched=inside[1],
        median_m={},
        offset_m=(round(east, 1), 0.0),
        strength=round(inside[1] / len(points), 4),
        reason=WRONG_ZONE,
        values=values | {"inside": inside[0], "matched": inside[1]},
    )
