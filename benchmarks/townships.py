"""Districts split into townships: crooked Voronoi cells that form a valid coverage.

Each district is cut on its own, some ten times faster than noding the whole country at once. What neighbours
must agree on are the places where a township border meets their common border: these are found first for all
districts and put into the borders on both sides; only then is each district cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from scipy.spatial import Voronoi, cKDTree

from benchmarks.borders import Borders, Floats, Ints, Shapes, Splits, crossings, splits_on
from benchmarks.districts import Districts

Step = Callable[[], None]

SEED: Final = 7
BEND: Final = 0.2  # a middle is displaced by up to this part of its edge's length
LEVELS: Final = 5  # each doubles the edges of a border
FIRST: Final = 100  # the last three digits of a district's first township
THREADS: Final = 2
JINCHENG: Final = {"140502": 11, "140521": 13, "140522": 13, "140524": 13, "140525": 13, "140581": 14}


@dataclass(frozen=True)
class Townships:
    """A valid coverage sorted by code: nine digits, the first six the district's."""

    codes: np.ndarray
    names: np.ndarray
    geoms: Shapes
    districts: Districts
    """The given districts with the vertices that their townships have put on their borders."""


@dataclass(frozen=True)
class _Plan:
    """How a district is cut: seeds, crooked lines as coordinates and each one's line, new border vertices."""

    seeds: Floats
    xy: Floats
    line: Ints
    border: Splits


def counts_for(districts: Districts, mean: float) -> list[int]:
    """Townships a district: more for larger ones, about ``mean`` on average; Jincheng's real numbers."""
    area = shapely.area(districts.geoms)
    weight = 6 + 8 * np.minimum(3, np.sqrt(area / np.median(area)))
    counts = np.maximum(3, np.round(weight * mean * len(area) / weight.sum())).astype(int).tolist()
    return [JINCHENG.get(code, count) for code, count in zip(districts.codes.tolist(), counts, strict=True)]


def split(districts: Districts, counts: Sequence[int], step: Step = lambda: None) -> Townships:
    """Split every district into about so many townships: a seed is lost where others' lines swallow it.

    ``step`` is called twice a district. The same input gives the same townships.
    """
    borders = Borders(districts.geoms)

    def plan(n: int) -> _Plan:
        step()
        numbers = borders.segments_of(n)
        return _plan(int(districts.codes[n]), districts.geoms[n], counts[n], numbers, borders.ends[numbers])

    def cut(n: int) -> Shapes:
        step()
        return _pieces(bounds[n], plans[n])

    with ThreadPoolExecutor(THREADS) as pool:
        plans = list(pool.map(plan, range(len(counts))))
        bounds = borders.with_vertices(Splits.joined([p.border for p in plans]))
        pieces = list(pool.map(cut, range(len(counts))))
    return _coded(Districts(districts.codes, districts.names, bounds), pieces)


def _plan(code: int, district: shapely.Geometry, count: int, numbers: Ints, segments: Floats) -> _Plan:
    random = np.random.default_rng([SEED, code])
    shapely.prepare(district)
    seeds = _seeds(random, district, count)
    crooked = _crooked(random, _ridges(seeds, district.bounds))
    lines = shapely.linestrings(crooked)
    lines = lines[shapely.intersects(district, lines)]
    xy, line = shapely.get_coordinates(lines, return_index=True)
    first = np.flatnonzero(line[1:] == line[:-1])
    edges = np.hstack([xy[first], xy[first + 1]])
    edge, segment, met = crossings(edges, segments)
    on_line = splits_on(edges, edge, met).sorted()
    at = first[on_line.edge] + 1
    xy, line = np.insert(xy, at, on_line.xy, axis=0), np.insert(line, at, line[at])
    on_border = splits_on(segments, segment, met)
    return _Plan(seeds, xy, line, Splits(numbers[on_border.edge], on_border.along, on_border.xy))


