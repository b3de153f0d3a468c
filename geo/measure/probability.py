"""The probability that an uncertain point lies in an area: the law of position errors over polygons.

An error is normal and isotropic, with standard deviation σ along each axis; of one position in twenty the
device's part of σ is five times as large (an outlier; docs/calibration.md gives the studies). The mass of a
Gaussian over a polygon is an integral over the border (polar coordinates round the mean, Green's theorem).
With lengths in units of σ, an edge whose line runs at signed distance h from the mean (positive with the mean
on its left) from t₁ to t₂ along that line gives

    Δθ/2π − [T(h, t₂/h) − T(h, t₁/h)]

where Δθ is the signed angle that the edge subtends and T is Owen's function (D. B. Owen, "Tables for
computing bivariate normal probabilities", Annals of Mathematical Statistics 27, 1956; SciPy's ``owens_t``).
An edge whose line passes through the mean contributes nothing. Outer rings run counter-clockwise, holes
clockwise, so that a polygon's mass is the sum over all its edges.

Measured error: at most 4e-16 against products of error functions (2,000 random rectangles), and 2e-15 in
the sum over a partition of the plane's middle into 400 cells. The result is deterministic: equal input gives
equal bytes on one machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import ndtr, owens_t
from shapely import Point
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

R68: Final = math.sqrt(-2.0 * math.log(0.32))  # radius of the circle that holds 68 %, in σ
R95: Final = math.sqrt(-2.0 * math.log(0.05))
POLYGON: Final = 3  # shapely's type id
EXACT_REACH: Final = 8.6  # σ; the mass beyond is exp(−8.6²/2) = 9e-17, less than a double resolves at 1
REACH: Final = 5.5  # σ; beyond a straight border is 2e-8 of the mass, a tenth of a told share's last digit
OUTLIERS: Final = 0.05  # share of the positions whose error is an outlier's
OUTLIER_FACTOR: Final = 5.0  # of an outlier's error to that of other positions
# σ of outliers, where their law is cut: beyond a straight border are then 7e-5 of all positions. Wider, every
# place would have to look at more of the map for a share that no page shows.
OUTLIER_REACH: Final = 3.0
SHORTEST: Final = 1e-100  # σ; a shorter edge contributes less than its length, and would overflow 1/length
POINTLIKE_M: Final = 1e-6  # a smaller σ is taken as 0


def sigma_from_r68(radius_m: float) -> float:
    """σ along each axis, metres, from the radius of the circle that holds 68 % (what telephones report)."""
    return radius_m / R68


def sigma_from_r95(radius_m: float) -> float:
    """σ along each axis, metres, from the radius of the circle that holds 95 %."""
    return radius_m / R95


def combine(*radii_m: float) -> float:
    """The radius of the sum of independent errors, at their confidence: the root of the sum of squares."""
    return math.hypot(*radii_m)


class Spread(NamedTuple):
    """The error of a position relative to an area's lines: σ along each axis, and σ of outliers, metres."""

    sigma_m: float
    outlier_m: float

    @property
    def reach_m(self) -> float:
        """How far from a position a border still counts, metres."""
        return max(REACH * self.sigma_m, OUTLIER_REACH * self.outlier_m)


def spread_of(position_m: float, lines_m: float) -> Spread:
    """The spread of a position and lines whose errors are independent, from their 68 % radii, metres."""
    ordinary, outlier = combine(position_m, lines_m), combine(OUTLIER_FACTOR * position_m, lines_m)
    return Spread(sigma_from_r68(ordinary), sigma_from_r68(outlier))


def components(spread: Spread) -> list[tuple[float, float]]:
    """The normal laws that a spread is a mixture of: the share of the positions, and σ, metres."""
    if spread.outlier_m == spread.sigma_m:  # the position itself is exact
        return [(1.0, spread.sigma_m)]
    return [(1.0 - OUTLIERS, spread.sigma_m), (OUTLIERS, spread.outlier_m)]


def crossing_probability(distance_m: float, spread: Spread) -> float:
    """Probability that a line at a distance is truly on the other side of the place.

    Φ(−d/σ), as the mean over ordinary errors and outliers. The line is taken as straight over a few σ; its
    stated accuracy says nothing finer. Without any error: 0, or 0.5 on the line itself.
    """
    if spread.sigma_m == 0.0:
        return 0.0 if distance_m > 0 else 0.5
    return math.fsum(share * float(ndtr(-distance_m / sigma)) for share, sigma in components(spread))


