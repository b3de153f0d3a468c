"""Eastings without a zone number, declared in the wrong Gauss–Krüger zone: a batch that lands beside the map.

A plain easting fits every zone, so nothing about a single number is impossible: 395,764 m is 112.85°E under
the meridian 114°E and 109.85°E under 111°E. (A prefixed one names its zone; ``geo.datum.plausibility``
refuses it elsewhere.) The projection being the same about every meridian, another zone moves a point by whole
3° of longitude and not at all in latitude. A batch that lies mostly outside the known units, and inside them
a few zones on, is suspected to be declared wrong. A batch from just there, outside the units, would be
suspected as well.
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

LEAST_STRAY: Final = 3
MOSTLY_OUT: Final = 0.5
MOSTLY_IN: Final = 0.9
STRAY: Final = N_(
    "Declared as {declared}, {inside} of {n} points lie inside the ground that is known; as {suspected}, "
    "{matched} would. An easting without its zone number does not tell its zone."
)


def find_wrong_zone(points: Floats, units: Sequence[BaseGeometry], declared: str) -> Suspicion | None:
    """The suspicion that a batch (degrees, as converted, shape (n, 2)) was surveyed in another zone, or None.

    ``units``: polygons in degrees. ``declared``: only CGCS2000 zones with plain eastings can go astray.
    ``strength``: the share of the points that the suspected zone puts inside; ``offset_m``: the way there.
    """
    given = frame(declared)
    if given.zone is None or not is_gauss_kruger(given.code) or is_prefixed(given.code):
        return None
    if len(points) < LEAST_STRAY or not len(units):
        return None
    area = shapely.union_all(list(units))
    shapely.prepare(area)
    inside = {zone: _inside(area, points, 3.0 * zone - given.zone.meridian) for zone in THREE_DEGREE}
    best = max(inside, key=lambda zone: (inside[zone], -zone))
    now = inside[round(given.zone.meridian / 3.0)]
    if now >= MOSTLY_OUT * len(points) or inside[best] < MOSTLY_IN * len(points):
        return None
    return _stray(
        points, given.name, f"EPSG:{4509 + best}", (now, inside[best]), best * 3.0 - given.zone.meridian
    )


def _inside(area: BaseGeometry, points: Floats, degrees: float) -> int:
    return int(shapely.intersects_xy(area, points[:, 0] + degrees, points[:, 1]).sum())


def _stray(points: Floats, declared: str, fitting: str, inside: tuple[int, int], degrees: float) -> Suspicion:
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
        reason=STRAY,
        values=values | {"inside": inside[0], "matched": inside[1]},
    )
