"""How much of footprints overlapping areas cover, planar, from the cell index. Compiled.

A footprint A is taken tile by tile: its box divided by the lines of the coarse cells. An area B is known in a
tile by the edges there and by whether it holds the tile's south-west corner. Whether B lies at (x, y) is what
it is on the tile's bottom at x, changed by every edge of B between there and (x, y); along the bottom it
changes where edges cross it. So the area of A ∩ B in the tile is a sum over *pieces* (B's edges cut to the
tile, and stretches of its bottom): the area of A above each, with a sign. That is continuous in both shapes,
so that common borders, common vertices and slivers need no care; and as tiles are small, next to nothing is
lost to rounding.

Whether B holds the corner is decided exactly (``exact.is_right``) under the rule for points on borders, and
edges across the bottom keep to the same rule: a point stands for one a hair north-west of it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.index.kernel.layout import (
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
    SIZE,
    SOUTH,
    WEST,
)
from geo.index.kernel.orientation import is_right
from geo.index.kernel.overlap.build import BEGINS, FIELD, INSIDE, LEFT, LOW21
from geo.index.kernel.overlap.clip import Bools, Box, above, box_of, cut, edges_of, room_for

I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
F8 = NDArray[np.float64]
Edge = tuple[float, float, float, float]
Window = tuple[int, int, int, int]  # first and last column and row of cells
Cell = tuple[int, int]
Grid = tuple[float, float, float, float]  # west, south, cells a degree, size of a fine cell
Place = tuple[Box, Window, Cell, Grid]  # a tile, its cells, one of them
# What is noted in the footprint at hand, in one array: of each area its slot, -1 where it has none;
# of each slot its area, the sum of its overlap, and how wrong that may be.
SLOT, WHICH, SUM, NOISE = range(4)
SPACING: Final = 2.0**-52  # of coordinates, relative
ROUNDING: Final = 2.0**-49  # of an integral, relative to its width times the tile's height


@njit(inline="always")
def _at(ax: float, ay: float, bx: float, by: float, y: float) -> float:
    """x of a line at a height y that it crosses."""
    return ax + (bx - ax) * ((y - ay) / (by - ay))


@njit(inline="always")
def _within(edge: Edge, width: float, height: float) -> tuple[bool, Edge]:
    """The part of an edge (relative to a tile) in the tile; False where there is none."""
    ax, ay, bx, by = edge
    x1, y1, x2, y2 = edge
    for bound, sign in ((0.0, 1.0), (width, -1.0)):
        first, second = sign * x1 < sign * bound, sign * x2 < sign * bound
        if first and second:
            return False, edge
        if first:
            x1, y1 = bound, _at(ay, ax, by, bx, bound)
        elif second:
            x2, y2 = bound, _at(ay, ax, by, bx, bound)
    for bound, sign in ((0.0, 1.0), (height, -1.0)):
        first, second = sign * y1 < sign * bound, sign * y2 < sign * bound
        if first and second:
            return False, edge
        if first:
            x1, y1 = min(max(_at(ax, ay, bx, by, bound), 0.0), width), bound
        elif second:
            x2, y2 = min(max(_at(ax, ay, bx, by, bound), 0.0), width), bound
    return True, (x1, y1, x2, y2)


@njit(inline="always")
def _window(grid: Grid, box: Box, cells: float, most: Window) -> Window:
    """The cells of a box, ``cells`` a degree, within other ones; first after last where there are none."""
    c0, c1 = np.floor((box[0] - grid[0]) * cells), np.floor((box[2] - grid[0]) * cells)
    r0, r1 = np.floor((box[1] - grid[1]) * cells), np.floor((box[3] - grid[1]) * cells)
    return (
        int(min(max(c0, float(most[0])), most[1] + 1.0)),
        int(max(min(c1, float(most[1])), most[0] - 1.0)),
        int(min(max(r0, float(most[2])), most[3] + 1.0)),
        int(max(min(r1, float(most[3])), most[2] - 1.0)),
    )


@njit(inline="always")
def _owns(grid: Grid, tile: Box, window: Window, cell: Cell, x: float, y: float) -> bool:
    """Whether a cell of the window is the one that a place of the tile lies in.

    An edge lies in many cells; what it adds is taken in one, which all of them agree on.
    """
    c0, c1, r0, r1 = window
    if c0 == c1 and r0 == r1:
        return True
    column = int((tile[0] + x - grid[0]) * grid[2])
    row = int((tile[1] + y - grid[1]) * grid[2])
    return cell[0] == min(max(column, c0), c1) and cell[1] == min(max(row, r0), r1)


@njit(cache=True)
def _add(edges: F8, count: int, piece: Edge, sign: float, height: float, noted: F8, slot: int) -> None:
    """Add the area of a footprint above a piece, in a tile of some height."""
    if piece[0] < piece[2]:
        area, width = above(edges, count, piece)
        noted[slot, SUM] += sign * area
        noted[slot, NOISE] += ROUNDING * width * height


@njit(cache=True)
def _add_edge(edge: Edge, left: bool, place: Place, edges: F8, count: int, noted: F8, slot: int) -> None:
    """Add what an edge of an area does to the overlap, where the cell owns it."""
    tile, window, cell, grid = place
    ax, ay, bx, by = edge
    width, height = tile[2] - tile[0], tile[3] - tile[1]
    edge = (ax - tile[0], ay - tile[1], bx - tile[0], by - tile[1])
    if (ay > tile[1]) != (by > tile[1]) and not is_right(ax, ay, bx, by, tile[0], tile[1]):
        x = min(max(_at(edge[0], edge[1], edge[2], edge[3], 0.0), 0.0), width)
        if _owns(grid, tile, window, cell, x, 0.0):
            sign = 1.0 if (by > ay) != left else -1.0
            _add(edges, count, (x, 0.0, width, 0.0), sign, height, noted, slot)
    meets, (x1, y1, x2, y2) = _within(edge, width, height)
    if meets and _owns(grid, tile, window, cell, x1, y1):
        spacing = SPACING * max(abs(tile[0]), abs(tile[1]), abs(tile[2]), abs(tile[3]))
        noted[slot, NOISE] += spacing * (abs(x2 - x1) + abs(y2 - y1))
        piece = (x1, y1, x2, y2) if x1 < x2 else (x2, y2, x1, y1)
        _add(edges, count, piece, 1.0 if left == (x1 < x2) else -1.0, height, noted, slot)


@njit(inline="always")
def _slot(noted: F8, count: int, area: int) -> tuple[int, int]:
    """Where an area is noted, and how many are."""
    slot = int(noted[area, SLOT])
    if slot < 0:
        slot = count
        noted[area, SLOT], noted[slot, WHICH], noted[slot, SUM], noted[slot, NOISE] = slot, area, 0.0, 0.0
        count += 1
    return slot, count


@njit(inline="always")
def _is_across(edge: Edge, x: float, y: float, x0: float) -> bool:
    """Whether an edge lies on the way from a cell's reference to a point (see ``overquery``)."""
    ax, ay, bx, by = edge
    straddles = (ay > y) != (by > y)
    odd = straddles and is_right(ax, ay, bx, by, x, y)
    if (ax < x0 or bx < x0) and straddles != ((ax >= x0) != (bx >= x0)):
        odd = odd != is_right(ax, ay, bx, by, x0, y)
    return odd


