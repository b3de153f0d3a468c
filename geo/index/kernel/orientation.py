"""On which side of an edge a point lies, without error: compiled.

A static filter answers almost always (J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast
Robust Geometric Predicates", Discrete & Computational Geometry 18, 1997: bound A); what it leaves open is
computed in double-double arithmetic on exact differences. Coordinates between 16 and 256 degrees, apart by
less than one, have differences without rounding, and then the sign is exact; elsewhere it is that of GEOS,
which computes the same expression.
"""

from __future__ import annotations

from typing import Final

from numba import njit

FILTER: Final = 3.3306690738754716e-16  # (3 + 16u)u with u = 2^-53
SPLITTER: Final = 134217729.0  # 2^27 + 1


@njit(inline="always")
def _two_sum(a: float, b: float) -> tuple[float, float]:
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


@njit(inline="always")
def _two_product(a: float, b: float) -> tuple[float, float]:
    p = a * b
    c = SPLITTER * a
    ah = c - (c - a)
    al = a - ah
    c = SPLITTER * b
    bh = c - (c - b)
    bl = b - bh
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


@njit(cache=True)
def _exact_side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    ux, uxl = _two_sum(bx, -ax)
    vy, vyl = _two_sum(py, -ay)
    uy, uyl = _two_sum(by, -ay)
    vx, vxl = _two_sum(px, -ax)
    p, pl = _two_product(ux, vy)
    q, ql = _two_product(uy, vx)
    pl += ux * vyl + uxl * vy
    ql += uy * vxl + uyl * vx
    s, t = _two_sum(p, -q)
    r = s + (t + (pl - ql))
    return 1 if r > 0.0 else (-1 if r < 0.0 else 0)


@njit(inline="always")
def side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """1 where p lies left of the line from a to b, -1 right of it, 0 on it."""
    left = (bx - ax) * (py - ay)
    right = (by - ay) * (px - ax)
    det = left - right
    bound = FILTER * (abs(left) + abs(right))
    if det > bound:
        return 1
    if det < -bound:
        return -1
    return _exact_side(ax, ay, bx, by, px, py)


@njit(inline="always")
def is_right(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> bool:
    """Whether p lies right of an edge taken upward (a level one: eastward); on it counts as left.

    That is the side of the point (px - ε, py + ε²) for an ε that is small enough. The rule puts no point on
    any edge, so that the parity of crossings is defined even where a cell's corner lies on a border.
    """
    turn = side(ax, ay, bx, by, px, py)
    if by > ay or (by == ay and bx > ax):
        return turn < 0
    return turn > 0


@njit(inline="always")
def on_segment(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> bool:
    """Whether p lies on the closed segment."""
    return (
        min(ax, bx) <= px <= max(ax, bx)
        and min(ay, by) <= py <= max(ay, by)
        and side(ax, ay, bx, by, px, py) == 0
    )
