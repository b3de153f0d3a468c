"""The Gaussian's mass over polygons against exact values, Monte Carlo, and what must not change it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import ndtr
from shapely import LineString, MultiPolygon, Point, Polygon, affinity, box
from shapely.geometry.base import BaseGeometry
from support import shapes

from geo.measure.probability import combine, gaussian_mass, sigma_from_r68, sigma_from_r95

EXACT = 1e-14


def mass(geom: BaseGeometry, sigma: float = 1.0) -> float:
    return float(gaussian_mass([geom], sigma)[0])


def rectangle_mass(west: float, south: float, east: float, north: float) -> float:
    return float((ndtr(east) - ndtr(west)) * (ndtr(north) - ndtr(south)))


def star(radii: list[float], x: float, y: float) -> Polygon:
    turns = np.linspace(0.0, 2.0 * math.pi, len(radii), endpoint=False)
    return Polygon([(x + r * math.cos(t), y + r * math.sin(t)) for r, t in zip(radii, turns, strict=True)])


stars = st.builds(
    star, st.lists(st.floats(0.3, 3.0), min_size=3, max_size=30), st.floats(-3, 3), st.floats(-3, 3)
)
sides = st.floats(-6, 6)


# Exact values


@pytest.mark.parametrize("sigma", [0.1, 1.0, 300.0])
def test_half_planes_quadrants_and_everything(sigma: float) -> None:
    masses = gaussian_mass([shapes.EVERYTHING, shapes.NORTH_HALF, shapes.NORTH_EAST, shapes.FAR_AWAY], sigma)
    assert masses[:3] == pytest.approx([1.0, 0.5, 0.25], abs=EXACT)


@pytest.mark.parametrize("half", [1e-9, 0.01, 0.5, 1.0, 3.0, 9.0, 100.0])
def test_a_centred_square_is_a_product_of_error_functions(half: float) -> None:
    assert mass(box(-half, -half, half, half)) == pytest.approx(math.erf(half / math.sqrt(2)) ** 2, abs=EXACT)


@given(sides, sides, sides, sides)
def test_any_rectangle(x1: float, x2: float, y1: float, y2: float) -> None:
    west, east, south, north = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    assume(west < east and south < north)
    expected = rectangle_mass(west, south, east, north)
    assert mass(box(west, south, east, north)) == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("radius", [0.1, 1.0, 2.5, 6.0])
def test_a_disc_is_between_its_inscribed_and_circumscribed_wheels(radius: float) -> None:
    exact = -math.expm1(-radius * radius / 2)
    inner, outer = shapes.wheel(2000, radius), shapes.wheel(2000, radius / math.cos(math.pi / 2000))
    assert mass(inner) < exact < mass(outer)
    assert mass(outer) - mass(inner) < 2e-6


@pytest.mark.parametrize("share", [0.68, 0.95])
def test_the_radii_of_68_and_95_percent_hold_that_much(share: float) -> None:
    sigma = {0.68: sigma_from_r68, 0.95: sigma_from_r95}[share](12.0)
    assert mass(shapes.wheel(5000, 12.0), sigma) == pytest.approx(share, abs=1e-5)


def test_independent_errors_add_by_squares() -> None:
    assert combine(3.0, 4.0) == 5.0 and combine(12.0) == 12.0 and combine() == 0.0
    assert sigma_from_r68(combine(3.0, 4.0)) == pytest.approx(
        math.hypot(sigma_from_r68(3), sigma_from_r68(4))
    )


@pytest.mark.parametrize("turn", [0.0, 17.0, 45.0, 90.0, 200.0])
@pytest.mark.parametrize("height", [-5.0, -1.0, -1e-9, 0.0, 1e-300, 1e-17, 1e-9, 0.3, 4.0])
def test_half_planes_at_any_distance_and_direction(height: float, turn: float) -> None:
    beyond = affinity.rotate(box(-1e4, height, 1e4, 1e4), turn, origin=(0, 0))
    assert mass(beyond) == pytest.approx(ndtr(-height), abs=1e-12)


def test_a_point_on_a_corner_sees_the_corner_s_angle() -> None:
    for degrees in (10.0, 60.0, 90.0, 135.0):
        t = math.radians(degrees)
        wedge = Polygon([(0, 0), (1e5, 0), (1e5 * math.cos(t), 1e5 * math.sin(t))])
        assert mass(wedge) == pytest.approx(degrees / 360.0, abs=1e-12)


def test_an_edge_cut_at_the_point_is_the_same_edge() -> None:
    cut = Polygon([(-1e3, 0), (0, 0), (1e3, 0), (1e3, 1e3), (-1e3, 1e3)])
    assert mass(cut) == pytest.approx(0.5, abs=EXACT)
    assert mass(cut.reverse()) == pytest.approx(0.5, abs=EXACT)


@pytest.mark.parametrize("width", [5e-324, 1e-300, 1e-160, 1e-100, 1e-20])
def test_slivers_at_the_edge_of_the_doubles_hold_nothing(width: float) -> None:
    slivers = [
        box(0, 0, width, 1),
        box(-width, -1, width, 1),
        box(-1e5, 0, 1e5, width),
        box(0, 0, width, width),
    ]
    assert gaussian_mass(slivers, 1.0) == pytest.approx(np.zeros(4), abs=EXACT)


def test_holes_islands_and_far_away() -> None:
    inner, outer = mass(box(-1, -1, 1, 1)), mass(box(-3, -3, 3, 3))
    assert mass(shapes.FRAME) == pytest.approx(outer - inner, abs=EXACT)
    assert mass(shapes.TWO_ISLANDS) == pytest.approx(2 * rectangle_mass(1, -1, 2, 1), abs=EXACT)
    assert mass(shapes.FAR_AWAY) == pytest.approx(0.0, abs=1e-15)
    assert mass(shapes.FAR_AWAY, 1e-3) == pytest.approx(0.0, abs=1e-15)


def test_what_has_no_area_has_no_mass() -> None:
    nothing = [Polygon(), MultiPolygon(), Point(0, 0), LineString([(-1, 0), (1, 0)])]
    assert gaussian_mass(nothing, 1.0).tolist() == [0.0] * 4
    assert gaussian_mass([], 1.0).shape == gaussian_mass([], 0.0).shape == (0,)


def test_each_geometry_has_its_own_mass_in_order() -> None:
    geoms = [shapes.FAR_AWAY, shapes.TWO_ISLANDS, Polygon(), shapes.FRAME, shapes.NORTH_EAST]
    assert gaussian_mass(geoms, 1.0).tolist() == [mass(g) for g in geoms]


# Monte Carlo


@pytest.mark.parametrize("seed", range(6))
def test_against_drawn_points(seed: int) -> None:
    rng = np.random.default_rng(seed)
    draws = 200_000
    sigma = float(rng.uniform(0.5, 3.0))
    shape = star(rng.uniform(0.5, 4.0, 12).tolist(), *rng.uniform(-2, 2, 2))
    shape = shape.difference(star(rng.uniform(0.1, 0.4, 7).tolist(), shape.centroid.x, shape.centroid.y))
    inside = shapely.contains_xy(shape, *rng.normal(0.0, sigma, (2, draws))).mean()
    stated = mass(shape, sigma)
    standard_error = math.sqrt(stated * (1 - stated) / draws)
    assert abs(inside - stated) < 4 * standard_error


# What must not change it


@given(stars, st.floats(0, 360))
def test_turning_round_the_point_changes_nothing(shape: Polygon, degrees: float) -> None:
    assert mass(affinity.rotate(shape, degrees, origin=(0, 0))) == pytest.approx(mass(shape), abs=1e-12)


@given(stars, st.floats(1e-3, 1e3))
def test_only_the_ratio_to_sigma_counts(shape: Polygon, scale: float) -> None:
    grown = affinity.scale(shape, scale, scale, origin=(0, 0))
    assert mass(grown, scale) == pytest.approx(mass(shape), abs=1e-12)


@given(stars)
def test_orientation_and_start_do_not_matter(shape: Polygon) -> None:
    points = list(shape.exterior.coords)[:-1]
    assert mass(shape.reverse()) == pytest.approx(mass(shape), abs=EXACT)
    assert mass(Polygon(points[2:] + points[:2])) == pytest.approx(mass(shape), abs=EXACT)


@given(stars, st.integers(2, 50))
def test_more_vertices_on_the_same_border_change_nothing(shape: Polygon, pieces: int) -> None:
    dense = shapely.segmentize(shape, shape.length / (pieces * 10))
    assert mass(dense) == pytest.approx(mass(shape), abs=1e-12)


@given(stars, stars)
def test_the_mass_of_parts_adds_up(one: Polygon, other: Polygon) -> None:
    parts = [one & other, one - other, other - one]
    assert gaussian_mass(parts, 1.0).sum() == pytest.approx(mass(one | other), abs=1e-9)


@given(stars, stars)
def test_a_larger_area_never_holds_less(one: Polygon, other: Polygon) -> None:
    assert mass(one | other) >= mass(one) - 1e-12
    assert 0.0 <= mass(one) <= 1.0


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 1.0))
def test_a_partition_of_the_plane_sums_to_one(seed: int, sigma: float) -> None:
    # a lattice of quadrangles on ±10, its inner corners shaken; neighbours share their corners exactly
    x, y = np.meshgrid(np.linspace(-10, 10, 7), np.linspace(-10, 10, 7))
    corners = np.stack((x, y), axis=-1)
    corners[1:-1, 1:-1] += np.random.default_rng(seed).uniform(-1.4, 1.4, (5, 5, 2))
    cells = [
        Polygon([corners[i, j], corners[i, j + 1], corners[i + 1, j + 1], corners[i + 1, j]])
        for i in range(6)
        for j in range(6)
    ]
    assert gaussian_mass(cells, sigma).sum() == pytest.approx(1.0, abs=1e-12)


# No uncertainty


@pytest.mark.parametrize("sigma", [0.0, 1e-9])
def test_without_uncertainty_the_point_is_in_or_out(sigma: float) -> None:
    west, east = box(-1, -1, 0, 1), box(0, -1, 1, 1)
    geoms = [west, east, shapes.EVERYTHING, shapes.FRAME, shapes.FAR_AWAY, Polygon()]
    assert gaussian_mass(geoms, sigma).tolist() == [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("sigma", [-1.0, math.nan, math.inf])
def test_a_sigma_that_is_none(sigma: float) -> None:
    with pytest.raises(ValueError, match="sigma"):
        gaussian_mass([shapes.FRAME], sigma)


def test_small_sigmas_tend_to_in_or_out() -> None:
    geoms = [box(-1, -1, 1, 1), box(1e-3, -1, 1, 1), shapes.FRAME]
    assert gaussian_mass(geoms, 1e-5) == pytest.approx([1.0, 0.0, 0.0], abs=EXACT)


def test_the_same_input_gives_the_same_bytes() -> None:
    geoms = [shapes.wheel(500, 3.0, 1.0, 0.5), shapes.FRAME, shapes.TWO_ISLANDS]
    assert gaussian_mass(geoms, 1.3).tobytes() == gaussian_mass(geoms, 1.3).tobytes()