def position_mass(geoms: Sequence[BaseGeometry], spread: Spread) -> Floats:
    """Probability of each geometry, shape (n,), for a position at the origin with this spread.

    As :func:`gaussian_mass`, for the mixture of ordinary errors and outliers. A border beyond
    ``spread.reach_m`` does not count, and one leaving that circle counts as straight from there on: the
    result does not depend on how areas are cut beyond it, and areas that share the plane still sum to 1.
    """
    if spread.sigma_m < POINTLIKE_M:
        return gaussian_mass(geoms, 0.0)
    shapes = np.array(geoms, dtype=object)
    starts, ends, owner = _edges(shapes)
    terms = np.zeros(len(starts))
    for share, sigma in components(spread):
        terms += share * _edge_mass(starts / sigma, ends / sigma, spread.reach_m / sigma)
    return np.clip(np.bincount(owner, weights=terms, minlength=len(shapes)), 0.0, 1.0)


def gaussian_mass(geoms: Sequence[BaseGeometry], sigma_m: float) -> Floats:
    """Mass in each geometry, shape (n,), of a Gaussian at the origin with ``sigma_m`` along each axis.

    ``geoms`` are Polygons or MultiPolygons (valid, any orientation) in metres relative to the point (see
    ``geo.measure.geodesic.Plane``); lines, points and empty geometries have mass 0. With a σ of 0 the mass is
    1 where a geometry covers the point, its border included, else 0: areas whose common border runs through
    the point all have 1, and the caller has to choose. Raises ValueError for a σ that is negative or not
    finite.
    """
    if not (math.isfinite(sigma_m) and sigma_m >= 0.0):
        raise ValueError(f"sigma must be a length in metres: {sigma_m}")
    shapes = np.array(geoms, dtype=object)
    if sigma_m < POINTLIKE_M:
        return shapely.covers(shapes, Point(0.0, 0.0)).astype(np.float64)
    starts, ends, owner = _edges(shapes)
    terms = _edge_mass(starts / sigma_m, ends / sigma_m, EXACT_REACH)
    return np.clip(np.bincount(owner, weights=terms, minlength=len(shapes)), 0.0, 1.0)


def _edges(shapes: NDArray[np.object_]) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Starts and ends of all edges, (m, 2), the area on their left, and the index of each edge's geometry."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    polygonal = shapely.get_type_id(parts) == POLYGON
    rings, part = shapely.get_rings(shapely.orient_polygons(parts[polygonal]), return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    return points[:-1][joined], points[1:][joined], owner[polygonal][part[ring[1:][joined]]]


def _edge_mass(start: Floats, end: Floats, reach: float) -> Floats:
    """The term of each edge (see the module), from coordinates in σ: (m, 2) → (m,).

    ``reach``: σ, beyond which an edge has no term, and one that leads there goes on without end.
    """
    (x1, y1), (x2, y2) = start.T, end.T
    dx, dy = x2 - x1, y2 - y1
    length = np.hypot(dx, dy)
    cross = x1 * y2 - y1 * x2
    scale = 1.0 / np.maximum(length, SHORTEST)
    h, t1, t2 = cross * scale, (x1 * dx + y1 * dy) * scale, (x2 * dx + y2 * dy) * scale
    counts = (h != 0.0) & (length > SHORTEST)
    terms = np.where(counts, np.arctan2(cross, x1 * x2 + y1 * y2) / (2.0 * math.pi), 0.0)
    near = counts & (np.hypot(h, np.clip(0.0, t1, t2)) < reach)
    h, t1, t2 = h[near], t1[near], t2[near]
    far = np.sqrt(reach * reach - h * h)
    t1, t2 = np.where(t1 <= -far, -np.inf, t1), np.where(t2 >= far, np.inf, t2)
    with np.errstate(over="ignore"):  # a line almost through the mean: t/h may well be infinite
        terms[near] -= owens_t(h, t2 / h) - owens_t(h, t1 / h)
    return terms
