"""How far the border of the area that holds a point is, for many points. Compiled.

In a coverage no way leads from a point to an edge but across the border of its own area. So the nearest edge
of all lies on that border, and any edge bounds how far it is: the masks (``bitmasks``) name the few cells
that can hold something nearer. The distances are those of ``border_distance``, to the last bit.

Most of the time would go by waiting for memory. So ``TOGETHER`` points take each step in turn: what the next
step reads is loaded in a loop that does nothing else, and several loads are under way at once. Such loops
return a sum of what they loaded: without a use the compiler would leave the loads out.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from geo.index.kernel.bitmasks import cell_distance2, closest, first_bit, nodes_along, within, without_first
from geo.index.kernel.coverage.border_distance import border_distance
from geo.index.kernel.distance import ROUNDING, edge_distance2_branchless
from geo.index.kernel.layout import (
    BLOCK,
    COARSE,
    COLUMNS,
    F8,
    FINE,
    I4,
    I8,
    LAST,
    MASKS,
    NODES,
    ROWS,
    SHIFT,
    SIDE,
    SIZE,
    Window,
    block_mask,
    block_of,
    chain_first,
    chain_second,
    chain_vertices,
    coarse_slot,
    coarse_value,
    crossed_word,
    edge_at,
    edge_words,
    fine_slot,
    grid_position,
    high_half,
    next_chain,
)

SLACK: Final = 1.0 + ROUNDING
FEW: Final = 5  # coarse cells along a window; wider ones are searched by whole nodes of the masks
TOGETHER: Final = 64
MOST: Final = (FEW + 1) ** 2 * BLOCK  # cells of a window
ROOM: Final = 2 * MOST
# Columns of ``spots``, a row a point: position in degrees, metres a degree, position in cells, metres a cell,
# squares of the distance of the nearest edge of all and of the nearest one of the point's own area.
LON, LAT, KX, KY, X, Y, SX, SY, ANY2, OWN2 = range(10)
# Columns of ``states``, a row a point: its number, its area, the slot of the cell that is searched first (-1:
# none; before that, the mask of its block), and the word of that cell's data (before that, its value).
WHO, AREA, FIRST, WORD = range(4)
Spot = tuple[float, float, float, float]  # LON, LAT, KX, KY
At = tuple[float, float]
Bests = tuple[float, float]  # ANY2, OWN2


@njit(inline="always")
def _slot_of(i4: I4, i8: I8, cell: tuple[int, int]) -> int:
    """The slot of a fine cell; its coarse cell must have a block."""
    value = coarse_value(i4, i8, cell[0] >> SHIFT, cell[1] >> SHIFT)
    return fine_slot(i8[FINE], block_of(value), cell[0], cell[1])


@njit(inline="always")
def _nearest_in_cell(i8: I8, f8: F8, place: Spot, area: int, word: int, bests: Bests) -> Bests:
    """``bests``, or less where a cell has nearer edges. ``word``: of the cell's data."""
    any2, own2 = bests
    chains = high_half(i8[word])
    word += 1
    for _ in range(chains):
        info = i8[word]
        n = chain_vertices(info)
        nearest = np.inf
        first, end = edge_words(word, n)
        for v in range(first, end, 2):
            away2 = edge_distance2_branchless(edge_at(f8, v), place[0], place[1], place[2], place[3])
            nearest = away2 if away2 < nearest else nearest
        any2 = min(any2, nearest)
        if chain_first(info) - 1 == area or chain_second(info) - 1 == area:
            own2 = min(own2, nearest)
        word = next_chain(word, n)
    return any2, own2


