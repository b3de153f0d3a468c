"""Areas that may overlap, round each of many points: ``distance.near_overlaps`` for arrays. Compiled.

The answers are equal to the last bit, because masses are summed in the same order. Most of the time would go
by waiting for memory. So ``TOGETHER`` points take each step in turn: what the next step reads is loaded in a
loop that does nothing else, and several loads are under way at once. Cells without a border are skipped by
the masks.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from geo.index.kernel.bitmasks import FIRST_ROW, first_bit, without_first
from geo.index.kernel.distance import FULL, areas_at_point, areas_of_cell, near_overlaps, window
from geo.index.kernel.gaussian import reach_of, spread_of
from geo.index.kernel.layout import (
    COARSE,
    COLUMNS,
    DATA,
    F8,
    FINE,
    I4,
    I8,
    LAST,
    ROWS,
    SHIFT,
    Bools,
    Place,
    block_mask,
    block_of,
    cell_west,
    coarse_slot,
    coarse_value,
    fine_slot,
    grid_position,
    in_grid,
    slot_in_block,
)

AREAS_ROOM: Final = 256  # areas near one of many points; more are left to the caller
ON_BORDER2: Final = 1e-12  # m²: nearer than a micrometre to a border, the whole geometry must decide
TOGETHER: Final = 64  # points; enough loads at once for any memory, and their state stays in the first cache
MOST: Final = 64  # cells of a window; points with wider ones are searched one by one
OWN, BEGIN, END = range(3)  # of a point: its own cell, and its span among the collected cells
WIDE: Final = -1  # as END: the window has more than MOST cells
# Of a collected cell: the slot of its value, later the word of its data; its column; its row.
SLOT, COLUMN, ROW = range(3)


@njit(inline="always")
def _value_slot(i4: I4, i8: I8, column: int, row: int) -> int:
    """The slot of a fine cell's value: its own, or that of its coarse cell where that has no block."""
    slot = coarse_slot(i8[COARSE], i8[COLUMNS], column >> SHIFT, row >> SHIFT)
    value = np.int64(i4[slot])
    return slot if value >= 0 else fine_slot(i8[FINE], block_of(value), column, row)


@njit(inline="always")
def _collect_crossed_cells(i4: I4, i8: I8, windows: I8, k: int, cells: I8, count: int) -> int:
    """Append the crossed cells in a point's window, row by row; their number so far.

    The order is that of ``near_overlaps``, on which the last bits of the sums depend.
    """
    for row in range(windows[k, 2], windows[k, 3] + 1):
        for coarse in range(windows[k, 0] >> SHIFT, (windows[k, 1] >> SHIFT) + 1):
            value = coarse_value(i4, i8, coarse, row >> SHIFT)
            if value >= 0:
                continue
            west = coarse << SHIFT
            first, last = max(windows[k, 0] - west, 0), min(windows[k, 1] - west, LAST)
            mask = np.uint64(block_mask(i8, value)) >> np.uint64(slot_in_block(0, row))
            mask &= (FIRST_ROW << np.uint64(first)) & (FIRST_ROW >> np.uint64(LAST - last))
            while mask != np.uint64(0):
                bit = first_bit(mask)
                mask = without_first(mask)
                cells[count, SLOT] = fine_slot(i8[FINE], block_of(value), bit, row)
                cells[count, COLUMN], cells[count, ROW] = west + bit, row
                count += 1
    return count


@njit(inline="always")
def _prefetch(i4: I4, i8: I8, f8: F8, places: F8, windows: I8, states: I8, cells: I8, count: int) -> int:
    """Collect the cells of points that go together, and load their data.

    Returns a sum of what was loaded: without a use the compiler would leave the loads out.
    """
    touched = np.int64(0)
    for k in range(count):
        windows[k] = window(f8, i8, places[k, 0], places[k, 1], places[k, 4], places[k, 5])
        if windows[k, 0] <= windows[k, 1] and windows[k, 2] <= windows[k, 3]:
            c0, c1 = windows[k, 0] >> SHIFT, windows[k, 1] >> SHIFT
            r0, r1 = windows[k, 2] >> SHIFT, windows[k, 3] >> SHIFT
            touched += coarse_value(i4, i8, c0, r0)
            touched += coarse_value(i4, i8, c1, r1)
    collected = 0
    for k in range(count):
        states[k, BEGIN] = states[k, END] = collected
        fx, fy = grid_position(f8, places[k, 0], places[k, 1])
        inside = in_grid(fx, fy, i8[COLUMNS], i8[ROWS])
        states[k, OWN] = _value_slot(i4, i8, int(fx), int(fy)) if inside else -1
        if (windows[k, 1] - windows[k, 0] + 1) * (windows[k, 3] - windows[k, 2] + 1) > MOST:
            states[k, END] = WIDE
        else:
            collected = states[k, END] = _collect_crossed_cells(i4, i8, windows, k, cells, collected)
    for k in range(count):
        value = i4[states[k, OWN]] if states[k, OWN] >= 0 else 0
        states[k, OWN] = i8[DATA] + value if value > 0 else 0
    for n in range(collected):
        cells[n, SLOT] = i8[DATA] + i4[cells[n, SLOT]]
    for k in range(count):
        touched += i8[states[k, OWN]]
    for n in range(collected):
        touched += i8[cells[n, SLOT]] + i8[cells[n, SLOT] + 8]  # 8 words are a cache line
    return touched


