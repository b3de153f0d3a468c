"""What lies round an uncertain point, against the exact integrals and distances over whole geometries."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy.special import owens_t
from support.areas import EAST, NORTH, SOUTH, WEST, random_areas, voronoi_towns

from geo.index.cell_index import build_coverage, build_overlaps
from geo.index.kernel.coverage.border_distance import border_distance
from geo.index.kernel.coverage.border_distance_batch import border_distance_batch
from geo.index.kernel.coverage.query import OUTSIDE, TIE
from geo.index.kernel.distance import FULL, near_coverage, near_overlaps
from geo.index.kernel.gaussian import edge_difference
from geo.index.kernel.overlap.near_batch import near_overlaps_batch
from geo.measure.geodesic import Plane
from geo.measure.probability import OUTLIERS, Spread, position_mass, spread_of


def test_differences_of_owens_t_are_those_of_scipy() -> None:
    """The mean over ordinary errors and outliers, within the reach of both."""
    rng = np.random.default_rng(3)
    for _ in range(4_000):
        sigma, factor = 10 ** rng.uniform(-1, 3), rng.choice([1.0, 1.01, 3.0, 5.0])
        spread = Spread(sigma, factor * sigma)
        h = rng.choice([-1, 1]) * sigma * 10 ** rng.uniform(-9, 1.3)
        t1, t2 = np.sort(rng.normal(0, sigma * 10 ** rng.uniform(-4, 1.5), 2))
        far = np.sqrt(max(0.0, spread.reach_m**2 - h * h))
        t1, t2 = -np.inf if t1 <= -far else t1, np.inf if t2 >= far else t2
        parts = [owens_t(h / s, t2 / h) - owens_t(h / s, t1 / h) for s in spread]
        expected = (1 - OUTLIERS) * parts[0] + OUTLIERS * parts[1]
        if abs(h) >= spread.reach_m or t1 >= far or t2 <= -far:
            expected = 0.0
        assert edge_difference(h, t1, t2, spread) == pytest.approx(expected, abs=4e-15)
    assert edge_difference(0.0, -1.0, 1.0, (1.0, 5.0)) == 0.0


def places(seed: int, count: int, borders: np.ndarray) -> list[tuple[float, float, float, float]]:
    """Points anywhere, and points close to borders, as lon, lat, kx, ky."""
    rng = np.random.default_rng(seed)
    vertices = shapely.get_coordinates(borders)
    close = vertices[rng.integers(0, len(vertices), count)] + rng.normal(0, 2e-4, (count, 2))
    anywhere = rng.uniform((WEST, SOUTH), (EAST, NORTH), (count, 2))
    found = []
    for lon, lat in np.vstack((close, anywhere)).tolist():
        plane = Plane(lon, lat)
        found.append((lon, lat, plane.kx, plane.ky))
    return found


def in_metres(geoms: np.ndarray, place: tuple[float, float, float, float]) -> np.ndarray:
    lon, lat, kx, ky = place
    return shapely.transform(geoms, lambda xy: (xy - (lon, lat)) * (kx, ky))


def boxed(place: tuple[float, float, float, float], radius: float) -> tuple[float, ...]:
    return (*place, radius / place[2], radius / place[3])


ROOM = 512


def room() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.empty(ROOM, np.int32), np.empty(ROOM), np.empty(ROOM)


@pytest.mark.parametrize("sigma", [3.0, 60.0, 2_000.0])
@pytest.mark.parametrize("size", [2.0**-5, 2.0**-8])
def test_masses_and_distances_in_a_coverage(sigma: float, size: float) -> None:
    towns = voronoi_towns(21, 40, 1e-6)
    index = build_coverage(towns, size)
    spread = Spread(sigma, 4.0 * sigma)
    radius = spread.reach_m
    doubtful = 0
    for place in places(5, 40, towns):
        ids, mass, near2 = room()
        count, own = near_coverage(*index.buffer.args, boxed(place, radius), spread, ids, mass, near2)
        assert count >= 0
        assert own == (ids[0] if mass[0] > 0.5 or own >= 0 else OUTSIDE)
        flat = in_metres(towns, place)
        expected = position_mass(list(flat), spread)
        found = np.zeros(len(towns))
        found[ids[:count]] = mass[:count]
        assert found == pytest.approx(expected, abs=1e-12)
        doubtful += int(0.01 < expected.max() < 0.99)
        far = shapely.distance(shapely.boundary(flat), shapely.Point(0, 0))
        for area, square in zip(ids[:count], near2[:count], strict=True):
            if far[area] <= radius:
                assert np.sqrt(square) == pytest.approx(far[area], abs=1e-6)
        inside = np.flatnonzero(shapely.covers(flat, shapely.Point(0, 0)))
        for area in inside:
            assert ids[0] == area
            told = border_distance(*index.buffer.args, boxed(place, 0), int(area), 1e9)
            assert told == pytest.approx(far[area], abs=1e-6)
            assert border_distance(*index.buffer.args, boxed(place, 0), int(area), 1.0) == pytest.approx(
                min(far[area], 1.0)
            )
    assert doubtful > 5


@pytest.mark.parametrize("size", [2.0**-4, 2.0**-8, 2.0**-11])
def test_distances_of_many_points_are_those_of_each(size: float) -> None:
    """To the last bit; with empty ground that is wider than a node of the masks."""
    towns = voronoi_towns(22, 30, 1e-6)
    index = build_coverage(towns, size)
    spots = places(7, 300, towns)
    lonlat, metres = np.array([s[:2] for s in spots]), np.array([s[2:] for s in spots])
    areas = index.locate(lonlat, 1)
    found = np.full(len(spots), -1.0)
    border_distance_batch(*index.buffer.args, lonlat, metres, areas + 100, 100, 100 + len(towns), found)
    told = 0
    for n, area in enumerate(areas.tolist()):
        expected = -1.0
        if area >= 0:
            expected = border_distance(*index.buffer.args, boxed(spots[n], 0), area, np.inf)
            told += 1
        assert found[n] == expected
    assert told > 300


@pytest.mark.parametrize("accuracy", [0.0, 20.0, 900.0])
@pytest.mark.parametrize("size", [2.0**-5, 2.0**-9])
def test_zones_round_many_points_are_those_of_each(size: float, accuracy: float) -> None:
    """To the last bit, in narrow windows and in wide ones."""
    zones = random_areas(32, 60)
    index = build_overlaps(zones, size)
    lines, notice = np.linspace(1.0, 60.0, len(zones)), np.linspace(500.0, 0.0, len(zones))
    spots = places(8, 150, zones)
    lonlat, metres = np.array([s[:2] for s in spots]), np.array([s[2:] for s in spots])
    radii = np.full(len(spots), accuracy)
    who, area, holds, distance, part = near_overlaps_batch(
        *index.buffer.args, lonlat, metres, radii, lines, notice
    )
    seen = 0
    for n, spot in enumerate(spots):
        ids, mass, near2 = room()
        reach = max(spread_of(accuracy, lines.max()).reach_m, notice.max())
        count, inside = near_overlaps(
            *index.buffer.args, boxed(spot, reach), accuracy, lines, *(ids, mass, near2)
        )
        away = np.where(np.arange(count) < inside, 0.0, np.sqrt(near2[:count]))
        reaches = [spread_of(accuracy, lines[one]).reach_m for one in ids[:count]]
        limit = np.maximum(reaches, notice[ids[:count]])
        kept = (away <= limit) & (near2[:count] >= 1e-12)
        wanted = (ids[:count], away, np.clip(mass[:count], 0.0, 1.0))
        expected = {row[0]: row for row in zip(*(column[kept].tolist() for column in wanted), strict=True)}
        mine = (who == n) & ~np.isnan(part)
        told = {row[0]: row for row in zip(*(c[mine].tolist() for c in (area, distance, part)), strict=True)}
        assert told == expected
        assert set(area[(who == n) & holds].tolist()) == set(ids[:inside].tolist())
        seen += len(told)
    assert seen > 100


def test_a_point_on_a_border_is_left_to_the_caller() -> None:
    towns = voronoi_towns(21, 40)
    index = build_coverage(towns)
    lon, lat = shapely.get_coordinates(towns)[3].tolist()
    plane = Plane(lon, lat)
    place = boxed((lon, lat, plane.kx, plane.ky), 50.0)
    assert near_coverage(*index.buffer.args, place, (5.0, 20.0), *room())[1] == TIE


@pytest.mark.parametrize("size", [2.0**-5, 2.0**-9])
def test_masses_and_distances_among_overlapping_areas(size: float) -> None:
    zones = random_areas(31, 60)
    index = build_overlaps(zones, size)
    lines, accuracy = np.linspace(1.0, 300.0, len(zones)), 20.0
    spreads = [spread_of(accuracy, line) for line in lines]
    radius = max(spread.reach_m for spread in spreads)
    doubtful = 0
    for place in places(6, 40, zones):
        ids, mass, near2 = room()
        box = boxed(place, radius)
        count, inside = near_overlaps(*index.buffer.args, box, accuracy, lines, ids, mass, near2)
        flat = in_metres(zones, place)
        far = shapely.distance(shapely.boundary(flat), shapely.Point(0, 0))
        held = set(np.flatnonzero(shapely.covers(flat, shapely.Point(0, 0))).tolist())
        assert set(ids[:inside].tolist()) == held
        assert set(ids[:count].tolist()) >= held | set(np.flatnonzero(far <= radius).tolist())
        for n in range(count):
            area = ids[n]
            expected = position_mass([flat[area]], spreads[area])[0]
            assert mass[n] == pytest.approx(expected, abs=1e-12)
            doubtful += int(0.01 < expected < 0.99)
            if far[area] <= radius:
                assert np.sqrt(near2[n]) == pytest.approx(far[area], abs=1e-6)
    assert doubtful > 20


def test_too_many_areas_for_the_room_are_told_of() -> None:
    stack = np.asarray([shapely.box(112, 35, 112.5 + n * 1e-4, 35.5) for n in range(40)], dtype=object)
    index = build_overlaps(stack)
    plane = Plane(112.4, 35.4)
    few = (np.empty(8, np.int32), np.empty(8), np.empty(8))
    count, _ = near_overlaps(
        *index.buffer.args, boxed((112.4, 35.4, plane.kx, plane.ky), 5.0), 0.0, np.ones(len(stack)), *few
    )
    assert count == FULL
