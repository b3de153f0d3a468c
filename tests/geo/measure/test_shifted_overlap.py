"""Displaced footprints against a Monte Carlo of another kind, and the plane in which their areas are true."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import affinity

from geo.measure.geodesic import Plane, area_m2
from geo.measure.local_area import EqualAreaPlane
from geo.measure.probability import OUTLIERS, Spread, crossing_probability
from geo.measure.shifted_overlap import constant, fractions, lead_probability, mean

DRAWS = 20_000
WEST = shapely.Polygon(
    [(-900, -900), (0, -900), (4, -40), (-6, -10), (5, 12), (-3, 60), (0, 900), (-900, 900)]
)
PARTS = [
    WEST,
    shapely.box(-900, -900, 900, 0) - WEST,
    shapely.box(-900, 0, 900, 900) - WEST,
]


def drawn(
    outline: shapely.Polygon, spread: Spread, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The share of each part in displaced outlines, and how often each has the largest, by drawing errors."""
    outlier = random.random(DRAWS) < OUTLIERS
    sigma = np.where(outlier, spread.outlier_m, spread.sigma_m)
    shifts = random.standard_normal((DRAWS, 2)) * sigma[:, None]
    each = shapely.get_num_coordinates(outline)
    moved = shapely.transform(
        np.repeat(np.asarray([outline], dtype=object), DRAWS), lambda xy: xy + np.repeat(shifts, each, axis=0)
    )
    shares = np.column_stack([shapely.area(shapely.intersection(moved, part)) for part in PARTS])
    shares /= outline.area
    first = np.bincount(shares.argmax(axis=1), minlength=len(PARTS)) / DRAWS
    return shares.mean(axis=0), first


@pytest.mark.parametrize("size", [0.5, 3.0, 12.0, 50.0, 200.0])
def test_shares_and_leads_are_those_of_drawn_errors(size: float) -> None:
    random = np.random.default_rng(int(10 * size))
    for _ in range(3):
        spread = Spread(random.uniform(2, 8), random.uniform(12, 25))
        outline = affinity.rotate(
            shapely.box(0, 0, size, size * random.uniform(0.3, 1)), random.uniform(0, 360)
        )
        outline = affinity.translate(outline, *random.normal(0, 6, 2) - np.array(outline.centroid.coords[0]))
        found = [fractions(outline, part, spread) for part in PARTS]
        shares, first = drawn(outline, spread, random)
        assert [one.expected() for one in found] == pytest.approx(shares, abs=0.012)
        for n, lead in enumerate(found):
            others = [one for m, one in enumerate(found) if m != n]
            assert lead_probability(lead, others) == pytest.approx(first[n], abs=0.03), (size, n)


@pytest.mark.parametrize("turn", [0.0, 20.0, 45.0])
@pytest.mark.parametrize("depth", [0.0, 1.3, 4.0, 9.0, 13.0])
def test_the_lead_across_a_straight_border_has_the_probability_of_the_line(depth: float, turn: float) -> None:
    """A yard of 30 m whose middle is so deep in one part: the line would have to be that wrong."""
    spread = Spread(4.0, 11.0)
    halves = [
        affinity.rotate(shapely.box(*box), turn, origin=(0, 0))
        for box in ((0, -900, 900, 900), (-900, -900, 0, 900))
    ]
    yard = affinity.rotate(shapely.box(depth - 15, -15, depth + 15, 15), turn, origin=(0, 0))
    own, other = (fractions(yard, half, spread) for half in halves)
    assert lead_probability(own, [other]) == pytest.approx(1 - crossing_probability(depth, spread), abs=1e-3)


def test_an_area_that_holds_all_or_nothing_needs_no_drawing() -> None:
    assert constant(1.0).expected() == pytest.approx(1.0)
    assert lead_probability(constant(1.0), [constant(0.0)]) == pytest.approx(1.0)
    assert lead_probability(constant(0.3), [constant(0.3)]) == pytest.approx(0.0)  # the rest is larger
    assert mean([constant(1.0), constant(0.5)]).expected() == pytest.approx(0.75)


@pytest.mark.parametrize("size", [0.003, 0.05, 0.3])
def test_areas_in_the_plane_are_those_of_the_ellipsoid(size: float) -> None:
    """With edges cut short, so that straight in the plane and geodesic are the same."""
    plane = EqualAreaPlane(112.4, 35.6)
    corners = np.array([(0.0, 0.0), (1.0, 0.1), (0.5, 1.0), (-0.2, 0.3)])
    outline = shapely.Polygon(corners * size + (112.4, 35.6))
    fine = shapely.segmentize(outline, size / 1000)
    assert plane.shapely_to_metres(fine).area == pytest.approx(area_m2(fine), rel=2e-9, abs=0.05)


def test_the_area_of_a_small_outline_is_that_of_its_sides() -> None:
    """A square metre; the geodesic sum alone is off by up to some hundredths of it."""
    for lon, lat in ((112.4, 35.6), (112.83125, 36.01), (110.0, 18.3)):
        plane = Plane(lon, lat)
        square = shapely.transform(shapely.box(0, 0, 1, 1), plane.to_degrees)
        assert area_m2(square) == pytest.approx(1.0, abs=1e-6)
