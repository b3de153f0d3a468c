"""Overlap areas from the cell index, against shapely's intersections."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon, affinity, box
from test_cells import EAST, NORTH, SOUTH, WEST, random_areas

from geo.cells import build_overlaps
from geo.overlaps import overlap_areas

ZONES = np.concatenate(
    (
        random_areas(41, 60),
        np.asarray(
            [
                Polygon(box(112, 35, 113, 36).exterior, [box(112.2, 35.2, 112.3, 35.3).exterior]),
                MultiPolygon([box(112, 35, 112.5, 35.5), box(112.7, 35, 113, 36)]),
                box(112.25, 35.25, 112.75, 35.75),
            ],
            dtype=object,
        ),
    )
)


def footprints(seed: int, count: int) -> np.ndarray:
    """Quads, concave and holed shapes of all sizes; some share corners and edges with the zones."""
    rng = np.random.default_rng(seed)
    found: list[object] = []
    for n in range(count):
        x, y = rng.uniform((WEST - 0.05, SOUTH - 0.05), (EAST, NORTH))
        size = 10 ** rng.uniform(-4, -1)
        square = affinity.rotate(box(x, y, x + size, y + size * rng.uniform(0.2, 2)), rng.uniform(0, 90))
        if n % 4 == 1:
            turns = np.sort(rng.uniform(0, 2 * np.pi, 9))
            radius = size * rng.uniform(0.3, 1, 9)
            square = Polygon(np.column_stack((x + radius * np.cos(turns), y + radius * np.sin(turns))))
        elif n % 4 == 2:
            square = Polygon(square.exterior, [affinity.scale(square, 0.5, 0.5).exterior])
        elif n % 4 == 3:
            square = MultiPolygon([square, affinity.translate(square, 3 * size, 0)])
        if square.is_valid:
            found.append(square)
    touching = [
        box(112.75, 35.3, 112.8, 35.4),  # an edge of the middle box in common, from outside
        box(112.7, 35.3, 112.75, 35.4),  # and from inside
        box(112.25, 35.25, 112.75, 35.75),  # the same area
        box(112.2, 35.2, 112.3, 35.3),  # the hole itself
        box(112.75, 35.75, 112.8, 35.8),  # a corner in common
    ]
    return np.asarray([*found, *touching], dtype=object)


@pytest.mark.parametrize("size", [None, 2.0**-4, 2.0**-8])
def test_overlaps_are_those_of_shapely(size: float | None) -> None:
    places = footprints(9, 300)
    index = build_overlaps(ZONES, size)
    where, which, areas = overlap_areas(index, ZONES, places)
    told = {(int(p), int(z)): float(a) for p, z, a in zip(where, which, areas, strict=True)}
    assert len(told) == len(where), "a pair is told twice"
    pairs = shapely.STRtree(ZONES).query(places, predicate="intersects").T.tolist()
    slight = 0
    for place, zone in pairs:
        expected = shapely.intersection(places[place], ZONES[zone]).area
        found = told.pop((place, zone), 0.0)
        # GEOS rounds the corners of an intersection to 1.4e-14 degrees, along the whole of its border
        rounding = 3e-14 * shapely.length(places[place])
        assert found == pytest.approx(expected, rel=1e-9, abs=rounding), (place, zone)
        slight += int(0 < expected < 0.5 * places[place].area)
    assert not told, "pairs that do not meet"
    assert slight > 30, "most must be cut by a border, or nothing is tested"


def test_borders_in_common_are_no_overlap() -> None:
    places = footprints(9, 0)
    where, which, areas = overlap_areas(build_overlaps(ZONES[-1:]), ZONES[-1:], places)
    assert where.tolist() == [1, 2, 3]
    assert which.tolist() == [0, 0, 0]
    assert areas.tolist() == pytest.approx([0.005, 0.25, 0.0025])


def test_threads_change_nothing() -> None:
    places = np.tile(footprints(10, 200), 30)
    index = build_overlaps(ZONES)
    one, two = (overlap_areas(index, ZONES, places, threads) for threads in (1, 2))
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(a, b)


def test_nothing_overlaps_nothing() -> None:
    index = build_overlaps(ZONES)
    nowhere = np.asarray([box(0, 0, 1, 1), Polygon(), None], dtype=object)
    assert [len(part) for part in overlap_areas(index, ZONES, nowhere)] == [0, 0, 0]
    assert [len(part) for part in overlap_areas(index, ZONES, nowhere[:0])] == [0, 0, 0]
