"""The store against Shapely and GeoPandas on the same files: units, zones, overlap areas, distances."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import Point, Polygon, mapping
from sqlalchemy.orm import Session

from core.settings import ROOT
from facts.lookup import fetch_facts
from facts.model import PlaceFacts
from geo.measure.geodesic import Plane, area_m2
from geo.place.location import Location

pytestmark = pytest.mark.both_engines

DAYS = (dt.date(2018, 6, 1), dt.date(2024, 6, 1))
COUNT = 1000  # a day, so 2,000 of each kind
WEST, SOUTH, EAST, NORTH = 111.7, 35.0, 113.8, 36.2  # the city and something of its neighbours
# GEOS of PostGIS and of Shapely round an intersection's corners apart by some 1e-15 degrees (1e-10 m);
# along a perimeter of kilometres that is far under this.
AREA_TOLERANCE_M2 = 0.01


@dataclass(frozen=True)
class Files:
    """The layers as GeoPandas reads them, in force on a day."""

    units: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame


def _in_force(frame: gpd.GeoDataFrame, day: dt.date) -> gpd.GeoDataFrame:
    text = day.isoformat()
    begins = frame["valid_from"].astype("string").str[:10].fillna("0000")
    ends = frame["valid_to"].astype("string").str[:10].fillna("9999")
    return frame[(begins <= text) & (ends > text) & frame.geometry.notna()].reset_index(drop=True)


@pytest.fixture(scope="module", params=DAYS, ids=str)
def day(request: pytest.FixtureRequest) -> dt.date:
    return request.param


@pytest.fixture(scope="module")
def files(day: dt.date) -> Files:
    read = [
        gpd.read_file(ROOT / "data" / "boundaries" / name)
        for name in ("counties.geojson", "townships.geojson")
    ]
    units = gpd.pd.concat([_in_force(frame, day) for frame in read], ignore_index=True)
    zones = _in_force(gpd.read_file(ROOT / "data" / "protected_areas" / "reserves.geojson"), day)
    return Files(units, zones)


def _random_points(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.column_stack([random.uniform(WEST, EAST, COUNT), random.uniform(SOUTH, NORTH, COUNT)])


def _border_points(files: Files, seed: int) -> list[Point]:
    """Vertices of units and zones, and middles of edges as floats give them."""
    random = np.random.default_rng(seed)
    corners = shapely.get_coordinates(
        np.concatenate([files.units.geometry.values, files.zones.geometry.values])
    )
    picked = random.choice(len(corners) - 1, 150, replace=False)
    middles = (corners[picked] + corners[picked + 1]) / 2
    return [Point(xy) for xy in np.vstack([corners[picked], middles])]


def _covering(frame: gpd.GeoDataFrame, point: Point, code: str) -> set[str]:
    return set(frame.loc[frame.geometry.covers(point), code])


def _check_point(session: Session, files: Files, day: dt.date, point: Point) -> None:
    facts = fetch_facts(session, Location.from_point(point.x, point.y), day)
    assert {hit.code for hit in facts.units if hit.covers} == _covering(files.units, point, "code")
    assert {hit.id for hit in facts.zones if hit.covers} == _covering(files.zones, point, "code")


def test_random_points_meet_the_same_units_and_zones(session: Session, files: Files, day: dt.date) -> None:
    for xy in _random_points(20260301):
        _check_point(session, files, day, Point(xy))


def test_points_on_vertices_and_edges_meet_the_same_units_and_zones(
    session: Session, files: Files, day: dt.date
) -> None:
    for point in _border_points(files, 7):
        _check_point(session, files, day, point)


def test_distances_to_near_zones_are_those_of_the_local_plane(
    session: Session, files: Files, day: dt.date
) -> None:
    seen = 0
    for xy in _random_points(11)[:150]:
        facts = fetch_facts(session, Location.from_point(*xy), day)
        plane = Plane(*xy)
        shapes = dict(zip(files.zones["code"], files.zones.geometry, strict=True))
        for hit in facts.zones:
            expected = plane.shapely_to_metres(shapes[hit.id]).distance(Point(0, 0))
            assert hit.distance_m == pytest.approx(expected, abs=1e-3)
            seen += hit.distance_m > 0
    assert seen > 25


def _footprint(random: np.random.Generator) -> Polygon:
    """A star-shaped polygon of 10 m to 6 km radius: some within one unit, some over many."""
    lon, lat = random.uniform(WEST, EAST), random.uniform(SOUTH, NORTH)
    radius = 10 ** random.uniform(1, 3.8)
    angles = np.sort(random.uniform(0, 2 * math.pi, random.integers(5, 24)))
    reach = radius * random.uniform(0.4, 1.0, len(angles))
    plane = Plane(lon, lat)
    return Polygon(
        np.column_stack([lon + reach * np.cos(angles) / plane.kx, lat + reach * np.sin(angles) / plane.ky])
    )


def _footprints(seed: int) -> list[Polygon]:
    random = np.random.default_rng(seed)
    found: list[Polygon] = []
    while len(found) < COUNT:
        polygon = _footprint(random)
        if polygon.is_valid and polygon.area > 0:
            found.append(polygon)
    return found


def _overlaps(frame: gpd.GeoDataFrame, shape: Polygon, code: str) -> dict[str, float]:
    touched = frame[frame.geometry.intersects(shape)]
    areas = [area_m2(part) for part in shapely.intersection(touched.geometry.values, shape)]
    return {name: area for name, area in zip(touched[code], areas, strict=True) if area > 0}


def _same_overlaps(found: dict[str, float], expected: dict[str, float]) -> None:
    assert found.keys() == expected.keys()
    for code, area in expected.items():
        assert found[code] == pytest.approx(area, abs=AREA_TOLERANCE_M2), code


def test_random_footprints_have_the_same_overlap_areas(session: Session, files: Files, day: dt.date) -> None:
    for polygon in _footprints(42):
        location = Location.from_footprint(mapping(polygon))
        facts: PlaceFacts = fetch_facts(session, location, day)
        shape = location.footprint
        _same_overlaps(
            {hit.code: hit.overlap_m2 for hit in facts.units if hit.overlap_m2 > 0},
            _overlaps(files.units, shape, "code"),
        )
        zones = {hit.id: hit.overlap_m2 for hit in facts.zones if hit.overlap_m2 > 0}
        _same_overlaps(zones, _overlaps(files.zones, shape, "code"))