@njit(inline="always")
def _add_whole(noted: F8, count: int, area: int, whole: tuple[float, float]) -> int:
    """Add a tile's part of the footprint, and its noise, to an area; how many are noted."""
    slot, count = _slot(noted, count, area)
    noted[slot, SUM] += whole[0]
    noted[slot, NOISE] += whole[1]
    return count


@njit(cache=True)
def _at_corner(
    i8: I8, f8: F8, word: int, corner: Edge, whole: tuple[float, float], noted: F8, count: int
) -> int:
    """Add the whole of a tile's part of the footprint to the areas that hold the tile's corner.

    ``corner``: x, y, and the west side of its cell. Returns how many areas are noted.
    """
    full, chains = i8[word] & LOW21, i8[word] >> (2 * FIELD)
    word += 1
    for i in range(full):
        pair = i8[word + (i >> 1)]
        count = _add_whole(noted, count, (pair >> 32) if i & 1 else (pair & LOW32), whole)
    word += (full + 1) >> 1
    area, here = -1, False
    for _ in range(chains):
        info = i8[word]
        if (info >> 38) & BEGINS:
            if here:
                count = _add_whole(noted, count, area, whole)
            area, here = (info >> 12) & LOW26, ((info >> 38) & INSIDE) != 0
        vertices = info & 0xFFF
        for v in range(word + 1, word + 2 * vertices - 1, 2):
            edge = (f8[v], f8[v + 1], f8[v + 2], f8[v + 3])
            here = here != _is_across(edge, corner[0], corner[1], corner[2])
        word += 1 + 2 * vertices
    return _add_whole(noted, count, area, whole) if here else count


