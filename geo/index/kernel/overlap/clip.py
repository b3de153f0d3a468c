"""The edges of a footprint, as an integral over its area takes them, and their cut to a tile. Compiled.

The area of a footprint above a line is the sum, over its edges, of the integral of how far the edge is above
the line: added where the footprint lies below the edge, taken off where it lies above. Edges that run due
north or south add nothing. All are kept in one array, as every array that is handed on costs time.
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
RUN: Final = 32  # edges; a run that has nothing in a stretch is passed over
# Of an edge: its west and its east end, 1 where the footprint is below it or -1, its rise a degree. Of the
# first edge of a run, how far the run reaches west and east.
X1, Y1, X2, Y2, SIGN, SLOPE, RUN_WEST, RUN_EAST = range(8)


@njit(inline="always")
def box_of(coords: F8, first: int, last: int) -> Box:
    """The box of a run of vertices; from inf to -inf where there are none."""
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for k in range(first, last):
        west, east = min(west, coords[k, 0]), max(east, coords[k, 0])
        south, north = min(south, coords[k, 1]), max(north, coords[k, 1])
    return west, south, east, north


@njit(inline="always")
def room_for(most: int) -> F8:
    """Room for the edges of a footprint of so many vertices; cutting makes two of one at most."""
    return np.empty((2 * most + 1, 8))


@njit(inline="always")
def _ring_area(coords: F8, first: int, last: int) -> float:
    """Area, negative where the ring runs counter-clockwise: GEOS's sum in GEOS's order, and so its number."""
    total, x0 = 0.0, coords[first, 0]
    for k in range(first + 1, last - 1):
        total += (coords[k, 0] - x0) * (coords[k - 1, 1] - coords[k + 1, 1])
    return total / 2.0


@njit(inline="always")
def _put(edges: F8, count: int, edge: Box, sign: float) -> int:
    """Add an edge, which runs east; how many there are. One without width is left out."""
    x1, y1, x2, y2 = edge
    if not x1 < x2:
        return count
    edges[count, X1], edges[count, Y1], edges[count, X2], edges[count, Y2] = x1, y1, x2, y2
    edges[count, SIGN], edges[count, SLOPE] = sign, (y2 - y1) / (x2 - x1)
    first = count - count % RUN
    edges[first, RUN_WEST] = min(edges[first, RUN_WEST], x1) if count > first else x1
    edges[first, RUN_EAST] = max(edges[first, RUN_EAST], x2) if count > first else x2
    return count + 1


@njit(cache=True)
def edges_of(
    coords: F8, starts: I8, holes: Bools, first: int, last: int, west: float, south: float, edges: F8
) -> tuple[int, float]:
    """Write the edges of some rings, a footprint's, relative to a corner; their number, and its area."""
    count, whole = 0, 0.0
    for ring in range(first, last):
        size = _ring_area(coords, starts[ring], starts[ring + 1])
        whole += -abs(size) if holes[ring] else abs(size)
        inner_left = (size < 0.0) != holes[ring]
        for k in range(starts[ring], starts[ring + 1] - 1):
            ax, ay = coords[k, 0] - west, coords[k, 1] - south
            bx, by = coords[k + 1, 0] - west, coords[k + 1, 1] - south
            edge = (ax, ay, bx, by) if ax < bx else (bx, by, ax, ay)
            count = _put(edges, count, edge, 1.0 if (bx > ax) != inner_left else -1.0)
    return count, whole


@njit(cache=True)
def cut(edges: F8, count: int, tile: Box, out: F8) -> int:
    """Write the edges of the part of a footprint in a tile, relative to the tile: their number.

    What is above the tile becomes its top side; what is below adds nothing and is left out.
    """
    found, (west, south, east, north) = 0, tile
    for first in range(0, count, RUN):
        if edges[first, RUN_WEST] >= east or edges[first, RUN_EAST] <= west:
            continue
        for k in range(first, min(first + RUN, count)):
            x1, x2 = max(edges[k, X1], west), min(edges[k, X2], east)
            if x1 < x2 and (edges[k, Y1] > south or edges[k, Y2] > south):
                y1, y2 = _height(edges, k, x1) - south, _height(edges, k, x2) - south
                edge = (x1 - west, y1, x2 - west, y2)
                found = _put_cut(out, found, edge, north - south, edges[k, SIGN])
    return found


@njit(inline="always")
def _height(edges: F8, k: int, x: float) -> float:
    return edges[k, Y1] + (x - edges[k, X1]) * edges[k, SLOPE]


@njit(inline="always")
def _put_cut(out: F8, count: int, edge: Box, top: float, sign: float) -> int:
    """Add what lies between a tile's bottom, 0, and its top; what lies above, as a stretch of the top."""
    x1, y1, x2, y2 = edge
    if (y1 < 0.0) != (y2 < 0.0):
        x = min(max(x1 + (x2 - x1) * (y1 / (y1 - y2)), x1), x2)
        x1, y1, x2, y2 = (x, 0.0, x2, y2) if y1 < 0.0 else (x1, y1, x, 0.0)
    if (y1 > top) != (y2 > top):
        x = min(max(x1 + (x2 - x1) * ((top - y1) / (y2 - y1)), x1), x2)
        count = _put(out, count, (x1, top, x, top) if y1 > top else (x, top, x2, top), sign)
        x1, y1, x2, y2 = (x, top, x2, y2) if y1 > top else (x1, y1, x, top)
    if y1 < 0.0 and y2 < 0.0:
        return count
    return _put(out, count, (x1, min(y1, top), x2, min(y2, top)), sign)


@njit(cache=True)
def above(edges: F8, count: int, piece: Box) -> tuple[float, float]:
    """Area of a footprint above a piece of a line that runs east; width of all that was summed."""
    x1, y1, x2, y2 = piece
    slope = (y2 - y1) / (x2 - x1)
    area, width = 0.0, 0.0
    for first in range(0, count, RUN):
        if edges[first, RUN_WEST] >= x2 or edges[first, RUN_EAST] <= x1:
            continue
        for k in range(first, min(first + RUN, count)):
            left, right = max(x1, edges[k, X1]), min(x2, edges[k, X2])
            if left < right:
                low = _height(edges, k, left) - (y1 + (left - x1) * slope)
                high = _height(edges, k, right) - (y1 + (right - x1) * slope)
                area += edges[k, SIGN] * (right - left) * _positive(low, high)
                width += right - left
    return area, width


@njit(inline="always")
def _positive(low: float, high: float) -> float:
    """Mean of what is above 0 of a line from ``low`` to ``high``."""
    if low >= 0.0:
        return 0.5 * (low + high) if high >= 0.0 else 0.5 * low * (low / (low - high))
    return 0.5 * high * (high / (high - low)) if high > 0.0 else 0.0
