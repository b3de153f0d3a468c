"""Shares of units in points: ``verdict.shares`` and ``verdict.jurisdiction`` for arrays. Compiled.

Only *plain* points are decided here: not on a border, and with one layer of units a level. Others are marked,
and the caller judges them by the single check. ``tests/screening/test_screener.py`` compares both.

Arguments that many functions share, as tuples because compiled code takes no objects:

``buffers``
    Three tuples: the layers' int32, int64 and float64 views.
``tables``
    0 level of each layer; 1 whether each layer is official; 2 number of each layer's first unit; 3 the layer
    that each level was found in at the point at hand (filled by ``_find_units``); 4 of each unit its
    ancestor's code number at each level, (units, levels), -1: none; 5 of each unit its own code's number, in
    the order of codes; 6 of each code the unit that has it; 7 of each unit whether another layer has it too.
``place``
    x, y in degrees, metres per degree along both.
``ids``, ``mass``, ``near2``, ``counts``, ``owns``
    By level: the units near the point, (levels + 1, ROOM) with a spare row, their masses, the squares of the
    distances of their borders in m²; how many they are, and the one that holds the point or NOBODY.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from geo.index.kernel.coverage.border_distance import border_distance
from geo.index.kernel.coverage.query import TIE
from geo.index.kernel.distance import FULL, near_coverage
from geo.index.kernel.gaussian import REACH

AREA_TOLERANCE: Final = 1e-3  # as in ``verdict.shares``: less left over is rounding of curved borders
ROOM: Final = 64  # units near one point and level; more are left to the caller
ON_BORDER2: Final = 1e-12  # m²: nearer than a micrometre, the caller decides
CERTAIN, PROBABLE, DISPUTED, ABROAD = 0, 1, 2, 3  # certainties
NOBODY: Final = -1  # instead of a unit
TOO_MANY: Final = -1  # instead of a number of units
MILLIONTHS: Final = 1e6  # shares are rounded to these, as in a verdict
BILLIONTHS: Final = 1e9  # shares that agree to these count as equal when units are ranked


@njit(inline="always")
def _rounded(value: float) -> float:
    """A share rounded to millionths."""
    return np.rint(value * MILLIONTHS) / MILLIONTHS


@njit(cache=True)
def _find_units(buffers, tables, place, sigmas, ids, mass, near2, counts, owns):  # type: ignore[no-untyped-def]
    """Fill the units near a point by level.

    Returns whether the point is plain, and whether a layer that is not official has a share in it.
    """
    level_of, official = tables[0], tables[1]
    counts[:] = 0
    owns[:] = NOBODY
    approximate = False
    x, y, kx, ky = place
    for layer in range(len(buffers[0])):
        level = level_of[layer]
        sigma = sigmas[layer]
        box = (x, y, kx, ky, REACH * sigma / kx, REACH * sigma / ky)
        row = ids[len(counts)]  # a spare row: another layer of the level may be in its own
        w, d = mass[len(counts)], near2[len(counts)]
        count, own = near_coverage(
            buffers[0][layer], buffers[1][layer], buffers[2][layer], box, sigma, row, w, d
        )
        if count == FULL or own == TIE:
            return False, False
        if count == 0:
            continue
        if counts[level] > 0:
            return False, False
        counts[level] = count
        owns[level] = own if own >= 0 else NOBODY
        for n in range(count):
            if d[n] < ON_BORDER2:
                return False, False
            ids[level, n] = tables[2][layer] + row[n]
            mass[level, n] = min(1.0, max(0.0, w[n]))
            near2[level, n] = d[n]
            if mass[level, n] > 0.0 and tables[7][ids[level, n]]:
                return False, False
            if not official[layer] and _rounded(mass[level, n]) > 0.0:
                approximate = True
        if own >= 0:
            owns[level] = tables[2][layer] + own
        tables[3][level] = layer
    return True, approximate


@njit(cache=True)
def _parent_masses(buffers, tables, place, sigmas, upper, level, ids, mass, counts, out, spare):  # type: ignore[no-untyped-def]
    """Fill ``out`` with the masses of a level's parents for the σ of the level's own lines.

    Parts and whole must be weighed with the same σ, or the parts would add up to more or less than the whole.
    Returns False where that is not possible: own lines without error, or parents' lines that are better.
    """
    above, below = tables[3][upper], tables[3][level]
    sigma = sigmas[below]
    if sigma == 0.0 or sigmas[above] < sigma:
        return False
    if sigmas[above] == sigma:
        out[: counts[upper]] = mass[upper, : counts[upper]]
        return True
    x, y, kx, ky = place
    box = (x, y, kx, ky, REACH * sigma / kx, REACH * sigma / ky)
    count, _ = near_coverage(
        buffers[0][above], buffers[1][above], buffers[2][above], box, sigma, spare[0], spare[1], spare[2]
    )
    for n in range(counts[upper]):
        out[n] = 0.0
        for k in range(count):
            if tables[2][above] + spare[0][k] == ids[upper, n]:
                out[n] = min(1.0, max(0.0, spare[1][k]))
    return True


@njit(inline="always")
def _is_unmapped(unit, level, owns, ancestors):  # type: ignore[no-untyped-def]
    """Whether a unit holds the point, and no finer unit under it does."""
    if owns[level] != unit:
        return False
    for finer in range(level + 1, len(owns)):
        if owns[finer] >= 0 and ancestors[owns[finer], level] == ancestors[unit, level]:
            return False
    return True


@njit(inline="always")
def _is_root(unit, level, ancestors):  # type: ignore[no-untyped-def]
    """Whether no unit above this one is known."""
    for upper in range(level):
        if ancestors[unit, upper] >= 0:
            return False
    return True


@njit(inline="always")
def _mass_of_roots(ids, mass, counts, ancestors):  # type: ignore[no-untyped-def]
    """Sum of the masses of the units without a known unit above them."""
    total = 0.0
    for level in range(len(counts)):
        for n in range(counts[level]):
            if _is_root(ids[level, n], level, ancestors):
                total += mass[level, n]
    return total


@njit(inline="always")
def _is_above(level, ids, counts, ancestors):  # type: ignore[no-untyped-def]
    """Whether a unit near the point lies under a unit of this level, which itself is not near."""
    for finer in range(level + 1, len(counts)):
        for n in range(counts[finer]):
            if ancestors[ids[finer, n], level] >= 0:
                return True
    return False


@njit(inline="always")
def _append(units, shares, size, unit, share):  # type: ignore[no-untyped-def]
    """Append a unit and its share: the new size, or TOO_MANY where the arrays are full or were before."""
    if size == TOO_MANY or size == len(units):
        return TOO_MANY
    units[size], shares[size] = unit, share
    return size + 1


@njit(inline="always")
def _mass_of(unit, ids, masses, count):  # type: ignore[no-untyped-def]
    """The mass of one unit of a level's list; 0 where it is not in the list."""
    for k in range(count):
        if ids[k] == unit:
            return masses[k]
    return 0.0


