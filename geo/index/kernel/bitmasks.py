"""Masks of the cells that borders cross, a bit a cell, to skip ground without borders. Compiled.

A mask has a bit for each of ``SIDE`` × ``SIDE`` cells, row by row from the south-west. Three levels: of a
block its fine cells that borders cross; of a *node* (so many coarse cells) those that have such a block; of a
*top node* (so many nodes) those that have such a coarse cell.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numba.cpython.unsafe.numbers import trailing_zeros

from geo.index.kernel.layout import (
    BLOCK,
    COVERAGE,
    I4,
    I8,
    LAST,
    SHIFT,
    SIDE,
    Window,
    overlaps_chains,
    slot_in_block,
)

# Masks are unsigned here, so that shifting right brings in zeros; int64 elsewhere, as the index stores them.
FIRST_ROW = np.uint64(0xFF)
FIRST_COLUMN = np.uint64(0x0101010101010101)
EVERY = np.uint64(0xFFFFFFFFFFFFFFFF)


@njit(cache=True)
def masks_of_blocks(fine: I4, data: I8, kind: int) -> I8:
    """The mask of each block, in an index of a kind (``COVERAGE`` or ``OVERLAPS``).

    In a coverage a cell is crossed where its value is negative; among overlapping areas, where its data has
    chains.
    """
    masks = np.zeros(fine.size >> (2 * SHIFT), np.int64)
    for n in range(fine.size):
        value = fine[n]
        crossed = value < 0 if kind == COVERAGE else value > 0 and overlaps_chains(data[value]) > 0
        if crossed:
            masks[n >> (2 * SHIFT)] |= np.int64(1) << (n & (BLOCK - 1))
    return masks


@njit(cache=True)
def masks_of_nodes(coarse: I4, masks: I8, columns: int, rows: int) -> I8:
    """The masks of the nodes, row by row, then of the top nodes."""
    wide, high = nodes_along(columns), nodes_along(rows)
    wider = nodes_along(wide)
    found = np.zeros(wide * high + wider * nodes_along(high), np.int64)
    for row in range(rows):
        for column in range(columns):
            value = np.int64(coarse[row * columns + column])
            if value < 0 and masks[-1 - value] != 0:
                bit = slot_in_block(column, row)
                found[(row >> SHIFT) * wide + (column >> SHIFT)] |= np.int64(1) << bit
    for row in range(high):
        for column in range(wide):
            if found[row * wide + column] != 0:
                bit = slot_in_block(column, row)
                found[wide * high + (row >> SHIFT) * wider + (column >> SHIFT)] |= np.int64(1) << bit
    return found


@njit(inline="always")
def nodes_along(cells: int) -> int:
    """How many nodes, each as wide as a block, it takes along so many cells."""
    return (cells + SIDE - 1) >> SHIFT


@njit(inline="always")
def within(mask: int, column: int, row: int, window: Window) -> int:
    """The bits of a mask that lie in a window. ``column``, ``row``: of the mask's first cell."""
    c0, c1 = max(window[0] - column, 0), min(window[1] - column, LAST)
    r0, r1 = max(window[2] - row, 0), min(window[3] - row, LAST)
    if c0 > c1 or r0 > r1:
        return np.uint64(0)
    across = ((FIRST_ROW << np.uint64(c0)) & (FIRST_ROW >> np.uint64(LAST - c1))) * FIRST_COLUMN
    along = (EVERY << np.uint64(r0 << SHIFT)) & (EVERY >> np.uint64((LAST - r1) << SHIFT))
    return np.uint64(mask) & across & along


@njit(inline="always")
def first_bit(mask: int) -> int:
    """The number of the lowest bit of a mask that is not 0."""
    return np.int64(trailing_zeros(mask))  # type: ignore[call-arg]


@njit(inline="always")
def without_first(mask: int) -> int:
    """The mask without its lowest bit."""
    return mask & (mask - np.uint64(1))


@njit(inline="always")
def cell_distance2(fx: float, fy: float, column: int, row: int, sx: float, sy: float) -> float:
    """Square of a point's distance from a cell, m².

    ``fx``, ``fy``: the point, in cells from the grid's corner. ``sx``, ``sy``: sides of a cell, metres.
    """
    dx = max(column - fx, 0.0, fx - column - 1.0) * sx
    dy = max(row - fy, 0.0, fy - row - 1.0) * sy
    return dx * dx + dy * dy


@njit(inline="always")
def closest(mask: int, fx: float, fy: float, column: int, row: int, sx: float, sy: float) -> tuple[int, int]:
    """Column and row of the mask's nearest cell to a point, as in ``cell_distance2``; the mask is not 0."""
    best, found = math.inf, 0
    while mask != np.uint64(0):
        bit = first_bit(mask)
        mask = without_first(mask)
        away = cell_distance2(fx, fy, column + (bit & LAST), row + (bit >> SHIFT), sx, sy)
        if away < best:
            best, found = away, bit
    return column + (found & LAST), row + (found >> SHIFT)
