"""How much of footprints overlapping areas cover, planar, from the cell index. Compiled.

A footprint A lies in its box; an area B is known in it by the edges in the box and by whether it holds the
box's north-west corner. Where B lies at (x, y) is what it is just above the box's top side at x, changed by
every edge of B between there and (x, y); along the top side it changes where edges cross. So the area of
A ∩ B is a sum over *pieces* (B's edges cut to the box, and stretches of the top side), each taken with its
sign: the area of A below it. That of a piece is again a sum, over A's edges, of the integral of the lower one
of the two. It is continuous in both shapes, so that common borders, common vertices and slivers need no care,
and heights are taken from the box's south-west corner, so that next to nothing is lost to rounding.

The corner's side is exact (``exact.is_right``), under the rule for points on borders, and edges across the
top side keep to the same rule: a point of a line counts as just outside it, to the north-west.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernel.exact import is_right
from geo.kernel.footprint import RUN, Box, Rings, box_of, edges_of
from geo.kernel.layout import (
    AREAS,
    COARSE,
    COLUMNS,
    DATA,
    FINE,
    INVERSE,
    LOW26,
    LOW32,
    ROWS,
    SHIFT,
    SIDE,
    SOUTH,
    WEST,
)
from geo.kernel.overbuild import BEGINS, FIELD, INSIDE, LEFT, LOW21
from geo.kernel.overquery import word_of

I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
F8 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Edge = tuple[float, float, float, float]
Window = tuple[int, int, int, int]  # first and last column and row of fine cells
Found = tuple[I4, I4, Bools, F8]  # slot of each area (-1: none); of each slot its area, the corner, sums
Footprint = tuple[F8, F8, int]  # edges, west and east end of every run of edges, how many edges
AREA, WIDTH, LENGTH = 0, 1, 2  # the sums: area below pieces, widths of the integrals, length of edges
SPACING: Final = 2.0**-52  # of coordinates, relative
ROUNDING: Final = 2.0**-50  # of an integral, relative to its width times the box's height


@njit(inline="always")
def _height(x1: float, y1: float, x2: float, y2: float, x: float) -> float:
    return y2 if x == x2 else y1 + (y2 - y1) * ((x - x1) / (x2 - x1))


@njit(inline="always")
def _lower(el: float, er: float, fl: float, fr: float) -> float:
    """Mean height of the lower of two lines, from their heights at both ends."""
    low, high = el - fl, er - fr
    if low <= 0.0 and high <= 0.0:
        return 0.5 * (el + er)
    mean = 0.5 * (fl + fr)
    if low < 0.0:
        mean += 0.5 * low * (low / (low - high))
    elif high < 0.0:
        mean += 0.5 * high * (high / (high - low))
    return mean


@njit(cache=True)
def _add_piece(footprint: Footprint, piece: Edge, sign: float, sums: F8) -> None:
    """Add the area of the footprint below a piece that runs east."""
    x1, y1, x2, y2 = piece
    edges, runs, count = footprint
    area, width = 0.0, 0.0
    for first in range(0, count, RUN):
        if runs[first // RUN, 0] >= x2 or runs[first // RUN, 1] <= x1:
            continue
        for k in range(first, min(first + RUN, count)):
            left, right = max(x1, edges[k, 0]), min(x2, edges[k, 2])
            if left < right:
                a, b, c, d = edges[k, 0], edges[k, 1], edges[k, 2], edges[k, 3]
                mean = _lower(
                    _height(a, b, c, d, left),
                    _height(a, b, c, d, right),
                    _height(x1, y1, x2, y2, left),
                    _height(x1, y1, x2, y2, right),
                )
                area += edges[k, 4] * (right - left) * mean
                width += right - left
    sums[AREA] += sign * area
    sums[WIDTH] += width


@njit(inline="always")
def _cut(ax: float, ay: float, bx: float, by: float, y: float) -> float:
    """x of a line at a height y that it crosses."""
    return ax + (bx - ax) * ((y - ay) / (by - ay))


@njit(inline="always")
def _within(edge: Edge, width: float, height: float) -> tuple[bool, Edge]:
    """The part of an edge (relative to the box's south-west corner) in the box; False where there is none."""
    ax, ay, bx, by = edge
    x1, y1, x2, y2 = edge
    for bound, sign in ((0.0, 1.0), (width, -1.0)):
        first, second = sign * x1 < sign * bound, sign * x2 < sign * bound
        if first and second:
            return False, edge
        if first:
            x1, y1 = bound, _cut(ay, ax, by, bx, bound)
        elif second:
            x2, y2 = bound, _cut(ay, ax, by, bx, bound)
    for bound, sign in ((0.0, 1.0), (height, -1.0)):
        first, second = sign * y1 < sign * bound, sign * y2 < sign * bound
        if first and second:
            return False, edge
        if first:
            x1, y1 = min(max(_cut(ax, ay, bx, by, bound), 0.0), width), bound
        elif second:
            x2, y2 = min(max(_cut(ax, ay, bx, by, bound), 0.0), width), bound
    return True, (x1, y1, x2, y2)


@njit(inline="always")
def _column(f8: F8, x: float) -> float:
    return (x - f8[WEST]) * f8[INVERSE]


@njit(inline="always")
def _row(f8: F8, y: float) -> float:
    return (y - f8[SOUTH]) * f8[INVERSE]


@njit(inline="always")
def _window(i8: I8, f8: F8, box: Box) -> Window:
    """The fine cells of a box; none (first after last) where it lies outside the grid."""
    columns, rows = i8[COLUMNS] * SIDE, i8[ROWS] * SIDE
    c0, c1 = np.floor(_column(f8, box[0])), np.floor(_column(f8, box[2]))
    r0, r1 = np.floor(_row(f8, box[1])), np.floor(_row(f8, box[3]))
    return (
        int(min(max(c0, 0.0), float(columns))),
        int(min(max(c1, -1.0), columns - 1.0)),
        int(min(max(r0, 0.0), float(rows))),
        int(min(max(r1, -1.0), rows - 1.0)),
    )


@njit(inline="always")
def _owns(f8: F8, box: Box, window: Window, cell: tuple[int, int], x: float, y: float) -> bool:
    """Whether a cell of the window is the one that a place of the box lies in.

    An edge lies in many cells; what it adds is taken in one, which all of them agree on.
    """
    c0, c1, r0, r1 = window
    if c0 == c1 and r0 == r1:
        return True
    column, row = int(_column(f8, box[0] + x)), int(_row(f8, box[1] + y))
    return cell[0] == min(max(column, c0), c1) and cell[1] == min(max(row, r0), r1)


@njit(cache=True)
def _add_edge(
    f8: F8,
    v: int,
    left: bool,
    place: tuple[Box, Window, tuple[int, int]],
    footprint: Footprint,
    sums: F8,
) -> None:
    """Add what an edge of an area, at word ``v``, does to the overlap, where the cell owns it."""
    box, window, cell = place
    ax, ay, bx, by = f8[v], f8[v + 1], f8[v + 2], f8[v + 3]
    width, height = box[2] - box[0], box[3] - box[1]
    edge = (ax - box[0], ay - box[1], bx - box[0], by - box[1])
    if (ay > box[3]) != (by > box[3]) and not is_right(ax, ay, bx, by, box[0], box[3]):
        x = min(max(_cut(edge[0], edge[1], edge[2], edge[3], height), 0.0), width)
        if _owns(f8, box, window, cell, x, height):
            sign = 1.0 if (by > ay) != left else -1.0
            _add_piece(footprint, (x, height, width, height), sign, sums)
    meets, (x1, y1, x2, y2) = _within(edge, width, height)
    if meets and _owns(f8, box, window, cell, x1, y1):
        sums[LENGTH] += abs(x2 - x1) + abs(y2 - y1)
        if x1 < x2:
            _add_piece(footprint, (x1, y1, x2, y2), -1.0 if left else 1.0, sums)
        elif x2 < x1:
            _add_piece(footprint, (x2, y2, x1, y1), 1.0 if left else -1.0, sums)


@njit(inline="always")
def _slot(found: Found, count: int, area: int) -> tuple[int, int]:
    """Where an area is noted, and how many are."""
    slots, areas, corner, sums = found
    slot = np.int64(slots[area])
    if slot < 0:
        slot = np.int64(count)
        slots[area], areas[slot], corner[slot] = slot, area, False
        sums[slot, AREA] = sums[slot, WIDTH] = sums[slot, LENGTH] = 0.0
        count += 1
    return slot, count


@njit(inline="always")
def _is_across(f8: F8, v: int, x: float, y: float, x0: float) -> bool:
    """Whether an edge lies on the way from a cell's reference to a point (see ``overquery``)."""
    ax, ay, bx, by = f8[v], f8[v + 1], f8[v + 2], f8[v + 3]
    straddles = (ay > y) != (by > y)
    odd = straddles and is_right(ax, ay, bx, by, x, y)
    if (ax < x0 or bx < x0) and straddles != ((ax >= x0) != (bx >= x0)):
        odd = odd != is_right(ax, ay, bx, by, x0, y)
    return odd


@njit(cache=True)
def _at_corner(i4: I4, i8: I8, f8: F8, x: float, y: float, found: Found) -> int:
    """Note the areas that hold a point; those known in its cell. Returns how many are noted."""
    word, x0 = word_of(i4, i8, f8, x, y)
    count = 0
    if word == 0:
        return count
    full, chains = i8[word] & LOW21, i8[word] >> (2 * FIELD)
    word += 1
    for i in range(full):
        pair = i8[word + (i >> 1)]
        slot, count = _slot(found, count, (pair >> 32) if i & 1 else (pair & LOW32))
        found[2][slot] = True
    word += (full + 1) >> 1
    for _ in range(chains):
        info = i8[word]
        vertices = info & 0xFFF
        slot, count = _slot(found, count, (info >> 12) & LOW26)
        if (info >> 38) & BEGINS:
            found[2][slot] = ((info >> 38) & INSIDE) != 0
        for v in range(word + 1, word + 2 * vertices - 1, 2):
            if _is_across(f8, v, x, y, x0):
                found[2][slot] = not found[2][slot]
        word += 1 + 2 * vertices
    return count


@njit(cache=True)
def _of_cell(
    i8: I8,
    f8: F8,
    word: int,
    place: tuple[Box, Window, tuple[int, int]],
    footprint: Footprint,
    found: Found,
    count: int,
) -> int:
    """Add what the edges in a cell do to the overlaps; how many areas are noted."""
    west, south, east, north = place[0]
    full, chains = i8[word] & LOW21, i8[word] >> (2 * FIELD)
    word += 1 + ((full + 1) >> 1)
    for _ in range(chains):
        info = i8[word]
        vertices = info & 0xFFF
        left = ((info >> 38) & LEFT) != 0
        slot = np.int64(-1)
        for v in range(word + 1, word + 2 * vertices - 1, 2):
            if (f8[v] < west and f8[v + 2] < west) or (f8[v] > east and f8[v + 2] > east):
                continue
            if (f8[v + 1] < south and f8[v + 3] < south) or (f8[v + 1] > north and f8[v + 3] > north):
                continue
            if slot < 0:
                slot, count = _slot(found, count, (info >> 12) & LOW26)
            _add_edge(f8, v, left, place, footprint, found[3][slot])
        word += 1 + 2 * vertices
    return count


@njit(cache=True)
def _in_window(i4: I4, i8: I8, f8: F8, box: Box, footprint: Footprint, found: Found, count: int) -> int:
    """Add what the edges in all cells of a box do to the overlaps; how many areas are noted."""
    window = _window(i8, f8, box)
    for row in range(window[2], window[3] + 1):
        column = window[0]
        while column <= window[1]:
            value = np.int64(i4[i8[COARSE] + (row >> SHIFT) * i8[COLUMNS] + (column >> SHIFT)])
            step = SIDE - (column & (SIDE - 1))
            if value < 0:
                block = i8[FINE] + ((-1 - value) << (2 * SHIFT))
                value = np.int64(i4[block + ((row & (SIDE - 1)) << SHIFT) + (column & (SIDE - 1))])
                step = 1
            if value > 0:
                place = (box, window, (column, row))
                count = _of_cell(i8, f8, i8[DATA] + value, place, footprint, found, count)
            column += step
    return count


@njit(inline="always")
def _overlap(holds: bool, sums: F8, whole: float, box: Box) -> float:
    """The area of an overlap; 0, or the whole, where the difference is less than rounding makes.

    Coordinates are as dense as they are: along a common border, vertices lie off it by as much.
    """
    area = sums[AREA] + (whole if holds else 0.0)
    spacing = SPACING * max(abs(box[0]), abs(box[2]), abs(box[1]), abs(box[3]))
    noise = spacing * sums[LENGTH] + ROUNDING * (sums[WIDTH] * (box[3] - box[1]) + (whole if holds else 0.0))
    if area <= noise:
        return 0.0
    return whole if whole - area <= noise else area


@njit(inline="always")
def _insert(told: tuple[I4, F8], first: int, last: int, area: int, overlap: float) -> None:
    """Put an area in its place among those of a footprint, which ascend."""
    areas, overlaps = told
    while last > first and areas[last - 1] > area:
        areas[last], overlaps[last] = areas[last - 1], overlaps[last - 1]
        last -= 1
    areas[last], overlaps[last] = area, overlap


@njit(cache=True, nogil=True)
def overlaps_of(i4: I4, i8: I8, f8: F8, rings: Rings) -> tuple[I8, I4, F8]:
    """Overlaps of footprints: position, area, and area in square degrees; ascending.

    ``rings``: vertices, shape (n, 2); the first vertex of each ring and n; which rings are holes; the first
    ring of each footprint and their number.
    """
    coords, starts, _, firsts = rings
    areas = i8[AREAS]
    found = (
        np.full(areas, -1, np.int32),
        np.empty(areas, np.int32),
        np.empty(areas, np.bool_),
        np.empty((areas, 3)),
    )
    most = 0
    for n in range(len(firsts) - 1):
        most = max(most, starts[firsts[n + 1]] - starts[firsts[n]])
    edges, runs = np.empty((most, 5)), np.empty((most // RUN + 1, 2))
    room = len(firsts) + 64
    where, which, how = np.empty(room, np.int64), np.empty(room, np.int32), np.empty(room)
    told = 0
    for n in range(len(firsts) - 1):
        box = box_of(coords, starts[firsts[n]], starts[firsts[n + 1]])
        own, whole = edges_of(rings, n, box, edges, runs)
        if not 0.0 < whole < np.inf:
            continue
        count = _at_corner(i4, i8, f8, box[0], box[3], found)
        count = _in_window(i4, i8, f8, box, (edges, runs, own), found, count)
        if told + count > room:
            extra = room + count
            where, which = (
                np.append(where, np.empty(extra, np.int64)),
                np.append(which, np.empty(extra, np.int32)),
            )
            how = np.append(how, np.empty(extra))
            room += extra
        first = told
        for slot in range(count):
            area = found[1][slot]
            found[0][area] = -1
            overlap = _overlap(found[2][slot], found[3][slot], whole, box)
            if overlap > 0.0:
                where[told] = n
                _insert((which, how), first, told, area, overlap)
                told += 1
    return where[:told], which[:told], how[:told]
