"""Random areas in a box of one degree: a coverage like townships, and polygons that overlap."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.spatial import Voronoi
from shapely import Polygon, box

WEST, SOUTH, EAST, NORTH = 112.0, 35.0, 113.0, 36.0


def voronoi_towns(seed: int, count: int, jitter: float = 0.0) -> np.ndarray:
    """A coverage of a box: cells of random seeds, clipped together so that shared borders stay equal."""
    rng = np.random.default_rng(seed)
    seeds = rng.uniform((WEST, SOUTH), (EAST, NORTH), (count, 2))
    far = np.array(
        [(WEST - 9, SOUTH - 9), (EAST + 9, SOUTH - 9), (EAST + 9, NORTH + 9), (WEST - 9, NORTH + 9)]
    )
    cells = Voronoi(np.vstack((seeds, far)))
    ridges = [cells.vertices[r] for r in cells.ridge_vertices if min(r) >= 0]
    lines = shapely.segmentize(shapely.linestrings(ridges), 0.01)
    frame = shapely.segmentize(box(WEST, SOUTH, EAST, NORTH).exterior, 0.03)
    noded = shapely.unary_union([*shapely.intersection(lines, box(WEST, SOUTH, EAST, NORTH)), frame])
    if jitter:
        noded = shapely.transform(noded, lambda xy: xy + jitter * np.sin(1e6 * xy[:, ::-1]))
    return np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))


def random_areas(seed: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(count):
        corners = rng.integers(3, 200)
        turns = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radius = rng.uniform(0.02, 0.3) * (1 + 0.3 * rng.random(corners))
        middle = rng.uniform((WEST, SOUTH), (EAST, NORTH))
        areas.append(Polygon(middle + radius[:, None] * np.column_stack((np.cos(turns), np.sin(turns)))))
    found = np.asarray(areas, dtype=object)
    return found[shapely.is_valid(found)]
