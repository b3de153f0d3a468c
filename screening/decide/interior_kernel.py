"""Points whose whole disc lies inside one unit of every layer: their lead unit without integration. Compiled.

Most points of a screening are of this kind; ``screening.decide.share_kernel`` divides the others. The
arguments are as described there.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from geo.index import CLOSE
from screening.decide.share_kernel import ABROAD, CERTAIN, NOBODY, PROBABLE


@njit(cache=True, nogil=True)
def leads_of_interior(interior, tables, out):  # type: ignore[no-untyped-def]
    """Write the finest unit of points whose discs lie inside one unit of every layer, or in none.

    Args:
        interior: (layers, n), positions in the layers, as ``interior_area_batch`` gives them.
        tables: see ``divide_many``.
        out: (n,), units; NOBODY outside; CLOSE where the shares must be computed.
    """
    level_of, first, ancestors = tables[0], tables[2], tables[3]
    layers, n = interior.shape
    at = np.empty(ancestors.shape[1], np.int32)
    for p in range(n):
        at[:] = NOBODY
        clear = True
        for layer in range(layers):
            if interior[layer, p] == CLOSE:
                clear = False
            elif interior[layer, p] >= 0:
                unit = first[layer] + interior[layer, p]
                clear = clear and at[level_of[layer]] == NOBODY and not tables[6][unit]
                at[level_of[layer]] = unit
        out[p] = _finest(at, ancestors) if clear else CLOSE


@njit(cache=True, nogil=True)
def write_interior(lead, official, share, certainty, inside):  # type: ignore[no-untyped-def]
    """Fill share, certainty and sum of shares, (n,), of points that one unit has wholly, or none has.

    ``lead``: that unit or NOBODY. ``official``: of each unit, whether its lines and those above it are.
    """
    for p in range(len(lead)):
        held = lead[p] >= 0
        share[p] = inside[p] = 1.0 if held else 0.0
        certainty[p] = (CERTAIN if official[lead[p]] else PROBABLE) if held else ABROAD


@njit(inline="always")
def _finest(at, ancestors):  # type: ignore[no-untyped-def]
    """The finest of the units at the levels; CLOSE where one of them is not under the one above it."""
    finest, upper = NOBODY, NOBODY
    for level in range(len(at)):
        unit = at[level]
        if unit == NOBODY:
            continue
        for above in range(level):
            if ancestors[unit, above] >= 0 and at[above] == NOBODY:
                return CLOSE
        if upper != NOBODY and ancestors[unit, upper] != ancestors[finest, upper]:
            return CLOSE
        finest, upper = unit, level
    return finest
