"""An edge's part in the mass that a Gaussian has in a polygon: differences of Owen's T function. Compiled.

``geo.measure.probability`` sums, over a polygon's edges, Δθ/2π − [T(h, t₂/h) − T(h, t₁/h)]. The angles add up
to 1 round a point inside and to 0 round one outside, so a mass is that, less the differences of T over the
edges; far edges have none. With t = |h| sinh u such a difference is

    sign(h)/2π · ∫ sech(u) exp(−h² cosh²(u)/2) du

which Gauss–Legendre quadrature integrates in pieces of length ½ (measured against SciPy: within 3e-15; four
nodes are enough for short pieces). Over half a line, from the foot of the perpendicular on, the integral is
π/2 · erfc(|h|/√2): of an edge that goes on beyond ``REACH``, only the piece between that foot and its other
end is integrated, where that is shorter.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

REACH: Final = 8.6  # σ, as in ``geo.measure.probability``
R68: Final = math.sqrt(-2.0 * math.log(0.32))  # of a 68 % radius in σ, as in ``geo.measure.probability``
_X4, _W4 = (tuple(map(float, part)) for part in np.polynomial.legendre.leggauss(4))
_X10, _W10 = (tuple(map(float, part)) for part in np.polynomial.legendre.leggauss(10))
SHORT: Final = 0.05  # pieces this short need four nodes
HALF_ROOT: Final = math.sqrt(0.5)


@njit(inline="always")
def _integrand(u: float, half_h2: float) -> float:
    """sech(u) exp(−h² cosh²(u)/2), with ½h² given."""
    e = math.exp(u)
    cosh = 0.5 * (e + 1.0 / e)
    return math.exp(-half_h2 * cosh * cosh) / cosh


@njit(inline="always")
def _integral(u1: float, u2: float, half_h2: float) -> float:
    """The integral of ``_integrand`` from u1 to u2; u2 may be less than u1."""
    total = 0.0
    if abs(u2 - u1) <= SHORT:
        middle, half = 0.5 * (u1 + u2), 0.5 * (u2 - u1)
        for i in range(4):
            total += _W4[i] * _integrand(middle + half * _X4[i], half_h2)
        total *= half
    else:
        pieces = int(math.ceil(2.0 * abs(u2 - u1)))
        half = 0.5 * (u2 - u1) / pieces
        for piece in range(pieces):
            middle = u1 + (2 * piece + 1) * half
            for i in range(10):
                total += _W10[i] * _integrand(middle + half * _X10[i], half_h2) * half
    return total


@njit(cache=True)
def owens_t_difference(h: float, t1: float, t2: float) -> float:
    """T(h, t₂/h) − T(h, t₁/h), lengths in σ; 0 where the line of the edge runs through the mean (h = 0)."""
    size = abs(h)
    if size >= REACH or size == 0.0:
        return 0.0
    far = math.sqrt(REACH * REACH - h * h)
    if t1 >= far or t2 <= -far or t1 >= t2:
        return 0.0
    half_h2 = 0.5 * h * h
    end = math.asinh(far / size)
    u1 = math.asinh(t1 / size) if t1 > -far else -end
    u2 = math.asinh(t2 / size) if t2 < far else end
    if u1 == -end and u2 > -0.5 * end:  # begins beyond REACH: half a line, then from its foot to the end
        total = 0.5 * math.pi * math.erfc(size * HALF_ROOT)
        total += total if u2 == end else _integral(0.0, u2, half_h2)
    elif u2 == end and u1 < 0.5 * end:
        total = 0.5 * math.pi * math.erfc(size * HALF_ROOT) - _integral(0.0, u1, half_h2)
    else:
        total = _integral(u1, u2, half_h2)
    return math.copysign(total / (2.0 * math.pi), h)
