"""Compiled loops over all rows of a screening.

Texts that repeat are int32 codes: positions in a list of distinct texts, or ``NULL``. Validity bitmaps are
Arrow's, the lowest bit first. The loops hash and count where NumPy would sort, which takes several times as
long on millions of rows.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

NULL: Final = -1
Codes = NDArray[np.int32]
Ints = NDArray[np.int64]
Bits = NDArray[np.uint8]
GOLDEN, SHIFT1, SHIFT2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(30), np.uint64(27)
MIX1, MIX2, SHIFT3 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(31)


@njit(inline="always")
def _mix(value):  # type: ignore[no-untyped-def]
    """A 64-bit hash: the finalizer of splitmix64."""
    bits = np.uint64(value) + GOLDEN
    bits = (bits ^ (bits >> SHIFT1)) * MIX1
    bits = (bits ^ (bits >> SHIFT2)) * MIX2
    return bits ^ (bits >> SHIFT3)


@njit(cache=True, nogil=True)
def distinct(keys: Ints) -> tuple[Ints, Codes]:
    """The distinct keys in order of first occurrence, and (n,) the position of each key among them.

    A hash table with linear probing, doubled when half full.
    """
    size = 64
    slots, found, count = np.full(size, NULL, np.int32), np.empty(size, np.int64), 0
    numbers = np.empty(len(keys), np.int32)
    last, number = np.int64(0), np.int32(NULL)
    for n in range(len(keys)):
        key = keys[n]
        if n > 0 and key == last:  # neighbouring points mostly have equal keys
            numbers[n] = number
            continue
        slot = np.int64(_mix(key) & np.uint64(size - 1))
        while slots[slot] != NULL and found[slots[slot]] != key:
            slot = (slot + 1) & (size - 1)
        if slots[slot] == NULL:
            slots[slot], found[count] = count, key
            count += 1
        last, number = key, slots[slot]
        numbers[n] = number
        if 2 * count > size:
            size *= 2
            found = np.append(found, np.empty(len(found), np.int64))
            slots = np.full(size, NULL, np.int32)
            for k in range(count):
                slot = np.int64(_mix(found[k]) & np.uint64(size - 1))
                while slots[slot] != NULL:
                    slot = (slot + 1) & (size - 1)
                slots[slot] = k
    return found[:count], numbers


@njit(cache=True, nogil=True)
def sequence_keys(n: int, point: Ints, zone: Ints, relation: Ints) -> tuple[Ints, Ints]:
    """A key for each point's sequence of (zone, relation), equal for equal sequences.

    Args:
        n: number of points.
        point: point of each entry, ascending.
        zone, relation: of each entry.

    Returns:
        The keys, (n,), 0 for a point without entries; and where the entries of each point begin, (n + 1,).
        Keys are 62-bit hashes: among a million different sequences two collide with a probability of 10⁻⁷.
    """
    keys, starts = np.zeros(n, np.int64), np.zeros(n + 1, np.int64)
    at = 0
    for p in range(n):
        hashed = np.uint64(0)
        starts[p] = at
        while at < len(point) and point[at] == p:
            hashed = _mix(np.int64(hashed) ^ ((zone[at] << 2) | relation[at]))
            at += 1
        if at > starts[p]:
            keys[p] = np.int64(hashed >> np.uint64(1)) | 1
    starts[n] = at
    return keys, starts


@njit(cache=True, nogil=True)
def take_codes(table: Codes, numbers: Codes) -> Codes:
    """``table[numbers]``, NULL where the number is NULL."""
    found = np.empty(len(numbers), np.int32)
    for n in range(len(numbers)):
        found[n] = table[numbers[n]] if numbers[n] >= 0 else NULL
    return found


@njit(cache=True, nogil=True)
def scatter_codes(codes: Codes, order: Ints) -> Codes:
    """Codes moved to their rows: ``out[order[k]] = codes[k]``."""
    out = np.empty(len(codes), np.int32)
    for k in range(len(codes)):
        out[order[k]] = codes[k]
    return out


@njit(cache=True, nogil=True)
def with_validity(codes: Codes, table: Codes) -> tuple[Codes, Bits, int]:
    """Codes as Arrow stores them.

    Args:
        codes: (n,), with NULL.
        table: (codes,), replaces each code; empty: codes are not replaced.

    Returns:
        The codes with 0 for NULL, their validity bitmap, and the number of nulls.
    """
    n, no_table = len(codes), len(table) == 0
    out, bits, nulls = np.empty(n, np.int32), np.empty((n + 7) // 8, np.uint8), 0
    for first in range(0, n, 8):
        byte = 0
        for k in range(first, min(first + 8, n)):
            code = codes[k] if no_table or codes[k] < 0 else table[codes[k]]
            valid = code >= 0
            out[k] = code if valid else 0
            byte |= valid << (k & 7)
            nulls += not valid
        bits[first >> 3] = byte
    return out, bits, nulls


@njit(cache=True, nogil=True)
def with_nulls(codes: Codes, bits: Bits, offset: int) -> Codes:
    """Codes with NULL where the validity bit is not set. ``offset``: position of the first code's bit."""
    out = np.empty(len(codes), np.int32)
    for k in range(len(codes)):
        at = k + offset
        out[k] = codes[k] if bits[at >> 3] >> (at & 7) & 1 else NULL
    return out


