"""A footprint as the compiled overlap takes it: its box, and its edges from west to east. Compiled."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

I8 = NDArray[np.int64]
F8 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Box = tuple[float, float, float, float]  # west, south, east, north
Rings = tuple[F8, I8, Bools, I8]  # vertices, where rings begin, which are holes, rings of each footprint
RUN: Final = 32  # edges; a run that has nothing below a piece is passed over


@njit(inline="always")
def box_of(coords: F8, first: int, last: int) -> Box:
    """The box of a run of vertices."""
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for k in range(first, last):
        west, east = min(west, coords[k, 0]), max(east, coords[k, 0])
        south, north = min(south, coords[k, 1]), max(north, coords[k, 1])
    return west, south, east, north


@njit(inline="always")
def _ring_area(coords: F8, first: int, last: int) -> float:
    """Area of a ring, negative where it runs counter-clockwise: equal to GEOS's, as it adds in that order."""
    total, x0 = 0.0, coords[first, 0]
    for k in range(first + 1, last - 1):
        total += (coords[k, 0] - x0) * (coords[k - 1, 1] - coords[k + 1, 1])
    return total / 2.0


@njit(cache=True)
def edges_of(rings: Rings, n: int, box: Box, edges: F8, runs: F8) -> tuple[int, float]:
    """How many edges of a footprint run east or west, and its area.

    Of each, into ``edges``: ends from west to east, relative to the box; 1 where the footprint is below, -1.
    Into ``runs``, of every RUN of them: west and east end.
    """
    coords, starts, holes, firsts = rings
    count, whole = 0, 0.0
    for ring in range(firsts[n], firsts[n + 1]):
        size = _ring_area(coords, starts[ring], starts[ring + 1])
        whole += -abs(size) if holes[ring] else abs(size)
        inner_left = (size < 0.0) != holes[ring]
        for k in range(starts[ring], starts[ring + 1] - 1):
            if coords[k, 0] == coords[k + 1, 0]:
                continue
            east = coords[k + 1, 0] > coords[k, 0]
            a, b = (k, k + 1) if east else (k + 1, k)
            edges[count, 0], edges[count, 1] = coords[a, 0] - box[0], coords[a, 1] - box[1]
            edges[count, 2], edges[count, 3] = coords[b, 0] - box[0], coords[b, 1] - box[1]
            edges[count, 4] = 1.0 if east != inner_left else -1.0
            run = count // RUN
            if count % RUN == 0:
                runs[run, 0], runs[run, 1] = edges[count, 0], edges[count, 2]
            runs[run, 0], runs[run, 1] = (
                min(runs[run, 0], edges[count, 0]),
                max(runs[run, 1], edges[count, 2]),
            )
            count += 1
    return count, whole
