"""Whether an index was built of a true coverage. Compiled.

Building counts edges that two areas claim for one side, edges that meet elsewhere than at common ends, and
labels that do not add up. What remains is checked here: at every vertex, the area that the index finds beside
it must be the one that the edges there name. That finds an area drawn over another one without touching its
border.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from geo.index.kernel.buffer import Buffer
from geo.index.kernel.edges import TWIN, Edges
from geo.index.kernel.layout import (
    F8,
    I4,
    I8,
    cell_value,
    cell_west,
    chain_first,
    chain_second,
    chain_vertices,
    crossed_word,
    edge_at,
    edge_words,
    grid_position,
    high_half,
    low_half,
    next_chain,
)
from geo.index.kernel.orientation import is_right


def faults(edges: Edges, buffer: Buffer) -> int:
    """How many vertices see another area beside them than their edges name."""
    return int(_faults(*buffer.args, edges.coords, edges.left))


@njit(cache=True, parallel=True)
def _faults(i4: I4, i8: I8, f8: F8, coords: F8, left: I4) -> int:
    """How many edges begin at such a vertex."""
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
    fx, fy = grid_position(f8, x, y)
    column, row = int(fx), int(fy)
    value, _ = cell_value(i4, i8, column, row)
    if value >= 0:
        return False
    word = crossed_word(i8, value)
    label, chains = low_half(i8[word]), high_half(i8[word])
    x0 = cell_west(f8, column)
    word += 1
    first, last = 10.0, -10.0  # clockwise turns from west, of the edges at the vertex
    first_label, last_label = label, label
    met = False
    for _ in range(chains):
        info = i8[word]
        n = chain_vertices(info)
        on_left, on_right = chain_first(info), chain_second(info)
        odd = False
        begin, end = edge_words(word, n)
        for v in range(begin, end, 2):
            ax, ay, bx, by = edge_at(f8, v)
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
        word = next_chain(word, n)
    return met and label == first_label and label == last_label


@njit(inline="always")
def _clockwise_from_west(dx: float, dy: float) -> float:
    """Angle from just north of west, clockwise, in [0, 2π)."""
    angle = np.pi - np.arctan2(dy, dx)  # west 0, north π/2, east π, south 3π/2
    return angle if dy > 0.0 or dx > 0.0 or dy < 0.0 else 2.0 * np.pi
