"""Whether an index was built of a true coverage. Compiled.

While it is built, edges that two areas claim for one side, edges that meet elsewhere than at common ends and
labels that do not add up are counted. What remains is checked here: at every vertex, the area that the index
finds beside it must be the one that the edges there name. An area drawn over another without touching its
border is found by that.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from geo.index.kernel.edges import TWIN, Edges
from geo.index.kernel.layout import (
    COARSE,
    COLUMNS,
    DATA,
    FINE,
    INVERSE,
    LOW26,
    LOW32,
    SHIFT,
    SIDE,
    SIZE,
    SOUTH,
    WEST,
    Buffer,
)
from geo.index.kernel.orientation import is_right

I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
F8 = NDArray[np.float64]


def faults(edges: Edges, buffer: Buffer) -> int:
    """How many vertices see another area beside them than their edges name."""
    return int(_faults(*buffer.args, edges.coords, edges.left))


@njit(cache=True, parallel=True)
def _faults(i4: I4, i8: I8, f8: F8, coords: F8, left: I4) -> int:
    wrong = 0
    for k in prange(len(left)):
        if left[k] != TWIN and not _agrees(i4, i8, f8, coords[k, 0], coords[k, 1]):
            wrong += 1
    return wrong


@njit(cache=True)
def _agrees(i4: I4, i8: I8, f8: F8, x: float, y: float) -> bool:
    """Whether the label just west of a vertex is the one that the edges next to that direction name.

    "Just west" is (x - ε, y + ε²), where ``is_right`` puts a point that lies on an edge.
    """
    cx, cy = int((x - f8[WEST]) * f8[INVERSE]), int((y - f8[SOUTH]) * f8[INVERSE])
    block = -1 - np.int64(i4[i8[COARSE] + (cy >> SHIFT) * i8[COLUMNS] + (cx >> SHIFT)])
    value = i4[i8[FINE] + (block << (2 * SHIFT)) + ((cy & (SIDE - 1)) << SHIFT) + (cx & (SIDE - 1))]
    if block < 0 or value >= 0:
        return False
    word = i8[DATA] - 1 - value
    label, chains = i8[word] & LOW32, i8[word] >> 32
    x0 = f8[WEST] + cx * f8[SIZE]
    word += 1
    first, last = 10.0, -10.0  # clockwise turns from west, of the edges at the vertex
    first_label, last_label = label, label
    met = False
    for _ in range(chains):
        info = i8[word]
        n = info & 0xFFF
        on_left, on_right = (info >> 12) & LOW26, info >> 38
        odd = False
        for v in range(word + 1, word + 2 * n - 1, 2):
            ax, ay, bx, by = f8[v], f8[v + 1], f8[v + 2], f8[v + 3]
            straddles = (ay > y) != (by > y)
            across = (ax >= x0) != (bx >= x0)
            if straddles and is_right(ax, ay, bx, by, x, y):
                odd = not odd
            if straddles != across and is_right(ax, ay, bx, by, x0, y):
                odd = not odd
            starts, ends = ax == x and ay == y, bx == x and by == y
            if starts or ends:
                met = True
                dx, dy = (bx - ax, by - ay) if starts else (ax - bx, ay - by)
                turn = _clockwise_from_west(dx, dy)
                before, after = (on_left, on_right) if starts else (on_right, on_left)
                if turn < first:
                    first, first_label = turn, before
                if turn > last:
                    last, last_label = turn, after
        if odd:
            label ^= on_left ^ on_right
        word += 1 + 2 * n
    return met and label == first_label and label == last_label


@njit(inline="always")
def _clockwise_from_west(dx: float, dy: float) -> float:
    """Angle from just north of west, clockwise, in [0, 2π)."""
    angle = np.pi - np.arctan2(dy, dx)  # west 0, north π/2, east π, south 3π/2
    return angle if dy > 0.0 or dx > 0.0 or dy < 0.0 else 2.0 * np.pi
