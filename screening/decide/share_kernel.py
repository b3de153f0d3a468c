"""Compiled division of points among units: ``verdict.shares`` and ``verdict.jurisdiction`` for arrays.

Only *plain* points are decided here: off every border, and with at most one layer of units at each level. The
others are marked, and the caller judges them by the single check. ``tests/screening/test_screener.py``
compares both row by row.

Arguments that many functions share. They are tuples and arrays because compiled code takes no objects:

``buffers``
    Three tuples: the int32, int64 and float64 views of the index of each layer.
``tables``
    0: level of each layer.
    1: whether each layer is official.
    2: number of the first unit of each layer.
    3: layer that each level was found in at the current point; filled by ``_find_units``.
    4: (units, levels), code number of each unit's ancestor at each level, itself included; -1 for none.
    5: code number of each unit, its rank among the sorted codes.
    6: unit of each code number.
    7: whether another layer contains a unit of the same code.
``place``
    x, y in degrees; metres per degree of longitude and of latitude.
``spreads``
    (layers, 2), σ of the point against the lines of each layer, and σ of outliers, metres.
``ids``, ``mass``, ``near2``
    (levels + 1, MAX_UNITS): by level the units near the point, their probability masses in [0, 1], and the
    squared distances of their borders, m². The last row is scratch space.
``counts``, ``containing``
    (levels,): the number of units near the point, and the one that contains it or ``NO_UNIT``.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from geo.index.kernel.coverage.border_distance import border_distance
from geo.index.kernel.coverage.query import TIE
from geo.index.kernel.distance import FULL, near_coverage
from geo.index.kernel.gaussian import reach_of
from screening.decide.level_kernel import NO_UNIT, drop_coarser, is_approximate, rank, round_shares

AREA_TOLERANCE: Final = 1e-3  # as in ``verdict.shares``: a smaller remainder is rounding of curved borders
MAX_UNITS: Final = 64  # near one point at one level; with more the point is not plain
# m²: nearer than a micrometre, rounding would decide on which side of the border the point is.
ON_BORDER2: Final = 1e-12
CERTAIN, PROBABLE, DISPUTED, OUTSIDE = 0, 1, 2, 3  # positions in ``store.schema.datasets.CERTAINTIES``
TOO_MANY: Final = -1  # in place of a count of units


@njit(cache=True)
def _find_units(buffers, tables, place, spreads, certain, ids, mass, near2, counts, containing):  # type: ignore[no-untyped-def]
    """Fill ``ids``, ``mass``, ``near2``, ``counts`` and ``containing`` for a point.

    ``certain``: share of the point from which an official layer leaves out the approximate ones above it.

    Returns:
        Whether the point is plain, and whether a layer that is not official has a share in it.
    """
    level_of = tables[0]
    counts[:] = 0
    containing[:] = NO_UNIT
    x, y, kx, ky = place
    for layer in range(len(buffers[0])):
        level = level_of[layer]
        spread = (spreads[layer, 0], spreads[layer, 1])
        reach = reach_of(spread)
        box = (x, y, kx, ky, reach / kx, reach / ky)
        # Into the scratch row: another layer may already have filled the row of this level.
        positions = ids[len(counts)]
        masses, distances2 = mass[len(counts)], near2[len(counts)]
        count, own = near_coverage(
            buffers[0][layer],
            buffers[1][layer],
            buffers[2][layer],
            box,
            spread,
            positions,
            masses,
            distances2,
        )
        if count == FULL or own == TIE:  # more than MAX_UNITS, or exactly between two units
            return False, False
        if count == 0:
            continue
        if counts[level] > 0:  # two layers of one level: the single check decides which of them counts
            return False, False
        counts[level] = count
        for n in range(count):
            if distances2[n] < ON_BORDER2:
                return False, False
            ids[level, n] = tables[2][layer] + positions[n]
            mass[level, n] = min(1.0, max(0.0, masses[n]))
            near2[level, n] = distances2[n]
            if mass[level, n] > 0.0 and tables[7][ids[level, n]]:
                return False, False
        if own >= 0:
            containing[level] = tables[2][layer] + own
        tables[3][level] = layer
    drop_coarser(tables, certain, mass, counts, containing)
    return True, is_approximate(tables, mass, counts)


@njit(cache=True)
def _parent_masses(buffers, tables, place, spreads, upper, level, ids, mass, counts, out, scratch):  # type: ignore[no-untyped-def]
    """Fill ``out`` with the masses of the units of level ``upper``, weighed with the spread of ``level``.

    Children and parent must be weighed with the same spread, or the children would add up to more or less
    than their parent. Returns False where that is not possible: the children's lines have no error, or the
    parents' lines have a smaller one.
    """
    above, below = tables[3][upper], tables[3][level]
    spread = (spreads[below, 0], spreads[below, 1])
    if spread[0] == 0.0 or spreads[above, 0] < spread[0]:
        return False
    if spreads[above, 0] == spread[0]:
        out[: counts[upper]] = mass[upper, : counts[upper]]
        return True
    x, y, kx, ky = place
    reach = reach_of(spread)
    box = (x, y, kx, ky, reach / kx, reach / ky)
    count, _ = near_coverage(
        buffers[0][above],
        buffers[1][above],
        buffers[2][above],
        box,
        spread,
        scratch[0],
        scratch[1],
        scratch[2],
    )
    for n in range(counts[upper]):
        out[n] = 0.0
        for k in range(count):
            if tables[2][above] + scratch[0][k] == ids[upper, n]:
                out[n] = min(1.0, max(0.0, scratch[1][k]))
    return True


@njit(inline="always")
def _is_unmapped(unit, level, containing, ancestors):  # type: ignore[no-untyped-def]
    """Whether the point lies in the unit, but in none of the units mapped below it."""
    if containing[level] != unit:
        return False
    for finer in range(level + 1, len(containing)):
        if containing[finer] >= 0 and ancestors[containing[finer], level] == ancestors[unit, level]:
            return False
    return True


@njit(inline="always")
def _is_root(unit, level, ancestors):  # type: ignore[no-untyped-def]
    """Whether the store has no unit above this one."""
    for upper in range(level):
        if ancestors[unit, upper] >= 0:
            return False
    return True


@njit(inline="always")
def _mass_of_roots(ids, mass, counts, ancestors):  # type: ignore[no-untyped-def]
    """Sum of the masses of the units that have no unit above them."""
    total = 0.0
    for level in range(len(counts)):
        for n in range(counts[level]):
            if _is_root(ids[level, n], level, ancestors):
                total += mass[level, n]
    return total


@njit(inline="always")
def _has_descendant_near(level, ids, counts, ancestors):  # type: ignore[no-untyped-def]
    """Whether a unit near the point has an ancestor at this level, which has no unit near the point."""
    for finer in range(level + 1, len(counts)):
        for n in range(counts[finer]):
            if ancestors[ids[finer, n], level] >= 0:
                return True
    return False


@njit(inline="always")
def _append(units, shares, size, unit, share):  # type: ignore[no-untyped-def]
    """Append to two arrays; the new size, or TOO_MANY where they are full or ``size`` is TOO_MANY already."""
    if size == TOO_MANY or size == len(units):
        return TOO_MANY
    units[size], shares[size] = unit, share
    return size + 1


@njit(inline="always")
def _mass_of(unit, ids, masses, count):  # type: ignore[no-untyped-def]
    """The mass of a unit among the ``count`` units ``ids``; 0 where it is not one of them."""
    for k in range(count):
        if ids[k] == unit:
            return masses[k]
    return 0.0


@njit(inline="always")
def _mass_of_children(code, upper, ids, mass, count, ancestors):  # type: ignore[no-untyped-def]
    """Sum of the masses of the units whose ancestor at level ``upper`` has this code number."""
    total = 0.0
    for k in range(count):
        if ancestors[ids[k], upper] == code:
            total += mass[k]
    return total


@njit(cache=True)
def _divide(buffers, tables, place, spreads, ids, mass, counts, containing, units, shares, scratch):  # type: ignore[no-untyped-def]
    """Write the units of a point and their shares, unordered; return their number, or TOO_MANY.

    Level by level from the top, the share of each unit is divided among its children by their masses. What
    the children leave over stays with the unit: ground where no finer unit is mapped.
    """
    ancestors = tables[4]
    parents = np.empty(MAX_UNITS)
    units_above, shares_above = np.empty(MAX_UNITS, np.int32), np.empty(MAX_UNITS)
    upper, size, written = NO_UNIT, 0, 0
    # Roots of different levels are weighed with different spreads and may add up to more than the whole
    # probability.
    root_mass = max(1.0, _mass_of_roots(ids, mass, counts, ancestors))
    for level in range(len(counts)):
        if counts[level] == 0 and not _has_descendant_near(level, ids, counts, ancestors):
            continue
        with_whole = size > 0 and counts[level] > 0
        if with_whole:
            with_whole = _parent_masses(
                buffers, tables, place, spreads, upper, level, ids, mass, counts, parents, scratch
            )
        next_units, next_shares, next_size = np.empty(MAX_UNITS, np.int32), np.empty(MAX_UNITS), 0
        for n in range(size):
            unit, left = units_above[n], shares_above[n]
            code = ancestors[unit, upper]
            children = _mass_of_children(code, upper, ids[level], mass[level], counts[level], ancestors)
            if children > 0.0 and not _is_unmapped(unit, upper, containing, ancestors):
                own = _mass_of(unit, ids[upper], parents, counts[upper]) if with_whole else 0.0
                rest = own - children
                # The whole is what the children cover, or their parent where that is clearly more.
                if rest <= AREA_TOLERANCE * children:
                    rest = 0.0
                for k in range(counts[level]):
                    if ancestors[ids[level, k], upper] == code:
                        part = shares_above[n] * mass[level, k] / (children + rest)
                        next_size = _append(next_units, next_shares, next_size, ids[level, k], part)
                left = shares_above[n] * rest / (children + rest)
            if left > 0.0:
                written = _append(units, shares, written, unit, left)
        for k in range(counts[level]):
            if _is_root(ids[level, k], level, ancestors):
                next_size = _append(
                    next_units, next_shares, next_size, ids[level, k], mass[level, k] / root_mass
                )
        if TOO_MANY in (next_size, written):
            return TOO_MANY
        units_above, shares_above, size, upper = next_units, next_shares, next_size, level
    for n in range(size):
        written = _append(units, shares, written, units_above[n], shares_above[n])
    return written


@njit(inline="always")
def _rows_for(levels):  # type: ignore[no-untyped-def]
    """Empty arrays ``ids``, ``mass`` and ``near2``."""
    shape = (levels + 1, MAX_UNITS)
    return np.empty(shape, np.int32), np.empty(shape), np.empty(shape)


@njit(cache=True, nogil=True)
def divide_many(buffers, tables, points, metres, spreads, limits):  # type: ignore[no-untyped-def]
    """Divide points among units.

    Args:
        buffers: see the module.
        tables: see the module; number 3 is left out and inserted here.
        points: (n, 2), CGCS2000 degrees.
        metres: (n, 2), metres per degree of longitude and latitude.
        spreads: (n, layers, 2), of each point; see the module.
        limits: least share of a certain lead, and of one that is not disputed.

    Returns:
        The fields of ``unit_table.Division``, in their order.
    """
    n, levels = len(points), tables[3].shape[1]
    tables = (tables[0], tables[1], tables[2], np.zeros(levels, np.int64), *tables[3:])
    lead, share = np.full(n, NO_UNIT, np.int32), np.zeros(n)
    certainty, inside = np.full(n, OUTSIDE, np.int8), np.zeros(n)
    edge, plain = np.full(n, np.nan), np.ones(n, np.bool_)
    starts, partners, parts = np.zeros(n + 1, np.int64), np.empty(1024, np.int32), np.empty(1024)
    ids, mass, near2 = _rows_for(levels)
    counts, containing = np.zeros(levels, np.int64), np.zeros(levels, np.int64)
    units, shares = np.empty(2 * MAX_UNITS, np.int32), np.empty(2 * MAX_UNITS)
    scratch = (np.empty(MAX_UNITS, np.int32), np.empty(MAX_UNITS), np.empty(MAX_UNITS))
    written = 0
    for p in range(n):
        starts[p + 1] = written
        place = (points[p, 0], points[p, 1], metres[p, 0], metres[p, 1])
        ok, approximate = _find_units(
            buffers, tables, place, spreads[p], limits[0], ids, mass, near2, counts, containing
        )
        count = (
            _divide(buffers, tables, place, spreads[p], ids, mass, counts, containing, units, shares, scratch)
            if ok
            else -1
        )
        if count < 0:
            plain[p] = False
            continue
        rank(units, shares, count, tables[5])
        kept, inside[p], outside = round_shares(units, shares, count)
        first = 1 if kept > 0 and outside <= inside[p] else 0
        if first:
            lead[p], share[p] = units[0], shares[0]
            certainty[p] = _certainty(shares[0], approximate, limits)
            edge[p] = _border_distance_of_lead(buffers, tables, place, units[0], ids, counts, containing)
        for k in range(first, kept):
            if written == len(partners):
                partners = np.append(partners, np.empty(written, np.int32))
                parts = np.append(parts, np.empty(written))
            partners[written], parts[written] = units[k], shares[k]
            written += 1
        starts[p + 1] = written
    return lead, share, certainty, inside, edge, plain, (starts, partners[:written], parts[:written])


@njit(inline="always")
def _certainty(share, approximate, limits):  # type: ignore[no-untyped-def]
    """Certainty of a lead unit with this share; at most probable where an approximate layer has a share."""
    if share >= limits[0] and not approximate:
        return CERTAIN
    return PROBABLE if share >= limits[1] else DISPUTED


@njit(cache=True)
def _border_distance_of_lead(buffers, tables, place, lead, ids, counts, containing):  # type: ignore[no-untyped-def]
    """Distance to the border of the unit that contains the point at the level of the lead, metres.

    NaN where no unit of that level contains it.
    """
    own_level = NO_UNIT
    for level in range(len(counts)):
        for n in range(counts[level]):
            if ids[level, n] == lead:
                own_level = level
    if containing[own_level] < 0:
        return np.nan
    layer = tables[3][own_level]
    position = containing[own_level] - tables[2][layer]
    box = (place[0], place[1], place[2], place[3], 0.0, 0.0)
    return border_distance(buffers[0][layer], buffers[1][layer], buffers[2][layer], box, position, math.inf)
