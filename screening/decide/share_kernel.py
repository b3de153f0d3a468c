"""How many points divide among units: ``verdict.shares`` and ``verdict.jurisdiction`` for arrays. Compiled.

The same rules as there, for what is plain: one layer of units a level at a point, and no point exactly on a
border. Whatever is not plain is marked and left to them. ``tests/screening/test_screener.py`` holds both side
by side.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.index.kernel.coverage.border_distance import border_distance
from geo.index.kernel.coverage.interior import CLOSE
from geo.index.kernel.coverage.query import TIE
from geo.index.kernel.distance import FULL, near_coverage
from geo.index.kernel.gaussian import REACH

CURVATURE: Final = 1e-3  # as in ``verdict.shares``
ROOM: Final = 64  # units near one point and level; more are left to the caller
ON_BORDER2: Final = 1e-12  # m²: nearer than a micrometre, the caller decides
CERTAIN, PROBABLE, DISPUTED, ABROAD = 0, 1, 2, 3
NOBODY: Final = -1
MILLIONTHS: Final = 1e6
I4 = NDArray[np.int32]
F8 = NDArray[np.float64]


@njit(inline="always")
def _share_of(value: float) -> float:
    return np.rint(value * MILLIONTHS) / MILLIONTHS


@njit(cache=True)
def _survey(buffers, tables, place, sigmas, ids, mass, near2, counts, owns):  # type: ignore[no-untyped-def]
    """Units round a point by level: whether the point is plain, and whether an approximate layer counts."""
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
            if not official[layer] and _share_of(mass[level, n]) > 0.0:
                approximate = True
        if own >= 0:
            owns[level] = tables[2][layer] + own
        tables[3][level] = layer
    return True, approximate


@njit(cache=True)
def _wholes(buffers, tables, place, sigmas, upper, level, ids, mass, counts, out, spare):  # type: ignore[no-untyped-def]
    """Masses of a level's parents with the σ of the level's own lines; whether they can be told."""
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
    total = 0.0
    for level in range(len(counts)):
        for n in range(counts[level]):
            if _is_root(ids[level, n], level, ancestors):
                total += mass[level, n]
    return total


@njit(inline="always")
def _is_above(level, ids, counts, ancestors):  # type: ignore[no-untyped-def]
    """Whether a unit near the point lies under one of this level, which is farther off."""
    for finer in range(level + 1, len(counts)):
        for n in range(counts[finer]):
            if ancestors[ids[finer, n], level] >= 0:
                return True
    return False


@njit(cache=True)
def _divide(buffers, tables, place, sigmas, ids, mass, counts, owns, found, shares, spare):  # type: ignore[no-untyped-def]
    """Units with their shares, in no order; their number, or -1 where they are too many."""
    ancestors = tables[4]
    wholes = np.empty(ROOM)
    current, current_share = np.empty(ROOM, np.int32), np.empty(ROOM)
    upper, size, settled = NOBODY, 0, 0
    at_top = max(1.0, _mass_of_roots(ids, mass, counts, ancestors))
    for level in range(len(counts)):
        if counts[level] == 0 and not _is_above(level, ids, counts, ancestors):
            continue
        told = size > 0 and counts[level] > 0
        if told:
            told = _wholes(buffers, tables, place, sigmas, upper, level, ids, mass, counts, wholes, spare)
        following, following_share, m = np.empty(ROOM, np.int32), np.empty(ROOM), 0
        for n in range(size):
            code = ancestors[current[n], upper]
            total = 0.0
            for k in range(counts[level]):
                if ancestors[ids[level, k], upper] == code:
                    total += mass[level, k]
            left = current_share[n]
            if total > 0.0 and not _is_unmapped(current[n], upper, owns, ancestors):
                own = 0.0
                if told:
                    for k in range(counts[upper]):
                        if ids[upper, k] == current[n]:
                            own = wholes[k]
                rest = own - total
                whole = total + rest if rest > CURVATURE * total else total
                left = current_share[n] * rest / whole if whole > total else 0.0
                for k in range(counts[level]):
                    if ancestors[ids[level, k], upper] == code:
                        if m == ROOM:
                            return -1
                        following[m] = ids[level, k]
                        following_share[m] = current_share[n] * mass[level, k] / whole
                        m += 1
            if left > 0.0:
                if settled == len(found):
                    return -1
                found[settled], shares[settled] = current[n], left
                settled += 1
        for k in range(counts[level]):
            if _is_root(ids[level, k], level, ancestors):
                if m == ROOM:
                    return -1
                following[m], following_share[m] = ids[level, k], mass[level, k] / at_top
                m += 1
        current, current_share, size, upper = following, following_share, m, level
    for n in range(size):
        if settled == len(found):
            return -1
        found[settled], shares[settled] = current[n], current_share[n]
        settled += 1
    return settled


@njit(inline="always")
def _rank(found, shares, count, codes):  # type: ignore[no-untyped-def]
    """Largest share first; equal ones (to a billionth) by code. Insertion: they are few."""
    for i in range(1, count):
        unit, share = found[i], shares[i]
        key = np.rint(share * 1e9)
        j = i - 1
        while j >= 0:
            other = np.rint(shares[j] * 1e9)
            if other > key or (other == key and codes[found[j]] < codes[unit]):
                break
            found[j + 1], shares[j + 1] = found[j], shares[j]
            j -= 1
        found[j + 1], shares[j + 1] = unit, share


@njit(inline="always")
def _keep(found, shares, count):  # type: ignore[no-untyped-def]
    """Round the shares, leave out what rounds to nothing: how many are left, their sum, what is outside."""
    total, kept, outside = 0.0, 0, 1.0
    for k in range(count):
        outside -= shares[k]
        if _share_of(shares[k]) > 0.0:
            found[kept], shares[kept] = found[k], _share_of(shares[k])
            total += shares[kept]
            kept += 1
    return kept, total, _share_of(max(0.0, outside))


@njit(inline="always")
def _room_for(levels):  # type: ignore[no-untyped-def]
    """Units, masses and border distances of each level, with a spare row."""
    shape = (levels + 1, ROOM)
    return np.empty(shape, np.int32), np.empty(shape), np.empty(shape)


@njit(cache=True, nogil=True)
def divide_many(buffers, tables, points, metres, sigmas, limits):  # type: ignore[no-untyped-def]
    """Jurisdiction of points, (n, 2) degrees.

    ``buffers``: three tuples, the layers' int32, int64 and float64 views. ``tables``: of each layer its
    level, whether it is official and the number of its first unit; of each unit its ancestor's code number at
    each level, shape (units, levels), and its own code's number in order; of each code the unit that has it;
    of each unit whether another layer has it too.
    ``metres``, (n, 2): per degree. ``sigmas``, (n, layers). ``limits``: certain, disputed.

    Returns arrays of n: lead unit, share, certainty, sum of shares, border distance (NaN: not known), plain;
    and the partners: starts (n + 1,), units, shares.
    """
    n, levels = len(points), tables[3].shape[1]
    tables = (tables[0], tables[1], tables[2], np.zeros(levels, np.int64), *tables[3:])
    lead, share = np.full(n, NOBODY, np.int32), np.zeros(n)
    certainty, inside = np.full(n, ABROAD, np.int8), np.zeros(n)
    edge, plain = np.full(n, np.nan), np.ones(n, np.bool_)
    starts, partners, parts = np.zeros(n + 1, np.int64), np.empty(1024, np.int32), np.empty(1024)
    ids, mass, near2 = _room_for(levels)
    counts, owns = np.zeros(levels, np.int64), np.zeros(levels, np.int64)
    found, shares = np.empty(2 * ROOM, np.int32), np.empty(2 * ROOM)
    spare = (np.empty(ROOM, np.int32), np.empty(ROOM), np.empty(ROOM))
    told = 0
    for p in range(n):
        starts[p + 1] = told
        place = (points[p, 0], points[p, 1], metres[p, 0], metres[p, 1])
        ok, approximate = _survey(buffers, tables, place, sigmas[p], ids, mass, near2, counts, owns)
        count = (
            _divide(buffers, tables, place, sigmas[p], ids, mass, counts, owns, found, shares, spare)
            if ok
            else -1
        )
        if count < 0:
            plain[p] = False
            continue
        _rank(found, shares, count, tables[5])
        kept, inside[p], outside = _keep(found, shares, count)
        first = 1 if kept > 0 and outside <= inside[p] else 0
        if first:
            lead[p], share[p] = found[0], shares[0]
            certainty[p] = _word(shares[0], approximate, limits)
            edge[p] = _edge_of_lead(buffers, tables, place, found[0], ids, counts, owns)
        for k in range(first, kept):
            if told == len(partners):
                partners = np.append(partners, np.empty(told, np.int32))
                parts = np.append(parts, np.empty(told))
            partners[told], parts[told] = found[k], shares[k]
            told += 1
        starts[p + 1] = told
    return lead, share, certainty, inside, edge, plain, (starts, partners[:told], parts[:told])


@njit(cache=True, nogil=True)
def leads_of_interior(soles, tables, out):  # type: ignore[no-untyped-def]
    """The finest unit of points of which each layer has one unit, all of one line, or none.

    ``soles``, (layers, n): positions in the layers, as ``sole_of_many`` tells them. ``tables``: see
    ``divide_many``. ``out``, (n,): units, NOBODY outside, CLOSE where the shares must be computed.
    """
    level_of, first, ancestors = tables[0], tables[2], tables[3]
    layers, n = soles.shape
    at = np.empty(ancestors.shape[1], np.int32)
    for p in range(n):
        at[:] = NOBODY
        clear = True
        for layer in range(layers):
            if soles[layer, p] == CLOSE:
                clear = False
            elif soles[layer, p] >= 0:
                unit = first[layer] + soles[layer, p]
                clear = clear and at[level_of[layer]] == NOBODY and not tables[6][unit]
                at[level_of[layer]] = unit
        out[p] = _finest(at, ancestors) if clear else CLOSE


@njit(cache=True, nogil=True)
def write_interior(lead, official, share, certainty, inside):  # type: ignore[no-untyped-def]
    """Fill what is told of points, (n,), that a unit has wholly, or none. ``official``: of each unit."""
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


@njit(inline="always")
def _word(share, approximate, limits):  # type: ignore[no-untyped-def]
    if share >= limits[0] and not approximate:
        return CERTAIN
    return PROBABLE if share >= limits[1] else DISPUTED


@njit(cache=True)
def _edge_of_lead(buffers, tables, place, lead, ids, counts, owns):  # type: ignore[no-untyped-def]
    """The distance of the border of the unit of a lead's level that holds the point; NaN where none does."""
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
