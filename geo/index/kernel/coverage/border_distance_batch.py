"""How far the border of the area that holds a point is, for many points. Compiled.

In a coverage no way leads from a point to an edge but across the border of its own area. So the nearest edge
of all lies on that border, and any edge tells how far it is at most: the masks (``masks``) name the few cells
that can hold something nearer. The distances are those of ``border.border_distance``, to the last bit.

Most of the time goes by waiting for memory. So points take each step together, ``TOGETHER`` of them: what the
next step reads is asked for in a loop that does nothing else, and memory answers several at once.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.index.kernel.bitmasks import closest, first_bit, gap2, nodes_along, within, without_first
from geo.index.kernel.coverage.border_distance import border_distance
from geo.index.kernel.distance import F8, I4, I8
from geo.index.kernel.layout import (
    COARSE,
    COLUMNS,
    DATA,
    FINE,
    INVERSE,
    LOW26,
    MASKS,
    NODES,
    ROWS,
    SHIFT,
    SIDE,
    SIZE,
    SOUTH,
    WEST,
)

SLACK: Final = 1.0 + 1e-9  # a cell is passed over only where it is farther by more than rounding
FEW: Final = 5  # coarse cells along a window; of wider ones whole nodes are asked
EDGE: Final = SIDE - 1
TOGETHER: Final = 64
MOST: Final = (FEW + 1) ** 2 * SIDE * SIDE  # cells of a window
ROOM: Final = 2 * MOST
# Of each point of those that go together: position in degrees, metres a degree, position in cells, metres a
# cell, squares of distances; its number, its area, where its first cell's value stands, and that cell's data.
LON, LAT, KX, KY, X, Y, SX, SY, ANY2, OWN2 = range(10)
WHO, AREA, FIRST, WORD = range(4)
Place = tuple[float, float, float, float]
At = tuple[float, float]
Bests = tuple[float, float]  # square of the distance of the nearest edge, and of the area's nearest edge, m²


@njit(inline="always")
def _fine_at(i4: I4, i8: I8, cell: tuple[int, int]) -> int:
    """Where the value of a fine cell stands whose block there is."""
    block = -1 - np.int64(i4[i8[COARSE] + (cell[1] >> SHIFT) * i8[COLUMNS] + (cell[0] >> SHIFT)])
    return i8[FINE] + (block << (2 * SHIFT)) + ((cell[1] & EDGE) << SHIFT) + (cell[0] & EDGE)


@njit(inline="always")
def _distance2(f8: F8, v: int, place: Place) -> float:
    """``near.distance2`` of the edge that begins at a word, without branches: none could be foreseen."""
    x, y, kx, ky = place
    ax, ay = (f8[v] - x) * kx, (f8[v + 1] - y) * ky
    dx, dy = (f8[v + 2] - f8[v]) * kx, (f8[v + 3] - f8[v + 1]) * ky
    length2 = dx * dx + dy * dy
    t = -(ax * dx + ay * dy)
    bx, by = ax + dx, ay + dy
    cross = ax * dy - ay * dx
    beyond = bx * bx + by * by
    beside = cross * cross / length2
    found = beyond if t >= length2 else beside
    return ax * ax + ay * ay if t <= 0.0 else found


@njit(inline="always")
def _edges(i8: I8, f8: F8, place: Place, area: int, word: int, bests: Bests) -> Bests:
    """The nearest edges, those of a crossed fine cell included. ``word``: its data."""
    any2, own2 = bests
    chains = i8[word] >> 32
    word += 1
    for _ in range(chains):
        info = i8[word]
        n = info & 0xFFF
        nearest = np.inf
        for v in range(word + 1, word + 2 * n - 1, 2):
            away2 = _distance2(f8, v, place)
            nearest = away2 if away2 < nearest else nearest
        any2 = min(any2, nearest)
        if ((info >> 12) & LOW26) - 1 == area or (info >> 38) - 1 == area:
            own2 = min(own2, nearest)
        word += 1 + 2 * n
    return any2, own2


@njit(inline="always")
def _some_cell(i4: I4, i8: I8, at: At, steps: At) -> tuple[int, int]:
    """A crossed fine cell that is not far from a point, by the masks; column -1 where there is none."""
    fx, fy = at
    cx, cy = int(fx), int(fy)
    columns = i8[COLUMNS]
    wide = nodes_along(columns)
    column, row = cx >> SHIFT, cy >> SHIFT
    value = np.int64(i4[i8[COARSE] + row * columns + column])
    mask = np.uint64(i8[i8[MASKS] - 1 - value]) if value < 0 else np.uint64(0)
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
                nc & ~EDGE,
                nr & ~EDGE,
                steps[0],
                steps[1],
            )
            node = np.uint64(i8[i8[NODES] + nr * wide + nc])
        column, row = closest(node, fx / SIDE, fy / SIDE, nc << SHIFT, nr << SHIFT, steps[0], steps[1])
        value = np.int64(i4[i8[COARSE] + row * columns + column])
        mask = np.uint64(i8[i8[MASKS] - 1 - value])
    return closest(mask, fx, fy, column << SHIFT, row << SHIFT, steps[0], steps[1])


@njit(inline="always")
def _window(at: At, steps: At, any2: float, i8: I8) -> tuple[int, int, int, int]:
    """First and last column and row of the fine cells that lie within a distance of a point."""
    reach = math.sqrt(any2) * SLACK
    rx, ry = reach / steps[0], reach / steps[1]
    return (
        int(max(at[0] - rx, 0.0)),
        int(min(at[0] + rx, i8[COLUMNS] * SIDE - 1.0)),
        int(max(at[1] - ry, 0.0)),
        int(min(at[1] + ry, i8[ROWS] * SIDE - 1.0)),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _in_nodes(
    i4: I4,
    i8: I8,
    f8: F8,
    place: Place,
    area: int,
    at: At,
    steps: At,
    window: tuple[int, int, int, int],
    bests: Bests,
) -> Bests:
    """The nearest edges, those of a wide window included."""
    wide = nodes_along(i8[COLUMNS])
    coarse = (window[0] >> SHIFT, window[1] >> SHIFT, window[2] >> SHIFT, window[3] >> SHIFT)
    for nr in range(coarse[2] >> SHIFT, (coarse[3] >> SHIFT) + 1):
        for nc in range(coarse[0] >> SHIFT, (coarse[1] >> SHIFT) + 1):
            node = within(i8[i8[NODES] + nr * wide + nc], nc << SHIFT, nr << SHIFT, coarse)
            while node != np.uint64(0):
                bit = first_bit(node)
                node = without_first(node)
                column, row = (nc << SHIFT) + (bit & EDGE), (nr << SHIFT) + (bit >> SHIFT)
                away = gap2(at[0] / SIDE, at[1] / SIDE, column, row, steps[0] * SIDE, steps[1] * SIDE)
                if away <= bests[0] * SLACK:
                    value = np.int64(i4[i8[COARSE] + row * i8[COLUMNS] + column])
                    corner = (column << SHIFT, row << SHIFT)
                    mask = within(i8[i8[MASKS] - 1 - value], corner[0], corner[1], window)
                    while mask != np.uint64(0):
                        bit = first_bit(mask)
                        mask = without_first(mask)
                        cell = (corner[0] + (bit & EDGE), corner[1] + (bit >> SHIFT))
                        if gap2(at[0], at[1], cell[0], cell[1], steps[0], steps[1]) <= bests[0] * SLACK:
                            word = i8[DATA] - 1 - np.int64(i4[_fine_at(i4, i8, cell)])
                            bests = _edges(i8, f8, place, area, word, bests)
    return bests


@njit(inline="always")
def _first_cells(i4: I4, i8: I8, spots: F8, states: I8, count: int) -> int:
    """Note where a first cell of each point stands. ``states``: see ``border_distance_batch``."""
    touched = np.int64(0)
    coarse, columns, masks = i8[COARSE], i8[COLUMNS], i8[MASKS]
    for k in range(count):
        column, row = int(spots[k, X]) >> SHIFT, int(spots[k, Y]) >> SHIFT
        states[k, WORD] = i4[coarse + row * columns + column]
    for k in range(count):
        value = states[k, WORD]
        states[k, FIRST] = i8[masks - 1 - value] if value < 0 else 0
    for k in range(count):
        at, steps = (spots[k, X], spots[k, Y]), (spots[k, SX], spots[k, SY])
        if states[k, FIRST] != 0:
            corner = (int(at[0]) & ~EDGE, int(at[1]) & ~EDGE)
            cell = closest(
                np.uint64(states[k, FIRST]), at[0], at[1], corner[0], corner[1], steps[0], steps[1]
            )
            block = -1 - states[k, WORD]
            place = i8[FINE] + (block << (2 * SHIFT)) + ((cell[1] & EDGE) << SHIFT) + (cell[0] & EDGE)
        else:
            cell = _some_cell(i4, i8, at, steps)
            place = _fine_at(i4, i8, cell) if cell[0] >= 0 else -1
        states[k, FIRST] = place
        states[k, WORD] = i4[place] if place >= 0 else 0
    for k in range(count):
        if states[k, FIRST] >= 0:
            states[k, WORD] = i8[DATA] - 1 - states[k, WORD]
            touched += i8[states[k, WORD]] + i8[states[k, WORD] + 8]
    return touched


@njit(inline="always")
def _look_round(i4: I4, i8: I8, spots: F8, states: I8, windows: I8, count: int) -> int:
    """Ask for the masks in each point's window."""
    touched = np.int64(0)
    coarse, columns, masks = i8[COARSE], i8[COLUMNS], i8[MASKS]
    for k in range(count):
        for row in range(windows[k, 2] >> SHIFT, (windows[k, 3] >> SHIFT) + 1):
            touched += i4[coarse + row * columns + (windows[k, 0] >> SHIFT)]
    for k in range(count):
        for row in range(windows[k, 2] >> SHIFT, (windows[k, 3] >> SHIFT) + 1):
            for column in range(windows[k, 0] >> SHIFT, (windows[k, 1] >> SHIFT) + 1):
                value = np.int64(i4[coarse + row * columns + column])
                touched += i8[masks - 1 - value] if value < 0 else 0
    return touched