@njit(inline="always")
def _mass_of_children(code, upper, ids, mass, count, ancestors):  # type: ignore[no-untyped-def]
    """Sum of the masses of a level's units whose ancestor at level ``upper`` has this code number."""
    total = 0.0
    for k in range(count):
        if ancestors[ids[k], upper] == code:
            total += mass[k]
    return total


@njit(cache=True)
def _divide(buffers, tables, place, sigmas, ids, mass, counts, owns, found, shares, spare):  # type: ignore[no-untyped-def]
    """Write units and their shares into ``found`` and ``shares``, unordered; their number, or TOO_MANY.

    Level by level from the top, the share of each unit is divided among its children by their masses. What
    the children leave over stays with the unit: ground that no finer unit is mapped on.
    """
    ancestors = tables[4]
    parents = np.empty(ROOM)
    current, current_share = np.empty(ROOM, np.int32), np.empty(ROOM)
    upper, size, settled = NOBODY, 0, 0
    at_top = max(1.0, _mass_of_roots(ids, mass, counts, ancestors))
    for level in range(len(counts)):
        if counts[level] == 0 and not _is_above(level, ids, counts, ancestors):
            continue
        with_whole = size > 0 and counts[level] > 0
        if with_whole:
            with_whole = _parent_masses(
                buffers, tables, place, sigmas, upper, level, ids, mass, counts, parents, spare
            )
        following, following_share, m = np.empty(ROOM, np.int32), np.empty(ROOM), 0
        for n in range(size):
            unit, left = current[n], current_share[n]
            code = ancestors[unit, upper]
            children = _mass_of_children(code, upper, ids[level], mass[level], counts[level], ancestors)
            if children > 0.0 and not _is_unmapped(unit, upper, owns, ancestors):
                own = _mass_of(unit, ids[upper], parents, counts[upper]) if with_whole else 0.0
                rest = own - children
                if rest <= AREA_TOLERANCE * children:
                    rest = 0.0
                for k in range(counts[level]):
                    if ancestors[ids[level, k], upper] == code:
                        part = current_share[n] * mass[level, k] / (children + rest)
                        m = _append(following, following_share, m, ids[level, k], part)
                left = current_share[n] * rest / (children + rest)
            if left > 0.0:
                settled = _append(found, shares, settled, unit, left)
        for k in range(counts[level]):
            if _is_root(ids[level, k], level, ancestors):
                m = _append(following, following_share, m, ids[level, k], mass[level, k] / at_top)
        if TOO_MANY in (m, settled):
            return TOO_MANY
        current, current_share, size, upper = following, following_share, m, level
    for n in range(size):
        settled = _append(found, shares, settled, current[n], current_share[n])
    return settled


