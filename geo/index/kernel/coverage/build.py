"""Building the cell index of a coverage: areas that share their borders and do not overlap. Compiled.

Every corner of a fine cell gets the label (position + 1, 0 outside) of the area round it: from corner to
corner, each edge crossed exchanges the label of its one side for that of the other, by exclusive or, so that
the order of the edges does not matter.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from geo.index.kernel.buffer import Buffer, Grid, assemble
from geo.index.kernel.edges import Edges
from geo.index.kernel.layout import (
    BLOCK,
    COVERAGE,
    F8,
    I4,
    I8,
    MOST_VERTICES,
    SIDE,
    chain_word,
    join_halves,
)
from geo.index.kernel.orientation import is_right, on_segment, side
from geo.index.kernel.rasterize import coarse_members, fine_members

Words = I8
Cells = I4
Coords = F8
Origin = tuple[float, float, float]


def build(edges: Edges, grid: Grid, areas: int) -> tuple[Buffer, int]:
    """The index, and the number of faults found that no coverage has (see ``validate`` beside this)."""
    shape = (grid.columns, grid.rows)
    coarse_origin = (grid.west, grid.south, 1.0 / (grid.size * SIDE))
    origin = (grid.west, grid.south, 1.0 / grid.size)
    starts, members = coarse_members(edges.coords, edges.left, coarse_origin, shape)
    sides = (edges.left, edges.right)
    blocks_at, words_at = _measure(edges.coords, sides, starts, members, origin, shape)
    coarse = np.zeros(grid.rows * grid.columns, np.int32)
    fine = np.zeros(int(blocks_at[-1]) * BLOCK, np.int32)
    data = np.zeros(int(words_at[-1]), np.int64)
    out = (coarse, fine, data)
    faults = _fill(
        edges.coords, sides, starts, members, origin, shape, (blocks_at, words_at), out, data.view(np.float64)
    )
    return assemble(COVERAGE, areas, grid, out), int(faults)


@njit(inline="always")
def _xor(sides: tuple[Cells, Cells], k: int) -> int:
    """What crossing an edge does to a label, by exclusive or."""
    return (sides[0][k] + 1) ^ (sides[1][k] + 1)


@njit(inline="always")
def _continues(sides: tuple[Cells, Cells], previous: int, k: int) -> bool:
    """Whether an edge goes on where the previous one ends, with the same areas on its sides."""
    return k == previous + 1 and sides[0][k] == sides[0][previous] and sides[1][k] == sides[1][previous]


@njit(cache=True)
def _words_of(sides: tuple[Cells, Cells], members: Cells) -> int:
    """How many words the data of a fine cell with these edges take."""
    words, previous, length = 1, -2, 0
    for k in members:
        if _continues(sides, previous, k) and length < MOST_VERTICES:
            words += 2
            length += 1
        else:
            words += 5
            length = 2
        previous = k
    return words


@njit(cache=True, parallel=True)
def _measure(
    coords: Coords,
    sides: tuple[Cells, Cells],
    starts: Words,
    members: Cells,
    origin: Origin,
    shape: tuple[int, int],
) -> tuple[Words, Words]:
    """Where each row of coarse cells begins among the blocks, and among the data words.

    With that known, ``_fill`` writes all rows side by side.
    """
    columns, rows = shape
    blocks, words = np.zeros(rows + 1, np.int64), np.zeros(rows + 1, np.int64)
    for row in prange(rows):
        fine_starts, found = np.zeros(BLOCK + 1, np.int64), np.empty(1024, np.int32)
        for column in range(columns):
            cell = row * columns + column
            if starts[cell] == starts[cell + 1]:
                continue
            blocks[row + 1] += 1
            mine = members[starts[cell] : starts[cell + 1]]
            found = fine_members(coords, mine, origin, (column * SIDE, row * SIDE), fine_starts, found)
            for n in range(BLOCK):
                if fine_starts[n] < fine_starts[n + 1]:
                    words[row + 1] += _words_of(sides, found[fine_starts[n] : fine_starts[n + 1]])
    return np.cumsum(blocks), np.cumsum(words)


@njit(cache=True, parallel=True)
def _fill(
    coords: Coords,
    sides: tuple[Cells, Cells],
    starts: Words,
    members: Cells,
    origin: Origin,
    shape: tuple[int, int],
    at: tuple[Words, Words],
    out: tuple[Cells, Cells, Words],
    floats: Coords,
) -> int:
    """Write all cells; how many rows or empty coarse cells have labels that do not add up.

    ``labels`` carries the labels of the corners along a coarse cell's west side from cell to cell; west of
    the first and east of the last they must be 0, since the grid has a margin.
    """
    columns, rows = shape
    coarse = out[0]
    faults = 0
    for row in prange(rows):
        fine_starts, found = np.zeros(BLOCK + 1, np.int64), np.empty(1024, np.int32)
        labels = np.zeros(SIDE, np.int64)
        block, word = at[0][row], at[1][row]
        for column in range(columns):
            cell = row * columns + column
            mine = members[starts[cell] : starts[cell + 1]]
            if len(mine) == 0:
                coarse[cell] = labels[0]
                faults += 1 if np.any(labels != labels[0]) else 0
                continue
            corner = (column * SIDE, row * SIDE)
            found = fine_members(coords, mine, origin, corner, fine_starts, found)
            coarse[cell] = -1 - block
            word, wrong = _fill_block(
                coords, sides, (fine_starts, found), origin, corner, labels, (block, word), out, floats
            )
            faults += wrong
            block += 1
        faults += 1 if np.any(labels != 0) else 0
    return faults


@njit(cache=True)
def _fill_block(
    coords: Coords,
    sides: tuple[Cells, Cells],
    lists: tuple[Words, Cells],
    origin: Origin,
    corner: tuple[int, int],
    labels: Words,
    at: tuple[int, int],
    out: tuple[Cells, Cells, Words],
    floats: Coords,
) -> tuple[int, int]:
    """Write the fine cells of a coarse one: the next free word, and how many faults were found.

    ``labels``: of the corners at its west side, on return of those at its east side.
    """
    size = 1.0 / origin[2]
    fine, data = out[1], out[2]
    block, word = at
    wrong = 0
    for n in range(BLOCK):
        row, column = n // SIDE, n % SIDE
        x0, y0 = origin[0] + (corner[0] + column) * size, origin[1] + (corner[1] + row) * size
        mine = lists[1][lists[0][n] : lists[0][n + 1]]
        if len(mine) == 0:
            fine[block * BLOCK + n] = labels[row]
            continue
        fine[block * BLOCK + n] = -1 - word
        base, following = _labels_of(coords, sides, mine, labels[row], (x0, y0, x0 + size))
        word = _write(coords, sides, mine, base, word, data, floats)
        labels[row] = following
        wrong += _crossings(coords, mine)
    return word, wrong


@njit(cache=True)
def _labels_of(
    coords: Coords, sides: tuple[Cells, Cells], mine: Cells, label: int, at: tuple[float, float, float]
) -> tuple[int, int]:
    """The cell's reference label, and that of its south-east corner, from that of its south-west corner.

    The way to a point in the cell goes up the west side and then east. What edges across the west side change
    at its foot, they change for all points, so it is put into the reference label here.
    """
    x0, y0, x1 = at
    base, following = label, label
    for k in mine:
        ax, ay, bx, by = coords[k, 0], coords[k, 1], coords[k + 1, 0], coords[k + 1, 1]
        straddles = (ay > y0) != (by > y0)
        across = (ax >= x0) != (bx >= x0)
        if not (straddles or across):
            continue
        right = is_right(ax, ay, bx, by, x0, y0)
        if across and right:
            base ^= _xor(sides, k)
        if straddles and right != is_right(ax, ay, bx, by, x1, y0):
            following ^= _xor(sides, k)
    return base, following


@njit(cache=True)
def _write(
    coords: Coords, sides: tuple[Cells, Cells], mine: Cells, base: int, word: int, data: Words, floats: Coords
) -> int:
    """Write the data of a cell that borders cross; the next free word."""
    head, chains, chain, length = word, 0, word, 0
    previous = -2
    word += 1
    for k in mine:
        if not _continues(sides, previous, k) or length >= MOST_VERTICES:
            chains += 1
            chain, length = word, 1
            floats[word + 1], floats[word + 2] = coords[k, 0], coords[k, 1]
            word += 3
        floats[word], floats[word + 1] = coords[k + 1, 0], coords[k + 1, 1]
        word += 2
        length += 1
        data[chain] = chain_word(length, sides[0][k] + 1, sides[1][k] + 1)
        previous = k
    data[head] = join_halves(base, chains)
    return word


@njit(cache=True)
def _crossings(coords: Coords, mine: Cells) -> int:
    """How many pairs of a cell's edges meet elsewhere than at common ends."""
    found = 0
    for i in range(len(mine)):
        for j in range(i):
            if _meet_wrongly(coords, mine[i], mine[j]):
                found += 1
    return found


