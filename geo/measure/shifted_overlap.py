"""What areas hold of a footprint whose outline is displaced by an unknown error.

The whole outline is moved by one error, of the law of ``geo.measure.probability``. For each of a grid of
displacements, ``STEP`` σ apart and up to 4 σ to each side (of outliers up to 3 σ), the part of the footprint
in each area is measured; the mean over the grid, weighted with the normal density, is the expected share. The
probability that an area holds the largest part sums the cells of a finer grid, interpolated, in which it
leads; in a cell where the lead changes, by how far it leads at the middle and how fast that changes. Across a
straight border it is that of the line to within 0.001.

Outlines smaller than a step are points to such an error: then both are the mass of the normal law in the
area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.measure.probability import OUTLIER_REACH, OUTLIERS, Spread, gaussian_mass

Floats = NDArray[np.float64]
STEP: Final = 0.5  # σ between displacements
STEPS: Final = 8  # to each side, up to 4 σ: beyond lies one error in three thousand
SIDE: Final = 2 * STEPS + 1
FINER: Final = 4  # cells of the finer grid along one of the grid


@dataclass(frozen=True, slots=True)
class Grid:
    """Displacements along each axis, in σ, and their weights; a finer grid, and how to interpolate to it."""

    axis: Floats
    weights: Floats
    interpolate: Floats
    fine_weights: Floats

    @classmethod
    def of(cls, farthest: float) -> Grid:
        """A grid up to so many σ to each side."""
        side = 2 * round(farthest / STEP) + 1
        axis = np.linspace(-farthest, farthest, side)
        fine = np.linspace(-farthest, farthest, (side - 1) * FINER + 1)
        interpolate = np.array([np.interp(fine, axis, unit) for unit in np.eye(side)]).T
        return cls(axis, _normal_weights(axis), interpolate, _normal_weights(fine))


def _normal_weights(axis: Floats) -> Floats:
    density = np.exp(-0.5 * (axis[:, None] ** 2 + axis[None, :] ** 2))
    return np.asarray(density / density.sum())


# of ordinary errors (beyond 4 σ lies one in three thousand), and of outliers, whose law is cut there
GRIDS: Final = (Grid.of(4.0), Grid.of(OUTLIER_REACH))


@dataclass(frozen=True, slots=True)
class Fractions:
    """What an area holds of a displaced footprint, [0, 1], for ordinary errors and for outliers.

    ``values``: for each of ``GRIDS``, rows by metres north and columns by metres east; of a footprint that is
    a point to the error, all of them are the probability.
    """

    values: tuple[Floats, Floats]
    pointlike: tuple[bool, bool]

    def expected(self) -> float:
        """The expected share."""
        ordinary, outlying = (
            float((part * grid.weights).sum()) for part, grid in zip(self.values, GRIDS, strict=True)
        )
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
    ordinary, outlying = (
        _mass_at_centroid(flat, area, sigma, grid) if small else _displaced(flat, area, sigma, grid)
        for sigma, small, grid in zip(spread, pointlike, GRIDS, strict=True)
    )
    return Fractions((ordinary, outlying), pointlike)


@lru_cache(maxsize=64)
def constant(share: float) -> Fractions:
    """The fractions of an area that holds the same share of the footprint whatever the error is."""
    ordinary, outlying = (np.full_like(grid.weights, share) for grid in GRIDS)
    return Fractions((ordinary, outlying), (False, False))


def mean(several: Sequence[Fractions]) -> Fractions:
    """The mean of the fractions of one area as several layers draw it."""
    ordinary, outlying = (np.mean([one.values[n] for one in several], axis=0) for n in range(2))
    return Fractions((ordinary, outlying), several[0].pointlike)


def remainder(whole: Fractions, parts: Sequence[Fractions]) -> Fractions:
    """What an area holds beside some parts of it."""
    ordinary, outlying = (
        np.clip(whole.values[n] - sum(part.values[n] for part in parts), 0.0, 1.0) for n in range(2)
    )
    return Fractions((ordinary, outlying), whole.pointlike)


def _mass_at_centroid(flat: BaseGeometry, area: BaseGeometry, sigma: float, grid: Grid) -> Floats:
    centre = shapely.centroid(flat)
    moved = shapely.transform(area, lambda xy: xy - (centre.x, centre.y))
    return np.full_like(grid.weights, gaussian_mass([moved], sigma)[0])


def _displaced(flat: BaseGeometry, area: BaseGeometry, sigma: float, grid: Grid) -> Floats:
    """The part in the area for each displacement of a grid."""
    east, north = np.meshgrid(grid.axis * sigma, grid.axis * sigma)
    shifts = np.column_stack((east.ravel(), north.ravel()))
    outlines = np.repeat(np.asarray([flat], dtype=object), len(shifts))
    each = shapely.get_num_coordinates(flat)
    moved = shapely.transform(outlines, lambda xy: xy + np.repeat(shifts, each, axis=0))
    shapely.prepare(area)
    found = shapely.covers(area, moved).astype(np.float64)
    crossed = np.flatnonzero((found == 0.0) & shapely.intersects(area, moved))
    found[crossed] = shapely.area(shapely.intersection(moved[crossed], area)) / flat.area
    return np.clip(found, 0.0, 1.0).reshape(grid.weights.shape)


def lead_probability(lead: Fractions, others: Sequence[Fractions]) -> float:
    """Probability that one area holds the largest part of the footprint, among others and the rest of it."""
    ordinary, outlying = (
        float(lead.values[n][0, 0])
        if lead.pointlike[n]
        else _probability_ahead(lead.values[n], [other.values[n] for other in others], GRIDS[n])
        for n in range(2)
    )
    return (1.0 - OUTLIERS) * ordinary + OUTLIERS * outlying


def _probability_ahead(lead: Floats, others: Sequence[Floats], grid: Grid) -> float:
    """Probability that one area holds more than each other, and more than what is in none."""
    rest = 1.0 - lead - sum(others, np.zeros_like(lead))
    ahead = lead - np.max([*others, rest], axis=0)
    if ahead.min() > 0.0:  # the common case: no border is near enough to matter
        return 1.0
    fine = grid.interpolate @ ahead @ grid.interpolate.T
    by_north, by_east = np.gradient(fine)
    span = np.abs(by_north) + np.abs(by_east)
    sure = np.where(fine == 0.0, 0.5, (fine > 0.0).astype(np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip(0.5 + fine / span, 0.0, 1.0)
    return float((np.where(span > 0.0, part, sure) * grid.fine_weights).sum())
