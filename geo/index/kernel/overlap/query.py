"""Asking the cell index of areas that may overlap. Compiled.

An area is told of a point where shapely's ``intersects`` is true: inside, or on its border.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from geo.index.kernel.coverage.query import TASKS
from geo.index.kernel.layout import (
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
from geo.index.kernel.orientation import is_right, side
from geo.index.kernel.overlap.build import BEGINS, FIELD, INSIDE, LOW21

I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
F8 = NDArray[np.float64]


@njit(inline="always")
def _crosses(ax: float, ay: float, bx: float, by: float, x: float, y: float, x0: float) -> tuple[bool, bool]:
    """Whether an edge lies between a cell's reference and a point; whether the point lies on it."""
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
def word_of(i4: I4, i8: I8, f8: F8, x: float, y: float) -> tuple[int, float]:
    """The word of the data of a point's cell, 0 where there is nothing, and the cell's west side."""
    fx, fy = (x - f8[WEST]) * f8[INVERSE], (y - f8[SOUTH]) * f8[INVERSE]
    columns = i8[COLUMNS]
    if not (fx >= 0.0 and fy >= 0.0 and fx < columns * SIDE and fy < i8[ROWS] * SIDE):
        return 0, 0.0
    cx, cy = int(fx), int(fy)
    value = i4[i8[COARSE] + (cy >> SHIFT) * columns + (cx >> SHIFT)]
    if value < 0:
        block = i8[FINE] + ((-1 - np.int64(value)) << (2 * SHIFT))
        value = i4[block + ((cy & (SIDE - 1)) << SHIFT) + (cx & (SIDE - 1))]
    return (i8[DATA] + value if value > 0 else 0), f8[WEST] + cx * f8[SIZE]


@njit(inline="always")
def most_at(i8: I8, word: int) -> int:
    """The most areas that a cell's data can tell of a point."""
    return (i8[word] & LOW21) + ((i8[word] >> FIELD) & LOW21) if word > 0 else 0


@njit(inline="always")
def gather(i8: I8, f8: F8, word: int, at: tuple[float, float, float], out: I4, n: int) -> int:
    """Write the areas of a point from ``out[n]`` on; the new n. ``at``: x, y and the cell's west side."""
    x, y, x0 = at
    head = i8[word]
    full, chains = head & LOW21, head >> (2 * FIELD)
    word += 1
    for i in range(full):
        pair = i8[word + (i >> 1)]
        out[n] = (pair >> 32) if i & 1 else (pair & LOW32)
        n += 1
    word += (full + 1) >> 1
    area, here = -1, False
    touched = False
    for _ in range(chains):
        info = i8[word]
        vertices = info & 0xFFF
        flags = info >> 38
        if flags & BEGINS:
            if here or touched:
                out[n] = area
                n += 1
            area, here, touched = (info >> 12) & LOW26, (flags & INSIDE) != 0, False
        ax, ay = f8[word + 1], f8[word + 2]
        touched = touched or (ax == x and ay == y)
        for v in range(word + 3, word + 1 + 2 * vertices, 2):
            bx, by = f8[v], f8[v + 1]
            crossed, on = _crosses(ax, ay, bx, by, x, y, x0)
            here = here != crossed
            touched = touched or on
            ax, ay = bx, by
        word += 1 + 2 * vertices
    if here or touched:
        out[n] = area
        n += 1
    return n


@njit(inline="always")
def _words(i4: I4, i8: I8, f8: F8, xy: F8, span: tuple[int, int], words: I8) -> int:
    """The word of each point's cell, and the most areas that they can tell of."""
    most = 0
    for p in range(span[0], span[1]):
        words[p] = word_of(i4, i8, f8, xy[p, 0], xy[p, 1])[0]
    for p in range(span[0], span[1]):
        most += most_at(i8, words[p])
    return most


@njit(inline="always")
def _pairs(i8: I8, f8: F8, xy: F8, span: tuple[int, int], words: I8, points: I8, areas: I4, n: int) -> int:
    west, inverse, size = f8[WEST], f8[INVERSE], f8[SIZE]
    for p in range(span[0], span[1]):
        if words[p] > 0:
            x, y = xy[p, 0], xy[p, 1]
            first = n
            n = gather(i8, f8, words[p], (x, y, west + int((x - west) * inverse) * size), areas, n)
            points[first:n] = p
    return n


@njit(cache=True, nogil=True)
def pairs_serial(i4: I4, i8: I8, f8: F8, xy: F8) -> tuple[I8, I4]:
    """(point, area) pairs of points, shape (n, 2), on the calling thread; points ascend."""
    words = np.empty(len(xy), np.int64)
    most = _words(i4, i8, f8, xy, (0, len(xy)), words)
    points, areas = np.empty(most, np.int64), np.empty(most, np.int32)
    n = _pairs(i8, f8, xy, (0, len(xy)), words, points, areas, 0)
    return points[:n], areas[:n]


@njit(cache=True, parallel=True)
def pairs_parallel(i4: I4, i8: I8, f8: F8, xy: F8) -> tuple[I8, I4]:
    """The same on all cores."""
    step = (len(xy) + TASKS - 1) // TASKS
    words, most, found = np.empty(len(xy), np.int64), np.zeros(TASKS + 1, np.int64), np.zeros(TASKS, np.int64)
    for task in prange(TASKS):
        span = (min(len(xy), task * step), min(len(xy), (task + 1) * step))
        most[task + 1] = _words(i4, i8, f8, xy, span, words)
    for task in range(TASKS):
        most[task + 1] += most[task]
    points, areas = np.empty(most[TASKS], np.int64), np.empty(most[TASKS], np.int32)
    for task in prange(TASKS):
        span = (min(len(xy), task * step), min(len(xy), (task + 1) * step))
        found[task] = _pairs(i8, f8, xy, span, words, points, areas, most[task]) - most[task]
    n = found[0]
    for task in range(1, TASKS):  # close the gaps
        first = most[task]
        for k in range(found[task]):
            points[n + k], areas[n + k] = points[first + k], areas[first + k]
        n += found[task]
    return points[:n], areas[:n]
