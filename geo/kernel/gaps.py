"""How far boxes are from a point. Compiled."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F8 = NDArray[np.float64]


@njit(cache=True, nogil=True)
def gaps2(boxes: F8, place: tuple[float, float, float, float], out: F8) -> int:
    """Squares of the distances of boxes, (n, 4) in degrees, from a point, m², into ``out``; the first least.

    ``place``: x, y, and metres per degree along both.
    """
    x, y, kx, ky = place
    best = 0
    for n in range(len(boxes)):
        dx = max(boxes[n, 0] - x, 0.0, x - boxes[n, 2]) * kx
        dy = max(boxes[n, 1] - y, 0.0, y - boxes[n, 3]) * ky
        out[n] = dx * dx + dy * dy
        if out[n] < out[best]:
            best = n
    return best
