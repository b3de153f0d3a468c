"""Asking the cell index of a coverage. Compiled.

The way from a cell's reference to a point goes up the cell's west side to the point's height, then east; each
edge crossed exchanges labels (see ``coverbuild``). A point on a border is a tie: all that touch are told.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

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
from geo.index.kernel.orientation import is_right, on_segment, side

I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
F8 = NDArray[np.float64]
OUTSIDE: Final = -1
TIE: Final = -2
BATCH: Final = 512
MEETING: Final = 256  # areas told of one point of a border, at most
TASKS: Final = 64  # of a call, so that cores end together


@njit(inline="always")
def cell_label(i8: I8, f8: F8, word: int, x: float, y: float, x0: float) -> int:
    """Label of a point in a cell that borders cross; TIE + 1 = -1 where it lies on one."""
    head = i8[word]
    label = head & LOW32
    chains = head >> 32
    word += 1
    for _ in range(chains):
        info = i8[word]
        n = info & 0xFFF
        odd = False
        ax, ay = f8[word + 1], f8[word + 2]
        if ax == x and ay == y:
            return TIE + 1
        for v in range(word + 3, word + 1 + 2 * n, 2):
            bx, by = f8[v], f8[v + 1]
            straddles = (ay > y) != (by > y)
            if straddles:
                if ax < x and bx < x:
                    odd = not odd
                elif ax <= x or bx <= x:
                    turn = side(ax, ay, bx, by, x, y)
                    if turn == 0:
                        return TIE + 1
                    if (turn < 0) == (by > ay):
                        odd = not odd
            elif by == y and ((bx == x) or (ay == y and (ax < x) != (bx < x))):
                return TIE + 1
            if ax < x0 or bx < x0:
                across = (ax >= x0) != (bx >= x0)
                if straddles != across and is_right(ax, ay, bx, by, x0, y):
                    odd = not odd
            ax, ay = bx, by
        if odd:
            label ^= ((info >> 12) & LOW26) ^ (info >> 38)
        word += 1 + 2 * n
    return label


@njit(inline="always")
def find(i4: I4, i8: I8, f8: F8, x: float, y: float) -> int:
    """Position of the area that holds a point, OUTSIDE, or TIE on a border."""
    fx, fy = (x - f8[WEST]) * f8[INVERSE], (y - f8[SOUTH]) * f8[INVERSE]
    columns = i8[COLUMNS]
    if not (fx >= 0.0 and fy >= 0.0 and fx < columns * SIDE and fy < i8[ROWS] * SIDE):
        return OUTSIDE
    cx, cy = int(fx), int(fy)
    value = i4[i8[COARSE] + (cy >> SHIFT) * columns + (cx >> SHIFT)]
    if value < 0:
        value = i4[
            i8[FINE] + ((-1 - value) << (2 * SHIFT)) + ((cy & (SIDE - 1)) << SHIFT) + (cx & (SIDE - 1))
        ]
        if value < 0:
            word = i8[DATA] - 1 - value
            return cell_label(i8, f8, word, x, y, f8[WEST] + cx * f8[SIZE]) - 1
    return value - 1


@njit(cache=True)
def touching(i4: I4, i8: I8, f8: F8, x: float, y: float, out: I4) -> int:
    """Every area whose border holds a point that ``find`` calls a TIE; their number. ``out`` gets them."""
    fx, fy = (x - f8[WEST]) * f8[INVERSE], (y - f8[SOUTH]) * f8[INVERSE]
    cx, cy = int(fx), int(fy)
    block = -1 - i4[i8[COARSE] + (cy >> SHIFT) * i8[COLUMNS] + (cx >> SHIFT)]
    value = i4[i8[FINE] + (block << (2 * SHIFT)) + ((cy & (SIDE - 1)) << SHIFT) + (cx & (SIDE - 1))]
    word = i8[DATA] - 1 - value
    found = 0
    chains = i8[word] >> 32
    word += 1
    for _ in range(chains):
        info = i8[word]
        n = info & 0xFFF
        on = False
        for v in range(word + 1, word + 2 * n - 1, 2):
            on = on or on_segment(f8[v], f8[v + 1], f8[v + 2], f8[v + 3], x, y)
        if on:
            for area in (((info >> 12) & LOW26) - 1, (info >> 38) - 1):
                if area >= 0 and found < len(out) and not np.any(out[:found] == area):
                    out[found] = area
                    found += 1
        word += 1 + 2 * n
    return found


@njit(inline="always")
def _some(i4: I4, i8: I8, f8: F8, xy: F8, first: int, last: int, out: I4) -> int:
    """Locate a run of points. Cells are read for many points before they are needed, so that the memory
    answers several at once."""
    value, word = np.empty(BATCH, np.int32), np.empty(BATCH, np.int32)
    who, cells = np.empty(BATCH, np.int32), np.empty(BATCH, np.int64)
    west, south, inverse, size = f8[WEST], f8[SOUTH], f8[INVERSE], f8[SIZE]
    columns, rows = i8[COLUMNS], i8[ROWS]
    coarse, fine, data = i8[COARSE], i8[FINE], i8[DATA]
    wide, high = float(columns * SIDE), float(rows * SIDE)
    touched = 0
    for start in range(first, last, BATCH):
        count = min(BATCH, last - start)
        n = 0
        for i in range(count):
            fx, fy = (xy[start + i, 0] - west) * inverse, (xy[start + i, 1] - south) * inverse
            v = 0
            cell = 0
            if fx >= 0.0 and fy >= 0.0 and fx < wide and fy < high:
                cx, cy = int(fx), int(fy)
                v = i4[coarse + (cy >> SHIFT) * columns + (cx >> SHIFT)]
                cell = (cx << 32) | cy
            out[start + i] = v - 1
            who[n], value[n], cells[n] = i, v, cell
            n += v < 0
        m = 0
        for j in range(n):
            cx, cy = cells[j] >> 32, cells[j] & LOW32
            at = fine + ((-1 - np.int64(value[j])) << (2 * SHIFT))
            v = i4[at + ((cy & (SIDE - 1)) << SHIFT) + (cx & (SIDE - 1))]
            i = who[j]
            out[start + i] = v - 1
            who[m], word[m], cells[m] = i, -1 - v, cells[j]
            m += v < 0
        for j in range(m):
            touched += i8[data + word[j]] & 1
        for j in range(m):
            i = start + who[j]
            x0 = west + (cells[j] >> 32) * size
            out[i] = cell_label(i8, f8, data + word[j], xy[i, 0], xy[i, 1], x0) - 1
    return touched


@njit(cache=True, nogil=True)
def locate_serial(i4: I4, i8: I8, f8: F8, xy: F8, out: I4) -> int:
    """Positions of the areas of points, shape (n, 2) → (n,), on the calling thread."""
    return _some(i4, i8, f8, xy, 0, len(xy), out)


@njit(cache=True, parallel=True)
def locate_parallel(i4: I4, i8: I8, f8: F8, xy: F8, out: I4) -> int:
    """The same on all cores."""
    step = (len(xy) + TASKS - 1) // TASKS
    touched = 0
    for task in prange(TASKS):
        touched += _some(i4, i8, f8, xy, min(len(xy), task * step), min(len(xy), (task + 1) * step), out)
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
