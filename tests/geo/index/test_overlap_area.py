"""Overlap areas from the cell index, against shapely's intersections."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, affinity, box
from support.areas import EAST, NORTH, SOUTH, WEST, random_areas

from geo.index.cell_index import build_overlaps
from geo.index.overlap_area import overlap_areas

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


STEP = 2.0**-7
SHEARS = {"level": [1, 0, 0, 1, 0, 0], "slanted": [1.25, 0.25, 1, 1, 0, 0]}  # both keep areas, and are exact


def lattice_shapes(masks: np.ndarray, corners: np.ndarray, shear: str) -> np.ndarray:
    """The squares of a lattice that masks (n, rows, columns) hold, from corners (n, 2) on."""
    shapes = []
    for mask, corner in zip(masks, corners, strict=True):
        rows, columns = np.nonzero(mask)
        x, y = (columns + corner[0]) * STEP, (rows + corner[1]) * STEP
        shape = shapely.union_all(shapely.box(x, y, x + STEP, y + STEP))
        shapes.append(affinity.affine_transform(shape, SHEARS[shear]))
    return shapely.transform(np.asarray(shapes, dtype=object), lambda xy: xy + (WEST, SOUTH))


@pytest.mark.parametrize("shear", SHEARS)
@pytest.mark.parametrize("size", [2.0**-4, 2.0**-7, 2.0**-10])
def test_shapes_of_a_lattice_are_told_exactly(size: float, shear: str) -> None:
    """Borders, parts of borders and corners in common everywhere; overlaps are counted, not computed."""
    rng = np.random.default_rng(77)
    masks, corners = rng.random((70, 6, 6)) < rng.uniform(0.1, 0.9, (70, 1, 1)), rng.integers(0, 8, (70, 2))
    masks[:, 0, 0] = True
    counts = np.zeros((70, 14, 14), np.int64)
    for mask, corner, count in zip(masks, corners, counts, strict=True):
        count[corner[1] : corner[1] + 6, corner[0] : corner[0] + 6] = mask
    shapes = lattice_shapes(masks, corners, shear)
    assert shapely.is_valid(shapes).all()
    assert {"Polygon", "MultiPolygon"} == {shape.geom_type for shape in shapes}
    zones, places = shapes[:40], shapes[40:]
    where, which, areas = overlap_areas(build_overlaps(zones, size), zones, places)
    common = np.einsum("pij,zij->pz", counts[40:], counts[:40])
    assert np.array_equal(np.column_stack((where, which)), np.argwhere(common))
    assert areas == pytest.approx(common[where, which] * STEP**2, rel=1e-13)
    assert (common == 0).sum() > 30, "some must meet only in borders or corners"


Place = tuple[Fraction, Fraction]
Line = tuple[Place, Place, int]


def lines(shape: Polygon) -> list[Line]:
    """The edges of a polygon from west to east, with 1 where it is below and -1 where it is above."""
    places = [(Fraction(x), Fraction(y)) for x, y in shapely.orient_polygons(shape).exterior.coords]
    steps = zip(places, places[1:], strict=False)
    return [(a, b, -1) if a[0] < b[0] else (b, a, 1) for a, b in steps if a[0] != b[0]]


def height(line: Line, x: Fraction) -> Fraction:
    (x1, y1), (x2, y2), _ = line
    return y1 + (y2 - y1) * (x - x1) / (x2 - x1)


def truth(shape: Polygon, other: Polygon) -> Fraction:
    """The area of an overlap in rational numbers: of every two edges, what is below both."""
    total = Fraction(0)
    for one in lines(shape):
        for two in lines(other):
            left, right = max(one[0][0], two[0][0]), min(one[1][0], two[1][0])
            if left >= right:
                continue
            ends = [(height(one, x), height(two, x)) for x in (left, right)]
            low, high = ends[0][0] - ends[0][1], ends[1][0] - ends[1][1]
            twice = min(ends[0]) + min(ends[1])
            if low * high < 0:  # they cross: what the chord between the lower ends leaves out
                twice -= low * high / (abs(low) + abs(high))
            total += one[2] * two[2] * (right - left) * twice / 2
    return total


def rectangle(width: float, height: float, turn: float) -> Polygon:
    return affinity.rotate(box(112.4, 35.6, 112.4 + width, 35.6 + height), turn, origin=(112.4, 35.6))


turns = st.floats(0, 90)
lengths = st.floats(1e-5, 3e-3)
powers = st.floats(-10, 0)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(turns, turns, lengths, lengths, powers)
def test_overlaps_however_thin_are_right(
    tilt: float, turn: float, width: float, height: float, power: float
) -> None:
    """A rectangle that a slanting border cuts by a strip or a corner, against rational numbers."""
    place = rectangle(width, height, turn)
    zone = affinity.rotate(
        box(112.3, 35.5, 112.5, 35.6 + 10**power * height), turn + tilt / 90, origin=(112.4, 35.6)
    )
    index = build_overlaps(np.asarray([zone]), 2.0**-8)
    found, expected = Fraction(sum(overlap_areas(index, [zone], np.asarray([place]))[2])), truth(zone, place)
    west, south, east, north = place.bounds
    spacing = 2.0**-52 * 112.5 * place.length
    if min(expected, Fraction(place.area) - expected) < 2 * spacing:
        assert abs(found - expected) < 3 * spacing
    else:  # what is lost is a hundredth of the spacing of coordinates
        assert abs(found - expected) < 0.01 * spacing + 2.0**-50 * (east - west) * (north - south)


def test_what_an_area_covers_is_its_own_area() -> None:
    zone = rectangle(0.3, 0.3, 17)
    corners = np.asarray(zone.exterior.coords)
    shares = np.sort(np.random.default_rng(5).uniform(0, 1, (200, 3)), axis=1)
    border = corners[0] + shares[..., None] * (corners[1] - corners[0])  # a hair off it, mostly
    inner = (corners[2] - corners[1]) * np.random.default_rng(6).uniform(1e-3, 0.5, (200, 1))
    inside = shapely.polygons(np.concatenate((border, (border[:, 1] + inner)[:, None]), axis=1))
    outside = shapely.polygons(np.concatenate((border, (border[:, 1] - inner)[:, None]), axis=1))
    index = build_overlaps(np.asarray([zone]), 2.0**-6)
    where, _, areas = overlap_areas(index, [zone], np.concatenate((inside, outside)))
    assert where.tolist() == list(range(200)), "a border in common is no overlap, however it was rounded"
    assert np.array_equal(areas, shapely.area(inside))


def test_an_index_of_other_areas_is_refused() -> None:
    with pytest.raises(ValueError, match="of 3 areas, not of 63"):
        overlap_areas(build_overlaps(ZONES[-3:]), ZONES, ZONES)
