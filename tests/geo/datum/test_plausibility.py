"""Numbers that cannot be meant in the datum they were declared in."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.shapes import DATUMS, SITE, refused

from core.errors import BadInput
from geo.datum import plausibility as plausible
from geo.datum.conversion import from_cgcs2000, to_cgcs2000

Pair = tuple[float, float]
lons = st.floats(73.1, 135.9)
lats = st.floats(3.1, 53.9)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("datum", DATUMS)
def test_nan_and_infinity_name_their_field(bad: float, datum: str) -> None:
    x, y = from_cgcs2000(*SITE, datum)
    assert refused(lambda: to_cgcs2000(bad, y, datum)).field == "lon"
    assert refused(lambda: to_cgcs2000(x, bad, datum)).field == "lat"
    assert refused(lambda: from_cgcs2000(bad, 35.0, datum)).field == "lon"


@given(lons, lats, st.sampled_from(["cgcs2000", "wgs84", "gcj02", "bd09", "EPSG:4326"]))
def test_swapped_degrees_are_found_everywhere_in_china(lon: float, lat: float, datum: str) -> None:
    error = refused(lambda: to_cgcs2000(lat, lon, datum))
    assert error.field == "lon" and "swapped" in str(error)
    assert error.hint_text("en") == f"Swap them: longitude {lon:.12g}, latitude {lat:.12g}."


def test_degrees_off_the_globe_are_refused_and_places_abroad_are_not() -> None:
    assert "swapped" in str(refused(lambda: to_cgcs2000(30.0, 95.0, "wgs84")))
    assert refused(lambda: to_cgcs2000(181.0, 35.0, "wgs84")).field == "lon"
    assert refused(lambda: to_cgcs2000(112.0, 91.0, "wgs84")).field == "lat"
    assert to_cgcs2000(-70.0, -33.0, "wgs84") == (-70.0, -33.0)
    assert to_cgcs2000(114.1, 22.5, "cgcs2000") == (114.1, 22.5)


@pytest.mark.parametrize(
    ("x", "y", "fits"),
    [
        (38395764.582, 3929618.136, "EPSG:4526"),
        (3929618.136, 38395764.582, "EPSG:4526"),
        (19667996.7, 3930587.5, "EPSG:4497"),
        (667996.706, 3930587.499, "EPSG:4546"),
        (395764.582, 3929618.136, "EPSG:4547"),
        (3929618.136, 395764.582, "EPSG:4547"),
    ],
)
@pytest.mark.parametrize("datum", ["cgcs2000", "gcj02", "EPSG:4490"])
def test_metres_declared_as_degrees_name_the_zone(x: float, y: float, fits: str, datum: str) -> None:
    error = refused(lambda: to_cgcs2000(x, y, datum))
    assert error.field == "datum" and "metres" in error.detail("en")
    assert fits in error.hint_text(
        "en"
    ) and f"{min(x, y) if max(x, y) < 1e7 else max(x, y):.12g}, " in error.hint_text("en")


@pytest.mark.parametrize("datum", ["EPSG:4547", "EPSG:4526", "EPSG:32649", "EPSG:3857"])
@pytest.mark.parametrize("pair", [SITE, SITE[::-1]])
def test_degrees_declared_as_metres(datum: str, pair: Pair) -> None:
    error = refused(lambda: to_cgcs2000(*pair, datum))
    assert error.field == "datum" and "degrees" in error.detail("en")


@pytest.mark.parametrize(
    "datum", ["EPSG:4546", "EPSG:4547", "EPSG:4525", "EPSG:4526", "EPSG:32649", "EPSG:3857"]
)
def test_northing_given_before_easting(datum: str) -> None:
    x, y = from_cgcs2000(*SITE, datum)
    error = refused(lambda: to_cgcs2000(y, x, datum))
    assert "swapped" in str(error)
    assert error.hint_text("en") == f"Give the easting first: {x:.12g}, {y:.12g}."


@pytest.mark.parametrize(
    ("easting", "declared", "fits"),
    [
        (38395764.582, 4525, 4526),  # another zone's prefix
        (38395764.582, 4547, 4526),  # a prefix too many
        (395764.582, 4526, 4547),  # a prefix too few
        (395764.582, 4497, 4508),
        (38395764.582, 32649, 4526),
        (880000.0, 4547, 4548),  # too far from the meridian
        (38880000.0, 4526, 4527),
        (120000.0, 4547, 4546),
    ],
)
def test_a_wrong_zone_names_the_one_that_fits(easting: float, declared: int, fits: int) -> None:
    error = refused(lambda: to_cgcs2000(easting, 3929618.136, f"EPSG:{declared}"))
    assert error.field == "datum"
    assert error.hint_text("en").startswith(f"EPSG:{fits} would fit")


@pytest.mark.parametrize(
    ("x", "y", "datum"),
    [
        (5e6, 5e6, "EPSG:4547"),
        (5e5, 1e9, "EPSG:4547"),
        (5e5, 1.2e7, "EPSG:4547"),
        (1e30, 5.0, "EPSG:3857"),
        (3e7, 4e6, "EPSG:3857"),
        (880000.0, 3929618.0, "EPSG:32649"),
    ],
)
def test_numbers_that_are_nowhere_in_a_projection(x: float, y: float, datum: str) -> None:
    assert "Check the coordinates" in refused(lambda: to_cgcs2000(x, y, datum)).hint_text("en")


def test_a_place_outside_a_zone_is_not_written_in_it() -> None:
    error = refused(lambda: from_cgcs2000(*SITE, "EPSG:4550"))
    assert error.field == "datum" and error.hint_text("en").startswith("EPSG:4546 would fit")
    assert "swapped" in str(refused(lambda: from_cgcs2000(*SITE[::-1], "gcj02")))


def test_the_box_of_china_knows_a_swap_from_a_place() -> None:
    assert plausible.in_china(*SITE)
    assert not plausible.in_china(*SITE[::-1])


@given(st.floats(), st.floats(), st.sampled_from(DATUMS))
def test_any_two_numbers_give_a_place_or_a_refusal(x: float, y: float, datum: str) -> None:
    try:
        lon, lat = to_cgcs2000(x, y, datum)
    except BadInput as error:
        assert error.field in ("lon", "lat", "datum") and error.hint
        assert error.line("en")
    else:
        assert -180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0
