"""The cell index gives shapely's answers, at every point, exact ties included."""

from __future__ import annotations

import hashlib
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from shapely import MultiPolygon, Polygon, box
from support.areas import EAST, NORTH, SOUTH, WEST, random_areas, voronoi_towns

import geo.index
import geo.index.kernel
from core.settings import ROOT
from geo.index.cell_index import (
    CoverageIndex,
    NotACoverage,
    build_coverage,
    build_overlaps,
    open_index,
    store,
)
from geo.index.kernel.orientation import is_right, on_segment, side


def hard_points(geoms: np.ndarray, seed: int, count: int = 20_000) -> np.ndarray:
    """Uniform points, all vertices, the middles of all edges, points a hair beside them, grid corners."""
    rng = np.random.default_rng(seed)
    vertices, ring = shapely.get_coordinates(shapely.get_rings(geoms), return_index=True)
    same = ring[1:] == ring[:-1]
    middles = ((vertices[1:] + vertices[:-1]) / 2)[same]
    hair = np.nextafter(vertices, np.where(rng.random(vertices.shape) < 0.5, -np.inf, np.inf))
    corners = np.stack(np.meshgrid(np.arange(WEST, EAST, 2.0**-5), np.arange(SOUTH, NORTH, 2.0**-5)), -1)
    low, high = (WEST - 0.1, SOUTH - 0.1), (EAST + 0.1, NORTH + 0.1)
    return np.vstack(
        (
            rng.uniform(low, high, (count, 2)),
            vertices,
            middles,
            hair,
            corners.reshape(-1, 2),
            [(0, 0), (500, 90)],
        )
    )


def shapely_pairs(geoms: np.ndarray, points: np.ndarray) -> set[tuple[int, int]]:
    found = shapely.STRtree(geoms).query(shapely.points(points), predicate="intersects")
    return set(zip(*found.tolist(), strict=True))


def pairs_of(index: object, points: np.ndarray, threads: int = 0) -> set[tuple[int, int]]:
    where, area = index.pairs(points, threads)  # type: ignore[attr-defined]
    pairs = list(zip(where.tolist(), area.tolist(), strict=True))
    assert len(pairs) == len(set(pairs)), "a pair is told twice"
    return set(pairs)


@pytest.mark.parametrize("size", [None, 2.0**-3, 2.0**-6, 2.0**-9])
@pytest.mark.parametrize(("seed", "count", "jitter"), [(1, 3, 0.0), (2, 60, 0.0), (3, 400, 1e-5)])
def test_a_coverage_answers_as_shapely(seed: int, count: int, jitter: float, size: float | None) -> None:
    towns = voronoi_towns(seed, count, jitter)
    assert shapely.coverage_is_valid(towns)
    points = hard_points(towns, seed)
    index = build_coverage(towns, size)
    expected = shapely_pairs(towns, points)
    assert pairs_of(index, points) == expected
    first: dict[int, int] = {}
    for point, area in sorted(expected, reverse=True):
        first[point] = area
    located = index.locate(points)
    assert located.tolist() == [first.get(n, -1) for n in range(len(points))]
    assert np.array_equal(located, index.locate(points, threads=1))
    shared = np.bincount([point for point, _ in expected])
    assert (shared > 1).sum() > 100, "the points must hold ties, or nothing is tested"


SPECIAL = [
    MultiPolygon([box(112, 35, 112.5, 35.5), box(112.7, 35, 113, 36)]),
    Polygon(box(112, 35, 113, 36).exterior, [box(112.2, 35.2, 112.3, 35.3).exterior]),
    box(112, 35, 113, 36),
    box(112, 35, 113, 36),
    Polygon([(112.1, 35.1), (112.9, 35.1), (112.5, 35.9)]),
    Polygon([(112.25, 35.25), (112.25 + 1e-9, 35.25), (112.25, 35.25 + 1e-9)]),
]


