"""A local plane in which areas are those of the ellipsoid, for shares of a footprint's area."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.measure.ellipsoid import ECCENTRICITY2, ELLIPSOID

Floats = NDArray[np.float64]
# Gauss–Legendre on [0, 1]; with three nodes the integral over 1° of latitude is exact to a double
_NODES: Final = (np.polynomial.legendre.leggauss(3)[0] + 1.0) / 2.0
_WEIGHTS: Final = np.polynomial.legendre.leggauss(3)[1] / 2.0


@dataclass(frozen=True, slots=True)
class EqualAreaPlane:
    """Metres east and north of a point; a cylindrical equal-area projection, true to scale at the point.

    Northward, lengths differ from the true ones by tan(lat)/R per metre: 0.01 % a kilometre away. Edges are
    straight in the plane; of an area 5 km across with edges as long that changes the fifth digit.
    """

    lon0: float
    lat0: float

    def to_metres(self, lonlat: Floats) -> Floats:
        """Degrees, shape (n, 2), to metres east and north of the point, shape (n, 2)."""
        turn = math.radians(self.lat0)
        across = ELLIPSOID.axis_m * math.cos(turn) / math.sqrt(1.0 - ECCENTRICITY2 * math.sin(turn) ** 2)
        east = np.radians(lonlat[:, 0] - self.lon0) * across
        rise = np.radians(lonlat[:, 1] - self.lat0)
        density = _area_density(turn + rise[:, None] * _NODES[None, :]) @ _WEIGHTS
        return np.column_stack((east, rise * density / across))

    def shapely_to_metres(self, geom: BaseGeometry) -> BaseGeometry:
        """A lon/lat geometry in metres east and north of the point."""
        return shapely.transform(geom, self.to_metres)


def _area_density(lat: Floats) -> Floats:
    """Area of the ellipsoid per radian of longitude and of latitude, M·N·cos(lat), m²; ``lat`` in radians."""
    curve = 1.0 - ECCENTRICITY2 * np.sin(lat) ** 2
    return np.asarray(ELLIPSOID.axis_m**2 * (1.0 - ECCENTRICITY2) * np.cos(lat) / curve**2)