@njit(cache=True)
def _in_cell(
    i8: I8,
    f8: F8,
    word: int,
    place: Place,
    edges: F8,
    own: int,
    noted: F8,
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
        for v in range(word + 1, word + 2 * vertices - 1, 2):
            ax, ay, bx, by = f8[v], f8[v + 1], f8[v + 2], f8[v + 3]
            if (ax < west and bx < west) or (ax > east and bx > east):
                continue
            if (ay <= south and by <= south) or (ay > north and by > north):
                continue
            slot, count = _slot(noted, count, (info >> 12) & LOW26)
            _add_edge((ax, ay, bx, by), left, place, edges, own, noted, slot)
        word += 1 + 2 * vertices
    return count


@njit(cache=True)
def _in_tile(
    i4: I4, i8: I8, f8: F8, value: int, tile: Box, coarse: Cell, edges: F8, own: int, noted: F8, count: int
) -> int:
    """Add the overlaps in a tile, in a coarse cell of some value; how many areas are noted."""
    area, width = above(edges, own, (0.0, 0.0, tile[2] - tile[0], 0.0))
    whole = (area, ROUNDING * width * (tile[3] - tile[1]))
    if value > 0:
        return _at_corner(i8, f8, i8[DATA] + value, (tile[0], tile[1], tile[0], 0.0), whole, noted, count)
    block = i8[FINE] + ((-1 - value) << (2 * SHIFT))
    column, row = coarse[0] * SIDE, coarse[1] * SIDE
    grid = (f8[WEST], f8[SOUTH], f8[INVERSE], f8[SIZE])
    window = _window(grid, tile, grid[2], (column, column + SIDE - 1, row, row + SIDE - 1))
    for r in range(window[2], window[3] + 1):
        for c in range(window[0], window[1] + 1):
            value = i4[block + ((r - row) << SHIFT) + c - column]
            if value == 0:
                continue
            word = i8[DATA] + value
            if r == window[2] and c == window[0]:
                corner = (tile[0], tile[1], grid[0] + c * grid[3], 0.0)
                count = _at_corner(i8, f8, word, corner, whole, noted, count)
            count = _in_cell(i8, f8, word, (tile, window, (c, r), grid), edges, own, noted, count)
    return count


@njit(cache=True)
def _in_box(i4: I4, i8: I8, f8: F8, box: Box, edges: F8, own: int, room: F8, noted: F8) -> int:
    """Add the overlaps of a footprint in all tiles of its box; how many areas are noted."""
    side, count = SIDE * f8[SIZE], 0
    grid = (f8[WEST], f8[SOUTH], f8[INVERSE], f8[SIZE])
    c0, c1, r0, r1 = _window(grid, box, 1.0 / side, (0, i8[COLUMNS] - 1, 0, i8[ROWS] - 1))
    for row in range(r0, r1 + 1):
        for column in range(c0, c1 + 1):
            value = i4[i8[COARSE] + row * i8[COLUMNS] + column]
            west, south = grid[0] + column * side, grid[1] + row * side
            tile = (
                max(box[0], west),
                max(box[1], south),
                min(box[2], west + side),
                min(box[3], south + side),
            )
            if value == 0 or tile[0] >= tile[2] or tile[1] >= tile[3]:
                continue
            where = (column, row)
            if tile == box:
                return _in_tile(i4, i8, f8, value, tile, where, edges, own, noted, count)
            inner = (tile[0] - box[0], tile[1] - box[1], tile[2] - box[0], tile[3] - box[1])
            part = cut(edges, own, inner, room)
            if part > 0:
                count = _in_tile(i4, i8, f8, value, tile, where, room, part, noted, count)
    return count


@njit(inline="always")
def _overlap(noted: F8, slot: int, whole: float) -> float:
    """The area of an overlap; 0, or the whole, where the difference is no more than noise."""
    area, noise = noted[slot, SUM], noted[slot, NOISE]
    if area <= noise:
        return 0.0
    return whole if whole - area <= noise + ROUNDING * whole else area


@njit(inline="always")
def _insert(areas: I4, overlaps: F8, span: tuple[int, int], area: int, overlap: float) -> None:
    """Put an area in its place among those of a footprint, which ascend."""
    first, last = span
    while last > first and areas[last - 1] > area:
        areas[last], overlaps[last] = areas[last - 1], overlaps[last - 1]
        last -= 1
    areas[last], overlaps[last] = area, overlap


@njit(cache=True)
def _tell(noted: F8, count: int, whole: float, areas: I4, overlaps: F8, first: int) -> int:
    """Write what was noted, areas ascending, from ``first`` on, and forget it; the end."""
    told = first
    for slot in range(count):
        area = int(noted[slot, WHICH])
        noted[area, SLOT] = -1.0
        overlap = _overlap(noted, slot, whole)
        if overlap > 0.0:
            _insert(areas, overlaps, (first, told), area, overlap)
            told += 1
    return told


@njit(cache=True, nogil=True)
def overlaps_of(
    i4: I4, i8: I8, f8: F8, coords: F8, starts: I8, holes: Bools, firsts: I8
) -> tuple[I8, I4, F8]:
    """Overlaps of footprints: position, area, and how much in square degrees; footprints ascend, then areas.

    ``coords``, (n, 2): vertices. ``starts``, (rings + 1,): first vertex of each ring, and n. ``holes``:
    which rings are. ``firsts``, (footprints + 1,): first ring of each footprint, and the number of rings.
    """
    most, footprints = 0, len(firsts) - 1
    for n in range(footprints):
        most = max(most, starts[firsts[n + 1]] - starts[firsts[n]])
    edges, room, noted = room_for(most), room_for(most), np.full((i8[AREAS], 4), -1.0)
    size = footprints + 64
    where, which, overlaps = np.empty(size, np.int64), np.empty(size, np.int32), np.empty(size)
    told = 0
    for n in range(footprints):
        first, last = firsts[n], firsts[n + 1]
        box = box_of(coords, starts[first], starts[last])
        own, whole = edges_of(coords, starts, holes, first, last, box[0], box[1], edges)
        if not 0.0 < whole < np.inf:
            continue
        count = _in_box(i4, i8, f8, box, edges, own, room, noted)
        if told + count > size:
            extra = size + count
            where, which = (
                np.append(where, np.empty(extra, np.int64)),
                np.append(which, np.empty(extra, np.int32)),
            )
            overlaps, size = np.append(overlaps, np.empty(extra)), size + extra
        end = _tell(noted, count, whole, which, overlaps, told)
        where[told:end] = n
        told = end
    return where[:told], which[:told], overlaps[:told]
