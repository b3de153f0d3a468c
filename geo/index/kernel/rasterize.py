"""Which cells an edge crosses: coarse cells first, then the fine cells of each. Compiled.

An edge counts as crossing a cell when it comes within a millionth of the cell's size: a cell too many costs a
little time, a cell too few would give wrong answers.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from geo.index.kernel.edges import TWIN
from geo.index.kernel.layout import BLOCK, F8, I4, I8, SIDE, Edge

PAD: Final = 1e-6  # of a cell's side


@njit(inline="always")
def _row_span(edge: Edge, south: float, inverse: float, low: int, high: int) -> tuple[int, int]:
    """First and last row of cells, within [low, high]."""
    y1, y2 = min(edge[1], edge[3]), max(edge[1], edge[3])
    first = int(np.floor((y1 - south) * inverse - PAD))
    last = int(np.floor((y2 - south) * inverse + PAD))
    return max(first, low), min(last, high)


@njit(inline="always")
def _column_span(
    edge: Edge,
    origin: tuple[float, float, float],
    row: int,
    low: int,
    high: int,
) -> tuple[int, int]:
    """First and last column that an edge crosses in a row, within [low, high]."""
    west, south, inverse = origin
    x1, y1, x2, y2 = edge
    xa, xb = x1, x2
    if y1 != y2:
        size = 1.0 / inverse
        ta = (south + (row - PAD) * size - y1) / (y2 - y1)
        tb = (south + (row + 1 + PAD) * size - y1) / (y2 - y1)
        ta, tb = max(0.0, min(ta, tb)), min(1.0, max(ta, tb))
        xa, xb = x1 + (x2 - x1) * ta, x1 + (x2 - x1) * tb
    first = int(np.floor((min(xa, xb) - west) * inverse - PAD))
    last = int(np.floor((max(xa, xb) - west) * inverse + PAD))
    return max(first, low), min(last, high)


@njit(inline="always")
def _edge(coords: F8, k: int) -> Edge:
    """Edge k as its four coordinates."""
    return coords[k, 0], coords[k, 1], coords[k + 1, 0], coords[k + 1, 1]


@njit(cache=True)
def coarse_members(
    coords: F8,
    left: I4,
    origin: tuple[float, float, float],
    shape: tuple[int, int],
) -> tuple[I8, I4]:
    """Edges that cross each coarse cell, ascending: starts, shape (cells + 1,), and members.

    ``origin``: west, south, 1 / size of a coarse cell.
    """
    columns, rows = shape
    # counting sort: the first pass counts the members of each cell, the second writes them
    starts = np.zeros(columns * rows + 1, np.int64)
    members = np.empty(0, np.int32)
    for writing in (False, True):
        for k in range(len(left)):
            if left[k] == TWIN:
                continue
            edge = _edge(coords, k)
            r0, r1 = _row_span(edge, origin[1], origin[2], 0, rows - 1)
            for r in range(r0, r1 + 1):
                c0, c1 = _column_span(edge, origin, r, 0, columns - 1)
                for c in range(r * columns + c0, r * columns + c1 + 1):
                    if writing:
                        members[starts[c]] = k
                        starts[c] += 1
                    else:
                        starts[c + 1] += 1
        if not writing:
            for c in range(columns * rows):
                starts[c + 1] += starts[c]
            members = np.empty(starts[-1], np.int32)
    for c in range(columns * rows, 0, -1):  # every start has moved to its end, which is the next one's start
        starts[c] = starts[c - 1]
    starts[0] = 0
    return starts, members


@njit(cache=True)
def fine_members(
    coords: F8,
    members: I4,
    origin: tuple[float, float, float],
    corner: tuple[int, int],
    starts: I8,
    found: I4,
) -> I4:
    """Edges, of ``members``, that cross each fine cell of a coarse one, ascending within a cell.

    Args:
        members: the edges that cross the coarse cell.
        origin: west, south, 1 / size of a fine cell.
        corner: column and row of the coarse cell's first fine cell.
        starts: shape (BLOCK + 1,); filled with where each cell's edges begin in the result.
        found: room for the result; a longer array is made where it is too short.
    """
    column, row = corner
    starts[:] = 0
    for writing in (False, True):
        for k in members:
            edge = _edge(coords, k)
            r0, r1 = _row_span(edge, origin[1], origin[2], row, row + SIDE - 1)
            for r in range(r0, r1 + 1):
                c0, c1 = _column_span(edge, origin, r, column, column + SIDE - 1)
                for c in range(c0, c1 + 1):
                    cell = (r - row) * SIDE + c - column
                    if writing:
                        found[starts[cell]] = k
                        starts[cell] += 1
                    else:
                        starts[cell + 1] += 1
        if not writing:
            for cell in range(BLOCK):
                starts[cell + 1] += starts[cell]
            if starts[BLOCK] > len(found):
                found = np.empty(2 * starts[BLOCK], np.int32)
    for cell in range(BLOCK, 0, -1):
        starts[cell] = starts[cell - 1]
    starts[0] = 0
    return found
