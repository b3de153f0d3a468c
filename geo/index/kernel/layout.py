"""The cell index as one run of bytes: a header, coarse cells, blocks of fine cells, what borders cross.

One buffer is read three ways (int32, int64, float64), so that a compiled call takes three arrays, a file
can be mapped into memory as it is, and processes share it.

========  ==========================================================================================
header    ``HEADER`` words of 8 bytes, by the names below
coarse    int32 a coarse cell, row by row from the south-west
fine      int32 a fine cell, ``SIDE`` × ``SIDE`` for every coarse cell that something crosses
masks     a word a block: which of its fine cells borders cross (``geo.index.kernel.bitmasks``)
nodes     words: which coarse cells have such a block, and which of these words are not 0
data      words: what the values of the cells point to
========  ==========================================================================================

A value: coarse, -1 - block where fine cells follow. Otherwise in a coverage: the area's position + 1, or 0
outside; fine, -1 - word of the cell's data. Among overlapping areas: 0 where nothing is, else the word of
the cell's data.

A cell's data begins with a word: low half the label at the cell's reference (a coverage) or the number of
areas that hold the whole cell, high half the number of chains. Those areas follow, two int32 a word. A chain
is a run of vertices of borders through the cell: a word of its own (see ``chain_word``), then x, y of each
vertex.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.index.kernel.bitmasks import masks_of_blocks, masks_of_nodes

MAGIC: Final = 0x314B4543_4A5A5A02  # changes with the layout
HEADER: Final = 16
KIND, AREAS, COLUMNS, ROWS, COARSE, FINE, DATA, WEST, SOUTH, SIZE, INVERSE, MASKS, NODES = range(1, 14)
COVERAGE, OVERLAPS = 0, 1
SHIFT: Final = 3
SIDE: Final = 1 << SHIFT  # fine cells along a coarse one
BLOCK: Final = SIDE * SIDE
CHAINS_OF_OVERLAPS: Final = 42  # bit from which the first word of a cell's data counts its chains
MOST_VERTICES: Final = 4095  # of a chain
MOST_AREAS: Final = (1 << 26) - 2
LOW26: Final = (1 << 26) - 1
LOW32: Final = (1 << 32) - 1


@njit(inline="always")
def chain_word(vertices: int, first: int, second: int) -> int:
    """Vertices (12 bits) and two numbers of 26 bits: the areas left and right + 1; or area and flags."""
    return vertices | (first << 12) | (second << 38)


@dataclass(frozen=True, slots=True)
class Grid:
    """Fine cells of ``size`` degrees from a south-west corner; ``columns`` × ``rows`` coarse cells.

    ``size`` is a power of two and the corner a multiple of it, so that the corners of all cells are exact.
    """

    west: float
    south: float
    size: float
    columns: int
    rows: int

    @classmethod
    def over(cls, bounds: tuple[float, float, float, float], size: float) -> Grid:
        """The grid over a box in degrees, with a margin of at least a fine cell on each side."""
        coarse = size * SIDE
        west = float(np.floor(bounds[0] / coarse)) * coarse
        south = float(np.floor(bounds[1] / coarse)) * coarse
        west -= coarse if bounds[0] - west < size else 0.0
        south -= coarse if bounds[1] - south < size else 0.0
        columns = int((bounds[2] + size - west) / coarse) + 1
        rows = int((bounds[3] + size - south) / coarse) + 1
        return cls(west, south, size, columns, rows)


@dataclass(frozen=True, slots=True)
class Buffer:
    """An index's bytes as three views of one array; read-only."""

    i4: NDArray[np.int32]
    i8: NDArray[np.int64]
    f8: NDArray[np.float64]

    @classmethod
    def of(cls, words: NDArray[np.int64]) -> Buffer:
        """The views of an array of words, which becomes read-only."""
        words.flags.writeable = False
        return cls(words.view(np.int32), words, words.view(np.float64))

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return int(self.i8.nbytes)

    @property
    def args(self) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64]]:
        """The views as a compiled call takes them."""
        return self.i4, self.i8, self.f8


def assemble(
    kind: int,
    areas: int,
    grid: Grid,
    parts: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]],
) -> Buffer:
    """One buffer of the header and the coarse cells, the fine cells and the data words."""
    coarse, fine, data = parts
    masks = masks_of_blocks(fine, data, 0 if kind == COVERAGE else CHAINS_OF_OVERLAPS)
    nodes = masks_of_nodes(coarse, masks, grid.columns, grid.rows)
    coarse_words, fine_words = (coarse.size + 1) // 2, (fine.size + 1) // 2
    fine_at = HEADER + coarse_words
    masks_at = fine_at + fine_words
    nodes_at = masks_at + masks.size
    data_at = nodes_at + nodes.size
    words = np.zeros(data_at + data.size, np.int64)
    words[[0, KIND, AREAS, COLUMNS, ROWS]] = MAGIC, kind, areas, grid.columns, grid.rows
    words[[COARSE, FINE, MASKS, NODES, DATA]] = 2 * HEADER, 2 * fine_at, masks_at, nodes_at, data_at
    words.view(np.float64)[[WEST, SOUTH, SIZE, INVERSE]] = grid.west, grid.south, grid.size, 1.0 / grid.size
    words.view(np.int32)[2 * HEADER : 2 * HEADER + coarse.size] = coarse
    words.view(np.int32)[2 * fine_at : 2 * fine_at + fine.size] = fine
    words[masks_at:nodes_at], words[nodes_at:data_at], words[data_at:] = masks, nodes, data
    return Buffer.of(words)


def save(buffer: Buffer, path: Path) -> None:
    """Write an index as a file."""
    buffer.i8.tofile(path)


def open_mapped(path: Path) -> Buffer | None:
    """The index of a file, mapped into memory; None where it is not one of this layout."""
    if not path.is_file() or path.stat().st_size < 8 * HEADER:
        return None
    words = np.memmap(path, np.int64, mode="r")
    return Buffer.of(np.asarray(words)) if int(words[0]) == MAGIC else None
