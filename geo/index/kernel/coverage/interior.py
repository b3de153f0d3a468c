"""Points far enough from every border that one area of a coverage has them wholly. Compiled.

Most points are such; they need no integral. ``near_coverage`` is for the others.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.index.kernel.coverage.query import OUTSIDE, TIE, cell_label
from geo.index.kernel.distance import distance2
from geo.index.kernel.layout import COARSE, COLUMNS, DATA, FINE, INVERSE, ROWS, SHIFT, SIDE, SIZE, SOUTH, WEST

I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
F8 = NDArray[np.float64]
CLOSE: Final = -2  # a border is within reach
TOGETHER: Final = 64  # points


@njit(inline="always")
def _ask(i4: I4, i8: I8, f8: F8, points: F8, start: int, end: int, values: I8) -> int:
    """Ask for the cells of points that go together, so that memory answers several at once.

    ``values``, (n, 2): room.
    """
    touched = np.int64(0)
    west, south, inverse = f8[WEST], f8[SOUTH], f8[INVERSE]
    coarse, columns, rows = i8[COARSE], i8[COLUMNS], i8[ROWS]
    for p in range(start, end):
        fx, fy = (points[p, 0] - west) * inverse, (points[p, 1] - south) * inverse
        values[p - start, 0] = 0
        if fx >= 0.0 and fy >= 0.0 and fx < columns * SIDE and fy < rows * SIDE:
            cx, cy = int(fx), int(fy)
            values[p - start, 0] = i4[coarse + (cy >> SHIFT) * columns + (cx >> SHIFT)]
            values[p - start, 1] = ((cy & (SIDE - 1)) << SHIFT) + (cx & (SIDE - 1))
    for k in range(end - start):
        if values[k, 0] < 0:
            values[k, 0] = i4[i8[FINE] + ((-1 - values[k, 0]) << (2 * SHIFT)) + values[k, 1]]
    for k in range(end - start):
        if values[k, 0] < 0:
            word = i8[DATA] - 1 - values[k, 0]
            touched += i8[word] + i8[word + 8]
    return touched


@njit(cache=True, nogil=True)
def interior_area_batch(i4: I4, i8: I8, f8: F8, points: F8, metres: F8, reach: F8, out: I4) -> int:
    """The area that holds all within ``reach`` metres, (n,), of each point, (n, 2); OUTSIDE; or CLOSE."""
    west, south, inverse = f8[WEST], f8[SOUTH], f8[INVERSE]
    columns, rows = i8[COLUMNS] * SIDE, i8[ROWS] * SIDE
    values, touched = np.empty((TOGETHER, 2), np.int64), np.int64(0)
    for p in range(len(points)):
        if p % TOGETHER == 0:
            touched += _ask(i4, i8, f8, points, p, min(len(points), p + TOGETHER), values)
        x, y, r = points[p, 0], points[p, 1], reach[p]
        rx, ry = r / metres[p, 0], r / metres[p, 1]
        fx0, fx1 = (x - rx - west) * inverse, (x + rx - west) * inverse
        fy0, fy1 = (y - ry - south) * inverse, (y + ry - south) * inverse
        if not (fx1 >= 0.0 and fy1 >= 0.0 and fx0 < columns and fy0 < rows):
            out[p] = OUTSIDE
            continue
        c0, c1 = int(max(fx0, 0.0)), int(min(fx1, columns - 1.0))
        r0, r1 = int(max(fy0, 0.0)), int(min(fy1, rows - 1.0))
        out[p] = _interior_area(i4, i8, f8, x, y, metres[p, 0], metres[p, 1], r * r, c0, c1, r0, r1)
    return touched


@njit(inline="always")
def _interior_area(
    i4: I4,
    i8: I8,
    f8: F8,
    x: float,
    y: float,
    kx: float,
    ky: float,
    reach2: float,
    c0: int,
    c1: int,
    r0: int,
    r1: int,
) -> int:
    found = np.int64(-1)  # label; -1: not known yet
    for row in range(r0, r1 + 1):
        column = c0
        while column <= c1:
            value = np.int64(i4[i8[COARSE] + (row >> SHIFT) * i8[COLUMNS] + (column >> SHIFT)])
            step = SIDE - (column & (SIDE - 1))
            if value < 0:
                block = i8[FINE] + ((-1 - value) << (2 * SHIFT))
                value = np.int64(i4[block + ((row & (SIDE - 1)) << SHIFT) + (column & (SIDE - 1))])
                step = 1
            if value < 0:
                word = i8[DATA] - 1 - value
                if _is_near(i8, f8, word, x, y, kx, ky, reach2):
                    return CLOSE
                value = _label_here(i8, f8, word, x, y, column, row)
                if value == TIE + 1:
                    return CLOSE
                if value < 0:  # a crossed cell beside the point's own, with nothing near: it says nothing new
                    column += step
                    continue
            if found < 0:
                found = value
            elif found != value:
                return CLOSE
            column += step
    return found - 1 if found >= 0 else CLOSE


@njit(inline="always")
def _label_here(i8: I8, f8: F8, word: int, x: float, y: float, column: int, row: int) -> int:
    """Label of the point where it is in this cell; TIE + 1; less where the cell is another one."""
    cx, cy = int((x - f8[WEST]) * f8[INVERSE]), int((y - f8[SOUTH]) * f8[INVERSE])
    if cx != column or cy != row or x < f8[WEST] or y < f8[SOUTH]:
        return -9
    return cell_label(i8, f8, word, x, y, f8[WEST] + cx * f8[SIZE])


@njit(inline="always")
def _is_near(i8: I8, f8: F8, word: int, x: float, y: float, kx: float, ky: float, reach2: float) -> bool:
    chains = i8[word] >> 32
    word += 1
    for _ in range(chains):
        n = i8[word] & 0xFFF
        for v in range(word + 1, word + 2 * n - 1, 2):
            if distance2((f8[v], f8[v + 1], f8[v + 2], f8[v + 3]), x, y, kx, ky) <= reach2:
                return True
        word += 1 + 2 * n
    return False