@njit(inline="always")
def _apart(a1: float, a2: float, b1: float, b2: float) -> bool:
    """Whether two spans of coordinates have nothing in common."""
    return max(a1, a2) < min(b1, b2) or max(b1, b2) < min(a1, a2)


@njit(cache=True)
def _meet_wrongly(coords: Coords, j: int, k: int) -> bool:
    """Whether two edges meet elsewhere than at common ends, or are equal."""
    ax, ay, bx, by = coords[j, 0], coords[j, 1], coords[j + 1, 0], coords[j + 1, 1]
    cx, cy, dx, dy = coords[k, 0], coords[k, 1], coords[k + 1, 0], coords[k + 1, 1]
    if _apart(ax, bx, cx, dx) or _apart(ay, by, cy, dy):
        return False
    c_common = (cx == ax and cy == ay) or (cx == bx and cy == by)
    d_common = (dx == ax and dy == ay) or (dx == bx and dy == by)
    a_common = (ax == cx and ay == cy) or (ax == dx and ay == dy)
    b_common = (bx == cx and by == cy) or (bx == dx and by == dy)
    if not c_common and on_segment(ax, ay, bx, by, cx, cy):
        return True
    if not d_common and on_segment(ax, ay, bx, by, dx, dy):
        return True
    if not a_common and on_segment(cx, cy, dx, dy, ax, ay):
        return True
    if not b_common and on_segment(cx, cy, dx, dy, bx, by):
        return True
    if c_common or d_common:
        return c_common and d_common
    return (
        side(ax, ay, bx, by, cx, cy) * side(ax, ay, bx, by, dx, dy) < 0
        and side(cx, cy, dx, dy, ax, ay) * side(cx, cy, dx, dy, bx, by) < 0
    )