@njit(inline="always")
def _rank(found, shares, count, codes):  # type: ignore[no-untyped-def]
    """Sort by falling share, equal ones (to a billionth) by code, in place; by insertion, as they are few."""
    for i in range(1, count):
        unit, share = found[i], shares[i]
        key = np.rint(share * BILLIONTHS)
        j = i - 1
        while j >= 0:
            other = np.rint(shares[j] * BILLIONTHS)
            if other > key or (other == key and codes[found[j]] < codes[unit]):
                break
            found[j + 1], shares[j + 1] = found[j], shares[j]
            j -= 1
        found[j + 1], shares[j + 1] = unit, share


@njit(inline="always")
def _round_shares(found, shares, count):  # type: ignore[no-untyped-def]
    """Round the shares in place and leave out zeros: how many are left, their sum, and what lies outside."""
    total, kept, outside = 0.0, 0, 1.0
    for k in range(count):
        outside -= shares[k]
        if _rounded(shares[k]) > 0.0:
            found[kept], shares[kept] = found[k], _rounded(shares[k])
            total += shares[kept]
            kept += 1
    return kept, total, _rounded(max(0.0, outside))


@njit(inline="always")
def _rows_for(levels):  # type: ignore[no-untyped-def]
    """Arrays ``ids``, ``mass`` and ``near2``."""
    shape = (levels + 1, ROOM)
    return np.empty(shape, np.int32), np.empty(shape), np.empty(shape)


@njit(cache=True, nogil=True)
def divide_many(buffers, tables, points, metres, sigmas, limits):  # type: ignore[no-untyped-def]
    """Jurisdictions of points, (n, 2) degrees.

    Args:
        buffers: see the module.
        tables: see the module, without number 3, which is put in here.
        metres: (n, 2), per degree.
        sigmas: (n, layers), metres.
        limits: least shares that are certain, and that are not disputed.

    Returns:
        Arrays of n: lead unit, share, certainty, sum of shares, border distance in metres (NaN: not known),
        plain; and the partners: starts (n + 1,), units, shares.
    """
    n, levels = len(points), tables[3].shape[1]
    tables = (tables[0], tables[1], tables[2], np.zeros(levels, np.int64), *tables[3:])
    lead, share = np.full(n, NOBODY, np.int32), np.zeros(n)
    certainty, inside = np.full(n, ABROAD, np.int8), np.zeros(n)
    edge, plain = np.full(n, np.nan), np.ones(n, np.bool_)
    starts, partners, parts = np.zeros(n + 1, np.int64), np.empty(1024, np.int32), np.empty(1024)
    ids, mass, near2 = _rows_for(levels)
    counts, owns = np.zeros(levels, np.int64), np.zeros(levels, np.int64)
    found, shares = np.empty(2 * ROOM, np.int32), np.empty(2 * ROOM)
    spare = (np.empty(ROOM, np.int32), np.empty(ROOM), np.empty(ROOM))
    written = 0
    for p in range(n):
        starts[p + 1] = written
        place = (points[p, 0], points[p, 1], metres[p, 0], metres[p, 1])
        ok, approximate = _find_units(buffers, tables, place, sigmas[p], ids, mass, near2, counts, owns)
        count = (
            _divide(buffers, tables, place, sigmas[p], ids, mass, counts, owns, found, shares, spare)
            if ok
            else -1
        )
        if count < 0:
            plain[p] = False
            continue
        _rank(found, shares, count, tables[5])
        kept, inside[p], outside = _round_shares(found, shares, count)
        first = 1 if kept > 0 and outside <= inside[p] else 0
        if first:
            lead[p], share[p] = found[0], shares[0]
            certainty[p] = _certainty(shares[0], approximate, limits)
            edge[p] = _border_distance_of_lead(buffers, tables, place, found[0], ids, counts, owns)
        for k in range(first, kept):
            if written == len(partners):
                partners = np.append(partners, np.empty(written, np.int32))
                parts = np.append(parts, np.empty(written))
            partners[written], parts[written] = found[k], shares[k]
            written += 1
        starts[p + 1] = written
    return lead, share, certainty, inside, edge, plain, (starts, partners[:written], parts[:written])


@njit(inline="always")
def _certainty(share, approximate, limits):  # type: ignore[no-untyped-def]
    """How certain the lead unit is, by its share; never certain where an approximate layer has a part."""
    if share >= limits[0] and not approximate:
        return CERTAIN
    return PROBABLE if share >= limits[1] else DISPUTED


@njit(cache=True)
def _border_distance_of_lead(buffers, tables, place, lead, ids, counts, owns):  # type: ignore[no-untyped-def]
    """Distance of a point from the border of the unit, of the lead's level, that holds it, metres.

    NaN where none holds it.
    """
    own_level = NOBODY
    for level in range(len(counts)):
        for n in range(counts[level]):
            if ids[level, n] == lead:
                own_level = level
    if owns[own_level] < 0:
        return np.nan
    layer = tables[3][own_level]
    position = owns[own_level] - tables[2][layer]
    box = (place[0], place[1], place[2], place[3], 0.0, 0.0)
    return border_distance(buffers[0][layer], buffers[1][layer], buffers[2][layer], box, position, math.inf)
