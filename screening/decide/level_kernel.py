"""Compiled steps of ``share_kernel`` that need no index: which levels count, and shares as they are told.

Arguments are described there.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

NO_UNIT: Final = -1  # in place of the number of a unit
MILLIONTHS: Final = 1e6  # shares are rounded to millionths, as in a verdict
BILLIONTHS: Final = 1e9  # shares that agree to a billionth are ranked by code


@njit(inline="always")
def _rounded(value: float) -> float:
    """Round a share to millionths."""
    return float(np.rint(value * MILLIONTHS)) / MILLIONTHS


@njit(inline="always")
def drop_coarser(tables, certain, mass, counts, containing):  # type: ignore[no-untyped-def]
    """Leave out approximate layers above the finest official one that holds ``certain`` of the point."""
    finest = 0
    for level in range(len(counts)):
        if counts[level] > 0 and tables[1][tables[3][level]]:
            held = 0.0
            for n in range(counts[level]):
                held += mass[level, n]
            if held >= certain:
                finest = level
    for level in range(finest):
        if counts[level] > 0 and not tables[1][tables[3][level]]:
            counts[level], containing[level] = 0, NO_UNIT


@njit(inline="always")
def is_approximate(tables, mass, counts):  # type: ignore[no-untyped-def]
    """Whether a layer that is not official has a share in the point."""
    for level in range(len(counts)):
        for n in range(counts[level]):
            if not tables[1][tables[3][level]] and _rounded(mass[level, n]) > 0.0:
                return True
    return False


@njit(inline="always")
def rank(units, shares, count, codes):  # type: ignore[no-untyped-def]
    """Sort in place by falling share, equal ones by code. An insertion sort: there are a few units only."""
    for i in range(1, count):
        unit, share = units[i], shares[i]
        key = np.rint(share * BILLIONTHS)
        j = i - 1
        while j >= 0:
            other = np.rint(shares[j] * BILLIONTHS)
            if other > key or (other == key and codes[units[j]] < codes[unit]):
                break
            units[j + 1], shares[j + 1] = units[j], shares[j]
            j -= 1
        units[j + 1], shares[j + 1] = unit, share


@njit(inline="always")
def round_shares(units, shares, count):  # type: ignore[no-untyped-def]
    """Round the shares in place and drop those that become zero.

    Returns:
        The number of shares left, their sum, and the share that lies outside all units.
    """
    total, kept, outside = 0.0, 0, 1.0
    for k in range(count):
        outside -= shares[k]
        if _rounded(shares[k]) > 0.0:
            units[kept], shares[kept] = units[k], _rounded(shares[k])
            total += shares[kept]
            kept += 1
    return kept, total, _rounded(max(0.0, outside))
