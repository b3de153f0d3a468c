"""The grid of an index, and its bytes: assembled, written to a file, mapped into memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geo.index.kernel.bitmasks import masks_of_blocks, masks_of_nodes
from geo.index.kernel.layout import (
    AREAS,
    COARSE,
    COLUMNS,
    DATA,
    F8,
    FINE,
    HEADER,
    I4,
    I8,
    INVERSE,
    KIND,
    MAGIC,
    MASKS,
    NODES,
    ROWS,
    SIDE,
    SIZE,
    SOUTH,
    WEST,
    Box,
)


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
    def over(cls, bounds: Box, size: float) -> Grid:
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

    i4: I4
    i8: I8
    f8: F8

    @classmethod
    def of(cls, words: I8) -> Buffer:
        """The views of an array of words, which becomes read-only."""
        words.flags.writeable = False
        return cls(words.view(np.int32), words, words.view(np.float64))

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return int(self.i8.nbytes)

    @property
    def args(self) -> tuple[I4, I8, F8]:
        """The views in the order in which compiled functions take them."""
        return self.i4, self.i8, self.f8


def assemble(kind: int, areas: int, grid: Grid, parts: tuple[I4, I4, I8]) -> Buffer:
    """One buffer of the header and the coarse cells, the fine cells and the data words."""
    coarse, fine, data = parts
    masks = masks_of_blocks(fine, data, kind)
    nodes = masks_of_nodes(coarse, masks, grid.columns, grid.rows)
    coarse_words, fine_words = (coarse.size + 1) // 2, (fine.size + 1) // 2
    fine_at = HEADER + coarse_words
    masks_at = fine_at + fine_words
    nodes_at = masks_at + masks.size
    data_at = nodes_at + nodes.size
    words = np.zeros(data_at + data.size, np.int64)
    words[[0, KIND, AREAS, COLUMNS, ROWS]] = MAGIC, kind, areas, grid.columns, grid.rows
    # of the int32 parts the header keeps addresses of slots, of the others addresses of words
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
