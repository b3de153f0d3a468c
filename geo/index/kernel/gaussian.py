"""An edge's part in the probability that a position has in a polygon. Compiled.

``geo.measure.probability`` sums, over a polygon's edges, Δθ/2π − [T(h, t₂/h) − T(h, t₁/h)], for ordinary
errors and for outliers. The angles add up to 1 round a point inside and to 0 round one outside, so a mass is
that, less the differences of T over the edges; far edges have none. With t = |h| sinh u, lengths in metres,
such a difference is

    sign(h)/2π · ∫ sech(u) exp(−h² cosh²(u)/2σ²) du

where only the exponential knows σ: one pass sums both laws. Gauss–Legendre quadrature integrates in pieces of
length ½ (measured against SciPy: within 3e-15; four nodes are enough for short pieces). Over half a line,
from the foot of the perpendicular on, the integral is π/2 · erfc(|h|/σ√2): of an edge that goes on beyond the
reach, only the piece between that foot and its other end is integrated, where that is shorter.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

# as in ``geo.measure.probability``
REACH: Final = 5.5
OUTLIERS: Final = 0.05
OUTLIER_FACTOR: Final = 5.0
OUTLIER_REACH: Final = 3.0
R68: Final = math.sqrt(-2.0 * math.log(0.32))
_X4, _W4 = (tuple(map(float, part)) for part in np.polynomial.legendre.leggauss(4))
_X10, _W10 = (tuple(map(float, part)) for part in np.polynomial.legendre.leggauss(10))
SHORT: Final = 0.05  # pieces this short need four nodes
HALF_ROOT: Final = math.sqrt(0.5)
NOTHING: Final = 36.0  # ½h²/σ² from which exp(−½h²/σ²) is under 3e-16


@njit(inline="always")
def spread_of(position: float, lines: float) -> tuple[float, float]:
    """σ and σ of outliers, metres, of a position and lines with these 68 % radii, metres."""
    return math.hypot(position, lines) / R68, math.hypot(OUTLIER_FACTOR * position, lines) / R68


@njit(inline="always")
def reach_of(spread: tuple[float, float]) -> float:
    """How far from a position a border still counts, metres. ``spread``: σ and σ of outliers."""
    return max(REACH * spread[0], OUTLIER_REACH * spread[1])


@njit(inline="always")
def _integrand(u: float, common: float, outlying: float) -> float:
    """sech(u) times the mean of exp(−h² cosh²(u)/2σ²) over both laws, with h²/2σ² of each given."""
    e = math.exp(u)
    cosh = 0.5 * (e + 1.0 / e)
    square = cosh * cosh
    mean = OUTLIERS * math.exp(-outlying * square)
    if common < NOTHING:
        mean += (1.0 - OUTLIERS) * math.exp(-common * square)
    return mean / cosh


@njit(inline="always")
def _integral(u1: float, u2: float, common: float, outlying: float) -> float:
    """The integral of ``_integrand`` from u1 to u2; u2 may be less than u1."""
    total = 0.0
    if abs(u2 - u1) <= SHORT:
        middle, half = 0.5 * (u1 + u2), 0.5 * (u2 - u1)
        for i in range(4):
            total += _W4[i] * _integrand(middle + half * _X4[i], common, outlying)
        total *= half
    else:
        # outliers alone have a twentieth of the weight: pieces twice as long serve them as well
        pieces = int(math.ceil((1.0 if common >= NOTHING else 2.0) * abs(u2 - u1)))
        half = 0.5 * (u2 - u1) / pieces
        for piece in range(pieces):
            middle = u1 + (2 * piece + 1) * half
            for i in range(10):
                total += _W10[i] * _integrand(middle + half * _X10[i], common, outlying) * half
    return total


@njit(inline="always")
def _tail(size: float, spread: tuple[float, float]) -> float:
    """The integral of ``_integrand`` over half a line: from the foot of the perpendicular, without end."""
    ordinary = (1.0 - OUTLIERS) * math.erfc(size / spread[0] * HALF_ROOT)
    return 0.5 * math.pi * (ordinary + OUTLIERS * math.erfc(size / spread[1] * HALF_ROOT))


@njit(cache=True)
def edge_difference(h: float, t1: float, t2: float, spread: tuple[float, float]) -> float:
    """T(h, t₂/h) − T(h, t₁/h) as the mean over both laws; 0 where the edge's line runs through the mean.

    Lengths in metres. ``spread``: σ and σ of outliers.
    """
    size, reach = abs(h), reach_of(spread)
    if size >= reach or size == 0.0:
        return 0.0
    far = math.sqrt(reach * reach - h * h)
    if t1 >= far or t2 <= -far or t1 >= t2:
        return 0.0
    a, b = size / spread[0], size / spread[1]
    common, outlying = 0.5 * a * a, 0.5 * b * b
    end = math.asinh(far / size)
    u1 = math.asinh(t1 / size) if t1 > -far else -end
    u2 = math.asinh(t2 / size) if t2 < far else end
    if t1 <= -far or t2 >= far:
        # beyond the reach a line goes on without end: half a line, then from its foot to the other end
        half = _tail(size, spread)
        before = half if t1 <= -far else -_integral(0.0, u1, common, outlying)
        after = half if t2 >= far else _integral(0.0, u2, common, outlying)
        total = before + after
    else:
        total = _integral(u1, u2, common, outlying)
    return math.copysign(total / (2.0 * math.pi), h)
