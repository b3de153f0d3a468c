"""Areas that may overlap, round many points. Compiled.

The answers are those of ``near.near_overlaps``, summed in the same order. Points take each step together, so
that memory answers several at once (see ``nearest``); cells without a border are passed over by the masks.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.index.kernel.bitmasks import first_bit, without_first
from geo.index.kernel.distance import F8, FULL, I4, I8, Place, areas_of_cell, near_overlaps, window
from geo.index.kernel.gaussian import R68, REACH
from geo.index.kernel.layout import (
    COARSE,
    COLUMNS,
    DATA,
    FINE,
    INVERSE,
    MASKS,
    ROWS,
    SHIFT,
    SIDE,
    SIZE,
    SOUTH,
    WEST,
)
from geo.index.kernel.overlap.build import FIELD, LOW21
from geo.index.kernel.overlap.query import gather

Bools = NDArray[np.bool_]
AREAS_ROOM: Final = 256  # areas near one of many points; more are left to the caller
ON_BORDER2: Final = 1e-12  # m²: nearer than a micrometre to a border, the whole geometry must decide
TOGETHER: Final = 64
MOST: Final = 64  # cells of a window; wider ones are asked alone
EDGE: Final = SIDE - 1
OWN, FIRST, LAST = range(
    3
)  # of a point: its own cell's value, its first noted cell and the one after its last
EMPTY, WIDE = 0, -1


@njit(inline="always")
def _value_at(i4: I4, i8: I8, column: int, row: int) -> int:
    """Where the value of a fine cell stands: its own, or that of its coarse cell where that has no block."""
    at = i8[COARSE] + (row >> SHIFT) * i8[COLUMNS] + (column >> SHIFT)
    value = np.int64(i4[at])
    if value >= 0:
        return at
    return i8[FINE] + ((-1 - value) << (2 * SHIFT)) + ((row & EDGE) << SHIFT) + (column & EDGE)


@njit(inline="always")
def _note(i4: I4, i8: I8, spots: I8, k: int, cells: I8, told: int) -> int:
    """Note the crossed cells in a point's window, row by row; their number so far. ``spots``: windows."""
    for row in range(spots[k, 2], spots[k, 3] + 1):
        for coarse in range(spots[k, 0] >> SHIFT, (spots[k, 1] >> SHIFT) + 1):
            value = np.int64(i4[i8[COARSE] + (row >> SHIFT) * i8[COLUMNS] + coarse])
            if value >= 0:
                continue
            bits = (i8[i8[MASKS] - 1 - value] >> ((row & EDGE) << SHIFT)) & 0xFF
            first, last = spots[k, 0] - (coarse << SHIFT), spots[k, 1] - (coarse << SHIFT)
            bits &= (0xFF << max(first, 0)) & (0xFF >> max(EDGE - last, 0))
            block = i8[FINE] + ((-1 - value) << (2 * SHIFT)) + ((row & EDGE) << SHIFT)
            mask = np.uint64(bits)
            while mask != np.uint64(0):
                bit = first_bit(mask)
                mask = without_first(mask)
                cells[told, 0], cells[told, 1], cells[told, 2] = block + bit, (coarse << SHIFT) + bit, row
                told += 1
    return told


@njit(inline="always")
def _ask(i4: I4, i8: I8, f8: F8, places: F8, spots: I8, states: I8, cells: I8, count: int) -> int:
    """Note the cells of points that go together, and ask for their data."""
    touched = np.int64(0)
    wide, high = i8[COLUMNS] * SIDE, i8[ROWS] * SIDE
    for k in range(count):
        spots[k] = window(f8, i8, places[k, 0], places[k, 1], places[k, 4], places[k, 5])
        if spots[k, 0] <= spots[k, 1] and spots[k, 2] <= spots[k, 3]:
            touched += i4[i8[COARSE] + (spots[k, 2] >> SHIFT) * i8[COLUMNS] + (spots[k, 0] >> SHIFT)]
            touched += i4[i8[COARSE] + (spots[k, 3] >> SHIFT) * i8[COLUMNS] + (spots[k, 1] >> SHIFT)]
    told = 0
    for k in range(count):
        states[k, FIRST] = states[k, LAST] = told
        fx, fy = (places[k, 0] - f8[WEST]) * f8[INVERSE], (places[k, 1] - f8[SOUTH]) * f8[INVERSE]
        inside = fx >= 0.0 and fy >= 0.0 and fx < wide and fy < high
        states[k, OWN] = _value_at(i4, i8, int(fx), int(fy)) if inside else -1
        if (spots[k, 1] - spots[k, 0] + 1) * (spots[k, 3] - spots[k, 2] + 1) > MOST:
            states[k, LAST] = WIDE
        else:
            told = states[k, LAST] = _note(i4, i8, spots, k, cells, told)
    for k in range(count):
        value = i4[states[k, OWN]] if states[k, OWN] >= 0 else 0
        states[k, OWN] = i8[DATA] + value if value > 0 else 0
    for n in range(told):
        cells[n, 0] = i8[DATA] + i4[cells[n, 0]]
    for k in range(count):
        touched += i8[states[k, OWN]]
    for n in range(told):
        touched += i8[cells[n, 0]] + i8[cells[n, 0] + 8]
    return touched