@njit(inline="always")
def _candidates(
    i4: I4, i8: I8, spots: F8, states: I8, windows: I8, k: int, cells: I8, gaps: F8, told: int
) -> int:
    """Note the cells of a point's window that may hold something nearer, the nearest cell first.

    Returns the number of those noted.
    """
    begin, least = told, told
    at, steps = (spots[k, X], spots[k, Y]), (spots[k, SX], spots[k, SY])
    limit = spots[k, ANY2] * SLACK
    window = (windows[k, 0], windows[k, 1], windows[k, 2], windows[k, 3])
    for row in range(window[2] >> SHIFT, (window[3] >> SHIFT) + 1):
        for column in range(window[0] >> SHIFT, (window[1] >> SHIFT) + 1):
            value = np.int64(i4[i8[COARSE] + row * i8[COLUMNS] + column])
            if value >= 0:
                continue
            corner = (column << SHIFT, row << SHIFT)
            mask = within(i8[i8[MASKS] - 1 - value], corner[0], corner[1], window)
            block = i8[FINE] + ((-1 - value) << (2 * SHIFT))
            while mask != np.uint64(0):
                bit = first_bit(mask)
                mask = without_first(mask)
                away = gap2(
                    at[0], at[1], corner[0] + (bit & EDGE), corner[1] + (bit >> SHIFT), steps[0], steps[1]
                )
                if away <= limit and block + bit != states[k, FIRST]:
                    cells[told, 0], cells[told, 1], gaps[told] = k, block + bit, away
                    least = told if away < gaps[least] else least
                    told += 1
    if told > begin:
        cells[begin, 1], cells[least, 1] = cells[least, 1], cells[begin, 1]
        gaps[begin], gaps[least] = gaps[least], gaps[begin]
    return told


