"""Converts coordinates from their declared datum to CGCS2000 degrees, the store's only datum, and back.

Accepted datums: cgcs2000, wgs84 (equal within a metre), gcj02 and bd09 (by an iterated inverse), and every
EPSG code of a two-dimensional system on CGCS2000 or WGS84. All others are refused with the reason, among them
Xian 1980 and Beijing 1954 (``geo.datum.reference_systems``). The order is always x, y: longitude or easting
first. Numbers that are implausible in the declared datum raise BadInput with a hint
(``geo.datum.plausibility``).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geo.datum import gcj02 as gcj
from geo.datum import plausibility as plausible
from geo.datum.gauss_kruger import fitting_epsg, gauss_kruger_epsg
from geo.datum.reference_systems import CANON, Frame, frame
from geo.measure.geodesic import distance_m

__all__ = [
    "CANON",
    "fitting_epsg",
    "frame",
    "from_cgcs2000",
    "gauss_kruger_epsg",
    "shift_m",
    "to_cgcs2000",
    "to_cgcs2000_array",
]

Pair = tuple[float, float]


def to_cgcs2000(x: float, y: float, datum: str) -> tuple[float, float]:
    """Longitude and latitude (CGCS2000 degrees) of a coordinate in ``datum``.

    Raises DatumRefused (field ``datum``) for a datum that is not accepted, BadInput (field ``lon``, ``lat``
    or ``datum``) for numbers that are implausible in it.
    """
    given = frame(datum)
    x, y = float(x), float(y)
    _check_plausible(x, y, given)
    if given.unproject is None:
        return _unshift(x, y, given)
    lon, lat = given.unproject.transform(x, y)
    _check_converted((x, y), (lon, lat), given)
    return lon, lat


def to_cgcs2000_array(xy: NDArray[np.float64], datum: str) -> NDArray[np.float64]:
    """:func:`to_cgcs2000` for an array, (n, 2) → (n, 2). Raises for the first implausible row."""
    given = frame(datum)
    points = np.array(xy, dtype=np.float64).reshape(-1, 2)
    # The array checks pass nearly all rows; the scalar ones decide on the rest and raise with a hint.
    for x, y in points[~_are_plausible(points, given)].tolist():
        _check_plausible(x, y, given)
    if given.unproject is None:
        return _unshift_array(points, given)
    degrees = np.column_stack(given.unproject.transform(points[:, 0], points[:, 1]))
    doubtful = ~_are_within_reach(degrees, given)
    for metres, place in zip(points[doubtful].tolist(), degrees[doubtful].tolist(), strict=True):
        _check_converted(metres, place, given)
    return degrees


def from_cgcs2000(lon: float, lat: float, datum: str) -> tuple[float, float]:
    """The coordinates in ``datum`` of a place in CGCS2000 degrees, x (or longitude) first.

    Raises DatumRefused as :func:`to_cgcs2000`, BadInput for invalid degrees and for a place outside the zone
    of a projected datum.
    """
    wanted = frame(datum)
    lon, lat = float(lon), float(lat)
    plausible.check_finite(lon, lat)
    plausible.check_degrees(lon, lat, frame(CANON))
    if wanted.unproject is None:
        return _shift(lon, lat, wanted)
    plausible.check_reach(lon, wanted)
    x, y = wanted.unproject.transform(lon, lat, direction="INVERSE")
    if not (math.isfinite(x) and math.isfinite(y)):
        raise plausible.inconvertible(lon, lat, wanted)
    return x, y


def shift_m(x: float, y: float, datum: str) -> float:
    """The error of reading the degrees of ``datum`` as CGCS2000, metres.

    0 for cgcs2000, wgs84 and projected datums; 500–650 m (GCJ-02) and 1,200–1,450 m (BD-09) in Jincheng.
    """
    lon, lat = to_cgcs2000(x, y, datum)
    return distance_m(x, y, lon, lat) if frame(datum).kind in ("gcj02", "bd09") else 0.0


def _check_plausible(x: float, y: float, given: Frame) -> None:
    plausible.check_finite(x, y)
    check = plausible.check_metres if given.unproject else plausible.check_degrees
    check(x, y, given)


def _check_converted(metres: Pair, degrees: Pair, given: Frame) -> None:
    """Check the degrees that a projected coordinate was converted to."""
    if given.zone is None and not plausible.in_china(*degrees) and _swap_helps(metres, given):
        raise plausible.swapped_metres(*metres)
    if not all(map(math.isfinite, degrees)):
        raise plausible.inconvertible(*metres, given)
    plausible.check_reach(degrees[0], given)


def _swap_helps(metres: Pair, given: Frame) -> bool:
    """Whether a projected pair lies in China when northing and easting are swapped."""
    x, y = metres
    return given.unproject is not None and plausible.in_china(*given.unproject.transform(y, x))


def _are_plausible(points: NDArray[np.float64], given: Frame) -> NDArray[np.bool_]:
    """Which rows (n, 2) are certainly plausible, (n,); the scalar check decides on the others."""
    if given.unproject is None:
        return _in_china(points)
    if given.zone is None:
        return np.zeros(len(points), dtype=np.bool_)
    origin = (given.zone.false_easting, given.zone.false_northing)
    near = np.abs(points - origin) < (plausible.EASTING_REACH_M, plausible.NORTHING_REACH_M)
    return np.asarray(near.all(axis=1) & (np.abs(points) > 180.0).any(axis=1))


def _are_within_reach(degrees: NDArray[np.float64], given: Frame) -> NDArray[np.bool_]:
    """Which converted rows (n, 2) are certainly in their zone, (n,); the scalar check decides on the rest."""
    if given.zone is None:
        return _in_china(degrees)
    within = np.abs(degrees[:, 0] - given.zone.meridian) <= given.zone.reach
    return np.asarray(within & np.isfinite(degrees[:, 1]))


def _in_china(degrees: NDArray[np.float64]) -> NDArray[np.bool_]:
    low, high = np.transpose((plausible.CHINA_LON, plausible.CHINA_LAT))
    return np.asarray(((degrees >= low) & (degrees <= high)).all(axis=1))


def _unshift(x: float, y: float, given: Frame) -> tuple[float, float]:
    """Plain degrees of a point in a shifted or plain datum."""
    if given.kind == "plain" or not gcj.is_shifted(x, y):
        return x, y
    return gcj.gcj_to_wgs(*gcj.bd_to_gcj(x, y)) if given.kind == "bd09" else gcj.gcj_to_wgs(x, y)


def _unshift_array(points: NDArray[np.float64], given: Frame) -> NDArray[np.float64]:
    """:func:`_unshift` for rows (n, 2), which are changed in place."""
    if given.kind != "plain":
        inside = gcj.is_shifted_array(*points.T)
        x, y = points[inside].T
        x, y = gcj.bd_to_gcj(x, y, np) if given.kind == "bd09" else (x, y)
        points[inside] = np.column_stack(gcj.gcj_to_wgs(x, y, np))
    return points


def _shift(lon: float, lat: float, wanted: Frame) -> tuple[float, float]:
    """The degrees in a shifted or plain datum of a point in plain degrees."""
    if wanted.kind == "plain" or not gcj.is_shifted(lon, lat):
        return lon, lat
    shifted = gcj.wgs_to_gcj(lon, lat)
    return gcj.gcj_to_bd(*shifted) if wanted.kind == "bd09" else shifted
