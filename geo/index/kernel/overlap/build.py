"""Building the cell index of areas that may overlap. Compiled.

A fine cell has the areas that hold all of it, and for each area whose border crosses it, whether its
reference lies inside; the parity of the edges crossed from there decides, area by area. See ``layout`` for
the words.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit, prange

from geo.index.kernel.buffer import Buffer, Grid, assemble
from geo.index.kernel.edges import Edges
from geo.index.kernel.layout import (
    BEGINS,
    BLOCK,
    F8,
    I4,
    I8,
    INSIDE,
    LEFT,
    MOST_VERTICES,
    OVERLAPS,
    SIDE,
    Bools,
    chain_word,
    holding_words,
    join_halves,
    overlaps_head,
)
from geo.index.kernel.orientation import is_right
from geo.index.kernel.rasterize import coarse_members, fine_members

Words = I8
Cells = I4
Coords = F8
Origin = tuple[float, float, float]
Owner = tuple[Cells, Bools]  # of each edge, its area and whether that lies on the left

DEPTH: Final = 256  # areas over one point to begin with
FIRST_WORD: Final = 1  # of the data, because the value 0 means that no area is here


def build(edges: Edges, grid: Grid, areas: int) -> Buffer:
    """The index of areas that may overlap.

    The rows are gone through twice, first to count blocks and words: then each row knows its place, and all
    rows are written side by side. Counting is repeated where more areas lie over one point than ``depth``.
    """
    shape = (grid.columns, grid.rows)
    coarse_origin = (grid.west, grid.south, 1.0 / (grid.size * SIDE))
    origin = (grid.west, grid.south, 1.0 / grid.size)
    members = coarse_members(edges.coords, edges.left, coarse_origin, shape)
    owner = (np.maximum(edges.left, edges.right), edges.left >= 0)
    depth, nothing = DEPTH, (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64))
    start = np.zeros(grid.rows + 1, np.int64)
    while True:
        sizes = _rows(
            edges.coords, owner, members, origin, shape, (start, start), nothing, np.zeros(0), depth
        )
        if not np.any(sizes < 0):
            break
        depth *= 4
    blocks_at, words_at = np.zeros(grid.rows + 1, np.int64), np.zeros(grid.rows + 1, np.int64)
    blocks_at[1:], words_at[1:] = np.cumsum(sizes[:, 0]), np.cumsum(sizes[:, 1])
    words_at += FIRST_WORD
    coarse = np.zeros(grid.rows * grid.columns, np.int32)
    data = np.zeros(int(words_at[-1]), np.int64)
    out = (coarse, np.zeros(int(blocks_at[-1]) * BLOCK, np.int32), data)
    at = (blocks_at, words_at)
    _rows(edges.coords, owner, members, origin, shape, at, out, data.view(np.float64), depth)
    return assemble(OVERLAPS, areas, grid, out)


@njit(inline="always")
def _toggle(held: Cells, count: int, area: int) -> int:
    """Put an area into an ascending list, or take it out; the new length."""
    place = 0
    while place < count and held[place] < area:
        place += 1
    if place < count and held[place] == area:
        for i in range(place, count - 1):
            held[i] = held[i + 1]
        return count - 1
    for i in range(count, place, -1):
        held[i] = held[i - 1]
    held[place] = area
    return count + 1


@njit(cache=True, parallel=True)
def _rows(
    coords: Coords,
    owner: Owner,
    lists: tuple[Words, Cells],
    origin: Origin,
    shape: tuple[int, int],
    at: tuple[Words, Words],
    out: tuple[Cells, Cells, Words],
    floats: Coords,
    depth: int,
) -> Words:
    """Blocks and words of every row of coarse cells, (rows, 2); -1 where areas are deeper than ``depth``.

    ``out``: coarse cells, fine cells and data; empty arrays: the row is only counted.
    """
    sizes = np.zeros((shape[1], 2), np.int64)
    for row in prange(shape[1]):
        blocks, words = _row(
            coords, owner, lists, origin, (row, shape[0]), (at[0][row], at[1][row]), out, floats, depth
        )
        sizes[row, 0], sizes[row, 1] = blocks, words
    return sizes


@njit(cache=True)
def _row(
    coords: Coords,
    owner: Owner,
    lists: tuple[Words, Cells],
    origin: Origin,
    where: tuple[int, int],
    at: tuple[int, int],
    out: tuple[Cells, Cells, Words],
    floats: Coords,
    depth: int,
) -> tuple[int, int]:
    """Blocks and words of one row of coarse cells, from west to east; see ``_rows``."""
    row, columns = where
    starts, members = lists
    fine_starts, found = np.zeros(BLOCK + 1, np.int64), np.empty(1024, np.int32)
    held, count = np.empty((SIDE, depth), np.int32), np.zeros(SIDE, np.int64)
    written = np.zeros(SIDE, np.int64)  # where the areas held now are written in the data; 0: not yet
    writing = len(out[0]) > 0
    block, word = at
    for column in range(columns):
        cell = row * columns + column
        mine = members[starts[cell] : starts[cell + 1]]
        if len(mine) == 0:
            value, word = _held_value(held, count, written, 0, word, out[2], writing)
            if writing:
                out[0][cell] = value
            continue
        corner = (column * SIDE, row * SIDE)
        found = fine_members(coords, mine, origin, corner, fine_starts, found)
        if writing:
            out[0][cell] = -1 - block
        word = _block(
            coords,
            owner,
            (fine_starts, found),
            origin,
            corner,
            (held, count, written),
            (block, word),
            out,
            floats,
        )
        if word < 0:
            return -1, -1
        block += 1
    return block - at[0], word - at[1]


@njit(inline="always")
def _held_value(
    held: Cells, count: Words, written: Words, row: int, word: int, data: Words, writing: bool
) -> tuple[int, int]:
    """The value of a cell that no border crosses, and the next free word.

    Cells along a row share the words of their areas until a border changes these.
    """
    n = count[row]
    if n == 0:
        return 0, word
    if written[row] == 0:
        written[row] = word
        if writing:
            data[word] = n
            _write_held(held[row], n, data, word + 1)
        word += 1 + holding_words(n)
    return written[row], word


@njit(inline="always")
def _write_held(held: Cells, n: int, data: Words, word: int) -> None:
    """Write a list of areas, two a word."""
    for i in range(0, n, 2):
        second = held[i + 1] if i + 1 < n else 0
        data[word + i // 2] = join_halves(np.int64(held[i]), np.int64(second))


@njit(cache=True)
def _block(
    coords: Coords,
    owner: Owner,
    lists: tuple[Words, Cells],
    origin: Origin,
    corner: tuple[int, int],
    state: tuple[Cells, Words, Words],
    at: tuple[int, int],
    out: tuple[Cells, Cells, Words],
    floats: Coords,
) -> int:
    """The fine cells of a coarse one; the next free word, or -1 where too many areas overlap."""
    held, count, written = state
    size = 1.0 / origin[2]
    writing = len(out[0]) > 0
    block, word = at
    others = np.empty(held.shape[1], np.int32)
    for n in range(BLOCK):
        row, column = n // SIDE, n % SIDE
        x0, y0 = origin[0] + (corner[0] + column) * size, origin[1] + (corner[1] + row) * size
        mine = lists[1][lists[0][n] : lists[0][n + 1]]
        if len(mine) == 0:
            value, word = _held_value(held, count, written, row, word, out[2], writing)
        else:
            value = word
            rest = _others(held[row], count[row], owner, mine, others)
            word = _write(
                coords,
                owner,
                mine,
                (held[row], count[row]),
                (others, rest),
                (x0, y0),
                word,
                out[2],
                floats,
                writing,
            )
            if not _advance(coords, owner, mine, state, row, (x0, y0, x0 + size)):
                return -1
        if writing:
            out[1][block * BLOCK + n] = value
    return word


@njit(inline="always")
def _others(held: Cells, count: int, owner: Owner, mine: Cells, others: Cells) -> int:
    """The areas held at the corner whose border does not cross the cell: they hold all of it."""
    rest, m = 0, 0
    for i in range(count):
        while m < len(mine) and owner[0][mine[m]] < held[i]:
            m += 1
        if m == len(mine) or owner[0][mine[m]] != held[i]:
            others[rest] = held[i]
            rest += 1
    return rest


@njit(cache=True)
def _advance(
    coords: Coords,
    owner: Owner,
    mine: Cells,
    state: tuple[Cells, Words, Words],
    row: int,
    at: tuple[float, float, float],
) -> bool:
    """Carry the areas held from the south-west corner to the south-east one; False where there is no room."""
    held, count, written = state
    x0, y0, x1 = at
    for k in mine:
        ax, ay, bx, by = coords[k, 0], coords[k, 1], coords[k + 1, 0], coords[k + 1, 1]
        if (ay > y0) != (by > y0) and is_right(ax, ay, bx, by, x0, y0) != is_right(ax, ay, bx, by, x1, y0):
            if count[row] >= held.shape[1] - 1:
                return False
            count[row] = _toggle(held[row], count[row], owner[0][k])
            written[row] = 0
    return True


@njit(cache=True)
def _write(
    coords: Coords,
    owner: Owner,
    mine: Cells,
    held: tuple[Cells, int],
    others: tuple[Cells, int],
    corner: tuple[float, float],
    word: int,
    data: Words,
    floats: Coords,
    writing: bool,
) -> int:
    """Write a cell that borders cross; the next free word."""
    head, rest = word, others[1]
    word += 1
    if writing:
        _write_held(others[0], rest, data, word)
    word += holding_words(rest)
    parts, chains, first = 0, 0, 0
    while first < len(mine):
        last = first
        while last < len(mine) and owner[0][mine[last]] == owner[0][mine[first]]:
            last += 1
        group = mine[first:last]
        inside = _holds(held[0], held[1], owner[0][group[0]])
        inside = inside != _is_odd(coords, group, corner)
        word, more = _write_chains(coords, group, owner, inside, word, data, floats, writing)
        parts, chains, first = parts + 1, chains + more, last
    if writing:
        data[head] = overlaps_head(rest, parts, chains)
    return word


@njit(inline="always")
def _holds(held: Cells, count: int, area: int) -> bool:
    """Whether an area is among those held."""
    for i in range(count):
        if held[i] == area:
            return True
    return False


@njit(cache=True)
def _is_odd(coords: Coords, group: Cells, corner: tuple[float, float]) -> bool:
    """Parity of what edges across the west side add at its foot (see ``coverage.build``)."""
    odd = False
    for k in group:
        ax, ay, bx, by = coords[k, 0], coords[k, 1], coords[k + 1, 0], coords[k + 1, 1]
        if (ax >= corner[0]) != (bx >= corner[0]) and is_right(ax, ay, bx, by, corner[0], corner[1]):
            odd = not odd
    return odd


@njit(cache=True)
def _write_chains(
    coords: Coords,
    group: Cells,
    owner: Owner,
    inside: bool,
    word: int,
    data: Words,
    floats: Coords,
    writing: bool,
) -> tuple[int, int]:
    """Write one area's chains in a cell: the next free word, and how many they are."""
    chains, chain, length, flags = 0, word, 0, 0
    previous = -2
    for k in group:
        if k != previous + 1 or length >= MOST_VERTICES:
            flags = ((BEGINS | INSIDE) if inside else BEGINS) if chains == 0 else 0
            chains += 1
            chain, length = word, 1
            if writing:
                floats[word + 1], floats[word + 2] = coords[k, 0], coords[k, 1]
            word += 3
        if writing:
            floats[word], floats[word + 1] = coords[k + 1, 0], coords[k + 1, 1]
        word += 2
        length += 1
        if writing:
            data[chain] = chain_word(length, owner[0][k], flags | (LEFT if owner[1][k] else 0))
        previous = k
    return word, chains
