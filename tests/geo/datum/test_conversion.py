"""Datums: the published vectors both ways, the inverse, the names and the zones."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from support.shapes import DATUMS, SITE, refused

from core.errors import DatumRefused
from geo.datum import gcj02 as gcj
from geo.datum.conversion import (
    fitting_epsg,
    frame,
    from_cgcs2000,
    gauss_kruger_epsg,
    shift_m,
    to_cgcs2000,
    to_cgcs2000_array,
)
from geo.datum.gauss_kruger import is_gauss_kruger, is_prefixed, is_three_degree, unprefixed
from geo.measure.geodesic import distance_m

Pair = tuple[float, float]
EXACT = 1e-11

WGS_GCJ = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
]
GCJ_BD = [((116.404, 39.915), (116.41036949371029, 39.92133699351021))]
POINT = (112.8513, 35.4905)
POINT_IN = {
    "gcj02": (112.85740963, 35.49008593),
    "bd09": (112.86399604, 35.49574447),
    "EPSG:4547": (395764.582, 3929618.136),
    "EPSG:4526": (38395764.582, 3929618.136),
    "EPSG:4546": (667996.706, 3930587.499),
}
lons = st.floats(73.1, 135.9)
lats = st.floats(3.1, 53.9)


# The published vectors


@pytest.mark.parametrize(("wgs", "obfuscated"), WGS_GCJ)
def test_wgs_and_gcj_vectors_both_ways(wgs: Pair, obfuscated: Pair) -> None:
    assert gcj.wgs_to_gcj(*wgs) == pytest.approx(obfuscated, abs=EXACT)
    assert from_cgcs2000(*wgs, "gcj02") == pytest.approx(obfuscated, abs=EXACT)
    assert to_cgcs2000(*obfuscated, "gcj02") == pytest.approx(wgs, abs=EXACT)


@pytest.mark.parametrize(("obfuscated", "twice"), GCJ_BD)
def test_gcj_and_bd_vector_both_ways(obfuscated: Pair, twice: Pair) -> None:
    assert gcj.gcj_to_bd(*obfuscated) == pytest.approx(twice, abs=EXACT)
    assert gcj.bd_to_gcj(*twice) == pytest.approx(obfuscated, abs=EXACT)


def test_bd_to_gcj_vector_is_the_one_step_inverse_and_ours_is_the_exact_one() -> None:
    bd, published = (116.404, 39.915), (116.39762729119315, 39.90865673957631)
    ours = gcj.bd_to_gcj(*bd)
    assert ours == pytest.approx(published, abs=1e-6)
    assert gcj.gcj_to_bd(*ours) == pytest.approx(bd, abs=EXACT)
    miss = max(abs(a - b) for a, b in zip(gcj.gcj_to_bd(*published), bd, strict=True))
    assert 1e-7 < miss < 1e-6  # the published one comes back a few centimetres aside


@pytest.mark.parametrize("datum", POINT_IN)
def test_one_place_in_every_datum_both_ways(datum: str) -> None:
    x, y = POINT_IN[datum]
    precision = 1e-3 if "EPSG" in datum else 1e-8
    assert from_cgcs2000(*POINT, datum) == pytest.approx((x, y), abs=precision)
    assert to_cgcs2000(x, y, datum) == pytest.approx(POINT, abs=2e-8)


@pytest.mark.parametrize("datum", DATUMS)
def test_the_site_round_trips_through(datum: str) -> None:
    assert to_cgcs2000(*from_cgcs2000(*SITE, datum), datum) == pytest.approx(SITE, abs=1e-10)


def test_the_shift_of_the_web_maps_at_the_site() -> None:
    assert 500 < shift_m(*from_cgcs2000(*SITE, "gcj02"), "gcj02") < 650
    assert 1200 < shift_m(*from_cgcs2000(*SITE, "bd09"), "bd09") < 1450


@pytest.mark.parametrize("datum", [d for d in DATUMS if d not in ("gcj02", "bd09")])
def test_nothing_else_shifts(datum: str) -> None:
    assert shift_m(*from_cgcs2000(*SITE, datum), datum) == 0.0


# The inverse is exact


@given(lons, lats)
def test_the_inverses_come_back_to_where_they_started(lon: float, lat: float) -> None:
    assert gcj.wgs_to_gcj(*gcj.gcj_to_wgs(lon, lat)) == pytest.approx((lon, lat), abs=1e-9)
    assert gcj.gcj_to_bd(*gcj.bd_to_gcj(lon, lat)) == pytest.approx((lon, lat), abs=1e-9)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_one_step_inverse_would_not_do(datum: str) -> None:
    # what many libraries do: take the shift at the shifted place; it misses by up to metres
    x, y = from_cgcs2000(*SITE, datum)
    again = from_cgcs2000(x, y, datum)
    one_step = (2 * x - again[0], 2 * y - again[1])
    assert distance_m(*one_step, *SITE) > 0.1
    assert distance_m(*to_cgcs2000(x, y, datum), *SITE) < 1e-6


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@pytest.mark.parametrize("place", [(2.35, 48.85), (151.2, -33.9), (-0.1, 51.5)])
def test_outside_its_box_nothing_is_shifted(datum: str, place: Pair) -> None:
    assert to_cgcs2000(*place, datum) == place == from_cgcs2000(*place, datum)
    assert to_cgcs2000_array(np.array([place]), datum).tolist() == [list(place)]


# Arrays and threads


@pytest.mark.parametrize("datum", DATUMS)
def test_arrays_agree_with_single_points(datum: str) -> None:
    rng = np.random.default_rng(7)
    places = rng.uniform((110.0, 34.0), (113.9, 37.0), (200, 2))
    rows = np.array([from_cgcs2000(*p, datum) for p in places.tolist()])
    before = rows.copy()
    got = to_cgcs2000_array(rows, datum)
    assert np.allclose(got, [to_cgcs2000(*r, datum) for r in rows.tolist()], rtol=0, atol=1e-12)
    assert np.allclose(got, places, rtol=0, atol=1e-9)
    assert np.array_equal(rows, before)


def test_an_array_may_mix_places_inside_and_outside_the_box() -> None:
    inside = from_cgcs2000(*SITE, "bd09")
    got = to_cgcs2000_array(np.array([inside, (2.35, 48.85)]), "bd09")
    assert got == pytest.approx(np.array([SITE, (2.35, 48.85)]), abs=1e-10)


@pytest.mark.parametrize("datum", DATUMS)
def test_an_empty_array_stays_empty(datum: str) -> None:
    assert to_cgcs2000_array(np.empty((0, 2)), datum).shape == (0, 2)


@pytest.mark.parametrize(
    ("datum", "bad"),
    [
        ("cgcs2000", (math.nan, 35.0)),
        ("gcj02", (35.6, 112.4)),
        ("EPSG:4547", (3945307.0, 354635.0)),
        ("EPSG:4547", (880_000.0, 3945307.0)),
        ("EPSG:4547", (354635.0, math.inf)),
        ("EPSG:3857", (4230000.0, 12561000.0)),
        ("EPSG:3857", (112.4, 35.6)),
    ],
)
def test_one_bad_row_of_an_array_is_refused_as_it_is_alone(datum: str, bad: Pair) -> None:
    good = from_cgcs2000(*SITE, datum)
    alone = refused(lambda: to_cgcs2000(*bad, datum))
    in_array = refused(lambda: to_cgcs2000_array(np.array([good, bad, good]), datum))
    assert str(in_array) == str(alone)
    assert in_array.field == alone.field


def test_threads_may_share_a_datum() -> None:
    x, y = POINT_IN["EPSG:4526"]
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: to_cgcs2000(x, y, "EPSG:4526"), range(400)))
    assert len(answers) == 1


# Names


@pytest.mark.parametrize("name", ["GCJ-02", "gcj02", " Gcj_02 "])
def test_names_are_taken_in_any_spelling(name: str) -> None:
    assert frame(name).name == "gcj02"
    assert frame("epsg:4547").name == "EPSG:4547"


@pytest.mark.parametrize(
    "datum",
    ["EPSG:2361", "EPSG:2362", "EPSG:2382", "EPSG:2383", "EPSG:4610", "EPSG:4214", "EPSG:2413", "EPSG:2414"]
    + [
        "EPSG:2434",
        "EPSG:2435",
        "EPSG:4555",
        "xian80",
        "Xian 1980",
        "西安80",
        "beijing-54",
        "北京1954坐标系",
    ],
)
def test_secret_datums_are_refused_with_the_reason(datum: str) -> None:
    error = refused(lambda: to_cgcs2000(*SITE, datum), DatumRefused)
    assert error.field == "datum"
    assert "100 m" in error.detail("en") and "secret" in error.detail("en")
    assert "survey office" in error.hint_text("en")


@pytest.mark.parametrize("datum", ["EPSG:4267", "EPSG:4322", "EPSG:4612", "EPSG:27700"])
def test_other_datums_are_refused_by_name(datum: str) -> None:
    error = refused(lambda: to_cgcs2000(*SITE, datum), DatumRefused)
    assert error.field == "datum" and "neither CGCS2000 nor WGS84" in str(error)


@pytest.mark.parametrize(
    "datum",
    ["", "moon", "4547", "EPSG:", "EPSG:-1", "EPSG:1", "EPSG:9999999", "EPSG:4978", "EPSG:4979", "EPSG:9518"],
)
def test_unknown_names_and_systems_with_heights_are_refused_with_what_is_known(datum: str) -> None:
    error = refused(lambda: frame(datum), DatumRefused)
    assert (
        error.field == "datum" and "gcj02" in error.hint_text("en") and "EPSG:4547" in error.hint_text("en")
    )


# Zones


def test_the_code_arithmetic_is_that_of_the_epsg_database() -> None:
    for code in range(4491, 4555):
        crs = CRS.from_epsg(code)
        assert crs.name.startswith("CGCS2000 / ") and is_gauss_kruger(code)
        assert is_three_degree(code) == ("3-degree" in crs.name)
        assert is_prefixed(code) == ("zone" in crs.name)
        if is_prefixed(code):
            twin = CRS.from_epsg(unprefixed(code))
            meridian = frame(f"EPSG:{code}").zone.meridian  # type: ignore[union-attr]
            assert twin.name == crs.name.split(" zone")[0] + f" CM {meridian:g}E"
    assert not is_gauss_kruger(4490) and not is_gauss_kruger(4555)


def test_the_zone_of_a_longitude() -> None:
    assert gauss_kruger_epsg(111.9, prefixed=True) == 4525
    assert gauss_kruger_epsg(111.9, prefixed=False) == 4546
    assert gauss_kruger_epsg(112.85, prefixed=True) == 4526
    assert gauss_kruger_epsg(112.85, prefixed=False) == 4547
    assert gauss_kruger_epsg(112.5, prefixed=True) == 4526  # the border goes east
    assert gauss_kruger_epsg(109.5, prefixed=True) == 4525


@pytest.mark.parametrize("lon", [73.4, 136.5, math.nan, math.inf])
def test_no_zone_outside_china(lon: float) -> None:
    assert refused(lambda: gauss_kruger_epsg(lon, prefixed=True)).field == "lon"


def test_what_an_easting_fits() -> None:
    assert fitting_epsg(38395764.582) == [4526]
    assert fitting_epsg(37667996.7) == [4525]
    assert fitting_epsg(25500000) == [4513] and fitting_epsg(45500000) == [4533]
    assert fitting_epsg(19667996.7) == [4497]
    assert fitting_epsg(667996.7) == [4546, 4547]
    assert fitting_epsg(395764.6) == [4547, 4546]
    for nothing in (
        24500000.0,
        46500000.0,
        12500000.0,
        3929618.136,
        38050000.0,
        -1.0,
        0.0,
        math.nan,
        math.inf,
    ):
        assert fitting_epsg(nothing) == []


@given(st.floats(73.6, 136.4), st.floats(4.0, 53.0), st.booleans())
def test_a_place_lies_in_the_zone_of_its_longitude_and_its_easting_tells_it(
    lon: float, lat: float, prefixed: bool
) -> None:
    code = gauss_kruger_epsg(lon, prefixed=prefixed)
    x, y = from_cgcs2000(lon, lat, f"EPSG:{code}")
    assert to_cgcs2000(x, y, f"EPSG:{code}") == pytest.approx((lon, lat), abs=1e-9)
    assert not prefixed or fitting_epsg(x) == [code]
