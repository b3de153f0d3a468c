"""Metric planes and ellipsoidal areas on CGCS2000."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Coordinates = NDArray[np.float64]
GEOD: Final = pyproj.Geod(a=6_378_137, rf=298.257222101)
CGCS2000: Final = "EPSG:4490"
ZONE_DEGREES: Final = 3
ZONE_EPSG: Final = 4509  # unprefixed 3° Gauss–Krüger zones of CGCS2000 are EPSG 4509 + zone


@dataclass(frozen=True)
class Plane:
    """A projected plane in metres; both ways take and give (n, 2) arrays, lon, lat and x east, y north."""

    forth: pyproj.Transformer
    back: pyproj.Transformer

    @classmethod
    def of(cls, crs: str) -> Plane:
        return cls(
            pyproj.Transformer.from_crs(CGCS2000, crs, always_xy=True),
            pyproj.Transformer.from_crs(crs, CGCS2000, always_xy=True),
        )

    def metres(self, degrees: Coordinates) -> Coordinates:
        return np.column_stack(self.forth.transform(degrees[:, 0], degrees[:, 1]))

    def degrees(self, metres: Coordinates) -> Coordinates:
        return np.column_stack(self.back.transform(metres[:, 0], metres[:, 1]))


def gauss_krueger(lon: float) -> Plane:
    """The 3° zone (EPSG:4546, 4547, …) whose central meridian is nearest to ``lon``."""
    return Plane.of(f"EPSG:{ZONE_EPSG + round(lon / ZONE_DEGREES)}")


def equidistant(lon: float, lat: float) -> Plane:
    """Azimuthal equidistant plane around a point."""
    return Plane.of(f"+proj=aeqd +lon_0={lon} +lat_0={lat} +a=6378137 +rf=298.257222101 +units=m")


def area_m2(geometry: BaseGeometry) -> float:
    """Area on the ellipsoid in square metres; edges are taken as geodesics."""
    oriented = shapely.orient_polygons(geometry)
    return float(abs(GEOD.geometry_area_perimeter(oriented)[0]))