@njit(inline="always")
def _near_one(
    i8: I8,
    f8: F8,
    own: int,
    cells: I8,
    place: Place,
    limits: tuple[float, float],
    accuracies: F8,
    notice: F8,
    ids: I4,
    mass: F8,
    near2: F8,
) -> tuple[int, int]:
    """``near_overlaps`` from the collected cells. ``own``: word of the data of the point's own cell, or 0."""
    x0 = cell_west(f8, int(grid_position(f8, place[0], place[1])[0])) if own > 0 else 0.0
    inside = areas_at_point(i8, f8, own, place[0], place[1], x0, ids, mass, near2)
    if inside == FULL:
        return FULL, 0
    count = inside
    for n in range(len(cells)):
        cell = (cells[n, SLOT], cells[n, COLUMN], cells[n, ROW])
        count = areas_of_cell(i8, f8, cell, place, limits, accuracies, notice, ids, mass, near2, count)
        if count == FULL:
            return FULL, 0
    return count, inside


@njit(inline="always")
def _reach(accuracy: float, area: int, accuracies: F8, notice: F8) -> float:
    """Up to which distance of its border an area counts as near a point, metres."""
    return max(reach_of(spread_of(accuracy, accuracies[area])), notice[area])


@njit(inline="always")
def _grown(
    who: I8, area: I4, holds: Bools, distance: F8, part: F8, more: int
) -> tuple[I8, I4, Bools, F8, F8]:
    """The columns of the result with room for twice as many rows, and ``more``."""
    extra = len(who) + more
    return (
        np.append(who, np.empty(extra, np.int64)),
        np.append(area, np.empty(extra, np.int32)),
        np.append(holds, np.empty(extra, np.bool_)),
        np.append(distance, np.empty(extra)),
        np.append(part, np.empty(extra)),
    )


@njit(inline="always")
def _fill_places(places: F8, points: F8, metres: F8, radii: F8, start: int) -> int:
    """Fill the places (see ``layout.Place``) of points that go together; their number."""
    count = min(TOGETHER, len(points) - start)
    for k in range(count):
        kx, ky = metres[start + k, 0], metres[start + k, 1]
        places[k, 0], places[k, 1], places[k, 2], places[k, 3] = (
            points[start + k, 0],
            points[start + k, 1],
            kx,
            ky,
        )
        places[k, 4], places[k, 5] = radii[start + k] / kx, radii[start + k] / ky
    return count


@njit(cache=True, nogil=True)
def near_overlaps_batch(
    i4: I4,
    i8: I8,
    f8: F8,
    points: F8,
    metres: F8,
    accuracy: F8,
    accuracies: F8,
    notice: F8,
) -> tuple[I8, I4, Bools, F8, F8]:
    """Areas that may overlap, round each of many points: point, area, holds it, distance m, mass.

    Args:
        points, metres: (n, 2), degrees, and metres per degree there.
        accuracy: (n,), 68 % radii of the points, metres.
        accuracies, notice: (areas,), 68 % radii of each area's lines, and the distance from which it counts
            as near, metres.

    Returns:
        A row for every area that holds a point, may hold it (within its reach) or is near; points ascend. The
        mass is NaN where a point lies on a border; the area is -1 where too many areas are near.
    """
    size = max(1024, len(points) // 2)
    who, area, holds = np.empty(size, np.int64), np.empty(size, np.int32), np.empty(size, np.bool_)
    distance, part = np.empty(size), np.empty(size)
    ids, mass, near2 = np.empty(AREAS_ROOM, np.int32), np.empty(AREAS_ROOM), np.empty(AREAS_ROOM)
    limits, radii = np.empty(len(points)), np.empty(len(points))
    worst, farthest = np.max(accuracies), np.max(notice)
    for p in range(len(points)):
        same = p > 0 and accuracy[p] == accuracy[p - 1]  # mostly all are equal, and a root takes time
        limits[p] = limits[p - 1] if same else reach_of(spread_of(accuracy[p], worst))
        radii[p] = max(limits[p], farthest)
    places, windows = np.empty((TOGETHER, 6)), np.empty((TOGETHER, 4), np.int64)
    states, cells = np.empty((TOGETHER, 3), np.int64), np.empty((TOGETHER * MOST, 3), np.int64)
    rows = 0
    for start in range(0, len(points), TOGETHER):
        together = _fill_places(places, points, metres, radii, start)
        _prefetch(i4, i8, f8, places, windows, states, cells, together)
        for k in range(together):
            p = start + k
            place = (places[k, 0], places[k, 1], places[k, 2], places[k, 3], places[k, 4], places[k, 5])
            if states[k, END] == WIDE:
                count, inside = near_overlaps(i4, i8, f8, place, accuracy[p], accuracies, ids, mass, near2)
            else:
                near = (accuracy[p], limits[p] * limits[p])
                mine = cells[states[k, BEGIN] : states[k, END]]
                count, inside = _near_one(
                    i8, f8, states[k, OWN], mine, place, near, accuracies, notice, ids, mass, near2
                )
            if count == FULL:
                ids[0], mass[0], near2[0], count, inside = -1, np.nan, 0.0, 1, 1
            if rows + count > len(who):
                who, area, holds, distance, part = _grown(who, area, holds, distance, part, count)
            for n in range(count):
                away = 0.0 if n < inside else math.sqrt(near2[n])
                if ids[n] < 0 or n < inside or away <= _reach(accuracy[p], ids[n], accuracies, notice):
                    who[rows], area[rows], holds[rows], distance[rows] = p, ids[n], n < inside, away
                    part[rows] = np.nan if near2[n] < ON_BORDER2 else min(1.0, max(0.0, mass[n]))
                    rows += 1
    return who[:rows], area[:rows], holds[:rows], distance[:rows], part[:rows]
