"""What areas hold of a footprint whose outline is displaced by an unknown error.

The whole outline is moved by one error, of the law of ``geo.measure.probability``. For each of a grid of
displacements, ``STEP`` σ apart and up to ``STEPS`` of them to each side, the part of the footprint in each
area is measured; the mean over the grid, weighted with the normal density, is the expected share. The
probability that an area holds the largest part sums the cells of a finer grid, interpolated, in which it
leads; in a cell where the lead changes, by how far it leads at the middle and how fast that changes. Across a
straight border it is that of the line to within 0.001.

Outlines smaller than a step are points to such an error: then both are the mass of the normal law in the
area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.measure.probability import OUTLIERS, Spread, gaussian_mass

Floats = NDArray[np.float64]
STEP: Final = 0.5  # σ between displacements
STEPS: Final = 8  # to each side, up to 4 σ: beyond lies one error in three thousand
SIDE: Final = 2 * STEPS + 1
FINER: Final = 4  # cells of the finer grid along one of the grid
_AXIS: Final[Floats] = np.linspace(-STEPS * STEP, STEPS * STEP, SIDE)
_FINE_AXIS: Final[Floats] = np.linspace(_AXIS[0], _AXIS[-1], 2 * STEPS * FINER + 1)
_INTERPOLATE: Final = np.array([np.interp(_FINE_AXIS, _AXIS, unit) for unit in np.eye(SIDE)]).T


def _normal_weights(axis: Floats) -> Floats:
    density = np.exp(-0.5 * (axis[:, None] ** 2 + axis[None, :] ** 2))
    return np.asarray(density / density.sum())


WEIGHTS: Final = _normal_weights(_AXIS)
_FINE_WEIGHTS: Final = _normal_weights(_FINE_AXIS)


@dataclass(frozen=True, slots=True)
class Fractions:
    """What an area holds of a displaced footprint, [0, 1], for ordinary errors and for outliers.

    Shape (2, SIDE, SIDE); of a footprint that is a point to the error, all values of it are the probability.
    """

    values: Floats
    pointlike: tuple[bool, bool]

    def expected(self) -> float:
        """The expected share."""
        ordinary, outlying = (float((part * WEIGHTS).sum()) for part in self.values)
        return (1.0 - OUTLIERS) * ordinary + OUTLIERS * outlying


def diameter_m(flat: BaseGeometry) -> float:
    """Diagonal of a footprint's box, metres."""
    west, south, east, north = flat.bounds
    return float(np.hypot(east - west, north - south))


def fractions(flat: BaseGeometry, area: BaseGeometry, spread: Spread) -> Fractions:
    """What an area holds of a footprint for each displacement; both in metres of an equal-area plane.

    ``spread``: its σ must not be 0.
    """
    size = diameter_m(flat)
    pointlike = (size < STEP * spread.sigma_m, size < STEP * spread.outlier_m)
    parts = [
        _mass_at_centroid(flat, area, sigma) if small else _displaced(flat, area, sigma)
        for sigma, small in zip(spread, pointlike, strict=True)
    ]
    return Fractions(np.stack(parts), pointlike)


def constant(share: float) -> Fractions:
    """The fractions of an area that holds the same share of the footprint whatever the error is."""
    return Fractions(np.full((2, SIDE, SIDE), share), (False, False))


def mean(several: Sequence[Fractions]) -> Fractions:
    """The mean of the fractions of one area as several layers draw it."""
    return Fractions(np.mean([one.values for one in several], axis=0), several[0].pointlike)


def _mass_at_centroid(flat: BaseGeometry, area: BaseGeometry, sigma: float) -> Floats:
    centre = shapely.centroid(flat)
    moved = shapely.transform(area, lambda xy: xy - (centre.x, centre.y))
    return np.full((SIDE, SIDE), gaussian_mass([moved], sigma)[0])


def _displaced(flat: BaseGeometry, area: BaseGeometry, sigma: float) -> Floats:
    """The part in the area for each displacement, (SIDE, SIDE): rows by metres north, columns by east."""
    east, north = np.meshgrid(_AXIS * sigma, _AXIS * sigma)
    shifts = np.column_stack((east.ravel(), north.ravel()))
    outlines = np.repeat(np.asarray([flat], dtype=object), len(shifts))
    each = shapely.get_num_coordinates(flat)
    moved = shapely.transform(outlines, lambda xy: xy + np.repeat(shifts, each, axis=0))
    shapely.prepare(area)
    found = shapely.covers(area, moved).astype(np.float64)
    crossed = np.flatnonzero((found == 0.0) & shapely.intersects(area, moved))
    found[crossed] = shapely.area(shapely.intersection(moved[crossed], area)) / flat.area
    return np.clip(found, 0.0, 1.0).reshape(SIDE, SIDE)


def lead_probability(lead: Fractions, others: Sequence[Fractions]) -> float:
    """Probability that one area holds the largest part of the footprint, among others and the rest of it."""
    rivals = [other.values for other in others]
    rest = 1.0 - lead.values - sum(rivals, np.zeros_like(lead.values))
    ahead = lead.values - np.max([*rivals, rest], axis=0)
    parts = [
        float(lead.values[n, 0, 0]) if lead.pointlike[n] else _probability_ahead(ahead[n]) for n in range(2)
    ]
    return (1.0 - OUTLIERS) * parts[0] + OUTLIERS * parts[1]


def _probability_ahead(ahead: Floats) -> float:
    """Probability that what is given for each displacement, (SIDE, SIDE), is positive."""
    fine = _INTERPOLATE @ ahead @ _INTERPOLATE.T
    by_north, by_east = np.gradient(fine)
    span = np.abs(by_north) + np.abs(by_east)
    sure = np.where(fine == 0.0, 0.5, (fine > 0.0).astype(np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip(0.5 + fine / span, 0.0, 1.0)
    return float((np.where(span > 0.0, part, sure) * _FINE_WEIGHTS).sum())
