"""Which of the areas that may overlap hold a point: inside or on the border, as ``intersects``. Compiled.

A cell's *reference* is a point of which it is known which areas hold it (flag ``INSIDE``). The way from there
to a point goes up the cell's west side to the point's height, then east; an area holds the point where its
border is crossed an odd number of times.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from geo.index.kernel.coverage.query import TASKS
from geo.index.kernel.layout import (
    BEGINS,
    COLUMNS,
    DATA,
    F8,
    I4,
    I8,
    INSIDE,
    INVERSE,
    ROWS,
    WEST,
    cell_value,
    cell_west,
    chain_first,
    chain_second,
    chain_vertices,
    crossing_areas,
    grid_position,
    holding_area,
    holding_areas,
    holding_words,
    in_grid,
    next_chain,
    overlaps_chains,
)
from geo.index.kernel.orientation import is_right, side


@njit(inline="always")
def _crosses(ax: float, ay: float, bx: float, by: float, x: float, y: float, x0: float) -> tuple[bool, bool]:
    """Whether an edge lies between a cell's reference and a point; whether the point lies on it.

    ``x0``: the cell's west side. Most edges lie wholly west of the point, so coordinates are compared first.
    """
    straddles = (ay > y) != (by > y)
    odd = False
    if straddles:
        if ax < x and bx < x:
            odd = True
        elif ax <= x or bx <= x:
            turn = side(ax, ay, bx, by, x, y)
            if turn == 0:
                return False, True
            odd = (turn < 0) == (by > ay)
    elif by == y and ((bx == x) or (ay == y and (ax < x) != (bx < x))):
        return False, True
    if ax < x0 or bx < x0:
        across = (ax >= x0) != (bx >= x0)
        if straddles != across and is_right(ax, ay, bx, by, x0, y):
            odd = not odd
    return odd, False


@njit(inline="always")
def data_word(i4: I4, i8: I8, f8: F8, x: float, y: float) -> tuple[int, float]:
    """The word of the data of a point's cell, 0 where no area is, and the cell's west side."""
    fx, fy = grid_position(f8, x, y)
    if not in_grid(fx, fy, i8[COLUMNS], i8[ROWS]):
        return 0, 0.0
    column, row = int(fx), int(fy)
    value, _ = cell_value(i4, i8, column, row)
    return (i8[DATA] + value if value > 0 else 0), cell_west(f8, column)


@njit(inline="always")
def most_areas(i8: I8, word: int) -> int:
    """The most areas that can hold a point of a cell. ``word``: of its data, or 0."""
    return holding_areas(i8[word]) + crossing_areas(i8[word]) if word > 0 else 0


@njit(inline="always")
def append_areas(i8: I8, f8: F8, word: int, at: tuple[float, float, float], out: I4, n: int) -> int:
    """Write the areas that hold a point from ``out[n]`` on; the n after them.

    ``word``: of the data of its cell, not 0. ``at``: x, y and the cell's west side.
    """
    x, y, x0 = at
    head = i8[word]
    holding, chains = holding_areas(head), overlaps_chains(head)
    for i in range(holding):
        out[n] = holding_area(i8, word, i)
        n += 1
    word += 1 + holding_words(holding)
    area, here = -1, False
    touched = False
    for _ in range(chains):
        info = i8[word]
        vertices = chain_vertices(info)
        flags = chain_second(info)
        if flags & BEGINS:
            if here or touched:
                out[n] = area
                n += 1
            area, here, touched = chain_first(info), (flags & INSIDE) != 0, False
        ax, ay = f8[word + 1], f8[word + 2]
        touched = touched or (ax == x and ay == y)
        for v in range(word + 3, word + 1 + 2 * vertices, 2):
            bx, by = f8[v], f8[v + 1]
            crossed, on = _crosses(ax, ay, bx, by, x, y, x0)
            here = here != crossed
            touched = touched or on
            ax, ay = bx, by
        word = next_chain(word, vertices)
    if here or touched:
        out[n] = area
        n += 1
    return n


@njit(cache=True)
def areas_at(i4: I4, i8: I8, f8: F8, x: float, y: float) -> I4:
    """The areas that hold one point, in the order of ``pairs_serial``."""
    word, x0 = data_word(i4, i8, f8, x, y)
    out = np.empty(most_areas(i8, word), np.int32)
    return out[: append_areas(i8, f8, word, (x, y, x0), out, 0)] if word > 0 else out


@njit(inline="always")
def _data_words(i4: I4, i8: I8, f8: F8, xy: F8, span: tuple[int, int], words: I8) -> int:
    """Write the word of each point's cell; the most areas that can hold all of them together.

    The second loop waits for memory that the first one does not need: apart, several answers are under way.
    """
    most = 0
    for p in range(span[0], span[1]):
        words[p] = data_word(i4, i8, f8, xy[p, 0], xy[p, 1])[0]
    for p in range(span[0], span[1]):
        most += most_areas(i8, words[p])
    return most


@njit(inline="always")
def _append_pairs(
    i8: I8, f8: F8, xy: F8, span: tuple[int, int], words: I8, points: I8, areas: I4, n: int
) -> int:
    """Write the pairs of a span of points from the n-th on; the n after them."""
    west, inverse = f8[WEST], f8[INVERSE]
    for p in range(span[0], span[1]):
        if words[p] > 0:
            x, y = xy[p, 0], xy[p, 1]
            first = n
            n = append_areas(i8, f8, words[p], (x, y, cell_west(f8, int((x - west) * inverse))), areas, n)
            points[first:n] = p
    return n


@njit(cache=True, nogil=True)
def pairs_serial(i4: I4, i8: I8, f8: F8, xy: F8) -> tuple[I8, I4]:
    """(point, area) pairs of points, shape (n, 2), on the calling thread; points ascend."""
    words = np.empty(len(xy), np.int64)
    most = _data_words(i4, i8, f8, xy, (0, len(xy)), words)
    points, areas = np.empty(most, np.int64), np.empty(most, np.int32)
    n = _append_pairs(i8, f8, xy, (0, len(xy)), words, points, areas, 0)
    return points[:n], areas[:n]


@njit(cache=True, parallel=True)
def pairs_parallel(i4: I4, i8: I8, f8: F8, xy: F8) -> tuple[I8, I4]:
    """(point, area) pairs of points, shape (n, 2), on all cores; points ascend.

    Each task writes where the most areas of all tasks before it would end; the gaps are closed afterwards.
    """
    step = (len(xy) + TASKS - 1) // TASKS
    words, most, found = np.empty(len(xy), np.int64), np.zeros(TASKS + 1, np.int64), np.zeros(TASKS, np.int64)
    for task in prange(TASKS):
        span = (min(len(xy), task * step), min(len(xy), (task + 1) * step))
        most[task + 1] = _data_words(i4, i8, f8, xy, span, words)
    for task in range(TASKS):
        most[task + 1] += most[task]
    points, areas = np.empty(most[TASKS], np.int64), np.empty(most[TASKS], np.int32)
    for task in prange(TASKS):
        span = (min(len(xy), task * step), min(len(xy), (task + 1) * step))
        found[task] = _append_pairs(i8, f8, xy, span, words, points, areas, most[task]) - most[task]
    n = found[0]
    for task in range(1, TASKS):
        first = most[task]
        for k in range(found[task]):
            points[n + k], areas[n + k] = points[first + k], areas[first + k]
        n += found[task]
    return points[:n], areas[:n]
