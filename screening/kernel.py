"""Loops over all rows of a screening, compiled: columns of few texts from numbers, without sorting.

Codes are int32 positions in a list of texts; ``NULL`` is no text. Bits are Arrow's: the lowest first.
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
def _mixed(value):  # type: ignore[no-untyped-def]
    """Well spread bits (the finisher of splitmix64)."""
    bits = np.uint64(value) + GOLDEN
    bits = (bits ^ (bits >> SHIFT1)) * MIX1
    bits = (bits ^ (bits >> SHIFT2)) * MIX2
    return bits ^ (bits >> SHIFT3)


@njit(cache=True, nogil=True)
def distinct(keys: Ints) -> tuple[Ints, Codes]:
    """The distinct keys in the order in which they come first, and of each key its number among them."""
    size = 64
    slots, found, count = np.full(size, NULL, np.int32), np.empty(size, np.int64), 0
    numbers = np.empty(len(keys), np.int32)
    last, number = np.int64(0), np.int32(NULL)
    for n in range(len(keys)):
        key = keys[n]
        if n > 0 and key == last:
            numbers[n] = number
            continue
        slot = np.int64(_mixed(key) & np.uint64(size - 1))
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
                slot = np.int64(_mixed(found[k]) & np.uint64(size - 1))
                while slots[slot] != NULL:
                    slot = (slot + 1) & (size - 1)
                slots[slot] = k
    return found[:count], numbers


@njit(cache=True, nogil=True)
def sequence_keys(n: int, point: Ints, zone: Ints, relation: Ints) -> tuple[Ints, Ints]:
    """A key of each point's sequence of entries, (n,), 0 where it has none; where each begins, (n + 1,).

    ``point`` ascends. Keys are hashes of 62 bits: that one of two different sequences is taken for the other
    would happen in one of 10⁶ screenings of a million sequences.
    """
    keys, starts = np.zeros(n, np.int64), np.zeros(n + 1, np.int64)
    at = 0
    for p in range(n):
        mixed = np.uint64(0)
        starts[p] = at
        while at < len(point) and point[at] == p:
            mixed = _mixed(np.int64(mixed) ^ ((zone[at] << 2) | relation[at]))
            at += 1
        if at > starts[p]:
            keys[p] = np.int64(mixed >> np.uint64(1)) | 1
    starts[n] = at
    return keys, starts


@njit(cache=True, nogil=True)
def looked_up(table: Codes, numbers: Codes) -> Codes:
    """The table's values at some numbers; NULL at NULL."""
    found = np.empty(len(numbers), np.int32)
    for n in range(len(numbers)):
        found[n] = table[numbers[n]] if numbers[n] >= 0 else NULL
    return found


@njit(cache=True, nogil=True)
def placed_codes(codes: Codes, order: Ints) -> Codes:
    """Codes at their places."""
    out = np.empty(len(codes), np.int32)
    for k in range(len(codes)):
        out[order[k]] = codes[k]
    return out