@njit(inline="always")
def _round_one(
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
    """``near_overlaps`` from the cells that were noted. ``own``: the word of the point's own cell, or 0."""
    count = 0
    if own > 0:
        if (i8[own] & LOW21) + ((i8[own] >> FIELD) & LOW21) > len(ids):
            return FULL, 0
        x0 = f8[WEST] + int((place[0] - f8[WEST]) * f8[INVERSE]) * f8[SIZE]
        count = gather(i8, f8, own, (place[0], place[1], x0), ids, 0)
    for n in range(count):
        mass[n], near2[n] = 1.0, np.inf
    inside = count
    for n in range(len(cells)):
        cell = (cells[n, 0], cells[n, 1], cells[n, 2])
        count = areas_of_cell(i8, f8, cell, place, limits, accuracies, notice, ids, mass, near2, count)
        if count == FULL:
            return FULL, 0
    return count, inside


@njit(inline="always")
def _reach(accuracy: float, area: int, accuracies: F8, notice: F8) -> float:
    """How far from a point's area it is told of, metres."""
    return max(REACH * (math.hypot(accuracy, accuracies[area]) / R68), notice[area])


@njit(inline="always")
def _longer(
    who: I8, area: I4, holds: Bools, distance: F8, part: F8, more: int
) -> tuple[I8, I4, Bools, F8, F8]:
    """The same with room for as many again, and more."""
    extra = len(who) + more
    return (
        np.append(who, np.empty(extra, np.int64)),
        np.append(area, np.empty(extra, np.int32)),
        np.append(holds, np.empty(extra, np.bool_)),
        np.append(distance, np.empty(extra)),
        np.append(part, np.empty(extra)),
    )


@njit(inline="always")
def _gathered(places: F8, points: F8, metres: F8, radii: F8, start: int) -> int:
    """Fill the places of points that go together; their number."""
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

    ``metres``, (n, 2): per degree. ``accuracy``, (n,): 68 % radii of the points. Of each area,
    ``accuracies``: of its lines, ``notice``: how near it wants to be told of, metres. Told is what
    holds the point, may hold it (within REACH σ) or is near enough. Points ascend. The mass is NaN where a
    point lies on a border; the area is -1 where there are too many.
    """
    size = max(1024, len(points) // 2)
    who, area, holds = np.empty(size, np.int64), np.empty(size, np.int32), np.empty(size, np.bool_)
    distance, part = np.empty(size), np.empty(size)
    ids, mass, near2 = np.empty(AREAS_ROOM, np.int32), np.empty(AREAS_ROOM), np.empty(AREAS_ROOM)
    limits, radii = np.empty(len(points)), np.empty(len(points))
    worst, farthest = np.max(accuracies), np.max(notice)
    for p in range(len(points)):
        same = p > 0 and accuracy[p] == accuracy[p - 1]
        limits[p] = limits[p - 1] if same else REACH * (math.hypot(accuracy[p], worst) / R68)
        radii[p] = max(limits[p], farthest)
    places, spots = np.empty((TOGETHER, 6)), np.empty((TOGETHER, 4), np.int64)
    states, cells = np.empty((TOGETHER, 3), np.int64), np.empty((TOGETHER * MOST, 3), np.int64)
    told = 0
    for start in range(0, len(points), TOGETHER):
        together = _gathered(places, points, metres, radii, start)
        _ask(i4, i8, f8, places, spots, states, cells, together)
        for k in range(together):
            p = start + k
            place = (places[k, 0], places[k, 1], places[k, 2], places[k, 3], places[k, 4], places[k, 5])
            if states[k, LAST] == WIDE:
                count, inside = near_overlaps(i4, i8, f8, place, accuracy[p], accuracies, ids, mass, near2)
            else:
                near = (accuracy[p], limits[p] * limits[p])
                mine = cells[states[k, FIRST] : states[k, LAST]]
                count, inside = _round_one(
                    i8, f8, states[k, OWN], mine, place, near, accuracies, notice, ids, mass, near2
                )
            if count == FULL:
                ids[0], mass[0], near2[0], count, inside = -1, np.nan, 0.0, 1, 1
            if told + count > len(who):
                who, area, holds, distance, part = _longer(who, area, holds, distance, part, count)
            for n in range(count):
                away = 0.0 if n < inside else math.sqrt(near2[n])
                if ids[n] < 0 or n < inside or away <= _reach(accuracy[p], ids[n], accuracies, notice):
                    who[told], area[told], holds[told], distance[told] = p, ids[n], n < inside, away
                    part[told] = np.nan if near2[n] < ON_BORDER2 else min(1.0, max(0.0, mass[n]))
                    told += 1
    return who[:told], area[:told], holds[:told], distance[:told], part[:told]
