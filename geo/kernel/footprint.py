"""The edges of a footprint, as an integral over its area takes them, and their cut to a tile. Compiled.

The area of a footprint above a line is the sum, over its edges, of the integral of how far the edge is above
the line: added where the footprint lies below the edge, taken off where it lies above. Edges that run due
north or south add nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

I8 = NDArray[np.int64]
F8 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Box = tuple[float, float, float, float]  # west, south, east, north
Rings = tuple[
    F8, I8, Bools, I8
]  # vertices, where rings begin, which are holes, where footprints' rings begin
Footprint = tuple[F8, F8, int]  # edges, west and east end of every run of edges, how many edges
RUN: Final = 32  # edges; a run that has nothing in a stretch is passed over
X1, Y1, X2, Y2, SIGN = range(5)  # of an edge: west end, east end, 1 where the footprint is below, or -1


@njit(inline="always")
def height(x1: float, y1: float, x2: float, y2: float, x: float) -> float:
    """y of a line at x."""
    return y2 if x == x2 else y1 + (y2 - y1) * ((x - x1) / (x2 - x1))


@njit(inline="always")
def box_of(rings: Rings, n: int) -> Box:
    """The box of a footprint; from inf to -inf where it has no vertices."""
    coords, starts, _, firsts = rings
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for k in range(starts[firsts[n]], starts[firsts[n + 1]]):
        west, east = min(west, coords[k, 0]), max(east, coords[k, 0])
        south, north = min(south, coords[k, 1]), max(north, coords[k, 1])
    return west, south, east, north


@njit(inline="always")
def room_for(rings: Rings) -> tuple[F8, F8]:
    """Room for the edges, and the runs, of the largest footprint; twice as many when they are cut."""
    most = 0
    for n in range(len(rings[3]) - 1):
        most = max(most, rings[1][rings[3][n + 1]] - rings[1][rings[3][n]])
    return np.empty((2 * most, 5)), np.empty((2 * most // RUN + 1, 2))


@njit(inline="always")
def _ring_area(coords: F8, first: int, last: int) -> float:
    """Area, negative where the ring runs counter-clockwise: GEOS's sum in GEOS's order, and so its number."""
    total, x0 = 0.0, coords[first, 0]
    for k in range(first + 1, last - 1):
        total += (coords[k, 0] - x0) * (coords[k - 1, 1] - coords[k + 1, 1])
    return total / 2.0


@njit(inline="always")
def _put(edges: F8, runs: F8, count: int, edge: Box, sign: float) -> int:
    """Add an edge, which runs east; how many there are."""
    edges[count, X1], edges[count, Y1], edges[count, X2], edges[count, Y2] = edge
    edges[count, SIGN] = sign
    run = count // RUN
    if count % RUN == 0:
        runs[run, 0], runs[run, 1] = edge[0], edge[2]
    else:
        runs[run, 0], runs[run, 1] = min(runs[run, 0], edge[0]), max(runs[run, 1], edge[2])
    return count + 1


@njit(cache=True)
def edges_of(rings: Rings, n: int, box: Box, edges: F8, runs: F8) -> tuple[int, float]:
    """Write the edges of a footprint, relative to its box: their number, and the footprint's area."""
    coords, starts, holes, firsts = rings
    count, whole = 0, 0.0
    for ring in range(firsts[n], firsts[n + 1]):
        size = _ring_area(coords, starts[ring], starts[ring + 1])
        whole += -abs(size) if holes[ring] else abs(size)
        inner_left = (size < 0.0) != holes[ring]
        for k in range(starts[ring], starts[ring + 1] - 1):
            ax, ay, bx, by = coords[k, 0], coords[k, 1], coords[k + 1, 0], coords[k + 1, 1]
            ax, ay, bx, by = ax - box[0], ay - box[1], bx - box[0], by - box[1]
            sign = 1.0 if (bx > ax) != inner_left else -1.0
            if ax < bx:
                count = _put(edges, runs, count, (ax, ay, bx, by), sign)
            elif bx < ax:
                count = _put(edges, runs, count, (bx, by, ax, ay), sign)
    return count, whole


@njit(cache=True)
def cut(footprint: Footprint, tile: Box, edges: F8, runs: F8) -> int:
    """Write the edges of the part of a footprint in a tile (in the footprint's box), relative to the tile.

    What is above the tile becomes its top side, what is below adds nothing. Returns their number.
    """
    count, (west, south, east, north) = 0, tile
    top = north - south
    for first in range(0, footprint[2], RUN):
        if footprint[1][first // RUN, 0] >= east or footprint[1][first // RUN, 1] <= west:
            continue
        for k in range(first, min(first + RUN, footprint[2])):
            e = footprint[0][k]
            x1, x2 = max(e[X1], west), min(e[X2], east)
            if x1 >= x2 or (e[Y1] <= south and e[Y2] <= south):
                continue
            y1 = height(e[X1], e[Y1], e[X2], e[Y2], x1) - south
            y2 = height(e[X1], e[Y1], e[X2], e[Y2], x2) - south
            count = _put_cut(edges, runs, count, (x1 - west, y1, x2 - west, y2), top, e[SIGN])
    return count


@njit(inline="always")
def _put_cut(edges: F8, runs: F8, count: int, edge: Box, top: float, sign: float) -> int:
    """Add what lies between a tile's bottom, 0, and its top; what lies above, as a stretch of the top."""
    x1, y1, x2, y2 = edge
    if y1 < 0.0 or y2 < 0.0:
        x = min(max(x1 + (x2 - x1) * (y1 / (y1 - y2)), x1), x2)
        x1, y1, x2, y2 = (x, 0.0, x2, y2) if y1 < 0.0 else (x1, y1, x, 0.0)
    if (y1 > top) != (y2 > top):
        x = min(max(x1 + (x2 - x1) * ((top - y1) / (y2 - y1)), x1), x2)
        above = (x1, top, x, top) if y1 > top else (x, top, x2, top)
        count = _put(edges, runs, count, above, sign)
        x1, y1, x2, y2 = (x, top, x2, y2) if y1 > top else (x1, y1, x, top)
    return _put(edges, runs, count, (x1, min(y1, top), x2, min(y2, top)), sign)


@njit(cache=True)
def above(footprint: Footprint, piece: Box) -> tuple[float, float]:
    """Area of a footprint above a piece of a line that runs east; width of all that was summed."""
    x1, y1, x2, y2 = piece
    edges, runs, count = footprint
    area, width = 0.0, 0.0
    for first in range(0, count, RUN):
        if runs[first // RUN, 0] >= x2 or runs[first // RUN, 1] <= x1:
            continue
        for k in range(first, min(first + RUN, count)):
            left, right = max(x1, edges[k, X1]), min(x2, edges[k, X2])
            if left < right:
                a, b, c, d = edges[k, X1], edges[k, Y1], edges[k, X2], edges[k, Y2]
                low = height(a, b, c, d, left) - height(x1, y1, x2, y2, left)
                high = height(a, b, c, d, right) - height(x1, y1, x2, y2, right)
                area += edges[k, SIGN] * (right - left) * _positive(low, high)
                width += right - left
    return area, width


@njit(inline="always")
def _positive(low: float, high: float) -> float:
    """Mean of what is above 0 of a line from ``low`` to ``high``."""
    if low >= 0.0:
        return 0.5 * (low + high) if high >= 0.0 else 0.5 * low * (low / (low - high))
    return 0.5 * high * (high / (high - low)) if high > 0.0 else 0.0