@njit(cache=True, nogil=True)
def spatial_order(lonlat: NDArray[np.float64], steps: float) -> Ints:
    """The order of points by cells of 1 / ``steps`` degrees, row by row; points of a cell keep their order.

    A counting sort. ``lonlat``: (n, 2) finite degrees, n > 0.
    """
    n = len(lonlat)
    cells = np.empty((n, 2), np.int64)
    for p in range(n):
        cells[p, 0], cells[p, 1] = math.floor(lonlat[p, 0] * steps), math.floor(lonlat[p, 1] * steps)
    x0, y0 = cells[:, 0].min(), cells[:, 1].min()
    columns, rows = cells[:, 0].max() - x0 + 1, cells[:, 1].max() - y0 + 1
    counts = np.zeros(columns * rows + 1, np.int32)
    for p in range(n):
        cells[p, 0] += (cells[p, 1] - y0) * columns - x0
        counts[cells[p, 0] + 1] += 1
    for k in range(1, len(counts)):
        counts[k] += counts[k - 1]
    order = np.empty(n, np.int64)
    for p in range(n):
        order[counts[cells[p, 0]]] = p
        counts[cells[p, 0]] += 1
    return order


@njit(cache=True, nogil=True)
def take_points(lonlat: NDArray[np.float64], order: Ints) -> NDArray[np.float64]:
    """``lonlat[order]``, (n, 2)."""
    out = np.empty((len(order), 2))
    for k in range(len(order)):
        out[k, 0], out[k, 1] = lonlat[order[k], 0], lonlat[order[k], 1]
    return out


@njit(cache=True, nogil=True)
def scatter_floats(values: NDArray[np.float64], order: Ints) -> tuple[NDArray[np.float64], Bits, int]:
    """Values moved to their rows as in ``scatter_codes``, their validity bitmap and number of nulls (NaN)."""
    n = len(values)
    out, bits, nulls = np.empty(n), np.zeros((n + 7) // 8, np.uint8), 0
    for k in range(n):
        out[order[k]] = values[k]
    for k in range(n):
        if np.isnan(out[k]):
            out[k] = 0.0
            nulls += 1
        else:
            bits[k >> 3] |= np.uint8(1 << (k & 7))
    return out, bits, nulls


@njit(cache=True, nogil=True)
def compact_codes(codes: Codes, texts: int) -> tuple[Codes, Ints]:
    """Codes renumbered to the texts in use, and the positions of these texts, ascending.

    ``texts``: number of texts, in use or not.
    """
    used = np.zeros(texts, np.int32)
    for code in codes:
        if code >= 0:
            used[code] = 1
    kept = np.flatnonzero(used)
    used[kept] = np.arange(len(kept), dtype=np.int32)
    return take_codes(used, codes), kept


@njit(cache=True, nogil=True)
def outcomes(
    flags: Ints, inside: NDArray[np.bool_], missing: Ints, laws: tuple[Ints, Ints], tests: Ints
) -> tuple[Codes, Codes, Ints]:
    """Effect, reason and deciding laws of each point, from the first of seven tests that it passes.

    Args:
        flags: (n,), bits of the conflicts of a point.
        inside: (n,), whether units contain the point wholly.
        missing: (n,), mask of the relevant kinds of zones without data.
        laws: two (n,), bits of the laws for the effect of the first and of the second test.
        tests: (7, 3), by test the bits of ``flags`` that pass it, its effect, and its reason. The fifth
            passes points that are not inside, the sixth those with missing kinds, the last all others.
    """
    n = len(flags)
    effect, why, law = np.empty(n, np.int32), np.empty(n, np.int32), np.zeros(n, np.int64)
    for p in range(n):
        test = 6
        for k in range(4):
            if flags[p] & tests[k, 0]:
                test = k
                break
        if test == 6:
            test = 4 if not inside[p] else 5 if missing[p] != 0 else 6
        effect[p], why[p] = tests[test, 1], tests[test, 2]
        if effect[p] == tests[0, 1]:
            law[p] = laws[0][p]
        elif effect[p] == tests[1, 1]:
            law[p] = laws[1][p]
    return effect, why, law


@njit(cache=True, nogil=True)
def degree_lengths(lat: NDArray[np.float64], axis_m: float, eccentricity2: float) -> NDArray[np.float64]:
    """(n, 2), metres per degree of longitude and latitude at latitudes on an ellipsoid.

    From its radii of w2 in the prime vertical and in the meridian.
    """
    out = np.empty((len(lat), 2))
    for p in range(len(lat)):
        radians = math.radians(lat[p])
        sine = math.sin(radians)
        w2 = 1.0 - eccentricity2 * sine * sine  # W² of both radii of curvature
        across = axis_m / math.sqrt(w2)
        out[p, 0] = math.radians(across * math.cos(radians))
        out[p, 1] = math.radians(across * (1.0 - eccentricity2) / w2)
    return out


@njit(cache=True, nogil=True)
def combine_bits(n: int, point: Ints, bits: Ints) -> Ints:
    """(n,), bitwise or of the bits of each point's entries."""
    found = np.zeros(n, np.int64)
    for k in range(len(point)):
        found[point[k]] |= bits[k]
    return found
