"""How far the border of a coverage's area is from a point inside it. Compiled."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from geo.index.kernel.distance import F8, I4, I8, Place, cell_box, distance2, gap2
from geo.index.kernel.layout import COARSE, COLUMNS, DATA, FINE, LOW26, ROWS, SHIFT, SIDE, SIZE, SOUTH, WEST

FINE_RINGS: Final = 8  # then coarse cells, each as wide as so many


@njit(cache=True, nogil=True)
def border_distance(i4: I4, i8: I8, f8: F8, place: Place, area: int, limit: float) -> float:
    """Distance of a point from the border of an area that holds it, metres; ``limit`` where that is farther.

    Works outward in rings of fine cells, then of coarse ones, as long as a ring can hold something nearer.
    """
    x, y = place[0], place[1]
    best2 = limit * limit
    size = f8[SIZE]
    column, row = int(math.floor((x - f8[WEST]) / size)), int(math.floor((y - f8[SOUTH]) / size))
    ring = 0
    while ring <= FINE_RINGS:
        if _inner2(f8, place, column, row, ring, size) > best2:
            return math.sqrt(best2)
        best2 = _ring_of_fine(i4, i8, f8, place, area, (column, row, ring), best2)
        ring += 1
    size *= SIDE
    column, row = column >> SHIFT, row >> SHIFT
    for ring in range(i8[COLUMNS] + i8[ROWS]):
        if _inner2(f8, place, column, row, ring, size) > best2:
            break
        for r in range(max(row - ring, 0), min(row + ring, i8[ROWS] - 1) + 1):
            step = 1 if abs(r - row) == ring else 2 * ring
            for c in range(column - ring, column + ring + 1, step):
                if 0 <= c < i8[COLUMNS]:
                    best2 = _nearest_in_coarse(i4, i8, f8, place, area, (c, r), best2)
    return math.sqrt(best2)


@njit(inline="always")
def _inner2(f8: F8, place: Place, column: int, row: int, ring: int, size: float) -> float:
    """Square of the distance within which everything lies inside a ring of cells, m²; 0 for the first."""
    if ring == 0:
        return 0.0
    x, y, kx, ky = place[0], place[1], place[2], place[3]
    west, south = f8[WEST] + (column - ring + 1) * size, f8[SOUTH] + (row - ring + 1) * size
    east, north = f8[WEST] + (column + ring) * size, f8[SOUTH] + (row + ring) * size
    inner = max(0.0, min(min(x - west, east - x) * kx, min(y - south, north - y) * ky))
    return inner * inner


@njit(inline="always")
def _ring_of_fine(
    i4: I4, i8: I8, f8: F8, place: Place, area: int, at: tuple[int, int, int], best2: float
) -> float:
    x, y, kx, ky, _, _ = place
    column, row, ring = at
    columns, rows = i8[COLUMNS] * SIDE, i8[ROWS] * SIDE
    for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
        step = 1 if abs(r - row) == ring else 2 * ring
        for c in range(column - ring, column + ring + 1, step):
            if c < 0 or c >= columns:
                continue
            value = np.int64(i4[i8[COARSE] + (r >> SHIFT) * i8[COLUMNS] + (c >> SHIFT)])
            if value >= 0:
                continue
            block = i8[FINE] + ((-1 - value) << (2 * SHIFT))
            value = np.int64(i4[block + ((r & (SIDE - 1)) << SHIFT) + (c & (SIDE - 1))])
            if value < 0 and gap2(cell_box(f8, c, r), x, y, kx, ky) < best2:
                best2 = _nearest_in_cell(i8, f8, i8[DATA] - 1 - value, place, area, best2)
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
    x, y, kx, ky, _, _ = place
    value = np.int64(i4[i8[COARSE] + at[1] * i8[COLUMNS] + at[0]])
    size = f8[SIZE] * SIDE
    west, south = f8[WEST] + at[0] * size, f8[SOUTH] + at[1] * size
    if value >= 0 or gap2((west, south, west + size, south + size), x, y, kx, ky) >= best2:
        return best2
    block = i8[FINE] + ((-1 - value) << (2 * SHIFT))
    for n in range(SIDE * SIDE):
        value = np.int64(i4[block + n])
        if value >= 0:
            continue
        cell = cell_box(f8, at[0] * SIDE + (n & (SIDE - 1)), at[1] * SIDE + (n >> SHIFT))
        if gap2(cell, x, y, kx, ky) < best2:
            best2 = _nearest_in_cell(i8, f8, i8[DATA] - 1 - value, place, area, best2)
    return best2


@njit(inline="always")
def _nearest_in_cell(i8: I8, f8: F8, word: int, place: Place, area: int, best2: float) -> float:
    chains = i8[word] >> 32
    word += 1
    for _ in range(chains):
        info = i8[word]
        n = info & 0xFFF
        if ((info >> 12) & LOW26) - 1 == area or (info >> 38) - 1 == area:
            for v in range(word + 1, word + 2 * n - 1, 2):
                edge = (f8[v], f8[v + 1], f8[v + 2], f8[v + 3])
                best2 = min(best2, distance2(edge, place[0], place[1], place[2], place[3]))
        word += 1 + 2 * n
    return best2