@njit(inline="always")
def _settle(i4: I4, i8: I8, f8: F8, spots: F8, states: I8, cells: I8, gaps: F8, told: int) -> int:
    """Look at the cells that were noted."""
    touched = np.int64(0)
    for n in range(told):
        cells[n, 1] = i8[DATA] - 1 - np.int64(i4[cells[n, 1]])
    for n in range(told):
        touched += i8[cells[n, 1]] + i8[cells[n, 1] + 8]
    for n in range(told):
        k = cells[n, 0]
        if gaps[n] <= spots[k, ANY2] * SLACK:
            place = (spots[k, LON], spots[k, LAT], spots[k, KX], spots[k, KY])
            bests = (spots[k, ANY2], spots[k, OWN2])
            spots[k, ANY2], spots[k, OWN2] = _edges(i8, f8, place, states[k, AREA], cells[n, 1], bests)
    return touched


@njit(inline="always")
def _begin(i4: I4, i8: I8, f8: F8, spots: F8, states: I8, windows: I8, count: int) -> None:
    """Look at the first cells; note in which window something may be nearer."""
    for k in range(count):
        spots[k, ANY2] = spots[k, OWN2] = np.inf
        windows[k, 0] = windows[k, 2] = 0
        windows[k, 1] = windows[k, 3] = -1
        if states[k, FIRST] < 0:
            continue
        place = (spots[k, LON], spots[k, LAT], spots[k, KX], spots[k, KY])
        bests = _edges(i8, f8, place, states[k, AREA], states[k, WORD], (np.inf, np.inf))
        at, steps = (spots[k, X], spots[k, Y]), (spots[k, SX], spots[k, SY])
        window = _window(at, steps, bests[0], i8)
        if (window[1] - window[0]) >> SHIFT < FEW and (window[3] - window[2]) >> SHIFT < FEW:
            for side in range(4):
                windows[k, side] = window[side]
        else:
            bests = _in_nodes(i4, i8, f8, place, states[k, AREA], at, steps, window, bests)
        spots[k, ANY2], spots[k, OWN2] = bests


