"""Lengths and areas on the ellipsoid, the local plane's stated error, discs and shares."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box
from support import shapes
from support.shapes import SITE

from geo.measure.ellipsoid import ELLIPSOID
from geo.measure.geodesic import GEOD, Plane, area_m2, disc, distance_m, length_m, share

QUARTER_MERIDIAN_M = 10_001_965.729  # of the CGCS2000 ellipsoid, equal to WGS84's to a millimetre
EARTH_M2 = 510_065_621_724_000.0


def points_within(
    radius_m: float, count: int, seed: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rng = np.random.default_rng(seed)
    far = radius_m * np.sqrt(rng.uniform(size=count))
    lons, lats, _ = GEOD.fwd(
        np.full(count, SITE[0]), np.full(count, SITE[1]), rng.uniform(0, 360, count), far
    )
    return np.column_stack((lons, lats))


def test_the_ellipsoid_is_cgcs2000() -> None:
    assert ELLIPSOID == (6378137.0, 298.257222101)
    assert distance_m(112.0, 0.0, 112.0, 90.0) == pytest.approx(QUARTER_MERIDIAN_M, abs=0.01)
    assert distance_m(0.0, 0.0, 1.0, 0.0) == pytest.approx(ELLIPSOID.axis_m * math.pi / 180.0, rel=1e-12)


def test_an_eighth_of_the_earth() -> None:
    octant = Polygon([(0, 0), (90, 0), (0, 90)])
    assert area_m2(octant) == pytest.approx(EARTH_M2 / 8, rel=1e-9)


def test_areas_do_not_depend_on_orientation_and_take_holes_off() -> None:
    outer, hole = Polygon(shapes.SHED), Polygon(shapes.YARD)
    for ring in (shapes.SHED, shapes.SHED[::-1]):
        for inner in (shapes.YARD, shapes.YARD[::-1]):
            with_hole = Polygon(ring, [inner])
            assert area_m2(with_hole) == pytest.approx(area_m2(outer) - area_m2(hole), rel=1e-12)


def test_areas_of_parts_add_and_lines_have_none() -> None:
    one, two = Polygon(shapes.SHED), Polygon(shapes.BARN)
    line = LineString([(112, 35), (113, 36)])
    assert area_m2(MultiPolygon([one, two])) == pytest.approx(area_m2(one) + area_m2(two), rel=1e-12)
    assert area_m2(GeometryCollection([one, line, Point(1, 1)])) == area_m2(one)
    assert area_m2(line) == area_m2(Polygon()) == area_m2(Point(1, 1)) == 0.0


def test_lengths() -> None:
    south = LineString([(112.0, 35.0), (112.5, 35.0), (113.0, 35.0)])
    assert length_m(south) == pytest.approx(2 * distance_m(112.0, 35.0, 112.5, 35.0), rel=1e-12)
    shed = Polygon(shapes.SHED)
    assert length_m(shed) == pytest.approx(length_m(shed.exterior), rel=1e-12)
    with_hole = Polygon(shapes.SHED, [shapes.YARD])
    assert length_m(with_hole) == pytest.approx(length_m(shed) + length_m(Polygon(shapes.YARD)), rel=1e-12)
    assert length_m(Point(1, 1)) == length_m(LineString()) == 0.0


# The plane


def test_the_plane_s_scale_is_the_ellipsoid_s_at_its_point() -> None:
    plane = Plane(*SITE)
    step = 1e-4
    assert plane.kx * step == pytest.approx(
        distance_m(SITE[0] - step / 2, SITE[1], SITE[0] + step / 2, SITE[1]), rel=1e-7
    )
    assert plane.ky * step == pytest.approx(
        distance_m(SITE[0], SITE[1] - step / 2, SITE[0], SITE[1] + step / 2), rel=1e-7
    )


@pytest.mark.parametrize(
    ("radius", "between", "from_centre"),
    [(1e3, 1.2e-4, 2.2e-5), (1e4, 1.2e-3, 2.2e-4), (5e4, 5.7e-3, 1.1e-3)],
)
def test_the_stated_error_of_the_plane_s_distances(radius: float, between: float, from_centre: float) -> None:
    plane = Plane(*SITE)
    a, b = points_within(radius, 4000, seed=1), points_within(radius, 4000, seed=2)
    true = GEOD.inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])[2]
    flat = np.hypot(*(plane.to_metres(a) - plane.to_metres(b)).T)
    assert np.abs(flat / true - 1).max() < between
    true = GEOD.inv(np.full(4000, SITE[0]), np.full(4000, SITE[1]), a[:, 0], a[:, 1])[2]
    worst = np.abs(np.hypot(*plane.to_metres(a).T) / true - 1).max()
    assert from_centre / 3 < worst < from_centre  # not overstated either


@pytest.mark.parametrize(("radius", "stated"), [(1e3, 1.2e-4), (1e4, 1.2e-3), (5e4, 5.7e-3)])
def test_the_stated_error_of_the_plane_s_areas(radius: float, stated: float) -> None:
    plane = Plane(*SITE)
    for place in points_within(radius, 50, seed=3).tolist():
        small = disc(*place, radius / 100)
        assert shapely.area(plane.shapely_to_metres(small)) == pytest.approx(area_m2(small), rel=stated)


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_the_plane_comes_back(east: float, north: float) -> None:
    plane = Plane(*SITE)
    metres = np.array([[east, north]])
    assert plane.to_metres(plane.to_degrees(metres)) == pytest.approx(metres, abs=1e-6)


def test_the_plane_s_centre_and_directions() -> None:
    plane = Plane(*SITE)
    there = plane.to_metres(np.array([SITE, (SITE[0] + 0.01, SITE[1]), (SITE[0], SITE[1] + 0.01)]))
    assert there[0].tolist() == [0.0, 0.0]
    assert there[1, 0] > 0 and there[1, 1] == 0.0
    assert there[2, 1] > 0 and there[2, 0] == 0.0


# Discs and shares


@pytest.mark.parametrize("radius", [0.5, 50.0, 50_000.0])
def test_a_disc_s_vertices_lie_on_its_circle(radius: float) -> None:
    shape = disc(*SITE, radius)
    assert shape.is_valid and shape.exterior.is_ccw and len(shape.exterior.coords) == 65
    for lon, lat in shape.exterior.coords:
        assert distance_m(*SITE, lon, lat) == pytest.approx(radius, rel=1e-6)
    assert area_m2(shape) == pytest.approx(math.pi * radius**2, rel=2e-3)
    assert area_m2(shape) < math.pi * radius**2


@pytest.mark.parametrize("radius", [0.0, -1.0, math.nan])
def test_a_disc_needs_a_radius(radius: float) -> None:
    with pytest.raises(ValueError, match="radius"):
        disc(*SITE, radius)


def test_shares() -> None:
    assert share(1.0, 4.0) == 0.25
    assert share(1.0 + 1e-12, 1.0) == 1.0
    assert share(-1e-12, 1.0) == 0.0
    for whole in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="share"):
            share(1.0, whole)


def test_the_shares_of_a_cut_square_sum_to_one() -> None:
    whole = Polygon(shapes.SHED)
    west, east = whole & box(0, 0, SITE[0], 90), whole & box(SITE[0], 0, 180, 90)
    total = area_m2(whole)
    assert share(area_m2(west), total) + share(area_m2(east), total) == pytest.approx(1.0, abs=1e-9)
