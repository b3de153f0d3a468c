"""The obfuscation of Chinese web maps: GCJ-02 (Amap, Tencent, WeChat) and BD-09 (Baidu).

Neither is a datum: both displace WGS84 degrees by a smooth formula that was never officially published, but
that all open implementations share. It has no closed inverse, so the inverse is iterated. Functions take
degrees, either floats with ``m=math`` (fast for a single point) or arrays with ``m=numpy``.

Outside the box of :func:`is_shifted` the formula leaves coordinates unchanged, and so do both datums here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", float, NDArray[np.float64])

# The formula's own constants: the Krasovsky 1940 ellipsoid, whatever the datum of the input.
AXIS: Final = 6378245.0
ECCENTRICITY2: Final = 0.00669342162296594323
BD_WAVE: Final = math.pi * 3000.0 / 180.0
LON_BOX: Final = (72.004, 137.8347)
LAT_BOX: Final = (0.8293, 55.8271)

# Each step shrinks the error some 100-fold: these counts reach the last digits of a double (measured
# on 200,000 points over China: 6e-14 degrees). A fixed count keeps one point's answer independent of
# the other points of its batch.
GCJ_STEPS: Final = 6
BD_STEPS: Final = 8


def is_shifted(lon: float, lat: float) -> bool:
    """Whether the formula displaces a point: inside its box, which is wider than China."""
    return LON_BOX[0] <= lon <= LON_BOX[1] and LAT_BOX[0] <= lat <= LAT_BOX[1]


def is_shifted_array(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """:func:`is_shifted` for arrays."""
    in_lon, in_lat = (np.clip(v, *box) == v for v, box in ((lon, LON_BOX), (lat, LAT_BOX)))
    return np.asarray(in_lon & in_lat)


def wgs_to_gcj(lon: Number, lat: Number, m: ModuleType = math) -> tuple[Number, Number]:
    """WGS84 degrees to GCJ-02 degrees, for a point inside the box."""
    x, y = lon - 105.0, lat - 35.0
    slope = m.sin(lat * (math.pi / 180.0))
    curve = 1.0 - ECCENTRICITY2 * slope * slope
    metres_per_lat = AXIS * (1.0 - ECCENTRICITY2) / (curve * m.sqrt(curve)) * (math.pi / 180.0)
    metres_per_lon = AXIS / m.sqrt(curve) * m.cos(lat * (math.pi / 180.0)) * (math.pi / 180.0)
    return lon + _east(x, y, m) / metres_per_lon, lat + _north(x, y, m) / metres_per_lat


def gcj_to_wgs(lon: Number, lat: Number, m: ModuleType = math) -> tuple[Number, Number]:
    """GCJ-02 degrees to WGS84 degrees, for a point inside the box."""
    return _inverse(wgs_to_gcj, GCJ_STEPS, lon, lat, m)


def gcj_to_bd(lon: Number, lat: Number, m: ModuleType = math) -> tuple[Number, Number]:
    """GCJ-02 degrees to BD-09 degrees."""
    radius = m.sqrt(lon * lon + lat * lat) + 0.00002 * m.sin(lat * BD_WAVE)
    angle = m.atan2(lat, lon) + 0.000003 * m.cos(lon * BD_WAVE)
    return radius * m.cos(angle) + 0.0065, radius * m.sin(angle) + 0.006


def bd_to_gcj(lon: Number, lat: Number, m: ModuleType = math) -> tuple[Number, Number]:
    """BD-09 degrees to GCJ-02 degrees: the exact inverse of ``gcj_to_bd``.

    The one-step inverse in circulation is up to 0.23 m away from it (measured).
    """
    return _inverse(gcj_to_bd, BD_STEPS, lon, lat, m)


def _inverse(
    forward: Callable[[Number, Number, ModuleType], tuple[Number, Number]],
    steps: int,
    lon: Number,
    lat: Number,
    m: ModuleType,
) -> tuple[Number, Number]:
    """Fixed-point iteration: correct the estimate by the difference between the target and its image."""
    x, y = lon, lat
    for _ in range(steps):
        image_x, image_y = forward(x, y, m)
        x, y = x + (lon - image_x), y + (lat - image_y)
    return x, y


def _east(x: Number, y: Number, m: ModuleType) -> Number:
    """Displacement to the east in the formula's metres; x, y are degrees from 105°E, 35°N."""
    plain: Number = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * m.sqrt(m.fabs(x))
    return plain + _ripple(x, m) + _waves(x, (20.0, 40.0, 150.0, 300.0), m)


def _north(x: Number, y: Number, m: ModuleType) -> Number:
    """Displacement to the north in the formula's metres."""
    plain: Number = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * m.sqrt(m.fabs(x))
    return plain + _ripple(x, m) + _waves(y, (20.0, 40.0, 160.0, 320.0), m)


def _ripple(x: Number, m: ModuleType) -> Number:
    """The short waves along longitude, common to both displacements."""
    wave: Number = (20.0 * m.sin(6.0 * x * math.pi) + 20.0 * m.sin(2.0 * x * math.pi)) * (2.0 / 3.0)
    return wave


def _waves(v: Number, heights: tuple[float, float, float, float], m: ModuleType) -> Number:
    """The long waves along one axis, periods 2, 6, 24 and 60 degrees."""
    a, b, c, d = heights
    w = v * math.pi
    wave: Number = a * m.sin(w) + b * m.sin(w / 3.0) + c * m.sin(w / 12.0) + d * m.sin(w / 30.0)
    return wave * (2.0 / 3.0)