@njit(inline="always")
def _close_cell(i4: I4, i8: I8, at: At, steps: At) -> tuple[int, int]:
    """A crossed fine cell that is not far from a point, by the masks; column -1 where none is in sight.

    Looks into the point's own block, then its node, then its top node: the nearest in the first of them that
    has any. ``at``, ``steps``: the point in cells, and metres a cell.
    """
    fx, fy = at
    cx, cy = int(fx), int(fy)
    wide = nodes_along(i8[COLUMNS])
    column, row = cx >> SHIFT, cy >> SHIFT
    value = coarse_value(i4, i8, column, row)
    mask = np.uint64(block_mask(i8, value)) if value < 0 else np.uint64(0)
    if mask == np.uint64(0):
        nc, nr = column >> SHIFT, row >> SHIFT
        node = np.uint64(i8[i8[NODES] + nr * wide + nc])
        if node == np.uint64(0):
            tops = i8[NODES] + wide * nodes_along(i8[ROWS])
            top = np.uint64(i8[tops + (nr >> SHIFT) * nodes_along(wide) + (nc >> SHIFT)])
            if top == np.uint64(0):
                return -1, -1
            nc, nr = closest(
                top,
                fx / (SIDE * SIDE),
                fy / (SIDE * SIDE),
                nc & ~LAST,
                nr & ~LAST,
                steps[0],
                steps[1],
            )
            node = np.uint64(i8[i8[NODES] + nr * wide + nc])
        column, row = closest(node, fx / SIDE, fy / SIDE, nc << SHIFT, nr << SHIFT, steps[0], steps[1])
        value = coarse_value(i4, i8, column, row)
        mask = np.uint64(block_mask(i8, value))
    return closest(mask, fx, fy, column << SHIFT, row << SHIFT, steps[0], steps[1])


