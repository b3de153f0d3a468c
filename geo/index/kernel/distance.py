"""What lies near a place: distances to boxes and edges, and each area's probability mass. Compiled.

Distances are in the local plane of the place: degrees times ``kx`` and ``ky``, metres per degree of longitude
and latitude (``geo.measure.geodesic.Plane``). Squares are compared, and a root is taken only at the end.

A chain is stored in every cell that it runs through, so the same edge may be met several times. Its distance
may then be taken again, but its mass must not: in each cell only the part of the edge inside it counts.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from geo.index.kernel.coverage.query import find
from geo.index.kernel.gaussian import edge_difference, reach_of, spread_of
from geo.index.kernel.layout import (
    COLUMNS,
    DATA,
    F8,
    I4,
    I8,
    INVERSE,
    LEFT,
    ROWS,
    SIDE,
    SOUTH,
    WEST,
    Box,
    Edge,
    Place,
    Window,
    cell_box,
    cell_value,
    chain_first,
    chain_second,
    chain_vertices,
    crossed_word,
    edge_at,
    edge_words,
    high_half,
    holding_areas,
    holding_words,
    next_chain,
    overlaps_chains,
)
from geo.index.kernel.overlap.query import append_areas, data_word, most_areas

FULL: Final = -2  # instead of a number of areas: the arrays given have no room for so many
# A cell is skipped only where it is farther by more than this part of the squared distance. The distance of a
# cell and that of an edge in it are rounded differently: without this an edge on the cell's side could be
# lost.
ROUNDING: Final = 1e-9


@njit(inline="always")
def box_distance2(box: Box, x: float, y: float, kx: float, ky: float) -> float:
    """Square of the distance of a point from a box, m²; 0 inside."""
    dx = max(box[0] - x, 0.0, x - box[2]) * kx
    dy = max(box[1] - y, 0.0, y - box[3]) * ky
    return dx * dx + dy * dy


@njit(cache=True, nogil=True)
def box_distances2(boxes: F8, place: tuple[float, float, float, float], out: F8) -> int:
    """The number of the box nearest to a point, of (n, 4) in degrees; the first of equally near ones.

    ``place``: x, y, and metres per degree along both. ``out``, (n,), gets the squares of all distances, m².
    """
    x, y, kx, ky = place
    best = 0
    for n in range(len(boxes)):
        out[n] = box_distance2((boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3]), x, y, kx, ky)
        if out[n] < out[best]:
            best = n
    return best


@njit(inline="always")
def edge_distance2(edge: Edge, x: float, y: float, kx: float, ky: float) -> float:
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
def edge_distance2_branchless(edge: Edge, x: float, y: float, kx: float, ky: float) -> float:
    """``edge_distance2``, to the last bit, without branches.

    Over thousands of unrelated points no branch could be predicted. The division is made even where its
    quotient is not used: with ``error_model="numpy"`` in the caller it has no test for 0, a branch again.
    """
    ax, ay = (edge[0] - x) * kx, (edge[1] - y) * ky
    dx, dy = (edge[2] - edge[0]) * kx, (edge[3] - edge[1]) * ky
    length2 = dx * dx + dy * dy
    t = -(ax * dx + ay * dy)
    bx, by = ax + dx, ay + dy
    cross = ax * dy - ay * dx
    beyond = bx * bx + by * by
    beside = cross * cross / length2
    found = beyond if t >= length2 else beside
    return ax * ax + ay * ay if t <= 0.0 else found


@njit(inline="always")
def _clip(edge: Edge, cell: Box) -> tuple[float, float]:
    """The part of an edge in a cell, as two parameters in [0, 1]; the first is not less where there is none.

    The cell's east and north sides belong to its neighbours: an edge along a side has its mass taken once.
    """
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
def edge_mass(
    edge: Edge, cell: Box, x: float, y: float, kx: float, ky: float, spread: tuple[float, float]
) -> float:
    """What the part of an edge in a cell takes from the mass of the area on its left; see ``gaussian``."""
    low, high = _clip(edge, cell)
    if low >= high:
        return 0.0
    ax, ay = (edge[0] - x) * kx, (edge[1] - y) * ky
    dx, dy = (edge[2] - edge[0]) * kx, (edge[3] - edge[1]) * ky
    length = math.hypot(dx, dy)
    if length == 0.0:
        return 0.0
    start = (ax * dx + ay * dy) / length
    first, last = start + low * length, start + high * length
    return edge_difference((ax * dy - ay * dx) / length, first, last, spread)


@njit(inline="always")
def slot_of(area: int, ids: I4, mass: F8, near2: F8, count: int) -> tuple[int, int]:
    """The position of an area among those found, added where it is not yet, and the new count.

    The position is FULL where there is no room. The areas are few: a search from the first is the fastest.
    """
    for n in range(count):
        if ids[n] == area:
            return n, count
    if count == len(ids):
        return FULL, count
    ids[count], mass[count], near2[count] = area, 0.0, np.inf
    return count, count + 1


@njit(inline="always")
def window(f8: F8, i8: I8, x: float, y: float, rx: float, ry: float) -> Window:
    """The fine cells within a box round a point; first after last where the box lies beside the grid."""
    columns, rows = i8[COLUMNS] * SIDE, i8[ROWS] * SIDE
    c0 = math.floor((x - rx - f8[WEST]) * f8[INVERSE])
    c1 = math.floor((x + rx - f8[WEST]) * f8[INVERSE])
    r0 = math.floor((y - ry - f8[SOUTH]) * f8[INVERSE])
    r1 = math.floor((y + ry - f8[SOUTH]) * f8[INVERSE])
    return int(max(c0, 0)), int(min(c1, columns - 1)), int(max(r0, 0)), int(min(r1, rows - 1))


@njit(cache=True, nogil=True)
def near_coverage(
    i4: I4,
    i8: I8,
    f8: F8,
    place: Place,
    spread: tuple[float, float],
    ids: I4,
    mass: F8,
    near2: F8,
) -> tuple[int, int]:
    """Areas of a coverage in a box round a point: their number, or FULL; and the area that holds the point.

    Args:
        place: the point and half the box's width and height.
        spread: σ of the point and σ of outliers, metres; with 0 there are no masses, but 1 for the area that
            holds the point.
        ids, mass, near2: filled with each area's position, its probability mass, and the square of its
            border's distance, m²; inf where the border is not in the box or its cells.

    The area that holds the point comes first and is the second number. That is OUTSIDE where there is none,
    and TIE on a border, where the masses must not be used.
    """
    x, y, _, _, rx, ry = place
    own = find(i4, i8, f8, x, y)
    count = 0
    if own >= 0:
        ids[0], mass[0], near2[0] = own, 1.0, np.inf
        count = 1
    c0, c1, r0, r1 = window(f8, i8, x, y, rx, ry)
    reach2 = reach_of(spread) ** 2
    for row in range(r0, r1 + 1):
        column = c0
        while column <= c1:
            value, step = cell_value(i4, i8, column, row)
            if value > 0:
                slot, count = slot_of(value - 1, ids, mass, near2, count)
                if slot == FULL:
                    return FULL, own
            elif value < 0:
                word = crossed_word(i8, value)
                cell = cell_box(f8, column, row)
                count = _areas_of_crossed_cell(
                    i8, f8, word, place, cell, spread, reach2, ids, mass, near2, count
                )
                if count == FULL:
                    return FULL, own
            column += step
    return count, own


@njit(inline="always")
def _areas_of_crossed_cell(
    i8: I8,
    f8: F8,
    word: int,
    place: Place,
    cell: Box,
    spread: tuple[float, float],
    reach2: float,
    ids: I4,
    mass: F8,
    near2: F8,
    count: int,
) -> int:
    """Add the edges in a cell to the areas on both of their sides; the new number of areas, or FULL."""
    x, y, kx, ky, _, _ = place
    chains = high_half(i8[word])
    word += 1
    for _ in range(chains):
        info = i8[word]
        n = chain_vertices(info)
        nearest, taken = np.inf, 0.0
        first, end = edge_words(word, n)
        for v in range(first, end, 2):
            edge = edge_at(f8, v)
            d2 = edge_distance2(edge, x, y, kx, ky)
            nearest = min(nearest, d2)
            if d2 < reach2:
                taken += edge_mass(edge, cell, x, y, kx, ky, spread)
        for side in range(2):
            area = chain_first(info) - 1 if side == 0 else chain_second(info) - 1
            if area >= 0:
                slot, count = slot_of(area, ids, mass, near2, count)
                if slot == FULL:
                    return FULL
                near2[slot] = min(near2[slot], nearest)
                mass[slot] += taken if side == 1 else -taken
        word = next_chain(word, n)
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
    """Areas that may overlap, in a box round a point: their number, or FULL; how many hold the point.

    Args:
        place: the point and half the box's width and height.
        accuracy, accuracies: 68 % radii, metres, of the point and of each area's lines, shape (areas,).
        ids, mass, near2: as in ``near_coverage``.

    Found is an area whose border is in the box, or that holds the point. Those that hold it come first; on a
    border they do, and ``near2`` is 0 or nearly.
    """
    x, y, _, _, rx, ry = place
    word, x0 = data_word(i4, i8, f8, x, y)
    inside = areas_at_point(i8, f8, word, x, y, x0, ids, mass, near2)
    if inside == FULL:
        return FULL, 0
    count = inside
    everything = (accuracy, np.inf)
    c0, c1, r0, r1 = window(f8, i8, x, y, rx, ry)
    for row in range(r0, r1 + 1):
        column = c0
        while column <= c1:
            value, step = cell_value(i4, i8, column, row)
            if value > 0 and overlaps_chains(i8[i8[DATA] + value]) > 0:
                cell = (i8[DATA] + value, column, row)
                count = areas_of_cell(
                    i8, f8, cell, place, everything, accuracies, accuracies, ids, mass, near2, count
                )
                if count == FULL:
                    return FULL, 0
            column += step
    return count, inside


@njit(inline="always")
def areas_at_point(
    i8: I8, f8: F8, word: int, x: float, y: float, x0: float, ids: I4, mass: F8, near2: F8
) -> int:
    """Begin a search among overlapping areas with those that hold the point: their number, or FULL.

    ``word``, ``x0``: data and west side of the point's cell (see ``data_word``).
    """
    if most_areas(i8, word) > len(ids):
        return FULL
    count = append_areas(i8, f8, word, (x, y, x0), ids, 0) if word > 0 else 0
    for n in range(count):
        mass[n], near2[n] = 1.0, np.inf
    return count


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
    """Add a cell's chains to the areas of a point; the new number of areas, or FULL.

    Args:
        cell: word of its data, column, row.
        limits: the point's accuracy, metres, and the square of a distance, m². In a cell farther than that,
            only the chains of areas with a longer ``notice`` distance count; inf: all of them do.
        accuracies, notice: of each area, metres.
    """
    x, y, kx, ky, _, _ = place
    box = cell_box(f8, cell[1], cell[2])
    away2 = box_distance2(box, x, y, kx, ky) * (1.0 - ROUNDING)
    word = cell[0]
    head = i8[word]
    chains = overlaps_chains(head)
    word += 1 + holding_words(holding_areas(head))
    for _ in range(chains):
        info = i8[word]
        n = chain_vertices(info)
        area = chain_first(info)
        if away2 > limits[1] and away2 > notice[area] * notice[area]:
            word = next_chain(word, n)
            continue
        spread = spread_of(limits[0], accuracies[area])
        reach2 = reach_of(spread) ** 2
        slot, count = slot_of(area, ids, mass, near2, count)
        if slot == FULL:
            return FULL
        nearest, lost = near2[slot], 0.0
        first, end = edge_words(word, n)
        for v in range(first, end, 2):
            edge = edge_at(f8, v)
            d2 = edge_distance2(edge, x, y, kx, ky)
            nearest = min(nearest, d2)
            if d2 < reach2:
                lost += edge_mass(edge, box, x, y, kx, ky, spread)
        near2[slot] = nearest
        mass[slot] += -lost if chain_second(info) & LEFT else lost
        word = next_chain(word, n)
    return count