@pytest.mark.parametrize("size", [None, 2.0**-3, 2.0**-6, 2.0**-8])
def test_overlapping_areas_answer_as_shapely(size: float | None) -> None:
    areas = np.concatenate((random_areas(5, 120), np.asarray(SPECIAL, dtype=object)))
    points = hard_points(areas, 5)
    index = build_overlaps(areas, size)
    expected = shapely_pairs(areas, points)
    assert pairs_of(index, points) == expected
    assert pairs_of(index, points, threads=1) == expected


def test_deep_stacks_of_areas_are_all_told() -> None:
    """More areas over one point than the index makes room for at first."""
    stack = np.asarray([box(112 - n * 1e-4, 35, 113, 36 + n * 1e-4) for n in range(600)], dtype=object)
    assert len(build_overlaps(stack).pairs(np.array([[112.5, 35.5]]))[0]) == 600


def town(west: float, south: float, east: float, north: float) -> Polygon:
    return box(112 + west, 35 + south, 112 + east, 35 + north)


NO_COVERAGES = {
    "the same area twice": [town(0, 0, 0.5, 1), town(0, 0, 0.5, 1)],
    "crossing borders": [town(0, 0, 0.5, 1), town(0.4, 0.2, 0.9, 0.7)],
    "an island over an area": [town(0, 0, 0.5, 1), town(0.2, 0.2, 0.201, 0.201)],
    "an island that touches a corner": [
        town(0, 0, 0.5, 1),
        Polygon([(112, 35), (112.1, 35.05), (112.05, 35.1)]),
    ],
    "an area along a border, inside": [town(0, 0, 0.5, 1), town(0, 0.2, 0.1, 0.4)],
    "a corner on a neighbour's edge": [town(0, 0, 0.5, 1), town(0.5, 0.25, 1, 0.75)],
}


@pytest.mark.parametrize("name", NO_COVERAGES)
def test_what_is_no_coverage_is_refused(name: str) -> None:
    areas = np.asarray(NO_COVERAGES[name], dtype=object)
    assert not shapely.coverage_is_valid(areas)
    with pytest.raises(NotACoverage):
        build_coverage(areas)


def test_towns_with_holes_islands_and_touching_corners_are_a_coverage() -> None:
    hole = [(112.2, 35.2), (112.3, 35.2), (112.3, 35.3), (112.2, 35.3)]
    areas = np.asarray(
        [
            Polygon(town(0, 0, 0.5, 0.5).exterior, [hole]),
            Polygon(hole),
            MultiPolygon([town(0.5, 0.5, 1, 1), town(2, 0, 2.1, 0.1)]),
        ],
        dtype=object,
    )
    assert shapely.coverage_is_valid(areas)
    points = hard_points(areas, 7, 5_000)
    assert pairs_of(build_coverage(areas), points) == shapely_pairs(areas, points)


def test_a_file_is_mapped_and_answers_alike(tmp_path: Path) -> None:
    towns, zones = voronoi_towns(4, 50), random_areas(6, 40)
    points = hard_points(towns, 4, 2_000)
    for number, index in enumerate((build_coverage(towns), build_overlaps(zones))):
        path = tmp_path / f"{number}.cells"
        store(index, path)
        mapped = open_index(path)
        assert type(mapped) is type(index)
        assert mapped is not None and mapped.areas == index.areas
        assert pairs_of(mapped, points) == pairs_of(index, points)


def test_a_file_of_another_layout_is_no_index(tmp_path: Path) -> None:
    assert open_index(tmp_path / "none.cells") is None
    (tmp_path / "short.cells").write_bytes(b"abc")
    assert open_index(tmp_path / "short.cells") is None
    (tmp_path / "other.cells").write_bytes(b"0" * 4096)
    assert open_index(tmp_path / "other.cells") is None


