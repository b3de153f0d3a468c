"""Footprints that are refused, each with its reason, and files that say their own datum."""

from __future__ import annotations

import math

import pytest
from support import shapes
from support.shapes import SHED, SITE, collection, feature, in_datum, multipolygon, polygon, refused

from core.errors import BadInput, DatumRefused, TooLarge
from geo.datum.conversion import from_cgcs2000
from geo.place.location import Location


def from_rings(*rings: shapes.Ring, datum: str = "cgcs2000", **options: float) -> Location:
    return Location.from_footprint(polygon(*rings), datum, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "geojson",
    [
        {"type": "Point", "coordinates": list(SITE)},
        {"type": "LineString", "coordinates": SHED},
        {"type": "GeometryCollection", "geometries": [polygon(SHED)]},
        {"type": "Polygon", "coordinates": "abc"},
        {"type": "Polygon", "coordinates": [[1, 2], [3, 4]]},
        {"type": "Polygon"},
        {"type": "MultiPolygon", "coordinates": {"0": SHED}},
        {"type": "MultiPolygon", "coordinates": [SHED]},
        {"type": "FeatureCollection"},
        {"type": ["Polygon"]},
        {"coordinates": [SHED]},
        {},
        feature("Polygon"),
        feature(feature(polygon(SHED))),
    ],
)
def test_what_is_no_polygon(geojson: dict[str, object]) -> None:
    error = refused(lambda: Location.from_footprint(geojson))
    assert error.field == "footprint" and error.hint_text("en")


@pytest.mark.parametrize(
    "geojson",
    [
        polygon(),
        multipolygon(),
        multipolygon([SHED], []),
        feature(None),
        {"type": "Feature"},
        collection("x"),
    ],
)
def test_an_empty_footprint(geojson: dict[str, object]) -> None:
    error = refused(lambda: Location.from_footprint(geojson))
    assert error.field == "footprint" and "empty" in str(error)


@pytest.mark.parametrize("count", [0, 2])
def test_a_collection_of_other_than_one(count: int) -> None:
    error = refused(lambda: Location.from_footprint(collection(*[feature(polygon(SHED))] * count)))
    assert error.field == "footprint" and f"has {count} features" in str(error)


@pytest.mark.parametrize(
    ("ring", "words"),
    [
        ([], "Ring 1 of the footprint has 0 positions"),
        (SHED[:3], "Ring 1 of the footprint has 3 positions"),
        (
            SHED[:4],
            "not closed: it begins at 112.3945, 35.6245 and ends at 112.3945, 35.6255",
        ),
        ([*SHED[:2], [math.nan, 35.6], *SHED[3:]], "Position 3 in ring 1 of the footprint is not two finite"),
        ([*SHED[:2], [112.4, math.inf], *SHED[3:]], "Position 3 in ring 1"),
        ([*SHED[:2], ["112.4", "35.6"], *SHED[3:]], "Position 3 in ring 1"),
        ([*SHED[:2], [True, 35.6], *SHED[3:]], "Position 3 in ring 1"),
        ([*SHED[:2], [10**400, 35.6], *SHED[3:]], "Position 3 in ring 1"),
        ([*SHED[:2], [112.4], *SHED[3:]], "Position 3 in ring 1"),
        ([*SHED[:2], None, *SHED[3:]], "Position 3 in ring 1"),
        (shapes.FLAT, "no area"),
        ([SHED[0]] * 4, "no area"),
        ([SHED[0], SHED[1], SHED[0], SHED[0]], "no area"),
        (shapes.BOWTIE, "crosses itself at 112.395, 35.625"),
        (shapes.TOUCHING, "touches itself at 112.395, 35.625"),
    ],
)
def test_a_ring_that_is_none_says_where(ring: shapes.Ring, words: str) -> None:
    error = refused(lambda: from_rings(ring))
    assert error.field == "footprint" and words in str(error) and error.hint_text("en")


@pytest.mark.parametrize(
    ("geojson", "words"),
    [
        (polygon(SHED, shapes.BARN), "hole of the footprint lies outside it"),
        (polygon(SHED, shapes.YARD, shapes.ring_at(*SITE, 0.0001)), "lies in another hole"),
        (multipolygon([SHED], [shapes.YARD]), "part of the footprint lies in another part"),
        (multipolygon([SHED], [shapes.ring_at(SITE[0] + 0.0005, SITE[1], 0.0005)]), "crosses itself"),
        (polygon(SHED, shapes.YARD[:4]), "Ring 2 of the footprint is not closed"),
        (polygon(SHED, SHED), "footprint"),
    ],
)
def test_holes_and_parts_that_do_not_fit(geojson: dict[str, object], words: str) -> None:
    error = refused(lambda: Location.from_footprint(geojson))
    assert error.field == "footprint" and words in str(error)


