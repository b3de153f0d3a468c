"""The CGCS2000 ellipsoid."""

from __future__ import annotations

from typing import Final, NamedTuple


class Ellipsoid(NamedTuple):
    """Semi-major axis (metres) and inverse flattening."""

    axis_m: float
    inverse_flattening: float


ELLIPSOID: Final = Ellipsoid(6378137.0, 298.257222101)
_FLATTENING: Final = 1.0 / ELLIPSOID.inverse_flattening
ECCENTRICITY2: Final = _FLATTENING * (2.0 - _FLATTENING)
