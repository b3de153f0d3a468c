"""Borders of areas as edges between consecutive vertices; in a coverage, with the areas on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numba import njit, prange
from numpy.typing import NDArray

from geo.index.kernel.buffer import Grid
from geo.index.kernel.layout import F8, I4, I8, SIDE, Bools, Box

NONE: Final = -1  # no area on this side
TWIN: Final = -2  # not an edge, or the neighbour's edge in the other direction is kept in its place


@dataclass(frozen=True, slots=True)
class Edges:
    """Edge k runs from vertex k to vertex k + 1 of ``coords``, shape (n, 2), degrees.

    ``left``, ``right``, shape (n,): the areas on its sides, or NONE; ``left`` is TWIN where there is no
    edge at k (a ring's last vertex, two equal vertices) or where its twin is kept in its place.
    """

    coords: F8
    left: I4
    right: I4

    def bounds(self) -> Box:
        """West, south, east, north of all vertices."""
        west, south = self.coords.min(axis=0).tolist()
        east, north = self.coords.max(axis=0).tolist()
        return west, south, east, north


def edges_of(geoms: NDArray[np.object_]) -> Edges:
    """The edges of Polygons and MultiPolygons, shape (m,), each with the area on its inner side only."""
    kind, coords, offsets = shapely.to_ragged_array(geoms)
    rings, polygons, *multi = offsets
    area_of_polygon = np.arange(len(polygons) - 1, dtype=np.int32)
    if multi:
        area_of_polygon = np.repeat(np.arange(len(multi[0]) - 1, dtype=np.int32), np.diff(multi[0]))
    per_polygon = np.diff(polygons)
    area = np.repeat(area_of_polygon, per_polygon)
    hole = np.ones(len(rings) - 1, dtype=np.bool_)
    hole[polygons[:-1][per_polygon > 0]] = False
    coords = np.ascontiguousarray(coords[:, :2])
    left, right = _sides(coords, rings.astype(np.int64), area, hole)
    return Edges(coords, left, right)


@njit(cache=True, parallel=True)
def _sides(
    coords: F8,
    rings: I8,
    area: I4,
    hole: Bools,
) -> tuple[I4, I4]:
    """The area on the left and on the right of every edge, from the turn of its ring (shoelace formula).

    Coordinates are taken from the ring's first vertex: with those of degrees a small ring's area would drown
    in rounding, and its turn with it.
    """
    left = np.full(len(coords), TWIN, np.int32)
    right = np.full(len(coords), NONE, np.int32)
    for r in prange(len(rings) - 1):
        first, last = rings[r], rings[r + 1] - 1
        twice = 0.0
        x0, y0 = coords[first, 0], coords[first, 1]
        for k in range(first, last):
            twice += (coords[k, 0] - x0) * (coords[k + 1, 1] - y0) - (coords[k + 1, 0] - x0) * (
                coords[k, 1] - y0
            )
        inner_left = (twice > 0.0) != hole[r]
        for k in range(first, last):
            if coords[k, 0] != coords[k + 1, 0] or coords[k, 1] != coords[k + 1, 1]:
                left[k] = area[r] if inner_left else NONE
                right[k] = NONE if inner_left else area[r]
    return left, right


def join_shared_edges(edges: Edges, grid: Grid) -> int:
    """Join the two edges on a border of two areas into one with both of them, in place.

    Returns how many edges claim a side that another area has; 0 in a coverage.
    """
    coarse = grid.size * SIDE
    return int(
        _join(
            edges.coords,
            edges.left,
            edges.right,
            (grid.west, grid.south, 1.0 / coarse),
            (grid.columns, grid.rows),
        )
    )


@njit(inline="always")
def _is_up(coords: F8, k: int) -> bool:
    """Whether an edge runs upward (a level one: eastward)."""
    return coords[k + 1, 1] > coords[k, 1] or (
        coords[k + 1, 1] == coords[k, 1] and coords[k + 1, 0] > coords[k, 0]
    )


@njit(inline="always")
def _low(coords: F8, k: int) -> int:
    """The vertex at the lower end of an edge."""
    return k if _is_up(coords, k) else k + 1


@njit(cache=True)
def _bucket(
    coords: F8,
    left: I4,
    origin: tuple[float, float, float],
    shape: tuple[int, int],
) -> tuple[I8, I4]:
    """Edges grouped by the coarse cell of their lower end, in order."""
    west, south, inverse = origin
    cell = np.full(len(left), -1, np.int32)
    starts = np.zeros(shape[0] * shape[1] + 1, np.int64)
    for k in range(len(left)):
        if left[k] != TWIN:
            v = _low(coords, k)
            cell[k] = int((coords[v, 1] - south) * inverse) * shape[0] + int((coords[v, 0] - west) * inverse)
            starts[cell[k] + 1] += 1
    for c in range(len(starts) - 1):
        starts[c + 1] += starts[c]
    at = starts[:-1].copy()
    order = np.empty(starts[-1], np.int32)
    for k in range(len(left)):
        if cell[k] >= 0:
            order[at[cell[k]]] = k
            at[cell[k]] += 1
    return starts, order


@njit(inline="always")
def _hash(coords_bits: I8, low: int, high: int) -> int:
    """A hash of an edge by the bits of its ends, the same in both directions.

    Odd constants spread the high bits of a double, which hardly differ between neighbours; the shifts at the
    end fold them into the low bits, which the table uses.
    """
    h = coords_bits[2 * low] * 0x9E3779B97F4A7C1 ^ coords_bits[2 * low + 1] * 0x632BE59BD9B4E01
    h ^= coords_bits[2 * high] * 0x2545F4914F6CDD1 ^ coords_bits[2 * high + 1] * 0x27D4EB2F165667C5
    return h ^ (h >> 29) ^ (h >> 47)


@njit(inline="always")
def _same(coords: F8, a: int, b: int) -> bool:
    """Whether two vertices have equal coordinates."""
    return coords[a, 0] == coords[b, 0] and coords[a, 1] == coords[b, 1]


@njit(cache=True, parallel=True)
def _join(
    coords: F8,
    left: I4,
    right: I4,
    origin: tuple[float, float, float],
    shape: tuple[int, int],
) -> int:
    """Join the edges of each coarse cell: both edges of a border are in one, and one thread has it."""
    starts, order = _bucket(coords, left, origin, shape)
    bits = coords.reshape(-1).view(np.int64)
    clashes = 0
    for c in prange(len(starts) - 1):
        n = starts[c + 1] - starts[c]
        if n > 1:
            clashes += _join_cell(coords, bits, left, right, order[starts[c] : starts[c + 1]])
    return clashes


@njit(cache=True)
def _join_cell(
    coords: F8,
    bits: I8,
    left: I4,
    right: I4,
    members: I4,
) -> int:
    """Join the edges of a cell by a hash table with open addressing; how many claim a taken side."""
    size = 4
    while size < 2 * len(members):
        size *= 2
    table = np.full(size, -1, np.int32)
    clashes = 0
    for k in members:
        up = _is_up(coords, k)
        low, high = (k, k + 1) if up else (k + 1, k)
        slot = _hash(bits, low, high) & (size - 1)
        while True:
            other = table[slot]
            if other < 0:
                table[slot] = k
                break
            other_up = _is_up(coords, other)
            a, b = (other, other + 1) if other_up else (other + 1, other)
            if _same(coords, a, low) and _same(coords, b, high):
                clashes += _merge(left, right, k, other, up == other_up)
                break
            slot = (slot + 1) & (size - 1)
    return clashes


@njit(cache=True)
def _merge(left: I4, right: I4, k: int, kept: int, same_way: bool) -> int:
    """Give the kept edge the areas of its twin; 1 where it has another one on that side already."""
    on_left, on_right = (left[k], right[k]) if same_way else (right[k], left[k])
    clash = 0
    if on_left != NONE:
        clash = 1 if left[kept] != NONE else 0
        left[kept] = on_left
    if on_right != NONE:
        clash = 1 if right[kept] != NONE else clash
        right[kept] = on_right
    left[k] = TWIN
    return clash