@njit(inline="always")
def _window(at: At, steps: At, any2: float, i8: I8) -> Window:
    """The fine cells within a distance of a point. ``any2``: its square, m²."""
    reach = math.sqrt(any2) * SLACK
    rx, ry = reach / steps[0], reach / steps[1]
    return (
        int(max(at[0] - rx, 0.0)),
        int(min(at[0] + rx, i8[COLUMNS] * SIDE - 1.0)),
        int(max(at[1] - ry, 0.0)),
        int(min(at[1] + ry, i8[ROWS] * SIDE - 1.0)),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _search_nodes(
    i4: I4,
    i8: I8,
    f8: F8,
    place: Spot,
    area: int,
    at: At,
    steps: At,
    window: Window,
    bests: Bests,
) -> Bests:
    """``bests``, or less where a wide window has nearer edges, which nodes of the masks show."""
    wide = nodes_along(i8[COLUMNS])
    coarse = (window[0] >> SHIFT, window[1] >> SHIFT, window[2] >> SHIFT, window[3] >> SHIFT)
    for nr in range(coarse[2] >> SHIFT, (coarse[3] >> SHIFT) + 1):
        for nc in range(coarse[0] >> SHIFT, (coarse[1] >> SHIFT) + 1):
            node = within(i8[i8[NODES] + nr * wide + nc], nc << SHIFT, nr << SHIFT, coarse)
            while node != np.uint64(0):
                bit = first_bit(node)
                node = without_first(node)
                column, row = (nc << SHIFT) + (bit & LAST), (nr << SHIFT) + (bit >> SHIFT)
                away = cell_distance2(
                    at[0] / SIDE, at[1] / SIDE, column, row, steps[0] * SIDE, steps[1] * SIDE
                )
                if away <= bests[0] * SLACK:
                    value = coarse_value(i4, i8, column, row)
                    corner = (column << SHIFT, row << SHIFT)
                    mask = within(block_mask(i8, value), corner[0], corner[1], window)
                    while mask != np.uint64(0):
                        bit = first_bit(mask)
                        mask = without_first(mask)
                        cell = (corner[0] + (bit & LAST), corner[1] + (bit >> SHIFT))
                        if (
                            cell_distance2(at[0], at[1], cell[0], cell[1], steps[0], steps[1])
                            <= bests[0] * SLACK
                        ):
                            word = crossed_word(i8, i4[_slot_of(i4, i8, cell)])
                            bests = _nearest_in_cell(i8, f8, place, area, word, bests)
    return bests


@njit(inline="always")
def _choose_first_cells(i4: I4, i8: I8, spots: F8, states: I8, count: int) -> int:
    """Choose a cell near each point to be searched first, and load its data."""
    touched = np.int64(0)
    coarse, columns, masks = i8[COARSE], i8[COLUMNS], i8[MASKS]
    for k in range(count):
        column, row = int(spots[k, X]) >> SHIFT, int(spots[k, Y]) >> SHIFT
        states[k, WORD] = i4[coarse_slot(coarse, columns, column, row)]
    for k in range(count):
        value = states[k, WORD]
        states[k, FIRST] = i8[masks + block_of(value)] if value < 0 else 0
    for k in range(count):
        at, steps = (spots[k, X], spots[k, Y]), (spots[k, SX], spots[k, SY])
        if states[k, FIRST] != 0:
            corner = (int(at[0]) & ~LAST, int(at[1]) & ~LAST)
            cell = closest(
                np.uint64(states[k, FIRST]), at[0], at[1], corner[0], corner[1], steps[0], steps[1]
            )
            slot = fine_slot(i8[FINE], block_of(states[k, WORD]), cell[0], cell[1])
        else:
            cell = _close_cell(i4, i8, at, steps)
            slot = _slot_of(i4, i8, cell) if cell[0] >= 0 else -1
        states[k, FIRST] = slot
        states[k, WORD] = i4[slot] if slot >= 0 else 0
    for k in range(count):
        if states[k, FIRST] >= 0:
            states[k, WORD] = crossed_word(i8, states[k, WORD])
            touched += i8[states[k, WORD]] + i8[states[k, WORD] + 8]  # 8 words are a cache line
    return touched


@njit(inline="always")
def _load_windows(i4: I4, i8: I8, windows: I8, count: int) -> int:
    """Load the coarse cells and the masks in each point's window."""
    touched = np.int64(0)
    coarse, columns, masks = i8[COARSE], i8[COLUMNS], i8[MASKS]
    for k in range(count):
        for row in range(windows[k, 2] >> SHIFT, (windows[k, 3] >> SHIFT) + 1):
            touched += i4[coarse_slot(coarse, columns, windows[k, 0] >> SHIFT, row)]
    for k in range(count):
        for row in range(windows[k, 2] >> SHIFT, (windows[k, 3] >> SHIFT) + 1):
            for column in range(windows[k, 0] >> SHIFT, (windows[k, 1] >> SHIFT) + 1):
                value = np.int64(i4[coarse_slot(coarse, columns, column, row)])
                touched += i8[masks + block_of(value)] if value < 0 else 0
    return touched


@njit(inline="always")
def _collect_cells(
    i4: I4, i8: I8, spots: F8, states: I8, windows: I8, k: int, cells: I8, gaps: F8, found: int
) -> int:
    """Append the cells of a point's window that may hold something nearer; how many cells there are now.

    ``cells``, ``gaps``: number of the point and slot of each cell, and the square of its distance, m². The
    nearest cell comes first, for after it most of the others turn out to be too far.
    """
    begin, least = found, found
    at, steps = (spots[k, X], spots[k, Y]), (spots[k, SX], spots[k, SY])
    limit = spots[k, ANY2] * SLACK
    window = (windows[k, 0], windows[k, 1], windows[k, 2], windows[k, 3])
    for row in range(window[2] >> SHIFT, (window[3] >> SHIFT) + 1):
        for column in range(window[0] >> SHIFT, (window[1] >> SHIFT) + 1):
            value = coarse_value(i4, i8, column, row)
            if value >= 0:
                continue
            corner = (column << SHIFT, row << SHIFT)
            mask = within(block_mask(i8, value), corner[0], corner[1], window)
            block = fine_slot(i8[FINE], block_of(value), 0, 0)
            while mask != np.uint64(0):
                bit = first_bit(mask)
                mask = without_first(mask)
                away = cell_distance2(
                    at[0], at[1], corner[0] + (bit & LAST), corner[1] + (bit >> SHIFT), steps[0], steps[1]
                )
                if away <= limit and block + bit != states[k, FIRST]:
                    cells[found, 0], cells[found, 1], gaps[found] = k, block + bit, away
                    least = found if away < gaps[least] else least
                    found += 1
    if found > begin:
        cells[begin, 1], cells[least, 1] = cells[least, 1], cells[begin, 1]
        gaps[begin], gaps[least] = gaps[least], gaps[begin]
    return found


@njit(inline="always")
def _search_cells(i4: I4, i8: I8, f8: F8, spots: F8, states: I8, cells: I8, gaps: F8, found: int) -> int:
    """Search the cells that were collected for nearer edges."""
    touched = np.int64(0)
    for n in range(found):
        cells[n, 1] = crossed_word(i8, i4[cells[n, 1]])
    for n in range(found):
        touched += i8[cells[n, 1]] + i8[cells[n, 1] + 8]
    for n in range(found):
        k = cells[n, 0]
        if gaps[n] <= spots[k, ANY2] * SLACK:
            place = (spots[k, LON], spots[k, LAT], spots[k, KX], spots[k, KY])
            bests = (spots[k, ANY2], spots[k, OWN2])
            spots[k, ANY2], spots[k, OWN2] = _nearest_in_cell(
                i8, f8, place, states[k, AREA], cells[n, 1], bests
            )
    return touched


@njit(inline="always")
def _search_first_cells(i4: I4, i8: I8, f8: F8, spots: F8, states: I8, windows: I8, count: int) -> None:
    """Search the first cells, and set each point's window, in which something may be nearer.

    A point with a wide window, in much empty ground, is searched to the end at once, and has an empty window.
    """
    for k in range(count):
        spots[k, ANY2] = spots[k, OWN2] = np.inf
        windows[k, 0] = windows[k, 2] = 0
        windows[k, 1] = windows[k, 3] = -1
        if states[k, FIRST] < 0:
            continue
        place = (spots[k, LON], spots[k, LAT], spots[k, KX], spots[k, KY])
        bests = _nearest_in_cell(i8, f8, place, states[k, AREA], states[k, WORD], (np.inf, np.inf))
        at, steps = (spots[k, X], spots[k, Y]), (spots[k, SX], spots[k, SY])
        window = _window(at, steps, bests[0], i8)
        if (window[1] - window[0]) >> SHIFT < FEW and (window[3] - window[2]) >> SHIFT < FEW:
            for side in range(4):
                windows[k, side] = window[side]
        else:
            bests = _search_nodes(i4, i8, f8, place, states[k, AREA], at, steps, window, bests)
        spots[k, ANY2], spots[k, OWN2] = bests


@njit(cache=True, nogil=True, error_model="numpy")
def border_distance_batch(
    i4: I4, i8: I8, f8: F8, points: F8, metres: F8, areas: I4, first: int, last: int, out: F8
) -> int:
    """Write the distance of points from the border of the area that holds each into ``out``, (n,), metres.

    Args:
        points, metres: (n, 2), degrees, and metres per degree there.
        areas: (n,), units; those from ``first`` on and before ``last`` are this coverage's areas, and the
            places of the others in ``out`` are left as they are.

    Returns:
        A number without meaning: a sum of what was loaded.
    """
    spots, states = np.empty((TOGETHER, 10)), np.empty((TOGETHER, 4), np.int64)
    windows = np.empty((TOGETHER, 4), np.int64)
    cells, gaps = np.empty((ROOM, 2), np.int64), np.empty(ROOM)
    p, touched = 0, np.int64(0)
    while p < len(points):
        count = 0
        while p < len(points) and count < TOGETHER:
            if first <= areas[p] < last:
                x, y, kx, ky = points[p, 0], points[p, 1], metres[p, 0], metres[p, 1]
                spots[count, LON], spots[count, LAT], spots[count, KX], spots[count, KY] = x, y, kx, ky
                spots[count, X], spots[count, Y] = grid_position(f8, x, y)
                spots[count, SX], spots[count, SY] = kx * f8[SIZE], ky * f8[SIZE]
                states[count, WHO], states[count, AREA] = p, areas[p] - first
                count += 1
            p += 1
        touched += _choose_first_cells(i4, i8, spots, states, count)
        _search_first_cells(i4, i8, f8, spots, states, windows, count)
        touched += _load_windows(i4, i8, windows, count)
        found = 0
        for k in range(count):
            if found > ROOM - MOST:
                touched += _search_cells(i4, i8, f8, spots, states, cells, gaps, found)
                found = 0
            found = _collect_cells(i4, i8, spots, states, windows, k, cells, gaps, found)
        touched += _search_cells(i4, i8, f8, spots, states, cells, gaps, found)
        for k in range(count):
            if spots[k, OWN2] < np.inf:
                out[states[k, WHO]] = math.sqrt(spots[k, OWN2])
            else:  # no edge of the area was near enough to be met: so much ground is empty
                box = (spots[k, LON], spots[k, LAT], spots[k, KX], spots[k, KY], 0.0, 0.0)
                out[states[k, WHO]] = border_distance(i4, i8, f8, box, states[k, AREA], np.inf)
    return touched
