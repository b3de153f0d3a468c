"""Compiled shortcut for points far from all borders: their lead unit without integration.

Most points of a screening are of this kind; ``screening.decide.share_kernel`` divides the others. ``tables``
is described there; here number 3, the layers found at a point, is left out, and 4 and later move up by one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from geo.index import CLOSE
from screening.decide.level_kernel import NO_UNIT
from screening.decide.share_kernel import CERTAIN, OUTSIDE, PROBABLE


@njit(cache=True, nogil=True)
def leads_of_interior(interior, tables, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` with the lead unit of each point: the finest unit that its disc lies inside.

    Args:
        interior: (layers, n), the unit's position in each layer, as ``interior_area_batch`` returns it.
        tables: see the module.
        out: (n,), number of the unit; NO_UNIT outside all units; CLOSE where shares must be integrated.
    """
    level_of, first, ancestors = tables[0], tables[2], tables[3]
    layers, n = interior.shape
    unit_at = np.empty(ancestors.shape[1], np.int32)
    for p in range(n):
        unit_at[:] = NO_UNIT
        clear = True
        for layer in range(layers):
            if interior[layer, p] == CLOSE:
                clear = False
            elif interior[layer, p] >= 0:
                unit = first[layer] + interior[layer, p]
                # Two layers of one level, or the unit in another layer too: which of them counts is for the
                # single check to decide.
                clear = clear and unit_at[level_of[layer]] == NO_UNIT and not tables[6][unit]
                unit_at[level_of[layer]] = unit
        out[p] = _finest(unit_at, ancestors) if clear else CLOSE


@njit(cache=True, nogil=True)
def write_interior(lead, official, share, certainty, inside):  # type: ignore[no-untyped-def]
    """Fill the results of points that lie wholly inside one unit, or outside all.

    Args:
        lead: (n,), that unit or NO_UNIT.
        official: (units,), whether the layer of a unit is official: approximate ones above do not count.
        share, certainty, inside: (n,), written: share of the lead, its certainty, sum of all shares.
    """
    for p in range(len(lead)):
        has_unit = lead[p] >= 0
        share[p] = inside[p] = 1.0 if has_unit else 0.0
        certainty[p] = (CERTAIN if official[lead[p]] else PROBABLE) if has_unit else OUTSIDE


@njit(inline="always")
def _finest(unit_at, ancestors):  # type: ignore[no-untyped-def]
    """The finest of the units at the levels; CLOSE where they do not form one chain of ancestors."""
    finest, upper = NO_UNIT, NO_UNIT
    for level in range(len(unit_at)):
        unit = unit_at[level]
        if unit == NO_UNIT:
            continue
        for above in range(level):
            if ancestors[unit, above] >= 0 and unit_at[above] == NO_UNIT:
                return CLOSE
        if upper != NO_UNIT and ancestors[unit, upper] != ancestors[finest, upper]:
            return CLOSE
        finest, upper = unit, level
    return finest
