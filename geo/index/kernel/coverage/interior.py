"""Which area of a coverage contains the whole disc round a point. Compiled.

Of most points that is one area: they need no integral, and ``near_coverage`` is for the others.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from geo.index.kernel.coverage.query import OUTSIDE, TIE_LABEL, cell_label
from geo.index.kernel.distance import edge_distance2
from geo.index.kernel.layout import (
    COARSE,
    COLUMNS,
    F8,
    FINE,
    I4,
    I8,
    INVERSE,
    ROWS,
    SHIFT,
    SIDE,
    SOUTH,
    WEST,
    block_of,
    cell_value,
    cell_west,
    chain_vertices,
    coarse_slot,
    crossed_word,
    edge_at,
    edge_words,
    fine_slot,
    grid_position,
    high_half,
    in_grid,
    next_chain,
    slot_in_block,
)

CLOSE: Final = -2  # instead of an area: a border is within reach
OTHER_CELL: Final = -9  # instead of a label: the point is not in this cell; no label is so small
TOGETHER: Final = 64  # points whose cells are loaded together


@njit(inline="always")
def _prefetch(i4: I4, i8: I8, f8: F8, points: F8, start: int, end: int, values: I8) -> int:
    """Load the cells of some points, so that memory answers several at once. ``values``, (n, 2): room.

    Returns a sum of what was loaded: without a use the compiler would leave the loads out.
    """
    touched = np.int64(0)
    west, south, inverse = f8[WEST], f8[SOUTH], f8[INVERSE]
    coarse, columns, rows = i8[COARSE], i8[COLUMNS], i8[ROWS]
    for p in range(start, end):
        fx, fy = (points[p, 0] - west) * inverse, (points[p, 1] - south) * inverse
        values[p - start, 0] = 0
        if in_grid(fx, fy, columns, rows):
            column, row = int(fx), int(fy)
            values[p - start, 0] = i4[coarse_slot(coarse, columns, column >> SHIFT, row >> SHIFT)]
            values[p - start, 1] = slot_in_block(column, row)
    for k in range(end - start):
        if values[k, 0] < 0:
            values[k, 0] = i4[fine_slot(i8[FINE], block_of(values[k, 0]), 0, 0) + values[k, 1]]
    for k in range(end - start):
        if values[k, 0] < 0:
            word = crossed_word(i8, values[k, 0])
            touched += i8[word] + i8[word + 8]  # 8 words are a cache line
    return touched


@njit(cache=True, nogil=True)
def interior_area_batch(i4: I4, i8: I8, f8: F8, points: F8, metres: F8, reach: F8, out: I4) -> int:
    """Write the area containing the whole disc round each point into ``out``, (n,); OUTSIDE; or CLOSE.

    Args:
        points, metres: (n, 2), degrees, and metres per degree there.
        reach: (n,), radius of the disc, metres.

    Returns:
        A number without meaning; see ``_prefetch``.
    """
    west, south, inverse = f8[WEST], f8[SOUTH], f8[INVERSE]
    columns, rows = i8[COLUMNS] * SIDE, i8[ROWS] * SIDE
    values, touched = np.empty((TOGETHER, 2), np.int64), np.int64(0)
    for p in range(len(points)):
        if p % TOGETHER == 0:
            touched += _prefetch(i4, i8, f8, points, p, min(len(points), p + TOGETHER), values)
        x, y, r = points[p, 0], points[p, 1], reach[p]
        rx, ry = r / metres[p, 0], r / metres[p, 1]
        fx0, fx1 = (x - rx - west) * inverse, (x + rx - west) * inverse
        fy0, fy1 = (y - ry - south) * inverse, (y + ry - south) * inverse
        if not (fx1 >= 0.0 and fy1 >= 0.0 and fx0 < columns and fy0 < rows):
            out[p] = OUTSIDE
            continue
        c0, c1 = int(max(fx0, 0.0)), int(min(fx1, columns - 1.0))
        r0, r1 = int(max(fy0, 0.0)), int(min(fy1, rows - 1.0))
        out[p] = _interior_area(i4, i8, f8, x, y, metres[p, 0], metres[p, 1], r * r, c0, c1, r0, r1)
    return touched


@njit(inline="always")
def _interior_area(
    i4: I4,
    i8: I8,
    f8: F8,
    x: float,
    y: float,
    kx: float,
    ky: float,
    reach2: float,
    c0: int,
    c1: int,
    r0: int,
    r1: int,
) -> int:
    """``interior_area_batch`` for one point; ``c0`` to ``c1``, ``r0`` to ``r1``: cells of its disc's box."""
    found = np.int64(-1)  # label; -1: not known yet
    for row in range(r0, r1 + 1):
        column = c0
        while column <= c1:
            value, step = cell_value(i4, i8, column, row)
            if value < 0:
                word = crossed_word(i8, value)
                if _has_edge_within(i8, f8, word, x, y, kx, ky, reach2):
                    return CLOSE
                value = _label_in(i8, f8, word, x, y, column, row)
                if value == TIE_LABEL:
                    return CLOSE
                if (
                    value < 0
                ):  # a crossed cell beside the point's own: without an edge in reach it adds nothing
                    column += step
                    continue
            if found < 0:
                found = value
            elif found != value:
                return CLOSE
            column += step
    return found - 1 if found >= 0 else CLOSE


@njit(inline="always")
def _label_in(i8: I8, f8: F8, word: int, x: float, y: float, column: int, row: int) -> int:
    """Label of the point where it is in this cell; TIE_LABEL; OTHER_CELL."""
    fx, fy = grid_position(f8, x, y)
    if int(fx) != column or int(fy) != row or x < f8[WEST] or y < f8[SOUTH]:
        return OTHER_CELL
    return cell_label(i8, f8, word, x, y, cell_west(f8, column))


@njit(inline="always")
def _has_edge_within(
    i8: I8, f8: F8, word: int, x: float, y: float, kx: float, ky: float, reach2: float
) -> bool:
    """Whether a cell has an edge within the square of a distance, m². ``word``: of the cell's data."""
    chains = high_half(i8[word])
    word += 1
    for _ in range(chains):
        n = chain_vertices(i8[word])
        first, end = edge_words(word, n)
        for v in range(first, end, 2):
            if edge_distance2(edge_at(f8, v), x, y, kx, ky) <= reach2:
                return True
        word = next_chain(word, n)
    return False