@njit(cache=True, nogil=True)
def with_bits(codes: Codes, table: Codes) -> tuple[Codes, Bits, int]:
    """Codes with 0 for NULL, the bits of those that are not null, and how many are null.

    ``table``: what stands for each code, unless it is empty.
    """
    n, plain = len(codes), len(table) == 0
    out, bits, nulls = np.empty(n, np.int32), np.empty((n + 7) // 8, np.uint8), 0
    for first in range(0, n, 8):
        byte = 0
        for k in range(first, min(first + 8, n)):
            code = codes[k] if plain or codes[k] < 0 else table[codes[k]]
            there = code >= 0
            out[k] = code if there else 0
            byte |= there << (k & 7)
            nulls += not there
        bits[first >> 3] = byte
    return out, bits, nulls


@njit(cache=True, nogil=True)
def without_bits(codes: Codes, bits: Bits, offset: int) -> Codes:
    """The codes with NULL where the bit is not set. ``offset``: of the first code's bit."""
    out = np.empty(len(codes), np.int32)
    for k in range(len(codes)):
        at = k + offset
        out[k] = codes[k] if bits[at >> 3] >> (at & 7) & 1 else NULL
    return out


@njit(cache=True, nogil=True)
def side_by_side(lonlat: NDArray[np.float64], steps: float) -> Ints:
    """An order in which points, (n, 2) finite degrees, n > 0, that follow each other are neighbours.

    By cells of 1 / ``steps`` degrees, row by row; points of a cell keep their order.
    """
    n = len(lonlat)
    cells = np.empty((n, 2), np.int64)
    for p in range(n):
        cells[p, 0], cells[p, 1] = math.floor(lonlat[p, 0] * steps), math.floor(lonlat[p, 1] * steps)
    x0, y0 = cells[:, 0].min(), cells[:, 1].min()
    wide, high = cells[:, 0].max() - x0 + 1, cells[:, 1].max() - y0 + 1
    counts = np.zeros(wide * high + 1, np.int32)
    for p in range(n):
        cells[p, 0] += (cells[p, 1] - y0) * wide - x0
        counts[cells[p, 0] + 1] += 1
    for k in range(1, len(counts)):
        counts[k] += counts[k - 1]
    order = np.empty(n, np.int64)
    for p in range(n):
        order[counts[cells[p, 0]]] = p
        counts[cells[p, 0]] += 1
    return order


@njit(cache=True, nogil=True)
def in_order(lonlat: NDArray[np.float64], order: Ints) -> NDArray[np.float64]:
    """Points, (n, 2), in an order."""
    out = np.empty((len(order), 2))
    for k in range(len(order)):
        out[k, 0], out[k, 1] = lonlat[order[k], 0], lonlat[order[k], 1]
    return out


@njit(cache=True, nogil=True)
def placed_floats(values: NDArray[np.float64], order: Ints) -> tuple[NDArray[np.float64], Bits, int]:
    """The same for numbers; NaN is null."""
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
def compacted(codes: Codes, texts: int) -> tuple[Codes, Ints]:
    """Codes among those texts only that occur, and which these are, rising. ``texts``: how many there are."""
    used = np.zeros(texts, np.int32)
    for code in codes:
        if code >= 0:
            used[code] = 1
    kept = np.flatnonzero(used)
    used[kept] = np.arange(len(kept), dtype=np.int32)
    return looked_up(used, codes), kept


@njit(cache=True, nogil=True)
def outcomes(
    flags: Ints, inside: NDArray[np.bool_], missing: Ints, laws: tuple[Ints, Ints], tests: Ints
) -> tuple[Codes, Codes, Ints]:
    """Effect, reason and laws of each point.

    ``tests``, (7, 3), in the order of their asking: the bits of ``flags`` that one is true of, its effect
    and its reason; the fifth is true where a point is not wholly inside, the sixth where kinds are missing,
    the last of all others. ``laws``: those that say the first two effects.
    """
    n = len(flags)
    effect, why, law = np.empty(n, np.int32), np.empty(n, np.int32), np.zeros(n, np.int64)
    for p in range(n):
        true = 6
        for k in range(4):
            if flags[p] & tests[k, 0]:
                true = k
                break
        if true == 6:
            true = 4 if not inside[p] else 5 if missing[p] != 0 else 6
        effect[p], why[p] = tests[true, 1], tests[true, 2]
        if effect[p] == tests[0, 1]:
            law[p] = laws[0][p]
        elif effect[p] == tests[1, 1]:
            law[p] = laws[1][p]
    return effect, why, law


@njit(cache=True, nogil=True)
def metres_along(lat: NDArray[np.float64], axis_m: float, eccentricity2: float) -> NDArray[np.float64]:
    """Metres per degree of longitude and latitude, (n, 2), at latitudes on an ellipsoid."""
    out = np.empty((len(lat), 2))
    for p in range(len(lat)):
        radians = math.radians(lat[p])
        sine = math.sin(radians)
        curve = 1.0 - eccentricity2 * sine * sine
        across = axis_m / math.sqrt(curve)
        out[p, 0] = math.radians(across * math.cos(radians))
        out[p, 1] = math.radians(across * (1.0 - eccentricity2) / curve)
    return out


@njit(cache=True, nogil=True)
def combine_bits(n: int, point: Ints, bits: Ints) -> Ints:
    """The bits of all entries of each of n points."""
    found = np.zeros(n, np.int64)
    for k in range(len(point)):
        found[point[k]] |= bits[k]
    return found
