"""What lies round an uncertain point: how much of its probability each area holds, and how far borders are.

Lengths are metres in the local plane of the point (``kx``, ``ky`` metres per degree, see ``measure.Plane``).
An edge may lie in several cells; its mass is taken in each for the part inside it, so that nothing counts
twice. Compiled.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.index.kernel.coverage.query import find
from geo.index.kernel.gaussian import R68, REACH, owens_t_difference
from geo.index.kernel.layout import (
    COARSE,
    COLUMNS,
    DATA,
    FINE,
    INVERSE,
    LOW26,
    ROWS,
    SHIFT,
    SIDE,
    SIZE,
    SOUTH,
    WEST,
)
from geo.index.kernel.overlap.build import FIELD, LEFT, LOW21
from geo.index.kernel.overlap.query import gather, word_of

I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
F8 = NDArray[np.float64]
Edge = tuple[float, float, float, float]
Place = tuple[float, float, float, float, float, float]  # x, y, kx, ky, half box in degrees
FULL: Final = -2  # there is no room for so many areas


@njit(inline="always")
def gap2(box: Edge, x: float, y: float, kx: float, ky: float) -> float:
    """Square of the distance of a point from a box (west, south, east, north), m²."""
    dx = max(box[0] - x, 0.0, x - box[2]) * kx
    dy = max(box[1] - y, 0.0, y - box[3]) * ky
    return dx * dx + dy * dy


@njit(inline="always")
def distance2(edge: Edge, x: float, y: float, kx: float, ky: float) -> float:
    """Square of the distance of a point from an edge, m²."""
    ax, ay = (edge[0] - x) * kx, (edge[1] - y) * ky
    dx, dy = (edge[2] - edge[0]) * kx, (edge[3] - edge[1]) * ky
    length2 = dx * dx + dy * dy
    t = -(ax * dx + ay * dy)
    if t <= 0.0:
        return ax * ax + ay * ay
    if t >= length2:
        bx, by = ax + dx, ay + dy
        return bx * bx + by * by
    cross = ax * dy - ay * dx
    return cross * cross / length2


@njit(inline="always")
def _clip(edge: Edge, cell: Edge) -> tuple[float, float]:
    """The part of an edge in a cell (west, south, east, north; its east and north sides are not its own)."""
    low, high = 0.0, 1.0
    for axis in range(2):
        a, b = edge[axis], edge[axis + 2]
        first, last = cell[axis], cell[axis + 2]
        if a == b:
            if a < first or a >= last:
                return 0.0, 0.0
        else:
            s, t = (first - a) / (b - a), (last - a) / (b - a)
            low, high = max(low, min(s, t)), min(high, max(s, t))
    return low, high


@njit(inline="always")
def mass_taken(edge: Edge, cell: Edge, x: float, y: float, kx: float, ky: float, sigma: float) -> float:
    """What the part of an edge in a cell takes from the mass of the area on its left."""
    low, high = _clip(edge, cell)
    if low >= high:
        return 0.0
    ax, ay = (edge[0] - x) * kx / sigma, (edge[1] - y) * ky / sigma
    dx, dy = (edge[2] - edge[0]) * kx / sigma, (edge[3] - edge[1]) * ky / sigma
    length = math.hypot(dx, dy)
    if length == 0.0:
        return 0.0
    start = (ax * dx + ay * dy) / length
    return owens_t_difference((ax * dy - ay * dx) / length, start + low * length, start + high * length)


@njit(inline="always")
def slot_of(area: int, ids: I4, mass: F8, near2: F8, count: int) -> tuple[int, int]:
    """Where an area is noted, and the new count; (FULL, count) where there is no room."""
    for n in range(count):
        if ids[n] == area:
            return n, count
    if count == len(ids):
        return FULL, count
    ids[count], mass[count], near2[count] = area, 0.0, np.inf
    return count, count + 1


@njit(inline="always")
def window(f8: F8, i8: I8, x: float, y: float, rx: float, ry: float) -> tuple[int, int, int, int]:
    """First and last column and row of the fine cells within a box round a point."""
    columns, rows = i8[COLUMNS] * SIDE, i8[ROWS] * SIDE
    c0 = math.floor((x - rx - f8[WEST]) * f8[INVERSE])
    c1 = math.floor((x + rx - f8[WEST]) * f8[INVERSE])
    r0 = math.floor((y - ry - f8[SOUTH]) * f8[INVERSE])
    r1 = math.floor((y + ry - f8[SOUTH]) * f8[INVERSE])
    return int(max(c0, 0)), int(min(c1, columns - 1)), int(max(r0, 0)), int(min(r1, rows - 1))


@njit(inline="always")
def cell_box(f8: F8, column: int, row: int) -> Edge:
    size = f8[SIZE]
    west, south = f8[WEST] + column * size, f8[SOUTH] + row * size
    return west, south, f8[WEST] + (column + 1) * size, f8[SOUTH] + (row + 1) * size


@njit(cache=True, nogil=True)
def near_coverage(
    i4: I4,
    i8: I8,
    f8: F8,
    place: Place,
    sigma: float,
    ids: I4,
    mass: F8,
    near2: F8,
) -> tuple[int, int]:
    """Areas of a coverage in a box round a point, with their mass: (their number or FULL, position or less).

    ``place``: x, y, kx, ky, and half the box's width and height in degrees. ``near2``: square of the distance
    of the area's border, m², inf where it is not in the box or its cells. The area that holds the point comes
    first and is the second number; that is OUTSIDE, or TIE on a border, where masses are not to be used.
    ``sigma`` 0: no masses, but 1 for the area that holds the point.
    """
    x, y, kx, ky, rx, ry = place
    own = find(i4, i8, f8, x, y)
    count = 0
    if own >= 0:
        ids[0], mass[0], near2[0] = own, 1.0, np.inf
        count = 1
    c0, c1, r0, r1 = window(f8, i8, x, y, rx, ry)
    reach2 = (REACH * sigma) ** 2
    columns = i8[COLUMNS]
    for row in range(r0, r1 + 1):
        column = c0
        while column <= c1:
            value = np.int64(i4[i8[COARSE] + (row >> SHIFT) * columns + (column >> SHIFT)])
            step = SIDE - (column & (SIDE - 1))
            if value < 0:
                block = i8[FINE] + ((-1 - value) << (2 * SHIFT))
                value = np.int64(i4[block + ((row & (SIDE - 1)) << SHIFT) + (column & (SIDE - 1))])
                step = 1
            if value > 0:
                slot, count = slot_of(value - 1, ids, mass, near2, count)
                if slot == FULL:
                    return FULL, own
            elif value < 0:
                word = i8[DATA] - 1 - value
                cell = cell_box(f8, column, row)
                count = _edges_of_cell(i8, f8, word, place, cell, sigma, reach2, ids, mass, near2, count)
                if count == FULL:
                    return FULL, own
            column += step
    return count, own


@njit(inline="always")
def _edges_of_cell(
    i8: I8,
    f8: F8,
    word: int,
    place: Place,
    cell: Edge,
    sigma: float,
    reach2: float,
    ids: I4,
    mass: F8,
    near2: F8,
    count: int,
) -> int:
    x, y, kx, ky, _, _ = place
    chains = i8[word] >> 32
    word += 1
    for _ in range(chains):
        info = i8[word]
        n = info & 0xFFF
        nearest, taken = np.inf, 0.0
        for v in range(word + 1, word + 2 * n - 1, 2):
            edge = (f8[v], f8[v + 1], f8[v + 2], f8[v + 3])
            d2 = distance2(edge, x, y, kx, ky)
            nearest = min(nearest, d2)
            if d2 < reach2:
                taken += mass_taken(edge, cell, x, y, kx, ky, sigma)
        for side in range(2):
            area = ((info >> 12) & LOW26) - 1 if side == 0 else (info >> 38) - 1
            if area >= 0:
                slot, count = slot_of(area, ids, mass, near2, count)
                if slot == FULL:
                    return FULL
                near2[slot] = min(near2[slot], nearest)
                mass[slot] += taken if side == 1 else -taken
        word += 1 + 2 * n
    return count


@njit(cache=True, nogil=True)
def near_overlaps(
    i4: I4,
    i8: I8,
    f8: F8,
    place: Place,
    accuracy: float,
    accuracies: F8,
    ids: I4,
    mass: F8,
    near2: F8,
) -> tuple[int, int]:
    """The same among areas that may overlap: (their number or FULL, how many of them hold the point).

    ``accuracy``, ``accuracies``: 68 % radii, metres, of the point and of each area's lines. Those that hold
    the point come first; on a border they do, and ``near2`` is 0 or nearly. An area is told where its
    border is in the box, or where it holds the point.
    """
    x, y, kx, ky, rx, ry = place
    word, x0 = word_of(i4, i8, f8, x, y)
    count = 0
    if word > 0:
        if (i8[word] & LOW21) + ((i8[word] >> FIELD) & LOW21) > len(ids):
            return FULL, 0
        count = gather(i8, f8, word, (x, y, x0), ids, 0)
    for n in range(count):
        mass[n], near2[n] = 1.0, np.inf
    inside = count
    everything = (accuracy, np.inf)
    c0, c1, r0, r1 = window(f8, i8, x, y, rx, ry)
    columns = i8[COLUMNS]
    for row in range(r0, r1 + 1):
        column = c0
        while column <= c1:
            value = np.int64(i4[i8[COARSE] + (row >> SHIFT) * columns + (column >> SHIFT)])
            step = SIDE - (column & (SIDE - 1))
            if value < 0:
                block = i8[FINE] + ((-1 - value) << (2 * SHIFT))
                value = np.int64(i4[block + ((row & (SIDE - 1)) << SHIFT) + (column & (SIDE - 1))])
                step = 1
            if value > 0 and i8[i8[DATA] + value] >> (2 * FIELD) > 0:
                cell = (i8[DATA] + value, column, row)
                count = areas_of_cell(
                    i8, f8, cell, place, everything, accuracies, accuracies, ids, mass, near2, count
                )
                if count == FULL:
                    return FULL, 0
            column += step
    return count, inside


@njit(inline="always")
def areas_of_cell(
    i8: I8,
    f8: F8,
    cell: tuple[int, int, int],
    place: Place,
    limits: tuple[float, float],
    accuracies: F8,
    notice: F8,
    ids: I4,
    mass: F8,
    near2: F8,
    count: int,
) -> int:
    """Add a cell's chains to the areas of a point; new count, or FULL. ``cell``: word, column, row.

    ``limits``: the point's accuracy, and the square of a distance. In a cell beyond that, only chains of
    areas are looked at that want to be told of from so far (``notice``, metres); inf: all are.
    """
    x, y, kx, ky, _, _ = place
    box = cell_box(f8, cell[1], cell[2])
    away2 = gap2(box, x, y, kx, ky) * (1.0 - 1e-9)
    word = cell[0]
    full, chains = i8[word] & LOW21, i8[word] >> (2 * FIELD)
    word += 1 + ((full + 1) >> 1)
    for _ in range(chains):
        info = i8[word]
        n = info & 0xFFF
        area = (info >> 12) & LOW26
        if away2 > limits[1] and away2 > notice[area] * notice[area]:
            word += 1 + 2 * n
            continue
        sigma = math.hypot(limits[0], accuracies[area]) / R68
        reach2 = (REACH * sigma) ** 2
        slot, count = slot_of(area, ids, mass, near2, count)
        if slot == FULL:
            return FULL
        nearest, lost = near2[slot], 0.0
        for v in range(word + 1, word + 2 * n - 1, 2):
            edge = (f8[v], f8[v + 1], f8[v + 2], f8[v + 3])
            d2 = distance2(edge, x, y, kx, ky)
            nearest = min(nearest, d2)
            if d2 < reach2:
                lost += mass_taken(edge, box, x, y, kx, ky, sigma)
        near2[slot] = nearest
        mass[slot] += -lost if (info >> 38) & LEFT else lost
        word += 1 + 2 * n
    return count