def test_the_areas_at_one_point_are_those_of_shapely() -> None:
    towns, zones = voronoi_towns(8, 40), random_areas(9, 30)
    units, areas = build_coverage(towns), build_overlaps(zones)
    points = hard_points(towns, 8, 500)
    for place in points[:: len(points) // 2_000]:
        inside = shapely.Point(place)
        expected = [np.flatnonzero(shapely.intersects(geoms, inside)).tolist() for geoms in (towns, zones)]
        found = [index.areas_at(*place.tolist()).tolist() for index in (units, areas)]
        assert [sorted(part) for part in found] == expected
        pairs = [index.pairs(place[None], 1)[1].tolist() for index in (units, areas)]
        assert found == pairs, "in the order of pairs"


def test_points_that_are_no_numbers_are_outside() -> None:
    index = build_coverage(voronoi_towns(8, 10))
    nothing = np.array([[np.nan, 35.5], [112.5, np.nan], [np.inf, 35.5], [112.5, -np.inf]])
    assert index.locate(nothing).tolist() == [-1] * 4
    assert isinstance(index, CoverageIndex)


near = st.integers(min_value=-3, max_value=3)
coordinate = st.tuples(st.sampled_from([112.0, 112.4, 112.40000000000001, 35.6, 113.0]), near)


@settings(max_examples=300, deadline=None)
@given(st.lists(coordinate, min_size=6, max_size=6))
def test_sides_are_exact(given_numbers: list[tuple[float, int]]) -> None:
    """Against rational arithmetic, on coordinates a few ulps apart."""
    ax, ay, bx, by, px, py = (value + n * np.spacing(value) for value, n in given_numbers)
    f = [Fraction(float(v)) for v in (ax, ay, bx, by, px, py)]
    det = (f[2] - f[0]) * (f[5] - f[1]) - (f[3] - f[1]) * (f[4] - f[0])
    assert side(ax, ay, bx, by, px, py) == (det > 0) - (det < 0)


def test_sides_of_points_on_long_edges_are_exact() -> None:
    """Middles of edges, rounded: mostly a hair off the edge, on a side that only exact arithmetic tells."""
    rng = np.random.default_rng(12)
    a, b = rng.uniform((73, 18), (135, 53), (2, 3_000, 2))
    share = rng.random((3_000, 1))
    signs = set()
    for (ax, ay), (bx, by), (px, py) in zip(
        a.tolist(), b.tolist(), (a + (b - a) * share).tolist(), strict=True
    ):
        f = [Fraction(v) for v in (ax, ay, bx, by, px, py)]
        det = (f[2] - f[0]) * (f[5] - f[1]) - (f[3] - f[1]) * (f[4] - f[0])
        found = side(ax, ay, bx, by, px, py)
        signs.add(found)
        assert found == (det > 0) - (det < 0)
    assert {-1, 1} <= signs


def test_a_point_on_an_edge_counts_as_left_of_it() -> None:
    assert not is_right(112.0, 35.0, 112.0, 36.0, 112.0, 35.5)
    assert is_right(112.0, 35.0, 112.0, 36.0, 112.1, 35.5)
    assert is_right(112.0, 36.0, 112.0, 35.0, 112.1, 35.5), "whichever way it runs"
    assert on_segment(112.0, 35.0, 112.0, 36.0, 112.0, 36.0)
    assert not on_segment(112.0, 35.0, 112.0, 36.0, 112.0, 36.5)


def test_compiled_loops_are_kept_under_the_contents_of_all_of_them() -> None:
    """A loop that takes in a changed one of another file must not be found as it was."""
    own = Path(geo.index.kernel.__file__).parent.rglob("*.py")
    others = (ROOT / name for name in git_files("*kernel.py"))
    sources = b"".join(path.read_bytes() for path in sorted({*own, *others}))
    assert config.CACHE_DIR.endswith(hashlib.sha256(sources).hexdigest()[:16])


def git_files(pattern: str) -> list[str]:
    """The tracked files of a pattern, none of them a test."""
    listed = subprocess.run(
        ["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split() if not name.startswith("tests/")]
