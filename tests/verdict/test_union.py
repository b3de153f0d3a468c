"""The probability that one of several zones holds a place, against errors that are drawn; no database."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely.geometry import mapping

from facts.model import PlaceFacts, SourceRef, ZoneHit
from facts.overlap import FootprintRuler
from geo.measure.geodesic import Plane
from geo.measure.probability import OUTLIERS, spread_of
from geo.place.location import Location
from verdict.conflicts import ZoneRelation
from verdict.model import ZoneRef
from verdict.union import chance_of_any

LON, LAT = 112.4, 35.6
PLANE = Plane(LON, LAT)
DRAWS = 200_000
ACCURACY_M, LINES_M = 15.0, 6.0


def _degrees(area: shapely.Polygon) -> shapely.Polygon:
    return shapely.transform(area, PLANE.to_degrees)


def _facts(*accuracies: float) -> PlaceFacts:
    sources = [
        SourceRef(n, f"zones/{n}", "v", "zones", {"zh": "区", "en": "z"}, True, metres, "", (), None, "c")
        for n, metres in enumerate(accuracies)
    ]
    return PlaceFacts(tuple(sources), (), (), (), (), None)


def _zone(area: shapely.Polygon, chance: float, source: int = 0, **measured: float) -> ZoneRelation:
    number = str(area.bounds)
    hit = ZoneHit(
        source, number, "nature_reserve", "core", "区", 0.0, 0.0, pieces=(_degrees(area),), **measured
    )
    name = {"zh": "区", "en": "z"}
    zone = ZoneRef(number, "nature_reserve", name, "core", name, "区")
    return ZoneRelation(hit, zone, "possible", chance, chance, "disputed")


def _drawn(areas: list[shapely.Polygon], seed: int) -> tuple[list[float], float]:
    """How often errors that are drawn lie in each of some areas, and in any of them."""
    random = np.random.default_rng(seed)
    spread = spread_of(ACCURACY_M, LINES_M)
    sigma = np.where(random.random(DRAWS) < OUTLIERS, spread.outlier_m, spread.sigma_m)
    points = random.standard_normal((DRAWS, 2)) * sigma[:, None]
    inside = [shapely.contains_xy(area, *points.T) for area in areas]
    return [float(one.mean()) for one in inside], float(np.any(inside, axis=0).mean())


@pytest.mark.parametrize("seed", range(4))
def test_areas_of_one_error_are_joined_whether_they_overlap_or_not(seed: int) -> None:
    random = np.random.default_rng(seed)
    west = random.uniform(-25, -5)
    areas = [
        shapely.box(west, -40, 2, 30),
        shapely.box(2, -40, 30, 30),  # shares a line with the first
        shapely.box(west + 10, -10, 12, random.uniform(35, 80)),  # overlaps both
    ]
    shares, union = _drawn(areas, seed)
    zones = [_zone(area, share) for area, share in zip(areas, shares, strict=True)]
    place = Location.from_point(LON, LAT, accuracy_m=ACCURACY_M)
    at_least, at_most = chance_of_any(place, _facts(LINES_M), zones)
    assert at_least == at_most == pytest.approx(union, abs=0.004)
    assert max(shares) < at_least < sum(shares)


def test_of_areas_with_different_errors_only_limits_are_told() -> None:
    areas = [shapely.box(-30, -30, 0, 30), shapely.box(0, -30, 30, 30)]
    zones = [_zone(areas[0], 0.45), _zone(areas[1], 0.5, 1)]
    place = Location.from_point(LON, LAT, accuracy_m=ACCURACY_M)
    assert chance_of_any(place, _facts(LINES_M, 30.0), zones) == (0.5, 0.95)
    assert chance_of_any(place, _facts(LINES_M, 30.0), []) == (0.0, 0.0)


def test_a_place_without_any_error_is_in_the_zone_that_covers_it() -> None:
    areas = [shapely.box(-30, -30, 0, 30), shapely.box(0, -30, 30, 30)]
    zones = [_zone(areas[0], 1.0), _zone(areas[1], 0.0)]
    assert chance_of_any(Location.from_point(LON, LAT), _facts(0.0), zones) == (1.0, 1.0)


def _shed(shift_m: float) -> tuple[Location, PlaceFacts]:
    shed = _degrees(shapely.box(shift_m - 3, -2, shift_m + 3, 2))
    location = Location.from_footprint(mapping(shed), accuracy_m=ACCURACY_M)
    return location, replace(_facts(LINES_M), ruler=FootprintRuler(location))


def test_a_shed_across_two_parts_meets_them_surely_together() -> None:
    """Each part alone reaches a metre and a half of mean depth; together they are 400 m wide."""
    location, facts = _shed(0.0)
    halves = [shapely.box(-200, -200, 0, 200), shapely.box(0, -200, 200, 200)]
    zones = [_zone(half, 0.55, overlap_m2=12.0, overlap_rim_m=14.0) for half in halves]
    at_least, at_most = chance_of_any(location, facts, zones)
    assert at_least == at_most > 0.995


def test_a_shed_beside_two_parts_is_no_nearer_than_the_nearer_one() -> None:
    location, facts = _shed(15.0)
    parts = [shapely.box(-200, -200, 0, 1), shapely.box(-200, 1, 0, 200)]
    zones = [_zone(part, 0.14) for part in parts]
    at_least, _ = chance_of_any(location, facts, zones)
    assert 0.1 < at_least < 0.2
