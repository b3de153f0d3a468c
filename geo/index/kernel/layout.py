"""The memory layout of the cell index, its bit fields and addresses, and the types of compiled code.

An index is one run of 8-byte words, read through three views of the same memory: ``i4`` (int32), ``i8``
(int64) and ``f8`` (float64). So a compiled call takes three arrays, a file can be mapped into memory as it
is, and processes share it. An *address* below is an element number of one of these views; the address of a
*slot* counts int32 elements, the address of a *word* counts 8-byte words.

========  ==========================================================================================
header    ``HEADER`` words, by the names below
coarse    int32 a coarse cell, row by row from the south-west
fine      int32 a fine cell, ``SIDE`` × ``SIDE`` for every coarse cell that a border crosses (a *block*)
masks     a word a block: which of its fine cells borders cross (``geo.index.kernel.bitmasks``)
nodes     words: which coarse cells have such a block, and which of these words are not 0
data      words: what the values of the cells point to
========  ==========================================================================================

The value of a cell is one of:

=====================  =============================================================================
coarse, negative       -1 - block: its fine cells follow in that block
coverage, ≥ 0          the area's position + 1 (its *label*), or 0 outside
coverage, fine, < 0    -1 - word of the cell's data: borders cross the cell
overlaps, > 0          word of the cell's data
overlaps, 0            no area is here
=====================  =============================================================================

A cell's data begins with a head word. Among overlapping areas, the areas that hold the whole cell follow, two
int32 a word. Then come the chains: runs of vertices of borders through the cell, each a chain word, then x, y
of every vertex. ::

    bit        63                         32 31                          0
    coverage   [ chains                     | label at the reference      ]    head word
    pair       [ second area                | first area                  ]    two of the areas that hold

    bit        63              42 41               21 20                 0
    overlaps   [ chains          | areas crossing    | areas holding      ]    head word: three numbers

    bit        63              38 37               12 11                 0
    chain      [ second          | first             | vertices           ]    chain word

The fields of a chain in a coverage are the labels on its left (first) and on its right (second); among
overlapping areas, the position of its area and the flags ``BEGINS``, ``INSIDE`` and ``LEFT``.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
F8 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Edge = tuple[float, float, float, float]  # x, y of its first vertex and of its second one
Box = tuple[float, float, float, float]  # west, south, east, north
Window = tuple[int, int, int, int]  # first and last column, first and last row of fine cells
# A point and a box round it: x, y, metres per degree along both, half the box's width and height in degrees.
Place = tuple[float, float, float, float, float, float]

MAGIC: Final = 0x314B4543_4A5A5A02  # the first word of an index; changes with the layout
HEADER: Final = 16  # words
KIND, AREAS, COLUMNS, ROWS, COARSE, FINE, DATA, WEST, SOUTH, SIZE, INVERSE, MASKS, NODES = range(1, 14)
COVERAGE, OVERLAPS = 0, 1  # kinds of index

SHIFT: Final = 3
SIDE: Final = 1 << SHIFT  # fine cells along a coarse one
LAST: Final = SIDE - 1  # number of the last fine cell along a coarse one; also the bits that count them
BLOCK: Final = SIDE * SIDE

VERTEX_BITS: Final = 12
AREA_BITS: Final = 26
COUNT_BITS: Final = 21  # of a number of areas in the head word of overlapping areas
HALF_BITS: Final = 32
SECOND_SHIFT: Final = VERTEX_BITS + AREA_BITS
VERTEX_MASK: Final = (1 << VERTEX_BITS) - 1
AREA_MASK: Final = (1 << AREA_BITS) - 1
COUNT_MASK: Final = (1 << COUNT_BITS) - 1
LOW_HALF: Final = (1 << HALF_BITS) - 1
MOST_VERTICES: Final = VERTEX_MASK  # of a chain
MOST_AREAS: Final = AREA_MASK - 1  # of an index; labels are positions + 1

BEGINS: Final = 1  # the first chain of its area in the cell
INSIDE: Final = 2  # the cell's reference lies in that area
LEFT: Final = 4  # the area lies on the left of the chain


@njit(inline="always")
def join_halves(low: int, high: int) -> int:
    """A word of two numbers below 2^32."""
    return low | (high << HALF_BITS)


@njit(inline="always")
def low_half(word: int) -> int:
    """The number in the low 32 bits: of a coverage cell's head word, the label at the reference."""
    return word & LOW_HALF


@njit(inline="always")
def high_half(word: int) -> int:
    """The number in the high 32 bits: of a coverage cell's head word, the number of chains."""
    return word >> HALF_BITS


@njit(inline="always")
def overlaps_head(holding: int, crossing: int, chains: int) -> int:
    """Head word of a cell: areas that hold it whole, areas whose border crosses it, and their chains."""
    return holding | (crossing << COUNT_BITS) | (chains << (2 * COUNT_BITS))


@njit(inline="always")
def holding_areas(head: int) -> int:
    """How many areas hold the whole of an overlaps cell."""
    return head & COUNT_MASK


@njit(inline="always")
def crossing_areas(head: int) -> int:
    """How many areas have a border through an overlaps cell."""
    return (head >> COUNT_BITS) & COUNT_MASK