def _seeds(random: np.random.Generator, district: shapely.Geometry, count: int) -> Floats:
    """Places inside the district, each the farthest from the others of three tries."""
    box = np.reshape(district.bounds, (2, 2))
    inside = np.empty((0, 2))
    while len(inside) < 3 * count:
        tries = random.uniform(box[0], box[1], (12 * count, 2))
        inside = np.vstack([inside, tries[shapely.contains_xy(district, tries)]])
    chosen = inside[:1]
    for n in range(1, count):
        tries = inside[3 * n : 3 * n + 3]
        chosen = np.vstack([chosen, tries[cKDTree(chosen).query(tries)[0].argmax()]])
    return chosen


def _ridges(seeds: Floats, bounds: tuple[float, float, float, float]) -> Floats:
    """Borders between the seeds' cells as rows (x1, y1, x2, y2), cut a little outside the district's box."""
    west, south, east, north = bounds
    turn = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    reach = 4 * max(east - west, north - south)
    ring = [(west + east) / 2, (south + north) / 2] + reach * np.column_stack([np.cos(turn), np.sin(turn)])
    cells = Voronoi(np.vstack([seeds, ring]))
    pairs = np.array([pair for pair in cells.ridge_vertices if min(pair) >= 0])
    margin = 0.05 * (reach / 4)
    box = (west - margin, south - margin, east + margin, north + margin)
    lines = shapely.clip_by_rect(shapely.linestrings(cells.vertices[pairs]), *box)
    whole = lines[(shapely.get_type_id(lines) == 1) & ~shapely.is_empty(lines)]
    return shapely.get_coordinates(whole).reshape(-1, 4)


def _crooked(random: np.random.Generator, ridges: Floats) -> Floats:
    """Middles displaced again and again: (n, 2**LEVELS + 1, 2) coordinates."""
    xy = ridges.reshape(-1, 2, 2)
    for _ in range(LEVELS):
        run = np.diff(xy, axis=1)
        across = np.stack([-run[..., 1], run[..., 0]], axis=-1)
        bend = random.uniform(-BEND, BEND, (*run.shape[:2], 1))
        finer = np.empty((len(xy), 2 * xy.shape[1] - 1, 2))
        finer[:, ::2], finer[:, 1::2] = xy, (xy[:, :-1] + xy[:, 1:]) / 2 + across * bend
        xy = finer
    return xy


def _pieces(district: shapely.Geometry, plan: _Plan) -> Shapes:
    """One polygon a seed: the faces of the lines, each given to the seed in it, or else to the nearest."""
    lines = shapely.linestrings(plan.xy, indices=plan.line)
    noded = shapely.unary_union(np.append(lines, shapely.boundary(district)))
    faces = shapely.get_parts(shapely.polygonize([noded]))
    shapely.prepare(district)
    middles = shapely.point_on_surface(faces)
    inside = shapely.contains(district, middles)
    faces, middles = faces[inside], middles[inside]
    owner = cKDTree(plan.seeds).query(shapely.get_coordinates(middles))[1]
    seed, face = shapely.STRtree(faces).query(shapely.points(plan.seeds), predicate="within")
    owner[face] = seed
    order = np.argsort(owner, kind="stable")
    begin = np.flatnonzero(np.diff(owner[order], prepend=-1))
    groups = np.split(faces[order], begin[1:])
    return np.array([g[0] if len(g) == 1 else shapely.coverage_union_all(g) for g in groups], dtype=object)


def _coded(districts: Districts, pieces: list[Shapes]) -> Townships:
    rows = [
        (f"{code}{FIRST + n}", f"{name}第{n + 1}镇")
        for code, name, some in zip(districts.codes, districts.names, pieces, strict=True)
        for n in range(len(some))
    ]
    codes, names = np.array(rows).T
    order = np.argsort(codes, kind="stable")
    return Townships(codes[order], names[order], np.concatenate(pieces)[order], districts)
