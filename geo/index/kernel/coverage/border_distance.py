"""How far the border of a coverage's area is from a point inside it. Compiled.

An area's border may be far off, so the search goes outward in rings of fine cells, then of coarse ones. It
ends at the first ring that is farther than the nearest edge so far.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from geo.index.kernel.distance import box_distance2, edge_distance2
from geo.index.kernel.layout import (
    BLOCK,
    COLUMNS,
    F8,
    FINE,
    I4,
    I8,
    LAST,
    ROWS,
    SHIFT,
    SIDE,
    SIZE,
    SOUTH,
    WEST,
    Place,
    block_of,
    cell_box,
    cell_value,
    chain_first,
    chain_second,
    chain_vertices,
    coarse_value,
    crossed_word,
    edge_at,
    edge_words,
    fine_slot,
    high_half,
    next_chain,
)

FINE_RINGS: Final = 8  # then rings of coarse cells, each as wide as so many


@njit(cache=True, nogil=True)
def border_distance(i4: I4, i8: I8, f8: F8, place: Place, area: int, limit: float) -> float:
    """Distance of a point from the border of an area that holds it, metres, at most ``limit``."""
    x, y = place[0], place[1]
    best2 = limit * limit
    size = f8[SIZE]
    column, row = int(math.floor((x - f8[WEST]) / size)), int(math.floor((y - f8[SOUTH]) / size))
    ring = 0
    while ring <= FINE_RINGS:
        if _ring_distance2(f8, place, column, row, ring, size) > best2:
            return math.sqrt(best2)
        best2 = _nearest_in_ring(i4, i8, f8, place, area, (column, row, ring), best2)
        ring += 1
    size *= SIDE
    column, row = column >> SHIFT, row >> SHIFT
    for ring in range(i8[COLUMNS] + i8[ROWS]):
        if _ring_distance2(f8, place, column, row, ring, size) > best2:
            break
        for r in range(max(row - ring, 0), min(row + ring, i8[ROWS] - 1) + 1):
            step = 1 if abs(r - row) == ring else 2 * ring
            for c in range(column - ring, column + ring + 1, step):
                if 0 <= c < i8[COLUMNS]:
                    best2 = _nearest_in_coarse(i4, i8, f8, place, area, (c, r), best2)
    return math.sqrt(best2)


@njit(inline="always")
def _ring_distance2(f8: F8, place: Place, column: int, row: int, ring: int, size: float) -> float:
    """Square of a point's distance from a ring of cells round its own cell, m²: nothing in it is nearer."""
    if ring == 0:
        return 0.0
    x, y, kx, ky = place[0], place[1], place[2], place[3]
    west, south = f8[WEST] + (column - ring + 1) * size, f8[SOUTH] + (row - ring + 1) * size
    east, north = f8[WEST] + (column + ring) * size, f8[SOUTH] + (row + ring) * size
    inner = max(0.0, min(min(x - west, east - x) * kx, min(y - south, north - y) * ky))
    return inner * inner


@njit(inline="always")
def _nearest_in_ring(
    i4: I4, i8: I8, f8: F8, place: Place, area: int, at: tuple[int, int, int], best2: float
) -> float:
    """``best2``, or less where a ring of fine cells has a nearer edge. ``at``: column, row, ring."""
    x, y, kx, ky, _, _ = place
    column, row, ring = at
    columns, rows = i8[COLUMNS] * SIDE, i8[ROWS] * SIDE
    for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
        step = 1 if abs(r - row) == ring else 2 * ring
        for c in range(column - ring, column + ring + 1, step):
            if c < 0 or c >= columns:
                continue
            value, _ = cell_value(i4, i8, c, r)
            if value < 0 and box_distance2(cell_box(f8, c, r), x, y, kx, ky) < best2:
                best2 = _nearest_in_cell(i8, f8, crossed_word(i8, value), place, area, best2)
    return best2


@njit(cache=True)
def _nearest_in_coarse(
    i4: I4,
    i8: I8,
    f8: F8,
    place: Place,
    area: int,
    at: tuple[int, int],
    best2: float,
) -> float:
    """``best2``, or less where a coarse cell has a nearer edge. ``at``: its column and row."""
    x, y, kx, ky, _, _ = place
    value = coarse_value(i4, i8, at[0], at[1])
    size = f8[SIZE] * SIDE
    west, south = f8[WEST] + at[0] * size, f8[SOUTH] + at[1] * size
    if value >= 0 or box_distance2((west, south, west + size, south + size), x, y, kx, ky) >= best2:
        return best2
    first = fine_slot(i8[FINE], block_of(value), 0, 0)
    for n in range(BLOCK):
        value = np.int64(i4[first + n])
        if value >= 0:
            continue
        cell = cell_box(f8, at[0] * SIDE + (n & LAST), at[1] * SIDE + (n >> SHIFT))
        if box_distance2(cell, x, y, kx, ky) < best2:
            best2 = _nearest_in_cell(i8, f8, crossed_word(i8, value), place, area, best2)
    return best2


@njit(inline="always")
def _nearest_in_cell(i8: I8, f8: F8, word: int, place: Place, area: int, best2: float) -> float:
    """``best2``, or less where a cell has a nearer edge of the area. ``word``: of the cell's data."""
    chains = high_half(i8[word])
    word += 1
    for _ in range(chains):
        info = i8[word]
        n = chain_vertices(info)
        if chain_first(info) - 1 == area or chain_second(info) - 1 == area:
            first, end = edge_words(word, n)
            for v in range(first, end, 2):
                best2 = min(best2, edge_distance2(edge_at(f8, v), place[0], place[1], place[2], place[3]))
        word = next_chain(word, n)
    return best2
