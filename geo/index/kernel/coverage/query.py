"""Which area of a coverage holds a point. Compiled.

The way from a cell's reference to a point goes up the cell's west side to the point's height, then east; each
edge crossed exchanges the label of its one side for that of the other (see ``build``). A point on a border is
a tie: every area that touches it holds it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit, prange

from geo.index.kernel.layout import (
    COARSE,
    COLUMNS,
    DATA,
    F8,
    FINE,
    I4,
    I8,
    INVERSE,
    ROWS,
    SHIFT,
    SIZE,
    SOUTH,
    WEST,
    block_of,
    cell_value,
    cell_west,
    chain_first,
    chain_second,
    chain_vertices,
    coarse_slot,
    crossed_word,
    edge_at,
    edge_words,
    fine_slot,
    grid_position,
    high_half,
    in_grid,
    join_halves,
    low_half,
    next_chain,
)
from geo.index.kernel.orientation import is_right, on_segment, side

OUTSIDE: Final = -1  # instead of an area: none holds the point
TIE: Final = -2  # instead of an area: the point lies on a border
TIE_LABEL: Final = TIE + 1  # labels are areas + 1
BATCH: Final = 512  # points whose cells are read together; their state fits into the first cache
MEETING: Final = 256  # areas that may touch at one point of a border; more are left out
TASKS: Final = 64  # of a call: many more than cores, so that all cores end at about the same time


@njit(inline="always")
def cell_label(i8: I8, f8: F8, word: int, x: float, y: float, x0: float) -> int:
    """Label of a point in a cell that borders cross; TIE_LABEL where it lies on one.

    ``word``: of the cell's data. ``x0``: its west side. Crossing an edge is an exclusive or with the labels
    on both sides, so that edges may come in any order; a chain has one pair of labels, so its edges are
    counted first. Coordinates are compared before the exact predicate is needed, which is seldom.
    """
    head = i8[word]
    label, chains = low_half(head), high_half(head)
    word += 1
    for _ in range(chains):
        info = i8[word]
        n = chain_vertices(info)
        odd = False
        ax, ay = f8[word + 1], f8[word + 2]
        if ax == x and ay == y:
            return TIE_LABEL
        for v in range(word + 3, word + 1 + 2 * n, 2):
            bx, by = f8[v], f8[v + 1]
            straddles = (ay > y) != (by > y)
            if straddles:
                if ax < x and bx < x:
                    odd = not odd
                elif ax <= x or bx <= x:
                    turn = side(ax, ay, bx, by, x, y)
                    if turn == 0:
                        return TIE_LABEL
                    if (turn < 0) == (by > ay):
                        odd = not odd
            elif by == y and ((bx == x) or (ay == y and (ax < x) != (bx < x))):
                return TIE_LABEL
            if ax < x0 or bx < x0:
                across = (ax >= x0) != (bx >= x0)
                if straddles != across and is_right(ax, ay, bx, by, x0, y):
                    odd = not odd
            ax, ay = bx, by
        if odd:
            label ^= chain_first(info) ^ chain_second(info)
        word = next_chain(word, n)
    return label


@njit(inline="always")
def find(i4: I4, i8: I8, f8: F8, x: float, y: float) -> int:
    """Position of the area that holds a point, OUTSIDE, or TIE on a border."""
    fx, fy = grid_position(f8, x, y)
    if not in_grid(fx, fy, i8[COLUMNS], i8[ROWS]):
        return OUTSIDE
    column, row = int(fx), int(fy)
    value, _ = cell_value(i4, i8, column, row)
    if value < 0:
        return cell_label(i8, f8, crossed_word(i8, value), x, y, cell_west(f8, column)) - 1
    return value - 1


@njit(cache=True)
def touching(i4: I4, i8: I8, f8: F8, x: float, y: float, out: I4) -> int:
    """Write every area whose border holds a point that ``find`` calls a TIE into ``out``; their number."""
    fx, fy = grid_position(f8, x, y)
    value, _ = cell_value(i4, i8, int(fx), int(fy))
    word = crossed_word(i8, value)
    found = 0
    chains = high_half(i8[word])
    word += 1
    for _ in range(chains):
        info = i8[word]
        n = chain_vertices(info)
        on = False
        first, end = edge_words(word, n)
        for v in range(first, end, 2):
            ax, ay, bx, by = edge_at(f8, v)
            on = on or on_segment(ax, ay, bx, by, x, y)
        if on:
            for area in (chain_first(info) - 1, chain_second(info) - 1):
                if area >= 0 and found < len(out) and not np.any(out[:found] == area):
                    out[found] = area
                    found += 1
        word = next_chain(word, n)
    return found


@njit(cache=True)
def areas_at(i4: I4, i8: I8, f8: F8, x: float, y: float) -> I4:
    """The areas that hold one point, ascending: none, one, or on a border all that touch."""
    found = find(i4, i8, f8, x, y)
    if found == TIE:
        out = np.empty(MEETING, np.int32)
        return np.sort(out[: touching(i4, i8, f8, x, y, out)])
    if found < 0:
        return np.empty(0, np.int32)
    return np.full(1, found, np.int32)


@njit(inline="always")
def _locate_span(i4: I4, i8: I8, f8: F8, xy: F8, first: int, last: int, out: I4) -> int:
    """Locate the points from ``first`` on and before ``last``.

    Most of the time goes by waiting for memory. So every step is a loop of its own over ``BATCH`` points, and
    memory answers several at once: coarse cells; fine cells of those points that need them; the words of
    crossed cells; their edges. Returns a sum of what was loaded only to have it in the cache: without a use
    the compiler would leave the loads out.
    """
    value, word = np.empty(BATCH, np.int32), np.empty(BATCH, np.int32)
    who, cells = np.empty(BATCH, np.int32), np.empty(BATCH, np.int64)
    west, south, inverse, size = f8[WEST], f8[SOUTH], f8[INVERSE], f8[SIZE]
    columns, rows = i8[COLUMNS], i8[ROWS]
    coarse, fine, data = i8[COARSE], i8[FINE], i8[DATA]
    touched = 0
    for start in range(first, last, BATCH):
        count = min(BATCH, last - start)
        n = 0
        for i in range(count):
            fx, fy = (xy[start + i, 0] - west) * inverse, (xy[start + i, 1] - south) * inverse
            v = 0
            cell = 0
            if in_grid(fx, fy, columns, rows):
                column, row = int(fx), int(fy)
                v = i4[coarse_slot(coarse, columns, column >> SHIFT, row >> SHIFT)]
                cell = join_halves(row, column)
            out[start + i] = v - 1
            # written for every point, counted only where a block follows: a branch would be mispredicted
            who[n], value[n], cells[n] = i, v, cell
            n += v < 0
        m = 0
        for j in range(n):
            column, row = high_half(cells[j]), low_half(cells[j])
            v = i4[fine_slot(fine, block_of(value[j]), column, row)]
            i = who[j]
            out[start + i] = v - 1
            who[m], word[m], cells[m] = i, block_of(v), cells[j]
            m += v < 0
        for j in range(m):
            touched += i8[data + word[j]] & 1
        for j in range(m):
            i = start + who[j]
            x0 = west + high_half(cells[j]) * size
            out[i] = cell_label(i8, f8, data + word[j], xy[i, 0], xy[i, 1], x0) - 1
    return touched


@njit(cache=True, nogil=True)
def locate_serial(i4: I4, i8: I8, f8: F8, xy: F8, out: I4) -> int:
    """Write the area of each point, (n, 2), into ``out``, (n,), on the calling thread; see ``find``."""
    return _locate_span(i4, i8, f8, xy, 0, len(xy), out)


@njit(cache=True, parallel=True)
def locate_parallel(i4: I4, i8: I8, f8: F8, xy: F8, out: I4) -> int:
    """Write the area of each point, (n, 2) degrees, into ``out``, (n,), on all cores; see ``find``."""
    step = (len(xy) + TASKS - 1) // TASKS
    touched = 0
    for task in prange(TASKS):
        touched += _locate_span(
            i4, i8, f8, xy, min(len(xy), task * step), min(len(xy), (task + 1) * step), out
        )
    return touched


@njit(cache=True)
def ties_of(i4: I4, i8: I8, f8: F8, xy: F8, which: I8) -> tuple[I8, I4]:
    """(point, area) pairs of the points ``which``, all of them ties; areas of a point ascend."""
    points, areas = np.empty(4 * len(which), np.int64), np.empty(4 * len(which), np.int32)
    room = np.empty(MEETING, np.int32)
    n = 0
    for p in which:
        found = touching(i4, i8, f8, xy[p, 0], xy[p, 1], room)
        if n + found > len(points):
            points = np.concatenate((points, np.empty(len(points) + found, np.int64)))
            areas = np.concatenate((areas, np.empty(len(areas) + found, np.int32)))
        points[n : n + found] = p
        areas[n : n + found] = np.sort(room[:found])
        n += found
    return points[:n], areas[:n]
