"""Where borders are, a bit a cell: whole blocks without any are passed over in one step. Compiled.

A mask has a bit for each of ``SIDE`` × ``SIDE`` cells, row by row from the south-west. Three levels: of a
block its fine cells that borders cross; of a *node* (so many coarse cells) those that have such a block; of a
*top node* (so many nodes) those that have such a coarse cell.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numba.cpython.unsafe.numbers import trailing_zeros
from numpy.typing import NDArray

SHIFT, SIDE = 3, 8
ONES = np.uint64(0x0101010101010101)  # the first column
EVERY = np.uint64(0xFFFFFFFFFFFFFFFF)
EDGE = SIDE - 1
I4 = NDArray[np.int32]
I8 = NDArray[np.int64]


@njit(cache=True)
def masks_of_blocks(fine: I4, data: I8, shift: int) -> I8:
    """The mask of each block. ``shift``: where the number of chains stands in a cell's first data word.

    Of a coverage (``shift`` 0) a negative value is a crossed cell; among overlapping areas, data with chains.
    """
    masks = np.zeros(fine.size >> (2 * SHIFT), np.int64)
    for n in range(fine.size):
        value = fine[n]
        crossed = value < 0 if shift == 0 else value > 0 and (data[value] >> shift) > 0
        if crossed:
            masks[n >> (2 * SHIFT)] |= np.int64(1) << (n & (SIDE * SIDE - 1))
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
                bit = ((row & EDGE) << SHIFT) | (column & EDGE)
                found[(row >> SHIFT) * wide + (column >> SHIFT)] |= np.int64(1) << bit
    for row in range(high):
        for column in range(wide):
            if found[row * wide + column] != 0:
                bit = ((row & EDGE) << SHIFT) | (column & EDGE)
                found[wide * high + (row >> SHIFT) * wider + (column >> SHIFT)] |= np.int64(1) << bit
    return found


@njit(inline="always")
def nodes_along(cells: int) -> int:
    """How many nodes cover so many cells."""
    return (cells + SIDE - 1) >> SHIFT


@njit(inline="always")
def within(mask: int, column: int, row: int, window: tuple[int, int, int, int]) -> int:
    """The bits of a mask in a window (first and last column, first and last row; outside it is 0).

    ``column``, ``row``: of the mask's first cell.
    """
    c0, c1 = max(window[0] - column, 0), min(window[1] - column, EDGE)
    r0, r1 = max(window[2] - row, 0), min(window[3] - row, EDGE)
    if c0 > c1 or r0 > r1:
        return np.uint64(0)
    across = ((np.uint64(0xFF) << np.uint64(c0)) & (np.uint64(0xFF) >> np.uint64(EDGE - c1))) * ONES
    along = (EVERY << np.uint64(r0 << SHIFT)) & (EVERY >> np.uint64((EDGE - r1) << SHIFT))
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
def gap2(fx: float, fy: float, column: int, row: int, sx: float, sy: float) -> float:
    """Square of a point's distance from a cell; the point in cells from the corner, cells ``sx`` × ``sy``."""
    dx = max(column - fx, 0.0, fx - column - 1.0) * sx
    dy = max(row - fy, 0.0, fy - row - 1.0) * sy
    return dx * dx + dy * dy


@njit(inline="always")
def closest(mask: int, fx: float, fy: float, column: int, row: int, sx: float, sy: float) -> tuple[int, int]:
    """Column and row of the cell of a mask that is not 0 which is nearest to a point; see ``gap2``."""
    best, found = math.inf, 0
    while mask != np.uint64(0):
        bit = first_bit(mask)
        mask = without_first(mask)
        away = gap2(fx, fy, column + (bit & EDGE), row + (bit >> SHIFT), sx, sy)
        if away < best:
            best, found = away, bit
    return column + (found & EDGE), row + (found >> SHIFT)