def test_a_crossing_is_told_in_the_numbers_given() -> None:
    x, y = from_cgcs2000(112.395, 35.625, "EPSG:4546")
    error = refused(lambda: from_rings(in_datum(shapes.BOWTIE, "EPSG:4546"), datum="EPSG:4546"))
    told_x, told_y = (float(error.values[k]) for k in ("x", "y"))  # type: ignore[arg-type]
    assert math.hypot(told_x - x, told_y - y) < 1.0


@pytest.mark.parametrize(
    ("ring", "datum", "words"),
    [
        ([p[::-1] for p in SHED], "cgcs2000", "swapped"),
        ([p[::-1] for p in SHED], "bd09", "swapped"),
        ([p[::-1] for p in in_datum(SHED, "EPSG:4546")], "EPSG:4546", "swapped"),
        ([[500.0, 95.0], *SHED[1:4], [500.0, 95.0]], "cgcs2000", "outside"),
    ],
)
def test_faults_of_vertices_are_faults_of_the_footprint(ring: shapes.Ring, datum: str, words: str) -> None:
    error = refused(lambda: from_rings(ring, datum=datum))
    assert error.field == "footprint" and words in str(error)


def test_faults_of_the_datum_stay_faults_of_the_datum() -> None:
    assert refused(lambda: from_rings(SHED, datum="EPSG:2382"), DatumRefused).field == "datum"
    metres = in_datum(SHED, "EPSG:4525")
    error = refused(lambda: from_rings(metres, datum="cgcs2000"), BadInput)
    assert error.field == "datum" and "EPSG:4525" in error.hint_text("en")


def test_too_many_vertices_are_counted_before_anything_is_built() -> None:
    million = [None] * 1_000_000  # not even positions: nobody may look at them
    for geojson in (
        {"type": "Polygon", "coordinates": [million]},
        {"type": "Polygon", "coordinates": [[]] * 1_000_000},
        {"type": "MultiPolygon", "coordinates": [[million], [SHED]]},
    ):
        error = refused(lambda geojson=geojson: Location.from_footprint(geojson), TooLarge)
        assert error.field == "footprint" and "1000000" in str(error) or "1000005" in str(error)


def test_the_vertex_limit_is_exact() -> None:
    assert Location.from_footprint(polygon(SHED), max_vertices=5)
    assert refused(lambda: Location.from_footprint(polygon(SHED), max_vertices=4), TooLarge)


# A file that says its own datum


@pytest.mark.parametrize(
    ("name", "datum"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "cgcs2000"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "gcj02"),
        ("urn:ogc:def:crs:EPSG::4490", "wgs84"),
        ("EPSG:4546", "EPSG:4546"),
    ],
)
def test_a_crs_member_that_agrees(name: str, datum: str) -> None:
    ring = in_datum(SHED, datum)
    said = {**polygon(ring), "crs": {"type": "name", "properties": {"name": name}}}
    assert Location.from_footprint(said, datum) == from_rings(ring, datum=datum)


@pytest.mark.parametrize(
    ("name", "datum", "kind"),
    [
        ("urn:ogc:def:crs:EPSG::4610", "cgcs2000", DatumRefused),
        ("EPSG:2382", "EPSG:4546", DatumRefused),
        ("urn:ogc:def:crs:EPSG::4547", "EPSG:4546", BadInput),
        ("urn:ogc:def:crs:EPSG::4490", "EPSG:4546", BadInput),
        ("EPSG:4546", "cgcs2000", BadInput),
        ("somewhere", "cgcs2000", DatumRefused),
    ],
)
def test_a_crs_member_that_contradicts(name: str, datum: str, kind: type[BadInput]) -> None:
    said = {**polygon(in_datum(SHED, datum)), "crs": {"type": "name", "properties": {"name": name}}}
    assert refused(lambda: Location.from_footprint(said, datum), kind).field == "datum"


@pytest.mark.parametrize("crs", [None, {}, "EPSG:4490", {"properties": {}}])
def test_a_crs_member_that_names_nothing_is_passed_over(crs: object) -> None:
    assert Location.from_footprint({**polygon(SHED), "crs": crs}) == from_rings(SHED)