@njit(inline="always")
def overlaps_chains(head: int) -> int:
    """How many chains an overlaps cell has."""
    return head >> (2 * COUNT_BITS)


@njit(inline="always")
def holding_area(i8: I8, word: int, n: int) -> int:
    """The n-th area that holds a whole overlaps cell. ``word``: of the cell's data."""
    pair = i8[word + 1 + (n >> 1)]
    return high_half(pair) if n & 1 else low_half(pair)


@njit(inline="always")
def holding_words(holding: int) -> int:
    """How many words a list of so many areas takes, two a word."""
    return (holding + 1) >> 1


@njit(inline="always")
def chain_word(vertices: int, first: int, second: int) -> int:
    """The word before a chain's vertices."""
    return vertices | (first << VERTEX_BITS) | (second << SECOND_SHIFT)


@njit(inline="always")
def chain_vertices(info: int) -> int:
    """How many vertices a chain has. ``info``: its chain word."""
    return info & VERTEX_MASK


@njit(inline="always")
def chain_first(info: int) -> int:
    """The label on the left of a coverage's chain; the area of an overlaps chain."""
    return (info >> VERTEX_BITS) & AREA_MASK


@njit(inline="always")
def chain_second(info: int) -> int:
    """The label on the right of a coverage's chain; the flags of an overlaps chain."""
    return info >> SECOND_SHIFT


@njit(inline="always")
def next_chain(word: int, vertices: int) -> int:
    """The chain word after that at ``word``, whose chain has so many vertices."""
    return word + 1 + 2 * vertices


@njit(inline="always")
def edge_words(word: int, vertices: int) -> tuple[int, int]:
    """Where the edges of the chain at ``word`` begin, in steps of 2: first, and end (not included)."""
    return word + 1, word + 2 * vertices - 1


@njit(inline="always")
def edge_at(f8: F8, v: int) -> Edge:
    """The edge whose first vertex is at word ``v``."""
    return f8[v], f8[v + 1], f8[v + 2], f8[v + 3]


@njit(inline="always")
def grid_position(f8: F8, x: float, y: float) -> tuple[float, float]:
    """A place in fine cells from the south-west corner of the grid."""
    return (x - f8[WEST]) * f8[INVERSE], (y - f8[SOUTH]) * f8[INVERSE]


@njit(inline="always")
def in_grid(fx: float, fy: float, columns: int, rows: int) -> bool:
    """Whether a place, in fine cells, lies in a grid of ``columns`` × ``rows`` coarse cells; NaN does not."""
    return fx >= 0.0 and fy >= 0.0 and fx < columns * SIDE and fy < rows * SIDE


@njit(inline="always")
def cell_west(f8: F8, column: int) -> float:
    """The west side of a column of fine cells, degrees; exact, as all corners are."""
    return f8[WEST] + column * f8[SIZE]


@njit(inline="always")
def cell_box(f8: F8, column: int, row: int) -> Box:
    """The box of a fine cell, degrees."""
    size = f8[SIZE]
    west, south = f8[WEST] + column * size, f8[SOUTH] + row * size
    return west, south, f8[WEST] + (column + 1) * size, f8[SOUTH] + (row + 1) * size


@njit(inline="always")
def coarse_slot(start: int, columns: int, column: int, row: int) -> int:
    """The slot of a coarse cell. ``start``, ``columns``: the header's, which loops read once."""
    return start + row * columns + column


@njit(inline="always")
def block_of(value: int) -> int:
    """The block of a coarse cell with a negative value, or the data's word of a crossed coverage cell."""
    return -1 - np.int64(value)


@njit(inline="always")
def slot_in_block(column: int, row: int) -> int:
    """Where a fine cell's value lies in its block: also the number of its bit in a mask."""
    return ((row & LAST) << SHIFT) + (column & LAST)


@njit(inline="always")
def fine_slot(start: int, block: int, column: int, row: int) -> int:
    """The slot of a fine cell of a block. ``start``: the header's."""
    return start + (block << (2 * SHIFT)) + slot_in_block(column, row)


@njit(inline="always")
def coarse_value(i4: I4, i8: I8, column: int, row: int) -> int:
    """The value of a coarse cell."""
    return np.int64(i4[coarse_slot(i8[COARSE], i8[COLUMNS], column, row)])


@njit(inline="always")
def cell_value(i4: I4, i8: I8, column: int, row: int) -> tuple[int, int]:
    """The value at a fine cell, and how many cells from it eastward share it, being of one coarse cell."""
    value = coarse_value(i4, i8, column >> SHIFT, row >> SHIFT)
    step = SIDE - (column & LAST)
    if value < 0:
        value = np.int64(i4[fine_slot(i8[FINE], block_of(value), column, row)])
        step = 1
    return value, step


@njit(inline="always")
def crossed_word(i8: I8, value: int) -> int:
    """The word of the data of a coverage cell that borders cross: of a negative value of a fine cell."""
    return i8[DATA] + block_of(value)


@njit(inline="always")
def block_mask(i8: I8, value: int) -> int:
    """The mask of a block. ``value``: negative, of its coarse cell."""
    return i8[i8[MASKS] + block_of(value)]
