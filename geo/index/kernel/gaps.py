"""How far boxes are from a point. Compiled."""

from __future__ import annotations

from numba import njit

from geo.index.kernel.distance import F8, gap2


@njit(cache=True, nogil=True)
def gaps2(boxes: F8, place: tuple[float, float, float, float], out: F8) -> int:
    """Squares of the distances of boxes, (n, 4) in degrees, from a point, m², into ``out``; the first least.

    ``place``: x, y, and metres per degree along both.
    """
    x, y, kx, ky = place
    best = 0
    for n in range(len(boxes)):
        out[n] = gap2((boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3]), x, y, kx, ky)
        if out[n] < out[best]:
            best = n
    return best