@njit(cache=True, nogil=True, error_model="numpy")
def border_distance_batch(
    i4: I4, i8: I8, f8: F8, points: F8, metres: F8, areas: NDArray[np.int32], first: int, last: int, out: F8
) -> int:
    """Distance of each point, (n, 2), from the border of the area that holds it, metres.

    ``areas``, (n,): units, of which those from ``first`` on and before ``last`` are this coverage's; the
    others' places in ``out`` are left as they are.
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
                spots[count, X], spots[count, Y] = (x - f8[WEST]) * f8[INVERSE], (y - f8[SOUTH]) * f8[INVERSE]
                spots[count, SX], spots[count, SY] = kx * f8[SIZE], ky * f8[SIZE]
                states[count, WHO], states[count, AREA] = p, areas[p] - first
                count += 1
            p += 1
        touched += _first_cells(i4, i8, spots, states, count)
        _begin(i4, i8, f8, spots, states, windows, count)
        touched += _look_round(i4, i8, spots, states, windows, count)
        told = 0
        for k in range(count):
            if told > ROOM - MOST:
                touched += _settle(i4, i8, f8, spots, states, cells, gaps, told)
                told = 0
            told = _candidates(i4, i8, spots, states, windows, k, cells, gaps, told)
        touched += _settle(i4, i8, f8, spots, states, cells, gaps, told)
        for k in range(count):
            if spots[k, OWN2] < np.inf:
                out[states[k, WHO]] = math.sqrt(spots[k, OWN2])
            else:  # so much empty ground that nothing was looked at
                box = (spots[k, LON], spots[k, LAT], spots[k, KX], spots[k, KY], 0.0, 0.0)
                out[states[k, WHO]] = border_distance(i4, i8, f8, box, states[k, AREA], np.inf)
    return touched
