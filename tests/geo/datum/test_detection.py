"""A batch in the wrong datum is noticed, and a right one is left alone: rates, limits and zones."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from support.batches import (
    PLANE,
    Terrain,
    about,
    anywhere,
    false_alarms,
    judged,
    misses,
    paired,
    taken,
    villages,
)

from core.errors import BadInput, DatumRefused
from geo.datum.conversion import from_cgcs2000, to_cgcs2000_array
from geo.datum.detection import FEW, candidates, compare_with_known, convert_batch
from geo.datum.offset_fit import REACH_M, REACH_M2, control_offsets, fit_offset, pair_nearby
from geo.datum.wrong_zone import find_wrong_zone

GCJ_M = np.array([570.0, -20.0])
SPACINGS = (1000.0, 2000.0, 3000.0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260815)


# Rates. The docstring of geo.datum.detection has the larger measurement, on the same batches.


@pytest.mark.parametrize(("kind", "share"), [("villages", 0.0), ("ring", 1.0), ("ring", 0.5)])
def test_a_right_batch_is_suspected_once_in_a_hundred_at_most(kind: str, share: float) -> None:
    alarms = [false_alarms(1, Terrain(kind, spacing, n=30, share=share), 70) for spacing in SPACINGS]
    assert sum(alarms) <= 2


def test_a_right_batch_that_lies_on_known_places_is_not_suspected() -> None:
    assert [false_alarms(2, Terrain("sites", spacing, 150.0), 15) for spacing in SPACINGS] == [0, 0, 0]


MEASURED = [
    *(
        Terrain(kind, spacing, scatter)
        for kind in ("villages", "sites")
        for spacing, scatter in ((1000.0, 30.0), (1000.0, 100.0), (2000.0, 150.0), (3000.0, 200.0))
    ),
    *(Terrain("parcels", spacing, 30.0) for spacing in SPACINGS),
]


@pytest.mark.parametrize("ground", MEASURED, ids=lambda g: f"{g.kind}-{g.spacing_m:.0f}-{g.scatter_m:.0f}")
def test_a_wrong_batch_of_30_with_half_its_points_matched_is_missed_once_in_twenty_at_most(
    ground: Terrain,
) -> None:
    assert misses(3, ground, 25) <= (1, 0)


def test_where_villages_lie_dense_and_points_scatter_wide_nothing_is_claimed() -> None:
    missed, wrong = misses(4, Terrain("villages", 1000.0, 300.0), 20)
    assert wrong == 0
    assert missed >= 15  # the limit that the docstring owns up to: if this fails, it can say something better


def test_codes_on_both_sides_need_no_more_than_15_points(rng: np.random.Generator) -> None:
    ways = itertools.product(("cgcs2000", "gcj02", "bd09"), repeat=2)
    for really, declared in ways:
        for _ in range(4):
            found = paired(rng, really, declared, 15, 150.0)
            assert found.paired
            assert found.suspected == (None if really == declared else really), (really, declared)


# What it finds.


def test_the_figures_are_those_of_the_offset(rng: np.random.Generator) -> None:
    found = judged(rng, Terrain("villages", 2000.0, 80.0, n=60), "gcj02", "wgs84")
    east, north = found.offset_m or (0.0, 0.0)
    assert (found.finding, found.suspected, found.declared) == ("suspect", "gcj02", "wgs84")
    assert -640 < east < -500
    assert abs(north) < 100
    assert 25 <= found.matched <= 36
    assert found.compared == found.n == 60
    assert found.median_m["gcj02"] < min(found.median_m["wgs84"], found.median_m["bd09"])
    assert found.strength > 0.99
    assert found.reason.format(**found.values).startswith("Declared as wgs84, the batch looks like gcj02: ")


def test_the_order_of_points_and_places_does_not_matter(rng: np.random.Generator) -> None:
    places = villages(rng, 2000.0)
    batch = taken(
        places[rng.choice(len(places), 40, replace=False)] + rng.normal(0, 80, (40, 2)), "bd09", "wgs84"
    )
    known = PLANE.to_degrees(places)
    first = compare_with_known(batch, known, "wgs84")
    again = compare_with_known(batch[::-1], known[rng.permutation(len(known))], "wgs84")
    assert first.suspected == again.suspected == "bd09"
    assert first.offset_m == pytest.approx(again.offset_m, abs=0.2)


def test_readings_are_the_same_numbers_under_each_datum(rng: np.random.Generator) -> None:
    raw = PLANE.to_degrees(anywhere(rng, 5))
    for declared in ("gcj02", "bd09", "cgcs2000"):
        found = candidates(to_cgcs2000_array(raw, declared), declared)
        assert list(found)[0] == declared
        for datum, places in found.items():
            assert places == pytest.approx(to_cgcs2000_array(raw, datum), abs=1e-10)
    assert set(candidates(raw, "EPSG:4547")) == {"EPSG:4547", "gcj02", "bd09"}


def test_a_large_batch_is_compared_in_part(rng: np.random.Generator) -> None:
    ground = Terrain("sites", 500.0, 60.0, n=6000)
    found = judged(rng, ground, "gcj02", "cgcs2000")
    assert found.suspected == "gcj02"
    assert found.n == 6000
    assert 100 < found.compared <= 2000


# What it does not claim.


def test_reports_round_a_few_villages_are_no_evidence_however_many(rng: np.random.Generator) -> None:
    for count in (1, 2, 3):
        centres = anywhere(rng, count)
        batch = centres[rng.integers(0, count, 200)] + GCJ_M + rng.normal(0, 100, (200, 2))
        assert (
            compare_with_known(PLANE.to_degrees(batch), PLANE.to_degrees(centres), "cgcs2000").finding
            == "open"
        )


@pytest.mark.parametrize("offset", [(-570.0, 0.0), (570.0, 300.0), (0.0, 570.0), (280.0, 0.0), (400.0, 0.0)])
def test_another_steady_offset_is_not_taken_for_a_web_map(
    rng: np.random.Generator, offset: tuple[float, float]
) -> None:
    places = villages(rng, 2000.0)
    inner = places[np.abs(places).max(axis=1) < 7500]
    batch = np.vstack((inner + offset + rng.normal(0, 40, inner.shape), anywhere(rng, len(inner))))
    assert compare_with_known(PLANE.to_degrees(batch), PLANE.to_degrees(places), "cgcs2000").suspected is None


def test_a_shift_of_a_hundred_metres_still_fits(rng: np.random.Generator) -> None:
    places = villages(rng, 2000.0)
    inner = places[np.abs(places).max(axis=1) < 7500]
    batch = inner + (0.0, 100.0) + rng.normal(0, 40, inner.shape)
    assert compare_with_known(PLANE.to_degrees(batch), PLANE.to_degrees(places), "cgcs2000").finding == "fits"


def test_rows_of_places_as_far_apart_as_the_offset_decide_nothing(rng: np.random.Generator) -> None:
    steps = np.arange(-15_000.0, 15_000.0, 570.0)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    batch = grid[rng.choice(len(grid), 30)] + rng.normal(0, 40, (30, 2))
    assert compare_with_known(PLANE.to_degrees(batch), PLANE.to_degrees(grid), "cgcs2000").suspected is None


def test_it_compares_and_cannot_tell_which_side_is_off(rng: np.random.Generator) -> None:
    places = villages(rng, 2000.0)
    batch = places[rng.choice(len(places), 40, replace=False)] + rng.normal(0, 60, (40, 2))
    wrong_places = taken(places, "gcj02", "cgcs2000")
    assert compare_with_known(taken(batch, "gcj02", "cgcs2000"), wrong_places, "cgcs2000").finding == "fits"
    assert compare_with_known(PLANE.to_degrees(batch), wrong_places, "gcj02").suspected == "cgcs2000"


def test_few_points_and_nothing_known_are_told_apart_from_fitting(rng: np.random.Generator) -> None:
    places = PLANE.to_degrees(villages(rng, 2000.0))
    few, none = (
        compare_with_known(places[:9], places, "cgcs2000"),
        compare_with_known(places[:40], np.zeros((0, 2)), "cgcs2000"),
    )
    assert (few.finding, few.compared, few.reason) == ("few", 9, FEW)
    assert (none.finding, none.compared, none.strength, none.offset_m) == ("few", 0, 0.0, None)


def test_areas_too_wide_to_tell_are_left_out(rng: np.random.Generator) -> None:
    places = PLANE.to_degrees(villages(rng, 2000.0))
    wide = [shapely.Point(*place).buffer(0.01) for place in places]
    assert compare_with_known(places[:40], wide, "cgcs2000").compared == 0


# The likelihood.


def test_an_evenly_spread_point_has_ratio_one_on_the_average() -> None:
    """One point and one place with a radius: over all offsets in the reach, chance is what it is called."""
    for radius in (0.0, 60.0, 300.0):
        pairing = pair_nearby(np.zeros((1, 2)), np.zeros((1, 2)), np.array([radius]))
        far = np.arange(2.5, REACH_M, 5.0)
        ratio = [np.exp(fit_offset(pairing, np.array([metres, 0.0])).evidence) for metres in far]
        assert np.sum(ratio * far) * 2 * np.pi * 5.0 / REACH_M2 == pytest.approx(1.0, abs=0.002)


def test_evidence_is_nothing_where_nothing_fits_and_grows_with_every_match() -> None:
    known = np.column_stack((np.arange(0.0, 60_000.0, 3000.0), np.zeros(20)))
    evidence = [
        fit_offset(
            pair_nearby(np.vstack((known[:k], known[k:] + (0, 1500.0))), known, np.zeros(20)), np.zeros(2)
        ).evidence
        for k in (0, 5, 10, 20)
    ]
    assert evidence[0] < 0
    assert np.all(np.diff(evidence) > 10)


def test_points_that_crowd_share_one_vote() -> None:
    known = np.array([[0.0, 0.0]])
    one = fit_offset(pair_nearby(np.zeros((1, 2)), known, np.zeros(1)), np.zeros(2)).evidence
    ten = fit_offset(pair_nearby(np.zeros((10, 2)), known, np.zeros(1)), np.zeros(2)).evidence
    assert ten == pytest.approx(one)


def test_offsets_of_chance_keep_clear_of_what_is_predicted() -> None:
    moves = [np.zeros(2), -GCJ_M, np.array([-1150.0, -600.0])]
    chance = control_offsets(moves)
    gaps = np.hypot(*(chance[:, None] - np.array(moves)[None]).transpose(2, 0, 1))
    assert gaps.min() >= 300
    assert 200 <= len(chance) <= 300


# Zones.


@pytest.fixture
def city() -> list[shapely.Polygon]:
    return [shapely.box(111.9, 35.2, 112.7, 36.0), shapely.box(112.7, 35.2, 113.6, 36.1)]


def _metres(rng: np.random.Generator, datum: str, n: int = 20) -> np.ndarray:
    degrees = rng.uniform((112.0, 35.3), (113.5, 35.95), (n, 2))
    return np.array([from_cgcs2000(lon, lat, datum) for lon, lat in degrees.tolist()])


@pytest.mark.parametrize(("really", "declared"), [("EPSG:4547", "EPSG:4546"), ("EPSG:4546", "EPSG:4547")])
def test_an_easting_under_the_wrong_meridian_is_suspected(
    rng: np.random.Generator, city: list[shapely.Polygon], really: str, declared: str
) -> None:
    points = to_cgcs2000_array(_metres(rng, really), declared)  # no single number is refused
    found = find_wrong_zone(points, city, declared)
    assert found is not None
    assert (found.suspected, found.declared, found.matched) == (really, declared, 20)
    assert abs(found.offset_m[0]) == pytest.approx(271_500, rel=0.01)  # 3° at 35.6°N
    assert "0 of 20 points" in found.reason.format(**found.values)


def test_a_batch_in_its_zone_and_one_from_elsewhere_are_not_suspected(
    rng: np.random.Generator, city: list[shapely.Polygon]
) -> None:
    right = to_cgcs2000_array(_metres(rng, "EPSG:4547"), "EPSG:4547")
    assert find_wrong_zone(right, city, "EPSG:4547") is None
    assert (
        find_wrong_zone(right - (0.0, 5.0), city, "EPSG:4547") is None
    )  # five degrees south: no zone puts it inside
    wrong = right - (3.0, 0.0)
    assert find_wrong_zone(wrong, city, "EPSG:4546") is not None
    assert find_wrong_zone(np.vstack((wrong[:9], right[:11])), city, "EPSG:4546") is None
    assert find_wrong_zone(wrong[:2], city, "EPSG:4546") is None
    assert find_wrong_zone(wrong, [], "EPSG:4546") is None


@pytest.mark.parametrize("declared", ["cgcs2000", "gcj02", "EPSG:4525", "EPSG:32649"])
def test_only_eastings_without_a_zone_number_can_go_astray(
    rng: np.random.Generator, city: list[shapely.Polygon], declared: str
) -> None:
    assert find_wrong_zone(rng.uniform((109.0, 35.3), (110.5, 35.9), (20, 2)), city, declared) is None


def test_a_six_degree_zone_goes_astray_as_well(rng: np.random.Generator, city: list[shapely.Polygon]) -> None:
    points = to_cgcs2000_array(_metres(rng, "EPSG:4508"), "EPSG:4509")  # 111°E taken for 117°E
    found = find_wrong_zone(points, city, "EPSG:4509")
    assert found is not None
    assert found.suspected == "EPSG:4546"


def test_coordinates_outside_the_declared_zone_are_refused_with_the_one_that_fits() -> None:
    good = [38_395_764.582, 3_929_618.136]
    with pytest.raises(BadInput) as fault:
        convert_batch(np.array([[37_667_996.7, 3_930_587.5], good]), "EPSG:4525", lambda row: f"points.{row}")
    assert (fault.value.field, fault.value.values["fits"]) == ("points.1", "EPSG:4526")
    with pytest.raises(BadInput) as fault:
        convert_batch(np.array([[395_764.582, 3_929_618.136]]), "EPSG:4525", lambda row: f"row {row + 1}")
    assert (fault.value.field, fault.value.values["fits"]) == ("row 1", "EPSG:4546")
    with pytest.raises(DatumRefused):
        convert_batch(np.array([good]), "EPSG:2362", lambda row: f"points.{row}")


def test_the_batches_of_this_file_are_what_they_say(rng: np.random.Generator) -> None:
    """The measuring stick itself: GCJ-02 declared as WGS84 lies 543–602 m east of where it was."""
    metres = anywhere(rng, 200)
    shift = PLANE.to_metres(taken(metres, "gcj02", "wgs84")) - metres
    assert np.all((np.hypot(*shift.T) > 535) & (np.hypot(*shift.T) < 610))
    assert np.hypot(*about(rng, 100, 1000, 500).T).max() <= 1000
