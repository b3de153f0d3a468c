"""One point in one compiled call: its area in a coverage, and the overlapping areas that hold it."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.index.kernel.coverage.query import MEETING, TIE, find, touching
from geo.index.kernel.overlap.query import gather, most_at, word_of

I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
F8 = NDArray[np.float64]


@njit(cache=True)
def one_in_coverage(i4: I4, i8: I8, f8: F8, x: float, y: float) -> I4:
    """The areas of a coverage at a point, ascending: none, one, or on a border all that touch."""
    found = find(i4, i8, f8, x, y)
    if found == TIE:
        out = np.empty(MEETING, np.int32)
        return np.sort(out[: touching(i4, i8, f8, x, y, out)])
    if found < 0:
        return np.empty(0, np.int32)
    return np.full(1, found, np.int32)


@njit(cache=True)
def one_in_overlaps(i4: I4, i8: I8, f8: F8, x: float, y: float) -> I4:
    """The overlapping areas at a point."""
    word, x0 = word_of(i4, i8, f8, x, y)
    out = np.empty(most_at(i8, word), np.int32)
    return out[: gather(i8, f8, word, (x, y, x0), out, 0)] if word > 0 else out


@njit(cache=True)
def one_in_both(a4: I4, a8: I8, af: F8, b4: I4, b8: I8, bf: F8, x: float, y: float) -> tuple[I4, I4]:
    """Both in one call."""
    return one_in_coverage(a4, a8, af, x, y), one_in_overlaps(b4, b8, bf, x, y)
