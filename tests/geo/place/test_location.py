"""Locations: points and footprints, as given and as stored."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon
from support import shapes
from support.shapes import DATUMS, SHED, SITE, collection, feature, in_datum, multipolygon, polygon, refused

from core.errors import BadInput, DatumRefused
from geo.datum.conversion import from_cgcs2000
from geo.measure.geodesic import area_m2, distance_m
from geo.place.location import Location


def from_rings(*rings: shapes.Ring, datum: str = "cgcs2000", **options: float) -> Location:
    return Location.from_footprint(polygon(*rings), datum, **options)  # type: ignore[arg-type]


# Points


def test_a_point_keeps_what_was_given_and_where_it_is() -> None:
    x, y = from_cgcs2000(*SITE, "gcj02")
    place = Location.from_point(x, y, "GCJ-02", 12)
    assert (place.lon, place.lat) == pytest.approx(SITE, abs=1e-11)
    assert (place.given_x, place.given_y, place.datum) == (x, y, "gcj02")
    assert place.accuracy_m == 12.0 and 500 < place.shift_m < 650
    assert place.footprint is None and place.area_m2 is None


def test_a_point_as_the_verdict_tells_it() -> None:
    place = Location.from_point(395764.5824, 3929618.1361, "epsg:4547", 3.14159)
    told = place.as_dict()
    assert told == {
        "lon": 112.8513,
        "lat": 35.4905,
        "datum": "cgcs2000",
        "accuracy_m": 3.14,
        "accuracy_given": True,
        "assumed_from": None,
        "fits": None,
        "given": {"x": 395764.582, "y": 3929618.136, "datum": "EPSG:4547"},
        "shift_m": 0.0,
        "area_m2": None,
    }
    assert json.loads(json.dumps(told)) == told


def test_a_location_is_a_value() -> None:
    one, other = from_rings(SHED), from_rings(SHED)
    assert one == other and hash(one) == hash(other)
    assert one != from_rings(shapes.BARN)
    with pytest.raises(FrozenInstanceError):
        one.lon = 0.0  # type: ignore[misc]


@pytest.mark.parametrize("accuracy", [-0.001, math.nan, math.inf, 50_000.1])
def test_an_impossible_accuracy(accuracy: float) -> None:
    for build in (
        lambda: Location.from_point(*SITE, accuracy_m=accuracy),
        lambda: from_rings(SHED, accuracy_m=accuracy),
    ):
        error = refused(build, BadInput)
        assert error.field == "accuracy_m" and "50000" in str(error)


def test_the_accuracy_limit_is_a_setting() -> None:
    assert Location.from_point(*SITE, accuracy_m=50_000).accuracy_m == 50_000
    assert refused(lambda: Location.from_point(*SITE, accuracy_m=101, max_accuracy_m=100), BadInput)


@pytest.mark.parametrize(
    ("x", "y", "field"), [(math.nan, 35.6, "lon"), (112.4, math.inf, "lat"), (35.6, 112.4, "lon")]
)
def test_a_bad_point_names_its_field(x: float, y: float, field: str) -> None:
    assert refused(lambda: Location.from_point(x, y), BadInput).field == field
    assert refused(lambda: Location.from_point(x, y, "EPSG:4610"), DatumRefused).field == "datum"


# Footprints


@pytest.mark.parametrize("datum", DATUMS)
def test_a_footprint_is_converted_vertex_by_vertex(datum: str) -> None:
    place = from_rings(in_datum(SHED, datum), in_datum(shapes.YARD, datum), datum=datum)
    stored, expected = place.footprint, Polygon(SHED, [shapes.YARD])
    assert isinstance(stored, Polygon) and len(stored.interiors) == 1
    corners = shapely.get_coordinates(shapely.orient_polygons(expected))
    assert shapely.get_coordinates(stored) == pytest.approx(corners, abs=1e-9)
    assert place.area_m2 == pytest.approx(area_m2(expected), rel=1e-6)
    assert stored.contains(Point(place.lon, place.lat))
    assert from_cgcs2000(place.lon, place.lat, datum) == pytest.approx((place.given_x, place.given_y))
    assert (place.shift_m > 0) == (datum in ("gcj02", "bd09"))


def test_the_area_of_a_known_square() -> None:
    width = distance_m(SITE[0] - 0.0005, SITE[1], SITE[0] + 0.0005, SITE[1])
    height = distance_m(SITE[0], SITE[1] - 0.0005, SITE[0], SITE[1] + 0.0005)
    assert from_rings(SHED).area_m2 == pytest.approx(width * height, rel=1e-6)
    assert from_rings(SHED).as_dict()["area_m2"] == pytest.approx(width * height, abs=0.05)


@pytest.mark.parametrize("wrap", [lambda g: g, feature, lambda g: collection(feature(g))])
@pytest.mark.parametrize(
    "geometry", [polygon(SHED), multipolygon([SHED]), multipolygon([SHED], [shapes.BARN])]
)
def test_bare_geometry_feature_and_collection_are_the_same(
    wrap: Callable[[object], dict[str, object]], geometry: dict[str, object]
) -> None:
    assert Location.from_footprint(wrap(geometry)) == Location.from_footprint(geometry)


def test_two_parts_are_a_multipolygon_with_a_point_in_one_of_them() -> None:
    place = Location.from_footprint(multipolygon([SHED], [shapes.BARN]))
    assert isinstance(place.footprint, MultiPolygon)
    assert place.area_m2 == pytest.approx(2 * area_m2(Polygon(SHED)), rel=1e-9)
    assert place.footprint.contains(Point(place.lon, place.lat))


def test_the_point_lies_inside_even_where_the_middle_does_not() -> None:
    place = from_rings(shapes.U_SHAPE)
    assert place.footprint is not None
    assert not place.footprint.contains(place.footprint.centroid)
    assert place.footprint.contains(Point(place.lon, place.lat))


def test_orientation_and_heights_do_not_matter() -> None:
    tall = [[*p, 812.5] for p in SHED]
    plain = from_rings(SHED, shapes.YARD)
    assert from_rings(SHED[::-1], shapes.YARD) == plain
    assert from_rings(tall, shapes.YARD[::-1]) == plain
    assert isinstance(plain.footprint, Polygon) and not plain.footprint.has_z
    assert plain.footprint.exterior.is_ccw and not plain.footprint.interiors[0].is_ccw


@given(
    st.lists(st.floats(0.2, 1.0), min_size=3, max_size=40),
    st.sampled_from(["cgcs2000", "gcj02", "bd09", "EPSG:4546"]),
)
def test_any_star_has_its_point_inside_and_the_area_of_its_datum(radii: list[float], datum: str) -> None:
    turns = np.linspace(0.0, 2.0 * math.pi, len(radii), endpoint=False)
    ring = [
        [SITE[0] + 0.01 * r * math.cos(t), SITE[1] + 0.01 * r * math.sin(t)]
        for r, t in zip(radii, turns, strict=True)
    ]
    ring.append(ring[0])
    place = from_rings(in_datum(ring, datum), datum=datum)
    assert place.footprint is not None and place.footprint.covers(Point(place.lon, place.lat))
    assert place.area_m2 == pytest.approx(area_m2(Polygon(ring)), rel=1e-4)
